"""A disk that is full: said once, nothing lost, nothing told twice, and on it goes when there is room again."""

import asyncio
import contextlib
from datetime import UTC, datetime

import pytest
from crash_world import FLOWS, CrashWorld
from new_database import new_database

from bot.core.errors import DatabaseUnavailable, TemporaryFailure

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
FULL = "The database can't be written (database or disk is full)."


@pytest.fixture
async def world(tmp_path):
    world = await CrashWorld.begun(new_database(tmp_path / "flowbot.db"))
    yield world
    await world.ends()


async def room(world, pages):
    """Give the file room for so many more pages: SQLite's own stand-in for the end of the disk."""

    def unit():
        connection = world.process.store._db.conn
        used = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {used + pages}")

    await asyncio.wrap_future(world.process.store._database_thread.submit(unit))


async def goes_on(world, seconds, poll_at=0):
    """Let time pass as the scheduler does: what a tick raises is logged, and the next one comes."""
    failures = []
    for second in range(seconds):
        try:
            await world.process.second(poll=second == poll_at)
        except TemporaryFailure as failure:
            failures.append(str(failure))
        world.clock.now = world.clock.after(1)
    return failures


@pytest.mark.parametrize("pages", [0, 1, 2])
async def test_what_fails_meanwhile_is_told_once_there_is_room(world, pages):
    heard = []
    world.process.store.on_unavailable = heard.append
    for _ in range(40):  # as many as overflow what room there is in the file
        world.fails(FLOWS[0])
    for flow in FLOWS[1:]:
        world.fails(flow)
    await room(world, pages)
    failures = await goes_on(world, 40)
    assert any("database or disk is full" in failure for failure in failures)
    assert {trouble.reason for trouble in heard} == {"database or disk is full"}
    await room(world, 10_000)
    await goes_on(world, 70, poll_at=5)
    await world.come_to_rest()
    await world.check_invariants()


async def test_posts_under_way_when_the_disk_fills_up_stand_once(world):
    for flow in FLOWS:
        world.fails(flow)
    await goes_on(world, 2)
    await room(world, 0)
    for flow in FLOWS:
        world.fails(flow, rerun=True)
    await goes_on(world, 20, poll_at=3)
    await room(world, 10_000)
    await world.come_to_rest()
    await world.check_invariants()


async def test_commands_meanwhile_act_at_most_once_and_are_answered(world):
    await room(world, 0)
    with contextlib.suppress(DatabaseUnavailable):
        for _ in range(200):  # until the pages that are there hold no more
            await world.orders("trigger", FLOWS[0])
            world.clock.now = world.clock.after(61)
    assert len(world.said) < 200
    await room(world, 10_000)
    await world.come_to_rest()
    await world.check_invariants()

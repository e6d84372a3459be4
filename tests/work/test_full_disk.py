"""A disk that is full: said once, nothing lost, nothing told twice, and on it goes when there is room again."""

import asyncio
import contextlib
from datetime import UTC, datetime

import pytest
from mortal_town import FLOWS, Town

from bot.core.errors import Outage
from bot.store.database import Trouble

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
FULL = "The database takes nothing: database or disk is full."


@pytest.fixture
async def town(tmp_path):
    town = await Town.begun(tmp_path / "flowbot.db")
    yield town
    await town.ends()


async def room(town, pages):
    """Give the file room for so many more pages: SQLite's own stand-in for the end of the disk."""

    def unit():
        connection = town.process.store._units._db.conn
        used = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {used + pages}")

    await asyncio.wrap_future(town.process.store._units._worker.submit(unit))


async def goes_on(town, seconds, poll_at=0):
    """Let time pass as the scheduler does: what a tick raises is logged, and the next one comes."""
    failures = []
    for second in range(seconds):
        try:
            await town.process.second(poll=second == poll_at)
        except Outage as failure:
            failures.append(str(failure))
        town.clock.now = town.clock.after(1)
    return failures


@pytest.mark.parametrize("pages", [0, 1, 2])
async def test_what_fails_meanwhile_is_told_once_there_is_room(town, pages):
    heard = []
    town.process.store.on_trouble = heard.append
    for _ in range(40):  # as many as overflow what room there is in the file
        town.fails(FLOWS[0])
    for flow in FLOWS[1:]:
        town.fails(flow)
    await room(town, pages)
    failures = await goes_on(town, 40)
    assert any("database or disk is full" in failure for failure in failures)
    assert {trouble.reason for trouble in heard} == {"database or disk is full"}
    await room(town, 10_000)
    await goes_on(town, 70, poll_at=5)
    await town.rests()
    await town.holds()


async def test_posts_under_way_when_the_disk_fills_up_stand_once(town):
    for flow in FLOWS:
        town.fails(flow)
    await goes_on(town, 2)
    await room(town, 0)
    for flow in FLOWS:
        town.fails(flow, rerun=True)
    await goes_on(town, 20, poll_at=3)
    await room(town, 10_000)
    await town.rests()
    await town.holds()


async def test_commands_meanwhile_act_at_most_once_and_are_answered(town):
    await room(town, 0)
    with contextlib.suppress(Trouble):
        for _ in range(200):  # until the pages that are there hold no more
            await town.orders("trigger", FLOWS[0])
            town.clock.now = town.clock.after(61)
    assert len(town.said) < 200
    await room(town, 10_000)
    await town.rests()
    await town.holds()

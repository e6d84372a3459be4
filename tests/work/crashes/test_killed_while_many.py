"""Killed while many are acknowledged at once: what is done is done and on record, and pressing again continues."""

import pytest
from crash_databases import HISTORIES
from crash_injection import ProcessDied
from crash_platforms import MAYA
from crash_world import FLOWS, OPS, CrashWorld

from bot.core.incident.model import Phase
from bot.core.people.model import IncomingMessage, Origin, Surface, is_part

FIRSTS = range(4 if HISTORIES else 1)


async def press(world, board, key):
    origin = Origin(Surface.BUTTON, OPS, message=board.ts)
    said = IncomingMessage(key, "ack all mine", MAYA, origin, world.clock(), board.id)
    await world.process.said(world.said.setdefault(key, said))


@pytest.mark.parametrize("first", FIRSTS)
async def test_each_is_acknowledged_once_wherever_it_dies_and_pressing_again_continues(databases, first):
    for left in databases.deaths(first, 4 if HISTORIES else 11, sample=27):
        world = await CrashWorld.begun(databases.new(), storm=2)
        for flow in FLOWS:
            world.fails(flow)
        await world.looks_around()
        (board,) = [each for each in world.slack.messages if "4 open" in each.text]
        await world.starts(left)
        is_spent = False
        try:
            await press(world, board, "press 1")
        except ProcessDied:
            is_spent = True
        await world.come_to_rest()
        await press(world, board, "press 2")
        await world.come_to_rest()
        store = world.process.store
        assert {each.phase for each in await store.incidents(live=True)} == {Phase.ACKNOWLEDGED}, left
        entries = await store.audit_entries(board_time(world), world.clock.after(60))
        done = [each.attempt.words for each in entries if is_part(each.attempt) and str(each.outcome) == "done"]
        assert sorted(done) == sorted(f"ack {flow}" for flow in FLOWS), left
        assert all(each.outcome is not None for each in entries)
        told = [each for each in world.slack.messages if each.thread and " acknowledged " in each.text]
        assert len(told) <= 2, "one message for each press that did something"
        assert told or any("I was restarted" in each.text for each in world.slack.messages), left
        await world.ends()
        if not is_spent:
            break
    assert left > 20


def board_time(world):
    return world.clock.after(-3600)

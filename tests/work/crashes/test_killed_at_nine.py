"""Killed at nine, between any two statements: the channel has one digest, and each failure is in one of them."""

import contextlib
import re
from datetime import UTC, datetime, timedelta

from crash_databases import HISTORIES
from crash_injection import ProcessDied
from crash_invariants import check_invariants
from crash_world import CrashWorld

COUNTED = re.compile(r"(\d+) failures? in")
NINE = datetime(2026, 11, 22, 9, tzinfo=UTC)


def digests(world):
    return [each.text for each in world.slack.messages if each.id.startswith("digest-")]


async def nine_comes(world, nine):
    """It is nine a day later: a poll, and the tick that posts the digest; then the posts go."""
    world.clock.now = nine
    await world.pass_time(4, poll_at=0)


async def test_a_death_anywhere_at_nine_neither_doubles_nor_loses_the_digest(databases):
    for left in databases.deaths(0, 1 if HISTORIES else 23, sample=69):
        alive = False
        world = await CrashWorld.begun(databases.new())
        world.fails(3377)
        await world.pass_time(4, poll_at=0)
        await world.starts(left)
        with contextlib.suppress(ProcessDied):
            await nine_comes(world, NINE)
            alive = True
        await world.starts()
        await world.pass_time(8, poll_at=1)
        world.fails(3378)
        await nine_comes(world, NINE + timedelta(days=1))
        await nine_comes(world, NINE + timedelta(days=2))
        await world.come_to_rest()
        await check_invariants(world)
        failures = [int(found[1]) if (found := COUNTED.search(text)) else 0 for text in digests(world)]
        assert (len(failures), sum(failures)) == (3, 2), f"killed after {left} statements: {digests(world)}"
        await world.ends()
        if alive:
            break
    assert left > 20

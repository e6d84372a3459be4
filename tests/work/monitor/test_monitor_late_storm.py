"""Storms in which some flows failed and others are late, and late runs in the digest."""

from datetime import timedelta

import pytest
from digest_kit import NINE, at
from late_world import FIRE, LateWorld, run_id

from bot.core.flow.status import Status
from bot.core.incident.model import Phase

DUE = 5 * 60  # seconds after START: everything that is usually done by then is late
LATE_ONES, FAILED_ONES = range(4000, 4003), range(5000, 5003)


@pytest.fixture
async def world():
    return await LateWorld(storm=4).with_history(*LATE_ONES)


def fail(world, *flows):
    for flow in flows:
        world.enos.put(run_id(flow, FIRE), name=f"flow-{flow}", end="2026-11-21 09:04:00")


async def storm(world):
    (group,) = [each for each in await world.store.incident_groups() if each.joined]
    return group, await world.store.grouped(group.post)


async def test_flows_that_fail_and_flows_that_are_late_are_one_storm(world):
    fail(world, *FAILED_ONES)
    await world.poll(DUE)
    assert len(world.lines()) == len(FAILED_ONES)
    await world.look()
    group, listed = await storm(world)
    assert group.joined == len(listed) == 6
    assert world.lines()[-1] == "ALERT STORM · 6 incidents · 6 open, 0 acknowledged, 0 recovered"
    assert str(world.store.cards()[-1]).count("LATE · report · usually done by 08:35 UTC") == 2 * len(LATE_ONES)


async def test_flows_that_fail_after_others_are_late_join_them(world):
    await world.look(DUE)
    fail(world, *FAILED_ONES)
    await world.poll()
    assert (await storm(world))[0].joined == 6
    assert len([line for line in world.lines() if line.startswith("ALERT STORM")]) == 1


async def test_a_late_run_in_a_storm_that_fails_stays_one_row_and_has_no_thread_while_the_storm_lasts(world):
    fail(world, *FAILED_ONES)
    await world.poll(DUE)
    await world.look()
    fail(world, LATE_ONES[0])
    await world.poll()
    _, listed = await storm(world)
    (failed,) = [each for each in listed if each.flow_id == LATE_ONES[0]]
    assert [each.status for each in failed.occurrences] == [1001, Status.FAIL]
    assert failed.threads == ()
    assert len(listed) == 6
    assert "FAILED · flow-4000" in str(world.store.cards()[-1])


async def test_a_late_run_in_a_storm_recovers_in_its_row(world):
    fail(world, *FAILED_ONES)
    await world.poll(DUE)
    await world.look()
    await world.runs(LATE_ONES[0], Status.SUCCESS, minutes=70, end="2026-11-21 09:11:00")
    await world.follow(after=60)
    assert world.lines()[-1] == "ALERT STORM · 6 incidents · 5 open, 0 acknowledged, 1 recovered"


async def test_a_late_run_is_open_in_the_digest_and_no_failure(world):
    await world.look(DUE)
    fail(world, FAILED_ONES[0])
    await world.poll()
    await world.runs(LATE_ONES[0], Status.SUCCESS, minutes=70, end="2026-11-21 09:11:00")
    await world.follow(after=60)
    phases = {each.flow_id: each.phase for each in world.store.kept.values()}
    assert phases[LATE_ONES[0]] is Phase.RECOVERED
    await at(world, NINE + timedelta(hours=8))  # in UTC
    (shown,) = world.digests()
    assert shown["text"] == "Digest · failures: 1 · open incidents: 3"
    assert str(shown).count("LATE") >= 2

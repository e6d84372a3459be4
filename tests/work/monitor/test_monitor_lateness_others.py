"""What is late, beside the rest: causes, retry rules, closed and snoozed incidents, bugs and a database in the way."""

from datetime import timedelta

import pytest
from late_world import DAY, FIRE, MINUTE, START, LateWorld, past, replace, run_id
from memory_enos import Down
from monitor_world import MAYA

from bot.core.errors import DatabaseUnavailable, Refusal
from bot.core.flow.model import FlowId
from bot.core.flow.status import OwnStatus, Status
from bot.core.history.expectations import Expectation
from bot.core.incident.facts import ChangeSet
from bot.core.incident.lifecycle import acknowledge, close
from bot.core.incident.model import Phase, Snooze, SnoozeId
from bot.core.text.message import verbatim

DUE = 5 * 60  # seconds after START: everything that is usually done by then is late
HOUR = timedelta(hours=1)


@pytest.fixture
async def world():
    return await LateWorld().with_history(3377)


async def change(world, incident, step):
    await world.store.change(incident.id, lambda old: ChangeSet(incidents=(step(old)[0],)))


async def snooze(world, flow=3377):
    row = Snooze(SnoozeId("s1"), FlowId(flow), "report", MAYA, START, START + DAY, "maintenance")
    await world.store.observe((), (), lambda _: ChangeSet(snoozes=(row,)))


async def test_what_is_late_because_of_a_cause_that_somebody_is_on_mentions_nobody(world):
    await world.with_history(2107, name="import")
    world.enos.flow_owners = ("maya.chen",)
    await world.wait_for(3377, 2107)
    await world.wait_for(2107)
    await world.runs(2107, Status.RUNNING)
    world.enos.put(run_id(2107, FIRE), name="import", end="2026-11-21 09:01:00")
    await world.poll()
    await change(world, world.only(), lambda old: acknowledge(old, MAYA, world.now))
    await world.lateness.tick(world.now + timedelta(seconds=DUE))
    (late,) = (each for each in world.store.kept.values() if each.flow_id == 3377)
    assert late.occurrences[-1].status == OwnStatus.LATE
    assert late.is_cause_acknowledged
    (post,) = world.store.deliver(world.now + timedelta(seconds=DUE + 3))
    assert MAYA.user not in str(post.body)


async def test_a_late_run_that_fails_keeps_its_error_for_the_failure(world):
    await world.runs(3377, Status.RUNNING)
    await world.look(DUE)
    world.enos.put(run_id(3377, FIRE), name="report", end="2026-11-21 09:10:00", log="ERROR: no space left")
    await world.follow(120)  # the incident follower sees it before a poll does
    (late,) = world.only().occurrences
    assert (late.error_line, late.failed_tasks) == ("", ())
    await world.poll()
    late, failure = world.only().occurrences
    assert (late.status, late.error_line, late.failed_tasks) == (OwnStatus.LATE, "", ())
    assert (failure.status, failure.error_line) == (Status.FAIL, "ERROR: no space left")


async def long_run():
    world = await LateWorld().with_history(3377)
    await world.runs(3377, Status.RUNNING, at=FIRE - HOUR)
    return world


async def test_a_long_run_whose_incident_was_closed_is_not_asked_for_at_each_tick():
    world = await long_run()
    await world.look(30)
    await change(world, world.only(), lambda old: close(old, MAYA, world.now))
    world.enos.calls.clear()
    for _ in range(20):
        await world.look(15)
    assert world.enos.calls.count(("instance", run_id(3377, FIRE - HOUR))) <= 1
    assert next(iter(world.store.kept.values())).phase is Phase.CLOSED


async def test_nor_is_that_of_a_snoozed_flow():
    world = await long_run()
    await snooze(world)
    for _ in range(20):
        await world.look(15)
    assert world.enos.calls == []
    assert world.store.kept == {}


async def test_a_promise_whose_incident_was_closed_is_not_asked_about_at_each_tick(world):
    expected = Expectation(FlowId(3377), "report", MAYA, START - DAY, (START + 10 * MINUTE).time())
    await world.store.expect(expected.flow_id, expected)
    await world.wait_for(3377)
    await world.runs(3377, Status.RUNNING, lag=50 * MINUTE)
    await world.look()
    await change(world, world.only(), lambda old: close(old, MAYA, world.now))
    world.enos.calls.clear()
    for _ in range(20):
        await world.look(15)
    assert len(world.enos.calls) <= 2


@pytest.mark.parametrize("later", [None, 40 * MINUTE])
async def test_a_promise_that_was_taken_back_or_changed_is_not_said_to_be_broken(world, later):
    expected = Expectation(FlowId(3377), "report", MAYA, START - DAY, (START + 10 * MINUTE).time())
    await world.store.expect(expected.flow_id, expected)
    await world.wait_for(3377)
    await world.runs(3377, Status.RUNNING, lag=50 * MINUTE)
    assert await world.look() == ["LATE · report · 09:10 UTC can't be kept"]
    new = later and replace(expected, at=START + MINUTE, by=(START + later).time())
    await world.store.expect(expected.flow_id, new)
    await world.look(15 * 60)
    assert world.replies_to(world.only()) == []


async def test_a_long_run_that_enos_does_not_tell_of_is_asked_for_again_soon():
    world = await long_run()
    world.enos.fail["instance"] = [Down()]
    assert await world.look(30) == []
    assert await world.look(61) != []


async def test_a_flow_that_enos_does_not_show_is_not_asked_for_each_minute(world):
    world.enos.fail["flow"] = [Refusal("unknown_flow", verbatim("No flow."))]
    await world.look(DUE)
    world.enos.calls.clear()
    for _ in range(10):
        assert await world.look(60) == []
    assert world.enos.calls == []


@pytest.mark.parametrize("fault", [RuntimeError("bug"), DatabaseUnavailable("full")])
async def test_what_could_not_be_written_is_told_soon(world, fault):
    observe = world.store.observe

    async def broken(*_args, **_more):
        raise fault

    world.store.observe = broken
    with pytest.raises(type(fault)):
        await world.look(DUE)
    world.store.observe = observe
    assert await world.look(61) != []


async def test_a_bug_with_one_flow_does_not_hold_up_the_others(world):
    await world.with_history(3378, name="other")
    past_runs = world.store.past_runs

    async def broken(flow, *more):
        if flow == 3377:
            raise RuntimeError("bug")
        return await past_runs(flow, *more)

    world.store.past_runs = broken
    assert await world.look(DUE) == ["LATE · other · usually done by 08:35 UTC"]


async def test_nor_does_a_bug_with_one_look_at_enos(world):
    await world.with_history(3378, name="other")
    flow = world.enos.flow

    async def broken(which, **more):
        if which == 3377:
            raise RuntimeError("bug")
        return await flow(which, **more)

    world.enos.flow = broken
    assert await world.look(DUE) == ["LATE · other · usually done by 08:35 UTC"]


async def test_nor_does_a_bug_with_an_open_incident(world):
    await world.look(DUE)
    await world.with_history(3378, name="other")
    world.now = START
    past_runs = world.store.past_runs

    async def broken(flow, limit=400):
        if limit == 20:  # the read for the incident
            raise RuntimeError("bug")
        return await past_runs(flow, limit)

    world.store.past_runs = broken
    assert "LATE · other · usually done by 08:35 UTC" in await world.look(DUE + 400)


async def test_a_long_run_that_fails_where_no_search_sees_it_is_told():
    world = await long_run()
    await world.look(30)
    world.enos.put(run_id(3377, FIRE - HOUR), name="report", end="2026-11-24 09:10:00", log="ERROR: no space left")
    await world.follow(73 * 3600)
    long, failure = world.only().occurrences
    assert (long.status, failure.status) == (OwnStatus.LONG, Status.FAIL)
    await world.follow(3600)
    assert len(world.only().occurrences) == 2


async def test_hours_without_enos_are_told_as_one_storm_once_history_has_caught_up():
    flows = range(4000, 4030)
    world = await LateWorld(storm=10).with_history(*flows, days=12)
    world.is_reachable, world.read_since = False, START
    for _ in range(8):
        assert await world.look(900) == []
    world.is_reachable = True
    assert await world.look(15) == []  # history was read before
    for flow in flows:
        await world.add(flow, past(flow, FIRE))
    world.read_since = None
    assert await world.look(61) == []
    assert world.enos.calls == []


async def test_grouped_by_instance_it_is_told_once_and_its_failure_joins_it():
    world = await LateWorld(group_by="instance").with_history(3377)
    await world.runs(3377, Status.RUNNING)
    await world.look(DUE)
    await world.look(120)
    world.enos.put(run_id(3377, FIRE), name="report", end="2026-11-21 09:10:00")
    await world.poll()
    assert [each.status for each in world.only().occurrences] == [OwnStatus.LATE, Status.FAIL]

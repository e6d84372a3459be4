"""Runs that are missing, late or too long become incidents: once, after one look at EnOS, and never in doubt."""

import contextlib
from datetime import timedelta

import pytest
from late_world import DAY, FIRE, MINUTE, START, LateWorld, past, run_id
from memory_enos import Down
from monitor_world import MAYA
from watched_store import Killed

from bot.core.errors import Refusal
from bot.core.flow.model import FlowId
from bot.core.flow.status import OwnStatus, Status
from bot.core.history.background import FlowRef
from bot.core.history.expectations import Expectation
from bot.core.history.lateness import Reason
from bot.core.incident.facts import ChangeSet
from bot.core.incident.model import Phase, Snooze, SnoozeId
from bot.core.text.message import verbatim
from bot.work.monitor.lateness import EXPECTED, OFF

DUE = 5 * 60  # seconds after START: everything that is usually done by then is late
USUALLY = "LATE · report · usually done by 08:35 UTC"


@pytest.fixture
async def world():
    return await LateWorld().with_history(3377)


def promise(world, clock="09:10", flow=3377, **more):
    by = START.replace(hour=int(clock[:2]), minute=int(clock[3:])).timetz().replace(tzinfo=None)
    expected = Expectation(FlowId(flow), "report", MAYA, START - DAY, by, **more)
    return world.store.expect(expected.flow_id, expected)


# ── LATE ──


async def test_a_missing_run_is_told_with_its_evidence(world):
    assert await world.look(DUE) == [USUALLY]
    incident = world.only()
    (late,) = incident.occurrences
    assert (late.instance, late.status) == (run_id(3377, FIRE), OwnStatus.LATE)
    assert incident.owners == world.enos.flow_owners
    found = incident.background.late
    assert (found.is_missing, found.done, found.runs, found.fire) == (True, 30, 30, FIRE)


async def test_it_is_told_once(world):
    await world.look(DUE)
    for _ in range(5):
        assert await world.look(7200) == [USUALLY]
    assert len(world.store.kept) == 1


async def test_nothing_is_told_in_time_nor_of_a_run_that_is_done(world):
    assert await world.look(60) == []
    await world.runs(3377, Status.SUCCESS, minutes=30, end="2026-11-21 08:31:00")
    assert await world.look(DUE) == []
    assert world.enos.calls == []  # EnOS is not asked either


async def test_a_late_run_recovers_when_it_succeeds(world):
    await world.runs(3377, Status.RUNNING)
    await world.look(DUE)
    world.enos.put(run_id(3377, FIRE), Status.SUCCESS, end="2026-11-21 09:10:00", name="report")
    await world.follow(600)
    assert world.only().phase is Phase.RECOVERED
    assert world.lines() == ["RECOVERED · report"]


async def test_a_missing_run_is_not_asked_for_until_it_exists(world):
    await world.look(DUE)
    world.enos.calls.clear()
    await world.follow(120)
    assert [call for call in world.enos.calls if call[0] == "instance"] == []
    await world.runs(3377, Status.RUNNING, lag=70 * MINUTE)
    await world.look(15)
    assert world.only().background.late.is_missing is False
    assert world.only().background.late.started_at == FIRE + 70 * MINUTE
    await world.follow(120)
    assert [call for call in world.enos.calls if call[0] == "instance"] != []


async def test_the_next_days_run_ends_it_and_the_missing_day_stays_missing(world):
    await world.look(DUE)
    world.enos.put(run_id(3377, FIRE + DAY), Status.SUCCESS, end="2026-11-22 08:31:00", name="report")
    await world.follow(86400)
    assert world.only().phase is Phase.RECOVERED
    assert (
        world.lines() == ["RECOVERED · report · no successful run for Nov 21, 08:00…"]
        or "no successful run" in world.lines()[0]
    )
    world.enos.put("3377-20261121080500", Status.SUCCESS, end="2026-11-22 09:31:00", name="report")
    await world.follow(600)
    assert world.lines() == ["RECOVERED · report"]


async def test_a_failure_joins_it(world):
    await world.runs(3377, Status.RUNNING)
    await world.look(DUE)
    world.enos.put(run_id(3377, FIRE), name="report", end="2026-11-21 09:10:00")
    await world.poll()
    incident = world.only()
    assert [each.status for each in incident.occurrences] == [OwnStatus.LATE, Status.FAIL]
    assert world.lines() == ["FAILED · report · task transform"]
    assert world.replies_to(incident) == ["FAILED · report · task transform"]


async def test_a_flow_that_fails_already_is_not_late_too(world):
    world.enos.put(run_id(3377, FIRE - DAY), name="report", end="2026-11-20 08:10:00")
    await world.poll()
    assert await world.look(DUE) == ["FAILED · report · task transform"]
    assert world.reasons == {3377: Reason.FAILING_ALREADY}
    outlook = await world.lateness.outlook(FlowRef(FlowId(3377), "report"), world.now)
    assert outlook.verdict.reason is Reason.FAILING_ALREADY


async def test_a_snoozed_flow_misses_nothing(world):
    snooze = Snooze(SnoozeId("s1"), FlowId(3377), "report", MAYA, START, START + DAY, "maintenance")
    await world.store.observe((), (), lambda _: ChangeSet(snoozes=(snooze,)))
    assert await world.look(DUE) == []
    assert world.reasons == {3377: Reason.SNOOZED}


async def test_history_must_have_been_read_since_the_deadline(world):
    world.read_since = START
    assert await world.look(DUE) == []
    world.read_since = None
    assert await world.look(60) == [USUALLY]


async def test_nothing_is_looked_for_while_enos_is_out_of_reach(world):
    world.is_reachable = False
    assert await world.look(DUE) == []


@pytest.mark.parametrize(
    ("case", "change", "reason"),
    [
        ("its schedule was switched off", lambda enos: enos.off.add(3377), Reason.DISABLED),
        (
            "its schedule was changed today",
            lambda enos: enos.schedules.update({3377: "0 0 12 * * ? *"}),
            Reason.SCHEDULE_CHANGED,
        ),
        (
            "it has succeeded meanwhile",
            lambda enos: enos.put(run_id(3377, FIRE), Status.SUCCESS, name="report"),
            Reason.DONE,
        ),
        (
            "it has begun meanwhile",
            lambda enos: enos.put(run_id(3377, FIRE), Status.RUNNING, name="report"),
            Reason.NOT_AS_IN_HISTORY,
        ),
        ("EnOS does not answer", lambda enos: enos.fail.update(flow=[Down()]), Reason.UNREADABLE),
        ("EnOS does not list runs", lambda enos: enos.fail.update(search=[Down()]), Reason.UNREADABLE),
        (
            "EnOS does not show the flow",
            lambda enos: enos.fail.update(flow=[Refusal("unknown_flow", verbatim("No flow."))]),
            Reason.UNREADABLE,
        ),
    ],
)
async def test_one_look_at_enos_and_any_doubt_is_silence(world, case, change, reason):
    change(world.enos)
    assert await world.look(DUE) == [], case
    assert world.reasons == {3377: reason}


async def test_a_search_that_lists_no_successes_is_not_believed(world):
    """EnOS without SUCCESS rows: the run itself is asked for."""
    world.enos.put(run_id(3377, FIRE), Status.SUCCESS, name="report", kind=2)
    assert await world.look(DUE) == []
    assert ("instance", run_id(3377, FIRE)) in world.enos.calls


async def test_after_doubt_it_looks_again(world):
    world.enos.fail["flow"] = [Down()]
    await world.look(DUE)
    assert await world.look(61) == [USUALLY]


async def test_three_hundred_at_once_are_one_storm():
    world = await LateWorld(storm=10).with_history(*range(4000, 4300), days=12)
    for _ in range(8):
        await world.look(DUE if world.now < START + timedelta(minutes=5) else 15)
    await world.follow(15)
    assert world.lines() == ["ALERT STORM · 300 incidents · 300 open, 0 acknowledged, 0 recovered"]
    assert world.store.biggest <= 500


@pytest.mark.parametrize("after", range(8))
async def test_killed_between_any_two_steps_it_is_told_once(after):
    world = await LateWorld().with_history(3377)
    world.store.die_after = after
    with contextlib.suppress(Killed):
        await world.look(DUE)
    world.store.die_after = None
    world.start()
    assert await world.look(60) == [USUALLY]
    assert await world.look(60) == [USUALLY]
    assert len(world.store.kept) == 1


@pytest.mark.parametrize("mode", [EXPECTED, OFF])
async def test_what_was_learned_may_be_switched_off(mode):
    world = await LateWorld(mode=mode).with_history(3377)
    assert await world.look(DUE) == []
    assert (
        await world.lateness.outlook(FlowRef(FlowId(3377), "report"), world.now)
    ).verdict.reason is Reason.SWITCHED_OFF


async def test_one_flow_may_be_switched_off(world):
    await world.store.expect(FlowId(3377), Expectation(FlowId(3377), "report", MAYA, START))
    assert await world.look(DUE) == []


async def test_flows_without_a_schedule_or_a_history():
    world = await LateWorld().with_history(3377, freq="whenever")
    await world.with_history(3378, days=9)
    assert await world.look(DUE) == []
    found = {
        flow: (await world.lateness.outlook(FlowRef(FlowId(flow), "report"), world.now)).verdict.reason
        for flow in (3377, 3378, 9)
    }
    assert found == {3377: Reason.NO_SCHEDULE, 3378: Reason.HISTORY_TOO_SHORT, 9: Reason.HISTORY_TOO_SHORT}


# ── LONG ──


async def test_a_run_that_takes_far_longer_than_ever():
    world = await LateWorld().with_history(3377)
    await world.runs(3377, Status.RUNNING, at=FIRE - timedelta(hours=1))
    lines = await world.look(30)
    assert lines == ["LONG · report · running since 07:01 UTC"]
    (long,) = world.only().occurrences
    assert (long.instance, long.status) == (run_id(3377, FIRE - timedelta(hours=1)), OwnStatus.LONG)
    world.enos.put(long.instance, Status.SUCCESS, end="2026-11-21 09:20:00", name="report")
    await world.follow(120)
    assert world.lines() == ["RECOVERED · report"]


async def test_a_run_that_has_ended_meanwhile_is_not_long():
    world = await LateWorld().with_history(3377)
    await world.add(3377, past(3377, FIRE - timedelta(hours=1), None, Status.RUNNING))
    world.enos.put(run_id(3377, FIRE - timedelta(hours=1)), Status.SUCCESS, name="report")
    assert await world.look(30) == []


# ── promises ──


async def test_a_promise_that_was_not_kept(world):
    await promise(world)
    await world.runs(3377, Status.RUNNING, lag=30 * MINUTE)
    assert await world.look(DUE) == []  # learned times do not count
    assert await world.look(6 * 60) == ["LATE · report · promised by 09:10 UTC"]


async def test_a_promise_that_was_kept(world):
    await promise(world)
    await world.runs(3377, Status.SUCCESS, minutes=40, end="2026-11-21 08:41:00")
    assert await world.look(11 * 60) == []


async def test_a_promise_is_not_for_days_before_it(world):
    await world.store.expect(FlowId(3377), Expectation(FlowId(3377), "report", MAYA, START + 10 * MINUTE, START.time()))
    assert await world.look(20 * 60) == []


async def test_a_promise_counts_where_nothing_is_learned():
    world = await LateWorld(mode=EXPECTED).with_history(3377, days=3)
    await promise(world)
    assert await world.look(11 * 60) == ["LATE · report · promised by 09:10 UTC"]


async def waiting_for_an_import(clock):
    world = await LateWorld().with_history(
        2107, name="import", fire=FIRE - timedelta(hours=1), minutes=50, freq="0 0 7 * * ? *"
    )
    await world.with_history(3377)
    await world.wait_for(3377, 2107)
    await world.wait_for(2107)
    await promise(world, clock)
    await world.store.expect(FlowId(2107), Expectation(FlowId(2107), "import", MAYA, START))  # nobody hears of itself
    await world.runs(2107, Status.RUNNING, at=FIRE - timedelta(hours=1), lag=100 * MINUTE)  # since 08:40: until 09:30
    await world.runs(3377, Status.RUNNING)
    return world


async def test_a_promise_that_cannot_be_kept_is_said_before(world):
    world = await waiting_for_an_import("09:50")
    assert await world.look() == ["LATE · report · 09:50 UTC can't be kept"]
    late = world.only().background.late
    assert (late.expected, late.behind, late.behind_by) == (
        START + 60 * MINUTE,
        FlowRef(FlowId(2107), "import"),
        99 * MINUTE,
    )
    assert await world.look(60) == ["LATE · report · 09:50 UTC can't be kept"]


async def test_a_promise_that_can_be_kept_is_not_mentioned():
    world = await waiting_for_an_import("10:30")
    assert await world.look() == []
    outlook = await world.lateness.outlook(FlowRef(FlowId(3377), "report"), world.now)
    assert (outlook.estimate.end, outlook.next_promise) == (START + 60 * MINUTE, START + 90 * MINUTE)


async def test_when_its_time_has_come_it_is_said_once():
    world = await waiting_for_an_import("09:50")
    await world.look()
    incident = world.only()
    for _ in range(3):
        await world.look(51 * 60)
    assert world.replies_to(incident) == ["LATE · report · promised by 09:50 UTC"]
    assert world.lines() == ["LATE · report · promised by 09:50 UTC"]


async def test_kept_after_all():
    world = await waiting_for_an_import("09:50")
    await world.look()
    world.enos.put(run_id(3377, FIRE), Status.SUCCESS, end="2026-11-21 09:45:00", name="report")
    await world.follow(45 * 60)
    assert world.only().phase is Phase.RECOVERED
    assert await world.look(10 * 60) == ["RECOVERED · report"]


async def test_it_takes_even_longer():
    world = await waiting_for_an_import("09:50")
    await world.look()
    await world.add(
        2107,
        past(
            2107, FIRE - timedelta(hours=1), None, Status.RUNNING, lag=120 * MINUTE, name="import", freq="0 0 7 * * ? *"
        ),
    )
    await world.look(60)
    assert world.only().background.late.expected == START + 80 * MINUTE


async def test_what_cannot_be_said_is_not_said(world):
    world = await waiting_for_an_import("09:50")
    await world.wait_for(2107, 3377)
    assert await world.look() == []
    outlook = await world.lateness.outlook(FlowRef(FlowId(3377), "report"), world.now)
    assert outlook.estimate.why is not None

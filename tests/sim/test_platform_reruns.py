"""RunEngine that are cancelled, rerun at the console, and started by the schedule."""

import pytest
from platform_kit import DAILY, EMPTY, EXTRACT, HOURLY, LOAD, NOON, TRANSFORM, Clock, small_platform

from bot.sim.enos.logs import log_of
from bot.sim.enos.model import Denied, Relation, Shape, Status, Task
from bot.sim.enos.platform import RecordedRequest


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def platform(clock):
    return small_platform(clock)


def states(platform, instance):
    return {run.task.id: run.status.name for run in platform.instance(instance.id).tasks.values()}


def settle(platform, seconds=60):
    platform.clock.now += seconds
    platform.tick()


def test_cancelling_before_it_runs_is_immediate(platform, clock):
    running, waiting = (platform.start(platform.flows[DAILY], NOON - 60 * n) for n in range(2))
    clock.now += 3
    platform.cancel(waiting.id)
    assert waiting.status is Status.CANCEL
    assert waiting.start is None
    settle(platform)
    assert running.status is Status.SUCCESS
    assert waiting.status is Status.CANCEL


def test_cancelling_a_run_takes_a_moment_and_frees_the_lane(platform, clock):
    running, waiting = (platform.start(platform.flows[DAILY], NOON - 60 * n) for n in range(2))
    clock.now += 1
    platform.cancel(running.id)
    assert running.status is Status.RUNNING
    clock.now += 1.1
    assert platform.instance(running.id).status is Status.CANCEL
    assert states(platform, running) == {EXTRACT: "CANCEL", TRANSFORM: "INIT", LOAD: "INIT"}
    settle(platform)
    assert waiting.status is Status.SUCCESS
    assert running.status is Status.CANCEL


def test_cancelling_one_that_is_getting_ready(platform, clock):
    instance = platform.start(platform.flows[DAILY], NOON)
    clock.now += 0.3
    assert platform.instance(instance.id).status is Status.READY
    platform.cancel(instance.id)
    settle(platform)
    assert instance.status is Status.CANCEL
    assert instance.start is None
    assert platform.runs.running(DAILY) is None


def test_cancelling_what_is_far_ahead(platform, clock):
    ahead = platform.start_scheduled(DAILY, NOON + 3600)
    triggered = platform.start(platform.flows[HOURLY], NOON + 3600)
    for instance in (ahead, triggered):
        platform.cancel(instance.id)
        assert instance.status is Status.CANCEL
    settle(platform, 7200)
    assert {ahead.status, triggered.status} == {Status.CANCEL}
    assert ahead.start is triggered.start is None


def test_cancelling_between_two_tries_ends_the_tries(platform, clock):
    platform.add_flow(7, "stubborn", owners=["a"], tasks=[Task(1, "a", retries=3, pause=60)])
    platform.fail(7)
    instance = platform.start_scheduled(7)
    clock.now += 10
    platform.cancel(instance.id)
    settle(platform, 600)
    assert (instance.status, instance.tasks[1].status, instance.tasks[1].number) == (Status.CANCEL, Status.CANCEL, 1)


def test_a_failed_run_whose_siblings_go_on_can_be_stopped(platform, clock):
    tasks = [Task(1, "a", seconds=1), Task(2, "b", seconds=100)]
    platform.add_flow(7, "wide", owners=["a"], tasks=tasks, edges=[])
    platform.fail(7, 1)
    instance = platform.start_scheduled(7)
    clock.now += 5
    platform.cancel(instance.id)
    settle(platform, 10)
    assert (instance.status, states(platform, instance)) == (Status.CANCEL, {1: "FAIL", 2: "CANCEL"})


def test_cancelling_what_has_ended_changes_nothing(platform):
    instance = platform.start(platform.flows[DAILY], NOON)
    settle(platform)
    platform.cancel(instance.id)
    settle(platform)
    assert instance.status is Status.SUCCESS
    assert not instance.cancelled


def test_a_run_that_ends_before_the_cancel_takes_hold_keeps_its_end(platform, clock):
    instance = platform.start(platform.flows[HOURLY], NOON)
    clock.now += 3
    platform.cancel(instance.id)
    settle(platform)
    assert instance.status is Status.SUCCESS


def test_the_console_reruns_what_broke_under_the_same_id(platform, clock):
    platform.fail(DAILY, TRANSFORM)
    instance = platform.start_scheduled(DAILY)
    settle(platform)
    first_end = instance.end
    platform.recover(DAILY)
    platform.rerun(instance.id)
    assert instance.status is Status.RERUN
    assert instance.end is None
    settle(platform)
    assert instance.status is Status.SUCCESS
    assert instance.end > first_end
    assert {run.task.id: run.number for run in instance.tasks.values()} == {EXTRACT: 1, TRANSFORM: 2, LOAD: 1}
    assert [each.id for each in platform.instances(DAILY)] == [instance.id]


def test_the_console_reruns_from_a_task_or_everything(platform):
    instance = platform.start_scheduled(DAILY)
    settle(platform)
    platform.rerun(instance.id, LOAD)
    settle(platform)
    platform.rerun(instance.id)
    settle(platform)
    assert [run.number for run in instance.tasks.values()] == [2, 2, 3]


def test_a_rerun_waits_for_its_turn(platform, clock):
    instance = platform.start_scheduled(DAILY)
    settle(platform)
    platform.start(platform.flows[DAILY], NOON)
    clock.now += 2
    platform.rerun(instance.id)
    clock.now += 2
    assert platform.instance(instance.id).status is Status.RERUN
    settle(platform)
    assert instance.status is Status.SUCCESS


def test_a_past_failure_can_be_rerun(platform):
    instance = platform.add_past(DAILY, NOON - 7200, "FAIL", failed=[TRANSFORM])
    assert states(platform, instance) == {EXTRACT: "SUCCESS", TRANSFORM: "FAIL", LOAD: "INIT"}
    platform.rerun(instance.id)
    settle(platform)
    assert instance.status is Status.SUCCESS


def test_what_runs_cannot_be_rerun(platform):
    instance = platform.start_scheduled(DAILY)
    with pytest.raises(ValueError, match="has not ended"):
        platform.rerun(instance.id)


def test_an_event_of_an_older_lap_is_void(platform, clock):
    instance = platform.start_scheduled(DAILY)
    clock.now += 1
    platform.cancel(instance.id)
    clock.now += 1.1
    platform.rerun(instance.id)
    clock.now = NOON + 4  # the first try of extract would have ended half a second ago
    assert states(platform, instance)[EXTRACT] == "RUNNING"
    assert instance.tasks[EXTRACT].number == 2


def test_a_cancel_meant_for_an_earlier_lap_does_not_stop_the_rerun(platform, clock):
    instance = platform.start(platform.flows[HOURLY], NOON)
    clock.now = NOON + 3
    platform.cancel(instance.id)  # it ends half a second later, before the cancel takes hold
    clock.now = NOON + 3.6
    platform.rerun(instance.id)
    settle(platform)
    assert instance.status is Status.SUCCESS
    assert instance.tasks[104890].number == 2


def test_scheduled_instances_appear_two_hours_ahead_and_run_in_time(platform, clock):
    platform.add_flow(
        7, "half-hourly", owners=["a"], tasks=[(1, "a")], cycle="mi", freq="0 0/30 * * * ? *", active=True
    )
    platform.tick()
    assert [each.id for each in platform.instances(7)] == [f"7-20261121{hhmm}" for hhmm in (1230, 1300, 1330, 1400)]
    assert {each.status for each in platform.instances(7)} == {Status.INIT}
    clock.now = NOON + 3610
    assert [each.status.name for each in platform.instances(7)] == ["SUCCESS", "SUCCESS"] + ["INIT"] * 4


def test_a_day_passes_in_one_look(platform, clock):
    platform.add_flow(7, "hourly", owners=["a"], tasks=[(1, "a")], cycle="H", freq="0 0 * * * ? *", active=True)
    clock.now += 86400 + 60
    done = [each for each in platform.instances(7) if each.status is Status.SUCCESS]
    assert len(done) == 24
    assert done[0].id == "7-2026112113"
    assert all(each.start == pytest.approx(each.trigger + 0.3) for each in done)


def test_what_is_not_active_or_has_no_tasks_or_has_not_begun_is_not_scheduled(platform, clock):
    common = {"owners": ["a"], "freq": "0 0 * * * ? *", "cycle": "H"}
    platform.add_flow(7, "paused", tasks=[(1, "a")], **common)
    platform.add_flow(8, "empty", active=True, **common)
    platform.add_flow(9, "tomorrow", tasks=[(2, "a")], active=True, start_date="2026-11-22", **common)
    platform.add_flow(10, "by hand", tasks=[(3, "a")], active=True, kind=0, **common)
    platform.add_flow(12, "never", owners=["a"], tasks=[(5, "a")], active=True, freq="0 0 0 1 1 ? 1999")
    platform.add_flow(11, "undated", tasks=[(4, "a")], active=True, start_date="soon", **common)
    clock.now += 3 * 3600
    assert [len(platform.instances(flow)) for flow in (7, 8, 9, 10, 11)] == [0, 0, 0, 0, 5]
    clock.now = NOON + 12 * 3600
    assert platform.instances(9)[0].id == "9-2026112200"


def test_a_scheduled_run_takes_the_flows_form_then_the_next_free_minute(platform):
    ids = [platform.start_scheduled(DAILY, NOON + 90).id for _ in range(3)]
    assert ids == ["3377-2026112112", "3377-202611211201", "3377-202611211200"]


def test_scheduled_runs_of_one_hour_are_each_later_than_the_one_before(platform):
    ids = [platform.start_scheduled(DAILY, NOON + 40 * 60).id for _ in range(6)]
    assert ids == sorted(ids)
    assert ids[:3] == ["3377-2026112112", "3377-202611211220", "3377-202611211230"]


def test_a_circle_and_a_second_flow_of_an_id_are_refused(platform):
    with pytest.raises(ValueError, match="wait for each other"):
        platform.add_flow(7, "circle", owners=["a"], tasks=[(1, "a"), (2, "b")], edges=[(1, 2), (2, 1)])
    with pytest.raises(ValueError, match="already"):
        platform.add_flow(DAILY, "again", owners=["a"])


def test_an_empty_flow_cannot_be_started(platform):
    with pytest.raises(Denied) as denied:
        platform.start(platform.flows[EMPTY], NOON)
    assert denied.value.code == 62104


def test_past_instances_are_unique_and_may_be_unfinished(platform):
    platform.add_past(DAILY, NOON - 7200)
    with pytest.raises(ValueError, match="already"):
        platform.add_past(DAILY, NOON - 7200)
    hanging = platform.add_past(DAILY, NOON - 90000, "RUNNING", triggered=True)
    assert hanging.id == "3377-20261120110000"
    assert hanging.end is None
    platform.restate(hanging.id, "TIMEOUT", end=NOON)
    assert (hanging.status, hanging.end, hanging.updated) == (Status.TIMEOUT, NOON, NOON)


def test_every_visible_change_moves_the_version(platform, clock):
    seen = [platform.version]

    def grew():
        seen.append(platform.version)
        return seen[-1] > seen[-2]

    platform.start_scheduled(DAILY)
    assert grew()
    assert platform.next_change() == pytest.approx(NOON + 0.2)
    clock.now += 1
    platform.tick()
    assert grew()
    platform.fail(DAILY)
    assert grew()
    platform.switch("count", "total")
    assert grew()
    platform.faults.arm("gone")
    assert grew()
    settle(platform)
    assert platform.next_change() is None


def test_a_console_rerun_leaves_out_what_says_so():
    shape = Shape((Task(1, "a"), Task(2, "b")), (), (Relation("t_1", "t_2", rerun=False),))
    assert shape.descendants([1]) == {1, 2}
    assert shape.descendants([1], rerun_only=True) == {1}


def test_logs_grow_while_a_task_runs_and_tell_how_it_ended(platform, clock):
    platform.fail(DAILY, TRANSFORM, lines=["ERROR boom {not a field}", "exit code: 9"])
    instance = platform.start_scheduled(DAILY)
    clock.now += 1
    platform.tick()
    run = instance.tasks[EXTRACT]
    early = log_of(instance, run, clock.now)
    assert log_of(instance, instance.tasks[LOAD], clock.now) is None
    clock.now += 2
    later = log_of(instance, run, clock.now)
    assert later.startswith(early.rstrip("\n"))
    assert len(later) > len(early)
    settle(platform)
    assert log_of(instance, run, clock.now).endswith("INFO  Done\nexit code: 0\n")
    assert log_of(instance, instance.tasks[TRANSFORM], clock.now).endswith("ERROR boom {not a field}\nexit code: 9\n")
    header = log_of(instance, run, clock.now).splitlines()
    assert header[0] == header[6] == "=" * 80
    assert header[1:3] == ["run  num:\t1", f"instance:\tt{EXTRACT}-2026112112"]
    assert header[5] == "current time:\tSat Nov 21 12:00:00 UTC 2026"


def test_the_log_of_a_stopped_task_says_so(platform, clock):
    instance = platform.start_scheduled(DAILY)
    clock.now += 1
    platform.cancel(instance.id)
    settle(platform)
    assert "Stopped on request" in log_of(instance, instance.tasks[EXTRACT], clock.now)


def test_very_many_calls_are_not_kept_forever(platform):
    for number in range(20_001):
        platform.record(RecordedRequest(float(number), "flows", "get", "GET", "u", "o", {}, None))
    assert len(platform.calls) == 10_001
    assert platform.calls[-1].at == 20_000.0

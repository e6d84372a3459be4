"""How runs go: step by step in scheduled time, failing as planned, one at a time per flow."""

import pytest
from platform_kit import DAILY, EMPTY, EXTRACT, HOURLY, LOAD, NOON, TRANSFORM, Clock, small_platform

from bot.sim.platform import Call, Platform
from bot.sim.platform_logs import log_of
from bot.sim.platform_model import Denied, Relation, Shape, Status, Task

DIAMOND = [(1, 2), (1, 3), (2, 4), (3, 4)]


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def platform(clock):
    return small_platform(clock)


def history(platform, instance, seconds, step=0.1):
    """Return the states an instance passes through while the clock moves on."""
    seen = []
    for _ in range(round(seconds / step)):
        state = platform.instance(instance.id).status.name
        if not seen or seen[-1] != state:
            seen.append(state)
        platform.clock.now += step
    return seen


def states(platform, instance):
    return {run.task.id: run.status.name for run in platform.instance(instance.id).tasks.values()}


def settle(platform, seconds=60):
    platform.clock.now += seconds
    platform.tick()


def test_a_run_passes_through_all_its_states(platform):
    instance = platform.start(platform.flows[DAILY], NOON)
    assert history(platform, instance, 15) == ["INIT", "READY", "RUNNING", "SUCCESS"]
    assert set(states(platform, instance).values()) == {"SUCCESS"}


def test_tasks_run_one_after_another_each_for_its_time(platform, clock):
    instance = platform.start(platform.flows[DAILY], NOON)
    clock.now += 5
    assert states(platform, instance) == {EXTRACT: "SUCCESS", TRANSFORM: "RUNNING", LOAD: "INIT"}
    settle(platform)
    runs = list(instance.tasks.values())
    assert [run.end - run.start for run in runs] == pytest.approx([3, 3, 3])
    assert runs[1].start == runs[0].end
    assert instance.end == runs[2].end


def test_how_often_one_looks_makes_no_difference(clock):
    often, rarely = small_platform(Clock()), small_platform(Clock())
    for platform in (often, rarely):
        platform.fail(DAILY, TRANSFORM)
        platform.start_scheduled(DAILY)
    for _ in range(300):
        often.clock.now += 0.1
        often.tick()
    rarely.clock.now = often.clock.now
    [one], [other] = often.instances(DAILY), rarely.instances(DAILY)
    assert (one.id, one.status, one.start, one.end) == (other.id, other.status, other.start, other.end)


def test_speed_makes_everything_faster(clock):
    platform = Platform(clock, speed=10)
    platform.add_flow(1, "quick", owners=["a"], tasks=[(11, "t")], seconds=5)
    instance = platform.start_scheduled(1)
    settle(platform, 0.6)
    assert instance.status is Status.SUCCESS


def test_branches_run_side_by_side_and_join(platform, clock):
    platform.add_flow(7, "diamond", owners=["a"], tasks=[(n, str(n)) for n in (1, 2, 3, 4)], edges=DIAMOND)
    instance = platform.start_scheduled(7)
    clock.now += 5
    assert states(platform, instance) == {1: "SUCCESS", 2: "RUNNING", 3: "RUNNING", 4: "INIT"}


def test_a_failure_shows_at_once_and_its_end_when_the_last_sibling_ends(platform, clock):
    tasks = [Task(1, "a", seconds=1), Task(2, "b", seconds=1), Task(3, "c", seconds=9), Task(4, "d")]
    platform.add_flow(7, "diamond", owners=["a"], tasks=tasks, edges=DIAMOND)
    platform.fail(7, 2)
    instance = platform.start_scheduled(7)
    clock.now += 4
    assert platform.instance(instance.id).status is Status.FAIL
    assert instance.end is None
    assert states(platform, instance) == {1: "SUCCESS", 2: "FAIL", 3: "RUNNING", 4: "INIT"}
    settle(platform)
    assert instance.status is Status.FAIL
    assert instance.end == instance.tasks[3].end
    assert states(platform, instance)[4] == "INIT"


def test_failing_until_recovered(platform):
    platform.fail(DAILY)
    broken = platform.start_scheduled(DAILY)
    settle(platform)
    assert states(platform, broken) == {EXTRACT: "SUCCESS", TRANSFORM: "FAIL", LOAD: "INIT"}
    again = platform.start_scheduled(DAILY)
    settle(platform)
    assert again.status is Status.FAIL
    platform.recover(DAILY)
    well = platform.start_scheduled(DAILY)
    settle(platform)
    assert well.status is Status.SUCCESS
    assert len({broken.id, again.id, well.id}) == 3


def test_a_timeout_takes_as_long_as_the_limit(platform):
    platform.add_flow(7, "slow", owners=["a"], tasks=[Task(1, "a", limit=40)])
    platform.fail(7, kind="TIMEOUT")
    instance = platform.start_scheduled(7)
    settle(platform, 39)
    assert instance.status is Status.RUNNING
    settle(platform, 10)
    assert instance.status is Status.TIMEOUT
    assert instance.end - instance.start == pytest.approx(40)
    assert "longer than its limit of 40 s" in log_of(instance, instance.tasks[1], platform.clock())


def test_two_tasks_fail_in_a_time_of_their_own(platform):
    platform.add_flow(7, "wide", owners=["a"], tasks=[(1, "a"), (2, "b")], edges=[])
    platform.fail(7, [1, 2], "INTERNAL_ERROR", seconds=1)
    instance = platform.start_scheduled(7)
    settle(platform, 2)
    assert instance.status is Status.INTERNAL_ERROR
    assert set(states(platform, instance).values()) == {"INTERNAL_ERROR"}


@pytest.mark.parametrize(("flow", "task"), [(DAILY, 999), (EMPTY, None)])
def test_a_plan_needs_a_task_to_fail_at(platform, flow, task):
    with pytest.raises(ValueError, match="has no task"):
        platform.fail(flow, task)


def test_a_task_with_retries_is_tried_again_before_it_fails(platform, clock):
    platform.add_flow(7, "stubborn", owners=["a"], tasks=[Task(1, "a", retries=2, pause=5)])
    platform.fail(7)
    instance = platform.start_scheduled(7)
    clock.now += 5
    assert states(platform, instance) == {1: "WAIT"}
    assert instance.status is Status.RUNNING
    settle(platform)
    assert instance.status is Status.FAIL
    assert (instance.tasks[1].number, instance.tasks[1].recalls) == (3, 2)


def test_a_retry_after_recovery_succeeds(platform, clock):
    platform.add_flow(7, "stubborn", owners=["a"], tasks=[Task(1, "a", retries=1, pause=5)])
    platform.fail(7)
    instance = platform.start_scheduled(7)
    clock.now += 5
    platform.recover(7)
    settle(platform)
    assert instance.status is Status.SUCCESS


def test_one_at_a_time_the_others_wait_in_order(platform, clock):
    first, second, third = (platform.start(platform.flows[DAILY], NOON - 60 * n) for n in range(3))
    clock.now += 5
    platform.tick()
    assert [each.status.name for each in (first, second, third)] == ["RUNNING", "WAIT", "WAIT"]
    assert platform.runs.running(DAILY) is first
    settle(platform)
    assert first.end <= second.start < second.end <= third.start
    assert {each.status for each in (first, second, third)} == {Status.SUCCESS}
    assert platform.runs.running(DAILY) is None


def test_a_trigger_time_ahead_is_waited_for(platform, clock):
    instance = platform.start(platform.flows[DAILY], NOON + 600)
    clock.now += 1
    assert platform.instance(instance.id).status is Status.WAIT
    clock.now = NOON + 599
    assert platform.instance(instance.id).status is Status.WAIT
    clock.now = NOON + 601
    assert platform.instance(instance.id).status is Status.RUNNING


def test_the_minute_of_the_trigger_time_is_the_id(platform):
    # the vendor's own sample: 1594016819108 ms is 2020-07-06T06:26:59Z
    instance = platform.start(platform.flows[DAILY], 1594016819.108)
    assert instance.id == "3377-20200706062600"
    with pytest.raises(Denied) as denied:
        platform.start(platform.flows[DAILY], 1594016819.108 - 59)
    assert denied.value.code == 62102


def test_a_past_trigger_time_starts_at_once(platform, clock):
    instance = platform.start(platform.flows[DAILY], NOON - 86400)
    clock.now += 1
    assert platform.instance(instance.id).status is Status.RUNNING


def test_the_strict_minute_rule_counts_real_minutes_too(platform, clock):
    platform.switch("minute_rule", "clock")
    platform.start(platform.flows[DAILY], NOON)
    with pytest.raises(Denied):
        platform.start(platform.flows[DAILY], NOON - 3600)
    clock.now += 61
    assert platform.start(platform.flows[DAILY], NOON - 3600).id == "3377-20261121110000"


def test_from_a_task_only_it_and_what_follows_run(platform):
    platform.add_flow(7, "diamond", owners=["a"], tasks=[(n, str(n)) for n in (1, 2, 3, 4)], edges=DIAMOND)
    instance = platform.start(platform.flows[7], NOON, task=2)
    settle(platform)
    assert states(platform, instance) == {1: "SKIP", 2: "SUCCESS", 3: "SKIP", 4: "SUCCESS"}
    assert instance.status is Status.SUCCESS


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
        platform.record(Call(float(number), "flows", "get", "GET", "u", "o", {}, None))
    assert len(platform.calls) == 10_001
    assert platform.calls[-1].at == 20_000.0

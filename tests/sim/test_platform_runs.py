"""How runs go: step by step in scheduled time, failing as planned, one at a time per flow."""

import pytest
from platform_kit import DAILY, EMPTY, EXTRACT, LOAD, NOON, TRANSFORM, Clock, small_platform

from bot.sim.enos.logs import log_of
from bot.sim.enos.model import Denied, Status, Task
from bot.sim.enos.platform import Platform

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

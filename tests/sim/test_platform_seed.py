"""The demo's platform: the ids that everything else expects, and nothing broken at the start."""

import pytest
from platform_kit import NOON, Caller, Clock, served

from bot.sim.enos.cron import read
from bot.sim.enos.model import Status
from bot.sim.enos.platform import ORG
from bot.sim.enos.seed import (
    ALEX,
    JONAS,
    MAYA,
    PRIYA,
    SAM,
    WATCHER,
    demo_platform,
)


@pytest.fixture
def platform():
    return demo_platform(Clock(NOON + 37 * 60 + 21))


def test_the_ids_that_the_demo_is_built_on(platform):
    names = {user: platform.users[user].name for user in (MAYA, JONAS, PRIYA, ALEX, SAM)}
    assert list(names.values()) == ["maya.chen", "jonas.weber", "priya.nair", "alex.kim", "sam.lee"]
    assert (MAYA, WATCHER, ORG) == ("u15432100000000011", "u15432100000000001", "o15000000000001")
    shapes = {flow_id: list(platform.flows[flow_id].shape.by_id) for flow_id in (3377, 4102)}
    assert shapes == {3377: [108579, 108580, 108581], 4102: []}
    owners = {flow_id: platform.flows[flow_id].owners for flow_id in (2809, 3318, 2957, 4410, 4500)}
    assert owners == {
        2809: ("jonas.weber",),
        3318: ("maya.chen", "jonas.weber"),
        2957: ("alex.kim",),
        4410: ("maya.chen",),
        4500: ("maya.chen",),
    }
    assert platform.flows[4410].name == "<!channel> weather & wind"
    assert dict(platform.flows[3377].parameters).keys() == {"path", "overwrite"}
    assert platform.flows[2957].locked
    assert len(platform.flows[4500].shape.tasks) == 7
    assert len(platform.flows) >= 19
    tasks = [task for flow in platform.flows.values() for task in flow.shape.by_id]
    assert len(tasks) == len(set(tasks))
    assert all(read(flow.freq) for flow in platform.flows.values())


def test_at_the_start_everything_is_healthy(platform):
    states = {each.status for each in platform.runs.all.values()}
    assert states == {Status.SUCCESS, Status.INIT, Status.CANCEL}
    ended = [each for each in platform.runs.all.values() if each.status is Status.SUCCESS]
    assert len(ended) > 800
    assert all(each.trigger < each.start < each.end < platform.clock.now for each in ended)
    assert min(each.trigger for each in ended) >= platform.clock.now - 90 * 86400
    assert all(flow.failure_plan is None for flow in platform.flows.values())


def test_flows_have_a_past_to_learn_from(platform):
    for flow in platform.flows.values():
        runs = [each for each in platform.instances(flow.id) if each.status is Status.SUCCESS and not each.triggered]
        assert len(runs) >= (80 if flow.cycle == "D" else 3 if flow.cycle == "M" else 10) or not flow.active
        took = [each.end - each.start for each in runs]
        assert all(max(took) < 2 * each for each in took)
    assert any(each.triggered for each in platform.instances(3377))


def test_three_flows_wait_for_the_meter_import(platform):
    waiting = {flow.id for flow in platform.flows.values() if any(link.flow_id == 4601 for link in flow.shape.links)}
    assert waiting == {4602, 4605, 4606}


def test_it_stays_healthy_and_alive_by_itself(platform):
    before = len(platform.runs.all)
    for _ in range(24):
        platform.clock.now += 3600
        platform.tick()
    assert len(platform.runs.all) > before + 200
    assert {each.status for each in platform.runs.all.values()} == {Status.SUCCESS, Status.INIT, Status.CANCEL}


def test_tasks_take_the_few_seconds_that_a_visitor_waits(platform):
    for flow in platform.flows.values():
        assert all(2 <= task.seconds <= 4 and task.limit == 8 for task in flow.shape.tasks)


def test_it_can_start_at_any_minute():
    for minute in range(0, 60, 7):
        demo_platform(Clock(NOON + minute * 60 + 3))


async def test_the_watcher_sees_every_flow_and_owns_none(platform):
    async with served(platform) as http:
        caller = Caller(platform, http)
        seen = await caller.data("flows", "getMyFlow", user=WATCHER)
        body = {"pagination": {"pageNo": 1, "pageSize": 50}}
        everything = await caller.data("flows", "search", body, user=WATCHER)
        assert len(seen) == len(everything) == len(platform.flows)
        assert not any(row["editable"] for row in seen)
        [root] = await caller.data("directories", "listWorkFlowDirs", user=WATCHER)
        assert sum(len(folder["children"]) for folder in root["children"]) == len(platform.flows)

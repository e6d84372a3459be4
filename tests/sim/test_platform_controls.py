"""The levers that the demo page and tests pull."""

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from platform_kit import DAILY, EMPTY, HOURLY, LOAD, MAYA, Caller, Clock, served, small_platform

from bot.sim.enos.controls import platform_routes


@pytest.fixture
def platform():
    return small_platform(Clock())


@pytest.fixture
async def page(platform):
    app = web.Application()
    app.add_routes(platform_routes(platform))
    async with TestClient(TestServer(app)) as client:
        yield client


async def pull(page, path, body=None):
    answer = await page.post(f"/sim/platform/{path}", json=body or {})
    return answer.status, await answer.json()


async def look(page):
    return await (await page.get("/sim/platform")).json()


def of(shown, flow_id):
    return next(flow for flow in shown["flows"] if flow["id"] == flow_id)


async def test_what_the_panel_shows(page, platform):
    shown = await look(page)
    assert [flow["id"] for flow in shown["flows"]] == [DAILY, HOURLY, EMPTY]
    assert of(shown, DAILY)["tasks"][0] == {"id": 108579, "name": "extract"}
    assert {"id": MAYA, "name": "maya.chen", "locked": False} in shown["users"]
    assert "slow" in shown["fault_names"]
    assert next(each for each in shown["switches"] if each["name"] == "page_base")["choices"] == ["1", "0", "1-clamp"]
    assert (shown["version"], shown["now"]) == (platform.version, platform.clock.now)


async def test_fail_breaks_a_run_now_and_recover_runs_well_again(page, platform):
    status, answer = await pull(page, f"flow/{DAILY}/fail")
    assert status == 200
    assert answer["flow"]["failing"] == {"kind": "FAIL", "tasks": [108580]}
    broken = answer["instance"]["id"]
    platform.clock.now += 1
    shown = await look(page)
    assert of(shown, DAILY)["running"] == broken
    assert [task["status"] for task in shown["instances"][0]["tasks"]] == ["RUNNING", "INIT", "INIT"]
    platform.clock.now += 30
    assert of(await look(page), DAILY)["last_runs"][0]["status"] == "FAIL"
    _, answer = await pull(page, f"flow/{DAILY}/recover")
    assert answer["flow"]["failing"] is None
    platform.clock.now += 30
    runs = of(await look(page), DAILY)["last_runs"]
    assert [(run["id"] == broken, run["status"]) for run in runs] == [(False, "SUCCESS"), (True, "FAIL")]


async def test_fail_at_a_task_with_words(page, platform):
    await pull(page, f"flow/{DAILY}/fail", {"task": LOAD, "lines": "ERROR one\nexit code: 2"})
    platform.clock.now += 30
    shown = await look(page)
    assert [task["status"] for task in shown["instances"][0]["tasks"]] == ["SUCCESS", "SUCCESS", "FAIL"]
    assert platform.flows[DAILY].failure_plan.lines == ("ERROR one", "exit code: 2")
    await pull(page, f"flow/{DAILY}/fail", {"lines": ["ERROR two"]})
    assert platform.flows[DAILY].failure_plan.lines == ("ERROR two",)


async def test_timeout(page, platform):
    _, answer = await pull(page, f"flow/{HOURLY}/timeout")
    platform.clock.now += 301
    assert platform.instance(answer["instance"]["id"]).status.name == "TIMEOUT"


async def test_run_starts_one_as_the_schedule_would(page, platform):
    _, first = await pull(page, f"flow/{HOURLY}/run")
    _, second = await pull(page, f"flow/{HOURLY}/run")
    assert [each["instance"]["id"] for each in (first, second)] == ["2809-2026112112", "2809-202611211200"]


async def test_locks(page, platform):
    _, answer = await pull(page, f"flow/{DAILY}/lock")
    assert (answer["flow"]["locked"], answer["instance"]) == (True, None)
    _, answer = await pull(page, f"flow/{DAILY}/unlock")
    assert answer["flow"]["locked"] is False
    assert await pull(page, f"user/{MAYA}/lock") == (200, {"id": MAYA, "name": "maya.chen", "locked": True})
    assert platform.users[MAYA].locked


async def test_the_console_reruns_and_cancels(page, platform):
    instance = platform.start_scheduled(DAILY)
    platform.clock.now += 1
    _, answer = await pull(page, f"instance/{instance.id}/cancel")
    platform.clock.now += 2
    status, answer = await pull(page, f"instance/{instance.id}/rerun", {"task": LOAD})
    assert (status, answer["instance"]["status"]) == (200, "RERUN")
    status, answer = await pull(page, f"instance/{instance.id}/rerun")
    assert (status, answer) == (400, {"error": f"{instance.id} has not ended yet"})


async def test_faults_and_switches(page, platform):
    _, answer = await pull(page, "fault", {"name": "slow", "seconds": 1.5, "action": "trigger", "calls": 2})
    [fault] = answer["faults"]
    assert (fault["name"], fault["seconds"], fault["action"], fault["calls"], fault["struck"]) == (
        "slow",
        1.5,
        "trigger",
        2,
        0,
    )
    await pull(page, "fault", {"name": "gone"})
    _, answer = await pull(page, "fault", {"clear": "slow"})
    assert [each["name"] for each in answer["faults"]] == ["gone"]
    assert await pull(page, "fault", {"name": "none"}) == (200, {"faults": []})
    status, answer = await pull(page, "switch", {"name": "page_base", "value": "0"})
    assert status == 200
    assert platform.switches.page_base == "0"
    assert next(each for each in answer["switches"] if each["name"] == "page_base")["value"] == "0"


@pytest.mark.parametrize(
    ("path", "body", "status", "says"),
    [
        ("flow/1/fail", {}, 404, "There is no flow 1."),
        ("flow/x/fail", {}, 404, "There is no flow x."),
        (f"flow/{DAILY}/explode", {}, 404, "A flow has no action explode"),
        (f"flow/{EMPTY}/run", {}, 400, "Flow 4102 has no tasks. It cannot run."),
        (f"flow/{DAILY}/fail", {"task": 5}, 400, "flow 3377 has no task 5"),
        (f"flow/{DAILY}/fail", {"task": "x"}, 400, "invalid literal"),
        ("instance/1-1/rerun", {}, 404, "There is no run 1-1."),
        ("user/u0/lock", {}, 404, "There is no user u0."),
        (f"user/{MAYA}/sack", {}, 404, "A user has no action sack"),
        ("fault", {"name": "fire"}, 400, "There is no fault"),
        ("switch", {"name": "page_base", "value": "2"}, 400, "page_base must be one of 1, 0, 1-clamp"),
        ("switch", [1], 400, "The body must be a JSON object."),
    ],
)
async def test_mistakes_are_answered_in_a_sentence(page, platform, path, body, status, says):
    got, answer = await pull(page, path, body)
    assert got == status
    assert answer["error"].startswith(says)
    assert platform.runs.all == {}


async def test_an_instance_does_only_what_it_can(page, platform):
    instance = platform.start_scheduled(DAILY)
    status, answer = await pull(page, f"instance/{instance.id}/fly")
    assert (status, answer["error"]) == (404, "A run has no action fly. It has: rerun, cancel.")


async def test_calls_are_shown_without_what_proves_identity(page, platform):
    async with served(platform) as http:
        caller = Caller(platform, http)
        await caller.data("flows", "getMyFlow")
        await caller.data("flows", "enable", {"flowId": DAILY})
    token, mine, enable = await (await page.get("/sim/platform/calls")).json()
    assert token["body"]["encryption"] == "…"
    assert (mine["action"], mine["body"], mine["outcome"]) == ("getMyFlow", None, "OK")
    assert enable["body"] == {"flowId": DAILY}
    narrowed = await (await page.get("/sim/platform/calls?action=enable&limit=5")).json()
    assert [each["action"] for each in narrowed] == ["enable"]

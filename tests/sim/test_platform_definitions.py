"""The EnOS face: definitions, directories, and the edges of the service."""

import json

import pytest
from platform_kit import (
    DAILY,
    EMPTY,
    EXTRACT,
    HOURLY,
    JONAS,
    LOAD,
    MAYA,
    NOON,
    NOW_MS,
    settle,
)

from bot.sim.enos.model import FlowLink
from bot.sim.enos.platform import Directory
from bot.sim.enos.server import ACTIONS


# ── definitions ─────────────────────────────────────────────────────────────
def definition(platform, flow_id=DAILY, **change):
    flow = platform.flows[flow_id]
    return {
        "id": str(flow_id),
        "type": 1,
        "name": flow.name,
        "freq": "0 0 3 * * ? *",
        "cycle": "D",
        "alertMode": 1,
        "doAs": "db_demo",
        "owners": ";maya.chen; jonas.weber ;",
        "visitors": "",
        "startTime": "2026-01-01",
        "active": 1,
        "tasks": [{"taskId": str(LOAD)}, {"taskId": EXTRACT}],
        "flows": [{"flowId": HOURLY}],
        "relations": [
            {"source": f"t_{EXTRACT}", "target": f"t_{LOAD}"},
            {"source": f"f_{HOURLY}", "target": f"t_{LOAD}"},
        ],
    } | change


async def test_save_replaces_the_definition_and_the_schedule(api, platform):
    before = platform.add_past(DAILY, NOON - 7200)
    await api.search()
    assert await api.data("flows", "save", definition(platform, name="renamed")) == {"flowId": DAILY}
    shown = await api.data("flows", "loadForEdit", flowId=DAILY)
    assert (shown["flowName"], shown["owner"], shown["active"]) == ("renamed", "maya.chen;jonas.weber", 1)
    assert (shown["queue"], shown["parameters"]) == ("", "[]")
    graph = json.loads(shown["graph"])
    assert [node["nodeId"] for node in graph["flows"]] == ["f_2809"]
    assert platform.flows[DAILY].shape.order == (EXTRACT, LOAD)
    row = (await api.search())["data"]["flowInsts"][0]
    assert (row["instanceId"], row["flowName"]) == (before.id, "renamed")
    platform.clock.now += 86400
    assert [each.id for each in platform.instances(DAILY)][1:] == ["3377-2026112203"]
    assert platform.instances(DAILY)[1].tasks.keys() == {EXTRACT, LOAD}


@pytest.mark.parametrize(
    ("change", "code", "sentence"),
    [
        ({"id": 1}, 62102, "graph not found"),
        ({"freq": "often"}, 62102, "Workflow validation failed"),
        ({"cycle": "Y"}, 62102, "Workflow validation failed"),
        ({"tasks": [{"taskId": 1}]}, 62102, "graph not found"),
        ({"tasks": "x"}, 62102, "Invalid request body."),
        ({"relations": [{"source": "t_1", "target": "t_2"}]}, 62102, "Workflow validation failed"),
        ({"relations": [{"source": f"t_{LOAD}", "target": f"f_{HOURLY}"}]}, 62102, "Workflow validation failed"),
        ({"name": "kept", "parameters": "{"}, 62102, "Invalid request body."),
        (
            {"relations": [{"source": f"t_{LOAD}", "target": f"t_{LOAD}"}]},
            62102,
            "Workflow validation failed",
        ),
    ],
)
async def test_what_cannot_be_saved(api, platform, change, code, sentence):
    assert await api.refusal("flows", "save", definition(platform, **change)) == (code, sentence)
    assert (platform.flows[DAILY].name, platform.flows[DAILY].freq) == ("daily-energy-report", "0 0 2 * * ? *")


async def test_save_is_the_owners_and_complete(api, platform):
    assert (await api.refusal("flows", "save", definition(platform), user=JONAS))[0] == 62103
    for name in ("name", "active", "visitors"):
        body = definition(platform)
        del body[name]
        assert (await api.refusal("flows", "save", body))[0] == 62102
    platform.users[MAYA].locked = True
    assert (await api.refusal("flows", "save", definition(platform)))[0] == 62105


async def test_export_and_import_go_round(api, platform):
    platform.flows[EMPTY].name = "was-empty"
    await api.data("flows", "save", definition(platform))
    exported = await api.data("flows", "export", flowId=DAILY)
    assert exported["cron"] == "0 0 3 * * ? *"
    assert exported["relations"] == [{"sourceTaskName": "extract", "targetTaskName": "load", "rerun": True}]
    assert exported["linkRelations"] == [{"linkId": "f_2809", "targetTaskName": "load", "rerun": True}]
    body = {"flowName": "copy", "desc": "a copy", "dirId": "root", "flowJson": exported}
    assert await api.data("flows", "import", body | {"flowId": 7000}) == {"flowId": 7000}
    again = await api.data("flows", "export", flowId=7000)
    assert again == exported | {"name": "copy", "desc": "a copy"}
    other = await api.data("flows", "import", body | {"flowName": "copy 2", "flowId": 7000})
    assert other == {"flowId": 9001}
    assert platform.flows[9001].owners == ("maya.chen", "jonas.weber")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"flowName": " "}, "Invalid parameter: flowName"),
        ({"flowJson": "x"}, "Incorrect parameter"),
        ({"dirId": "nowhere"}, "Directory does not exist"),
        ({"flowName": "turbine"}, "Workflow validation failed: Flow name must be unique"),
        ({"flowJson": {"cron": "0 0 1 * * ? *"}}, "Workflow validation failed"),
        (
            {"flowJson": {"cron": "0 0 1 * * ? *", "cycle": "D", "flowLinks": [{"sourceFlowName": "none"}]}},
            "Workflow validation failed",
        ),
        (
            {"flowJson": {"cron": "0 0 1 * * ? *", "cycle": "D", "linkRelations": [{"linkId": "f_1"}]}},
            "Workflow validation failed",
        ),
    ],
)
async def test_what_cannot_be_imported(api, change, sentence):
    body = {"flowName": "new", "desc": "", "dirId": "root", "flowJson": {}} | change
    assert await api.refusal("flows", "import", body) == (62102, sentence)


async def test_an_import_without_owners_is_mine(api, platform):
    described = {"cron": "0 0 1 * * ? *", "cycle": "D", "tasks": [{"name": "one", "cmd": "true"}]}
    body = {"flowName": "new", "dirId": "root", "flowJson": described}
    made = (await api.data("flows", "import", body))["flowId"]
    assert platform.flows[made].owners == ("maya.chen",)
    assert [task.command for task in platform.flows[made].shape.tasks] == ["true"]


async def test_delete_takes_the_instances_along(api, platform):
    platform.add_past(DAILY, NOON - 7200)
    platform.edit(DAILY, active=True)
    running = platform.start_scheduled(DAILY)
    assert (await api.refusal("flows", "delete", user=JONAS, flowId=DAILY))[0] == 62103
    code, sentence = await api.refusal("flows", "delete", flowId=DAILY)
    assert (code, "running instance" in sentence) == (62104, True)
    settle(platform)
    assert running.end is not None
    platform.add_flow(7, "leaning", owners=["maya.chen"], tasks=[(1, "a")], links=(FlowLink(DAILY, "daily"),))
    code, sentence = await api.refusal("flows", "delete", flowId=DAILY)
    assert (code, "relied on" in sentence) == (62104, True)
    assert await api.data("flows", "delete", flowId=7) == ""
    assert await api.data("flows", "delete", flowId=DAILY) == ""
    settle(platform, 86400)
    await api.sign_in()
    assert [row for row in platform.runs.all if row.startswith("3377-")] == []
    assert (await api.refusal("flows", "get", flowId=DAILY))[0] == 62102


async def test_directories(api, platform):
    made = (await api.data("directories", "create", {"parentId": "root", "dirName": "reports"}))["dirId"]
    assert len(made) == 32
    platform.flows[DAILY].directory = made
    [root] = await api.data("directories", "listWorkFlowDirs")
    [reports] = root["children"]
    assert (reports["title"], reports["isDirectory"]) == ("reports", True)
    assert reports["children"] == [
        {"title": "daily-energy-report", "type": 1, "key": DAILY, "editable": True, "isDirectory": False}
    ]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"parentId": "root"}, "param: dirName cannot be empty"),
        ({"dirName": "x"}, "param: parentId cannot be empty"),
        ({"parentId": "nowhere", "dirName": "x"}, "parentId not found"),
        ({"parentId": "root", "dirName": "taken"}, "A directory of the same name already exists"),
    ],
)
async def test_directories_that_cannot_be_made(api, platform, body, sentence):
    platform.directories["d"] = Directory("d", "taken", "root")
    assert await api.refusal("directories", "create", body) == (62102, sentence)


# ── the edges of the service ────────────────────────────────────────────────
def test_the_whole_index_is_served():
    assert len(ACTIONS) == 22
    assert ACTIONS["flows", "delete"][0] == "GET"


@pytest.mark.parametrize("name", sorted(f"{resource}/{action}" for resource, action in ACTIONS if resource != "time"))
async def test_every_action_asks_who_calls(api, name):
    resource, action = name.split("/")
    body = {} if ACTIONS[resource, action][0] == "POST" else None
    assert await api.refusal(resource, action, body, user="u0") == (
        62101,
        "userId does not exist, or it does not match to orgId.",
    )
    assert (await api.refusal(resource, action, body, org="o2"))[0] == 62101


async def test_what_is_not_in_the_index(api):
    assert await api.refusal("flows", "rerun", {}) == (99400, "Invalid Argument action:rerun")
    assert await api.refusal("flows", "") == (99400, "Invalid Argument action:action is missing")
    assert (await api.refusal("flows", "trigger"))[0] == 99400  # a GET
    assert (await api.refusal("taskInstances", "search", {}))[0] == 99400
    answer = await api.http.get("/somewhere/else?action=get")
    assert answer.status == 404
    assert api.platform.calls[-1].resource == "/somewhere/else"


@pytest.mark.parametrize("body", ["text", 7, [1]])
async def test_a_body_must_be_an_object(api, body):
    assert await api.refusal("flows", "trigger", body) == (62102, "Invalid request body.")


async def test_calls_are_recorded_with_what_became_of_them(api, platform):
    body = {"flowId": DAILY, "triggerTime": NOW_MS}
    await api.data("flows", "trigger", body)
    await api.refusal("flows", "trigger", body, user=JONAS)
    first, second = platform.called("trigger")
    assert (first.resource, first.method, first.user_id, first.body) == ("flows", "POST", MAYA, body)
    assert [(call.status, call.outcome) for call in (first, second)] == [(200, "OK"), (200, "62103")]
    assert [call.action for call in platform.called("token")] == []
    assert len(platform.called("token/get")) == 1

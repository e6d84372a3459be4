"""Every action of the index over HTTP: what it answers, and whom it refuses."""

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
    OUTSIDER,
    TRANSFORM,
    WATCHER,
    Caller,
    Clock,
    served,
    small_platform,
)

from bot.sim.enos_face import ACTIONS
from bot.sim.platform import Directory
from bot.sim.platform_model import Link

NOW_MS = int(NOON * 1000)


@pytest.fixture
def platform():
    made = small_platform(Clock())
    made.directories["root"] = Directory("root", "Workflow")
    return made


@pytest.fixture
async def api(platform):
    async with served(platform) as http:
        yield Caller(platform, http)


def settle(platform, seconds=60):
    platform.clock.now += seconds
    platform.tick()


# ── running ─────────────────────────────────────────────────────────────────
async def test_trigger_runs_the_flow(api, platform):
    sample = {"flowId": DAILY, "triggerTime": 1594016819108}
    assert await api.data("flows", "trigger", sample) == {"flowInstanceId": "3377-20200706062600"}
    settle(platform)
    platform.switch("history_days", 0)
    shown = await api.data("flowInstances", "get", flowInstId="3377-20200706062600")
    assert (shown["status"], shown["statusDesc"], shown["calDt"]) == (1, "SUCCESS", "2020-07-05")


async def test_trigger_from_task_runs_it_and_what_follows(api, platform):
    body = {"flowId": DAILY, "taskId": TRANSFORM, "triggerTime": NOW_MS}
    made = (await api.data("flows", "triggerFromTask", body))["flowInstanceId"]
    settle(platform)
    graph = json.loads((await api.data("flowInstances", "get", flowInstId=made))["graph"])
    assert {task["taskId"]: task["status"] for task in graph["tasks"]} == {
        EXTRACT: "SKIP",
        TRANSFORM: "SUCCESS",
        LOAD: "SUCCESS",
    }


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ([{"key": "path", "value": "/b"}], [{"key": "path", "value": "/b"}]),
        ('[{"key":"REPLACE","value":"ddee"}]', [{"key": "REPLACE", "value": "ddee"}]),
        ({"a": 1}, [{"key": "a", "value": "1"}]),
        ("", []),
    ],
)
async def test_update_and_trigger_uses_its_parameters_once(api, platform, sent, kept):
    body = {"flowId": DAILY, "triggerTime": NOW_MS, "parameters": sent}
    made = (await api.data("flows", "updateAndTrigger", body))["flowInstanceId"]
    assert json.loads((await api.data("flowInstances", "get", flowInstId=made))["parameters"]) == kept
    flow = await api.data("flows", "get", flowId=DAILY)
    assert json.loads(flow["parameters"]) == [
        {"key": "path", "value": "/user/x/"},
        {"key": "overwrite", "value": "true"},
    ]


@pytest.mark.parametrize("sent", ["{", 7, [1], [{"value": "x"}]])
async def test_parameters_must_be_readable(api, sent):
    body = {"flowId": DAILY, "triggerTime": NOW_MS, "parameters": sent}
    assert await api.refusal("flows", "updateAndTrigger", body) == (62102, "Invalid request body.")


async def test_a_second_trigger_in_the_minute_is_refused(api):
    body = {"flowId": DAILY, "triggerTime": NOW_MS}
    await api.data("flows", "trigger", body)
    code, sentence = await api.refusal("flows", "trigger", body | {"triggerTime": NOW_MS + 59_999})
    assert code == 62102
    assert "do not trigger the same workflow repeatedly in 1 minute" in sentence
    await api.data("flows", "trigger", body | {"triggerTime": NOW_MS + 60_000})


TRIGGERS = [
    ("trigger", {}),
    ("triggerFromTask", {"taskId": EXTRACT}),
    ("updateAndTrigger", {"parameters": []}),
]


@pytest.mark.parametrize(("action", "more"), TRIGGERS)
@pytest.mark.parametrize(
    ("change", "user", "code"),
    [
        ({"flowId": 1}, MAYA, 62102),
        ({"flowId": "soon"}, MAYA, 62102),
        ({"flowId": True}, MAYA, 62102),
        ({"flowId": None}, MAYA, 62102),
        ({"flowId": 3377.5}, MAYA, 62102),
        ({"triggerTime": -1}, MAYA, 62102),
        ({"triggerTime": 10**15}, MAYA, 62102),
        ({"triggerTime": 10**400}, MAYA, 62102),
        ({}, JONAS, 62103),
        ({}, WATCHER, 62103),
        ({}, OUTSIDER, 62101),
        ({}, "nobody", 62101),
        ({"flowId": EMPTY}, MAYA, 62104),
    ],
)
async def test_who_and_what_cannot_be_triggered(api, platform, action, more, change, user, code):
    body = {"flowId": DAILY, "triggerTime": NOW_MS, **more} | change
    assert (await api.refusal("flows", action, body, user=user))[0] == code
    assert platform.instances(DAILY) == []


async def test_an_unknown_task_is_refused(api):
    body = {"flowId": DAILY, "taskId": 5, "triggerTime": NOW_MS}
    code, sentence = await api.refusal("flows", "triggerFromTask", body)
    assert (code, sentence[:38]) == (62102, "Cannot create workflow instance. Pleas")


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("trigger", {"flowId": DAILY, "triggerTime": NOW_MS}),
        ("enable", {"flowId": DAILY}),
        ("disable", {"flowId": DAILY}),
    ],
)
async def test_locks_hold(api, platform, action, body):
    platform.flows[DAILY].locked = True
    assert (await api.refusal("flows", action, body))[0] == 62103
    platform.flows[DAILY].locked = False
    platform.users[MAYA].locked = True
    assert await api.refusal("flows", action, body) == (62105, "Your account has been locked")


async def test_numbers_may_come_as_digits(api):
    body = {"flowId": "3377", "triggerTime": str(NOW_MS)}
    assert (await api.data("flows", "trigger", body))["flowInstanceId"] == "3377-20261121120000"


async def test_enable_and_disable_turn_the_schedule(api, platform):
    assert await api.data("flows", "enable", {"flowId": DAILY}) == ""
    assert (await api.data("flows", "get", flowId=DAILY))["active"] == 1
    platform.clock.now = NOON + 12.5 * 3600
    assert [each.id for each in platform.instances(DAILY)] == ["3377-2026112202"]
    await api.sign_in()
    assert await api.data("flows", "disable", {"flowId": DAILY}) == ""
    assert await api.data("flows", "disable", {"flowId": DAILY}) == ""
    assert (await api.data("flows", "get", flowId=DAILY))["active"] == 0
    assert platform.instances(DAILY) == []
    settle(platform, 86400)
    await api.sign_in()
    assert platform.instances(DAILY) == []
    assert (await api.refusal("flows", "enable", {"flowId": HOURLY}))[0] == 62103


async def test_cancel_is_the_owners_and_takes_effect_later(api, platform):
    instance = platform.start_scheduled(DAILY)
    platform.clock.now += 1
    body = {"flowInstId": instance.id}
    assert (await api.refusal("flowInstances", "cancel", body, user=JONAS))[0] == 62103
    assert await api.data("flowInstances", "cancel", body) == ""
    assert (await api.data("flowInstances", "get", flowInstId=instance.id))["statusDesc"] == "RUNNING"
    platform.clock.now += 1.1
    shown = await api.data("flowInstances", "get", flowInstId=instance.id)
    assert shown["statusDesc"] == "CANCEL"
    row = (await api.search())["data"]["flowInsts"][0]
    assert row["isCancelled"] is True
    assert await api.data("flowInstances", "cancel", body) == ""
    platform.switch("cancel_ended", "error")
    assert (await api.refusal("flowInstances", "cancel", body))[0] == 62102
    assert (await api.refusal("flowInstances", "cancel", {"flowInstId": "1-2026"}))[0] == 62102


# ── reading ─────────────────────────────────────────────────────────────────
async def test_get_flow_as_different_people_see_it(api, platform):
    mine = await api.data("flows", "get", flowId=DAILY)
    assert (mine["flowId"], mine["flowName"], mine["owner"]) == (DAILY, "daily-energy-report", "maya.chen")
    assert (mine["hasEditPri"], mine["hasReadPri"], mine["locked"], mine["isUserLocked"]) == (True, True, False, False)
    graph = json.loads(mine["graph"])
    assert [task["taskId"] for task in graph["tasks"]] == ["108579", "108580", "108581"]
    assert graph["relations"][0] == {"cycleGap": "D0", "rerun": True, "source": "t_108579", "target": "t_108580"}
    platform.users[JONAS].locked = True
    theirs = await api.data("flows", "get", user=JONAS, flowId=DAILY)
    assert (theirs["hasEditPri"], theirs["hasReadPri"], theirs["isUserLocked"]) == (False, False, True)
    assert (await api.refusal("flows", "get", user=OUTSIDER, org="o2", flowId=DAILY))[0] == 62102
    assert (await api.refusal("flows", "get", flowId=1))[0] == 62102
    assert (await api.refusal("flows", "get"))[0] == 62102
    assert (await api.refusal("flows", "get", flowId="x"))[0] == 62102


async def test_my_flows_are_those_related_to_me(api, platform):
    mine = await api.data("flows", "getMyFlow")
    assert [(row["flowId"], row["editable"]) for row in mine] == [("3377", True), ("2809", False), ("4102", True)]
    assert [row["flowId"] for row in await api.data("flows", "getMyFlow", user=JONAS)] == ["2809"]
    assert len(await api.data("flows", "getMyFlow", user=WATCHER)) == 3
    platform.edit(HOURLY, private=True)
    assert len(await api.data("flows", "getMyFlow", user=WATCHER)) == 2
    assert [row["flowId"] for row in await api.data("flows", "getMyFlow", expression="DAILY")] == ["3377"]
    assert [row["flowId"] for row in await api.data("flows", "getMyFlow", expression="280")] == ["2809"]


async def test_search_flow_finds_those_of_everybody(api):
    def ask(page, size, **more):
        pagination = {"pageNo": page, "pageSize": size, **more.pop("pagination", {})}
        return {"pagination": pagination, **more}

    found = await api.data("flows", "search", ask(1, 2), user=JONAS)
    assert found == [
        {"flowId": "3377", "flowName": "daily-energy-report"},
        {"flowId": "2809", "flowName": "turbine"},
    ]
    assert [row["flowId"] for row in await api.data("flows", "search", ask(2, 2))] == ["4102"]
    assert [row["flowId"] for row in await api.data("flows", "search", ask(1, 9, expression="Turb"))] == ["2809"]
    sorted_by = {"sorters": [{"field": "create_time", "order": "DESC"}]}
    assert len(await api.data("flows", "search", ask(1, 9, pagination=sorted_by))) == 3
    bad = {"sorters": [{"field": "name"}]}
    code, sentence = await api.refusal("flows", "search", ask(1, 9, pagination=bad))
    assert (code, sentence) == (62102, "Illegal field, should be one of [create_time, update_time, start_time].")
    assert (await api.refusal("flows", "search", {}))[0] == 62102
    assert (await api.refusal("flows", "search", ask(1, 9, expression=["x"])))[0] == 62102
    broken = ask(1, 9, pagination={"sorters": "x"})
    assert (await api.refusal("flows", "search", broken))[0] == 62102


async def test_a_task_instance_and_its_log(api, platform):
    platform.fail(DAILY, TRANSFORM)
    instance = platform.start_scheduled(DAILY)
    settle(platform)
    name = f"{TRANSFORM}-{instance.suffix}"
    shown = await api.data("taskInstances", "get", taskInstId=name)
    assert (shown["instanceId"], shown["taskName"], shown["stsDesc"], shown["status"]) == (
        name,
        "transform",
        "FAIL",
        -1,
    )
    assert (shown["flowInstId"], shown["runNum"], shown["isTimeout"]) == (instance.id, 1, False)
    log = (await api.data("taskInstances", "getLog", taskInstId=name, maxLength=""))["log"]
    assert "ERROR java.sql.SQLTimeoutException" in log
    first = await api.data("taskInstances", "getLog", taskInstId=name, maxLength=100)
    assert first["log"] == log[:100]
    platform.switch("log_keep", "last")
    last = await api.data("taskInstances", "getLog", taskInstId=name, maxLength=100)
    assert last["log"] == log[-100:]
    assert (await api.data("taskInstances", "getLog", taskInstId=name, maxLength=0))["log"] == ""
    assert (await api.refusal("taskInstances", "getLog", taskInstId=name, maxLength=-1))[0] == 62102


async def test_where_there_is_no_log(api, platform):
    platform.fail(DAILY, EXTRACT)
    instance = platform.start_scheduled(DAILY)
    settle(platform)
    unborn = f"{LOAD}-{instance.suffix}"
    cases = [(unborn, (62109, "No log found"))]
    cases += [(bad, (62102, "Instance not found")) for bad in ("1-2026", "x", f"{LOAD}-1970", f"²-{instance.suffix}")]
    for name, refusal in cases:
        assert await api.refusal("taskInstances", "getLog", taskInstId=name) == refusal
    platform.switch("log_errors", "one")
    for name, _ in cases:
        refused = await api.refusal("taskInstances", "getLog", taskInstId=name)
        assert refused == (62102, "Invalid taskInstId or it has no log")
    assert (await api.refusal("taskInstances", "get", taskInstId="1-2026"))[0] == 62102


async def test_time(api):
    assert await api.data("time", "getCurrentTime", user="") == NOW_MS
    assert await api.data("time", "getTimeZone", user="") == {"timezone": "GMT+8"}


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
    platform.add_flow(7, "leaning", owners=["maya.chen"], tasks=[(1, "a")], links=(Link(DAILY, "daily"),))
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

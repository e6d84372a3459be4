"""How the platform prints things under every switch."""

import json

import pytest
from platform_kit import DAILY, EXTRACT, LOAD, MAYA, NOON, TRANSFORM, Caller, Clock, served, small_platform

from bot.sim.enos.model import FlowLink
from bot.sim.enos.switches import Switches, offset

INSTANCE = "3377-2026112111"
TASK = f"{EXTRACT}-2026112111"


@pytest.fixture
def platform():
    made = small_platform(Clock())
    made.add_past(DAILY, NOON - 3600, took=100)
    return made


@pytest.fixture
async def api(platform):
    async with served(platform) as http:
        yield Caller(platform, http)


async def row(api):
    return (await api.search())["data"]["flowInsts"][0]


async def single(api):
    return await api.data("flowInstances", "get", flowInstId=INSTANCE)


@pytest.mark.parametrize("trigger_zone", ["utc", "server"])
@pytest.mark.parametrize("run_zone", ["utc", "server"])
async def test_zones_of_printed_times_are_independent(api, platform, trigger_zone, run_zone):
    platform.switch("server_zone", "GMT-3:30")
    platform.switch("trigger_zone", trigger_zone)
    platform.switch("run_zone", run_zone)
    trigger = {"utc": "2026-11-21 11:00:00", "server": "2026-11-21 07:30:00"}[trigger_zone]
    start = {"utc": "2026-11-21 11:00:01", "server": "2026-11-21 07:30:01"}[run_zone]
    end = {"utc": "2026-11-21 11:01:41", "server": "2026-11-21 07:31:41"}[run_zone]
    for shown in (await row(api), await single(api)):
        assert (shown["triggerTime"], shown["startTime"], shown["endTime"]) == (trigger, start, end)
    task = await api.data("taskInstances", "get", taskInstId=TASK)
    assert (task["triggerTime"], task["startTime"]) == (trigger, start)
    assert await api.data("time", "getTimeZone", user="") == {"timezone": "GMT-3:30"}


async def test_what_has_not_happened_is_null(api, platform):
    instance = platform.start(platform.flows[DAILY], NOON + 7200)
    shown = await api.data("flowInstances", "get", flowInstId=instance.id)
    assert (shown["startTime"], shown["endTime"]) == (None, None)


async def test_graphs_as_string_object_or_broken(api, platform):
    as_string = json.loads((await single(api))["graph"])
    platform.switch("graph", "object")
    for shown in (await single(api), await row(api), await api.data("flows", "get", flowId=DAILY)):
        assert isinstance(shown["graph"], dict)
    assert (await single(api))["graph"] == as_string
    platform.switch("graph", "broken")
    broken = (await single(api))["graph"]
    assert isinstance(broken, str)
    with pytest.raises(ValueError):  # noqa: PT011  it cannot be parsed, that is all
        json.loads(broken)


async def test_keys_of_graphs(api, platform):
    async def keys():
        graphs = [json.loads((await read(api))["graph"]) for read in (row, single)]
        return [("do_as" in graph, "task_inst_id" in graph["tasks"][0]) for graph in graphs]

    assert await keys() == [(False, False), (False, False)]
    platform.switch("keys", "mixed")
    assert await keys() == [(True, False), (False, False)]
    platform.switch("keys", "snake")
    assert await keys() == [(True, True), (True, True)]
    flow = json.loads((await api.data("flows", "get", flowId=DAILY))["graph"])
    assert flow["tasks"][0]["task_id"] == "108579"
    assert flow["relations"][0]["cycle_gap"] == "D0"


async def test_whole_numbers_as_floats(api, platform):
    platform.switch("floats", value=True)
    text = await (await api.send("flowInstances", "get", flowInstId=INSTANCE)).text()
    assert '"flowId":3377.0' in text
    assert '"code":0,' in text
    shown = json.loads(text)["data"]
    assert shown["hasEditPri"] is True
    assert isinstance(json.loads(shown["graph"])["tasks"][0]["taskId"], float)
    assert isinstance((await row(api))["status"], float)
    assert isinstance((await api.search())["data"]["count"], float)
    assert isinstance(await api.data("time", "getCurrentTime", user=""), float)
    assert isinstance((await api.data("taskInstances", "get", taskInstId=TASK))["runNum"], float)


@pytest.mark.parametrize(
    ("ids", "listed", "in_flow", "in_instance"),
    [("sample", "3377", "108579", 108579), ("number", 3377, 108579, 108579), ("string", "3377", "108579", "108579")],
)
async def test_types_of_ids(api, platform, ids, listed, in_flow, in_instance):
    platform.switch("ids", ids)
    assert (await api.data("flows", "getMyFlow"))[0]["flowId"] == listed
    assert json.loads((await api.data("flows", "get", flowId=DAILY))["graph"])["tasks"][0]["taskId"] == in_flow
    assert json.loads((await single(api))["graph"])["tasks"][0]["taskId"] == in_instance


async def test_parameters_three_ways(api, platform):
    pairs = [{"key": "path", "value": "/user/x/"}, {"key": "overwrite", "value": "true"}]
    assert json.loads((await single(api))["parameters"]) == pairs
    platform.switch("parameters", "array")
    assert (await single(api))["parameters"] == pairs
    platform.switch("parameters", "object")
    assert (await row(api))["parameters"] == {"path": "/user/x/", "overwrite": "true"}


async def test_parameters_of_a_trigger_may_be_merged(api, platform):
    platform.switch("parameters_update", "merge")
    platform.switch("parameters", "object")
    body = {"flowId": DAILY, "triggerTime": int(NOON * 1000), "parameters": [{"key": "path", "value": "/b"}]}
    made = (await api.data("flows", "updateAndTrigger", body))["flowInstanceId"]
    shown = await api.data("flowInstances", "get", flowInstId=made)
    assert shown["parameters"] == {"path": "/b", "overwrite": "true"}


async def test_single_reads_as_a_list_of_one(api, platform):
    platform.switch("data", "list")
    for answer in (
        await single(api),
        await api.data("flows", "get", flowId=DAILY),
        await api.data("taskInstances", "get", taskInstId=TASK),
    ):
        assert isinstance(answer, list)
        assert len(answer) == 1
    assert isinstance((await api.search())["data"], dict)


async def test_the_older_envelope(api, platform):
    platform.switch("success", "status")
    answer = await api.call("flows", "getMyFlow")
    assert (answer["status"], answer["msg"], "code" in answer) == (0, " Success", False)


async def test_a_placeholder_for_the_new_id(api, platform):
    platform.switch("triggered_id", "placeholder")
    body = {"flowId": DAILY, "triggerTime": int(NOON * 1000)}
    assert (await api.data("flows", "trigger", body))["flowInstanceId"] == "2791-19700101000000"
    assert platform.instance("3377-20261121120000")


@pytest.mark.parametrize(("value", "kind"), [("flow", 1), ("manual", 0), ("temporary", 2)])
async def test_scheduling_type_of_triggered_instances(api, platform, value, kind):
    platform.switch("triggered_type", value)
    await api.data("flows", "trigger", {"flowId": DAILY, "triggerTime": int(NOON * 1000)})
    assert "3377-20261121120000" in await api.found(kind=kind)


@pytest.mark.parametrize(
    ("style", "printed"),
    [
        ("plain", "maya.chen;jonas.weber"),
        ("semicolons", ";maya.chen;jonas.weber;"),
        ("padded", " maya.chen ; jonas.weber"),
    ],
)
async def test_owners_joined(api, platform, style, printed):
    platform.edit(DAILY, owners=("maya.chen", "jonas.weber"))
    platform.switch("owners", style)
    flow = await api.data("flows", "get", flowId=DAILY)
    assert flow["owner"] == json.loads(flow["graph"])["owners"] == (await row(api))["owner"] == printed


@pytest.mark.parametrize(
    ("action", "body", "english", "chinese"),
    [
        ("get", None, "User has no privilege.", "User has no privilege"),
        ("trigger", {"flowId": 4102}, "has no task. You cannot trigger it.", "has no task, you cannot trigger it!"),
    ],
)
async def test_sentences_of_both_languages(api, platform, action, body, english, chinese):
    resource, query, user = "flows", {}, MAYA
    if action == "get":
        action, body, user = "disable", {"flowId": DAILY}, "u12"
    else:
        body = body | {"triggerTime": 0}
    assert (await api.refusal(resource, action, body, user=user, **query))[1].endswith(english)
    platform.switch("texts", "zh")
    assert (await api.refusal(resource, action, body, user=user, **query))[1].endswith(chinese)


async def test_request_ids(api, platform):
    assert "requestId" not in await api.call("flows", "getMyFlow")
    platform.switch("request_id", "on")
    ok, refused = await api.call("flows", "getMyFlow"), await api.call("flows", "get", flowId=1)
    assert len(ok["requestId"]) == len(refused["requestId"]) == 36
    assert ok["requestId"] != refused["requestId"]


async def test_http_status_of_refusals(api, platform):
    assert (await api.send("flows", "get", flowId=1)).status == 200
    platform.switch("error_status", 400)
    answer = await api.send("flows", "get", flowId=1)
    assert (answer.status, (await answer.json())["code"]) == (400, 62102)
    assert (await api.send("flows", "getMyFlow")).status == 200


@pytest.mark.parametrize(("style", "code", "status"), [("99400", 99400, 200), ("62102", 62102, 200), ("404", 404, 404)])
async def test_an_action_this_version_lacks(api, platform, style, code, status):
    platform.switch("missing_actions", "triggerFromTask, taskInstances")
    platform.switch("unknown_action", style)
    body = {"flowId": DAILY, "taskId": EXTRACT, "triggerTime": 0}
    answer = await api.send("flows", "triggerFromTask", body)
    assert (answer.status, (await answer.json())["code"]) == (status, code)
    assert (await api.call("flows", "getMyFlow"))["code"] == 0


@pytest.mark.parametrize(("style", "expected"), [("62102", 62102), ("62109", 62109), ("empty", 0)])
async def test_reading_what_does_not_exist(api, platform, style, expected):
    platform.switch("unknown_instance", style)
    for resource, query in (
        ("flowInstances", {"flowInstId": "3377-1970"}),
        ("taskInstances", {"taskInstId": "1-1970"}),
    ):
        answer = await api.call(resource, "get", **query)
        assert (answer["code"], answer["data"]) == (expected, None)
    answer = await api.call("flowInstances", "cancel", {"flowInstId": "3377-1970"})
    assert answer["code"] == expected


@pytest.mark.parametrize("state", ["INIT", "SKIP"])
async def test_tasks_behind_a_failure(api, platform, state):
    platform.switch("behind", state)
    platform.add_past(DAILY, NOON - 7200, "FAIL", failed=[TRANSFORM])
    graph = json.loads((await api.data("flowInstances", "get", flowInstId="3377-2026112110"))["graph"])
    assert [task["status"] for task in graph["tasks"]] == ["SUCCESS", "FAIL", state]
    assert (await api.data("taskInstances", "get", taskInstId=f"{LOAD}-2026112110"))["stsDesc"] == state


async def test_a_reference_to_another_flow(api, platform):
    platform.add_flow(
        7, "leaning", owners=["maya.chen"], tasks=[(1, "a")], links=(FlowLink(DAILY, "daily", virtual=True),)
    )
    instance = platform.start_scheduled(7)
    graph = json.loads((await api.data("flowInstances", "get", flowInstId=instance.id))["graph"])
    [node] = graph["flows"]
    assert (node["flowId"], node["nodeId"], node["isVirtual"], node["status"]) == ("3377", "f_3377", True, "NONE")


async def test_a_rate_limit(api, platform):
    await api.sign_in()
    platform.switch("rate", 2)
    statuses = [(await api.send("flows", "getMyFlow")).status for _ in range(3)]
    assert statuses == [200, 200, 429]
    assert platform.calls[-1].outcome == "429"
    platform.clock.now += 1
    assert (await api.send("flows", "getMyFlow")).status == 200


# ── the switches themselves ─────────────────────────────────────────────────
def test_every_switch_takes_each_of_its_choices_and_nothing_else():
    for line in Switches().table():
        assert line["says"]
        for choice in line["choices"]:
            changed = Switches().with_(line["name"], choice)
            assert getattr(changed, line["name"]) == choice
        if line["choices"]:
            with pytest.raises(ValueError, match="must be one of"):
                Switches().with_(line["name"], "sideways")


@pytest.mark.parametrize(
    ("name", "value"), [("nothing", 1), ("page_cap", "many"), ("server_zone", "CST"), ("server_zone", "GMT+8:75")]
)
def test_bad_switches(name, value):
    with pytest.raises(ValueError, match=r"There is no|not a whole|not a time zone"):
        Switches().with_(name, value)


@pytest.mark.parametrize(
    ("zone", "minutes"),
    [("GMT", 0), ("GMT+8", 480), ("GMT-3:30", -210), ("UTC+05:45", 345), ("GMT+0530", 330)],
)
def test_zones(zone, minutes):
    assert offset(zone).total_seconds() == minutes * 60

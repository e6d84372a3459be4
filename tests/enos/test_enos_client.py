import pytest
from enos_gateway import broken, html, ok, refused, reset, told
from enos_lists import row

from bot.core.errors import Refusal, TemporaryFailure
from bot.core.flow.model import Parameter
from bot.core.flow.status import Status
from bot.enos.definitions import Definitions
from bot.enos.errors import AnswerLost, BadResponse, EnosRefused, ServerError

USER = "u15432100000000011"
AT = 1594016819108  # 2020-07-06 06:26:59.108 UTC
STARTED = "3377-20200706062600"
INSTANCE = {**row(1), "instanceId": STARTED, "flowId": 3377, "status": 2}


async def test_every_call_names_the_user_it_is_made_as(gateway, client):
    gateway.answers = {"getMyFlow": [], "enable": "", "disable": ""}
    await client.my_flows()
    await client.my_flows(as_user=USER)
    await client.enable(3377, as_user=USER)
    await client.disable(3377, as_user=USER)
    assert [asked.query["userId"] for asked in gateway.asked] == ["u15432100000000001", USER, USER, USER]
    assert {asked.query["orgId"] for asked in gateway.asked} == {"o15000000000001"}


async def test_the_time_of_the_platform(gateway, client):
    gateway.answers = {"getCurrentTime": 1565251865242.0, "getTimeZone": {"timezone": "GMT+8"}}
    assert await client.now_ms() == 1565251865242
    assert await client.time_zone() == "GMT+8"
    assert [set(asked.query) for asked in gateway.asked] == [{"action"}, {"action"}]
    gateway.answers["getCurrentTime"] = "soon"
    with pytest.raises(BadResponse):
        await client.now_ms()


async def test_my_flows_come_once_each(gateway, client):
    gateway.answers["getMyFlow"] = [{"flowId": "1", "flowName": "a"}, {"flowId": 1.0, "flowName": "a"}]
    assert [name.id for name in await client.my_flows()] == [1]


async def test_signing_in_proves_the_keys(gateway, client, client_of):
    await client.sign_in()
    assert gateway.signs == ["get"]
    with pytest.raises(Refusal):
        await client_of(secret="other").sign_in()


# triggers


async def test_the_three_ways_to_start_a_run(gateway, client):
    for action in ("trigger", "triggerFromTask", "updateAndTrigger"):
        gateway.answers[action] = {"flowInstanceId": STARTED}
    assert await client.trigger(3377, AT, as_user=USER) == STARTED
    assert await client.trigger_from_task(3377, 108580, AT, as_user=USER) == STARTED
    assert await client.trigger_with(3377, AT, [Parameter("a", "b")], as_user=USER) == STARTED
    assert [asked.body for asked in gateway.asked] == [
        {"flowId": 3377, "triggerTime": AT},
        {"flowId": 3377, "taskId": 108580, "triggerTime": AT},
        {"flowId": 3377, "triggerTime": AT, "parameters": [{"key": "a", "value": "b"}]},
    ]


async def test_parameters_that_could_not_be_read_are_never_sent_back(gateway, client):
    with pytest.raises(Refusal) as raised:
        await client.trigger_with(3377, AT, [Parameter("", "--day ${cal_dt}")], as_user=USER)
    assert raised.value.reason == "unreadable_parameters"
    assert gateway.asked == []


@pytest.mark.parametrize("answered", [{"flowInstanceId": "2791-19700101000000"}, {"flowInstanceId": None}, "", None])
async def test_a_run_that_was_not_named_is_found_by_the_id_it_must_have(gateway, client, answered):
    gateway.answers = {"trigger": answered, "get": INSTANCE}
    assert await client.trigger(3377, AT, as_user=USER) == STARTED
    assert gateway.actions() == ["trigger", "get"]
    assert gateway.asked[1].query["flowInstId"] == STARTED
    assert gateway.asked[1].query["userId"] == USER


async def test_else_it_is_searched_in_its_minute(gateway, client, lists):
    gateway.answers |= {"trigger": "", "get": None}
    other = {**INSTANCE, "instanceId": "9-3377", "flowId": 9}
    lists.instances[2] = [{**INSTANCE, "instanceId": "3377-odd"}, other]
    assert await client.trigger(3377, AT, as_user=USER) == "3377-odd"
    body = gateway.asked[-1].body
    assert (body["fromTriggerTime"], body["toTriggerTime"]) == (1594016760000, 1594016820000)
    assert body["expression"] == "3377"


@pytest.mark.parametrize("found", [0, 2])
async def test_a_run_that_cannot_be_found_for_certain_is_unclear(gateway, client, lists, found):
    gateway.answers |= {"trigger": "", "get": None}
    lists.instances[0] = [{**INSTANCE, "instanceId": f"3377-{n}"} for n in range(found)]
    with pytest.raises(AnswerLost):
        await client.trigger(3377, AT, as_user=USER)
    assert gateway.actions().count("trigger") == 1


async def test_a_look_that_fails_leaves_it_unclear(gateway, client):
    gateway.answers["trigger"] = ""
    gateway.faults = [("get", refused(62103, "no"))]
    with pytest.raises(AnswerLost):
        await client.trigger(3377, AT, as_user=USER)


async def test_an_older_enos_without_trigger_from_task_is_asked_once(gateway, client, clock):
    gateway.answers["triggerFromTask"] = lambda query, body: told(99400, "Invalid Argument action")
    for _ in range(2):
        with pytest.raises(Refusal) as raised:
            await client.trigger_from_task(3377, 5, AT, as_user=USER)
        assert raised.value.reason == "not_offered"
    assert gateway.actions() == ["triggerFromTask"]
    assert client.capabilities == {"flows.triggerFromTask": "missing"}
    clock.forward(86_401)  # it may have been upgraded
    gateway.expire_tokens()
    gateway.answers["triggerFromTask"] = {"flowInstanceId": STARTED}
    assert await client.trigger_from_task(3377, 5, AT, as_user=USER) == STARTED


async def test_a_refusal_of_a_start_from_a_task_is_told(gateway, client):
    gateway.answers["triggerFromTask"] = lambda query, body: told(62102, "Invalid request body.")
    with pytest.raises(EnosRefused) as raised:
        await client.trigger_from_task(3377, 5, AT, as_user=USER)
    assert raised.value.reason == "invalid_request"
    assert client.capabilities == {}


# instances


@pytest.mark.parametrize(
    "answer",
    [
        lambda query, body: told(62102, "Instance not found"),
        lambda query, body: told(62102, "no such id"),
        lambda query, body: told(99404, "gone"),
        lambda query, body: ok(None),
        lambda query, body: ok(""),
        lambda query, body: ok([]),
    ],
)
async def test_an_unknown_instance_is_none(gateway, client, answer):
    gateway.answers["get"] = answer
    assert await client.instance(STARTED) is None
    assert gateway.actions() == ["get"]


async def test_an_instance_without_the_right_to_see_it_is_refused(gateway, client):
    gateway.answers["get"] = lambda query, body: told(62103, "User has no privilege")
    with pytest.raises(EnosRefused):
        await client.instance(STARTED)


async def test_an_instance_that_breaks_enos_is_none_if_no_search_finds_it(gateway, client, lists):
    gateway.answers["get"] = lambda query, body: told(62109, "Internal server exception")
    lists.instances[2] = [{**row(5), "flowName": STARTED}]
    assert await client.instance(STARTED) is None
    assert {asked.body["type"] for asked in gateway.asked if asked.action == "search"} == {0, 1, 2}
    lists.instances[1] = [INSTANCE]
    with pytest.raises(ServerError):
        await client.instance(STARTED)


async def test_cancelling_is_asked_once(gateway, client):
    gateway.answers["cancel"] = ""
    await client.cancel(STARTED, as_user=USER)
    assert gateway.asked[0].body == {"flowInstId": STARTED}
    assert gateway.actions() == ["cancel"]


async def test_cancelling_what_has_ended_says_so(gateway, client):
    gateway.answers = {"cancel": lambda query, body: told(62102, "cannot"), "get": {**INSTANCE, "status": 1}}
    with pytest.raises(Refusal, match="SUCCESS") as raised:
        await client.cancel(STARTED, as_user=USER)
    assert raised.value.reason == "already_ended"


@pytest.mark.parametrize(("code", "looks"), [(62102, ["cancel", "get"]), (62103, ["cancel"])])
async def test_cancelling_what_runs_and_is_refused_is_told(gateway, client, code, looks):
    gateway.answers = {"cancel": lambda query, body: told(code, "cannot"), "get": INSTANCE}
    with pytest.raises(EnosRefused, match="cannot"):
        await client.cancel(STARTED, as_user=USER)
    assert gateway.actions() == looks


# flows


@pytest.mark.parametrize("answer", [lambda query, body: told(62102, "x"), lambda query, body: ok(None)])
async def test_an_unknown_flow_is_refused_with_the_way_out(gateway, client, answer):
    gateway.answers["get"] = answer
    with pytest.raises(Refusal, match="show NAME") as raised:
        await client.flow(77)
    assert raised.value.reason == "unknown_flow"


async def test_a_flow_without_the_right_to_see_it_is_refused_as_such(gateway, client):
    gateway.answers["get"] = lambda query, body: told(62103, "x")
    with pytest.raises(EnosRefused) as raised:
        await client.flow(77, as_user=USER)
    assert raised.value.reason == "no_right"


# tasks and logs

TASK = {"instanceId": "5-20200706062600", "taskId": 5, "taskName": "load", "status": -1}


async def test_a_task_instance(gateway, client):
    gateway.answers["get"] = TASK
    found = await client.task_instance("5-20200706062600", as_user=USER)
    assert (found.task_id, found.name, found.status) == (5, "load", Status.FAIL)
    gateway.answers["get"] = lambda query, body: told(62102, "Instance not found")
    assert await client.task_instance("5-1") is None
    gateway.answers["get"] = lambda query, body: told(62103, "no")
    with pytest.raises(EnosRefused):
        await client.task_instance("5-1")


async def test_an_older_enos_without_task_instances_is_asked_once(gateway, client):
    gateway.faults = [("get", html(404))]
    assert await client.task_instance("5-1") is None
    assert await client.task_instance("5-1") is None
    assert gateway.actions() == ["get"]


async def test_a_log(gateway, client):
    gateway.answers["getLog"] = {"log": "=====\nuuu\n"}
    assert await client.log("5-1", as_user=USER) == "=====\nuuu\n"


@pytest.mark.parametrize(
    ("code", "msg"),
    [(62109, "No log found"), (62102, "Invalid taskInstId or it has no log"), (62102, "Instance not found")],
)
async def test_a_task_that_exists_and_has_no_log_has_none(gateway, client, code, msg):
    gateway.answers = {"getLog": lambda query, body: told(code, msg), "get": TASK}
    assert await client.log("5-1") is None
    gateway.answers["get"] = None
    with pytest.raises(Refusal) as raised:
        await client.log("5-1")
    assert raised.value.reason == "unknown_instance"


async def test_an_older_enos_cannot_say_whether_the_task_exists(gateway, client):
    gateway.answers["getLog"] = lambda query, body: told(62109, "No log found")
    gateway.answers["get"] = lambda query, body: told(99400, "x")
    assert await client.log("5-1") is None


async def test_a_log_that_fails_otherwise_is_told(gateway, client):
    gateway.answers["getLog"] = lambda query, body: told(62103, "no")
    with pytest.raises(EnosRefused):
        await client.log("5-1")
    gateway.faults = [("getLog", broken())] * 4
    with pytest.raises(TemporaryFailure):
        await client.log("5-1")


# definitions


async def test_definitions_are_read_and_changed(gateway, client):
    definitions = client.definitions
    assert isinstance(definitions, Definitions)
    gateway.answers = {
        "loadForEdit": {"flowId": 2791, "flowName": "x", "queue": ""},
        "save": {"flowId": 2841},
        "import": {"flowId": "2839"},
        "export": {"name": "nFlow", "tasks": []},
        "listWorkFlowDirs": [{"key": "249a", "title": "Workflow", "isDirectory": True, "children": []}],
        "create": {"dirId": "62e3"},
    }
    assert (await definitions.load_for_edit(2791, as_user=USER)).name == "x"
    assert await definitions.save({"id": 1}, as_user=USER) == 2841
    exported = await definitions.export(2924)
    assert exported == {"name": "nFlow", "tasks": []}
    options = {"name": "n", "description": "", "directory": "d", "exported": exported, "as_user": USER}
    assert await definitions.import_flow(**options) == 2839
    assert [directory.id for directory in await definitions.directories()] == ["249a"]
    assert await definitions.create_directory("249a", "new", as_user=USER) == "62e3"


async def test_a_copy_for_editing_is_never_asked_for_twice(gateway, client):
    gateway.faults = [("loadForEdit", reset)]
    with pytest.raises(AnswerLost):
        await client.definitions.load_for_edit(2791, as_user=USER)
    assert gateway.actions() == ["loadForEdit"]


async def test_definitions_that_are_not_named_are_told(gateway, client):
    definitions = client.definitions
    with pytest.raises(BadResponse):
        await definitions.load_for_edit(1, as_user=USER)
    with pytest.raises(BadResponse):
        await definitions.export(1)
    with pytest.raises(AnswerLost):
        await definitions.save({}, as_user=USER)
    with pytest.raises(AnswerLost):
        await definitions.create_directory("a", "b", as_user=USER)

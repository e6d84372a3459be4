import json

import pytest

from bot.core.flow.model import FlowId, InstanceId, Parameter, Search, TaskId
from bot.enos import calls, calls_edit
from bot.enos.calls import Actor, Kind

BY = Actor("u1", "o1")
FLOW, TASK = FlowId(3377), TaskId(108580)
WHO = {"userId": "u1", "orgId": "o1"}
TERMS = Search(kind=1, since=5, until=9, statuses=(1, -1), owner="jane.doe", expression="21")
SORTED = {"pageNo": 3, "pageSize": 50, "sorters": [{"field": "update_time", "order": "DESC"}]}
FLOWS, INSTANCES, TASKS, DIRS = "flows", "flowInstances", "taskInstances", "directories"
READ, MUTATION = Kind.READ, Kind.MUTATION

TABLE = [
    # call, method, resource, action, further query, body, kind
    (
        calls.search_instances(TERMS, 3, "update_time", BY),
        *("POST", INSTANCES, "search", {}),
        {
            "type": 1,
            "expression": "21",
            "owner": "jane.doe",
            "fromTriggerTime": 5,
            "toTriggerTime": 9,
            "status": "1,-1",
            "pagination": SORTED,
        },
        READ,
    ),
    (calls.get_instance(InstanceId("1-2"), BY), "GET", INSTANCES, "get", {"flowInstId": "1-2"}, None, READ),
    (calls.cancel(InstanceId("1-2"), BY), "POST", INSTANCES, "cancel", {}, {"flowInstId": "1-2"}, MUTATION),
    (calls.get_flow(FLOW, BY), "GET", FLOWS, "get", {"flowId": "3377"}, None, READ),
    (calls.get_my_flows("", BY), "GET", FLOWS, "getMyFlow", {}, None, READ),
    (calls.get_my_flows("a b", BY), "GET", FLOWS, "getMyFlow", {"expression": "a b"}, None, READ),
    (
        calls.search_flows("x", 1, "", BY),
        *("POST", FLOWS, "search", {}),
        {"expression": "x", "pagination": {"pageNo": 1, "pageSize": 50}},
        READ,
    ),
    (calls.trigger(FLOW, 7, BY), "POST", FLOWS, "trigger", {}, {"flowId": 3377, "triggerTime": 7}, MUTATION),
    (
        calls.trigger_from_task(FLOW, TASK, 7, BY),
        *("POST", FLOWS, "triggerFromTask", {}),
        {"flowId": 3377, "taskId": 108580, "triggerTime": 7},
        MUTATION,
    ),
    (
        calls.update_and_trigger(FLOW, 7, [Parameter("REPLACE", "ddee")], BY),
        *("POST", FLOWS, "updateAndTrigger", {}),
        {"flowId": 3377, "triggerTime": 7, "parameters": [{"key": "REPLACE", "value": "ddee"}]},
        MUTATION,
    ),
    (calls.enable(FLOW, BY), "POST", FLOWS, "enable", {}, {"flowId": 3377}, MUTATION),
    (calls.disable(FLOW, BY), "POST", FLOWS, "disable", {}, {"flowId": 3377}, MUTATION),
    (calls_edit.load_for_edit(FLOW, BY), "GET", FLOWS, "loadForEdit", {"flowId": "3377"}, None, MUTATION),
    (calls_edit.save({"id": 1}, BY), "POST", FLOWS, "save", {}, {"id": 1}, MUTATION),
    (
        calls_edit.import_flow("n", "", "d", {"name": "n"}, BY, flow=FLOW),
        *("POST", FLOWS, "import", {}),
        {"flowName": "n", "desc": "", "dirId": "d", "flowJson": {"name": "n"}, "flowId": 3377},
        MUTATION,
    ),
    (calls_edit.export(FLOW, BY), "GET", FLOWS, "export", {"flowId": "3377"}, None, READ),
    (calls.get_task_instance("1-2", BY), "GET", TASKS, "get", {"taskInstId": "1-2"}, None, READ),
    (calls.get_log("1-2", BY), "GET", TASKS, "getLog", {"taskInstId": "1-2"}, None, READ),
    (
        calls.get_log("1-2", BY, most=9),
        *("GET", TASKS, "getLog", {"taskInstId": "1-2", "maxLength": "9"}, None, READ),
    ),
    (calls_edit.list_directories(BY), "GET", DIRS, "listWorkFlowDirs", {}, None, READ),
    (
        calls_edit.create_directory("p", "n", BY),
        *("POST", DIRS, "create", {}, {"parentId": "p", "dirName": "n"}, MUTATION),
    ),
]


@pytest.mark.parametrize(
    ("call", "method", "resource", "action", "query", "body", "kind"),
    TABLE,
    ids=lambda value: getattr(value, "name", ""),
)
def test_each_action_is_the_call_of_its_page(call, method, resource, action, query, body, kind):
    assert (call.method, call.path) == (method, f"/batch-processing-service/v2.1/{resource}")
    assert dict(call.query) == {"action": action, **query, **WHO}
    assert len(dict(call.query)) == len(call.query), "a name is never repeated"
    assert (json.loads(call.body) if call.body is not None else None) == body
    assert call.kind is kind
    assert call.name == f"{resource}.{action}"


@pytest.mark.parametrize(
    ("call", "action"), [(calls.get_current_time(), "getCurrentTime"), (calls.get_time_zone(), "getTimeZone")]
)
def test_the_two_time_actions_take_no_user(call, action):
    assert (call.method, call.path, call.query) == (
        "GET",
        "/batch-processing-service/v2.1/time",
        (("action", action),),
    )


def test_delete_flow_cannot_be_built():
    assert not [name for module in (calls, calls_edit) for name in vars(module) if "delete" in name.lower()]


def test_a_body_is_never_shown_since_parameters_may_hold_secrets():
    call = calls.update_and_trigger(FLOW, 7, [Parameter("password", "hunter2")], BY)
    assert "hunter2" not in repr(call)


def test_half_a_character_does_not_break_a_call():
    call = calls.get_my_flows("a\ud83db", BY)
    assert dict(call.query)["expression"] == "a?b"
    assert json.loads(calls.trigger(FLOW, 1, BY).body)["flowId"] == 3377
    assert b"a?b" in calls.search_flows("a\ud83db", 1, "", BY).body

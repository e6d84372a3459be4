"""One test per row of what the vendor's pages contradict themselves in, named for the row."""

import json
import logging

import pytest
from aiohttp import web
from enos_gateway import html, ok, refused, told
from enos_lists import row

from bot.core.errors import Refusal
from bot.core.flow.model import FlowId, Parameter, Search
from bot.enos.errors import EnosRefused, ServerError

USER = "u15432100000000011"
AT = 1594016819108
STARTED = "3377-20200706062600"
FLOW = {"flowId": 3377, "flowName": "daily", "active": 1}
INSTANCE = {**row(1), "instanceId": STARTED, "flowId": 3377, "status": 2}
TASK = {"instanceId": "5-1", "taskId": 5, "taskName": "load", "status": 1}


async def found(client, terms=None, **options):
    terms = terms or Search(1, 5, 9, (-1,))
    return [instance.id async for page in client.search(terms, **options) for instance in page.rows]


async def test_c1_base_of_pageno(gateway, client_of, lists):
    lists.base = 0
    lists.instances[1] = [row(n) for n in range(60)]
    client = client_of(page_base="auto")
    assert len(await found(client)) == 60
    assert client.capabilities["page_base"] == "0"


async def test_c2_count_is_of_the_page_or_of_all(gateway, client, lists, caplog):
    caplog.set_level(logging.INFO)
    lists.count, lists.most = "total", 7  # and pages smaller than asked
    lists.instances[1] = [row(n) for n in range(60)]
    assert len(await found(client)) == 60
    assert len(await found(client)) == 60
    assert caplog.text.count("counts the runs of all pages") == 1


async def test_c3_names_of_sort_fields(gateway, client, lists):
    lists.sorts, lists.sort_error = ("updateTime",), "The sorters field parameter is invalid"
    lists.instances[1] = [row(1)]
    pages = [page async for page in client.search(Search(1, 5, 9, (-1,)))]
    assert pages[0].sorted_by == "update_time"
    await found(client)
    sent = [asked.body["pagination"]["sorters"][0]["field"] for asked in gateway.asked]
    assert sent == ["update_time", *["updateTime"] * 4]
    lists.sorts = ()  # and none at all
    pages = [page async for page in client.search(Search(1, 5, 9, (-1,)))]
    assert pages[0].sorted_by == ""
    assert "sorters" not in gateway.asked[-1].body["pagination"]
    before = len(gateway.asked)
    await found(client)
    assert {json.dumps(asked.body["pagination"]) for asked in gateway.asked[before:]} == {
        '{"pageNo": 1, "pageSize": 50}',
        '{"pageNo": 2, "pageSize": 50}',
    }


async def test_c4_pagination_is_always_sent(gateway, client, lists):
    await found(client)
    await client.all_flows()
    assert all(asked.body["pagination"]["pageSize"] == 50 for asked in gateway.asked)


async def test_c5_expression_is_always_sent(gateway, client, lists):
    await found(client)
    await client.all_flows()
    assert [asked.body["expression"] for asked in gateway.asked] == ["", ""]


async def test_c6_the_range_is_half_open_or_closed(gateway, client, lists):
    lists.instances[1] = [row(1), row(2), row(1)]
    assert await found(client) == [row(1)["instanceId"], row(2)["instanceId"]]
    body = gateway.asked[0].body
    assert (body["fromTriggerTime"], body["toTriggerTime"]) == (5, 9)


async def test_c7_an_empty_status_means_all_or_none(gateway, client, lists):
    lists.empty_status = "none"
    lists.instances[1] = [row(1)]
    for _ in range(2):
        assert len(await found(client, Search(1, 5, 9))) == 1
    assert [asked.body["status"] for asked in gateway.asked] == ["", *["-1,0,1,2,3,4,5,6,7,8,9,10"] * 4]
    assert {asked.body["owner"] for asked in gateway.asked} == {""}


async def test_c8_status_is_sent_as_text(gateway, client, lists):
    await found(client, Search(1, 5, 9, (-1, 7)))
    assert gateway.asked[0].body["status"] == "-1,7"


async def test_c9_times_are_kept_as_printed(gateway, client, lists):
    lists.instances[1] = [row(1, triggerTime="2019-07-26 20:39:00", startTime="2019-07-26 12:39:37", endTime=None)]
    (read,) = [each async for page in client.search(Search(1, 5, 9)) for each in page.rows]
    assert (read.trigger_time, read.start_time, read.end_time) == ("2019-07-26 20:39:00", "2019-07-26 12:39:37", "")


async def test_c10_a_graph_is_text_or_an_object_or_broken(gateway, client):
    graph = {"tasks": [{"taskId": 5, "taskName": "load", "status": "FAIL"}]}
    for value in (graph, json.dumps(graph), json.dumps(graph).replace('"load"', '"load", "x": "["q"]"')):
        gateway.answers["get"] = {**INSTANCE, "graph": value}
        assert (await client.instance(STARTED)).id == STARTED
    gateway.answers["get"] = {**INSTANCE, "graph": json.dumps(graph)}
    assert (await client.instance(STARTED)).graph.tasks[0].name == "load"


async def test_c11_keys_of_graphs(gateway, client):
    graph = {"tasks": [{"task_id": 5, "task_name": "load", "task_inst_id": "5-1", "status": "FAIL"}]}
    gateway.answers["get"] = {**INSTANCE, "graph": json.dumps(graph)}
    (task,) = (await client.instance(STARTED)).graph.tasks
    assert (task.id, task.name, task.instance_id) == (5, "load", "5-1")


async def test_c12_ids_are_numbers_floats_or_text(gateway, client):
    gateway.answers["getMyFlow"] = [{"flowId": each} for each in (1, "2", 3.0, "4.0")]
    assert [name.id for name in await client.my_flows()] == [1, 2, 3, 4]


async def test_c13_parameters_are_text_a_list_or_a_map(gateway, client):
    pairs = [{"key": "a", "value": "1"}]
    for value in (json.dumps(pairs), pairs, {"a": 1}):
        gateway.answers["get"] = {**FLOW, "parameters": value}
        assert (await client.flow(3377)).parameters == (Parameter("a", "1"),)
    gateway.answers["updateAndTrigger"] = {"flowInstanceId": STARTED}
    await client.trigger_with(3377, AT, [Parameter("a", "1")], as_user=USER)
    assert gateway.asked[-1].body["parameters"] == pairs


async def test_c14_data_is_an_object_or_a_list_of_one(gateway, client, lists):
    gateway.answers["get"] = [FLOW]
    assert (await client.flow(3377)).name == "daily"
    gateway.answers["get"] = [INSTANCE]
    assert (await client.instance(STARTED)).id == STARTED
    gateway.answers["get"] = [TASK]
    assert (await client.task_instance("5-1")).name == "load"
    lists.envelope = lambda page: [page]
    lists.instances[1] = [row(1)]
    assert len(await found(client)) == 1


async def test_c15_success_is_code_0_or_status_0(gateway, client):
    gateway.answers["enable"] = lambda query, body: web.json_response({"status": 0, "msg": " Success", "data": ""})
    await client.enable(3377, as_user=USER)
    gateway.answers["enable"] = lambda query, body: web.json_response({"status": 62103, "msg": "no", "data": ""})
    with pytest.raises(EnosRefused):
        await client.enable(3377, as_user=USER)


async def test_c16_no_log_is_told_in_two_ways(gateway, client):
    gateway.answers["get"] = TASK
    for code, msg in ((62109, "No log found"), (62102, "Invalid taskInstId or it has no log")):
        gateway.answers["getLog"] = lambda query, body, code=code, msg=msg: told(code, msg)
        assert await client.log("5-1") is None
    gateway.answers["get"] = lambda query, body: told(62102, "Instance not found")
    with pytest.raises(Refusal):
        await client.log("5-1")


async def test_c17_a_trigger_answers_another_flow_s_id(gateway, client):
    gateway.answers = {"trigger": {"flowInstanceId": "2791-19700101000000"}, "get": INSTANCE}
    assert await client.trigger(3377, AT, as_user=USER) == STARTED


async def test_c18_wordings_of_62104(gateway, client):
    for action, act in (("trigger", client.trigger), ("updateAndTrigger", None)):
        for msg in (
            "This workflow has no task. You cannot trigger it.",
            "This workflow has no task, you cannot trigger it!",
        ):
            gateway.faults = [(action, refused(62104, msg))]
            with pytest.raises(EnosRefused) as raised:
                await (act(3377, AT, as_user=USER) if act else client.trigger_with(3377, AT, [], as_user=USER))
            assert raised.value.reason == "no_task"


async def test_c19_wordings_of_62109(gateway, client):
    for msg in ("Internal server exception", "Server internal exception", ""):
        gateway.answers["get"] = lambda query, body, msg=msg: told(62109, msg)
        with pytest.raises(ServerError):
            await client.flow(3377)


async def test_c20_rights_of_import(gateway, client):
    gateway.answers["import"] = lambda query, body: told(62103, "User has no privilege")
    with pytest.raises(EnosRefused, match="no privilege"):
        await client.definitions.import_flow(name="n", description="", directory="d", exported={}, as_user=USER)


async def test_c21_a_description_is_always_imported(gateway, client):
    gateway.answers["import"] = {"flowId": 1}
    await client.definitions.import_flow(name="n", description="", directory="d", exported={}, as_user=USER)
    assert gateway.asked[0].body["desc"] == ""


async def test_c22_types_of_tasks_are_free_text(gateway, client):
    exported = {"tasks": [{"type": "COMMAND"}, {"type": 7}]}
    gateway.answers |= {"export": exported, "get": {**TASK, "type": 7}}
    assert await client.definitions.export(3377) == exported
    assert (await client.task_instance("5-1")).name == "load"


async def test_c23_the_timestamp_is_ignored(gateway, client):
    for stamp in ("2099-01-01 00:00:00.0", None, 7):
        gateway.answers["get"] = {**INSTANCE, "timestamp": stamp}
        assert await client.instance(STARTED) is not None


async def test_c24_node_ids_of_referenced_flows(gateway, client):
    graph = {"flows": [{"flowId": 9}], "tasks": [{"taskId": 5}], "relations": [{"source": "t_9", "target": "t_5"}]}
    gateway.answers["get"] = {**FLOW, "graph": graph}
    (relation,) = (await client.flow(3377)).graph.relations
    assert relation.source == "f_9"


async def test_c25_owners_are_written_in_many_ways(gateway, client):
    for value in ("a;b", ";a;b;", " a ; b", ["a", "b"]):
        gateway.answers["get"] = {**FLOW, "owner": value}
        assert (await client.flow(3377)).owners == ("a", "b")


async def test_c26_status_of_the_token_service_is_misspelt(gateway, client):
    gateway.status_key = "stauts"
    await client.sign_in()
    assert gateway.signs == ["get"]


async def test_c27_the_english_signature_example_is_wrong(gateway, client):
    gateway.answers["get"] = FLOW
    await client.flow(3377)
    assert gateway.wrong == []  # the gateway hashes on its own; the vectors are in the tests of signatures


async def test_c28_every_call_is_signed(gateway, client):
    seen = []

    async def look(_gateway, request):
        seen.append({name for name in request.headers if name.startswith("apim-")})

    gateway.faults = [("getLog", look), ("getTimeZone", look)]
    gateway.answers = {"getLog": {"log": "x"}, "getTimeZone": {}}
    await client.log("5-1")
    await client.time_zone()
    assert seen == [{"apim-accesstoken", "apim-timestamp", "apim-signature"}] * 2


async def test_c29_two_token_schemes(gateway, client):
    for status in (4011, 4012):
        gateway.faults = [("get", lambda _g, _r, status=status: stale(status))]
        gateway.answers["get"] = FLOW
        assert (await client.flow(3377)).name == "daily"
    assert gateway.actions() == ["get"] * 4
    assert all(one.token != other.token for one, other in zip(gateway.asked[::2], gateway.asked[1::2], strict=True))


async def stale(status):
    return web.json_response({"apim_status": status, "apim_refreshtoken": "x"})


async def test_c30_actions_that_older_versions_lack(gateway, client):
    gateway.faults = [("triggerFromTask", refused(62102, "unknown action")), ("get", html(404))]
    for _ in range(2):
        with pytest.raises(Refusal) as raised:
            await client.trigger_from_task(3377, 5, AT, as_user=USER)
        assert raised.value.reason == "not_offered"
        assert await client.task_instance("5-1") is None
    assert gateway.actions() == ["triggerFromTask", "get"]


async def test_c31_an_unknown_action_is_final(gateway, client):
    gateway.answers["enable"] = lambda query, body: told(99400, "Invalid Argument action:action is missing")
    with pytest.raises(EnosRefused) as raised:
        await client.enable(3377, as_user=USER)
    assert raised.value.reason == "not_offered"
    assert gateway.actions() == ["enable"]


async def test_c32_the_body_decides_whatever_the_http_status_is(gateway, client):
    for status in (200, 400, 500):
        gateway.faults = [("enable", refused(62103, "User has no privilege", status))]
        with pytest.raises(EnosRefused) as raised:
            await client.enable(3377, as_user=USER)
        assert raised.value.code == 62103


async def test_c33_cancelling_what_has_ended_unknown_ids(gateway, client):
    gateway.answers = {"cancel": "", "get": {**INSTANCE, "status": 1}}
    await client.cancel(STARTED, as_user=USER)
    gateway.answers["cancel"] = lambda query, body: told(62102, "it has ended")
    with pytest.raises(Refusal) as raised:
        await client.cancel(STARTED, as_user=USER)
    assert raised.value.reason == "already_ended"
    gateway.answers["get"] = lambda query, body: told(62102, "?")
    assert await client.instance("9-1") is None


async def test_c34_a_paused_flow_may_be_triggered(gateway, client):
    gateway.answers = {"get": {**FLOW, "active": 0}, "trigger": {"flowInstanceId": STARTED}}
    assert not (await client.flow(3377)).active
    assert await client.trigger(FlowId(3377), AT, as_user=USER) == STARTED


async def test_c35_the_path_keeps_the_service_s_name(gateway, client):
    seen = []

    async def look(_gateway, request):
        seen.append(request.path)

    gateway.faults = [("enable", look)]
    gateway.answers["enable"] = ""
    await client.enable(3377, as_user=USER)
    assert seen == ["/batch-processing-service/v2.1/flows"]


async def test_c36_a_request_id_is_there_or_not(gateway, client, caplog):
    caplog.set_level(logging.INFO)
    for more in ({}, {"requestId": "r-9"}):
        body = {"code": 62103, "msg": "no", "data": None, **more}
        gateway.answers["enable"] = lambda query, _, body=body: web.json_response(body)
        with pytest.raises(EnosRefused):
            await client.enable(3377, as_user=USER)
    assert caplog.text.count("(request r-9)") == 1


async def test_c37_old_rows_may_be_gone(gateway, client, lists):
    gateway.answers["get"] = lambda query, body: ok(None)
    assert await client.instance(STARTED) is None
    assert await found(client, Search(1, 0, 5)) == []


def test_every_row_has_its_test():
    rows = [name.split("_")[1] for name in globals() if name.startswith("test_c")]
    assert rows == [f"c{number}" for number in range(1, 38)]

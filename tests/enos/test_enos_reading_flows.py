"""Reading what single answers hold: instances, graphs, parameters, flows, and the small answers."""

import json

import pytest
from enos_rows import ROW, page_of, succeeded, wire

from bot.core.flow.model import (
    Flow,
    FlowName,
    Graph,
    Parameter,
    Reference,
    Relation,
    Task,
    TaskInstance,
)
from bot.core.flow.status import Status
from bot.enos.definitions import Directory, Leaf, created_of, directories_of, exported_of, saved_of
from bot.enos.errors import BadResponse
from bot.enos.reading import (
    epoch_ms_of,
    instance_of,
    log_of,
    task_instance_of,
    zone_of,
)
from bot.enos.reading_flows import (
    flow_names_of,
    flow_of,
    graph_of,
    parameters_of,
    started_of,
)
from bot.enos.responses import Envelope, open_envelope
from bot.enos.values import flag, names, number, rows, text


def test_one_instance_has_its_graph_with_the_states_of_its_tasks():
    graph = {
        "tasks": [
            {"taskName": "tass", "taskInstId": "104890-2019", "taskId": 104890, "nodeId": "t_104890", "status": "FAIL"}
        ],
        "flows": [{"flowId": "2788", "flowName": "up", "nodeId": "f_2788", "status": "NONE"}],
        "relations": [{"cycleGap": "D0", "rerun": True, "source": "f_2788", "target": "t_104890"}],
    }
    read = instance_of(wire({**ROW, "calDt": "2019-08-11", "graph": json.dumps(graph)}))
    assert read.data_date == "2019-08-11"
    assert read.kind is None
    assert read.graph == Graph(
        (Task(104890, "tass", "t_104890", "104890-2019", Status.FAIL),),
        (Reference(2788, "up", "f_2788", "NONE"),),
        (Relation("f_2788", "t_104890"),),
    )
    assert instance_of(wire([{**ROW, "graph": graph}])).graph == read.graph


@pytest.mark.parametrize("data", [None, "", {}, []])
def test_no_instance_is_none(data):
    assert instance_of(wire(data)) is None
    assert task_instance_of(wire(data)) is None
    assert flow_of(wire(data)) is None


@pytest.mark.parametrize("data", ["words", {"x": 1}, [7]])
def test_something_that_is_not_an_instance_is_not_taken_for_an_empty_answer(data):
    for read in (instance_of, task_instance_of, flow_of, flow_names_of):
        with pytest.raises(BadResponse):
            read(wire(data))


TASKS = (Task(5, "a", "t_5", "", None), Task(6, "b", "t_6", "", None))


@pytest.mark.parametrize(
    "graph",
    [
        {"tasks": [{"taskId": "5", "taskName": "a"}, {"taskId": 6.0, "taskName": "b", "nodeId": "t_6"}]},
        {"tasks": [{"task_id": 5, "task_name": "a", "node_id": "t_5"}, {"nodeId": "t_6", "taskName": "b"}]},
        '{"tasks":[{"taskId":5,"taskName":"a"},{"taskId":6,"taskName":"b"}]}',
        json.dumps('{"tasks":[{"taskId":5,"taskName":"a"},{"taskId":6,"taskName":"b"}]}'),
        '{"parameters":"[{"key":"k"}]","tasks":[{"taskId":5,"taskName":"a"},{"taskId":6,"taskName":"b"}],"flows":[bad',
    ],
    ids=["ids", "snake keys", "string", "string in a string", "lost escapes"],
)
def test_a_graph_is_read_in_every_form(graph):
    assert graph_of(graph).tasks == TASKS


@pytest.mark.parametrize(
    "graph", [None, "", "junk", 7, [], "[]", {"tasks": None}, {"tasks": [{"x": 1}, 3]}, "[" * 99_999]
)
def test_a_graph_that_cannot_be_read_is_empty(graph):
    assert graph_of(graph) == Graph()


def test_a_camel_key_wins_over_its_snake_twin():
    (found,) = rows({"task_name": "old", "taskName": "new", "_x_": 1, "a__b": 2})
    assert found == {
        "taskName": "new",
        "_x_": 1,
        "aB": 2,
    }


def test_an_edge_finds_a_reference_that_is_named_like_a_task():
    graph = graph_of(
        {
            "tasks": [{"taskId": 5, "taskName": "a"}],
            "flows": [{"flowId": 2788}, {"nodeId": "f_9"}, {"x": 1}],
            "relations": [
                {"source": "t_2788", "target": "t_5"},
                {"source": "t_77", "target": "t_5"},
                {"source": "t_5"},
            ],
        }
    )
    assert [reference.node for reference in graph.references] == ["f_2788", "f_9"]
    assert graph.relations == (Relation("f_2788", "t_5"), Relation("t_77", "t_5"))


PAIRS = (Parameter("path", "/x/"), Parameter("overwrite", "true"))


@pytest.mark.parametrize(
    "value",
    [
        '[{"key":"path","value":"/x/"},{"key":"overwrite","value":"true"}]',
        [{"key": "path", "value": "/x/"}, {"key": "overwrite", "value": True}],
        {"path": "/x/", "overwrite": True},
        [{"path": "/x/"}, {"overwrite": True}],
        json.dumps('[{"key":"path","value":"/x/"},{"key":"overwrite","value":"true"}]'),
    ],
    ids=["string", "array", "map", "array of maps", "string in a string"],
)
def test_parameters_are_read_in_every_form(value):
    assert parameters_of(value) == PAIRS


@pytest.mark.parametrize("value", [None, "", "  ", "[]", "{}", [], {}, "null"])
def test_no_parameters_are_none(value):
    assert parameters_of(value) == ()


def test_the_keys_of_parameters_are_not_changed():
    assert parameters_of({"my_key": 1.0}) == (Parameter("my_key", "1"),)
    row = {**ROW, "parameters": {"my_key": None, "list": [1]}}
    (read,) = page_of(wire({"flowInsts": [row]}), 1).rows
    assert read.parameters == (Parameter("my_key", ""), Parameter("list", "[1]"))


@pytest.mark.parametrize(
    ("value", "kept"), [("--day ${cal_dt}", "--day ${cal_dt}"), (["x"], "x"), (7, "7"), ({"key": ""}, "")]
)
def test_parameters_that_cannot_be_read_are_kept_without_a_key(value, kept):
    assert parameters_of(value) == (Parameter("", kept),)


def test_one_pair_is_a_list_of_one():
    assert parameters_of({"key": "a", "value": 1}) == (Parameter("a", "1"),)
    assert parameters_of([""]) == ()


@pytest.mark.parametrize(
    ("value", "read"),
    [(3, 3), (3381.0, 3381), ("3381", 3381), (" 3381.0 ", 3381), ("-1", -1), (1.5, None), (True, None), ("x", None)],
)
def test_numbers(value, read):
    assert number(value) == read


def test_text_flags_and_names():
    assert [text(value) for value in ("a", None, True, False, 2.0, 2.5, [1])] == [
        "a",
        "",
        "true",
        "false",
        "2",
        "2.5",
        "[1]",
    ]
    assert [flag(value) for value in (True, 1, 1.0, "1", "TRUE", 0, "0", None, "no", [])] == [True] * 5 + [False] * 5
    assert names(" ;a; b;;a ") == ("a", "b")
    assert names(None) == ()


FLOW = {
    "flowId": 2479,
    "flowName": "test0722-1",
    "active": 0,
    "freq": "0 0 0 * * ? *",
    "cycle": "D",
    "parameters": '[{"key":"path","value":"/x/"},{"key":"overwrite","value":"true"}]',
    "owner": ";jane.doe;",
    "graph": '{"tasks":[{"taskName":"a","taskId":"5","nodeId":"t_5"},{"taskName":"b","taskId":"6","nodeId":"t_6"}]}',
    "type": 0,
    "desc": "",
    "startTime": "2019-07-22",
    "locked": False,
    "hasEditPri": True,
    "isUserLocked": "true",
}


def test_a_flow_is_read_as_this_user_sees_it():
    read = flow_of(wire(FLOW))
    assert read == Flow(
        id=2479,
        name="test0722-1",
        active=False,
        kind=0,
        cycle="D",
        freq="0 0 0 * * ? *",
        owners=("jane.doe",),
        parameters=PAIRS,
        graph=Graph(TASKS),
        locked=False,
        user_locked=True,
        description="",
        start_date="2019-07-22",
    )
    assert flow_of(wire([{**FLOW, "flowId": "2479", "active": 0.0, "type": 0.0}])) == read
    assert flow_of(wire({"flow_id": 1})).kind == 1


def test_lists_of_flows_tell_what_they_know():
    rows = [
        {"flowId": "3318", "editable": True, "flowName": "reduce_entity", "cycle": "D"},
        {"flowId": 20.0, "flowName": "vd_text"},
        {"flowName": "no id"},
    ]
    assert flow_names_of(wire(rows)) == (
        (FlowName(3318, "reduce_entity", True, "D"), FlowName(20, "vd_text", None, "")),
        3,
    )
    assert flow_names_of(b"null") == ((), 0)


def test_the_tree_of_directories_takes_ids_of_every_kind():
    leaf = {"title": "workflow1", "type": 1, "key": 2512.0, "editable": True, "isDirectory": False}
    inner = {"title": "ffdir", "type": 1.0, "key": "62e3", "children": [leaf, {"key": "none", "isDirectory": False}]}
    tree = [{"title": "Workflow", "type": "1", "key": "249a", "isDirectory": True, "children": [inner]}]
    assert directories_of(wire(tree)) == (
        Directory("249a", "Workflow", 1, (Directory("62e3", "ffdir", 1, (), (Leaf(2512, "workflow1", True),)),)),
    )


def test_the_small_answers():
    assert saved_of(wire({"flowId": "2841"})) == 2841
    assert saved_of(wire("")) is None
    assert created_of(wire({"dirId": "62e3"})) == "62e3"
    assert created_of(wire("")) == ""
    assert exported_of(wire([{"do_not": "touch"}])) == {"do_not": "touch"}
    assert exported_of(wire([])) is None
    assert started_of(wire({"flowInstanceId": "3377-2020"})) == "3377-2020"
    assert started_of(wire("3377-2020")) == "3377-2020"
    assert started_of(wire(None)) == ""
    assert (epoch_ms_of(b"1565251865242"), epoch_ms_of(b'"1565251865242"'), epoch_ms_of(b"{}")) == (
        1565251865242,
    ) * 2 + (None,)
    assert (zone_of(wire({"timezone": "GMT+8"})), zone_of(wire("GMT+8")), zone_of(b"null")) == ("GMT+8", "GMT+8", "")
    assert (log_of(wire({"log": "=====\nuuu\n"})), log_of(wire("x")), log_of(wire({"log": ""}))) == (
        "=====\nuuu\n",
        "x",
        None,
    )
    assert log_of(b"{not json") is None


def test_a_task_instance_is_read_with_nulls_in_it():
    row = {
        "instanceId": "118979-2021020211",
        "taskId": 118979,
        "taskName": "DataIntegration",
        "status": 1,
        "runNum": 2,
        "syncType": None,
        "stsDesc": "SUCCESS",
        "recallNum": 1,
        "recallLimit": 3,
        "startTime": "2021-02-02 19:35:24",
        "endTime": None,
    }
    read = TaskInstance("118979-2021020211", 118979, "DataIntegration", Status.SUCCESS, "2021-02-02 19:35:24", "", 1)
    assert task_instance_of(wire(row)) == read
    assert task_instance_of(wire([{**row, "taskId": None, "status": None}])) == read


@pytest.mark.parametrize(
    ("body", "ok"),
    [
        ({"code": 0, "msg": "OK"}, True),
        ({"code": 0.0}, True),
        ({"code": "0"}, True),
        ({"status": 0, "msg": " Success"}, True),
        ({"stauts": 0}, True),
        ({"code": None, "status": 0}, True),
        ({"code": 0, "apim_status": 0}, True),
        ({"code": 0, "apim_status": 4011}, False),
        ({"code": 62102, "status": 0}, False),
        ({"code": "OK"}, False),
        ({}, False),
    ],
    ids=str,
)
def test_success_is_what_any_version_calls_success(body, ok):
    assert succeeded(open_envelope(wire(body))) is ok


def test_an_envelope_is_taken_apart():
    body = wire({"code": 1, "msg": " no ", "requestId": "r-1", "data": {"a": [1]}, "error": {"deep": 1}})
    assert open_envelope(body) == Envelope(1, "no", b'{"a": [1]}', None, "r-1")
    assert open_envelope(b'\xef\xbb\xbf{"code": 0, "data": 5}') == Envelope(0, "", b"5")
    assert open_envelope(b'{"code": 0, "msg": "a\nb", "data": [1]}') == Envelope(0, "a\nb", b"[1]")
    assert open_envelope(b'{"code": 9, "error": {"deep": 1}}') == Envelope(9, '{"deep":1}')


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b"7", b"null", b"{", b"[" * 99_999], ids=lambda b: str(b[:8]))
def test_what_is_not_a_json_object_has_no_envelope(body):
    assert open_envelope(body) is None

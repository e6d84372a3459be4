"""A row of a search names its schedule, and reads its graph where it is asked to, in each form that EnOS prints."""

import json

import pytest
from enos_rows import ROW, page_of, wire

from bot.core.flow.model import FlowId, Graph, Reference

PRINTED = {
    "flows": [{"flowId": "2788", "flowName": "meter-import", "nodeId": "f_2788", "status": "NONE"}],
    "tasks": [{"task_name": "tass", "task_id": 104890, "nodeId": "t_104890"}],
    "relations": [{"source": "f_2788", "target": "t_104890"}],
}
SNAKE = {"flows": [{"flow_id": 2788.0, "flow_name": "meter-import", "node_id": "f_2788", "status": "NONE"}]}
UPSTREAM = (Reference(FlowId(2788), "meter-import", "f_2788", "NONE"),)


def read(*changes, listed=True):
    rows = [{**ROW, **each} for each in changes]
    return page_of(wire({"flowInsts": rows} if listed else rows), 1).rows


@pytest.mark.parametrize(
    "graph",
    [json.dumps(PRINTED), PRINTED, json.dumps(json.dumps(PRINTED)), json.dumps(SNAKE), SNAKE],
    ids=["text", "object", "text in a text", "text in snake case", "object in snake case"],
)
@pytest.mark.parametrize("other", [{}, {"flowId": "2809"}], ids=["as documented", "loose"])
@pytest.mark.parametrize("listed", [True, False], ids=["a page", "a bare list"])
def test_the_flows_that_a_graph_names(graph, other, listed):
    (row,) = read({"graph": graph, **other}, listed=listed)
    assert row.graph == Graph()
    assert row.read_graph().references == UPSTREAM


@pytest.mark.parametrize("graph", [None, "", "null", "{", "[" * 5000, 7, True, [], {}, "x" * 100, {"flows": 7}])
@pytest.mark.parametrize("other", [{}, {"flowId": "2809"}], ids=["as documented", "loose"])
def test_a_graph_that_cannot_be_read_is_empty(graph, other):
    (row,) = read({"graph": graph, **other})
    assert row.read_graph() == Graph()


@pytest.mark.parametrize("other", [{}, {"flowId": "2809"}], ids=["as documented", "loose"])
def test_a_row_without_a_graph_has_an_empty_one(other):
    row = {name: value for name, value in (ROW | other).items() if name != "graph"}
    (found,) = page_of(wire({"flowInsts": [row]}), 1).rows
    assert found.read_graph() == Graph()


@pytest.mark.parametrize(
    ("freq", "found"),
    [("0 0 0 * * ? *", "0 0 0 * * ? *"), (None, ""), (7, "7"), ("x" * 301, "x" * 299 + "…"), ({"a": 1}, '{"a":1}')],
)
def test_the_schedule_of_a_row(freq, found):
    (row,) = read({"freq": freq})
    assert row.freq == found


def test_rows_that_differ_in_their_graphs_alone_are_equal():
    one, other = read({"graph": "{}"})[0], read({"graph": PRINTED})[0]
    assert one == other


def test_graphs_of_many_rows_are_their_own():
    rows = read(*({"instanceId": f"{n}-2019081208", "flowId": n, "graph": {"flows": [{"flowId": n}]}} for n in (1, 2)))
    assert [row.read_graph().references[0].flow_id for row in rows] == [1, 2]

"""One row that cannot be read or stored is left out and reported, and the others are read."""

import json
import logging

import pytest
from aiohttp import web
from enos_lists import row
from enos_rows import ROW, page_of, wire
from enos_searches import all_of, ids

from bot.core.text.escape import legible
from bot.core.text.message import msg
from bot.enos.errors import BadResponse, Throttled
from bot.enos.reading import epoch_ms_of, instance_of, log_of, task_instance_of
from bot.enos.reading_flows import flow_names_of, flow_of, graph_of, parameters_of
from bot.enos.responses import open_envelope
from bot.enos.session import token_of
from bot.enos.values import loads, names, number, text

HALF = "\ud83d"  # half an emoji
GOOD = {**ROW, "instanceId": "9-20261121120000", "flowId": 9, "status": -1}


def raw_page(*rows):
    """Rows as they are on the wire, which need not be JSON that Python would write."""
    return f'{{"flowInsts": [{", ".join(each if isinstance(each, str) else json.dumps(each) for each in rows)}]}}'


KEPT = {
    "half an emoji in the name": {"flowName": f"night {HALF}"},
    "NUL in the name": {"flowName": "night\x00"},
    "a name of a megabyte": {"flowName": "n" * 1_000_000},
    "half an emoji for an owner": {"owner": f"maya{HALF};jonas"},
    "a thousand owners": {"owner": ";".join(f"o{number}" for number in range(1000))},
    "a printed time without end": {"endTime": "9" * 100_000},
    "the year 0": {"endTime": "0000-00-00 00:00:00", "triggerTime": "99999-01-01 00:00:00"},
    "an id with blanks": {"flowId": " 2809 "},
    "an id with a fraction of nothing": {"flowId": 2809.0},
    "a parameter that is no text": {"parameters": [{"key": HALF, "value": "\x00"}]},
    "a structure for a name": {"flowName": {"a": [HALF]}},
}


@pytest.mark.parametrize("odd", KEPT.values(), ids=KEPT)
def test_what_can_be_made_fit_is_read(odd):
    found = page_of(wire({"flowInsts": [{**ROW, **odd}, GOOD]}), 1)
    assert [each.flow_id for each in found.rows] == [2809, 9]
    assert found.left_out == ()
    for each in found.rows:
        texts = [each.id, each.flow_name, each.trigger_time, each.end_time, each.cycle, *each.owners]
        texts += [part for parameter in each.parameters for part in (parameter.key, parameter.value)]
        assert [*map(legible, texts)] == texts
        assert max(map(len, texts)) <= 300
        assert len(each.owners) <= 100


OUT = {
    "a flow id of 2^63": {"flowId": 2**63},
    "a flow id of 2^63 as text": {"flowId": str(2**63)},
    "a negative flow id": {"flowId": -5},
    "a flow id of 10^400": '{"instanceId": "2809-20190812080700", "flowId": 1e400, "status": -1}',
    "a flow id of 5,000 digits": '{"instanceId": "2809-20190812080700", "flowId": %s, "status": -1}' % ("9" * 5000),
    "a status of 10^20": {"status": 10**20, "statusDesc": ""},
    "a status of 10^20 as text": {"status": str(10**20), "statusDesc": None},
    "a run ID with half an emoji": {"instanceId": f"2809-{HALF}"},
    "a run ID of ten thousand digits": {"instanceId": "2809-" + "1" * 10_000},
    "no ids": '{"flowName": "nobody"}',
    "null": "null",
    "a number": "7",
    "a list": "[1, 2]",
    "an empty object": "{}",
}


@pytest.mark.parametrize("odd", OUT.values(), ids=OUT)
def test_what_cannot_be_kept_is_left_out_and_the_others_are_read(odd):
    bad = odd if isinstance(odd, str) else {**ROW, **odd}
    found = page_of(raw_page(bad, GOOD).encode(), 1)
    assert [each.id for each in found.rows] == ["9-20261121120000"]
    assert found.size == 2
    (left,) = found.left_out
    assert left.why
    assert legible(left.shown) == left.shown
    assert len(left.shown) < 200


@pytest.mark.parametrize("odd", ['{"flowName": NaN}', '{"graph": Infinity}'])
def test_numbers_that_are_none_do_not_cost_the_page(odd):
    bad = json.dumps(ROW)[:-1] + ", " + odd[1:]
    assert len(page_of(raw_page(bad, GOOD).encode(), 1).rows) == 2


@pytest.mark.parametrize("depth", [100, 900, 980, 5000, 100_000])
def test_a_graph_nested_too_deep_costs_itself_alone(depth):
    bad = json.dumps({**ROW, "flowName": 5})[:-1] + ', "graph": {}{}}}'.format("[" * depth, "]" * depth)
    found = page_of(raw_page(bad, GOOD).encode(), 1)
    assert [each.flow_id for each in found.rows] == [2809, 9]
    assert instance_of(bad.encode()).flow_id == 2809


def test_endless_nesting_is_not_an_answer():
    with pytest.raises(ValueError, match="Expecting"):
        loads("[" * 100_000)
    assert loads('["\\"[[", {{"a": {}1{}}}, 2]'.format("[" * 5000, "]" * 5000))[::2] == ['"[[', 2]


def test_a_key_said_twice_counts_as_it_was_said_last():
    bad = json.dumps(ROW)[:-1] + ', "flowId": 7, "instanceId": "7-2019081208"}'
    assert [each.flow_id for each in page_of(raw_page(bad, GOOD).encode(), 1).rows] == [7, 9]


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (2**63 - 1, 2**63 - 1),
        (2**63, None),
        (-(2**63), -(2**63)),
        (1e300, None),
        (float("inf"), None),
        (float("nan"), None),
        ("9" * 19, None),
        (" 5 ", 5),
        ("5" * 1000, None),
    ],
)
def test_numbers_have_64_bits(value, read):
    assert number(value) == read


def test_texts_are_texts():
    assert text(f"a{HALF}b\x00") == "a�b�"
    assert names(f"a{HALF}; b") == ("a�", "b")
    assert legible("abcdef", 4) == "abc…"
    deep = []
    for _ in range(100_000):
        deep = [deep]
    assert text(deep) == "…"


@pytest.mark.parametrize("id_", [2**63, 0, -1, "9" * 30, 1e300])
def test_single_answers_with_ids_out_of_range_are_no_answers(id_):
    with pytest.raises(BadResponse):
        flow_of(wire({"flowId": id_, "flowName": "x"}))
    with pytest.raises(BadResponse):
        instance_of(wire({**ROW, "flowId": id_}))


def test_lists_of_flows_leave_out_what_cannot_be_kept_and_count_it():
    listed = [{"flowId": 2**63, "flowName": "big"}, None, {"flowId": 5, "flowName": f"x{HALF}"}]
    found, size = flow_names_of(wire(listed))
    assert [(each.id, each.name) for each in found] == [(5, "x�")]
    assert size == 3


def test_tasks_logs_clocks_and_parameters_hold_text_and_numbers_that_fit():
    graph = graph_of({"tasks": [{"taskId": 2**70, "taskName": "x"}, {"taskId": 5, "taskName": HALF}]})
    assert [(task.id, task.name) for task in graph.tasks] == [(5, "�")]
    assert task_instance_of(wire({"instanceId": "5-1", "taskId": 2**70, "taskName": HALF})).task_id == 5
    assert log_of(wire({"log": f"a{HALF}"})) == "a�"
    assert [epoch_ms_of(wire(at)) for at in (2**62, -1, 10**15, 5)] == [None, None, None, 5]
    assert [each.key for each in parameters_of({HALF: "1", "b": "2"})] == ["", "b"]
    assert open_envelope(wire({"code": 2**70, "msg": HALF * 9000})).message.startswith("�")


@pytest.mark.parametrize("words", ["a\nb", "a b", HALF, "é", "a\x00", "t" * 100_000, ""])
def test_a_token_that_no_header_can_carry_is_none(words):
    assert token_of(wire({"accessToken": words, "expire": 10**30}), 0.0, refreshed=False) is None


def test_a_broken_graph_with_many_beginnings_is_read_in_few_looks():
    beginnings = '{"tasks":[{"tasks":[' * 50_000
    assert graph_of(beginnings).tasks == ()


async def test_a_page_of_rows_that_cannot_be_kept_is_not_the_end_of_the_list(lists, client, caplog):
    bad = [{**row(number), "flowId": 2**63 + number} for number in range(50)]
    lists.instances[1] = [*bad, row(99)]
    with caplog.at_level(logging.WARNING):
        pages = await all_of(client)
        assert ids(pages) == ["2099-20261121120000"]
        assert sum(len(page.left_out) for page in pages) == 50
        assert len(caplog.records) == 50
        await all_of(client)
        assert len(caplog.records) == 50  # each is said once


async def test_a_last_page_of_nothing_readable_does_not_undo_the_others(lists, client):
    lists.instances[1] = [*(row(number) for number in range(50)), {"status": -1}, {"status": -1}]
    pages = await all_of(client)
    assert len(ids(pages)) == 50
    assert [each.why for page in pages for each in page.left_out] == [msg("the run ID is missing")]


async def test_nothing_but_strangers_is_still_no_answer(lists, client):
    lists.instances[1] = [{"status": -1}, {"status": -1}]
    with pytest.raises(BadResponse):
        await all_of(client)


@pytest.mark.parametrize("base", ["auto", "0", "1"])
async def test_rows_left_out_do_not_confuse_where_pages_begin(lists, client_of, base):
    lists.base = 0 if base == "0" else 1
    lists.instances[1] = [{**row(number), "flowId": 2**63 if number % 2 else 2000 + number} for number in range(120)]
    client = client_of(page_base=base)
    assert len(ids(await all_of(client))) == 60


async def test_a_gateway_that_asks_for_a_wait_of_centuries_is_asked_again_sooner(gateway, client):
    async def wait(_gateway, _request):
        return web.Response(status=429, headers={"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"})

    gateway.faults.append(("getMyFlow", wait))
    with pytest.raises(Throttled) as raised:
        await client.my_flows()
    assert raised.value.seconds <= 3600

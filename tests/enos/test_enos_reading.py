import contextlib
import json

import pytest
from enos_rows import ROW, page_of, succeeded, wire
from hypothesis import given
from hypothesis import strategies as st

from bot.core.flow.model import Instance
from bot.core.flow.status import Status
from bot.core.text.message import msg
from bot.enos.definitions import created_of, directories_of, exported_of, saved_of
from bot.enos.errors import BadResponse
from bot.enos.reading import (
    UNREADABLE_STATUS,
    ServerPage,
    epoch_ms_of,
    instance_of,
    log_of,
    open_page,
    page_in,
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

READ = Instance(
    freq="0 0 0 * * ? *",
    id="2809-20190812080700",
    flow_id=2809,
    flow_name="21",
    status=Status.SUCCESS,
    trigger_time="2019-08-12 08:07:22",
    start_time="2019-08-12 08:07:30",
    end_time="2019-08-12 08:07:32",
    cycle="D",
    owners=("yourOwners",),
    kind=1,
)


# pages


def test_the_sample_page_of_the_vendor_is_read_without_its_graphs():
    found = page_of(
        wire({"flowInsts": [ROW, {**ROW, "instanceId": "2957-20190812075600", "flowId": 2957}], "count": 2}), 1
    )
    assert found.rows[0] == READ
    assert found.rows[1].id == "2957-20190812075600"
    assert (found.size, found.count) == (2, 2)


def test_a_broken_graph_in_a_list_is_not_even_looked_at():
    assert page_of(wire({"flowInsts": [{**ROW, "graph": '{"tasks": ['}]}), 1).rows == (READ,)
    assert page_of(wire({"flowInsts": [{**ROW, "graph": {"tasks": 7}}]}), 1).rows == (READ,)


@pytest.mark.parametrize(
    "data",
    [
        {"flowInsts": [ROW], "count": 1},
        [{"flowInsts": [ROW], "count": 1}],
        {"flowInsts": ROW, "count": 1},
        {"flow_insts": [ROW], "count": 1},
        {"flowInsts": [{**ROW, "flowId": 2809.0, "status": 1.0}], "count": 1.0},
        {"flowInsts": [{**ROW, "flowId": "2809", "status": "1"}], "count": "1"},
        {"flowInsts": [{**ROW, "status": None}], "count": 1},
        {"flowInsts": [{**ROW, "status": "SUCCESS", "statusDesc": None}], "count": 1},
        {"flowInsts": [{**ROW, "flowId": None}], "count": 1},
        {"flowInsts": [{**ROW, "owner": ["yourOwners"]}], "count": 1},
        {"flowInsts": [{**ROW, "owner": ";yourOwners; "}], "count": 1},
        {"flowInsts": [{**ROW, "parameters": []}], "count": 1},
        {"flowInsts": [{"instance_id" if k == "instanceId" else k: v for k, v in ROW.items()}], "count": 1},
        {"flowInsts": [{"inst_id" if k == "instanceId" else k: v for k, v in ROW.items()}], "count": 1},
        {"flowInsts": [None, ROW], "count": 1},
    ],
    ids=lambda data: json.dumps(data)[:60],
)
def test_a_page_is_read_in_every_form(data):
    found = page_of(wire(data), 1)
    assert (found.rows, found.count) == ((READ,), 1)


@pytest.mark.parametrize("data", [None, "", {}, [], {"flowInsts": None, "count": 0}, {"flowInsts": [], "count": 0}])
def test_an_empty_page_is_empty(data):
    assert page_of(wire(data), 1).rows == ()
    assert page_of(wire(data), 1).size == 0


@pytest.mark.parametrize(
    "data",
    [
        "rows",
        7,
        {"flowInsts": "rows"},
        {"list": [1]},
        {"flowInsts": [{"name": "x"}]},
        [{"flowInsts": [{"status": 1}]}],
    ],
    ids=str,
)
def test_a_page_that_holds_something_else_is_never_taken_for_an_empty_one(data):
    with pytest.raises(BadResponse):
        page_of(wire(data), 1)


def test_rows_that_are_not_json_are_never_taken_for_an_empty_page():
    with pytest.raises(BadResponse):
        page_in(Envelope(0, data=b"{not json"), 1)


@pytest.mark.parametrize(
    "head", [{"code": 62102}, {"code": "0"}, {"status": 0}, {"code": 0, "apim_status": 4011}, {"code": None}]
)
def test_a_page_says_what_any_answer_says(head):
    body = wire({**head, "msg": "m", "data": {"flowInsts": [ROW]}})
    opened = open_page(body)
    assert succeeded(opened) is succeeded(open_envelope(body))
    assert opened.code == open_envelope(body).code
    assert not succeeded(opened) or page_in(opened, 1).rows == (READ,)


def test_one_row_without_an_id_does_not_cost_the_others():
    found = page_of(wire({"flowInsts": [{"status": -1}, ROW]}), 1)
    assert (found.rows, found.size) == ((READ,), 2)
    assert [each.why for each in found.left_out] == [msg("the run ID is missing")]


def test_bytes_that_are_no_utf8_do_not_cost_the_page():
    raw = wire({"flowInsts": [ROW]}).replace(b'"21"', b'"\xff"')
    assert page_of(raw, 1).rows[0].flow_name == "�"


@pytest.mark.parametrize(
    ("status", "name", "read"),
    [
        (-1, "FAIL", Status.FAIL),
        (7, None, Status.TIMEOUT),
        (42, "PAUSED", 42),
        (None, "FAIL", Status.FAIL),
        (None, "PAUSED", UNREADABLE_STATUS),
        (None, None, UNREADABLE_STATUS),
        ("odd", "fail", Status.FAIL),
        (True, None, UNREADABLE_STATUS),
        (1.5, None, UNREADABLE_STATUS),
    ],
)
def test_a_status_is_read_by_number_then_by_name_and_never_crashes(status, name, read):
    (row,) = page_of(wire({"flowInsts": [{**ROW, "status": status, "statusDesc": name}]}), 1).rows
    assert row.status == read


LOOSE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(sorted(ROW)), LOOSE))
def test_whatever_a_row_holds_the_page_is_read_or_refused(odd):
    try:
        found = page_of(wire({"flowInsts": [ROW, {**ROW, **odd}]}), 1)
    except BadResponse:
        return
    assert READ in found.rows
    assert found.size == 2


@given(LOOSE)
def test_whatever_an_answer_holds_nothing_crashes(value):
    for read in (page_of,):
        with contextlib.suppress(BadResponse):
            assert isinstance(read(wire(value), 1), ServerPage)
    for read in (instance_of, task_instance_of, flow_of, flow_names_of):
        with contextlib.suppress(BadResponse):
            read(wire(value))
    for read in (log_of, started_of, epoch_ms_of, zone_of, saved_of, exported_of, directories_of, created_of):
        read(wire(value))
    graph_of(value)
    parameters_of(value)
    open_envelope(wire(value))


# one instance


# graphs and parameters


# scalars


# flows


# envelopes


@given(
    st.fixed_dictionaries(
        {
            "instanceId": st.text(max_size=4) | st.just("2809-20190812080700"),
            "flowId": st.integers(0, 9),
            "status": st.integers(-3, 12),
        },
        optional={
            "flowName": st.text(max_size=3),
            "owner": st.text(alphabet="ab; ", max_size=6),
            "parameters": st.sampled_from(["[]", "", '[{"key": "a", "value": "b"}]', "{"]),
            **{
                name: st.none() | st.text(max_size=3)
                for name in ("triggerTime", "startTime", "endTime", "cycle", "calDt")
            },
        },
    )
)
def test_a_row_just_as_documented_is_read_as_any_other(row):
    listed = {"flowInsts": [row, {**ROW, "flowId": 2809}], "count": 2}
    assert page_of(wire(listed), 1) == page_of(wire({**listed, "count": "2"}), 1)

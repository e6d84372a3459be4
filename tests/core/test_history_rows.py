"""What history keeps of a run that EnOS lists."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.flow.model import FlowId, Graph, Instance, InstanceId, Reference, Task, TaskId
from bot.core.flow.status import Status
from bot.core.history.background import FlowRef
from bot.core.history.rows import dependencies, past_run
from bot.core.history.runs import Dependencies, PastRun

EAST = timedelta(hours=8)
AT = datetime(2026, 11, 21, 2, tzinfo=UTC)


def listed(id_="2809-2026112102", status=Status.SUCCESS, **more):
    fields = {
        "trigger_time": "2026-11-21 10:00:00",
        "start_time": "2026-11-21 10:00:05",
        "end_time": "2026-11-21 10:07:00",
        "kind": 1,
        "freq": "0 0 10 * * ? *",
        **more,
    }
    return Instance(InstanceId(id_), FlowId(2809), "report", status, **fields)


NOT_BEGUN = {"start_time": "", "end_time": ""}
NO_TIMES = {"started_at": None, "ended_at": None}


def kept(**more):
    fields = {
        "status": 1,
        "started_at": AT + timedelta(seconds=5),
        "ended_at": AT + timedelta(minutes=7),
        "freq": "0 0 10 * * ? *",
        "flow_name": "report",
        **more,
    }
    return PastRun(InstanceId("2809-2026112102"), FlowId(2809), AT, **fields)


@pytest.mark.parametrize(
    ("says", "row", "zone", "run"),
    [
        ("A good run.", listed(), EAST, kept()),
        ("A failed one.", listed(status=Status.FAIL), EAST, kept(status=-1)),
        ("The zone is not known.", listed(), None, kept(**NO_TIMES)),
        ("It is the wrong one, as after a clock change.", listed(), timedelta(hours=9), kept(**NO_TIMES)),
        ("It has not ended.", listed(status=Status.RUNNING, end_time=""), EAST, kept(status=2, ended_at=None)),
        ("It has not begun.", listed(status=Status.INIT, **NOT_BEGUN), EAST, kept(status=0, **NO_TIMES)),
        ("Its times are no times.", listed(start_time="soon", end_time="9999-99-99"), EAST, kept(**NO_TIMES)),
        ("Its type is not told.", listed(kind=None), EAST, kept(kind=0)),
        ("Its ID tells no time.", listed("2809-2026112199"), EAST, None),
        ("Its ID is of another form.", listed("x"), EAST, None),
        ("Its status is not documented.", listed(status=42), EAST, None),
        ("Its status cannot be read.", listed(status=-99), EAST, None),
    ],
)
def test_a_run(says, row, zone, run):
    assert past_run(row, zone) == run, says


EXTRACT = (Task(TaskId(1), "extract"),)


def graph(*references, tasks=EXTRACT):
    return lambda: Graph(tasks, tuple(Reference(FlowId(id_), name) for id_, name in references))


def waits_for(*flows):
    return Dependencies(FlowRef(FlowId(2809), "report"), tuple(FlowRef(FlowId(id_), name) for id_, name in flows), AT)


@pytest.mark.parametrize(
    ("says", "row", "known", "found"),
    [
        ("Two flows.", listed(read_graph=graph((7, "a"), (8, "b"))), None, waits_for((7, "a"), (8, "b"))),
        ("One flow, twice.", listed(read_graph=graph((7, "a"), (7, "a"))), None, waits_for((7, "a"))),
        ("None.", listed(read_graph=graph()), None, waits_for()),
        ("Itself.", listed(read_graph=graph((2809, "report"))), None, waits_for()),
        ("A task of another flow.", listed(read_graph=graph((7, "104891(tass)"))), None, waits_for()),
        ("A graph without tasks.", listed(read_graph=graph((7, "a"), tasks=())), None, waits_for((7, "a"))),
        ("A graph that cannot be read.", listed(read_graph=graph(tasks=())), None, None),
        ("An older one is known.", listed(read_graph=graph((7, "a"))), AT - timedelta(hours=12), waits_for((7, "a"))),
        ("One as old is known.", listed(read_graph=graph((7, "a"))), AT - timedelta(hours=11), None),
        ("A newer one is known.", listed(read_graph=graph((7, "a"))), AT + timedelta(days=9), None),
        ("An ID without a time.", listed("x", read_graph=graph((7, "a"))), None, None),
    ],
)
def test_what_a_flow_waits_for(says, row, known, found):
    assert dependencies(row, known) == found, says


def test_a_graph_is_not_read_where_it_is_not_needed():
    def never():
        raise AssertionError("it was read")

    assert dependencies(listed(read_graph=never), AT) is None

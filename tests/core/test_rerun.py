"""Rerun: what is started for which time, and where nothing is guessed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.core.command.parse import parse
from bot.core.errors import Refusal
from bot.core.flow.ids import expected_instance, instance_moment
from bot.core.flow.model import (
    Flow,
    FlowId,
    Graph,
    Instance,
    InstanceId,
    Parameter,
    Relation,
    Task,
    TaskId,
)
from bot.core.flow.rerun import REACH, data_time, first_free, minutes, plan
from bot.core.flow.status import Status

SHANGHAI, UTC_ZONE = timedelta(hours=8), timedelta()
PARAMETERS = (Parameter("path", "/data"), Parameter("overwrite", "true"))
FAIL, DONE, INIT = Status.FAIL, Status.SUCCESS, Status.INIT


def graph(edges, statuses=()):
    names = ("extract", "transform", "load", "check")
    tasks = tuple(
        Task(TaskId(n), name, f"t_{n}", status=statuses[n - 1] if statuses else None)
        for n, name in enumerate(names, start=1)
    )
    return Graph(tasks, (), tuple(Relation(f"t_{edge[0]}", f"t_{edge[1]}") for edge in edges.split()))


CHAIN = "12 23 34"


def flow(edges=CHAIN, **more):
    return Flow(FlowId(3377), "flow", active=True, cycle="D", parameters=PARAMETERS, graph=graph(edges), **more)


def ran(id_="3377-202611210207", *, statuses=(DONE, FAIL, INIT, INIT), edges=CHAIN, **more):
    return Instance(
        InstanceId(id_),
        FlowId(3377),
        "flow",
        Status.FAIL,
        trigger_time=more.pop("trigger_time", "2026-11-21 10:07:00"),
        start_time=more.pop("start_time", "2026-11-21 10:07:05"),
        parameters=more.pop("parameters", PARAMETERS),
        graph=graph(edges, statuses),
        **more,
    )


def at(*moment):
    return datetime(*moment, tzinfo=UTC)


def test_it_starts_from_the_failed_task_for_the_same_data_time():
    planned = plan(ran(), flow(), None, SHANGHAI)
    assert (planned.flow, planned.task, planned.task_name) == (3377, 2, "transform")
    assert planned.data_time == at(2026, 11, 21, 2, 7)
    assert planned.runs == ("transform", "load", "check")
    assert planned.skips == ("extract",)


def test_a_named_task_is_taken_though_another_failed():
    planned = plan(ran(), flow(), TaskId(4), SHANGHAI)
    assert (planned.task_name, planned.runs) == ("check", ("check",))


def test_parameters_may_stand_in_another_order():
    assert plan(ran(parameters=PARAMETERS[::-1]), flow(), None, SHANGHAI).task == 2


REFUSED = [
    (
        ran(parameters=()),
        flow(),
        None,
        "parameters_differ",
        (
            "Run `3377-202611210207` had other parameters than flow `3377` has now. "
            "EnOS can't start from a task with changed parameters. "
            "To rerun the whole flow with its present parameters, "
            "use `trigger 3377 at 2026-11-21T02:07Z`. To change one, add `with KEY=VALUE`."
        ),
    ),
    (
        ran(statuses=(DONE, DONE, DONE, DONE)),
        flow(),
        None,
        "no_failed_task",
        (
            "EnOS shows no failed task in run `3377-202611210207`, so I don't know where to start.\n"
            "Name a task: `rerun 3377-202611210207 from 1` (extract), `rerun 3377-202611210207 from 2` (transform), "
            "`rerun 3377-202611210207 from 3` (load).\n"
            "To rerun the whole flow, use `trigger 3377 at 2026-11-21T02:07Z`."
        ),
    ),
    (
        ran(statuses=(DONE, FAIL, FAIL, INIT), edges="12 13 24 34"),
        flow("12 13 24 34"),
        None,
        "no_single_task",
        (
            "2 tasks failed: transform, load. None of them leads to all the others.\n"
            "Choose one: `rerun 3377-202611210207 from 2`, `rerun 3377-202611210207 from 3`.\n"
            "To rerun the whole flow, use `trigger 3377 at 2026-11-21T02:07Z`."
        ),
    ),
    (
        ran(),
        flow(),
        TaskId(9),
        "unknown_task",
        "Flow `3377` has no task `9` now. Nothing was started. `show 3377` lists its tasks.",
    ),
    (
        ran("3377-20261121"),
        flow(),
        None,
        "unknown_id_form",
        (
            "The ID `3377-20261121` does not say for which time it ran, so I can't rerun it for the same data date. "
            "Name the trigger time yourself, for example `trigger 3377 at 2026-11-21T14:30Z`."
        ),
    ),
    (
        ran("3377-2026112102", trigger_time="2026-11-21 13:07:00"),
        flow(),
        None,
        "uncalibrated",
        (
            "The ID `3377-2026112102` has no minutes, and the time zone of the times in EnOS is not certain. "
            "So I can't rerun it for the same data date. "
            "Name the minute yourself. For the full hour, use `trigger 3377 from 2 at 2026-11-21T02:00Z`."
        ),
    ),
]


@pytest.mark.parametrize(("run", "of", "task", "reason", "sentence"), REFUSED, ids=[row[3] for row in REFUSED])
def test_where_it_would_be_wrong_data_it_is_refused_with_what_remains(run, of, task, reason, sentence):
    with pytest.raises(Refusal) as refused:
        plan(run, of, task, SHANGHAI)
    assert (refused.value.reason, str(refused.value)) == (reason, sentence)


@pytest.mark.parametrize(("run", "of", "task", "reason", "sentence"), REFUSED, ids=[row[3] for row in REFUSED])
def test_each_command_that_remains_can_be_typed_as_it_stands(run, of, task, reason, sentence):
    commands = [words for words in sentence.split("`")[1::2] if words.startswith(("trigger ", "rerun ", "show "))]
    assert commands
    for words in commands:
        parse(words)


def refusal(run, of):
    with pytest.raises(Refusal) as refused:
        plan(run, of, None, SHANGHAI)
    return str(refused.value)


def test_a_run_that_holds_its_own_minute_is_run_whole_in_the_next_one_of_its_period():
    started = ran("3377-20261121020700", parameters=())
    assert "`trigger 3377 at 2026-11-21T02:08Z`" in refusal(started, flow())
    alone = "Rerun the whole flow in the EnOS console. Run `3377-20261121020700` has the only minute of its data date."
    assert refusal(started, replace(flow(), cycle="mi")).endswith(f"parameters. {alone}")
    succeeded = ran("3377-20261121020700", statuses=(DONE,) * 4)
    assert refusal(succeeded, replace(flow(), cycle="mi")).endswith(f"\n{alone}")


def test_a_flow_whose_tasks_are_not_shown_is_run_whole():
    bare = replace(flow(), graph=Graph())
    whole = refusal(replace(ran(), graph=Graph()), bare)
    assert whole.endswith("where to start.\nTo rerun the whole flow, use `trigger 3377 at 2026-11-21T02:07Z`.")
    unclear = replace(ran("3377-2026112102", trigger_time=""), graph=Graph())
    assert refusal(unclear, bare).endswith("For the full hour, use `trigger 3377 at 2026-11-21T02:00Z`.")


@pytest.mark.parametrize(
    ("statuses", "words"),
    [
        ((FAIL, FAIL), "2 tasks failed: transform, load."),
        ((Status.TIMEOUT, Status.TIMEOUT), "2 tasks timed out: transform, load."),
        ((Status.TIMEOUT, FAIL), "2 tasks failed or timed out: transform, load."),
    ],
)
def test_what_happened_to_the_tasks_follows_their_statuses(statuses, words):
    branched = ran(statuses=(DONE, *statuses, INIT), edges="12 13 24 34")
    assert refusal(branched, flow("12 13 24 34")).startswith(words)


@pytest.mark.parametrize(
    "id_", ["3377-20261121", "3377-202613210207", "3377-19700101000000", "x", "3377-2026112102070"]
)
def test_an_id_of_unknown_form_names_no_time(id_):
    with pytest.raises(Refusal) as refused:
        data_time(ran(id_), SHANGHAI)
    assert refused.value.reason == "unknown_id_form"


@pytest.mark.parametrize(
    ("id_", "printed", "zone", "expected"),
    [
        ("3377-20261121020759", "", None, at(2026, 11, 21, 2, 7)),
        ("3377-202611210207", "", None, at(2026, 11, 21, 2, 7)),
        ("3377-2026112102", "2026-11-21 10:07:30", SHANGHAI, at(2026, 11, 21, 2, 7)),
        ("3377-2026112102", "2026-11-21 02:45:00", SHANGHAI, at(2026, 11, 21, 2, 45)),  # printed in UTC
        ("3377-2026112102", "2026-11-21 02:45:00", None, at(2026, 11, 21, 2, 45)),
        ("3377-2026112102", "2026-11-21 07:40:00", timedelta(hours=5, minutes=30), at(2026, 11, 21, 2, 10)),
    ],
)
def test_the_minutes_come_from_the_id_or_from_a_calibrated_trigger_time(id_, printed, zone, expected):
    assert data_time(ran(id_, trigger_time=printed), zone) == expected


@pytest.mark.parametrize("printed", ["", "yesterday", "2026-11-21 10:07:30"])
def test_without_a_zone_that_brings_it_to_the_id_the_minutes_are_not_guessed(printed):
    with pytest.raises(Refusal) as refused:
        data_time(ran("3377-2026112102", trigger_time=printed), None)
    assert refused.value.reason == "uncalibrated"


def free(cycle, moment, *taken, zone=UTC_ZONE):
    held = {expected_instance(FlowId(3377), int(each.timestamp() * 1000)) for each in taken}
    return first_free(FlowId(3377), minutes(cycle, moment, zone), held.__contains__)


@pytest.mark.parametrize(
    ("cycle", "moment", "taken", "found"),
    [
        ("D", at(2026, 11, 21, 2), [], at(2026, 11, 21, 2)),
        ("D", at(2026, 11, 21, 2), [at(2026, 11, 21, 2)], at(2026, 11, 21, 2, 1)),
        ("W", at(2026, 11, 21, 2), [at(2026, 11, 21, 2), at(2026, 11, 21, 2, 1)], at(2026, 11, 21, 2, 2)),
        ("M", at(2026, 11, 30, 23, 59), [at(2026, 11, 30, 23, 59)], None),  # the next minute is another day
        ("H", at(2026, 11, 21, 2, 58), [at(2026, 11, 21, 2, 58)], at(2026, 11, 21, 2, 59)),
        ("H", at(2026, 11, 21, 2, 59), [at(2026, 11, 21, 2, 59)], None),  # the next minute is another hour
        ("mi", at(2026, 11, 21, 2), [at(2026, 11, 21, 2)], None),
        ("", at(2026, 11, 21, 2), [at(2026, 11, 21, 2)], None),
        ("mi", at(2026, 11, 21, 2), [], at(2026, 11, 21, 2)),
    ],
)
def test_the_next_free_minute_lies_inside_the_same_data_period(cycle, moment, taken, found):
    assert free(cycle, moment, *taken) == found


def test_a_day_ends_where_it_ends_on_the_platform_too():
    """In Shanghai the day ends at 16:00 UTC."""
    assert free("D", at(2026, 11, 21, 15, 59), at(2026, 11, 21, 15, 59), zone=SHANGHAI) is None
    assert free("D", at(2026, 11, 21, 15, 59), at(2026, 11, 21, 15, 59), zone=None) == at(2026, 11, 21, 16)


def test_a_free_minute_is_not_looked_for_for_ever():
    assert first_free(FlowId(1), minutes("D", at(2026, 11, 21), UTC_ZONE), lambda _: True) is None


@given(
    some.sampled_from(["D", "W", "M", "H", "mi", "", "?"]),
    some.integers(0, 5_000_000),
    some.integers(-12 * 60, 14 * 60),
    some.sets(some.integers(0, 130)),
)
def test_a_free_minute_never_leaves_the_period_in_either_zone(cycle, minute, offset, taken):
    start = at(2020, 1, 1) + timedelta(minutes=minute)
    zone = timedelta(minutes=offset)
    found = free(cycle, start, *(start + timedelta(minutes=each) for each in taken), zone=zone)
    if found is None:
        assert 0 in taken
        return
    assert start <= found < start + REACH
    assert (found - start) // timedelta(minutes=1) not in taken
    for each in (timedelta(), zone):
        assert (found + each).date() == (start + each).date()
    if cycle == "H":
        assert found.hour == start.hour


def test_the_planned_run_gets_the_id_of_its_data_minute():
    planned = plan(ran(), flow(), None, SHANGHAI)
    new = expected_instance(planned.flow, int(planned.data_time.timestamp() * 1000))
    assert new == "3377-20261121020700"
    assert instance_moment(new) == planned.data_time


def test_a_task_that_stands_in_the_run_but_no_more_in_the_flow_is_not_started():
    shorter = flow()
    shorter = replace(shorter, graph=replace(shorter.graph, tasks=shorter.graph.tasks[2:]))
    with pytest.raises(Refusal) as refused:
        plan(ran(), shorter, None, SHANGHAI)
    assert refused.value.reason in {"no_single_task", "unknown_task"}

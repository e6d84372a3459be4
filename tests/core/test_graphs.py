"""What runs after what."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.core.flow.graph import (
    broken,
    downstream,
    ended,
    held_up,
    in_order,
    node_of,
    one_for_all,
)
from bot.core.flow.model import (
    FlowId,
    Graph,
    Instance,
    InstanceId,
    Relation,
    Task,
    TaskId,
)
from bot.core.flow.status import Status


def graph(edges, *, count=4, statuses=None):
    """Tasks 1 to ``count``; an edge ``12`` means that 2 runs after 1."""
    tasks = tuple(Task(TaskId(n), f"task {n}", f"t_{n}", status=(statuses or {}).get(n)) for n in range(1, count + 1))
    return Graph(tasks, (), tuple(Relation(f"t_{edge[0]}", f"t_{edge[1]}") for edge in edges.split()))


CHAIN, DIAMOND, APART = graph("12 23 34"), graph("12 13 24 34"), graph("12 34")


def test_a_node_that_is_left_out_is_made_of_the_tasks_id():
    assert [node_of(Task(TaskId(7), "a")), node_of(Task(TaskId(7), "a", "x"))] == ["t_7", "x"]


@pytest.mark.parametrize(
    ("edges", "task", "reached"),
    [
        ("12 23 34", 2, {2, 3, 4}),
        ("12 13 24 34", 1, {1, 2, 3, 4}),
        ("12 13 24 34", 3, {3, 4}),
        ("12 34", 1, {1, 2}),
        ("12 21", 1, {1, 2}),  # a circle ends
        ("12 2f", 1, {1, 2}),  # what leads to a flow that is referenced, or to nothing
        ("", 9, set()),
    ],
)
def test_downstream_is_the_task_and_all_that_waits_for_it(edges, task, reached):
    assert downstream(graph(edges), TaskId(task)) == reached


@pytest.mark.parametrize(
    ("edges", "order"),
    [
        ("", (1, 2, 3, 4)),
        ("43 32 21", (4, 3, 2, 1)),
        ("31 x2 2y", (2, 3, 4, 1)),
        ("12 21 34", (3, 4, 1, 2)),  # a circle's tasks stand last
    ],
)
def test_tasks_stand_after_those_they_wait_for(edges, order):
    assert tuple(task.id for task in in_order(graph(edges))) == order


@given(some.lists(some.tuples(some.integers(1, 6), some.integers(1, 6)), max_size=20))
def test_any_graph_keeps_its_tasks_and_an_order_without_circles_is_kept(pairs):
    edges = " ".join(f"{a}{b}" for a, b in pairs)
    shown = graph(edges, count=6)
    ids = [task.id for task in in_order(shown)]
    assert sorted(ids) == [1, 2, 3, 4, 5, 6]
    if all(a < b for a, b in pairs):
        assert all(ids.index(a) < ids.index(b) for a, b in pairs)


def test_broken_tasks_stand_in_the_order_they_run():
    statuses = {1: Status.TIMEOUT, 2: Status.SUCCESS, 3: Status.INTERNAL_ERROR, 4: Status.FAIL}
    assert [task.id for task in broken(graph("43 31", statuses=statuses))] == [4, 3, 1]


@pytest.mark.parametrize(
    ("shape", "failed", "one"),
    [
        (CHAIN, (3,), 3),
        (CHAIN, (4, 2), 2),
        (DIAMOND, (2, 3), None),
        (DIAMOND, (2, 4), 2),
        (APART, (1, 3), None),
        (CHAIN, (), None),
    ],
)
def test_one_task_to_start_from_leads_to_all_that_failed(shape, failed, one):
    assert one_for_all(shape, failed) == one


@pytest.mark.parametrize(
    ("status", "tasks", "over"),
    [
        (Status.SUCCESS, {}, True),
        (Status.FAIL, {1: Status.FAIL, 2: Status.INIT}, True),
        (Status.FAIL, {1: Status.FAIL, 2: Status.RUNNING}, False),
        (Status.FAIL, {1: Status.FAIL, 2: Status.RERUN}, False),
        (Status.CANCEL, {1: Status.SUCCESS, 2: Status.RUNNING}, True),
        (Status.SUCCESS, {1: Status.SUCCESS, 2: Status.RUNNING}, True),
        (Status.RUNNING, {1: Status.SUCCESS}, False),
        (42, {}, False),
    ],
)
def test_a_run_is_over_when_no_task_is_at_work(status, tasks, over):
    run = Instance(InstanceId("1-2026112102"), FlowId(1), "flow", status, graph=graph("", count=2, statuses=tasks))
    assert ended(run) is over


@pytest.mark.parametrize(
    ("statuses", "held"),
    [
        ({1: Status.FAIL, 2: Status.WAIT, 3: Status.SUCCESS, 4: Status.INIT}, {2, 4}),
        ({1: Status.TIMEOUT, 2: Status.SKIP, 3: None, 4: Status.RUNNING}, {2, 3}),
        ({1: Status.SUCCESS, 2: Status.WAIT}, set()),
        ({4: Status.FAIL, 1: Status.WAIT}, set()),
    ],
)
def test_a_failure_holds_up_what_comes_after_it_and_has_not_run(statuses, held):
    assert held_up(graph("12 13 24 34", statuses=statuses)) == held

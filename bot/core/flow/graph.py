"""Graphs: what runs after what in a flow."""

from collections.abc import Iterable

from bot.core.flow.model import Graph, Instance, Task, TaskId
from bot.core.flow.status import PENDING, Status, is_finished

BROKEN = frozenset({Status.FAIL, Status.TIMEOUT, Status.INTERNAL_ERROR})
AT_WORK = frozenset({Status.RUNNING, Status.RERUN})


def node_of(task: Task) -> str:
    """The task's node id, ``t_<task id>``, which the platform sometimes leaves out."""
    return task.node or f"t_{task.id}"


def downstream(graph: Graph, task: TaskId) -> frozenset[TaskId]:
    """The task and everything that runs after it: what ``triggerFromTask`` would run."""
    after: dict[str, list[str]] = {}
    for relation in graph.relations:
        after.setdefault(relation.source, []).append(relation.target)
    ids = {node_of(each): each.id for each in graph.tasks}
    reached = {node for node, each in ids.items() if each == task}
    front = list(reached)
    while front:
        for target in after.get(front.pop(), ()):
            if target not in reached:
                reached.add(target)
                front.append(target)
    return frozenset(ids[node] for node in reached if node in ids)


def in_order(graph: Graph) -> tuple[Task, ...]:
    """The tasks, each after those it waits for; a cycle's tasks come last."""
    nodes = {node_of(task): task for task in graph.tasks}
    waits: dict[str, set[str]] = {node: set() for node in nodes}
    for relation in graph.relations:
        if relation.source in nodes and relation.target in nodes:
            waits[relation.target].add(relation.source)
    ordered: list[Task] = []
    done: set[str] = set()
    while len(done) < len(nodes):
        ready = [node for node in nodes if node not in done and waits[node] <= done]
        ready = ready or [node for node in nodes if node not in done]
        ordered.extend(nodes[node] for node in ready)
        done.update(ready)
    return tuple(ordered)


def broken(graph: Graph) -> tuple[Task, ...]:
    """The tasks that failed or timed out, in the order they run."""
    return tuple(task for task in in_order(graph) if task.status in BROKEN)


def held_up(graph: Graph) -> frozenset[TaskId]:
    """The tasks that a failure keeps from running: downstream of one that failed, and not run."""
    after = frozenset(task for failed in broken(graph) for task in downstream(graph, failed.id))
    idle = (task.id for task in graph.tasks if task.status is None or task.status in PENDING | {Status.SKIP})
    return after.intersection(idle)


def one_for_all(graph: Graph, tasks: Iterable[TaskId]) -> TaskId | None:
    """The one of these tasks whose downstream holds all of them, or None."""
    wanted = tuple(tasks)
    return next((task for task in wanted if downstream(graph, task).issuperset(wanted)), None)


def ended(instance: Instance) -> bool:
    """Whether a run is over: one that has failed may still run other tasks (Monitoring Workflow Instances).

    One that was canceled or succeeded is over, even where the graph is behind.
    """
    at_work = any(task.status in AT_WORK for task in instance.graph.tasks)
    return is_finished(instance.status) and not (instance.status in BROKEN and at_work)

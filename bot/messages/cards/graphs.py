"""A task graph: as a picture to be drawn, and the same in words."""

from collections.abc import Mapping, Sequence

from bot.core.errors import Offer
from bot.core.flow.graph import AT_WORK, BROKEN, broken, held_up, in_order, node_of
from bot.core.flow.model import Graph, Instance, Reference, Task
from bot.core.flow.status import PENDING, Status
from bot.core.pictures.model import Edge, Look, Node, TaskGraph
from bot.core.text.escape import Markup
from bot.core.text.message import Message, Text, dots, layout, listed, msg, plain, plural, sentences
from bot.messages.cards import flows
from bot.messages.cards.pictures import counted

_BEFORE = 5  # tasks that one line names
HELD_UP = msg("held up by the failure")
_LOOKS: Mapping[int, Look] = {
    **dict.fromkeys(BROKEN, Look.BROKEN),
    **dict.fromkeys(AT_WORK, Look.AT_WORK),
    **dict.fromkeys((*PENDING, Status.SUSPEND), Look.WAITING),
    **dict.fromkeys((Status.CANCEL, Status.SKIP), Look.ENDED),
    Status.TIMEOUT: Look.TIMED_OUT,
    Status.SUCCESS: Look.GOOD,
}
_WORDS: Mapping[Look, Message] = {
    Look.BROKEN: msg("failed"),
    Look.TIMED_OUT: msg("timed out"),
    Look.GOOD: msg("succeeded"),
    Look.AT_WORK: msg("running"),
    Look.WAITING: msg("waiting"),
    Look.ENDED: msg("canceled or skipped"),
    Look.ODD: msg("another status"),
    Look.FLOW: msg("another flow"),
}


def offer(graph: Graph, command: str) -> list[Offer]:
    """The button that draws a graph; none where EnOS shows no tasks."""
    return [(msg("View task graph"), command)] if graph.tasks else []


# ── the picture ──


def drawing(title: str, subtitle: Text, graph: Graph, language: str) -> TaskGraph:
    """What is to be drawn, with its words in a language."""
    held = {node_of(task) for task in graph.tasks if task.id in held_up(graph)}
    source_of_trouble = held | {node_of(task) for task in broken(graph)}
    nodes = [_task(task, held=node_of(task) in held, language=language) for task in in_order(graph)]
    nodes += [_flow(each, language) for each in graph.references]
    edges = [
        Edge(each.source, each.target, each.source in source_of_trouble and each.target in held)
        for each in graph.relations
    ]
    shown = {node.look for node in nodes}
    legend = tuple((look, plain(words, language)) for look, words in _WORDS.items() if look in shown)
    return TaskGraph(
        flows.short(title),
        plain(subtitle, language),
        tuple(nodes),
        tuple(edges),
        legend,
        plain(HELD_UP, language) if held else "",
    )


def _task(task: Task, *, held: bool, language: str) -> Node:
    if task.status is None:
        return Node(node_of(task), _name(task), str(task.id), held=held)
    note = dots(flows.status_word(task.status), layout("{id}", id=str(task.id)))
    return Node(node_of(task), _name(task), plain(note, language), _LOOKS.get(task.status, Look.ODD), held)


def _name(task: Task | Reference) -> str:
    return flows.short(task.name) or (str(task.id) if isinstance(task, Task) else str(task.flow_id))


def _flow(flow: Reference, language: str) -> Node:
    return Node(_node(flow), _name(flow), plain(msg("flow {flow}", flow=str(flow.flow_id)), language), Look.FLOW)


def _node(flow: Reference) -> str:
    return flow.node or f"f_{flow.flow_id}"


# ── the same in words ──


def rows(graph: Graph) -> list[Text]:
    """Each task on a line: its state, what it waits for, and whether a failure holds it up."""
    names: dict[str, Markup] = {node_of(task): flows.bold(_name(task)) for task in graph.tasks}
    names |= {_node(each): flows.flow_name(each.flow_id, each.name) for each in graph.references}
    before: dict[str, list[Markup]] = {}
    for each in dict.fromkeys(graph.relations):
        if each.source in names and each.source != each.target:
            before.setdefault(each.target, []).append(names[each.source])
    held = held_up(graph)
    return [
        dots(
            flows.task_line(task),
            _after(before.get(node_of(task), ())),
            HELD_UP if task.id in held else None,
        )
        for task in in_order(graph)
    ]


def _after(names: Sequence[Markup]) -> Text | None:
    return msg("after {tasks}", tasks=listed(names[:_BEFORE], len(names))) if names else None


def summary(graph: Graph) -> Text:
    """The picture in a sentence or two, for those who cannot see it."""
    counts: dict[Look, int] = {}
    for task in graph.tasks:
        if task.status is not None:
            look = _LOOKS.get(task.status, Look.ODD)
            counts[look] = counts.get(look, 0) + 1
    states = [counted(words, counts[look]) for look, words in _WORDS.items() if look in counts]
    failed, held = broken(graph), held_up(graph)
    return sentences(
        plural("Task graph with {n} task.", "Task graph with {n} tasks.", len(graph.tasks)),
        msg("{states}.", states=dots(*states)) if states else None,
        msg("Failed: {tasks}.", tasks=listed([_plain_name(each) for each in failed[:_BEFORE]], len(failed)))
        if failed
        else None,
        plural("{n} task is held up by the failure.", "{n} tasks are held up by the failure.", len(held))
        if held
        else None,
    )


def _plain_name(task: Task) -> Text:
    return layout("{name}", name=_name(task))


def run_status(instance: Instance) -> Text:
    """What is under the name of the flow: which run it is, and its status."""
    return msg("Run {run}: {state}", run=instance.id, state=flows.status_word(instance.status))

"""From answers about flows to values: flows, and the graphs and parameters that instances have, too.

Source: Get Flow, Get My Flow, Search Flow, Load Flow For Edit, Trigger Flow, Get Flow Instance, List Flow Instances
(v2.1 en, zh and edge pages). A graph is a JSON string or an object; its keys are camelCase, snake_case or both; a
string may have lost a level of escapes.
"""

import itertools
import json
import re
from collections.abc import Mapping
from typing import TypeVar

from bot.core.flow.model import (
    PERIODIC,
    Flow,
    FlowId,
    FlowName,
    Graph,
    Parameter,
    Reference,
    Relation,
    Task,
    TaskId,
    UserName,
)
from bot.core.flow.status import Status, status_of
from bot.core.text.escape import legible
from bot.core.text.message import Message, msg
from bot.enos.errors import BadResponse
from bot.enos.values import ID, NAME, TIME, flag, identity, loads, names, number, rows, single_object, text, value_of

T = TypeVar("T")

_DESCRIPTION = 5000  # characters
_SECTIONS = 12  # places where a list may begin, of which three are lists
_SECTION = re.compile(r'"(tasks|flows|relations)"\s*:\s*(?=\[)')


def known(value: object, found: T | None, other: Message) -> T | None:
    """What was found; None only where the answer is empty, else raises BadResponse, for ``other``."""
    if found is None and value:
        raise BadResponse(other)
    return found


def flow_of(data: bytes) -> Flow | None:
    """The flow in an object or a list of one; None where the answer is empty.

    Raises BadResponse where there is something else in it.
    """
    value = value_of(data)
    found = single_object(value)
    id_ = identity(found.get("flowId")) if found else None
    if not found or id_ is None:
        return known(value, None, msg("it sent something that is not a flow"))
    kind = number(found.get("type"))
    return Flow(
        id=FlowId(id_),
        name=text(found.get("flowName"), NAME),
        active=flag(found.get("active")),
        kind=PERIODIC if kind is None else kind,
        cycle=text(found.get("cycle"), TIME),
        freq=text(found.get("freq"), NAME),
        owners=tuple(UserName(name) for name in names(found.get("owner"))),
        parameters=parameters_of(found.get("parameters")),
        graph=graph_of(found.get("graph")),
        locked=flag(found.get("locked")),
        user_locked=flag(found.get("isUserLocked")),
        description=text(found.get("desc"), _DESCRIPTION),
        start_date=text(found.get("startTime"), TIME),
    )


def flow_names_of(data: bytes) -> tuple[tuple[FlowName, ...], int]:
    """The flows of a list, and how many rows it had, readable or not.

    Raises BadResponse where there is something, and no flow in it.
    """
    value = value_of(data)
    found = rows(value)
    read = []
    for row in found:
        id_ = identity(row.get("flowId"))
        if id_ is not None:
            editable = None if row.get("editable") is None else flag(row["editable"])
            read.append(FlowName(FlowId(id_), text(row.get("flowName"), NAME), editable, text(row.get("cycle"), TIME)))
    if value and not read:
        raise BadResponse(msg("it sent something that is not a list of flows"))
    return tuple(read), len(value) if isinstance(value, list) else len(found)


def started_of(data: bytes) -> str:
    """The instance ID that a trigger answered, empty where it answered none."""
    value = value_of(data)
    found = single_object(value)
    return text(found.get("flowInstanceId") if found else value if isinstance(value, str) else None, ID).strip()


def graph_of(value: object) -> Graph:
    """The graph in a JSON string or an object; an empty one where nothing in it can be read."""
    for _ in range(2):  # a string in a string is seen after a lost level of structure
        if isinstance(printed := value, str):
            try:
                value = loads(printed)
            except ValueError:
                value = _salvaged(printed)
    if not isinstance(value, dict):
        return Graph()
    tasks = tuple(task for task in map(_task, rows(value.get("tasks"))) if task)
    references = tuple(reference for reference in map(_reference, rows(value.get("flows"))) if reference)
    nodes = {task.node for task in tasks} | {reference.node for reference in references}
    relations = []
    for row in rows(value.get("relations")):
        ends = [text(row.get(name), ID) for name in ("source", "target")]
        for place, node in enumerate(ends):  # samples name one flow f_2788 in one place and t_2788 in another
            other = {"t_": "f_", "f_": "t_"}.get(node[:2], "") + node[2:]
            if node not in nodes and other in nodes:
                ends[place] = other
        if all(ends):
            relations.append(Relation(*ends))
    return Graph(tasks, references, tuple(relations))


def parameters_of(value: object) -> tuple[Parameter, ...]:
    """Parameters from a JSON string, an array of key and value, or a map.

    What cannot be read is kept whole as one parameter without a key: it is seen, compared, and never sent.
    """
    for _ in range(2):
        if not isinstance(value, str) or not value.strip():
            break
        try:
            value = loads(value)
        except ValueError:
            return (Parameter("", text(value)),)
    if not isinstance(value, list | dict):
        return (Parameter("", text(value)),) if text(value).strip() else ()
    found: list[Parameter] = []
    for item in value if isinstance(value, list) else [value]:
        if not isinstance(item, dict):
            found += [Parameter("", text(item))] if text(item) else []
            continue
        for pair in [(item["key"], item.get("value"))] if "key" in item else item.items():
            key, words = map(text, pair)
            # One with illegible characters could not be sent back.
            whole = all(legible(each) == each for each in pair if isinstance(each, str))
            found.append(Parameter(key, words) if whole else Parameter("", f"{key}={words}"))
    return tuple(found)


def status_in(value: object) -> Status | int | None:
    """The status in a number or a name; None for no status and for undocumented names."""
    digits = number(value)
    if digits is not None:
        return status_of(digits)
    return Status.__members__.get(text(value).strip().upper())


def _salvaged(words: str) -> dict[str, object]:
    """The lists that can still be read in a graph whose quotes lost their escapes."""
    found: dict[str, object] = {}
    for section in itertools.islice(_SECTION.finditer(words), _SECTIONS):
        try:
            found.setdefault(section.group(1), json.JSONDecoder(strict=False).raw_decode(words, section.end())[0])
        except (ValueError, RecursionError):
            continue
    return found


def _identity(row: Mapping[str, object], key: str) -> tuple[str, int | None]:
    """A node's name, and the ID of its task or flow: under its key, or else in the name (``t_123``)."""
    node = text(row.get("nodeId"), ID)
    id_ = identity(row.get(key))
    return node, identity(node.partition("_")[2]) if id_ is None else id_


def _task(row: Mapping[str, object]) -> Task | None:
    node, id_ = _identity(row, "taskId")
    if id_ is None:
        return None
    return Task(
        id=TaskId(id_),
        name=text(row.get("taskName"), NAME),
        node=node or f"t_{id_}",
        instance_id=text(row.get("taskInstId"), ID),
        status=status_in(row.get("status")),
    )


def _reference(row: Mapping[str, object]) -> Reference | None:
    node, id_ = _identity(row, "flowId")
    if id_ is None:
        return None
    return Reference(FlowId(id_), text(row.get("flowName"), NAME), node or f"f_{id_}", text(row.get("status"), NAME))

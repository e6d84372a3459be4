"""Graphs and parameters, in every form that the platform prints them.

Source: Get Flow, Get Flow Instance, List Flow Instances (v2.1 en, zh and edge pages). A graph is a JSON string or
an object; its keys are camelCase, snake_case or both; a string may have lost a level of escapes.
"""

import itertools
import json
import re
from collections.abc import Mapping

from bot.core.flow.model import (
    FlowId,
    Graph,
    Parameter,
    Reference,
    Relation,
    Task,
    TaskId,
)
from bot.core.flow.status import Status, status_of
from bot.core.text.escape import legible
from bot.enos.scalars import ID, NAME, identity, loads, number, rows, text

_SECTIONS = 12  # places where a list may begin, of which three are lists
_SECTION = re.compile(r'"(tasks|flows|relations)"\s*:\s*(?=\[)')


def graph_of(value: object) -> Graph:
    """Return the graph in a JSON string or an object; an empty one where nothing in it can be read."""
    found = _graph_object(value)
    if not isinstance(found, dict):
        return Graph()
    tasks = tuple(task for task in map(_task, rows(found.get("tasks"))) if task)
    references = tuple(reference for reference in map(_reference, rows(found.get("flows"))) if reference)
    nodes = {task.node for task in tasks} | {reference.node for reference in references}
    relations = (_relation(row, nodes) for row in rows(found.get("relations")))
    return Graph(tasks, references, tuple(relation for relation in relations if relation))


def parameters_of(value: object) -> tuple[Parameter, ...]:
    """Return parameters from a JSON string, an array of key and value, or a map.

    What cannot be read is kept whole as one parameter without a key: it is seen, compared, and never sent.
    """
    for _ in range(2):  # a string in a string is seen after a lost level of structure
        if not isinstance(value, str) or not value.strip():
            break
        try:
            value = loads(value)
        except ValueError:
            return (Parameter("", text(value)),)
    if isinstance(value, list):
        return tuple(parameter for item in value for parameter in _from_item(item))
    if isinstance(value, dict):
        return tuple(_from_item(value)) if "key" in value else _from_map(value)
    return (Parameter("", text(value)),) if text(value).strip() else ()


def _from_item(item: object) -> tuple[Parameter, ...]:
    if not isinstance(item, dict):
        return (Parameter("", text(item)),) if text(item) else ()
    if "key" in item:
        return (_parameter(item["key"], item.get("value")),)
    return _from_map(item)


def _from_map(found: Mapping[str, object]) -> tuple[Parameter, ...]:
    return tuple(_parameter(key, value) for key, value in found.items())


def _parameter(key: object, value: object) -> Parameter:
    """Return the parameter; without a key where it holds signs that are no text, since it could not be sent back."""
    whole = all(legible(each) == each for each in (key, value) if isinstance(each, str))
    return Parameter(text(key), text(value)) if whole else Parameter("", f"{text(key)}={text(value)}")


def _graph_object(value: object) -> object:
    for _ in range(2):
        if not isinstance(value, str):
            break
        try:
            value = loads(value)
        except ValueError:
            return _salvaged(value) if isinstance(value, str) else None
    return value


def _salvaged(words: str) -> dict[str, object]:
    """Return the lists that can still be read in a graph whose quotes lost their escapes."""
    found: dict[str, object] = {}
    for section in itertools.islice(_SECTION.finditer(words), _SECTIONS):
        try:
            found.setdefault(section.group(1), json.JSONDecoder(strict=False).raw_decode(words, section.end())[0])
        except (ValueError, RecursionError):
            continue
    return found


def _identity(row: Mapping[str, object], key: str) -> tuple[str, int | None]:
    """Return a node's name, and the id of what it stands for: under its key, or else in the name (``t_123``)."""
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


def status_in(value: object) -> Status | int | None:
    """Return the status in a number or a name; None for no status and for names that are not documented."""
    digits = number(value)
    if digits is not None:
        return status_of(digits)
    return Status.__members__.get(text(value).strip().upper())


def _reference(row: Mapping[str, object]) -> Reference | None:
    node, id_ = _identity(row, "flowId")
    if id_ is None:
        return None
    return Reference(FlowId(id_), text(row.get("flowName"), NAME), node or f"f_{id_}", text(row.get("status"), NAME))


def _relation(row: Mapping[str, object], nodes: set[str]) -> Relation | None:
    source, target = (_end(text(row.get(name), ID), nodes) for name in ("source", "target"))
    return Relation(source, target) if source and target else None


def _end(node: str, nodes: set[str]) -> str:
    """Return the node an edge means: samples name a referenced flow ``f_2788`` here and ``t_2788`` there."""
    if node in nodes:
        return node
    other = {"t_": "f_", "f_": "t_"}.get(node[:2], "") + node[2:]
    return other if other in nodes else node

"""From answers about flows and directories to values.

Source: Get Flow, Get My Flow, Search Flow, Load Flow For Edit, Save, Import and Export Flow, List Workflow
Directories, Create Directory (v2.1).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.core.flow.model import PERIODIC, Flow, FlowId, FlowName, UserName
from bot.enos.errors import BadResponse
from bot.enos.graphs import graph_of, parameters_of
from bot.enos.reading import known, value_of
from bot.enos.scalars import ID, NAME, TIME, flag, identity, names, number, rows, single_object, text

_DESCRIPTION = 5000  # characters


@dataclass(frozen=True, slots=True)
class Leaf:
    """A flow in the directory tree."""

    flow: FlowId
    title: str
    editable: bool


@dataclass(frozen=True, slots=True)
class Directory:
    """A directory; its id is 32 hex digits.

    ``kind``: 0 data integration, 1 workflow, 2 data resource, 3 Hql, 4 common resource.
    """

    id: str
    title: str
    kind: int | None
    directories: tuple["Directory", ...] = ()
    flows: tuple[Leaf, ...] = ()


def flow_of(data: bytes) -> Flow | None:
    """Return the flow in an object or a list of one; None where the answer is empty.

    Raises BadResponse where there is something else in it.
    """
    value = value_of(data)
    found = single_object(value)
    id_ = identity(found.get("flowId")) if found else None
    if not found or id_ is None:
        return known(value, None, "flow")
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
    """Return the flows of a list, and how many rows it had, readable or not.

    Raises BadResponse where there is something, and no flow in it.
    """
    value = value_of(data)
    found = rows(value)
    read = tuple(name for name in map(_flow_name, found) if name is not None)
    if value and not read:
        raise BadResponse("it lists no flows where they belong")
    return read, len(value) if isinstance(value, list) else len(found)


def _flow_name(row: Mapping[str, object]) -> FlowName | None:
    id_ = identity(row.get("flowId"))
    if id_ is None:
        return None
    editable = flag(row["editable"]) if row.get("editable") is not None else None
    return FlowName(FlowId(id_), text(row.get("flowName"), NAME), editable, text(row.get("cycle"), TIME))


def saved_of(data: bytes) -> FlowId | None:
    """Return the flow id that Save Flow or Import Flow answered."""
    found = single_object(value_of(data))
    id_ = identity(found.get("flowId") if found else value_of(data))
    return None if id_ is None else FlowId(id_)


def exported_of(data: bytes) -> Mapping[str, object] | None:
    """Return an exported definition as it is, unread: Import Flow takes it back."""
    value = value_of(data)
    if isinstance(value, list):
        value = value[0] if value else None
    return value if isinstance(value, dict) and value else None


def directories_of(data: bytes) -> tuple[Directory, ...]:
    """Return the tree of directories."""
    return tuple(_directory(row) for row in rows(value_of(data)) if _is_directory(row))


def created_of(data: bytes) -> str:
    """Return the id of a directory that was created, empty where none was answered."""
    found = single_object(value_of(data))
    return text(found.get("dirId"), ID) if found else ""


def _is_directory(row: Mapping[str, object]) -> bool:
    told = row.get("isDirectory")
    return flag(told) if told is not None else "children" in row


def _directory(row: Mapping[str, object]) -> Directory:
    children = rows(row.get("children"))
    leaves = (_leaf(child) for child in children if not _is_directory(child))
    return Directory(
        id=text(row.get("key"), ID),
        title=text(row.get("title"), NAME),
        kind=number(row.get("type")),
        directories=tuple(_directory(child) for child in children if _is_directory(child)),
        flows=tuple(leaf for leaf in leaves if leaf is not None),
    )


def _leaf(row: Mapping[str, object]) -> Leaf | None:
    id_ = identity(row.get("key"))
    return None if id_ is None else Leaf(FlowId(id_), text(row.get("title"), NAME), flag(row.get("editable")))

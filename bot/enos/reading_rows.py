"""Rows of lists of instances: read, or left out where they cannot be kept, so that the others are.

Rows exactly as documented are decoded straight into ``DocumentedRow``; any other form is read tolerantly by
``LooseRow``. The limits of a ``DocumentedRow`` are those within which the tolerant way changes nothing.
Source: List Flow Instances (v2.1).
"""

import functools
import hashlib
import math
from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import Meta

from bot.core.flow.model import (
    FlowId,
    Graph,
    Instance,
    InstanceId,
    LeftOut,
    Parameter,
    UserName,
)
from bot.core.flow.status import Status, status_of
from bot.core.text.escape import LARGEST, legible
from bot.core.text.message import Message, msg
from bot.enos.reading_flows import graph_of, parameters_of, status_in
from bot.enos.responses import LooseScalar
from bot.enos.values import ID, NAME, TIME, identity, loads, names, text

_NO_GRAPH = Graph()
_NO_TEXT = msgspec.Raw()
UNREADABLE_STATUS = -99  # not a documented number: shown as it is, raises no alert, has not ended
_MOST_OWNERS = 100
_LISTS = 20_000  # characters of owners or parameters as printed; what is longer is read, and not remembered

# What the documented types may hold at most; a page with a row that holds more is read tolerantly.
_Id = Annotated[int, Meta(ge=1, le=LARGEST)]
_Number = Annotated[int, Meta(ge=-(2**31), le=2**31)]
_Name = Annotated[str, Meta(max_length=NAME)]
_Time = Annotated[str, Meta(max_length=TIME)]
_Run = Annotated[str, Meta(max_length=ID)]
_List = Annotated[str, Meta(max_length=_LISTS)]


class LooseRow(msgspec.Struct):
    """An instance in a list; ``graph`` is decoded where it is asked for."""

    # names as on the wire
    instanceId: LooseScalar = None
    flowId: LooseScalar = None
    flowName: LooseScalar = None
    status: LooseScalar = None
    statusDesc: LooseScalar = None
    triggerTime: LooseScalar = None
    startTime: LooseScalar = None
    endTime: LooseScalar = None
    cycle: LooseScalar = None
    owner: LooseScalar = None
    calDt: LooseScalar = None
    parameters: LooseScalar | list[object] | dict[str, object] = None
    freq: LooseScalar = None
    graph: msgspec.Raw = _NO_TEXT


class DocumentedRow(msgspec.Struct):
    """An instance in a list exactly as documented: nearly all rows; reading them takes a third less time."""

    instanceId: _Run
    flowId: _Id
    status: _Number
    flowName: _Name = ""
    triggerTime: _Time | None = ""
    startTime: _Time | None = ""
    endTime: _Time | None = ""
    cycle: _Time | None = ""
    owner: _List = ""
    calDt: _Time | None = ""
    parameters: _List = ""
    freq: _Name | None = ""
    graph: msgspec.Raw = _NO_TEXT


def row_of(row: Mapping[str, object]) -> LooseRow:
    """The row of an object with camelCase keys; its values are not checked yet."""
    known = {name: value for name, value in row.items() if name in LooseRow.__struct_fields__ and name != "graph"}
    known.setdefault("instanceId", row.get("instId"))
    return LooseRow(**known)  # type: ignore[arg-type]  # not validated here: every reader below takes anything


def documented(row: DocumentedRow, kind: int) -> Instance | None:
    """What ``instance`` returns, for a row exactly as documented."""
    id_ = InstanceId(row.instanceId.strip())
    if not id_:
        return None
    return Instance(
        id_,
        FlowId(row.flowId),
        row.flowName,
        status_of(row.status),
        row.triggerTime or "",
        row.startTime or "",
        row.endTime or "",
        row.cycle or "",
        _owners(row.owner),
        _parameters(row.parameters),
        row.calDt or "",
        kind,
        _NO_GRAPH,
        row.freq or "",
        functools.partial(_graph, row.graph),
    )


def instance(row: LooseRow, kind: int | None, graph: object = None) -> Instance | LeftOut | None:
    """The instance in a row; None where it has no ID, LeftOut where it cannot be stored."""
    id_ = text(row.instanceId).strip()
    flow, status = identity(row.flowId), status_of_row(row.status, row.statusDesc)
    if flow is None and not _is_a_number(row.flowId):
        flow = identity(id_.partition("-")[0])
    if not id_ or (flow is None and not _is_a_number(row.flowId)):
        return None
    if len(id_) > ID or legible(str(row.instanceId)) != str(row.instanceId):
        return _left_out(row, msg("the run ID can't be stored"))
    if flow is None:
        return _left_out(row, msg("the flow ID is out of range"))
    if status == UNREADABLE_STATUS and _is_a_number(row.status):
        return _left_out(row, msg("the status is out of range"))
    return Instance(
        id=InstanceId(id_),
        flow_id=FlowId(flow),
        flow_name=text(row.flowName, NAME),
        status=status,
        trigger_time=text(row.triggerTime, TIME),
        start_time=text(row.startTime, TIME),
        end_time=text(row.endTime, TIME),
        cycle=text(row.cycle, TIME),
        owners=_owners_of(row.owner),
        parameters=_parameters_of(row.parameters),
        data_date=text(row.calDt, TIME),
        kind=kind,
        graph=_NO_GRAPH if graph is None else graph_of(graph),
        freq=text(row.freq, NAME),
        read_graph=functools.partial(_graph, row.graph),
    )


def _graph(printed: msgspec.Raw) -> Graph:
    """The graph of a row in a list; empty where it has none that can be read."""
    try:
        return graph_of(loads(bytes(printed)))
    except ValueError:
        return _NO_GRAPH


def _is_a_number(value: object) -> bool:
    """Whether it is printed as a whole number, even one that cannot be stored."""
    if isinstance(value, float):
        return value.is_integer() or math.isinf(value)
    if isinstance(value, str):
        printed = value[:ID].strip().removeprefix("-").removesuffix("…")
        return printed.isdecimal() and printed.isascii()
    return isinstance(value, int) and not isinstance(value, bool)


def _left_out(row: LooseRow, why: Message) -> LeftOut:
    """What is shown of a row that cannot be stored. Its key is short, whatever the row holds."""
    id_, flow = text(row.instanceId), text(row.flowId)
    key = hashlib.sha256(f"{id_}\n{flow}\n{why.text}".encode()).hexdigest()[:16]
    run, name = legible(id_.strip(), 60), text(row.flowName, 80).strip()
    return LeftOut(key, f"{run} ({name})" if name else run, why)


def _owners_of(printed: object) -> tuple[UserName, ...]:
    if isinstance(printed, str) and len(printed) <= _LISTS:
        return _owners(printed)
    return tuple(map(UserName, names(printed)))[:_MOST_OWNERS]


def _parameters_of(printed: object) -> tuple[Parameter, ...]:
    if isinstance(printed, str) and len(printed) <= _LISTS:
        return _parameters(printed)
    return parameters_of(printed)


@functools.lru_cache(1024)  # the instances of a flow print the same owners and parameters again and again
def _owners(printed: str) -> tuple[UserName, ...]:
    return tuple(map(UserName, names(printed)))[:_MOST_OWNERS]


@functools.lru_cache(1024)
def _parameters(printed: str) -> tuple[Parameter, ...]:
    return parameters_of(printed)


def status_of_row(value: object, name: object) -> Status | int:
    """The status by its number, else by its name; an undocumented number stays a number."""
    found = status_in(value)
    if found is None:
        found = status_in(name)
    return UNREADABLE_STATUS if found is None else found

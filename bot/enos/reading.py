"""From answers about instances to values: tolerant of every form the platform prints, and quick on pages.

A page of a search is decoded without its graphs: most of its bytes, and without task states anyway. Source:
List Flow Instances, Get Flow Instance, Get Task Instance, Get Task Instance Log, Trigger Flow (v2.1).
"""

import functools
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

import msgspec

from bot.core.flows import FlowId, Graph, Instance, InstanceId, Parameter, TaskId, TaskInstance, UserName
from bot.core.status import Status, status_of
from bot.enos.envelope import Envelope, Loose, open_envelope
from bot.enos.errors import Unreadable
from bot.enos.graphs import graph_of, parameters_of, status_in
from bot.enos.scalars import loads, names, number, one, rows, text

T = TypeVar("T")

_log = logging.getLogger(__name__)

_NO_GRAPH = Graph()
UNREADABLE_STATUS = -99  # no documented number: shown as such, alerts nobody, has not ended


class _Row(msgspec.Struct):
    """An instance in a list; ``graph`` is not declared, so it is never decoded."""

    # names as on the wire
    instanceId: Loose = None
    flowId: Loose = None
    flowName: Loose = None
    status: Loose = None
    statusDesc: Loose = None
    triggerTime: Loose = None
    startTime: Loose = None
    endTime: Loose = None
    cycle: Loose = None
    owner: Loose = None
    calDt: Loose = None
    parameters: Loose | list[object] | dict[str, object] = None


class _Plain(msgspec.Struct):
    """An instance in a list just as documented: what nearly all rows are, read in two thirds of the time."""

    instanceId: InstanceId
    flowId: FlowId
    status: int
    flowName: str = ""
    triggerTime: str | None = ""
    startTime: str | None = ""
    endTime: str | None = ""
    cycle: str | None = ""
    owner: str = ""
    calDt: str | None = ""
    parameters: str = ""


class _PlainRows(msgspec.Struct):
    flowInsts: list[_Plain]
    count: int | None = None


class _PlainPage(msgspec.Struct):
    code: Literal[0]
    data: _PlainRows
    apim_status: Loose = None


class _Rows(msgspec.Struct):
    flowInsts: list[_Row] | None = None
    count: Loose = None


class _Page(msgspec.Struct):
    code: Loose = None
    apim_status: Loose = None
    data: _Rows | None = None


_PAGE, _PLAIN_PAGE = msgspec.json.Decoder(_Page), msgspec.json.Decoder(_PlainPage)
_NO_PAGE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


@dataclass(frozen=True, slots=True)
class Found:
    """One page as the server sent it. ``size`` counts rows that could not be read, too."""

    rows: tuple[Instance, ...]
    size: int
    count: int | None = None  # the server's number: rows here by the page, a total by some servers
    sorted_by: str = ""


def open_page(body: bytes) -> Envelope | None:
    """Return the envelope of a search's answer, its rows decoded in the same go where they are as documented."""
    try:
        documented = _PLAIN_PAGE.decode(body)
    except _NO_PAGE:
        return _open_other_page(body)
    if documented.apim_status or not documented.data.flowInsts:
        return open_envelope(body)
    return Envelope(0, decoded=documented.data)


def _open_other_page(body: bytes) -> Envelope | None:
    """Return the envelope of an answer that holds other types than documented, but in the same places."""
    try:
        page = _PAGE.decode(body)
    except _NO_PAGE:
        return open_envelope(body)
    raw = page.data.flowInsts if page.data is not None else None
    plain = number(page.code) == 0 and not page.apim_status
    if not plain or not raw or any(row.instanceId is None for row in raw):
        return open_envelope(body)
    return Envelope(0, decoded=page.data)


def page_in(envelope: Envelope, kind: int) -> Found:
    """Return the instances in the answer to a search; ``kind`` is the scheduling type that was searched.

    Raises Unreadable where there is something, and no instance in it: silence must not look like health.
    """
    if isinstance(envelope.decoded, _PlainRows):
        return _found([_documented(row, kind) for row in envelope.decoded.flowInsts], envelope.decoded.count)
    if isinstance(envelope.decoded, _Rows):
        raw = envelope.decoded.flowInsts or []
        return _found([_instance(row, kind) for row in raw], number(envelope.decoded.count))
    return _odd_page(envelope.data, kind)


def _odd_page(data: bytes, kind: int) -> Found:
    """Read a page that is empty or not as documented: other keys, a list around it, one row instead of many."""
    try:
        value = loads(data)
    except ValueError:
        raise Unreadable("it is not JSON") from None
    whole = one(value) or {}
    listed = whole.get("flowInsts", None if "count" in whole else value)
    raw = [_raw(row) for row in rows(listed)]
    if listed and not raw:
        raise Unreadable("it lists no instances where they belong")
    return _found([_instance(row, kind) for row in raw], number(whole.get("count")))


def _found(listed: Sequence[Instance | None], count: int | None) -> Found:
    """Return the page; None stands for a row that could not be read."""
    read = tuple(instance for instance in listed if instance is not None)
    if listed and not read:
        raise Unreadable("none of the instances it lists has a readable id")
    if len(read) < len(listed):
        _log.warning("EnOS listed %d instances without a readable id", len(listed) - len(read))
    return Found(read, len(listed), count)


def _raw(row: Mapping[str, object]) -> _Row:
    known = {name: value for name, value in row.items() if name in _Row.__struct_fields__}
    known.setdefault("instanceId", row.get("instId"))
    return _Row(**known)  # type: ignore[arg-type]  # not validated here: every reader below takes anything


def _documented(row: _Plain, kind: int) -> Instance | None:
    """Return what ``_instance`` returns, for a row just as documented."""
    id_ = InstanceId(row.instanceId.strip())
    if not id_:
        return None
    return Instance(
        id_,
        row.flowId,
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
    )


def _instance(row: _Row, kind: int | None, graph: object = None) -> Instance | None:
    """Return the instance in a row; None where it has no id to know it by."""
    id_ = text(row.instanceId).strip()
    flow = number(row.flowId)
    if flow is None:
        flow = number(id_.partition("-")[0])
    if not id_ or flow is None:
        return None
    return Instance(
        id=InstanceId(id_),
        flow_id=FlowId(flow),
        flow_name=text(row.flowName),
        status=_status(row.status, row.statusDesc),
        trigger_time=text(row.triggerTime),
        start_time=text(row.startTime),
        end_time=text(row.endTime),
        cycle=text(row.cycle),
        owners=_owners(row.owner) if isinstance(row.owner, str) else tuple(map(UserName, names(row.owner))),
        parameters=_parameters(row.parameters) if isinstance(row.parameters, str) else parameters_of(row.parameters),
        data_date=text(row.calDt),
        kind=kind,
        graph=_NO_GRAPH if graph is None else graph_of(graph),
    )


@functools.lru_cache(1024)  # the instances of a flow print the same owners and parameters again and again
def _owners(printed: str) -> tuple[UserName, ...]:
    return tuple(map(UserName, names(printed)))


@functools.lru_cache(1024)
def _parameters(printed: str) -> tuple[Parameter, ...]:
    return parameters_of(printed)


def _status(value: object, name: object) -> Status | int:
    """Return the status by its number, else by its name; an undocumented number stays a number."""
    found = status_in(value)
    if found is None:
        found = status_in(name)
    return UNREADABLE_STATUS if found is None else found


def value_of(data: bytes) -> object:
    """Return the JSON value, null where there is none to read."""
    try:
        return loads(data)
    except ValueError:
        return None


def known(value: object, found: T | None, what: str) -> T | None:
    """Return what was found; None only where the answer is empty, else raises Unreadable."""
    if found is None and value:
        raise Unreadable(f"it holds something, but no {what}")
    return found


def instance_of(data: bytes) -> Instance | None:
    """Return the instance with its graph, in an object or a list of one; None where the answer is empty.

    Raises Unreadable where there is something else in it.
    """
    value = value_of(data)
    found = one(value)
    return known(value, None if found is None else _instance(_raw(found), None, found.get("graph")), "instance")


def task_instance_of(data: bytes) -> TaskInstance | None:
    """Return the task instance in an object or a list of one; None where the answer is empty.

    Raises Unreadable where there is something else in it.
    """
    value = value_of(data)
    found = one(value)
    id_ = text(found.get("instanceId")).strip() if found else ""
    if not found or not id_:
        return known(value, None, "task instance")
    task = number(found.get("taskId"))
    return TaskInstance(
        id=id_,
        task_id=TaskId(task if task is not None else number(id_.partition("-")[0]) or 0),
        name=text(found.get("taskName")),
        status=_status(found.get("status"), found.get("stsDesc")),
        start_time=text(found.get("startTime")),
        end_time=text(found.get("endTime")),
        retries=number(found.get("recallNum")) or 0,
    )


def log_of(data: bytes) -> str | None:
    """Return the log's text, or None where there is none."""
    value = value_of(data)
    found = one(value)
    return text(found.get("log") if found else value if isinstance(value, str) else None) or None


def started_of(data: bytes) -> str:
    """Return the instance id that a trigger answered, empty where it answered none."""
    value = value_of(data)
    found = one(value)
    return text(found.get("flowInstanceId") if found else value if isinstance(value, str) else None).strip()


def moment_of(data: bytes) -> int | None:
    """Return the platform's clock in epoch ms, or None where the answer holds no number."""
    return number(value_of(data))


def zone_of(data: bytes) -> str:
    """Return the platform's zone as printed, e.g. ``GMT+8``; empty where the answer names none."""
    value = value_of(data)
    found = one(value)
    return text(found.get("timezone", found.get("timeZone")) if found else value).strip()

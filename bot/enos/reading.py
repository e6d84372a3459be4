"""From answers about instances to values: tolerant of every form that EnOS prints, and fast on pages.

A page of a search is decoded without its graphs: most of its bytes, and without task states anyway; a row reads its
graph where it is asked to (``Instance.read_graph``). A row that cannot be read or kept is left out, and the others
are read. Source: List Flow Instances, Get Flow Instance, Get Task Instance, Get Task Instance Log, Trigger Flow (v2.1).
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Literal

import msgspec

from bot.core.flow.model import Instance, LeftOut, TaskId, TaskInstance
from bot.core.text.message import Message, msg
from bot.core.values import dataclass
from bot.enos import reading_rows
from bot.enos.errors import BadResponse
from bot.enos.reading_flows import graph_of, known
from bot.enos.reading_rows import DocumentedRow, LooseRow, documented, instance, row_of, status_of_row
from bot.enos.responses import NO_JSON, Envelope, LooseScalar, open_envelope
from bot.enos.values import ID, NAME, TIME, identity, loads, number, single_object, text, value_of

UNREADABLE_STATUS = reading_rows.UNREADABLE_STATUS

_NUL = b"\\u0000"  # as JSON writes it: the fast decoder would accept it as text
_LATEST_MS = 32_503_680_000_000  # ms: the year 3000


class _DocumentedRows(msgspec.Struct):
    flowInsts: list[DocumentedRow]
    count: int | None = None


class _DocumentedPage(msgspec.Struct):
    code: Literal[0]
    data: _DocumentedRows
    apim_status: LooseScalar = None


class _LooseRows(msgspec.Struct):
    flowInsts: list[LooseRow] | None = None
    count: LooseScalar = None


class _LoosePage(msgspec.Struct):
    code: LooseScalar = None
    apim_status: LooseScalar = None
    data: _LooseRows | None = None


_LOOSE_PAGE, _DOCUMENTED_PAGE = msgspec.json.Decoder(_LoosePage), msgspec.json.Decoder(_DocumentedPage)
_NO_PAGE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


@dataclass(frozen=True, slots=True)
class ServerPage:
    """One page as the server sent it. ``size`` counts rows that are left out, too."""

    rows: tuple[Instance, ...]
    size: int
    count: int | None = None  # the server's number: rows here by the page, a total by some servers
    sorted_by: str = ""
    left_out: tuple[LeftOut, ...] = ()


class NoReadableRows(BadResponse):
    """A page lists something, and nothing in it looks like an instance. ``page`` is what is left of it."""

    def __init__(self, why: Message, page: ServerPage) -> None:
        super().__init__(why)
        self.page = page


def open_page(body: bytes) -> Envelope | None:
    """The envelope of a search's answer, with its rows decoded already where they are as documented."""
    if _NUL in body:
        return open_envelope(body)
    try:
        page = _DOCUMENTED_PAGE.decode(body)
    except _NO_PAGE:
        return _open_other_page(body)
    if page.apim_status or not page.data.flowInsts:
        return open_envelope(body)
    return Envelope(0, decoded=page.data)


def _open_other_page(body: bytes) -> Envelope | None:
    """The envelope of an answer with other types than documented, but in the same places."""
    try:
        page = _LOOSE_PAGE.decode(body)
    except _NO_PAGE:
        return open_envelope(body)
    listed = page.data.flowInsts if page.data is not None else None
    plain = number(page.code) == 0 and not page.apim_status
    if not plain or not listed or any(row.instanceId is None for row in listed):
        return open_envelope(body)
    return Envelope(0, decoded=page.data)


def page_in(envelope: Envelope, kind: int) -> ServerPage:
    """The instances in the answer to a search; ``kind`` is the scheduling type that was searched.

    Raises NoReadableRows where there are rows, and none is an instance: that must not look like "no failures".
    """
    if isinstance(envelope.decoded, _DocumentedRows):
        return _found([documented(row, kind) for row in envelope.decoded.flowInsts], envelope.decoded.count)
    if isinstance(envelope.decoded, _LooseRows):
        listed = envelope.decoded.flowInsts or []
        return _found([instance(row, kind) for row in listed], number(envelope.decoded.count))
    return _undocumented_page(envelope.data, kind)


def _undocumented_page(data: bytes, kind: int) -> ServerPage:
    """Read a page that is empty or not as documented: other keys, a list around it, one row instead of many."""
    try:
        value = loads(data)
    except ValueError:
        raise BadResponse(NO_JSON) from None
    whole = single_object(value) or {}
    listed = whole.get("flowInsts", None if "count" in whole else value)
    several = listed if isinstance(listed, list) else [listed] if listed else []
    return _found([_undocumented_row(row, kind) for row in several], number(whole.get("count")))


def _undocumented_row(row: object, kind: int) -> Instance | LeftOut | None:
    found = single_object(row) if isinstance(row, dict) else None
    read = instance(row_of(found), kind) if found else None
    if not found or not isinstance(read, Instance):
        return read
    return replace(read, read_graph=partial(graph_of, found.get("graph")))


def _found(listed: Sequence[Instance | LeftOut | None], count: int | None) -> ServerPage:
    """The page; ``listed`` has None for a row without an ID."""
    rows = tuple([row for row in listed if isinstance(row, Instance)])
    if len(rows) == len(listed):  # nearly all pages
        return ServerPage(rows, len(rows), count)
    strange = LeftOut("no id", "–", msg("the run ID is missing"))
    found = ServerPage(
        rows,
        len(listed),
        count,
        left_out=tuple(dict.fromkeys(row or strange for row in listed if not isinstance(row, Instance))),
    )
    if all(row is None for row in listed):
        raise NoReadableRows(msg("it listed no run with a readable ID"), found)
    return found


def instance_of(data: bytes) -> Instance | None:
    """The instance with its graph, in an object or a list of one; None where the answer is empty.

    Raises BadResponse where there is something else in it.
    """
    value = value_of(data)
    found = single_object(value)
    row = None if found is None else instance(row_of(found), None, found.get("graph"))
    if isinstance(row, LeftOut):
        raise BadResponse(row.why, worth_retrying=False)
    return known(value, row, msg("it sent something that is not a run"))


def task_instance_of(data: bytes) -> TaskInstance | None:
    """The task instance in an object or a list of one; None where the answer is empty.

    Raises BadResponse where there is something else in it.
    """
    value = value_of(data)
    found = single_object(value)
    id_ = text(found.get("instanceId"), ID).strip() if found else ""
    if not found or not id_:
        return known(value, None, msg("it sent something that is not a task run"))
    task = identity(found.get("taskId"))
    return TaskInstance(
        id=id_,
        task_id=TaskId(task if task is not None else identity(id_.partition("-")[0]) or 0),
        name=text(found.get("taskName"), NAME),
        status=status_of_row(found.get("status"), found.get("stsDesc")),
        start_time=text(found.get("startTime"), TIME),
        end_time=text(found.get("endTime"), TIME),
        retries=number(found.get("recallNum")) or 0,
    )


def log_of(data: bytes) -> str | None:
    """The log's text, or None where there is none."""
    value = value_of(data)
    found = single_object(value)
    return text(found.get("log") if found else value if isinstance(value, str) else None) or None


def epoch_ms_of(data: bytes) -> int | None:
    """The platform's clock in epoch ms, or None where the answer holds no time of these centuries."""
    found = number(value_of(data))
    return found if found is not None and 0 <= found <= _LATEST_MS else None


def zone_of(data: bytes) -> str:
    """The platform's zone as printed, e.g. ``GMT+8``; empty where the answer names none."""
    value = value_of(data)
    found = single_object(value)
    return text(found.get("timezone", found.get("timeZone")) if found else value, TIME).strip()

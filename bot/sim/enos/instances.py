"""The actions on instances and task instances: search, get, cancel, getLog."""

from typing import Any

import msgspec

from bot.sim.enos.action_call import ActionCall, whole
from bot.sim.enos.logs import log_of
from bot.sim.enos.model import Denied, Instance, Status, TaskRun
from bot.sim.enos.search import ORDERS, SearchTerms

_CAMEL = {
    "createTime": "create_time",
    "updateTime": "update_time",
    "startTime": "start_time",
    "triggerTime": "trigger_time",
    "endTime": "end_time",
}
_SNAKE = {name: name for name in ORDERS}
_SORTS = {
    "snake": _SNAKE,
    "snake3": {name: name for name in ("create_time", "update_time", "start_time")},
    "camel": _CAMEL,
    "both": _SNAKE | _CAMEL,
    "none": {},
}
_LOG_LENGTH = 1 << 20  # the default of maxLength


def search(call: ActionCall) -> Any:
    """List Flow Instances: one page of what is related to the user and fits."""
    switches = call.platform.switches
    number, size, order, descending = _page(call)
    owner = call.field("owner")
    expression = call.fields().get("expression") or ""
    if not isinstance(owner, str) or not isinstance(expression, str):
        raise Denied(62102, "body")
    terms = SearchTerms(
        kind=call.whole("type"),
        since=max(call.whole("fromTriggerTime") / 1000, call.oldest() // 3600 * 3600),
        until=call.whole("toTriggerTime") / 1000,
        closed=switches.range_end == "closed",
        statuses=_statuses(call.field("status"), empty=switches.empty_filter),
        owner=owner,
        expression=expression,
        order=order,
        descending=descending,
        reader=call.user.id,
    )
    found = call.platform.search(call.user, terms)
    rows = found[number * size : number * size + size]
    printed = [
        msgspec.Raw(call.printer.row(each, edit=call.edits(each.flow), read=call.reads(each.flow))) for each in rows
    ]
    count = len(found) if switches.count == "total" else len(rows)
    return {"flowInsts": printed, "count": call.printer.numbers(count)}


def _page(call: ActionCall) -> tuple[int, int, str, bool]:
    """Read the page's number counted from zero, its size, the field to sort by, and whether it descends."""
    pagination = call.field("pagination")
    number, size = page_of(call, pagination)
    sorters = sorters_of(pagination)
    if not sorters:
        return number, size, "", False
    names = _SORTS[call.platform.switches.sort_names]
    field, descending = sorters[0]
    if field not in names:
        raise Denied(62102, "sorter")
    return number, size, names[field], descending


def sorters_of(pagination: dict[str, Any]) -> list[tuple[str, bool]]:
    """Read the fields to sort by, each with whether it descends: an array, or the single object of a table."""
    sorters = pagination.get("sorters") or []
    sorters = [sorters] if isinstance(sorters, dict) else sorters
    if not isinstance(sorters, list) or not all(isinstance(each, dict) for each in sorters):
        raise Denied(62102, "body")
    return [(str(each.get("field")), str(each.get("order", "ASC")).upper() == "DESC") for each in sorters]


def page_of(call: ActionCall, pagination: object) -> tuple[int, int]:
    """Read a Pagination: the page, counted from zero whatever the platform counts from, and its size."""
    if not isinstance(pagination, dict) or "pageNo" not in pagination or "pageSize" not in pagination:
        raise Denied(62102, "body")
    number, size = whole(pagination["pageNo"]), whole(pagination["pageSize"])
    base = call.platform.switches.page_base
    if base == "1-clamp":
        number = max(number, 1)
    number -= int(base != "0")
    if number < 0 or size < 1:
        raise Denied(62102, "body")
    cap = call.platform.switches.page_cap
    return number, min(size, cap) if cap else size


def _statuses(value: object, *, empty: str) -> frozenset[Status] | None:
    """Read the states asked for; None for any. Numbers that the platform does not know match nothing."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Denied(62102, "body")
    text = str(value).strip()
    if not text:
        return None if empty == "any" else frozenset()
    numbers = {whole(part.strip()) for part in text.split(",")}
    return frozenset(status for status in Status if status in numbers)


def get(call: ActionCall) -> Any:
    """Get Flow Instance, with its tasks' states."""
    instance = call.instance(call.parameter("flowInstId"))
    if instance is None:
        return _unknown(call)
    flow = instance.flow
    printed = call.printer.instance(instance, edit=call.edits(flow), read=call.reads(flow))
    return call.printer.numbers(call.printer.single(printed))


def _unknown(call: ActionCall) -> None:
    match call.platform.switches.unknown_instance:
        case "empty":
            return
        case "62109":
            raise Denied(62109, "internal")
        case _:
            raise Denied(62102, "no_instance")


def cancel(call: ActionCall) -> Any:
    """Cancel Flow Instance."""
    instance = call.instance(str(call.field("flowInstId")))
    if instance is None:
        _unknown(call)
        return ""
    call.must_move(instance.flow)
    if instance.end is not None and call.platform.switches.cancel_ended == "error":
        raise Denied(62102, "ended")
    call.platform.runs.cancel(instance, call.now)
    return ""


def get_task(call: ActionCall) -> Any:
    """Get Task Instance."""
    found = _task_instance(call)
    if found is None:
        return _unknown(call)
    return call.printer.numbers(call.printer.single(call.printer.task(*found)))


def get_log(call: ActionCall) -> Any:
    """Get Task Instance Log, as long as asked for."""
    found = _task_instance(call)
    log = None if found is None else log_of(*found, call.now)
    if log is None:
        if call.platform.switches.log_errors == "one":
            raise Denied(62102, "neither")
        raise Denied(62102, "no_instance") if found is None else Denied(62109, "no_log")
    asked = call.query.get("maxLength", "")
    length = whole(asked) if asked else _LOG_LENGTH
    if length < 0:
        raise Denied(62102, "body")
    kept = log[:length] if call.platform.switches.log_keep == "first" else log[max(0, len(log) - length) :]
    return {"log": kept}


def _task_instance(call: ActionCall) -> tuple[Instance, TaskRun] | None:
    """Find the instance and task run of a task instance id; None where there is none."""
    task_id, _, suffix = call.parameter("taskInstId").partition("-")
    if not (task_id.isdecimal() and task_id.isascii()):
        return None
    for flow in call.platform.flows.values():
        if int(task_id) in flow.shape.by_id:
            instance = call.instance(f"{flow.id}-{suffix}")
            if instance is not None and int(task_id) in instance.shape.by_id:
                return instance, instance.tasks[int(task_id)]
    return None

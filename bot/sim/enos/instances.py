"""The actions on instances and task instances: search, get, cancel, getLog."""

from typing import Any

import msgspec

from bot.sim.enos.ask import Ask, whole
from bot.sim.enos.logs import log_of
from bot.sim.enos.model import Denied, Instance, Status, TaskRun
from bot.sim.enos.search import ORDERS, Terms

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


def search(ask: Ask) -> Any:
    """List Flow Instances: one page of what is related to the user and fits."""
    switches = ask.platform.switches
    number, size, order, descending = _page(ask)
    owner = ask.field("owner")
    expression = ask.fields().get("expression") or ""
    if not isinstance(owner, str) or not isinstance(expression, str):
        raise Denied(62102, "body")
    terms = Terms(
        kind=ask.whole("type"),
        since=max(ask.whole("fromTriggerTime") / 1000, ask.oldest() // 3600 * 3600),
        until=ask.whole("toTriggerTime") / 1000,
        closed=switches.range_end == "closed",
        statuses=_statuses(ask.field("status"), empty=switches.empty_filter),
        owner=owner,
        expression=expression,
        order=order,
        descending=descending,
        reader=ask.user.id,
    )
    found = ask.platform.search(ask.user, terms)
    rows = found[number * size : number * size + size]
    printed = [
        msgspec.Raw(ask.printer.row(each, edit=ask.edits(each.flow), read=ask.reads(each.flow))) for each in rows
    ]
    count = len(found) if switches.count == "total" else len(rows)
    return {"flowInsts": printed, "count": ask.printer.numbers(count)}


def _page(ask: Ask) -> tuple[int, int, str, bool]:
    """Return the page's number counted from zero, its size, and the order asked for."""
    pagination = ask.field("pagination")
    number, size = page_of(ask, pagination)
    sorters = sorters_of(pagination)
    if not sorters:
        return number, size, "", False
    names = _SORTS[ask.platform.switches.sort_names]
    field, descending = sorters[0]
    if field not in names:
        raise Denied(62102, "sorter")
    return number, size, names[field], descending


def sorters_of(pagination: dict[str, Any]) -> list[tuple[str, bool]]:
    """Return the fields to sort by, each with whether it descends: an array, or one object as a table says."""
    sorters = pagination.get("sorters") or []
    sorters = [sorters] if isinstance(sorters, dict) else sorters
    if not isinstance(sorters, list) or not all(isinstance(each, dict) for each in sorters):
        raise Denied(62102, "body")
    return [(str(each.get("field")), str(each.get("order", "ASC")).upper() == "DESC") for each in sorters]


def page_of(ask: Ask, pagination: object) -> tuple[int, int]:
    """Return a Pagination's page, counted from zero whatever the platform counts from, and its size."""
    if not isinstance(pagination, dict) or "pageNo" not in pagination or "pageSize" not in pagination:
        raise Denied(62102, "body")
    number, size = whole(pagination["pageNo"]), whole(pagination["pageSize"])
    base = ask.platform.switches.page_base
    if base == "1-clamp":
        number = max(number, 1)
    number -= int(base != "0")
    if number < 0 or size < 1:
        raise Denied(62102, "body")
    cap = ask.platform.switches.page_cap
    return number, min(size, cap) if cap else size


def _statuses(value: object, *, empty: str) -> frozenset[Status] | None:
    """Return the states asked for; None for any. Numbers that the platform does not know match nothing."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Denied(62102, "body")
    text = str(value).strip()
    if not text:
        return None if empty == "any" else frozenset()
    numbers = {whole(part.strip()) for part in text.split(",")}
    return frozenset(status for status in Status if status in numbers)


def get(ask: Ask) -> Any:
    """Get Flow Instance: with its tasks' states."""
    instance = ask.instance(ask.parameter("flowInstId"))
    if instance is None:
        return _unknown(ask)
    flow = instance.flow
    printed = ask.printer.instance(instance, edit=ask.edits(flow), read=ask.reads(flow))
    return ask.printer.numbers(ask.printer.single(printed))


def _unknown(ask: Ask) -> None:
    match ask.platform.switches.unknown_instance:
        case "empty":
            return
        case "62109":
            raise Denied(62109, "internal")
        case _:
            raise Denied(62102, "no_instance")


def cancel(ask: Ask) -> Any:
    """Cancel Flow Instance."""
    instance = ask.instance(str(ask.field("flowInstId")))
    if instance is None:
        _unknown(ask)
        return ""
    ask.must_move(instance.flow)
    if instance.end is not None and ask.platform.switches.cancel_ended == "error":
        raise Denied(62102, "ended")
    ask.platform.runs.cancel(instance, ask.now)
    return ""


def get_task(ask: Ask) -> Any:
    """Get Task Instance."""
    found = _task_instance(ask)
    if found is None:
        return _unknown(ask)
    return ask.printer.numbers(ask.printer.single(ask.printer.task(*found)))


def get_log(ask: Ask) -> Any:
    """Get Task Instance Log, as long as asked for."""
    found = _task_instance(ask)
    log = None if found is None else log_of(*found, ask.now)
    if log is None:
        if ask.platform.switches.log_errors == "one":
            raise Denied(62102, "neither")
        raise Denied(62102, "no_instance") if found is None else Denied(62109, "no_log")
    asked = ask.query.get("maxLength", "")
    length = whole(asked) if asked else _LOG_LENGTH
    if length < 0:
        raise Denied(62102, "body")
    kept = log[:length] if ask.platform.switches.log_keep == "first" else log[max(0, len(log) - length) :]
    return {"log": kept}


def _task_instance(ask: Ask) -> tuple[Instance, TaskRun] | None:
    """Return the instance and task that a task instance id names."""
    task_id, _, suffix = ask.parameter("taskInstId").partition("-")
    if not (task_id.isdecimal() and task_id.isascii()):
        return None
    for flow in ask.platform.flows.values():
        if int(task_id) in flow.shape.by_id:
            instance = ask.instance(f"{flow.id}-{suffix}")
            if instance is not None and int(task_id) in instance.shape.by_id:
                return instance, instance.tasks[int(task_id)]
    return None

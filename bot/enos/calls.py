"""The actions of the batch API as values: one function builds one call, nothing is sent.

Source: EnOS Batch Processing API v2.1, one page per action (named in each docstring). Delete Flow is left out on
purpose: it is a GET, and nothing may ever send it by accident. Editing definitions is in ``calls_edit.py``.
Errors that every action may answer: 62101, 62103, 62109 (``errors.py``); each docstring names the others.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from bot.core.flow.model import FlowId, InstanceId, Parameter, Search, TaskId
from bot.enos.signature import Query, query_string

PREFIX = "/batch-processing-service/v2.1"
ALL_STATUSES = tuple(range(-1, 11))
ATTEMPTS = 4  # of one read, before its failure is told
PAGE_SIZE = 50  # the most that Search Flow recommends


class Kind(Enum):
    """Whether a call may be sent again when its answer was lost."""

    READ = "read"
    MUTATION = "mutation"


@dataclass(frozen=True, slots=True)
class Actor:
    """As whom a call is made: the technical user id and the organization id."""

    user: str
    org: str


@dataclass(frozen=True, slots=True)
class Call:
    """A call, not yet signed. The body is sent byte for byte; it may hold secrets, so no repr shows it."""

    method: str
    path: str
    query: Query
    body: bytes | None = field(default=None, repr=False)
    kind: Kind = Kind.READ

    @property
    def action(self) -> str:
        """The action's name: ``search``."""
        return dict(self.query).get("action", "")

    @property
    def name(self) -> str:
        """Resource and action, for metrics and sentences: ``flowInstances.search``. Never an id."""
        return f"{self.path.rsplit('/', 1)[-1]}.{self.action}"

    @property
    def target(self) -> str:
        """Path and query for the wire."""
        return f"{self.path}?{query_string(self.query)}" if self.query else self.path


def clean(words: str) -> str:
    """Return text that UTF-8 can carry: lone surrogates become question marks."""
    return words.encode("utf-8", "replace").decode()


def get(resource: str, action: str, actor: Actor | None, **query: str) -> Call:
    """Build a GET that may be repeated; ``actor`` is None for the two time actions only."""
    return Call("GET", f"{PREFIX}/{resource}", _query(action, actor, query))


def post(resource: str, action: str, actor: Actor, body: object, kind: Kind = Kind.MUTATION) -> Call:
    """Build a POST with a compact JSON body."""
    encoded = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return Call("POST", f"{PREFIX}/{resource}", _query(action, actor, {}), encoded, kind)


def _query(action: str, actor: Actor | None, more: dict[str, str]) -> Query:
    identity = (("userId", clean(actor.user)), ("orgId", clean(actor.org))) if actor else ()
    return (("action", action), *((name, clean(value)) for name, value in more.items()), *identity)


def _pagination(number: int, size: int, field_name: str, order: str) -> dict[str, object]:
    paged: dict[str, object] = {"pageNo": number, "pageSize": size}
    if field_name:
        paged["sorters"] = [{"field": field_name, "order": order}]
    return paged


# flow instances


def search_instances(terms: Search, number: int, sort: str, actor: Actor, *, size: int = PAGE_SIZE) -> Call:
    """List Flow Instances: one page, newest ``sort`` first (empty: the server's own order).

    Times are epoch ms, half-open; empty owner or status means no filter; status is one string of numbers.
    Answers ``{"flowInsts": [FlowInstance], "count": n}``. Errors: 62102 for an unknown sort field.
    """
    body = {
        "type": terms.kind,
        "expression": terms.expression,
        "owner": terms.owner,
        "fromTriggerTime": terms.since,
        "toTriggerTime": terms.until,
        "status": ",".join(str(int(status)) for status in terms.statuses),
        "pagination": _pagination(number, size, sort, "DESC"),
    }
    return post("flowInstances", "search", actor, body, Kind.READ)


def get_instance(instance: InstanceId, actor: Actor) -> Call:
    """Get Flow Instance: one FlowInstance with its graph and tasks' states. An unknown id is undocumented."""
    return get("flowInstances", "get", actor, flowInstId=instance)


def cancel(instance: InstanceId, actor: Actor) -> Call:
    """Cancel Flow Instance: answers ``""``; the effect is asynchronous. For the instance's owner."""
    return post("flowInstances", "cancel", actor, {"flowInstId": instance})


# flows


def get_flow(flow: FlowId, actor: Actor) -> Call:
    """Get Flow: one Flow, as this user sees it."""
    return get("flows", "get", actor, flowId=str(flow))


def get_my_flows(expression: str, actor: Actor) -> Call:
    """Get My Flow: every flow related to the user, ``[{flowId, flowName, editable, cycle}]``, without pages.

    ``expression`` matches id and name loosely; empty leaves it out.
    """
    return get("flows", "getMyFlow", actor, **({"expression": expression} if expression else {}))


def search_flows(expression: str, number: int, sort: str, actor: Actor, *, size: int = PAGE_SIZE) -> Call:
    """Search Flow: one page of the whole organization's flows, ``[{flowId, flowName}]``, without a total.

    Errors: 62102 for an unknown sort field.
    """
    body = {"expression": expression, "pagination": _pagination(number, size, sort, "ASC")}
    return post("flows", "search", actor, body, Kind.READ)


def trigger(flow: FlowId, at_ms: int, actor: Actor) -> Call:
    """Trigger Flow: all tasks, for the data time ``at_ms`` (epoch ms; a past time starts at once).

    Answers ``{"flowInstanceId"}``. Errors: 62104 no task in the flow; 62102 twice within a minute.
    """
    return post("flows", "trigger", actor, {"flowId": flow, "triggerTime": at_ms})


def trigger_from_task(flow: FlowId, task: TaskId, at_ms: int, actor: Actor) -> Call:
    """Trigger Flow From Task (since 2.2.0): the task and all downstream of it; else as ``trigger``.

    Errors: 62102 ``Invalid request body.``, ``Cannot create workflow instance. …`` (unknown, or within a minute).
    """
    return post("flows", "triggerFromTask", actor, {"flowId": flow, "taskId": task, "triggerTime": at_ms})


def update_and_trigger(flow: FlowId, at_ms: int, parameters: Sequence[Parameter], actor: Actor) -> Call:
    """Update And Trigger Flow: all tasks once with these parameters; the flow itself stays as it is.

    Sent as an array of ``{key, value}``. Answers and errors as ``trigger``.
    """
    pairs = [{"key": parameter.key, "value": parameter.value} for parameter in parameters]
    return post("flows", "updateAndTrigger", actor, {"flowId": flow, "triggerTime": at_ms, "parameters": pairs})


def enable(flow: FlowId, actor: Actor) -> Call:
    """Enable Flow: scheduling on; answers ``""``. For owners, unlocked."""
    return post("flows", "enable", actor, {"flowId": flow})


def disable(flow: FlowId, actor: Actor) -> Call:
    """Disable Flow: scheduling off; answers ``""``. Running instances are not touched."""
    return post("flows", "disable", actor, {"flowId": flow})


# task instances


def get_task_instance(task_instance: str, actor: Actor) -> Call:
    """Get Task Instance (since 2.3.0): one TaskInstance; the id is ``<task id>-<digits>``."""
    return get("taskInstances", "get", actor, taskInstId=task_instance)


def get_log(task_instance: str, actor: Actor, *, most: int | None = None) -> Call:
    """Get Task Instance Log: ``{"log": text}``, at most ``most`` characters (2^20 by default).

    Which end is cut is not said.
    Errors: 62102 ``Instance not found`` or ``Invalid taskInstId or it has no log``; 62109 ``No log found``.
    """
    length = {} if most is None else {"maxLength": str(most)}
    return get("taskInstances", "getLog", actor, taskInstId=task_instance, **length)


# time


def get_current_time() -> Call:
    """Get Current Time: the platform's clock, epoch ms as a bare number. Takes no user."""
    return get("time", "getCurrentTime", None)


def get_time_zone() -> Call:
    """Get Timezone: ``{"timezone": "GMT+8"}``. Takes no user."""
    return get("time", "getTimeZone", None)

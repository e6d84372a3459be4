"""The actions of the batch API as values: one function builds one call, nothing is sent. How calls are signed.

Source: EnOS Batch Processing API v2.1, one page per action (named in each docstring). Delete Flow is left out on
purpose: it is a GET, and nothing may ever send it by accident. Editing definitions is in ``calls_edit.py``.
Errors that every action may answer: 62101, 62103, 62109 (``codes.py``); each docstring names the others.
Signing: APIM "Get Access Token" and "Invoking API with Access Token"; the vendor's published digest is a test.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import field
from enum import Enum
from urllib.parse import quote

from bot.core.flow.model import FlowId, InstanceId, Parameter, Search, TaskId
from bot.core.values import dataclass

PREFIX = "/batch-processing-service/v2.1"
ALL_STATUSES = tuple(range(-1, 11))
ATTEMPTS = 4  # of one read, before it fails
PAGE_SIZE = 50  # the most that Search Flow recommends

Query = tuple[tuple[str, str], ...]


class Kind(Enum):
    """Whether a call may be sent again when its answer was lost."""

    READ = "read"
    MUTATION = "mutation"


@dataclass(frozen=True, slots=True)
class Actor:
    """The user a call is made as: technical user ID and organization ID."""

    user: str
    org: str


@dataclass(frozen=True, slots=True)
class Call:
    """A call, not yet signed. The body is sent byte for byte; it may hold secrets, so it is not in the repr."""

    method: str
    path: str
    query: Query
    body: bytes | None = field(default=None, repr=False)
    kind: Kind = Kind.READ
    name: str = ""  # resource and action, for metrics and sentences: ``flowInstances.search``; never an ID

    @property
    def target(self) -> str:
        """Path and query for the wire. A space is ``%20``: ``+`` would be signed as a plus."""
        query = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in self.query)
        return f"{self.path}?{query}" if query else self.path


def build(
    resource: str, action: str, actor: Actor | None, body: object = None, *, kind: Kind | None = None, **query: str
) -> Call:
    """A GET, or a POST with a compact JSON body where there is one. Unless ``kind`` is given, a POST is a mutation.

    ``actor`` is None for the two time actions only. UTF-8 has no lone surrogates: they become question marks.
    """
    pairs = {"action": action, **query} | ({"userId": actor.user, "orgId": actor.org} if actor else {})
    encoded = None
    if body is not None:
        encoded = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return Call(
        "GET" if encoded is None else "POST",
        f"{PREFIX}/{resource}",
        tuple((name, value.encode("utf-8", "replace").decode()) for name, value in pairs.items()),
        encoded,
        kind or (Kind.READ if encoded is None else Kind.MUTATION),
        f"{resource}.{action}",
    )


def encryption(app_key: str, timestamp: int, app_secret: str) -> str:
    """What proves the key pair to the token service; good for one use. ``timestamp``: epoch ms."""
    return hashlib.sha256(f"{app_key}{timestamp}{app_secret}".encode()).hexdigest()


def signature(token: str, query: Query, body: bytes | None, timestamp: int, app_secret: str) -> str:
    """Lower-case hex SHA-256 over token, parameters, the body's exact bytes, time and secret.

    Parameters are names and decoded values in ASCII order of the names, without separators. ``timestamp``: epoch
    milliseconds; the platform refuses calls more than 15 minutes after it.
    """
    parameters = "".join(name + value for name, value in sorted(query))
    signed = hashlib.sha256(f"{token}{parameters}".encode())
    signed.update(body or b"")
    signed.update(f"{timestamp}{app_secret}".encode())
    return signed.hexdigest()


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
    return build("flowInstances", "search", actor, body, kind=Kind.READ)


def get_instance(instance: InstanceId, actor: Actor) -> Call:
    """Get Flow Instance: one FlowInstance with its graph and tasks' states. An unknown id is undocumented."""
    return build("flowInstances", "get", actor, flowInstId=instance)


def cancel(instance: InstanceId, actor: Actor) -> Call:
    """Cancel Flow Instance: answers ``""``; the effect is asynchronous. For the instance's owner."""
    return build("flowInstances", "cancel", actor, {"flowInstId": instance})


# flows


def get_flow(flow: FlowId, actor: Actor) -> Call:
    """Get Flow: one Flow, as this user sees it."""
    return build("flows", "get", actor, flowId=str(flow))


def get_my_flows(expression: str, actor: Actor) -> Call:
    """Get My Flow: every flow related to the user, ``[{flowId, flowName, editable, cycle}]``, without pages.

    ``expression`` matches id and name loosely; empty leaves it out.
    """
    if expression:
        return build("flows", "getMyFlow", actor, expression=expression)
    return build("flows", "getMyFlow", actor)


def search_flows(expression: str, number: int, sort: str, actor: Actor, *, size: int = PAGE_SIZE) -> Call:
    """Search Flow: one page of the whole organization's flows, ``[{flowId, flowName}]``, without a total.

    Errors: 62102 for an unknown sort field.
    """
    body = {"expression": expression, "pagination": _pagination(number, size, sort, "ASC")}
    return build("flows", "search", actor, body, kind=Kind.READ)


def trigger(flow: FlowId, at_ms: int, actor: Actor) -> Call:
    """Trigger Flow: all tasks, for the trigger time ``at_ms`` (epoch ms; a past time starts at once).

    Answers ``{"flowInstanceId"}``. Errors: 62104 no task in the flow; 62102 twice within a minute.
    """
    return build("flows", "trigger", actor, {"flowId": flow, "triggerTime": at_ms})


def trigger_from_task(flow: FlowId, task: TaskId, at_ms: int, actor: Actor) -> Call:
    """Trigger Flow From Task (since 2.2.0): the task and all downstream of it; else as ``trigger``.

    Errors: 62102 ``Invalid request body.``, ``Cannot create workflow instance. …`` (unknown, or within a minute).
    """
    return build("flows", "triggerFromTask", actor, {"flowId": flow, "taskId": task, "triggerTime": at_ms})


def update_and_trigger(flow: FlowId, at_ms: int, parameters: Sequence[Parameter], actor: Actor) -> Call:
    """Update And Trigger Flow: all tasks once with these parameters; the flow itself does not change.

    Sent as an array of ``{key, value}``. Answers and errors as ``trigger``.
    """
    pairs = [{"key": parameter.key, "value": parameter.value} for parameter in parameters]
    return build("flows", "updateAndTrigger", actor, {"flowId": flow, "triggerTime": at_ms, "parameters": pairs})


def enable(flow: FlowId, actor: Actor) -> Call:
    """Enable Flow: scheduling on; answers ``""``. For owners, unlocked."""
    return build("flows", "enable", actor, {"flowId": flow})


def disable(flow: FlowId, actor: Actor) -> Call:
    """Disable Flow: scheduling off; answers ``""``. Running instances are not touched."""
    return build("flows", "disable", actor, {"flowId": flow})


# task instances


def get_task_instance(task_instance: str, actor: Actor) -> Call:
    """Get Task Instance (since 2.3.0): one TaskInstance; the id is ``<task id>-<digits>``."""
    return build("taskInstances", "get", actor, taskInstId=task_instance)


def get_log(task_instance: str, actor: Actor, *, most: int | None = None) -> Call:
    """Get Task Instance Log: ``{"log": text}``, at most ``most`` characters (2^20 by default).

    Which end is cut is not documented.
    Errors: 62102 ``Instance not found`` or ``Invalid taskInstId or it has no log``; 62109 ``No log found``.
    """
    if most is None:
        return build("taskInstances", "getLog", actor, taskInstId=task_instance)
    return build("taskInstances", "getLog", actor, taskInstId=task_instance, maxLength=str(most))


# time


def get_current_time() -> Call:
    """Get Current Time: the platform's clock, epoch ms as a bare number. Takes no user."""
    return build("time", "getCurrentTime", None)


def get_time_zone() -> Call:
    """Get Timezone: ``{"timezone": "GMT+8"}``. Takes no user."""
    return build("time", "getTimeZone", None)

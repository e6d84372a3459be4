"""Events for PagerDuty: bodies of its Events API v2, and which of them an incident needs next.

https://developer.pagerduty.com/docs/events-api-v2/trigger-events/

``dedup_key`` has at most 255 characters, ``summary`` 1024, the whole body 512 KB. The key (``routing_key``) is
added when a body is sent: no database holds it.

PagerDuty has no event that takes an acknowledgement back, and a second ``trigger`` of an acknowledged alert calls
nobody. So where an incident has to be paged again, its alert is resolved and triggered again.
"""

import json
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

from bot.core.bridges.facts import facts, moment
from bot.core.flow.status import OWN, name_of
from bot.core.incident.events import IncidentStep
from bot.core.incident.model import Incident

LONGEST_SUMMARY, LONGEST_DEDUP_KEY = 1024, 255


class Action(Enum):
    """``event_action``."""

    TRIGGER = "trigger"
    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"


_FOLLOWS = {
    IncidentStep.ACKNOWLEDGED: Action.ACKNOWLEDGE,
    IncidentStep.HANDED_OVER: Action.ACKNOWLEDGE,
    IncidentStep.RECOVERED: Action.RESOLVE,
    IncidentStep.CLOSED: Action.RESOLVE,
}


def next_actions(last: Action | None, steps: Sequence[IncidentStep]) -> tuple[Action, ...]:
    """The actions that follow from an incident's steps, where the last one queued for it is ``last``.

    None for an incident that was never paged, or whose alert is resolved.
    """
    actions = list[Action]()
    for step in steps:
        action = _FOLLOWS.get(step)
        if action is not None and action is not last and last not in {None, Action.RESOLVE}:
            actions.append(action)
            last = action
    return tuple(actions)


def page_actions(last: Action | None) -> tuple[Action, ...]:
    """The actions that page an incident: none where it is paged already and not acknowledged there."""
    match last:
        case Action.TRIGGER:
            return ()
        case Action.ACKNOWLEDGE:
            return Action.RESOLVE, Action.TRIGGER
        case _:
            return (Action.TRIGGER,)


def body(action: Action, incident: Incident, links: Mapping[str, str], *, source: str) -> str:
    """The body of an event, without the key."""
    event: dict[str, Any] = {"event_action": action.value, "dedup_key": incident.id[:LONGEST_DEDUP_KEY]}
    if action is Action.TRIGGER:
        event["client"] = "flowbot"
        event["links"] = [{"href": address, "text": name} for name, address in links.items()]
        event["payload"] = {
            "summary": _summary(incident),
            "source": source,
            "severity": "error",
            "timestamp": moment(incident.opened_at),
            "component": incident.flow_name[:LONGEST_SUMMARY],
            "class": "batch flow",
            "custom_details": facts(incident, None, links),
        }
    return json.dumps(event, ensure_ascii=False)


def with_key(stored: str, key: str) -> bytes:
    """What is sent: the stored body with the key."""
    return json.dumps({"routing_key": key, **json.loads(stored)}).encode()


def _summary(incident: Incident) -> str:
    """The alert's title: status, flow, and task or time. Data only, so that it needs no language."""
    newest, late = incident.occurrences[-1] if incident.occurrences else None, incident.background.late
    about = newest.failed_task_name if newest else ""
    if newest and late and newest.status in OWN:
        about = late.clock
    parts = [name_of(newest.status) if newest else "", incident.flow_name, about]
    return " · ".join(filter(None, parts))[:LONGEST_SUMMARY]

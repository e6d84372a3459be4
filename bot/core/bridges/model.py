"""Bridges and their events as values.

    queued ──► sending ──► sent
       ▲          │
       └──────────┴──► given up

An event is a row before it is a call, written in the transaction that changes the incident. After a lost answer, or a
crash while sending, it is sent again under the same id: a receiver gets each at least once.
"""

from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import UTC, datetime
from enum import Enum

from bot.core.incident.model import Incident, IncidentId
from bot.core.values import dataclass


class Bridge(Enum):
    """Where events go."""

    WEBHOOK = "webhook"
    PAGERDUTY = "pagerduty"


class EventState(Enum):
    """See the drawing above."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    GIVEN_UP = "given up"


@dataclass(frozen=True, slots=True)
class BridgeEvent:
    """One event of the outbox. ``body`` is JSON; for PagerDuty it lacks the key, which no database holds."""

    id: str
    bridge: Bridge
    incident: IncidentId
    step: str
    body: str
    at: datetime  # when it was queued
    state: EventState = EventState.QUEUED
    attempts: int = 0
    why: str = ""  # the last failure


@dataclass(frozen=True, slots=True)
class BridgeSettings:
    """What the store needs to write events. ``links`` returns addresses that belong to an incident, by name.

    Its second argument is the channel and the ``ts`` of the incident's message, both empty while it is not posted.
    """

    configured: frozenset[Bridge] = frozenset()
    source: str = "urn:flowbot"
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    new_id: Callable[[], str] = lambda: ""
    links: Callable[[Incident, tuple[str, str]], Mapping[str, str]] = field(default=lambda _incident, _place: {})

"""Incidents and occurrences as values. The decisions about them are in ``detection.py`` and ``lifecycle.py``.

open ──► acknowledged ──► recovered
  │           │    ▲
  └───────────┴────┴───► closed (by a person; reopen leads back to open)
"""

from dataclasses import replace
from datetime import datetime
from enum import Enum
from typing import NewType

from bot.core.flow.model import FlowId, InstanceId, TaskId, UserName
from bot.core.history.background import NOTHING_KNOWN, Background
from bot.core.incident.resolution import Resolution
from bot.core.outbox.posts import PostId
from bot.core.people.model import Person
from bot.core.values import dataclass

IncidentId = NewType("IncidentId", str)
SnoozeId = NewType("SnoozeId", str)
OfferId = NewType("OfferId", str)


class Phase(Enum):
    """The phase of an incident."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RECOVERED = "recovered"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One failure of one instance."""

    instance: InstanceId
    status: int
    trigger_time: str  # as printed
    end_time: str  # as printed; empty while unknown
    seen_at: datetime
    failed_tasks: tuple[TaskId, ...] = ()
    failed_task_name: str = ""
    error_line: str = ""  # masked
    backfilled: bool = False


@dataclass(frozen=True, slots=True)
class IncidentCard:
    """The message about an incident in one of its channels."""

    channel: str  # or the user id of the person to whose direct messages it goes
    post: PostId  # its own first message; that of the group while it is grouped
    grouped: bool = False  # listed in a group's message, without a thread of its own
    listed_in: str = ""  # that message, which still lists it once it has a thread
    told_at: datetime | None = None  # when its thread, or its place in a storm, was decided on; None: at a first start


class SnoozeEnd(Enum):
    """What ended a snooze."""

    TIME = "time"
    SUCCESS = "success"  # of its flow, after a failure
    PERSON = "person"
    REPLACED = "replaced"  # by another one of the same flow, or of all flows


@dataclass(frozen=True, slots=True)
class Snooze:
    """Nobody is called about a flow, or about any, for a while. What it says never changes; it only ends."""

    id: SnoozeId
    flow_id: FlowId | None  # None: all flows
    flow_name: str
    by: Person
    at: datetime
    until: datetime  # at the latest
    because: str  # masked
    until_success: bool = False  # or until the flow's next success after a failure, if that is earlier
    end: SnoozeEnd | None = None  # None: not ended
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """Somebody was asked to take an incident, and has not answered yet (``handover.py``)."""

    offer: OfferId
    by: Person
    to: Person


@dataclass(frozen=True, slots=True)
class Incident:
    """From the first failure of a flow to its recovery."""

    id: IncidentId
    flow_id: FlowId
    flow_name: str
    phase: Phase
    opened_at: datetime
    cards: tuple[IncidentCard, ...]  # one in each of its channels, at least one; lists link to the first, its home
    occurrences: tuple[Occurrence, ...] = ()  # as they were seen; the last is the newest
    owners: tuple[UserName, ...] = ()
    last_success: str = ""  # instance id of the last successful run, if known
    acked_by: Person | None = None
    acked_at: datetime | None = None
    ack_until: datetime | None = None
    note: str = ""
    ended_at: datetime | None = None
    ended_by: Person | None = None  # closed by
    recovered_by: InstanceId | None = None
    group: str = ""  # an instance id when FLOWBOT_GROUP_BY=instance
    reminded_at: datetime | None = None  # when the last reminder was posted, or it was last acknowledged or handed back
    reminder_count: int = 0  # how many reminders since
    snooze: Snooze | None = None  # nobody is called about it until that is over, and said to be
    ask: Ask | None = None  # while it is live
    taken_from: Person | None = None  # who had it before the person who has it now, or gave it to them
    resolution: Resolution | None = None  # what a person said who closed it
    background: Background = NOTHING_KNOWN  # what is known besides
    gone: bool = False  # EnOS does not show the flow any more; its thread says so, and nobody is reminded

    @property
    def home(self) -> IncidentCard:
        """The card that lists link to."""
        return self.cards[0]

    @property
    def is_cause_acknowledged(self) -> bool:
        """Whether somebody is on the flow that causes it: then nobody is called about this one."""
        return self.background.cause is not None and self.background.cause.is_acknowledged

    @property
    def threads(self) -> tuple[IncidentCard, ...]:
        """The cards that are messages of their own, each with its thread; empty where groups list it everywhere."""
        return tuple(card for card in self.cards if not card.grouped)

    def card_in(self, channel: str) -> IncidentCard | None:
        """Its card in a channel, if it has one."""
        return next((card for card in self.cards if card.channel == channel), None)

    def with_card(self, card: IncidentCard) -> "Incident":
        """The incident with this card in the place of that in the same channel, else as its last."""
        if self.card_in(card.channel) is None:
            return replace(self, cards=(*self.cards, card))
        return replace(self, cards=tuple(card if each.channel == card.channel else each for each in self.cards))

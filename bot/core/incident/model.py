"""Incidents and occurrences as values. The decisions about them are in ``detection.py`` and ``lifecycle.py``.

open ──► acknowledged ──► recovered
  │           │    ▲
  └───────────┴────┴───► closed (by a person; reopen leads back to open)
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import NewType

from bot.core.flow.model import FlowId, InstanceId, TaskId, UserName
from bot.core.outbox.posts import PostId
from bot.core.people.model import Person

IncidentId = NewType("IncidentId", str)


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
class Incident:
    """From the first failure of a flow to its recovery."""

    id: IncidentId
    flow_id: FlowId
    flow_name: str
    channel: str
    phase: Phase
    opened_at: datetime
    post: PostId  # its first message
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
    grouped: bool = False  # listed in a group's message, without a thread of its own
    listed_in: str = ""  # that message, which still lists it once it has a thread
    told_at: datetime | None = None  # when its thread, or its place in a storm, was decided on; None: at a first start
    reminded_at: datetime | None = None  # when the last reminder was posted, or it was last acknowledged or handed back
    reminder_count: int = 0  # how many reminders since
    gone: bool = False  # EnOS does not show the flow any more; its thread says so, and nobody is reminded

"""Facts: what a poll learned and what will be said about it, written together or not at all."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from bot.core.flow.model import FlowId, InstanceId
from bot.core.incident.groups import IncidentGroup
from bot.core.incident.model import Incident, IncidentId
from bot.core.outbox.posts import NewPost


@dataclass(frozen=True, slots=True)
class Seen:
    """An instance as it was last seen: what the next poll compares with."""

    instance: InstanceId
    flow_id: FlowId
    kind: int
    status: int
    end_time: str  # as printed; empty while unknown
    trigger_at: datetime | None  # by the id's digits, UTC
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class StoredState:
    """What the store knows about the rows of one page. Read and answered within one transaction."""

    seen: Mapping[InstanceId, Seen] = field(default_factory=dict)
    incidents: tuple[Incident, ...] = ()  # the newest of each flow in the page, ended ones included
    incident_groups: tuple[IncidentGroup, ...] = ()  # all messages under which incidents stand and that are still shown
    recent: tuple[Incident, ...] = ()  # told since the time asked for, outside of a gathering that goes on


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """What is to be written, in one transaction."""

    seen: tuple[Seen, ...] = ()
    incidents: tuple[Incident, ...] = ()  # inserted or replaced whole, by id
    posts: tuple[NewPost, ...] = ()
    forget: tuple[InstanceId, ...] = ()
    incident_groups: tuple[IncidentGroup, ...] = ()  # inserted or replaced whole, by post


@dataclass(frozen=True, slots=True)
class ReadState:
    """How reading one scheduling type went so far; the early stop depends on it."""

    kind: int
    clean: bool = False  # the previous read ended without fault
    early_stop: bool = True  # turned off when a sweep found what a poll should have seen
    swept_at: datetime | None = None  # the last complete sweep
    read_at: datetime | None = None  # the last complete read


class RunState(Enum):
    """Where following a run has come to. The values are what the database stores."""

    ASKED = "asked"  # the call was, or may have been, sent, and its answer is not known
    RUNNING = "running"
    ENDED = "ended"
    NOT_STARTED = "not started"
    LOST = "lost"  # nobody saw it end, or another run has its minute


@dataclass(frozen=True, slots=True)
class Run:
    """A run somebody started from chat, followed until it ends."""

    instance: InstanceId
    flow_id: FlowId
    flow_name: str
    by: str  # Person as text
    post: str  # the message that shows its progress
    started_at: datetime
    channel: str
    thread: str = ""
    verb: str = "trigger"
    state: RunState = RunState.ASKED
    incident: IncidentId | None = None  # whose rerun it is
    attempt: int = 0  # the audit row
    trigger_ms: int = 0
    task: int = 0  # started from this task; 0 for the whole flow
    parameters: str = ""  # fingerprint of those sent (``sealed.py``), to compare after a lost answer; empty for none
    user_id: str = ""
    words: str = ""  # the command, as understood, secrets masked
    notes: str = ""  # mrkdwn that stays in the message while the run is followed

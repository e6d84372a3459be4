"""Requests: what a person asked for, as values. ``parse.py`` makes them from words; ``say`` turns them back.

A clause that was left out is None (or False, or empty). In an incident's thread the flow or run may be left out and is
filled in from the thread. What depends on "now" is kept as words (``When``, ``Period``), which ``periods.py`` resolves
with a clock and a zone.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum

from bot.core.flow.model import FlowId, InstanceId, Parameter, TaskId, UserId, UserName
from bot.core.incident.resolution import Resolution


@dataclass(frozen=True, slots=True)
class FlowRef:
    """A flow by id (all digits) or by name."""

    id: FlowId | None = None
    name: str = ""
    # As typed, where marks, a sentence's punctuation or full width were removed: a flow may have that name.
    typed: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class OwnerRef:
    """An owner: a user name, a Slack user id, or the asker."""

    name: UserName | None = None
    person: str = ""
    me: bool = False
    typed: str = field(default="", compare=False)  # see FlowRef


@dataclass(frozen=True, slots=True)
class When:
    """A moment in the asker's words, normalised: ``now``, ``14:30``, ``tomorrow 02:00``, ``2026-11-21 14:30``."""

    words: str


@dataclass(frozen=True, slots=True)
class Period:
    """A span in the asker's words, normalised: ``today``, ``last 3h``, ``2026-11-01..2026-11-07``."""

    words: str = "today"


class Bulk(Enum):
    """Many at once: those of an alert storm, or of a channel. The values are the words of commands."""

    ALL = "all"
    MINE = "all mine"  # those whose flow the asker owns


@dataclass(frozen=True, slots=True)
class Help:
    """What this person may do."""

    topic: str = ""


@dataclass(frozen=True, slots=True)
class Trigger:
    """Start a run: of the whole flow, from a task, or with changed parameters."""

    flow: FlowRef
    task: TaskId | None = None
    when: When | None = None
    parameters: tuple[Parameter, ...] = ()
    confirmed: bool = False  # that the time is far off


@dataclass(frozen=True, slots=True)
class Rerun:
    """Start again from the failed task, for the same data date."""

    instance: InstanceId | None = None
    task: TaskId | None = None
    bulk: Bulk | None = None
    storm: str = ""  # the alert storm that is meant, by the id of its message
    confirmed: bool = False  # that it is many


@dataclass(frozen=True, slots=True)
class Cancel:
    """Cancel a run."""

    instance: InstanceId | None = None
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Enable:
    """Scheduling on."""

    flow: FlowRef | None = None


@dataclass(frozen=True, slots=True)
class Disable:
    """Scheduling off."""

    flow: FlowRef | None = None
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Runbook:
    """What to do when a flow breaks: a line on its cards."""

    flow: FlowRef
    text: str  # or an address; "off" removes it


@dataclass(frozen=True, slots=True)
class Retry:
    """Rerun a flow once by itself where its error contains a text, or do not any more (``off``)."""

    flow: FlowRef | None = None
    text: str = ""
    wait: timedelta | None = None
    off: bool = False


@dataclass(frozen=True, slots=True)
class Unretry:
    """Do not start the rerun that waits; the rule stays."""

    flow: FlowRef | None = None


@dataclass(frozen=True, slots=True)
class Incidents:
    """What is open."""

    scope: str = ""  # open, unacked, mine
    flow: FlowRef | None = None
    owner: OwnerRef | None = None
    page: int = 1


@dataclass(frozen=True, slots=True)
class Failed:
    """What failed in a period."""

    period: Period = Period()
    flow: FlowRef | None = None
    owner: OwnerRef | None = None
    page: int = 1


@dataclass(frozen=True, slots=True)
class Runs:
    """Runs by trigger time."""

    period: Period = Period()
    statuses: tuple[int, ...] = ()
    flow: FlowRef | None = None
    owner: OwnerRef | None = None
    page: int = 1


@dataclass(frozen=True, slots=True)
class Show:
    """One flow or one run."""

    flow: FlowRef | None = None
    instance: InstanceId | None = None


@dataclass(frozen=True, slots=True)
class ShowGraph:
    """The task graph of one flow or one run, as a picture."""

    flow: FlowRef | None = None
    instance: InstanceId | None = None


@dataclass(frozen=True, slots=True)
class Stats:
    """How much failed in a period, and how it was dealt with."""

    period: Period = Period("last 7d")
    flow: FlowRef | None = None


@dataclass(frozen=True, slots=True)
class Log:
    """The tail of a task's log. ``here`` shows it in the thread instead of to the asker only."""

    instance: InstanceId | None = None
    task: TaskId | None = None
    tail: int | None = None  # lines
    here: bool = False


@dataclass(frozen=True, slots=True)
class Ack:
    """Acknowledge an incident, or many."""

    flow: FlowRef | None = None
    instance: InstanceId | None = None
    bulk: Bulk | None = None
    duration: timedelta | None = None
    because: str = ""


@dataclass(frozen=True, slots=True)
class Board:
    """One page of an alert storm's list."""

    page: int = 1
    storm: str = ""  # by the id of its message; empty: the newest of the channel


@dataclass(frozen=True, slots=True)
class Unack:
    """Hand an incident back."""

    flow: FlowRef | None = None
    instance: InstanceId | None = None


@dataclass(frozen=True, slots=True)
class Take:
    """Take over an incident. ``holder``: only from this person, who had it when the button was drawn."""

    flow: FlowRef | None = None
    instance: InstanceId | None = None
    duration: timedelta | None = None
    holder: str = ""  # Slack user id


@dataclass(frozen=True, slots=True)
class Assign:
    """Ask another person to take an incident."""

    person: str  # Slack user id
    flow: FlowRef | None = None
    instance: InstanceId | None = None


@dataclass(frozen=True, slots=True)
class Handover:
    """Ask another person to take everything that the asker has acknowledged."""

    person: str  # Slack user id


@dataclass(frozen=True, slots=True)
class Accept:
    """Take what one was asked to take."""

    offer: str


@dataclass(frozen=True, slots=True)
class Decline:
    """Do not take what one was asked to take."""

    offer: str


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Stop asking."""

    offer: str


@dataclass(frozen=True, slots=True)
class Close:
    """End an incident without a recovery."""

    flow: FlowRef | None = None
    instance: InstanceId | None = None
    resolution: Resolution | None = None
    because: str = ""


@dataclass(frozen=True, slots=True)
class Reopen:
    """Undo a close."""

    flow: FlowRef | None = None
    instance: InstanceId | None = None


@dataclass(frozen=True, slots=True)
class Thread:
    """Open a thread for an incident that is listed in another message."""

    flow: FlowRef | None = None
    instance: InstanceId | None = None


ALL = "all"  # flows: what may be snoozed instead of one
SUCCESS = When("success")  # until the next one of the flow


@dataclass(frozen=True, slots=True)
class Expect:
    """By when a flow is promised to be done, or whether flowbot says that it is late."""

    flow: FlowRef | None = None
    by: str = ""  # such as 06:00, in the asker's zone
    days: tuple[int, ...] = ()  # Monday is 0; none: every day
    mode: str = ""  # off, auto


@dataclass(frozen=True, slots=True)
class Snooze:
    """Call nobody about a flow for a while."""

    flow: FlowRef | None = None
    scope: str = ""  # all
    duration: timedelta | None = None
    until: When | None = None
    because: str = ""


@dataclass(frozen=True, slots=True)
class Unsnooze:
    """End a snooze."""

    flow: FlowRef | None = None
    scope: str = ""  # all


@dataclass(frozen=True, slots=True)
class Snoozes:
    """What is snoozed."""

    page: int = 1


@dataclass(frozen=True, slots=True)
class Watch:
    """Send failures to this channel, or in direct messages to the asker."""

    flow: FlowRef | None = None
    owner: OwnerRef | None = None
    glob: str = ""
    after: int | None = None
    quiet: str = ""  # such as 22:00-07:00, in the asker's zone


@dataclass(frozen=True, slots=True)
class Unwatch:
    """Remove a watch, named by its number or by its filters."""

    number: int | None = None
    flow: FlowRef | None = None
    owner: OwnerRef | None = None
    glob: str = ""
    after: int | None = None
    quiet: str = ""


@dataclass(frozen=True, slots=True)
class Watches:
    """The watches of this channel."""

    page: int = 1


@dataclass(frozen=True, slots=True)
class Preferences:
    """How flowbot speaks in this channel: what is to be set; nothing shows how it is."""

    mentions: bool | None = None
    reminders: bool | None = None
    replies: str = ""  # thread, channel
    language: str = ""
    digest: str = ""  # a time such as 08:30, or off


@dataclass(frozen=True, slots=True)
class Drill:
    """A sample failure along the routes of this channel."""


@dataclass(frozen=True, slots=True)
class LinkPerson:
    """Link a Slack person to an EnOS user."""

    person: str  # Slack user id
    user_id: UserId
    user_name: UserName


@dataclass(frozen=True, slots=True)
class Unlink:
    """Remove a person's link."""

    person: str


@dataclass(frozen=True, slots=True)
class People:
    """Who is linked."""

    page: int = 1


@dataclass(frozen=True, slots=True)
class Whoami:
    """The asker's link and permissions."""


@dataclass(frozen=True, slots=True)
class OnCall:
    """Who is on call."""


@dataclass(frozen=True, slots=True)
class Audit:
    """Who did what."""

    period: Period = Period()
    person: str = ""
    page: int = 1


@dataclass(frozen=True, slots=True)
class Status:
    """The state of flowbot itself."""


_OfFlows = (
    Trigger
    | Rerun
    | Cancel
    | Enable
    | Disable
    | Runbook
    | Retry
    | Unretry
    | Failed
    | Runs
    | Show
    | ShowGraph
    | Log
    | Stats
    | Expect
)
_OfIncidents = Incidents | Ack | Board | Unack | Close | Reopen | Thread | Snooze | Unsnooze | Snoozes | OnCall
_OfHandovers = Take | Assign | Handover | Accept | Decline | Withdraw
_OfRouting = Watch | Unwatch | Watches | Preferences | Drill
_OfPeople = Help | LinkPerson | Unlink | People | Whoami | Audit | Status
Request = _OfFlows | _OfIncidents | _OfHandovers | _OfRouting | _OfPeople

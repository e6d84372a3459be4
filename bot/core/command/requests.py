"""Requests: what a person asked for, as values. ``parse.py`` makes them from words; ``say`` turns them back.

A clause that was left out is None (or False, or empty). In an incident's thread the flow or run may be left out and is
filled in from the thread. Those about flows are in ``flow_requests.py``; what requests name, in ``references.py``.
"""

from datetime import timedelta

from bot.core.command.flow_requests import (
    Backfill,
    Backfills,
    Cancel,
    Disable,
    Enable,
    Expect,
    Failed,
    Find,
    Log,
    Mine,
    Preview,
    Rerun,
    Retry,
    Runbook,
    Runs,
    Show,
    ShowGraph,
    Stats,
    Trigger,
    Unretry,
)
from bot.core.command.references import TODAY, Bulk, FlowRef, OwnerRef, Period, When
from bot.core.flow.model import InstanceId, UserId, UserName
from bot.core.incident.resolution import Resolution
from bot.core.values import dataclass

__all__ = [  # noqa: RUF022  all requests, and what they name
    "ALL",
    "Accept",
    "Ack",
    "Assign",
    "Audit",
    "Backfill",
    "Backfills",
    "Board",
    "Bulk",
    "Cancel",
    "Close",
    "Decline",
    "Disable",
    "Drill",
    "Enable",
    "Expect",
    "Failed",
    "Find",
    "FlowRef",
    "Handover",
    "Help",
    "Incidents",
    "LinkPerson",
    "Log",
    "Mine",
    "OnCall",
    "OwnerRef",
    "People",
    "Period",
    "Preferences",
    "Preview",
    "Reopen",
    "Request",
    "Rerun",
    "Retry",
    "Runbook",
    "Runs",
    "SUCCESS",
    "Show",
    "ShowGraph",
    "Snooze",
    "Snoozes",
    "Stats",
    "Status",
    "Take",
    "Thread",
    "Trigger",
    "Unack",
    "Unlink",
    "Unretry",
    "Unsnooze",
    "Unwatch",
    "Watch",
    "Watches",
    "When",
    "Whoami",
    "Withdraw",
]


@dataclass(frozen=True, slots=True)
class Help:
    """What this person may do."""

    topic: str = ""


@dataclass(frozen=True, slots=True)
class Incidents:
    """What is open."""

    scope: str = ""  # open, unacked, mine
    flow: FlowRef | None = None
    owner: OwnerRef | None = None
    page: int = 1


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
class Ask:
    """Ask the owners of a flow to run a command."""

    command: str


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


ME = "me"  # in the place of a person


@dataclass(frozen=True, slots=True)
class LinkPerson:
    """Link a Slack person to an EnOS user, or ask the flowbot admins to link oneself."""

    person: str  # Slack user id, or ME
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

    period: Period = TODAY
    person: str = ""
    page: int = 1


@dataclass(frozen=True, slots=True)
class Status:
    """The state of flowbot itself."""


_OfFlows = (
    Trigger
    | Rerun
    | Backfill
    | Backfills
    | Cancel
    | Enable
    | Disable
    | Runbook
    | Retry
    | Unretry
    | Failed
    | Runs
    | Show
    | Find
    | Mine
    | ShowGraph
    | Log
    | Stats
    | Expect
)
_OfIncidents = Incidents | Ack | Board | Unack | Close | Reopen | Thread | Snooze | Unsnooze | Snoozes | OnCall
_OfHandovers = Take | Assign | Handover | Ask | Accept | Decline | Withdraw
_OfRouting = Watch | Unwatch | Watches | Preferences | Drill
_OfPeople = Help | LinkPerson | Unlink | People | Whoami | Audit | Status
Request = _OfFlows | _OfIncidents | _OfHandovers | _OfRouting | _OfPeople

"""Requests about flows and their runs. ``requests.py`` has the others, and says what a request is."""

from datetime import timedelta

from bot.core.command.references import SEVEN_DAYS, TODAY, Bulk, FlowRef, OwnerRef, Period, When
from bot.core.flow.model import InstanceId, Parameter, TaskId
from bot.core.values import dataclass


@dataclass(frozen=True, slots=True)
class Trigger:
    """Start a run: of the whole flow, from a task, or with changed parameters."""

    flow: FlowRef
    task: TaskId | None = None
    when: When | None = None
    parameters: tuple[Parameter, ...] = ()
    dry_run: bool = False  # only show what it would start
    confirmed: bool = False  # that the time is far off
    seen: str = ""  # the preview that was shown: nothing is started where it is not true any more


@dataclass(frozen=True, slots=True)
class Rerun:
    """Start again from the failed task, for the same data date."""

    instance: InstanceId | None = None
    task: TaskId | None = None
    bulk: Bulk | None = None
    dry_run: bool = False  # only show what it would start
    storm: str = ""  # the alert storm that is meant, by the id of its message
    confirmed: bool = False  # that it is many
    seen: str = ""  # as for ``Trigger``


class Preview:
    """To show what a ``Trigger`` or ``Rerun`` would start, and to start it once that was seen: no words mean it."""


@dataclass(frozen=True, slots=True)
class Backfill:
    """Start a run for each trigger time between two dates, one after the other."""

    flow: FlowRef | None = None
    begin: str = ""  # such as 2026-11-01, 11-01, yesterday; in the asker's zone
    end: str = ""
    every: str = ""  # hour, day, week, month; else by the flow's schedule
    task: TaskId | None = None
    dry_run: bool = False  # only show what it would start
    again: int | None = None  # those of the backfill with this number that failed
    confirmed: bool = False
    seen: str = ""  # the digest of the plan that was confirmed


@dataclass(frozen=True, slots=True)
class Backfills:
    """Pause, stop or continue a backfill."""

    act: str  # pause, stop, resume
    number: int
    turn: int = 0  # how often that was done when the button was drawn


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
class Failed:
    """What failed in a period."""

    period: Period = TODAY
    flow: FlowRef | None = None
    owner: OwnerRef | None = None
    page: int = 1


@dataclass(frozen=True, slots=True)
class Runs:
    """Runs by trigger time."""

    period: Period = TODAY
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
class Find:
    """Flows by a part of their name or ID, by an owner, or by a task that failed."""

    text: str  # or ``<@U…>``, a person whose flows are meant
    page: int = 1


@dataclass(frozen=True, slots=True)
class Mine:
    """The asker's flows."""

    page: int = 1


@dataclass(frozen=True, slots=True)
class Stats:
    """How much failed in a period, and how it was dealt with."""

    period: Period = SEVEN_DAYS
    flow: FlowRef | None = None


@dataclass(frozen=True, slots=True)
class Log:
    """The tail of a task's log. ``here`` shows it in the thread instead of to the asker only."""

    instance: InstanceId | None = None
    task: TaskId | None = None
    tail: int | None = None  # lines
    here: bool = False


@dataclass(frozen=True, slots=True)
class Expect:
    """By when a flow is promised to be done, or whether flowbot says that it is late."""

    flow: FlowRef | None = None
    by: str = ""  # such as 06:00, in the asker's zone
    days: tuple[int, ...] = ()  # Monday is 0; none: every day
    mode: str = ""  # off, auto

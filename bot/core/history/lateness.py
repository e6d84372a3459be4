"""Whether a run is missing or late (LATE), or runs far longer than it ever did (LONG): values in, a named reason out.

Two questions for LATE. ``judge`` asks history, at no cost; ``confirm`` asks what EnOS says at this moment,
of the flow and of its runs, and only where history says LATE. Any doubt is silence, with a name.

A later success makes up for an earlier run, as it ends an incident. A run that has failed is told as a failure.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum

from bot.core.flow.graph import AT_WORK
from bot.core.flow.ids import digits_of, instance_at, instance_moment
from bot.core.flow.model import Flow, FlowId, Instance, InstanceId
from bot.core.flow.status import Status, is_finished
from bot.core.history.background import UsualDuration
from bot.core.history.runs import PastRun
from bot.core.history.usual import LEAST, Habits, UsualTime, is_by_schedule, teaches, usual_time
from bot.core.values import dataclass

BY_A_PERSON = frozenset({Status.CANCEL, Status.SKIP})
_FARTHEST = 100  # trigger times back: an older miss is news no more
_TO_THE_MINUTE = 12  # digits
_OF_THE_LONGEST, _LONGER_THAN_THAT = 3, timedelta(minutes=30)  # what is far longer than the longest run


class Reason(Enum):
    """Why a run is reported, or why not."""

    LATE = "late"
    WILL_BE_LATE = "its promise cannot be kept any more"
    LONG = "far longer than ever"
    SWITCHED_OFF = "switched off"  # by expect, or by FLOWBOT_LATE
    NO_SCHEDULE = "no schedule that is understood"
    HISTORY_TOO_SHORT = "history too short"
    NOT_DUE = "not due"
    DONE = "done"
    FAILED = "the run has failed"  # which is told as a failure
    ENDED_BY_A_PERSON = "ended by a person"  # canceled, or skipped
    WAS_OFF = "the run before is missing, too"  # its schedule was off until lately
    READ_TOO_OLD = "history was read too long ago"
    SNOOZED = "snoozed"
    FAILING_ALREADY = "failing already"  # it has an open incident
    DISABLED = "its schedule is off"
    SCHEDULE_CHANGED = "its schedule was changed"
    NOT_AS_IN_HISTORY = "EnOS shows another state than history"
    UNREADABLE = "EnOS did not say"


@dataclass(frozen=True, slots=True)
class Due:
    """What is expected of one run of a flow."""

    fire: datetime  # its trigger time
    by: datetime  # when it is usually done, or was promised to be
    deadline: datetime  # from then on it is late
    usual: UsualTime | None = None  # None: a promise


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one look at a flow came to."""

    reason: Reason
    due: Due | None = None  # what it is about
    run: PastRun | None = None  # the run that is late; None: there is none
    again: datetime | None = None  # the next deadline, where one is known


# ── LATE ──


def judge(
    runs: Sequence[PastRun],
    known: Habits | None,
    fires: Sequence[datetime],
    read_since: datetime | None,
    now: datetime,
) -> Verdict:
    """Whether the newest run whose usual time has passed, with its margin, is late by what history holds.

    ``known`` is what the ``runs`` teach. ``fires`` are the trigger times of the schedule, in order, the next one
    included, as far as the digits of the flow's ids show them. ``read_since`` is when the last complete read of
    history began.
    """
    if known is None:
        return Verdict(Reason.HISTORY_TOO_SHORT)
    again: datetime | None = None
    coming: Due | None = None
    for place in range(len(fires) - 1, max(-1, len(fires) - 1 - _FARTHEST), -1):
        fire = fires[place]
        usual = usual_time(known, fire)
        if usual is None and fire <= now:
            return Verdict(Reason.HISTORY_TOO_SHORT, again=again)
        if usual is None:
            continue
        due = Due(fire, fire + usual.delay, fire + usual.delay + usual.margin, usual)
        if due.deadline <= now:
            around = (fires[place - 1] if place else None, fires[place + 1] if place + 1 < len(fires) else None)
            return replace(judge_due(due, around, runs, read_since, now), again=again)
        coming, again = due, due.deadline
    return Verdict(Reason.NOT_DUE, coming, again=again)


def judge_due(
    due: Due,
    around: tuple[datetime | None, datetime | None],
    runs: Sequence[PastRun],
    read_since: datetime | None,
    now: datetime,
) -> Verdict:
    """Whether a run whose deadline has passed is late by what history holds.

    ``around`` are the trigger times before and after its own.
    """
    before, after = around
    begun = [run for run in runs if due.fire <= run.triggered_at <= now]
    if any(run.status == Status.SUCCESS for run in begun):
        return Verdict(Reason.DONE, due)
    mine = (run for run in begun if after is None or run.triggered_at < after)
    run = min(mine, key=lambda run: run.triggered_at, default=None)
    if run is not None and is_finished(run.status):
        return Verdict(Reason.ENDED_BY_A_PERSON if run.status in BY_A_PERSON else Reason.FAILED, due, run)
    if read_since is None or read_since <= due.deadline:
        return Verdict(Reason.READ_TOO_OLD, due, run)
    if run is None and not (before and any(before <= run.triggered_at < due.fire for run in runs)):
        return Verdict(Reason.WAS_OFF, due)
    return Verdict(Reason.LATE, due, run)


def confirm(verdict: Verdict, freq: str, flow: Flow | None, runs: Iterable[Instance] | None) -> Verdict:
    """The same after one look at EnOS: the flow, and its runs from that trigger time on; None where it did not say.

    ``freq`` is the schedule that history knows.
    """
    due = verdict.due
    if due is None or flow is None or runs is None:
        return replace(verdict, reason=Reason.UNREADABLE)
    if not flow.active:
        return replace(verdict, reason=Reason.DISABLED)
    if flow.freq != freq:
        return replace(verdict, reason=Reason.SCHEDULE_CHANGED)
    live = [run for run in runs if (at := instance_moment(run.id)) is not None and at >= due.fire]
    if any(run.status == Status.SUCCESS for run in live):
        return replace(verdict, reason=Reason.DONE)
    known = verdict.run.instance if verdict.run else None
    mine = next((run for run in live if run.id == known or instance_moment(run.id) == due.fire), None)
    if mine is not None and is_finished(mine.status):
        return replace(verdict, reason=Reason.ENDED_BY_A_PERSON if mine.status in BY_A_PERSON else Reason.FAILED)
    if (mine is None) != (verdict.run is None):
        return replace(verdict, reason=Reason.NOT_AS_IN_HISTORY)
    return verdict


def missing_instance(flow: FlowId, fire: datetime, runs: Iterable[PastRun], freq: str) -> InstanceId:
    """The id that a run that does not exist would have: with as many digits as the flow's other runs."""
    digits = next((len(digits_of(run.instance)) for run in runs if teaches(run, freq)), _TO_THE_MINUTE)
    return instance_at(flow, fire, digits)


# ── LONG ──


def far_longer(usual: UsualDuration) -> timedelta:
    """From when on a run takes far longer than it ever did."""
    return max(usual.longest * _OF_THE_LONGEST, usual.longest + _LONGER_THAN_THAT)


def judge_running(run: PastRun, usual: UsualDuration | None, read_since: datetime | None, now: datetime) -> Verdict:
    """Whether a run of the schedule that has not ended takes far longer than it ever did.

    Only those that teach are judged: a run by hand may have other work to do.
    """
    if usual is None or usual.runs < LEAST:
        return Verdict(Reason.HISTORY_TOO_SHORT, run=run)
    if run.started_at is None or run.status not in AT_WORK or not is_by_schedule(run):
        return Verdict(Reason.NOT_DUE, run=run)
    deadline = run.started_at + far_longer(usual)
    due = Due(run.triggered_at, run.started_at + usual.typical, deadline)
    if now < deadline:
        return Verdict(Reason.NOT_DUE, due, run, again=deadline)
    if read_since is None or read_since <= deadline:
        return Verdict(Reason.READ_TOO_OLD, due, run)
    return Verdict(Reason.LONG, due, run)


def confirm_running(verdict: Verdict, run: Instance | None) -> Verdict:
    """The same after one look at the run in EnOS; None where it did not say, or has no such run."""
    if run is None:
        return replace(verdict, reason=Reason.UNREADABLE)
    return verdict if run.status in AT_WORK else replace(verdict, reason=Reason.NOT_AS_IN_HISTORY)

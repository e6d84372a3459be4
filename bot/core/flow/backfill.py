"""Backfills: runs of a flow for many trigger times, one after the other. What has become of each, and what is next.

    running ◄────► paused      by a person; or flowbot may not start the next run, with the reason
     │    │           │
     │    └─► stopping ◄       nothing more is started; a run that is under way goes on
     ▼           │
    ended     stopped

A start, for one trigger time:

    planned ──► starting ──► started ──► succeeded, failed
      │  ▲         │  │         └──────► lost          nobody saw it end
      │  └─────────┘  └────────────────► not started   EnOS does not show it after a lost answer
      │  nothing was called
      └──► taken                                       by then somebody else's run has the data

All that is told of a backfill is counted from the rows of its starts. Those that were left out from the beginning have
rows, too.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Literal

from bot.core.errors import Refusal
from bot.core.flow.backfill_times import Basis, LeftOut, Slot
from bot.core.flow.model import FlowId, InstanceId, UserName
from bot.core.flow.rerun import MINUTE
from bot.core.flow.run import Run, RunState
from bot.core.flow.status import Status
from bot.core.outbox.posts import NewPost, PostId
from bot.core.people.model import Person
from bot.core.text.message import Message, msg
from bot.core.values import dataclass

VERB = "backfill"  # of the runs that a backfill starts, and of their attempts
_ROUNDED_TO = timedelta(minutes=5)
_HOLDS = frozenset({RunState.ASKED, RunState.RUNNING, RunState.ENDED})


class BackfillState(Enum):
    """Where a backfill has come to. The values are what the database stores."""

    PLANNING = "planning"  # its rows are being written; it counts for nothing yet
    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"
    STOPPED = "stopped"
    ENDED = "ended"


OPEN = frozenset({BackfillState.RUNNING, BackfillState.PAUSED, BackfillState.STOPPING})


class PauseReason(Enum):
    """Why a backfill is paused. The values are what the database stores and the log shows."""

    NONE = ""
    PERSON = "person"
    NOT_LINKED = "not linked"
    INACTIVE = "not active in Slack"
    NOT_OWNER = "not an owner"
    NOT_VERIFIED = "not verified"
    FLOW_LOCKED = "flow locked"
    USER_LOCKED = "user locked"
    HIDDEN = "not shown by EnOS"
    LOST = "a run was lost"
    REFUSED = "refused"
    BUG = "bug"


_REASONS = {
    **dict.fromkeys(("not_linked", "link_changed"), PauseReason.NOT_LINKED),
    **dict.fromkeys(("not_owner", "no_right"), PauseReason.NOT_OWNER),
    "not_proven": PauseReason.NOT_VERIFIED,
    "flow_locked": PauseReason.FLOW_LOCKED,
    "user_locked": PauseReason.USER_LOCKED,
    **dict.fromkeys(("unknown_flow", "not_found"), PauseReason.HIDDEN),
}
WAITS = frozenset({"second_start", "minute_taken", "not_created"})  # refusals after which a minute helps
NO_MINUTE = "no_free_minute"  # the refusal that is about one trigger time only


def refused(reason: str) -> PauseReason:
    """Why a backfill pauses after a refusal, by the name of that."""
    return _REASONS.get(reason, PauseReason.REFUSED)


class StartState(Enum):
    """What has become of one start. The values are what the database stores."""

    PLANNED = "planned"
    STARTING = "starting"
    STARTED = "started"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    LOST = "lost"
    NOT_STARTED = "not started"
    TAKEN = "taken"
    HAS_RUN = "has a successful run"  # from the beginning
    UNDER_WAY = "has a run that has not ended"  # from the beginning


UNDER_WAY = frozenset({StartState.STARTING, StartState.STARTED})
NOT_DONE = frozenset({StartState.FAILED, StartState.LOST, StartState.NOT_STARTED})
LEFT_OUT = {LeftOut.SUCCEEDED: StartState.HAS_RUN, LeftOut.UNDER_WAY: StartState.UNDER_WAY}
_OVER = NOT_DONE | {StartState.SUCCEEDED, StartState.TAKEN}


@dataclass(frozen=True, slots=True)
class Backfill:
    """Which flow, in whose name, and where it has come to."""

    number: int  # 0 until it is written
    flow_id: FlowId
    flow_name: str
    by: Person  # in whose name the runs are started
    user_name: UserName  # of them in EnOS
    at: datetime
    channel: str  # of its message
    post: PostId  # its message
    basis: Basis
    zone: str  # of who asked
    slot: Slot
    task: int = 0  # each run starts from this task; 0 for the whole flow
    attempt: int = 0  # the audit row of who started it
    usual: timedelta | None = None  # how long a run takes, as known at the beginning
    state: BackfillState = BackfillState.PLANNING
    reason: PauseReason = PauseReason.NONE
    detail: str = ""  # the name of a refusal, or the reference of a bug
    acted_by: Person | None = None  # who paused, stopped or continued it last
    turn: int = 0  # grows with each of these: a button of an older drawing does nothing
    shown: str = ""  # what tells what its message shows from anything else
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class BackfillStart:
    """One trigger time, and what has become of it."""

    place: int  # in order, from 0
    at: datetime  # the trigger time
    state: StartState = StartState.PLANNED
    attempt: int = 0  # the audit row of this start
    instance: InstanceId | Literal[""] = ""  # of its run
    status: int | None = None  # EnOS's, at the end of the run
    started_at: datetime | None = None
    ended_at: datetime | None = None
    why: str = ""  # the name of a refusal


@dataclass(frozen=True, slots=True)
class BackfillChange:
    """What is to be written of a backfill, in one transaction."""

    backfill: Backfill | None = None
    starts: tuple[BackfillStart, ...] = ()
    posts: tuple[NewPost, ...] = ()


Decision = Callable[[Backfill, tuple[BackfillStart, ...]], BackfillChange]  # of one transaction


# ── counted from the rows ──


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a backfill is."""

    total: int  # without those left out from the beginning
    over: int
    succeeded: int
    not_done: tuple[BackfillStart, ...]  # failed, lost, not started
    taken: int
    left_out: int  # from the beginning
    waiting: int
    current: BackfillStart | None


def progress(starts: Sequence[BackfillStart]) -> Progress:
    """How far a backfill with these starts is."""
    wanted = [each for each in starts if each.state not in LEFT_OUT.values()]
    return Progress(
        total=len(wanted),
        over=sum(each.state in _OVER for each in wanted),
        succeeded=sum(each.state is StartState.SUCCEEDED for each in wanted),
        not_done=tuple(each for each in wanted if each.state in NOT_DONE),
        taken=sum(each.state is StartState.TAKEN for each in wanted),
        left_out=len(starts) - len(wanted),
        waiting=sum(each.state is StartState.PLANNED for each in wanted),
        current=next((each for each in wanted if each.state in UNDER_WAY), None),
    )


def expected_end(backfill: Backfill, starts: Sequence[BackfillStart], now: datetime) -> datetime | None:
    """When it will be done at this pace, to five minutes; None where that is not known.

    The pace is that of its own runs, else what runs of the flow usually take; but one start a minute.
    """
    spans = [each.ended_at - each.started_at for each in starts if each.started_at and each.ended_at]
    spans = [span for span in spans if span >= timedelta()]
    each_takes = sum(spans, timedelta()) / len(spans) if spans else backfill.usual
    found = progress(starts)
    if each_takes is None or backfill.state is not BackfillState.RUNNING or not (found.waiting or found.current):
        return None
    begun = found.current.started_at if found.current is not None and found.current.started_at else now
    late = max(timedelta(), now - begun - each_takes)
    others = found.waiting - (found.current is None)
    end = begun + late + each_takes + max(each_takes, MINUTE) * others
    return end + (-timedelta(seconds=end.timestamp())) % _ROUNDED_TO


# ── what is next ──


class Next(Enum):
    """What a backfill does next."""

    NOTHING = "paused"
    FOLLOW = "its run has not ended"
    MINUTE = "one start a minute"
    START = "start"
    END = "end"


def next_step(backfill: Backfill, starts: Sequence[BackfillStart], runs: Iterable[Run], now: datetime) -> Next:
    """What to do now. ``runs``: the newest runs of the flow that were started from chat."""
    found = progress(starts)
    if found.current is not None:
        return Next.FOLLOW
    if backfill.state is BackfillState.STOPPING or (backfill.state is BackfillState.RUNNING and not found.waiting):
        return Next.END
    if backfill.state is not BackfillState.RUNNING:
        return Next.NOTHING
    if any(run.state in _HOLDS and now - run.started_at < MINUTE for run in runs):
        return Next.MINUTE
    return Next.START


def next_start(starts: Iterable[BackfillStart]) -> BackfillStart | None:
    """The first that is planned."""
    return next((each for each in starts if each.state is StartState.PLANNED), None)


def own_run(start: BackfillStart, runs: Iterable[Run]) -> Run | None:
    """The run that this start has made, or may have made, among the newest of its flow."""
    mine = [run for run in runs if start.attempt and run.attempt == start.attempt]
    return next((run for run in mine if run.state is not RunState.NOT_STARTED), mine[0] if mine else None)


def after_run(start: BackfillStart, run: Run | None, now: datetime) -> BackfillStart:
    """The start as its run has it now; planned again where there is none, because then nothing was called."""
    if run is None:
        return replace(start, state=StartState.PLANNED, attempt=0, instance="", started_at=None)
    here = replace(start, instance=run.instance)
    match run.state:
        case RunState.ASKED:
            return here
        case RunState.RUNNING:
            return replace(here, state=StartState.STARTED)
        case RunState.NOT_STARTED:
            return replace(here, state=StartState.NOT_STARTED, ended_at=now)
        case RunState.LOST:
            return replace(here, state=StartState.LOST, ended_at=now)
        case _:
            done = StartState.SUCCEEDED if run.result == Status.SUCCESS else StartState.FAILED
            return replace(here, state=done, status=run.result, ended_at=now)


def ended(backfill: Backfill, now: datetime) -> Backfill:
    """The backfill at its end: stopped by a person, or done with all."""
    stopped = backfill.state is BackfillState.STOPPING
    return replace(backfill, state=BackfillState.STOPPED if stopped else BackfillState.ENDED, ended_at=now)


def paused(backfill: Backfill, reason: PauseReason, detail: str = "", by: Person | None = None) -> Backfill:
    """The backfill, paused by a person or for another reason."""
    return replace(
        backfill,
        state=BackfillState.PAUSED,
        reason=reason,
        detail=detail,
        acted_by=by,
        turn=backfill.turn + 1,
    )


# ── what people press ──


def pressed(backfill: Backfill, act: str, turn: int, by: Person, user_name: UserName) -> Backfill:
    """The backfill after **Pause**, **Stop** or **Go on**. Raises Refusal where that is not to be done any more.

    ``turn`` is that of the button; 0 for one that was typed. Who lets it go on is who starts the runs from then on.
    """
    if backfill.state not in OPEN:
        raise _unchanged(msg("This backfill has ended already. Nothing was changed."))
    if backfill.state is BackfillState.STOPPING:
        raise _unchanged(msg("This backfill is being stopped already. Nothing was changed."))
    is_paused = backfill.state is BackfillState.PAUSED
    if act == "pause" and is_paused:
        raise _unchanged(msg("This backfill is paused already. Nothing was changed."))
    if act == "resume" and not is_paused:
        raise _unchanged(msg("This backfill is running already. Nothing was changed."))
    if turn and turn != backfill.turn + 1:
        raise _unchanged(msg("This backfill has changed since. Nothing was changed. Press a button that it has now."))
    if act == "pause":
        return paused(backfill, PauseReason.PERSON, by=by)
    state = BackfillState.STOPPING if act == "stop" else BackfillState.RUNNING
    new = replace(backfill, state=state, reason=PauseReason.NONE, detail="", acted_by=by, turn=backfill.turn + 1)
    return new if act == "stop" else replace(new, by=by, user_name=user_name)


def _unchanged(sentence: Message) -> Refusal:
    return Refusal("backfill_changed", sentence)


def unknown_backfill(number: int) -> Refusal:
    """The refusal where there is no backfill with this number, or not any more."""
    return Refusal(
        "unknown_backfill",
        msg("I don't have backfill {number} any more. Nothing was changed.", number=str(number)),
    )

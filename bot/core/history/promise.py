"""When a flow will be done, from what runs now and how long things usually take, along the flows that it waits for.

A run begins its own work when it is triggered and the flows that it waits for are done, and ends after as long as that
work usually takes. Where anything on the way is not known, the answer is "cannot say", with the reason and the flow.

A promise cannot be kept any more where even a quick run would end too late.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum

from bot.core.flow.model import FlowId
from bot.core.flow.status import Status, is_finished
from bot.core.history.background import FlowRef
from bot.core.history.medians import median_high
from bot.core.history.runs import PastRun
from bot.core.history.usual import LEAST, is_by_schedule, teaches
from bot.core.values import dataclass

_MOST_FLOWS = 200  # on the way; more is not followed
_QUICK = 10  # one run in so many is quicker than a quick one
_A_PERIOD = timedelta(days=1)  # a run waits for runs that were triggered at most so long before it
_WORTH_NAMING = timedelta(minutes=5)  # a flow that is less late is not why


class CannotSay(Enum):
    """Why it cannot be said when a flow will be done."""

    UNKNOWN_FLOW = "nothing is known of a flow"
    NO_GRAPH = "its graph was not read"
    NO_SCHEDULE = "its schedule is not understood"
    HISTORY_TOO_SHORT = "too few of its runs are known"
    CYCLE = "it waits for itself"
    TOO_MANY = "too many flows are on the way"
    FAILED = "its run has not succeeded"


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a flow on the way."""

    flow: FlowRef
    fire: datetime | None  # the trigger time that counts; None: its schedule is not understood
    runs: Sequence[PastRun] = ()  # newest first
    upstream: Sequence[FlowRef] | None = None  # None: its graph was not read


@dataclass(frozen=True, slots=True)
class Behind:
    """A flow that is later than usual."""

    flow: FlowRef
    late: timedelta


@dataclass(frozen=True, slots=True)
class Estimate:
    """When a flow will be done, or why that cannot be said."""

    end: datetime | None = None
    soonest: datetime | None = None  # if all that is still to do is quick
    why: CannotSay | None = None
    about: FlowRef | None = None  # the flow that it cannot be said for
    behind: Behind | None = None  # the first flow on the way that is late
    is_over: bool = False  # it is done already


def estimate(flow: FlowRef, known: Mapping[FlowId, Known], now: datetime) -> Estimate:
    """When ``flow`` will be done. ``known`` are the flows on the way, itself included."""
    return _Way(known, now).of(flow, ())


@dataclass
class _Way:
    """The flows on the way to one promise, each estimated once."""

    known: Mapping[FlowId, Known]
    now: datetime

    def __post_init__(self) -> None:
        self._found: dict[FlowId, Estimate] = {}

    def of(self, flow: FlowRef, way: tuple[FlowId, ...]) -> Estimate:
        if flow.id in way:
            return Estimate(why=CannotSay.CYCLE, about=flow)
        if flow.id not in self._found:
            if len(self._found) + len(way) >= _MOST_FLOWS:
                return Estimate(why=CannotSay.TOO_MANY, about=flow)
            self._found[flow.id] = self._estimate(flow, way)
        return self._found[flow.id]

    def _estimate(self, flow: FlowRef, way: tuple[FlowId, ...]) -> Estimate:
        mine = self.known.get(flow.id)
        if mine is None:
            return Estimate(why=CannotSay.UNKNOWN_FLOW, about=flow)
        if mine.fire is None:
            return Estimate(why=CannotSay.NO_SCHEDULE, about=mine.flow)
        run = run_of(mine.runs, mine.fire)
        if run is not None and is_finished(run.status):
            if run.status != Status.SUCCESS:
                return Estimate(why=CannotSay.FAILED, about=mine.flow)
            ended = run.ended_at or self.now
            return replace(self._with_lateness(mine, ended, None), soonest=ended, is_over=True)
        if mine.upstream is None:
            return Estimate(why=CannotSay.NO_GRAPH, about=mine.flow)
        return self._under_way(mine, mine.upstream, run, way)

    def _under_way(
        self, mine: Known, upstream: Sequence[FlowRef], run: PastRun | None, way: tuple[FlowId, ...]
    ) -> Estimate:
        before = [self.of(each, (*way, mine.flow.id)) for each in upstream]
        if unsure := next((each for each in before if each.why), None):
            return unsure
        work = _own_work(mine, [self.known[each.id] for each in upstream])
        if len(work) < LEAST:
            return Estimate(why=CannotSay.HISTORY_TOO_SHORT, about=mine.flow)
        began = self._began(mine, run)
        last = max(before, key=lambda each: each.end or began, default=None)
        ends = [each.end for each in before if each.end]
        soonest = [each.soonest for each in before if each.soonest]
        quick = max(max((began, *soonest)) + work[len(work) // _QUICK], self.now)
        end = max(max((began, *ends)) + median_high(work), quick)
        behind = last.behind if last is not None and (last.end or began) > began else None
        return replace(self._with_lateness(mine, end, behind), soonest=quick)

    def _began(self, mine: Known, run: PastRun | None) -> datetime:
        """When its run began, or will begin at the earliest."""
        if run is not None and run.started_at is not None:
            return run.started_at
        return max(mine.fire or self.now, self.now)

    def _with_lateness(self, mine: Known, end: datetime, behind: Behind | None) -> Estimate:
        """The estimate, with the flow that is late: one on the way to it, else itself."""
        if behind is None and mine.fire is not None:
            usual = _usual_delay(mine)
            late = end - mine.fire - usual if usual is not None else timedelta()
            behind = Behind(mine.flow, late) if late >= _WORTH_NAMING else None
        return Estimate(end=end, behind=behind)


def run_of(runs: Sequence[PastRun], fire: datetime) -> PastRun | None:
    """The run of a trigger time: one that has succeeded since, else its own, or the newest that a person started."""
    since = [run for run in runs if run.triggered_at >= fire]
    good = next((run for run in since if run.status == Status.SUCCESS), None)
    mine = (run for run in since if run.triggered_at == fire or not is_by_schedule(run))
    return good or max(mine, key=lambda run: run.triggered_at, default=None)


class Promise(Enum):
    """What is to be said of a promise before its time."""

    WILL_BREAK = "cannot be kept any more"
    ON_TIME = "can be kept"
    KEPT = "kept"
    CANNOT_SAY = "cannot say"


def judge_promise(found: Estimate, by: datetime) -> Promise:
    """Whether a promise can still be kept."""
    if found.why is not None or found.end is None or found.soonest is None:
        return Promise.CANNOT_SAY
    if found.is_over:
        return Promise.KEPT
    return Promise.WILL_BREAK if found.soonest > by else Promise.ON_TIME


def _started(run: PastRun) -> datetime:
    return run.started_at or run.triggered_at


def _own_work(mine: Known, upstream: Sequence[Known]) -> list[timedelta]:
    """How long past runs took once all that they waited for was done, the quickest first."""
    return sorted(_work(mine, upstream))


def _work(mine: Known, upstream: Sequence[Known]) -> Iterator[timedelta]:
    for run in mine.runs:
        if not teaches(run, run.freq) or run.ended_at is None:
            continue
        ends = [_end_before(run, run.ended_at, each.runs) for each in upstream]
        if all(ends):
            yield run.ended_at - max((_started(run), *(end for end in ends if end)))


def _end_before(run: PastRun, ended: datetime, runs: Sequence[PastRun]) -> datetime | None:
    """When the run that this one waited for was done: the last one before it. Ids may hold no more than the hour."""
    for each in runs:
        if run.triggered_at - _A_PERIOD <= each.triggered_at <= run.triggered_at and is_by_schedule(each):
            if each.status != Status.SUCCESS:
                return None
            if each.ended_at is not None and each.ended_at <= ended:
                return each.ended_at
    return None


def _usual_delay(mine: Known) -> timedelta | None:
    """How long after its trigger time it is usually done."""
    delays = [run.ended_at - run.triggered_at for run in mine.runs if teaches(run, run.freq) and run.ended_at]
    return median_high(delays) if len(delays) >= LEAST else None

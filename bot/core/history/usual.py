"""How long a flow's runs usually take, and by when it is usually done: learned from the runs that history keeps.

A run teaches when the schedule started it, under the schedule of today, and it succeeded. Runs by hand teach nothing,
and nothing is learned from fewer than ten runs. Times are learned as delays after the trigger time, not as times of
day: a clock change moves the trigger time, and the usual time with it.

Days are of one kind where the flow behaves alike on them: the weekdays whose runs take about as long as those of the
day in question, or, for a flow that starts many times a day, such hours. The first and the last day of a month are
compared with all days, and only once the flow has been seen on such a day.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from enum import Enum

from bot.core.flow.ids import is_triggered
from bot.core.flow.model import PERIODIC
from bot.core.flow.status import Status
from bot.core.history.background import UsualDuration
from bot.core.history.medians import median, median_high
from bot.core.history.runs import PastRun
from bot.core.values import dataclass

LEAST = 10  # runs; from fewer nothing is learned
SHOWN = 30  # runs that the evidence counts
OFTEN = timedelta(hours=6)  # a flow that starts at least as often has another chance soon

_MOST_OF_THEM = 0.9  # of the runs are done by the usual time
_LEAST_MARGIN = timedelta(minutes=15)
_OF_THE_USUAL = 0.5  # a margin is at least this part of the usual delay
_BEYOND_THE_WORST = 2.0  # nobody is late who has been that late before, and some more
_BEYOND_WHAT_WAS_TOLD = 3.0  # after a run that was told as late, and was none
_ALIKE, _ALIKE_ANYWAY = 1.5, 300.0  # levels that differ by less (factor, seconds) are one kind of day
_A_WHILE = 15  # runs that have one level
_KNOWN = 4  # runs from which a weekday, or an hour, has a level of its own
_MOST_MARGIN, _MOST_MARGIN_ANYWAY = 3, timedelta(hours=3)  # in usual delays; more only for a flow that needs it
_ACCIDENT = 2  # times the latest moment at which somebody is told: such a run is not a habit, and teaches nothing
_RUNS_PER_ACCIDENT = 25
_STARTED_AGAIN = 3600.0  # seconds: so much later than it usually starts, somebody has started it again

_DAY, _HALF_AN_HOUR = timedelta(days=1), timedelta(minutes=30)


class Kind(Enum):
    """Which runs a usual time was learned from."""

    ALL = "all runs"
    WORKING_DAYS = "Monday to Friday"
    WEEKENDS = "Saturday and Sunday"
    SAME_WEEKDAY = "the same day of the week"
    SIMILAR = "days, or hours, like this one"


@dataclass(frozen=True, slots=True)
class UsualTime:
    """By when a run is usually done, after its trigger time, and how sure that is."""

    delay: timedelta
    margin: timedelta  # added before anybody is told
    done: int  # of the last ``runs``, these were done by then
    runs: int
    kind: Kind = Kind.ALL


@dataclass(frozen=True, slots=True)
class Habits:
    """What the runs of a flow teach: the newest first, when each was triggered and how long after that it was done."""

    runs: tuple[tuple[datetime, float], ...]  # on the clock of the schedule; in seconds
    offset: timedelta  # of that clock

    @property
    def gap(self) -> timedelta:
        """The usual time between two runs."""
        return median_high(later[0] - sooner[0] for later, sooner in zip(self.runs, self.runs[1:], strict=False))


def is_by_schedule(run: PastRun) -> bool:
    """Whether the schedule started it, and not a person."""
    return run.kind == PERIODIC and not is_triggered(run.instance)


def teaches(run: PastRun, freq: str) -> bool:
    """Whether flowbot learns from a run; ``freq`` is the schedule of today."""
    return run.status == Status.SUCCESS and run.freq == freq and run.ended_at is not None and is_by_schedule(run)


def usual_duration(runs: Iterable[PastRun]) -> UsualDuration | None:
    """How long the successful runs of the schedule take; None while there are fewer than ten.

    The schedule itself may have changed: a run takes as long at another hour.
    """
    spans = sorted(
        (run.ended_at - run.started_at).total_seconds()
        for run in runs
        if teaches(run, run.freq) and run.ended_at and run.started_at and run.started_at <= run.ended_at
    )
    if len(spans) < LEAST:
        return None
    return UsualDuration(timedelta(seconds=round(median(spans))), _worst(spans, _usual(spans)), len(spans))


def habits(runs: Iterable[PastRun], freq: str, offset: timedelta) -> Habits | None:
    """What the runs under the schedule ``freq`` teach; None while they are fewer than ten.

    Not those that began so late that somebody must have started them again. Runs may come in any order.
    """
    good = sorted((run for run in runs if teaches(run, freq)), key=lambda run: run.triggered_at, reverse=True)
    lags = sorted((run.started_at - run.triggered_at).total_seconds() for run in good if run.started_at)
    allowed = (lags[len(lags) * 9 // 10] if lags else 0.0) * 2 + _STARTED_AGAIN
    taught = tuple(
        (run.triggered_at + offset, (run.ended_at - run.triggered_at).total_seconds())
        for run in good
        if run.ended_at and not (run.started_at and (run.started_at - run.triggered_at).total_seconds() > allowed)
    )
    return Habits(taught, offset) if len(taught) >= LEAST else None


def usual_time(known: Habits, fire: datetime) -> UsualTime | None:
    """By when the run that the schedule starts at ``fire`` is usually done; None where too little is known."""
    gap = known.gap
    alike = _alike(known.runs, fire + known.offset, often=gap <= OFTEN)
    if len(alike.delays) < LEAST:
        return None
    last = sorted(alike.delays[:SHOWN])
    delay = _rounded_up(_usual(last))
    margin = _margin(sorted([*_as_today(alike.delays), *alike.others]), delay, gap)
    if gap <= OFTEN:
        margin = max(margin, gap + max(_LEAST_MARGIN, delay * _OF_THE_USUAL))  # the next run may make up for it
    done = sum(each <= delay.total_seconds() for each in last)
    return UsualTime(delay, _rounded_up(margin), done, len(last), alike.kind)


@dataclass(frozen=True, slots=True)
class _Alike:
    """The delays on days of one kind."""

    delays: Sequence[float]
    kind: Kind = Kind.ALL
    others: Sequence[float] = ()  # those on other days, as they would be on such a day: a flow is unsteady on all days


def _as_today(newest_first: Sequence[float]) -> Iterator[float]:
    """The delays as they would be today, where runs have become longer: the flow is as unsteady as it was."""
    today = median(newest_first[:_A_WHILE])
    for at in range(0, len(newest_first), _A_WHILE):
        some = newest_first[at : at + _A_WHILE]
        longer = max(1.0, today / max(median(some), 1.0))
        yield from (delay * longer for delay in some)


def _margin(in_order: Sequence[float], delay: timedelta, gap: timedelta) -> timedelta:
    """What is added to the usual delay: as much as a flow needs that is late at times, and no more.

    A run that would have been told as late by all the others lifts the limit: that should not happen again soon.
    """
    worst, most = _worst(in_order, delay), _most_margin(delay)
    others = _worst(in_order[: max(1, len(in_order) - 1 - _accidents(in_order, delay))], delay)
    if worst > delay + min(most, _needed(others, delay)):
        most = max(most, min(gap + delay / 2, _far(delay)) - delay)  # told before the next run is usually done
        return min(most, _needed(worst, delay, _BEYOND_WHAT_WAS_TOLD))
    return min(most, _needed(worst, delay))


def _needed(worst: timedelta, delay: timedelta, beyond: float = _BEYOND_THE_WORST) -> timedelta:
    return max(_LEAST_MARGIN, delay * _OF_THE_USUAL, worst * beyond - delay)


def _alike(runs: Sequence[tuple[datetime, float]], at: datetime, *, often: bool) -> _Alike:
    """The delays on days of the same kind, or in such hours for a flow that starts often."""
    if not often and (edge := _edge(at)):
        known = any(_edge(each) == edge for each, _ in runs)
        return _Alike([delay for _, delay in runs] if known else [])
    plain = list(runs) if often else [each for each in runs if not _edge(each[0])]
    slot: Callable[[datetime], int] = _hour if often else datetime.weekday
    delays = defaultdict[int, list[float]](list)
    for each, delay in plain:
        delays[slot(each)].append(delay)
    levels = {key: median(some) for key, some in delays.items() if len(some) >= _KNOWN}
    own = levels.get(slot(at))
    if own is None:
        return _Alike([delay for _, delay in plain])
    same = {key for key in delays if key not in levels or _are_alike(levels[key], own)}
    edges = [] if often else [delay for each, delay in runs if _edge(each)]
    other_days = [*(delays[key] for key in set(delays) - same), *([edges] if edges else [])]
    return _Alike(
        [delay for each, delay in plain if slot(each) in same],
        _kind(same, set(delays), slot(at), often=often),
        [delay * own / max(median(some), 1.0) for some in other_days for delay in some],
    )


def _kind(same: set[int], known: set[int], own: int, *, often: bool) -> Kind:
    if same == known:
        return Kind.ALL
    if often:
        return Kind.SIMILAR
    if same == {own}:
        return Kind.SAME_WEEKDAY
    if same == known & {5, 6}:
        return Kind.WEEKENDS
    return Kind.WORKING_DAYS if same == known - {5, 6} else Kind.SIMILAR


def _edge(at: datetime) -> int:
    """1 on the first day of a month, -1 on its last, else 0."""
    if at.day == 1:
        return 1
    return -1 if at.day > 27 and (at + _DAY).day == 1 else 0


def _hour(at: datetime) -> int:
    return at.hour


def _are_alike(one: float, other: float) -> bool:
    low, high = min(one, other), max(one, other)
    return high <= low * _ALIKE + _ALIKE_ANYWAY


def _usual(in_order: Sequence[float]) -> timedelta:
    """What most of them take."""
    return timedelta(seconds=in_order[min(len(in_order) - 1, int(len(in_order) * _MOST_OF_THEM))])


def _most_margin(usual: timedelta) -> timedelta:
    return max(usual * _MOST_MARGIN, _MOST_MARGIN_ANYWAY)


def _far(usual: timedelta) -> timedelta:
    """What takes longer than this is an accident."""
    return (usual + _most_margin(usual)) * _ACCIDENT


def _worst(in_order: Sequence[float], usual: timedelta) -> timedelta:
    """The longest one. A few that are far beyond the usual are accidents, not habits: they do not count."""
    return timedelta(seconds=in_order[-1 - _accidents(in_order, usual)])


def _accidents(in_order: Sequence[float], usual: timedelta) -> int:
    """How many of the longest are accidents."""
    far = _far(usual).total_seconds()
    accidents, allowed = 0, 1 + len(in_order) // _RUNS_PER_ACCIDENT
    while accidents < min(allowed, len(in_order) - 1) and in_order[-1 - accidents] > far:
        accidents += 1
    return accidents


def _rounded_up(span: timedelta) -> timedelta:
    """To full minutes, and to five of them from half an hour on: nobody believes "by 06:07"."""
    step = timedelta(minutes=5 if span > _HALF_AN_HOUR else 1)
    return -(-span // step) * step

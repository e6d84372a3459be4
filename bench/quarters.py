"""Simulated quarters: flows with habits, noise and misses, and what flowbot says of them. Pure, by a virtual clock.

Each flow lives for two quarters. The first one is history; in the second one flowbot is asked at every moment at which
it would look. It knows only what it could have read by then. A miss is a run that is never started, one that hangs
until somebody cancels it, or one that ends hours later than it should. Everything else is a flow's normal life. One run
in a hundred takes two to eight times as long, by a Pareto distribution. A LATE or LONG about any of it is a false one.
"""

import random
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta

from bench.lines import Line
from bot.core.flow.model import FlowId, InstanceId
from bot.core.flow.status import Status
from bot.core.history.lateness import Due, Reason, judge, judge_running
from bot.core.history.runs import PastRun
from bot.core.history.usual import habits, usual_duration

QUARTER = timedelta(days=90)
KEPT = QUARTER  # how long history keeps runs
AT_MOST, MOST_KEPT = 400, 2400  # runs that are read of one flow for LATE, and for LONG
BEGIN = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
FREQ = "0 0 2 * * ? *"  # any: what counts is that it stays the same

HOURLY, DAILY, WEEKLY, MONTHLY = "hourly", "daily", "weekly", "monthly"
CYCLES = (HOURLY, DAILY, WEEKLY, MONTHLY)
HABITS = (
    "plain",
    "light weekends",
    "heavy Mondays",
    "month ends",
    "holidays",
    "slowly longer",
    "slowly shorter",
    "suddenly longer",
    "paused for a week",
    "nightly hours",
)
FLOWS = {HOURLY: 2, DAILY: 100, WEEKLY: 200, MONTHLY: 50}  # of each habit
MISSES = {HOURLY: 3, DAILY: 3, WEEKLY: 2, MONTHLY: 1}  # in a quarter


@dataclass(frozen=True)
class Truth:
    """What really becomes of one trigger time."""

    fire: datetime
    typical: timedelta  # the delay that most runs of such a day keep to
    run: PastRun | None  # as it is after its end; None: never started
    miss: str = ""  # "never", "hangs", "slow"; empty: normal life
    paused: bool = False


@dataclass
class Tally:
    """What flowbot said in one quarter of one flow. All of it can be added up."""

    false_late: int = 0
    false_long: int = 0
    misses: int = 0
    told: int = 0  # misses told as LATE within the margin that was learned
    soon: int = 0  # and within three times the usual delay, or an hour
    unknown: int = 0  # misses of which nothing could be known
    hangs: int = 0
    told_long: int = 0
    margins: list[float] = field(default_factory=list)  # what was added to the usual delay, in usual delays
    waits: list[timedelta] = field(default_factory=list)  # from the usual end to what was said


def quarter(seed: str, cycle: str, habit: str) -> Tally:
    """Live through one flow's two quarters."""
    chance = random.Random(seed)
    truths = list(_life(chance, cycle, habit))
    return _late(truths, cycle, _long(truths, Tally()))


# ── a flow's life ──


def _fires(cycle: str) -> Iterator[datetime]:
    at, end = BEGIN + timedelta(hours=2), BEGIN + 2 * QUARTER
    while at < end:
        if cycle != MONTHLY or at.day == 3:
            yield at
        at += {HOURLY: timedelta(hours=1), WEEKLY: timedelta(days=7)}.get(cycle, DAY)


def _life(chance: random.Random, cycle: str, habit: str) -> Iterator[Truth]:
    fires = list(_fires(cycle))
    base = timedelta(minutes=chance.choice((2, 8, 15) if cycle == HOURLY else (3, 12, 40, 90, 200)))
    spread = chance.choice((0.08, 0.2, 0.35))
    now = BEGIN + QUARTER
    paused = now + timedelta(days=chance.randrange(5, 75))
    changed = now + timedelta(days=chance.randrange(5, 75))
    holidays = {chance.randrange(180): chance.choice((0.3, 1.7)) for _ in range(6)}
    missing = _misses(chance, fires, cycle)
    for place, fire in enumerate(fires):
        off = habit == "paused for a week" and paused <= fire < paused + timedelta(days=7)
        factor = _factor(habit, fire, changed=changed, holidays=holidays)
        noise = chance.lognormvariate(0, spread)
        if chance.random() < 0.01:
            noise *= 1 + min(chance.paretovariate(2), 7)  # a heavy tail: two to eight times as long
        lag = timedelta(seconds=chance.expovariate(1 / 60))
        miss = "" if off else missing.get(place, "")
        truth = Truth(fire, base * factor * (1 + 1.3 * spread) + MINUTE, None, miss, off)
        yield _truth(truth, lag, base * factor * noise, chance)


def _misses(chance: random.Random, fires: Sequence[datetime], cycle: str) -> dict[int, str]:
    """Which trigger times of the second quarter go wrong; of an hourly flow several in a row."""
    first = bisect_right(fires, BEGIN + QUARTER)
    apart = {HOURLY: 12, MONTHLY: 1}.get(cycle, 3)
    places = chance.sample(
        range(first + 1, len(fires) - 1, apart), min(MISSES[cycle], (len(fires) - first - 2) // apart)
    )
    found = dict[int, str]()
    for place in places:
        kind = chance.choice(("never", "hangs", "slow"))
        found |= dict.fromkeys(range(place, place + (6 if cycle == HOURLY else 1)), kind)
    return found


def _factor(habit: str, fire: datetime, *, changed: datetime, holidays: dict[int, float]) -> float:
    days = (fire - BEGIN) / DAY
    edge = fire.day == 1 or (fire + DAY).day == 1
    return {
        "light weekends": 0.35 if fire.weekday() > 4 else 1,
        "heavy Mondays": 2.5 if fire.weekday() == 0 else 1,
        "month ends": 3 if edge else 1,
        "holidays": holidays.get(int(days), 1),
        "slowly longer": 1.008**days,
        "slowly shorter": 0.992**days,
        "suddenly longer": 1.8 if fire >= changed else 1,
        "nightly hours": 2.5 if fire.hour < 5 else 1,
    }.get(habit, 1)


def _truth(truth: Truth, lag: timedelta, took: timedelta, chance: random.Random) -> Truth:
    started = truth.fire + lag
    ended, status = started + took, Status.SUCCESS
    if truth.paused or truth.miss == "never":
        return truth
    if truth.miss:
        ended += timedelta(hours=chance.uniform(8, 20)) + 4 * truth.typical
        status = Status.CANCEL if truth.miss == "hangs" else status
    instance = InstanceId(f"1-{truth.fire:%Y%m%d%H}")
    return replace(truth, run=PastRun(instance, FlowId(1), truth.fire, status, started, ended, freq=FREQ))


# ── what flowbot says of it ──


def _seen(truths: Sequence[Truth], fires: Sequence[datetime], at: datetime, most: int = AT_MOST) -> list[PastRun]:
    """The runs that history holds at a moment, the newest first, each as it is then."""
    last = bisect_right(fires, at)
    runs = (each.run for each in reversed(truths[max(0, last - most) : last]) if each.run and each.fire > at - KEPT)
    return [run if run.ended_at and run.ended_at <= at else _running(run) for run in runs]


def _running(run: PastRun) -> PastRun:
    return replace(run, status=Status.RUNNING, ended_at=None)


@dataclass
class _Said:
    """What flowbot said of one flow."""

    told: dict[datetime, datetime] = field(default_factory=dict)  # when, by the first trigger time of a miss
    short: set[datetime] = field(default_factory=set)  # trigger times of which too little was known


def _late(truths: Sequence[Truth], cycle: str, tally: Tally) -> Tally:
    fires = [each.fire for each in truths]
    of_fire = {each.fire: each for each in truths}
    said = _ask(truths, fires, tally)
    missed = {each.fire for each in truths if each.miss}
    for first in sorted({_first_missed(fire, fires, missed) or fire for fire in missed}):
        if first + DAY * 2 >= fires[-1]:
            continue
        if first in said.short and first not in said.told:
            tally.unknown += 1
            continue
        usual = of_fire[first].typical
        tally.misses += 1
        tally.told += first in said.told
        tally.soon += first in said.told and said.told[first] <= first + usual + _allowed(usual, cycle)
    return tally


def _ask(truths: Sequence[Truth], fires: Sequence[datetime], tally: Tally) -> _Said:
    """Ask at every moment at which flowbot would look, until the end of the quarter."""
    missed = {each.fire for each in truths if each.miss}
    said, live, at = _Said(), None, BEGIN + QUARTER
    while at < fires[-1]:
        runs = _seen(truths, fires, at)
        if live is not None and any(run.triggered_at >= live and run.status == Status.SUCCESS for run in runs):
            live = None
        here = bisect_right(fires, at)
        verdict = judge(runs, habits(runs, FREQ, timedelta()), fires[max(0, here - 60) : here + 1], at, at)
        if verdict.reason is Reason.LATE and truths[max(0, here - 1)].paused:
            verdict = replace(verdict, reason=Reason.DISABLED)  # the live look says so
        if verdict.reason is Reason.HISTORY_TOO_SHORT:
            said.short.add(fires[here - 1])
        if verdict.reason is Reason.LATE and live is None and verdict.due:
            live = verdict.due.fire
            _note(verdict.due, _first_missed(live, fires, missed), at, said, tally)
        if verdict.reason is Reason.READ_TOO_OLD:
            at += MINUTE
        else:
            at = max(verdict.again or fires[min(here, len(fires) - 1)], at + MINUTE)
    return said


def _note(due: Due, miss: datetime | None, at: datetime, said: _Said, tally: Tally) -> None:
    """Count a LATE: about a miss, or a false one."""
    if miss is None or due.usual is None:
        tally.false_late += 1
        return
    said.told.setdefault(miss, at)
    tally.margins.append(due.usual.margin / (due.usual.delay or MINUTE))
    tally.waits.append(at - due.by)


def _allowed(usual: timedelta, cycle: str) -> timedelta:
    """The margin within which a miss has to be told: three times the usual delay, an hour at least.

    A flow that starts often has its next run to make up for it.
    """
    return max(usual * 3, timedelta(hours=1)) + (timedelta(hours=1) if cycle == HOURLY else timedelta())


def _first_missed(fire: datetime, fires: Sequence[datetime], missed: set[datetime]) -> datetime | None:
    """The first trigger time of the miss that this one belongs to; None for normal life."""
    if fire not in missed:
        return None
    place = bisect_right(fires, fire) - 1
    while fires[place - 1] in missed:
        place -= 1
    return fires[place]


def _long(truths: Sequence[Truth], tally: Tally) -> Tally:
    """Ask of each run of the second quarter whether it is ever told as LONG."""
    fires = [each.fire for each in truths]
    usual, learned = None, BEGIN
    for each in truths:
        if each.fire < BEGIN + QUARTER or each.run is None or each.run.ended_at is None:
            continue
        if each.fire - learned >= DAY:
            usual, learned = usual_duration(_seen(truths, fires, each.fire, MOST_KEPT)), each.fire
        verdict = judge_running(_running(each.run), usual, each.run.ended_at, each.run.ended_at - MINUTE)
        is_long = verdict.reason is Reason.LONG
        tally.hangs += each.miss == "hangs"
        tally.told_long += is_long and each.miss == "hangs"
        tally.false_long += is_long and not each.miss
    return tally


# ── many ──


@dataclass
class Sum(Tally):
    """Many flows of one cycle."""

    flows: int = 0
    most_false_late: int = 0  # of one flow
    most_false_long: int = 0

    def add(self, tally: Tally) -> None:
        """Count one flow."""
        self.flows += 1
        self.most_false_late = max(self.most_false_late, tally.false_late)
        self.most_false_long = max(self.most_false_long, tally.false_long)
        for each in fields(Tally):
            setattr(self, each.name, getattr(self, each.name) + getattr(tally, each.name))


def many(seed: int, cycle: str, names: Sequence[str], flows: int) -> Sum:
    """Live through the quarters of several flows of each habit that is named."""
    total = Sum()
    for habit in names:
        for number in range(flows):
            total.add(quarter(f"{seed} {cycle} {habit} {number}", cycle, habit))
    return total


def lines(cycle: str, total: Sum) -> list[Line]:
    """The figures of many flows of one cycle."""
    of = f"{total.flows} flows, {total.misses} misses"
    untold = 100 * (total.misses - total.told) / max(1, total.misses)
    margin = sorted(total.margins)[len(total.margins) // 2] if total.margins else 0.0
    wait = sorted(total.waits)[len(total.waits) // 2] if total.waits else timedelta()
    return [
        Line(f"{cycle}: false LATE, most of a flow", total.most_false_late, 1, "", f"{total.false_late} in all; {of}"),
        Line(f"{cycle}: misses not told, %", untold, 5, "", f"and {total.unknown} where too little was known"),
        Line(f"{cycle}: margin, in usual delays", margin, None, "", f"median; told {wait} after the usual time"),
        Line(f"{cycle}: false LONG, most of a flow", total.most_false_long, 1, "", f"{total.false_long} in all"),
        Line(f"{cycle}: hangs told as LONG", total.told_long, None, "", f"of {total.hangs}; the others were LATE"),
    ]


async def quarters(runs: int) -> list[Line]:
    """The large simulation; ``runs`` is the seed."""
    found = list[Line]()
    for cycle, flows in FLOWS.items():
        found += lines(cycle, many(runs, cycle, HABITS if cycle == HOURLY else HABITS[:-1], flows))
    return found

"""The trigger times of a backfill: which are meant, and which of them have a run already. Pure.

    every hour, day, week, month   on the clock of who asks: at the full hour, or at midnight
    without ``every``              as the flow's schedule of today fires, where it can be read and its zone is certain;
                                   else every day at midnight

A local time that does not exist is left out, and one that comes twice is taken once, the first. Where a month is too
short for the day of the first date, its last day is taken.

A run counts for a trigger time where both are in one *slot*: the day of the trigger time in EnOS's zone, which has one
data date; or its hour, or its minute, where the flow runs or is to run more often.
"""

import calendar
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import Enum
from hashlib import sha256
from itertools import groupby, islice, pairwise

from bot.core.command.local_times import to_utc
from bot.core.command.parse import in_words, say
from bot.core.command.periods import window
from bot.core.command.requests import Backfill, Period
from bot.core.errors import Refusal
from bot.core.flow import schedule as schedules
from bot.core.flow.model import FlowId, InstanceId
from bot.core.flow.schedule import Schedule, Zone
from bot.core.flow.status import Status, is_finished
from bot.core.text.message import msg
from bot.core.text.shown_times import is_repeated, on_the_clock
from bot.core.values import dataclass

MOST = 500  # trigger times of one backfill
COUNTED = 20_000  # more than so many are not counted
_DAY, _HOUR, _MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
_TICK = timedelta(microseconds=1)
_NAMED = ("today", "yesterday")
_YEARLY = len("11-21")  # a date without its year


class Basis(Enum):
    """Where the trigger times come from. The values are what the database stores."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    SCHEDULE = "schedule"
    MIDNIGHT = "midnight"  # every day: the flow's schedule cannot be read, or its zone is not certain
    CHOSEN = "chosen"  # those of another backfill that failed


@dataclass(frozen=True, slots=True)
class TriggerTimes:
    """The trigger times that are meant, in order, and what the clock did meanwhile."""

    at: tuple[datetime, ...]  # UTC; one a minute at most
    basis: Basis
    skipped: tuple[str, ...] = ()  # local times that do not exist
    repeated: tuple[str, ...] = ()  # local times that come twice
    clock_changes: tuple[date, ...] = ()  # days with another offset than the day before
    short_months: int = 0  # months whose last day was taken
    later: int = 0  # times of today that have not come


def days(begin: str, end: str, now: datetime, zone: tzinfo) -> tuple[date, date]:
    """The days that two words mean: dates, ``today`` or ``yesterday``.

    Without its year the first is the last such day up to today, and the last the first one from that on.
    """
    first = _day(begin, now, zone)
    if end in _NAMED or len(end) > _YEARLY:
        return first, _day(end, now, zone)
    until = window(Period(f"{first}..{end}"), now, zone).until
    return first, (until - _TICK).astimezone(zone).date()


def _day(word: str, now: datetime, zone: tzinfo) -> date:
    if word in _NAMED or len(word) <= _YEARLY:
        return window(Period(word), now, zone).since.astimezone(zone).date()
    return date.fromisoformat(word)


def every(step: Basis, first: date, last: date, zone: tzinfo) -> TriggerTimes:
    """The trigger times on the clock of a zone, both days included; at most ``COUNTED`` + 1."""
    found: list[datetime] = []
    skipped: list[str] = []
    repeated: list[str] = []
    days = list(islice(_days(step, first, last), COUNTED + 1))
    for day in days:
        for clock in [time(hour) for hour in range(24)] if step is Basis.HOUR else [time()]:
            local = datetime.combine(day, clock, zone)
            try:
                found.append(to_utc(day, clock, zone))
            except Refusal:
                skipped.append(on_the_clock(local))
                continue
            if is_repeated(local):
                repeated.append(on_the_clock(local))
        if len(found) > COUNTED:
            break
    short = sum(day.day < first.day for day in days) if step is Basis.MONTH else 0
    changes = clock_changes(first, last, zone)
    return TriggerTimes(tuple(found), step, tuple(skipped), tuple(repeated), changes, short)


def _days(step: Basis, first: date, last: date) -> Iterator[date]:
    if step is Basis.MONTH:
        year, month = first.year, first.month
        while (day := date(year, month, min(first.day, calendar.monthrange(year, month)[1]))) <= last:
            yield day
            year, month = (year, month + 1) if month < 12 else (year + 1, 1)
        return
    length = timedelta(weeks=1) if step is Basis.WEEK else _DAY
    day = first
    while day <= last:
        yield day
        day += length


def clock_changes(first: date, last: date, zone: tzinfo) -> tuple[date, ...]:
    """The days on which the clock is put forward or back; of at most ``COUNTED`` days."""
    count = min((last - first).days, COUNTED) + 2
    offsets = [(first + n * _DAY, datetime.combine(first + n * _DAY, time(), zone).utcoffset()) for n in range(count)]
    return tuple(day for (day, before), (_, after) in pairwise(offsets) if before != after)


def by_schedule(schedule: Schedule, offset: timedelta, first: date, last: date, zone: tzinfo) -> TriggerTimes:
    """The times at which a schedule fires between two days of a zone, both included; at most ``COUNTED`` + 1.

    A schedule keeps its ``offset`` from UTC, so a change of the asker's clock moves nothing.
    """
    begin, end = (datetime.combine(day, time(), zone).astimezone(UTC) for day in (first, last + _DAY))
    fires = schedules.fires(schedule, begin - _TICK, end - _TICK, offset)
    return TriggerTimes(tuple(islice(_one_a_minute(fires), COUNTED + 1)), Basis.SCHEDULE)


def _one_a_minute(fires: Iterable[datetime]) -> Iterator[datetime]:
    """The first fire of each minute: an ID has no seconds."""
    return (next(group) for _, group in groupby(fires, key=lambda at: at.replace(second=0)))


def schedule_offset(
    freq: str, runs: Sequence[tuple[InstanceId, str]], zone: timedelta | None, now: datetime
) -> timedelta | None:
    """The offset of the zone in which a schedule fires, as past runs tell it; None where they do not.

    ``runs``: their ids and the schedules they ran under, newest first. Where the schedule has changed since, the runs
    under the one before tell the zone, too: EnOS fires them all in one.
    """
    for each in dict.fromkeys((freq, *(run_freq for _, run_freq in runs))):
        known = schedules.read(each)
        if known is None:
            continue
        found = schedules.zone_of_schedule(known, [id_ for id_, under in runs if under == each], zone, now)
        if found.offset is not None and (each == freq or found.why is not Zone.EITHER):
            return found.offset
    return None


def until_now(times: TriggerTimes, now: datetime) -> TriggerTimes:
    """The times without those that have not come."""
    past = tuple(at for at in times.at if at <= now)
    return replace(times, at=past, later=len(times.at) - len(past))


# ── what cannot be ──


def check_days(first: date, last: date, today: date, zone: tzinfo) -> None:
    """Raise Refusal where the days are in the wrong order, or have not come."""
    shown = {"begin": str(first), "end": str(last), "zone": str(zone)}
    if last < first:
        raise Refusal(
            "ends_before_it_begins",
            msg("{end} is before {begin}. Swap the two dates. Nothing was started.", **shown),
        )
    if last > today:
        raise Refusal(
            "in_the_future",
            msg("{end} is in the future ({zone}). A backfill is for the past. Nothing was started.", **shown),
            msg("End it today, or earlier."),
        )


def check_number(times: TriggerTimes, request: Backfill, first: date, last: date, zone: tzinfo) -> None:
    """Raise Refusal where there are too many trigger times, with how to split them, or none."""
    count = len(times.at)
    if not count:
        raise Refusal(
            "no_trigger_times",
            msg(
                "There is no trigger time from {begin} to {end} ({zone}) that has passed. Nothing was started.",
                begin=str(first),
                end=str(last),
                zone=str(zone),
            ),
        )
    if count <= MOST:
        return
    values = {"n": min(count, COUNTED), "most": MOST}
    if count > COUNTED:
        many = msg(
            "These are more than {n} runs, and one backfill starts at most {most}. Nothing was started.", **values
        )
    else:
        many = msg("These are {n} runs, and one backfill starts at most {most}. Nothing was started.", **values)
    fits = times.at[MOST].astimezone(zone).date() - _DAY
    if fits < first:
        longer = in_words(say(replace(request, begin=str(first), end=str(last), every="hour")))
        raise Refusal("too_many", many, msg("Take a longer step, for example {command}.", command=longer))
    part = in_words(say(replace(request, begin=str(first), end=str(fits))))
    raise Refusal("too_many", many, msg("Split it. The first part is {command}.", command=part))


# ── which have a run already ──


class Slot(Enum):
    """How near a run must be to a trigger time to count for it. The values are what the database stores."""

    DAY = "day"
    HOUR = "hour"
    MINUTE = "minute"

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return {Slot.DAY: _DAY, Slot.HOUR: _HOUR, Slot.MINUTE: _MINUTE}[self]


def begin_of(at: datetime, slot: Slot, zone: timedelta) -> datetime:
    """When the slot begins (UTC) that holds a moment; ``zone`` is EnOS's offset, in which its days are."""
    local = at.astimezone(UTC) + zone
    begin = local.replace(second=0, microsecond=0)
    if slot is not Slot.MINUTE:
        begin = begin.replace(minute=0)
    if slot is Slot.DAY:
        begin = begin.replace(hour=0)
    return begin - zone


def slot_of(times: Sequence[datetime], cycle: str, zone: timedelta) -> Slot:
    """The longest slot in which no two of these times are, and no two runs of a flow with this cycle (M W D H mi)."""
    longest = {"H": Slot.HOUR, "mi": Slot.MINUTE}.get(cycle, Slot.DAY)
    for slot in list(Slot)[list(Slot).index(longest) :]:
        if len({begin_of(at, slot, zone) for at in times}) == len(times):
            return slot
    return Slot.MINUTE


class LeftOut(Enum):
    """Why nothing is started for a trigger time. The values are what the database stores."""

    SUCCEEDED = "has a successful run"
    UNDER_WAY = "has a run that has not ended"


@dataclass(frozen=True, slots=True)
class KnownRun:
    """A run of the flow, as history or EnOS has it."""

    at: datetime  # its trigger time
    status: int


def left_out(
    times: Iterable[datetime], runs: Iterable[KnownRun], slot: Slot, zone: timedelta
) -> Mapping[datetime, LeftOut]:
    """Those of the trigger times that have a successful run, or one that has not ended."""
    found: dict[datetime, LeftOut] = {}
    for run in runs:
        begin = begin_of(run.at, slot, zone)
        if run.status == Status.SUCCESS:
            found[begin] = LeftOut.SUCCEEDED
        elif not is_finished(run.status):
            found.setdefault(begin, LeftOut.UNDER_WAY)
    return {at: found[begin] for at in times if (begin := begin_of(at, slot, zone)) in found}


# ── how long, and whether it is still the same ──


def at_least(runs: int, usual: timedelta | None) -> timedelta:
    """How long so many runs take, one after the other: EnOS starts one a minute."""
    return (runs - 1) * max(usual or _MINUTE, _MINUTE) + (usual or timedelta()) if runs else timedelta()


def digest(flow: FlowId, task: int, times: Iterable[datetime]) -> str:
    """What tells one plan from another: which trigger times of which flow, from which task."""
    said = f"{flow} {task} {' '.join(f'{int(at.timestamp())}' for at in times)}"
    return sha256(said.encode()).hexdigest()[:12]

"""Quartz schedules: at which times an expression of six or seven fields fires.

Fields are second, minute, hour, day of month, month, day of week, year (may be left out). Understood are numbers,
names, ``*``, ``?``, lists, ranges (also over the end: ``22-2``, ``FRI-MON``), steps, and

    day of month   L (the last day), L-3, LW, L-3W, 15W (the nearest day from Monday to Friday, in the same month)
    day of week    L (Saturday), 6L and FRIL (the last Friday), 6#3 and FRI#3 (the third Friday); Sunday is 1

As in Quartz, one of the two days must be open (``*`` or ``?``). Source: Quartz's ``CronExpression``; Flow ``freq``
(EnOS Batch Processing API v2.1).

In which zone EnOS fires is not documented: ``zone_of_schedule`` concludes it from the runs that there were.
"""

import calendar
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from functools import lru_cache
from itertools import islice

from bot.core.flow.ids import instance_moment, is_triggered, resolution
from bot.core.flow.model import InstanceId
from bot.core.values import dataclass

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_FIRST_YEAR, _LAST_YEAR = 1970, 2099
_LONGEST = 200  # characters of an expression that is read
_AHEAD = timedelta(days=366 * 9)  # a schedule without a fire for so long never fires; there is a year with no leap day
_DAY, _MINUTE = timedelta(days=1), timedelta(minutes=1)
_OPEN = ("*", "?")

_STEP = re.compile(r"(?P<span>[^/]*)(?:/(?P<step>[0-9]{1,4}))?")
_LAST_DAY = re.compile(r"L(?:-(?P<before>[0-9]{1,2}))?(?P<near>W?)")
_NEAREST = re.compile(r"(?P<day>[0-9]{1,2})W")
_OF_MONTH = re.compile(r"(?P<day>[A-Z0-9]{1,3}?)(?:L|#(?P<nth>[1-5]))")

_MIN_RUNS = 2  # runs that tell in which zone a schedule fires
_MAX_RUNS = 60  # newest ones, that are looked at
_STRAY = 10  # one run in so many may be at another time


@dataclass(frozen=True, slots=True)
class _Days:
    """A rule for days that depends on the month: the n-th, or last, weekday, or a day near a date."""

    weekday: int = 0  # SUN = 1
    nth: int = 0  # 0: the last
    day: int = 0  # a day of the month; 0: counted from the last day
    before_last: int = 0
    is_near: bool = False  # moved to the nearest day from Monday to Friday


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule that was read: the numbers that each field allows."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    years: frozenset[int]
    special: tuple[_Days, ...] = ()  # days besides those; only one of the two fields of days is not open


@lru_cache(maxsize=4096)
def read(freq: str) -> Schedule | None:
    """The schedule in a text; None where it cannot be read, or Quartz would not take it."""
    fields = freq.upper().split() if len(freq) <= _LONGEST else []
    if len(fields) == 6:
        fields.append("*")
    if len(fields) != 7 or (fields[3] not in _OPEN and fields[5] not in _OPEN):
        return None
    try:
        days, special = _days_of_month(fields[3])
        weekdays, others = _days_of_week(fields[5])
        return Schedule(
            tuple(sorted(_numbers(fields[0], 0, 59))),
            tuple(sorted(_numbers(fields[1], 0, 59))),
            tuple(sorted(_numbers(fields[2], 0, 23))),
            days,
            _numbers(fields[4], 1, 12, _MONTHS),
            weekdays,
            _numbers(fields[6], _FIRST_YEAR, _LAST_YEAR),
            (*special, *others),
        )
    except ValueError:
        return None


def fires(schedule: Schedule, after: datetime, until: datetime, offset: timedelta) -> Iterator[datetime]:
    """The times (UTC) in (``after``, ``until``] at which it fires, in order; ``offset``: of its zone from UTC.

    At most nine years are looked through.
    """
    local = (after.astimezone(UTC) + offset).replace(tzinfo=None)
    end = min((until.astimezone(UTC) + offset).replace(tzinfo=None), local + _AHEAD)
    year, month = local.year, local.month
    while (year, month) <= (end.year, end.month):
        for day in _days_in(schedule, year, month, local.date(), end.date()):
            for at in _times_on(schedule, day):
                if local < at <= end:
                    yield (at - offset).replace(tzinfo=UTC)
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)


def next_fire(schedule: Schedule, after: datetime, offset: timedelta) -> datetime | None:
    """The first time (UTC) later than ``after``; None where there is none in nine years."""
    return next(fires(schedule, after, after + _AHEAD, offset), None)


def is_fire(schedule: Schedule, at: datetime, offset: timedelta, *, within: timedelta = timedelta(seconds=1)) -> bool:
    """Whether it fires in [``at``, ``at`` + ``within``): the digits of an ID leave seconds open, or minutes."""
    tick = timedelta(microseconds=1)
    return next(fires(schedule, at - tick, at + within - tick, offset), None) is not None


class Zone(Enum):
    """Why a schedule is taken to fire in a zone, or why that is not known."""

    UTC = "its runs fit UTC only"
    PLATFORM = "its runs fit the zone of EnOS only"
    EITHER = "it fires at the same times in both"
    AMBIGUOUS = "its runs fit both, and others would not"
    NEITHER = "its runs fit neither"
    TOO_FEW = "too few runs by schedule"


@dataclass(frozen=True, slots=True)
class ScheduleZone:
    """In which zone a schedule fires: the offset from UTC, None where that is not known, and why."""

    offset: timedelta | None
    why: Zone


def zone_of_schedule(
    schedule: Schedule, runs: Iterable[InstanceId], zone: timedelta | None, now: datetime
) -> ScheduleZone:
    """The zone, UTC or EnOS's ``zone``, in which the trigger times of past runs are times of their schedule.

    ``runs``: runs under this schedule, newest first. Those that somebody triggered have an ID of 14 digits, and tell
    nothing. One run in ten may be at another time: somebody moved it.
    """
    spans = list(islice(_scheduled(runs), _MAX_RUNS))
    if len(spans) < _MIN_RUNS:
        return ScheduleZone(None, Zone.TOO_FEW)
    utc = timedelta()
    fitting = [each for each in dict.fromkeys((utc, utc if zone is None else zone)) if _fits(schedule, spans, each)]
    if not fitting:
        return ScheduleZone(None, Zone.NEITHER)
    if len(fitting) == 1:
        return ScheduleZone(fitting[0], Zone.PLATFORM if fitting[0] else Zone.UTC)
    if _fire_alike(schedule, now, *fitting):
        return ScheduleZone(utc, Zone.EITHER)
    return ScheduleZone(None, Zone.AMBIGUOUS)


def _scheduled(runs: Iterable[InstanceId]) -> Iterator[tuple[datetime, timedelta]]:
    """The spans that the IDs of runs by schedule leave open: begin and length."""
    for run in runs:
        moment, step = instance_moment(run), resolution(run)
        if moment is not None and step is not None and not is_triggered(run):
            yield moment, step


def _fits(schedule: Schedule, spans: list[tuple[datetime, timedelta]], offset: timedelta) -> bool:
    strays = sum(not is_fire(schedule, at, offset, within=step) for at, step in spans)
    return strays * _STRAY <= len(spans)


def _fire_alike(schedule: Schedule, now: datetime, one: timedelta, other: timedelta) -> bool:
    """Whether it fires at the same times in both zones, as far as the next 32 days, or 1,000 times, show."""
    first, second = (list(islice(fires(schedule, now, now + 32 * _DAY, each), 1000)) for each in (one, other))
    return first == second


# ── days and times ──


def _days_in(schedule: Schedule, year: int, month: int, since: date, until: date) -> list[date]:
    """The days of a month, from ``since`` to ``until``, on which it fires."""
    if year not in schedule.years or month not in schedule.months:
        return []
    last = calendar.monthrange(year, month)[1]
    special = {_special_day(rule, year, month, last) for rule in schedule.special}
    first = since.day if (year, month) == (since.year, since.month) else 1
    end = until.day if (year, month) == (until.year, until.month) else last
    days = (date(year, month, day) for day in range(first, end + 1))
    return [
        day for day in days if day.day in special or (day.day in schedule.days and _weekday(day) in schedule.weekdays)
    ]


def _weekday(day: date) -> int:
    return day.isoweekday() % 7 + 1


def _special_day(rule: _Days, year: int, month: int, last: int) -> int:
    """The day of the month that a rule means; 0 where the month has none."""
    if rule.weekday:
        first = 1 + (rule.weekday - _weekday(date(year, month, 1))) % 7
        day = first + 7 * (rule.nth - 1) if rule.nth else first + (last - first) // 7 * 7
        return day if day <= last else 0
    day = rule.day or last - rule.before_last
    if not 1 <= day <= last:
        return 0
    weekday = _weekday(date(year, month, day))
    if not rule.is_near or 2 <= weekday <= 6:
        return day
    if weekday == 7:  # Saturday: the Friday before, or Monday where that is in the month before
        return day - 1 if day > 1 else day + 2
    return day + 1 if day < last else day - 2


def _times_on(schedule: Schedule, day: date) -> Iterator[datetime]:
    for hour in schedule.hours:
        for minute in schedule.minutes:
            for second in schedule.seconds:
                yield datetime(day.year, day.month, day.day, hour, minute, second)  # noqa: DTZ001  of its own zone


# ── fields ──


def _days_of_month(field: str) -> tuple[frozenset[int], list[_Days]]:
    plain, special = [], []
    for part in field.split(","):
        if found := _LAST_DAY.fullmatch(part):
            special.append(_Days(before_last=_inside(found["before"] or "0", 0, 30), is_near=bool(found["near"])))
        elif found := _NEAREST.fullmatch(part):
            special.append(_Days(day=_inside(found["day"], 1, 31), is_near=True))
        else:
            plain.append(part)
    return (_numbers(",".join(plain), 1, 31) if plain else frozenset()), special


def _days_of_week(field: str) -> tuple[frozenset[int], list[_Days]]:
    plain, special = [], []
    for part in field.split(","):
        if found := _OF_MONTH.fullmatch(part):
            special.append(_Days(weekday=_inside(found["day"], 1, 7, _WEEKDAYS), nth=int(found["nth"] or 0)))
        else:
            plain.append("7" if part == "L" else part)
    return (_numbers(",".join(plain), 1, 7, _WEEKDAYS) if plain else frozenset()), special


def _numbers(field: str, low: int, high: int, names: Sequence[str] = ()) -> frozenset[int]:
    """The numbers that a field allows. Raises ValueError."""
    allowed: set[int] = set()
    for part in field.split(","):
        found = _STEP.fullmatch(part)
        if found is None:
            raise ValueError(part)
        span, step = found["span"], found["step"]
        every = 1 if step is None else _inside(step, 1, high)
        first, dash, last = span.partition("-")
        if span in _OPEN or (step is not None and not span):
            start, end = low, high
        else:
            start = _inside(first, low, high, names)
            end = _inside(last, low, high, names) if dash else high if step else start
        if end < start and high == _LAST_YEAR:
            raise ValueError(part)
        size = high - low + 1
        allowed.update(low + (start - low + n) % size for n in range(0, (end - start) % size + 1, every))
    return frozenset(allowed)


def _inside(text: str, low: int, high: int, names: Sequence[str] = ()) -> int:
    """A number or a name. Raises ValueError where it is neither, or out of range."""
    if text in names:
        return names.index(text) + 1
    if not (text.isascii() and text.isdecimal() and len(text) <= 4 and low <= int(text) <= high):
        raise ValueError(text)
    return int(text)

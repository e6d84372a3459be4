"""Quartz cron expressions: at which times a seven-field expression fires, in UTC.

Fields are second, minute, hour, day of month, month, day of week, year. Understood are ``*``, ``?``, numbers,
names, lists, ranges, steps, and ``L`` for the last day of a month. Days of the week count from SUN = 1.
"""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_NAMES = {name: str(number) for names in (_MONTHS, _WEEKDAYS) for number, name in enumerate(names, start=1)}
_RANGES = ((0, 59), (0, 59), (0, 23), (1, 31), (1, 12), (1, 7), (1970, 2099))
_LONGEST = 366 * 5  # days after which an expression counts as never firing; includes a leap day


@dataclass(frozen=True, slots=True)
class Cron:
    """A parsed expression: the numbers that it allows in each field."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    years: frozenset[int]
    on_last_day: bool

    def fires_on(self, day: date) -> bool:
        """Whether it fires on this day at all."""
        if day.year not in self.years or day.month not in self.months:
            return False
        if day.isoweekday() % 7 + 1 not in self.weekdays:
            return False
        if self.on_last_day:
            return day.day == calendar.monthrange(day.year, day.month)[1]
        return day.day in self.days


@lru_cache(maxsize=512)
def read(expression: str) -> Cron:
    """Parse an expression. Raises ValueError for what is not understood."""
    fields = expression.upper().split()
    if len(fields) == 6:  # Quartz: the year may be left out
        fields.append("*")
    if len(fields) != len(_RANGES):
        raise ValueError(f"a schedule has six or seven fields, not {len(fields)}: {expression!r}")
    last_day = fields[3] == "L"
    if last_day:
        fields[3] = "*"
    sets = [_numbers(text, *bounds) for text, bounds in zip(fields, _RANGES, strict=True)]
    seconds, minutes, hours = (tuple(sorted(numbers)) for numbers in sets[:3])
    days, months, weekdays, years = (frozenset(numbers) for numbers in sets[3:])
    return Cron(seconds, minutes, hours, days, months, weekdays, years, last_day)


def _numbers(text: str, low: int, high: int) -> set[int]:
    """List the numbers that one field allows."""
    numbers: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        first, dash, last = span.partition("-")
        if first in {"*", "?"}:
            start, end = low, high
        else:
            start = int(_NAMES.get(first, first))
            end = int(_NAMES.get(last, last)) if dash else (high if step else start)
        if not low <= start <= end <= high:
            raise ValueError(f"{part!r} is outside {low} to {high}")
        numbers.update(range(start, end + 1, int(step or 1)))
    return numbers


def fires(expression: str, after: float, until: float) -> Iterator[float]:
    """Go through the times in (after, until], epoch seconds, in order."""
    cron = read(expression)
    day = datetime.fromtimestamp(after, UTC).date()
    end = datetime.fromtimestamp(until, UTC).date()
    while day <= end:
        if cron.fires_on(day):
            midnight = datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
            for at in _within(cron, midnight):
                if after < at <= until:
                    yield at
        day += timedelta(days=1)


def _within(cron: Cron, midnight: float) -> Iterator[float]:
    for hour in cron.hours:
        for minute in cron.minutes:
            for second in cron.seconds:
                yield midnight + hour * 3600 + minute * 60 + second


def following(expression: str, after: float) -> float | None:
    """Find the next time after ``after``, epoch seconds; None where there is none within five years."""
    return next(fires(expression, after, after + _LONGEST * 86400), None)

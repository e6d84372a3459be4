"""Quiet hours: between two times of day in a named zone, over midnight and over a change of the clock.

They last at least as long as the clock shows a time within them: a begin that comes twice is the first of the two, an
end that comes twice is the second, and a time that the clock jumps over is the moment of the jump.
"""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.core.values import dataclass

_DAY, _MINUTE = timedelta(days=1), timedelta(minutes=1)
_NEAR = (-2, -1, 0, 1)  # days whose quiet hours may hold a moment: a zone once left out a whole day
_OFFSET = re.compile(r"UTC([+-])([0-9]{2}):([0-9]{2})")


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From ``begin`` to ``end``, on the next day where that is not later."""

    begin: time
    end: time
    zone: str  # the name of a time zone, or an offset as Python prints it: "UTC+08:00"

    @property
    def words(self) -> str:
        """Such as ``22:00-07:00``, without the zone."""
        return "-".join(each.isoformat("minutes") for each in (self.begin, self.end))

    def is_quiet(self, at: datetime) -> bool:
        """Whether a moment is within the quiet hours."""
        return self._end_around(at) is not None

    def quiet_ends(self, at: datetime) -> datetime:
        """When it is quiet no longer (UTC); ``at`` itself where it is not quiet."""
        while (end := self._end_around(at)) is not None:
            at = end
        return at

    def last_end(self, at: datetime) -> datetime | None:
        """When they ended the last time, ``at`` included (UTC); None where they have not within two days."""
        zone, moment = zone_named(self.zone), at.astimezone(UTC)
        today = moment.astimezone(zone).date()
        ends = [_moment(today + days * _DAY, self.end, zone, fold=1) for days in _NEAR]
        return max((end for end in ends if end <= moment and not self.is_quiet(end)), default=None)

    def _end_around(self, at: datetime) -> datetime | None:
        """The end of the quiet hours that a moment is in."""
        zone, moment = zone_named(self.zone), at.astimezone(UTC)
        today = moment.astimezone(zone).date()
        for days in _NEAR:
            first = today + days * _DAY
            last = first if self.begin < self.end else first + _DAY
            end = _moment(last, self.end, zone, fold=1)
            if _moment(first, self.begin, zone, fold=0) <= moment < end:
                return end
        return None


def read_hours(words: str, zone: str) -> QuietHours:
    """The quiet hours of which ``words`` are these."""
    begin, _, end = words.partition("-")
    return QuietHours(time.fromisoformat(begin), time.fromisoformat(end), zone)


@cache
def zone_named(name: str) -> tzinfo:
    """The zone of a name; UTC where this machine does not know it."""
    if offset := _OFFSET.fullmatch(name):
        span = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
        return timezone(-span if offset[1] == "-" else span)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def _moment(day: date, clock: time, zone: tzinfo, *, fold: int) -> datetime:
    """When the clock shows a time (UTC); ``fold`` says which of two. The moment of the jump where it never does."""
    local = datetime.combine(day, clock)
    while True:
        at = local.replace(tzinfo=zone, fold=fold).astimezone(UTC)
        if at.astimezone(zone).replace(tzinfo=None) == local:
            return at
        local += _MINUTE

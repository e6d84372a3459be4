"""What people expect of a flow: that it is done by a time of day, or that flowbot never says that it is late."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from bot.core.flow.model import FlowId
from bot.core.people.model import Person
from bot.core.routing.quiet import zone_named
from bot.core.values import dataclass

EVERY_DAY = tuple(range(7))  # Monday is 0
WORKING_DAYS = tuple(range(5))
_DAY, _MINUTE = timedelta(days=1), timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Expectation:
    """What somebody said of a flow."""

    flow_id: FlowId
    flow_name: str
    person: Person
    at: datetime
    by: time | None = None  # None: nobody wants to hear that it is late
    days: tuple[int, ...] = EVERY_DAY
    zone: str = "UTC"  # of that time


@dataclass(frozen=True, slots=True)
class Promised:
    """One day's promise."""

    at: datetime  # UTC
    is_moved: bool = False  # the clock skips that time on this day: it is the next one that exists


def promises(expected: Expectation, after: datetime, until: datetime) -> Iterator[Promised]:
    """The promises in (``after``, ``until``], in order. A time that comes twice is the first of the two."""
    if expected.by is None:
        return
    zone = zone_named(expected.zone)
    day = after.astimezone(zone).date() - _DAY
    last = until.astimezone(zone).date() + _DAY
    while day <= last:
        if day.weekday() in expected.days:
            promised = _on(day, expected.by, zone)
            if after < promised.at <= until:
                yield promised
        day += _DAY


def _on(day: date, by: time, zone: tzinfo) -> Promised:
    local = wanted = datetime.combine(day, by)
    while True:
        at = local.replace(tzinfo=zone).astimezone(UTC)
        if at.astimezone(zone).replace(tzinfo=None) == local:
            return Promised(at, is_moved=local != wanted)
        local += _MINUTE

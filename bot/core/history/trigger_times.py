"""When a flow is triggered next, and was before: its schedule as the runs of history tell it."""

from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.core.flow import schedule as schedules
from bot.core.flow.ids import digits_of
from bot.core.flow.schedule import Schedule
from bot.core.history.runs import PastRun
from bot.core.history.usual import is_by_schedule
from bot.core.values import dataclass

MOST = 120  # trigger times that are listed
_DAY_DIGITS, _HOUR_DIGITS = 8, 10  # of ids


@dataclass(frozen=True, slots=True)
class Times:
    """The schedule of a flow: how it is written, what it means, and how much of its times the ids of its runs hold."""

    freq: str
    schedule: Schedule
    offset: timedelta  # of its clock
    digits: int  # of the ids of its runs
    newest: datetime  # the trigger time of the last one, as its id holds it

    def around(self, since: datetime, until: datetime) -> list[datetime]:
        """The trigger times in (``since``, ``until``] and the next one, as ids hold them; the last ones of many."""
        found = deque(schedules.fires(self.schedule, since, until, self.offset), maxlen=MOST)
        if (after := schedules.next_fire(self.schedule, until, self.offset)) is not None:
            found.append(after)
        return list(dict.fromkeys(map(self.cut, found)))

    def last(self, until: datetime, within: timedelta) -> datetime | None:
        """The last trigger time up to ``until``, as ids hold it."""
        found = deque(schedules.fires(self.schedule, until - within, until, self.offset), maxlen=1)
        return self.cut(found[0]) if found else None

    def exact(self, held: datetime) -> datetime:
        """The trigger time of which an id holds this much."""
        tick = timedelta(microseconds=1)
        return next(schedules.fires(self.schedule, held - tick, held + timedelta(days=1), self.offset), held)

    def cut(self, fire: datetime) -> datetime:
        """A trigger time, as far as an id holds it."""
        if self.digits == _DAY_DIGITS:
            return fire.replace(hour=0, minute=0, second=0, microsecond=0)
        if self.digits == _HOUR_DIGITS:
            return fire.replace(minute=0, second=0, microsecond=0)
        return fire.replace(second=0, microsecond=0)


def times(runs: Sequence[PastRun], zone: timedelta | None, now: datetime) -> Times | None:
    """The schedule under which the newest run was started; None where it, or its zone, is not known.

    ``runs`` are the newest first; ``zone`` is that of the times EnOS prints.
    """
    newest = next((run for run in runs if is_by_schedule(run) and run.freq), None)
    schedule = schedules.read(newest.freq) if newest else None
    if newest is None or schedule is None:
        return None
    same = [run.instance for run in runs if run.freq == newest.freq]
    offset = schedules.zone_of_schedule(schedule, same, zone, now).offset
    if offset is None:
        return None
    return Times(newest.freq, schedule, offset, len(digits_of(newest.instance)), newest.triggered_at)

"""Times as the platform prints them; ``shown_times.py`` prints times for people.

No page of the API states the zone of any printed time, and samples mix zones inside one answer; so a printed time
is calibrated by the digits of its instance id, which are UTC. Source: samples of Get Flow Instance (struct and
return), List Flow Instances, Get Task Instance, Get Timezone (EnOS Batch Processing API v2.1).
"""

import re
from datetime import UTC, datetime, timedelta, timezone

from bot.core.flow.ids import instance_moment, resolution
from bot.core.flow.model import Instance, InstanceId
from bot.core.values import dataclass

_PRINTED = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[ T]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]+)?")
_ZONE = re.compile(r"(?:GMT|UTC)?(?:([+-])([0-9]{1,2})(?::?([0-9]{2}))?)?", re.IGNORECASE)
_MINUTE = timedelta(minutes=1)
_EARLY = _MINUTE  # how much earlier than its trigger time a run may start


@dataclass(frozen=True, slots=True)
class Calibration:
    """Which offset the printed times of one instance are in."""

    trigger: timedelta  # of the trigger time
    start: timedelta  # of start and end time, which share one
    certain: bool  # the id allows exactly one offset for the trigger time


def read_time(text: str, offset: timedelta) -> datetime | None:
    """A printed time (``yyyy-MM-dd HH:mm:ss``, fraction dropped) as UTC; None where it is not one."""
    match = _PRINTED.fullmatch(text.strip())
    if match is None:
        return None
    try:
        naive = datetime.fromisoformat(f"{match[1]} {match[2]}")
        return naive.replace(tzinfo=timezone(offset)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def zone_offset(text: str) -> timedelta | None:
    """The offset from UTC that Get Timezone names (``GMT+8``, ``GMT+05:30``, ``UTC``), or None."""
    match = _ZONE.fullmatch(text.strip())
    if match is None or not text.strip():
        return None
    offset = timedelta(hours=int(match[2] or 0), minutes=int(match[3] or 0))
    if offset >= timedelta(days=1):
        return None
    return -offset if match[1] == "-" else offset


def calibrate(instance: InstanceId, trigger_time: str, start_time: str, zone: timedelta) -> Calibration:
    """The offsets of an instance's printed times; each is UTC or the platform's ``zone``.

    The trigger time's offset is the one that brings it to the id's digits. Start and end share the offset that
    makes the start not earlier than the id (less a minute); where both do, it is the trigger time's.
    """
    moment, step = instance_moment(instance), resolution(instance)
    if moment is None or step is None:
        return Calibration(zone, zone, certain=False)
    offsets = tuple(dict.fromkeys((timedelta(), zone)))
    triggers = [each for each in offsets if _within(read_time(trigger_time, each), moment, step)]
    trigger = triggers[0] if len(triggers) == 1 else zone
    starts = [each for each in offsets if _not_before(read_time(start_time, each), moment - _EARLY)]
    start = starts[0] if len(starts) == 1 else trigger
    return Calibration(trigger, start, certain=len(triggers) == 1)


def trigger_moment(instance: InstanceId, printed: str, zone: timedelta | None) -> tuple[datetime | None, bool]:
    """A run's trigger time (UTC), and whether it is exact to the minute.

    Minutes that the id leaves out come from the trigger time as printed, where the platform's ``zone`` is known or
    not needed. None where the id's form is unknown.
    """
    moment, step = instance_moment(instance), resolution(instance)
    if moment is None or step is None:
        return None, False
    if step <= _MINUTE:
        return moment, True
    calibration = calibrate(instance, printed, "", zone or timedelta())
    at = read_time(printed, calibration.trigger)
    return (at.replace(second=0), True) if at is not None and calibration.certain else (moment, False)


def printed_moment(run: Instance, printed: str, zone: timedelta | None) -> datetime | None:
    """A start or end time of a run, as EnOS prints it, as UTC; None where its zone is not certain.

    Where both offsets are possible for the start, the trigger time's is believed only if it brings the start nearer
    to the trigger than the other would.
    """
    moment = instance_moment(run.id)
    calibration = calibrate(run.id, run.trigger_time, run.start_time, zone or timedelta())
    if moment is None or not calibration.certain:
        return None
    start = read_time(run.start_time, calibration.start)
    others = [read_time(run.start_time, each) for each in (timedelta(), zone or timedelta())]
    possible = [each for each in others if each is not None and _not_before(each, moment - _EARLY)]
    return read_time(printed, calibration.start) if start in possible and start == min(possible) else None


def _within(at: datetime | None, moment: datetime, step: timedelta) -> bool:
    return at is not None and moment <= at < moment + step


def _not_before(at: datetime | None, moment: datetime) -> bool:
    return at is not None and at >= moment


def is_due(last: datetime, every: timedelta, now: datetime) -> bool:
    """Whether it is time again for what was done last at ``last``.

    It is where ``last`` is in the future: the clock was put back.
    """
    return not last <= now < last + every

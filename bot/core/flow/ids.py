"""Instance ids: what the digits behind the hyphen say, and which id a new run will have.

``<flow id>-<digits>``, digits in UTC: 14 for triggered runs (``yyyyMMddHHmm00``), 12 or 10 for scheduled ones
(to the minute, to the hour). Sources: the samples of Trigger Flow From Task, Get Flow Instance, Get Task
Instance and List Flow Instances (EnOS Batch Processing API v2.1); the forms for other cycles are undocumented.
"""

import re
from datetime import UTC, datetime, timedelta

from bot.core.flow.model import FlowId, InstanceId

_ID = re.compile(r"([0-9]{1,18})-([0-9]{8,20})")
_FIRST_YEAR, _LAST_YEAR = 1970, 2999
_TRIGGERED = 14  # digits of the id of a run that was triggered; scheduled ones have fewer
_STEPS = {8: timedelta(days=1), 10: timedelta(hours=1), 12: timedelta(minutes=1), _TRIGGERED: timedelta(minutes=1)}


def is_instance(text: str) -> bool:
    """Whether this is written like an instance id: digits, a hyphen, 8 or more digits."""
    return _ID.fullmatch(text) is not None


def flow_of(instance: InstanceId) -> FlowId | None:
    """The flow's id that an instance id begins with; None for another form."""
    match = _ID.fullmatch(instance)
    return FlowId(int(match[1])) if match else None


def digits_of(instance: InstanceId) -> str:
    """What is behind the hyphen."""
    return instance.partition("-")[2]


def is_triggered(instance: InstanceId) -> bool:
    """Whether it is the id of a run that was triggered, and not started by the schedule."""
    return len(digits_of(instance)) == _TRIGGERED


def instance_moment(instance: InstanceId) -> datetime | None:
    """The moment that the digits hold (UTC, cut to what they hold), or None for an unknown form."""
    match = _ID.fullmatch(instance)
    digits = match[2] if match else ""
    if len(digits) not in _STEPS:
        return None
    d = digits.ljust(14, "0")
    year = int(d[:4])
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        return None  # not a time; and Python has no day after the year 9999
    try:  # no strptime: this is hot
        return datetime(year, int(d[4:6]), int(d[6:8]), int(d[8:10]), int(d[10:12]), int(d[12:]), tzinfo=UTC)
    except ValueError:
        return None


def resolution(instance: InstanceId) -> timedelta | None:
    """The length of the span that the digits leave open: a day, an hour or a minute."""
    return _STEPS[len(digits_of(instance))] if instance_moment(instance) is not None else None


def expected_instance(flow: FlowId, at_ms: int) -> InstanceId:
    """The id that a run of this flow triggered for this time (epoch milliseconds) will have."""
    minute = datetime.fromtimestamp(at_ms // 1000, UTC)
    return InstanceId(f"{flow}-{minute:%Y%m%d%H%M}00")


def instance_at(flow: FlowId, at: datetime, digits: int) -> InstanceId:
    """The id of a flow's run for a trigger time, where ids hold so many digits of it."""
    return InstanceId(f"{flow}-{at:%Y%m%d%H%M%S}"[: len(f"{flow}-") + digits])


def milliseconds(at: datetime) -> int:
    """A moment as the platform takes it: epoch milliseconds."""
    return int(at.timestamp() * 1000)

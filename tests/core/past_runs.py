"""Past runs of a daily flow to learn from."""

from datetime import UTC, datetime, timedelta

from bot.core.flow.model import PERIODIC, FlowId, InstanceId
from bot.core.flow.status import Status
from bot.core.history.runs import PastRun

DAILY = "0 0 2 * * ? *"
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
TODAY = datetime(2026, 11, 18, 2, tzinfo=UTC)  # a Wednesday; the trigger time of today's run


def past(at, minutes=30, status=Status.SUCCESS, *, flow=3377, **more):
    """A run that was triggered at a time, began a minute later and took some minutes."""
    lag = more.pop("lag", MINUTE)
    digits = more.pop("digits", 10)
    took = None if minutes is None else timedelta(minutes=minutes)
    return PastRun(
        InstanceId(f"{flow}-{at:%Y%m%d%H%M%S}"[: len(f"{flow}-") + digits]),
        FlowId(flow),
        at,
        int(status),
        more.pop("started_at", at + lag),
        None if took is None else at + lag + took,
        kind=more.pop("kind", PERIODIC),
        freq=more.pop("freq", DAILY),
        **more,
    )


def days(count, minutes=30, *, until=TODAY - DAY, every=DAY, **more):
    """Runs of the last days, the newest first; ``minutes`` may depend on the trigger time."""
    times = [until - every * n for n in range(count)]
    return [past(at, minutes(at) if callable(minutes) else minutes, **more) for at in times]

"""The clocks. Facts and what people read carry the wall clock's time; waiting is measured by one that never goes back.

The wall clock may be stepped: by NTP, by a person, by the host of a virtual machine that was suspended. What waits for
a time on it would then wait for as long as the step, so that pauses, holds, time-outs and leases are measured by
``Steady``.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def wall() -> datetime:
    """Read the wall clock, UTC: it may step in either direction."""
    return datetime.now(UTC)


class Steady:
    """The time at the start and what the monotonic clock has counted since, UTC: it neither steps nor goes back.

    Compare its times with each other only, never with times of the wall clock, and keep none in the database.
    """

    def __init__(self, start: datetime | None = None, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._start = start or wall()
        self._monotonic = monotonic
        self._since = monotonic()

    def __call__(self) -> datetime:
        """Read the steady time."""
        return self._start + timedelta(seconds=self._monotonic() - self._since)

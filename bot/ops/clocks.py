"""The clocks. Facts and messages use the wall clock's time; waiting is measured by a clock that never goes back.

The wall clock may jump: by NTP, by a person, by the host of a virtual machine that was suspended. A wait for a time on
it could become longer by the jump, so pauses, holds, time-outs and leases are measured by ``SteadyClock``.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from bot.core.values import dataclass

wall = partial(datetime.now, UTC)  # the wall clock's time: it may jump in either direction


class SteadyClock:
    """The time at the start plus what the monotonic clock has counted since, UTC: it never jumps or goes back.

    Compare its times only with each other, never with times of the wall clock, and never store them.
    """

    def __init__(self, start: datetime | None = None, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._start = start or wall()
        self._monotonic = monotonic
        self._since = monotonic()

    def __call__(self) -> datetime:
        """The steady time."""
        return self._start + timedelta(seconds=self._monotonic() - self._since)


SMALLEST_JUMP = timedelta(seconds=1)  # less is a clock that is being adjusted, or a busy machine
NOTABLE_JUMP = timedelta(minutes=1)  # a larger jump is logged as a warning and shown
RECENT_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ClockJump:
    """The wall clock was put ahead, or (a negative ``by``) back; ``at`` is the steady time."""

    by: timedelta
    at: datetime


class ClockJumps:
    """Notices jumps of the wall clock, by comparing it with the steady clock."""

    def __init__(self, steady: Callable[[], datetime], wall: Callable[[], datetime] = wall) -> None:
        self._steady, self._wall = steady, wall
        self._apart = wall() - steady()
        self._last: ClockJump | None = None  # that is notable

    def check(self) -> ClockJump | None:
        """The jump since the last check, if there was one. To be called every second or so."""
        apart = self._wall() - self._steady()
        by, self._apart = apart - self._apart, apart
        if abs(by) < SMALLEST_JUMP:
            return None
        jump = ClockJump(by, self._steady())
        if abs(by) >= NOTABLE_JUMP:
            self._last = jump
        return jump

    @property
    def recent(self) -> ClockJump | None:
        """The last jump of more than a minute, for a day."""
        last = self._last
        return last if last is not None and self._steady() - last.at < RECENT_FOR else None

"""How long to hold back after EnOS took no call. No limits are published, so it only listens."""

import random

FIRST, MOST = 1.0, 30.0  # seconds, where EnOS names none
PATIENCE = 10.0  # seconds that a call waits by itself; beyond that the caller is told


class Backoff:
    """Shared by all calls of a client. ``now`` is a monotonic time in seconds."""

    def __init__(self) -> None:
        self._until = 0.0
        self._step = FIRST

    def hold(self, now: float, seconds: float | None) -> None:
        """Hold all calls back: for what EnOS asks, else 1 s growing to 30 s, with jitter."""
        if seconds is None:
            seconds = self._step * random.uniform(0.75, 1.25)  # noqa: S311  spreads load, guards nothing
            self._step = min(MOST, self._step * 2)
        self._until = max(self._until, now + seconds)

    def release(self) -> None:
        """Note that a call went through."""
        self._step = FIRST

    def seconds_left(self, now: float) -> float:
        """Return the seconds still to wait."""
        return max(0.0, self._until - now)

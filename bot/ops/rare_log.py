"""Log lines that a stranger can cause are logged once a minute, with how many more like them there were."""

import logging
import time
from collections.abc import Callable

SECONDS = 60.0
_MOST = 100  # kinds of lines that are remembered


class RareLogFilter(logging.Filter):
    """Lets one line of a kind pass a minute. Lines whose templates have the same first line are of one kind.

    ``only``: the beginnings of the lines to filter; all others pass.
    """

    def __init__(self, *only: str, seconds: float = SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._only, self._seconds, self._clock = only, seconds, clock
        self._last: dict[str, float] = {}
        self._held: dict[str, int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record passes; one that does says how many were held back since the last."""
        kind = str(record.msg).partition("\n")[0][:80]
        if self._only and not kind.startswith(self._only):
            return True
        now, last = self._clock(), self._last.get(kind)
        if last is not None and now - last < self._seconds:
            self._held[kind] = self._held.get(kind, 0) + 1
            return False
        if len(self._last) >= _MOST:
            self._last.clear()
            self._held.clear()
        self._last[kind] = now
        if held := self._held.pop(kind, 0):
            record.msg, record.args = f"{record.getMessage()} ({held} more since the last such line)", None
        return True

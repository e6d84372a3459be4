"""What was found out about this EnOS, where its pages contradict each other. Holds for a day, then it is asked again.

What was found out beside trouble holds for minutes only. A server may be upgraded, and one that is read from the
wrong first page would hide failures: nothing is believed for ever, and what an earlier run found out is shown, but
found out again.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

VALID_FOR = timedelta(days=1)
VALID_BRIEFLY = timedelta(minutes=5)  # for what was found out beside trouble

OnCapability = Callable[[str, str], None]


class ServerCapabilities:
    """Small named values with the time they were found out; ``on_change`` is called when one is new or has changed."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        remembered: Mapping[str, str] | None = None,
        on_change: OnCapability | None = None,
    ) -> None:
        self._clock, self._on_change = clock, on_change
        self._values = dict(remembered or {})
        self._until: dict[str, datetime] = {}

    def now(self) -> datetime:
        """Return the time by which things are remembered."""
        return self._clock()

    def get(self, name: str) -> str | None:
        """Return what was found out by this process, and still holds."""
        until = self._until.get(name)
        return self._values[name] if until is not None and self._clock() < until else None

    def put(self, name: str, value: str, *, valid_for: timedelta = VALID_FOR) -> None:
        """Remember."""
        changed = self._values.get(name) != value
        self._values[name], self._until[name] = value, self._clock() + valid_for
        if changed and self._on_change is not None:
            self._on_change(name, value)

    def forget(self, name: str) -> None:
        """Note that it holds no more; it is shown until something else is found out."""
        self._until.pop(name, None)

    def all(self) -> dict[str, str]:
        """Return everything, for the store and for people."""
        return dict(self._values)

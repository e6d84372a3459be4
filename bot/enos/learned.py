"""What was found out about this EnOS, where its pages contradict each other. Holds for a day, then it is asked again.

A server may be upgraded, and one that is read from the wrong first page would hide failures: nothing is believed
for ever, and what an earlier run found out is shown, but found out again.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

HOLDS = timedelta(days=1)

Told = Callable[[str, str], None]


class Learned:
    """Small named values with the time they were found out; ``told`` is called when one is new or has changed."""

    def __init__(
        self, clock: Callable[[], datetime], remembered: Mapping[str, str] | None = None, told: Told | None = None
    ) -> None:
        self._clock, self._told = clock, told
        self._values = dict(remembered or {})
        self._at: dict[str, datetime] = {}

    def get(self, name: str) -> str | None:
        """Return what was found out within the last day by this process."""
        at = self._at.get(name)
        return self._values[name] if at is not None and self._clock() - at < HOLDS else None

    def put(self, name: str, value: str) -> None:
        """Remember."""
        changed = self._values.get(name) != value
        self._values[name], self._at[name] = value, self._clock()
        if changed and self._told is not None:
            self._told(name, value)

    def forget(self, name: str) -> None:
        """Note that it holds no more; it is shown until something else is found out."""
        self._at.pop(name, None)

    def all(self) -> dict[str, str]:
        """Return everything, for the store and for people."""
        return dict(self._values)

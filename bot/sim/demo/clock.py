"""The clock of the demo's story: the real one, put ahead by the story, so that a night lasts seconds.

The simulators ask it in the process that puts it ahead. ``python -m bot.sim.demo.clock FILE …`` is flowbot with this
wall clock: the file holds by how much it is ahead. What flowbot measures by its steady clock passes as ever.
"""

import struct
import sys
import time
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from mmap import mmap
from pathlib import Path
from typing import Self

from apscheduler.schedulers import base

from bot.ops import clocks

_SECONDS = struct.Struct("d")


class StoryClock:
    """Epoch seconds, ahead of the real time. ``file`` is shared with the other processes of the story."""

    def __init__(self, file: Path) -> None:
        if not file.exists():
            file.write_bytes(_SECONDS.pack(0.0))
        with file.open("r+b") as opened:
            self._shared = mmap(opened.fileno(), _SECONDS.size)
        self.file = file

    def __call__(self) -> float:
        """The story's time."""
        return time.time() + self._by()

    def wall(self) -> datetime:
        """The story's time, as flowbot's wall clock gives it."""
        return datetime.now(UTC) + timedelta(seconds=self._by())

    def datetime(self) -> type[datetime]:
        """The class that the scheduler takes the time from."""

        class StoryTime(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> Self:
                return cls.fromtimestamp(clock(), tz)

        clock = self
        return StoryTime

    def ahead(self, seconds: float) -> None:
        """Put the clock ahead, for all processes at once."""
        _SECONDS.pack_into(self._shared, 0, self._by() + seconds)

    def until(self, hour: int, minute: int, zone: timedelta) -> None:
        """Put the clock ahead to the next time at which clocks show this, at an offset from UTC."""
        now = datetime.fromtimestamp(self(), UTC) + zone
        at = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
        self.ahead(((at - now) % timedelta(days=1)).total_seconds())

    def _by(self) -> float:
        return float(_SECONDS.unpack_from(self._shared)[0])


def main() -> None:
    """Run flowbot's command line with the clock of a story."""
    clock = StoryClock(Path(sys.argv.pop(1)))
    clocks.wall = partial(clock.wall)  # before those that take it from there are imported
    base.datetime = clock.datetime()
    from bot.__main__ import main as flowbot

    flowbot()


if __name__ == "__main__":
    main()

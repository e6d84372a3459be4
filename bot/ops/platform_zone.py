"""The zone of the times that EnOS prints: asked once, and now and then as long as it names none."""

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from bot.core.errors import Refusal, TemporaryFailure
from bot.core.flow.times import zone_offset

log = logging.getLogger(__name__)

ASK_AGAIN = timedelta(minutes=10)


class PlatformZone:
    """``offset`` is None until it is known; where the settings name one, EnOS is not asked."""

    def __init__(self, configured: str, ask: Callable[[], Awaitable[str]]) -> None:
        self.offset: timedelta | None = zone_offset(configured)
        self._ask = ask
        self._next: datetime | None = None

    async def refresh(self, now: datetime) -> None:
        """Ask where it is not known yet. An idle poll must not pay for an EnOS that prints none."""
        if self.offset is not None or (self._next is not None and now < self._next):
            return
        try:
            printed = await self._ask()
        except TemporaryFailure:
            return  # the watcher tells of it, and asks when EnOS answers again
        except Refusal as refusal:
            log.info("EnOS does not say in which zone it prints times: %s", refusal)
            printed = ""
        self.offset = zone_offset(printed)
        self._next = now + ASK_AGAIN

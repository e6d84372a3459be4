"""The daily summary: one line a day, so that silence is never mistaken for health.

It is posted at nine in the default time zone, or as soon as the bot runs after that. Its id contains its day, so that
a day has one even after a crash.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.core.health import daily
from bot.core.outbox import notices
from bot.core.outbox.posts import Lane, NewPost, PostId, PostKind
from bot.core.text.message import Text
from bot.messages.cards import monitoring as cards
from bot.work.monitor.coverage import FlowCoverage

if TYPE_CHECKING:
    from bot.store.store import Store

HOUR = 9  # local
_NOTE = "sign of life"
_MOST = 5000  # incidents


class DailySummary:
    """Posts once a day that flowbot is running, and how the day was."""

    def __init__(
        self,
        store: "Store",
        zone: ZoneInfo,
        *,
        channel: str,
        command: str,
        platform_zone: Callable[[], timedelta | None] = lambda: None,
    ) -> None:
        self._store = store
        self._zone = zone
        self._channel = channel
        self._command = command
        self._platform_zone = platform_zone
        self._told = ""  # the day of the last one, ISO

    async def tick(self, now: datetime, watched: FlowCoverage | None, troubles: Sequence[Text]) -> None:
        """Post it, if this day has none yet. The first day of a database has its own announcement.

        ``troubles`` is what keeps flowbot from its work.
        """
        local = now.astimezone(self._zone)
        day = local.date() if local.hour >= HOUR else local.date() - timedelta(days=1)
        if self._told >= day.isoformat():
            return
        self._told = (await self._store.notes()).get(_NOTE, "")
        if self._told < day.isoformat():
            line = await self._line(f"alive-{day}", now, watched, troubles)
            await self._store.update_note(_NOTE, notices.each_day(day.isoformat(), [line]))
            self._told = day.isoformat()

    async def _line(self, id_: str, now: datetime, watched: FlowCoverage | None, troubles: Sequence[Text]) -> NewPost:
        recent = await self._store.incidents(live=False, since=now - daily.LEFT_FOR, limit=_MOST)
        day = daily.summary(recent, now)
        flows = (watched.watching, watched.total) if watched is not None else None
        body = cards.sign_of_life(day, flows, troubles, command=self._command, zone=self._platform_zone())
        return NewPost(PostId(id_), PostKind.MESSAGE, Lane.HOUSEKEEPING, self._channel, body, now)

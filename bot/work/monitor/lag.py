"""Lag: EnOS answers, and yet no reading has ended for long. That is an alarm, told once, with one all-clear.

Where EnOS is out of reach the outage's notice tells it (``outage.py``); the operator hears of either.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.core.outbox import notices
from bot.core.outbox.notices import Notice
from bot.core.outbox.posts import Body, Lane, NewPost, PostId, PostKind
from bot.messages.cards import monitoring as cards
from bot.work.delivery.alarms import Alarms
from bot.work.ports import NewId

if TYPE_CHECKING:
    from bot.store.store import Store

ALARM = "reading EnOS"
_NOTE = "lag"


class LagNotice:
    """Keeps the notice and the alarm."""

    def __init__(self, store: "Store", new_id: NewId, alarms: Alarms, *, channel: str) -> None:
        self._store = store
        self._new_id = new_id
        self._alarms = alarms
        self._channel = channel
        self._is_active: bool | None = None  # None until the note was read

    async def tick(self, now: datetime, lag: timedelta, *, late: bool, outage: bool) -> None:
        """Take in for how long no reading has ended, and whether that is too long."""
        if self._is_active is None:
            self._is_active = bool((await self._store.notes()).get(_NOTE))
        if late:
            self._alarms.fire(ALARM, cards.LATE)
            if not self._is_active and not outage:
                notice = Notice(PostId(self._new_id()), now - lag)
                message = self._message(notice.post, cards.late(notice.since), now)
                await self._store.update_note(_NOTE, notices.begins(notice, [message]))
                self._is_active = True
        else:
            self._alarms.resolve(ALARM)
            if self._is_active:
                await self._store.update_note(_NOTE, notices.ends(lambda told: [self._clear(told, now)]))
                self._is_active = False

    def _clear(self, told: Notice, now: datetime) -> NewPost:
        return self._message(PostId(f"{told.post}-over"), cards.in_time_again(now - told.since), now)

    def _message(self, id_: PostId, body: Body, now: datetime) -> NewPost:
        return NewPost(id_, PostKind.MESSAGE, Lane.ALERT, self._channel, body, now)

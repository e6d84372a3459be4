"""Lag: EnOS answers, and yet no reading has ended for long. That is an alarm, told once, with one all-clear.

Where EnOS is out of reach the outage's notice tells it (``watch_outage.py``); the operator hears of either.
The notice is a note in the database, so that a restart neither repeats nor forgets it.
"""

import json
from datetime import datetime, timedelta

from bot.core.cards import watching as cards
from bot.core.posts import Body, Kind, Lane, NewPost, PostId
from bot.work.deliver_alarms import Alarms
from bot.work.ports import NewId
from bot.work.ports_store import Store

ALARM = "reading EnOS"
_NOTE = "lag"


class Lag:
    """Keeps the notice and the alarm."""

    def __init__(self, store: Store, new_id: NewId, alarms: Alarms, *, channel: str) -> None:
        self._store = store
        self._new_id = new_id
        self._alarms = alarms
        self._channel = channel
        self._told: dict[str, str] | None = None  # {"post", "since"}; empty where nothing is told

    async def tick(self, now: datetime, lag: timedelta, *, late: bool, outage: bool) -> None:
        """Take in for how long no reading has ended, and whether that is too long."""
        if self._told is None:
            self._told = json.loads((await self._store.notes()).get(_NOTE, "") or "{}")
        if late:
            self._alarms.raised(ALARM, cards.LATE)
            if not self._told and not outage:
                await self._tell(now, lag)
        else:
            self._alarms.over(ALARM)
            if self._told:
                await self._clear(now)

    async def _tell(self, now: datetime, lag: timedelta) -> None:
        since = now - lag
        self._told = {"post": self._new_id(), "since": since.isoformat()}
        await self._store.note(_NOTE, json.dumps(self._told))
        await self._store.queue([self._message(self._told["post"], cards.late(since), now)])

    async def _clear(self, now: datetime) -> None:
        told = self._told or {}
        since = datetime.fromisoformat(told["since"])
        # The id is made of the notice's: a crash before the note is forgotten repeats it, and it is the same post.
        await self._store.queue([self._message(f"{told['post']}-over", cards.in_time_again(now - since), now)])
        await self._store.note(_NOTE, "")
        self._told = {}

    def _message(self, id_: str, body: Body, now: datetime) -> NewPost:
        return NewPost(PostId(id_), Kind.MESSAGE, Lane.ALERT, self._channel, body, now)

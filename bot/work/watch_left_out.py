"""Runs that EnOS lists and that cannot be read, or not be stored, are said: once each, in the channel and as an alarm.

Which were said is a note in the database, so that a restart repeats none. A notice's id is made of what it names: a
crash between notice and note queues the same post again.
"""

import hashlib
import json
import logging
from collections.abc import Collection
from datetime import datetime, timedelta

from bot.core.cards import watching as cards
from bot.core.flows import LeftOut
from bot.core.posts import Kind, Lane, NewPost, PostId
from bot.work.deliver_alarms import LEFT_OUT, Alarms, Lasting
from bot.work.ports_store import Store

log = logging.getLogger(__name__)

_NOTE = "left_out"
_REMEMBERED = 500  # that were said; what is forgotten may be said again


class Unreadable:
    """Tells of runs that are left out."""

    def __init__(self, store: Store, alarms: Alarms, *, channel: str, quiet: timedelta) -> None:
        self._store = store
        self._channel = channel
        self._alarm = Lasting(alarms, LEFT_OUT, quiet)
        self._said: dict[str, None] | None = None

    async def take(self, left_out: Collection[LeftOut], now: datetime) -> None:
        """Take in what a poll has left out, be it nothing; tell what was not told before."""
        if left_out:
            self._alarm.failed(cards.LEFT_OUT, now)
        self._alarm.look(now)
        if not left_out:
            return
        if self._said is None:
            self._said = dict.fromkeys(json.loads((await self._store.notes()).get(_NOTE, "") or "[]"))
        said = self._said
        new = {row.key: row for row in left_out if row.key not in said}
        if not new:
            return
        for row in new.values():
            log.warning("a run that EnOS lists is left out: %s, %s", row.shown, row.why)
        id_ = PostId(f"left-out-{hashlib.sha256(','.join(sorted(new)).encode()).hexdigest()[:16]}")
        body = cards.left_out(tuple(new.values()))
        await self._store.queue([NewPost(id_, Kind.MESSAGE, Lane.ALERT, self._channel, body, now)])
        self._said = dict.fromkeys([*said, *new][-_REMEMBERED:])
        await self._store.note(_NOTE, json.dumps(list(self._said)))

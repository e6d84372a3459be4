"""Runs that EnOS lists but that cannot be read or stored: reported once each, in the channel and as an alarm.

Which were reported is a note in the database, written together with the message, so that a restart repeats none.
"""

import json
import logging
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.core.flow.model import LeftOut
from bot.core.outbox.notices import NoticeUpdate
from bot.core.outbox.posts import Lane, NewPost, PostId, PostKind
from bot.messages.cards import monitoring as cards
from bot.work.delivery.alarms import LEFT_OUT, Alarms
from bot.work.ports import Clock, NewId

if TYPE_CHECKING:
    from bot.store.store import Store

log = logging.getLogger(__name__)

_NOTE = "left_out"
_REMEMBERED = 500  # that were reported; a forgotten one may be reported again


class LeftOutNotice:
    """Reports runs that are left out. The alarm ends when none was for ``quiet``, by the steady clock."""

    def __init__(
        self, store: "Store", alarms: Alarms, new_id: NewId, steady: Clock, *, channel: str, quiet: timedelta
    ) -> None:
        self._store, self._alarms, self._new_id, self._steady = store, alarms, new_id, steady
        self._channel, self._quiet = channel, quiet
        self._last: datetime | None = None  # when a run was last left out
        self._reported: frozenset[str] = frozenset()  # by this process, so that the note need not be read

    async def report(self, left_out: Collection[LeftOut], now: datetime) -> None:
        """Report the runs that a poll left out, if they are new. To be called after each poll, also with none."""
        if left_out:
            self._last = self._steady()
            self._alarms.fire(LEFT_OUT, cards.LEFT_OUT)
        elif self._last is not None and self._steady() - self._last >= self._quiet:
            self._last = None
            self._alarms.resolve(LEFT_OUT)
        rows = {row.key: row for row in left_out if row.key not in self._reported}
        if rows:
            await self._store.update_note(_NOTE, self._report_new(rows, PostId(self._new_id()), now))
            self._reported |= rows.keys()

    def _report_new(
        self, rows: Mapping[str, LeftOut], id_: PostId, now: datetime
    ) -> Callable[[str], NoticeUpdate | None]:
        """The decision to report those of the rows that were not reported."""

        def decide(note: str) -> NoticeUpdate | None:
            reported = dict.fromkeys(json.loads(note or "[]"))
            new = {key: row for key, row in rows.items() if key not in reported}
            if not new:
                return None
            for row in new.values():
                log.warning("flowbot leaves out a run that EnOS lists: %s, %s", row.shown, row.why)
            body = cards.left_out(tuple(new.values()))
            post = NewPost(id_, PostKind.MESSAGE, Lane.ALERT, self._channel, body, now)
            return NoticeUpdate(json.dumps([*reported, *new][-_REMEMBERED:]), (post,))

        return decide

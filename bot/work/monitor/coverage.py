"""Reports the flows that flowbot cannot see: a search shows only what is related to the user it is made as.

At start and daily the organization's flows (Search Flow) are compared with that user's (Get My Flow) and with those
whose runs searches have shown. Missing flows are reported once for each change of their set.
"""

import hashlib
import json
import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.core.errors import Failure
from bot.core.flow.model import FlowName
from bot.core.health.coverage import counts_since, unwatched
from bot.core.outbox import notices
from bot.core.outbox.blocks import Card
from bot.core.outbox.notices import Notice
from bot.core.outbox.posts import Lane, NewPost, PostId, PostKind
from bot.core.values import dataclass
from bot.messages.cards import monitoring as cards
from bot.work.ports import Clock, Enos, NewId

if TYPE_CHECKING:
    from bot.store.store import Store

log = logging.getLogger(__name__)

_NOTE = "coverage"
_READ_AS = "read as"  # the note of the user who reads, and since when
_EVERY, _AGAIN = timedelta(days=1), timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class FlowCoverage:
    """How many of the organization's flows the monitor sees."""

    watching: int
    total: int


class Coverage:
    """Compares all flows with those that are seen."""

    def __init__(self, enos: Enos, store: "Store", new_id: NewId, steady: Clock, *, channel: str, user: str) -> None:
        self._enos = enos
        self._store = store
        self._new_id = new_id
        self._steady = steady
        self._channel = channel
        self._user = user
        self._next: datetime | None = None
        self.watched: FlowCoverage | None = None

    async def tick(self, now: datetime) -> None:
        """Compare, if it is time to."""
        if self._next is not None and self._steady() < self._next:
            return
        try:
            every = {flow.id: flow for flow in await self._enos.all_flows()}
            related = {flow.id for flow in await self._enos.my_flows()}
        except Failure as trouble:
            self._next = self._steady() + _AGAIN
            log.info("The watched flows could not be counted: %s", trouble)
            return
        searched = await self._store.searched_flows(await self._searched_since(now))
        missing = unwatched(every.values(), related, searched)
        self.watched = FlowCoverage(len(every) - len(missing), len(every))
        await self._tell(missing, self.watched, now)
        self._next = self._steady() + _EVERY

    async def _searched_since(self, now: datetime) -> datetime:
        """Since when searches were made as this user, whom the settings may have changed."""
        noted = json.loads((await self._store.notes()).get(_READ_AS, "") or "{}")
        since = counts_since(str(noted.get("user", "")), str(noted.get("since", "")), self._user, now)
        if noted != (reads := {"user": self._user, "since": since.isoformat()}):
            await self._store.set_note(_READ_AS, json.dumps(reads))
        return since

    async def _tell(self, missing: tuple[FlowName, ...], watched: FlowCoverage, now: datetime) -> None:
        """Report the missing flows if they are not those reported last, or that none is missing any longer."""
        if missing:
            notice = Notice(PostId(f"gap-{self._new_id()}"), now, _digest(missing))
            gap = self._post(notice.post, cards.gap(watched.watching, watched.total, missing, self._user), now)
            await self._store.update_note(_NOTE, notices.begins(notice, [gap]))
        else:
            await self._store.update_note(_NOTE, notices.ends(lambda told: [self._closed(told, watched, now)]))

    def _closed(self, told: Notice, watched: FlowCoverage, now: datetime) -> NewPost:
        return self._post(f"{told.post}-closed", cards.gap_closed(watched.total), now)

    def _post(self, id_: str, body: Card, now: datetime) -> NewPost:
        return NewPost(PostId(id_), PostKind.MESSAGE, Lane.HOUSEKEEPING, self._channel, body, now)


def _digest(missing: tuple[FlowName, ...]) -> str:
    return hashlib.sha256(",".join(str(flow.id) for flow in missing).encode()).hexdigest()[:16]

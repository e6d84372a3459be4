"""What cannot be seen is said: a search shows only what is related to the watcher's user.

At start and daily the organization's flows (Search Flow) are compared with that user's (Get My Flow) and with those
of which searches have brought runs. A gap is an alarm, told once for each change of the missing flows.
"""

import hashlib
import json
import logging
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from bot.core.cards import watching as cards
from bot.core.coverage import counts_since, unwatched
from bot.core.errors import Failure
from bot.core.flows import FlowName
from bot.core.posts import Body, Kind, Lane, NewPost, PostId
from bot.work.ports import Enos, NewId
from bot.work.ports_store import Store

log = logging.getLogger(__name__)

_NOTE = "coverage"
_EVERY, _AGAIN = timedelta(days=1), timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Watched:
    """How many of the organization's flows the watcher sees."""

    watching: int
    total: int


@dataclass(frozen=True, slots=True)
class _Note:
    """What is noted of the telling: the gap told last, and the one being told, with its post, until that is queued."""

    missing: str = ""
    telling: str = ""
    post: str = ""

    @staticmethod
    def read(text: str) -> "_Note":
        noted = json.loads(text) if text else {}
        return _Note(*(str(noted.get(name, "")) for name in ("missing", "telling", "post")))


class Coverage:
    """Compares what is there with what is seen."""

    def __init__(self, enos: Enos, store: Store, new_id: NewId, *, channel: str, user: str) -> None:
        self._enos = enos
        self._store = store
        self._new_id = new_id
        self._channel = channel
        self._user = user
        self._next: datetime | None = None
        self._since: datetime | None = None  # what searches brought since then was shown to this user
        self.watched: Watched | None = None

    async def tick(self, now: datetime) -> None:
        """Compare, if it is time to."""
        if self._next is not None and now < self._next:
            return
        try:
            every = {flow.id: flow for flow in await self._enos.all_flows()}
            related = {flow.id for flow in await self._enos.my_flows()}
        except Failure as trouble:
            self._next = now + _AGAIN
            log.info("what is watched could not be compared: %s", trouble)
            return
        noted = json.loads((await self._store.notes()).get(_NOTE, "") or "{}")
        self._since = counts_since(str(noted.get("user", "")), str(noted.get("since", "")), self._user, now)
        searched = await self._store.searched_flows(self._since)
        missing = unwatched(every.values(), related, searched)
        self.watched = Watched(len(every) - len(missing), len(every))
        await self._tell(missing, self.watched, now)
        self._next = now + _EVERY

    async def _tell(self, missing: tuple[FlowName, ...], watched: Watched, now: datetime) -> None:
        """Tell the gap if it is not what was told last.

        The post's id is new for each notice, and is noted before it is queued: what dies between the two queues the
        same post again, or, where the gap has changed meanwhile, sees whether that post was queued.
        """
        note, digest = _Note.read((await self._store.notes()).get(_NOTE, "")), _digest(missing)
        queued = bool(note.post) and await self._store.post(PostId(note.post)) is not None
        told = note.telling if queued else note.missing
        if digest != told:
            if queued or not note.post or note.telling != digest:
                note = _Note(missing=told, telling=digest, post=f"gap-{self._new_id()}")
                await self._write(note, watched)
            body = cards.gap(watched.watching, watched.total, missing, self._user) if missing else None
            await self._store.queue([self._post(note.post, body or cards.gap_closed(watched.total), now)])
        await self._write(_Note(missing=digest), watched)

    async def _write(self, note: "_Note", watched: Watched) -> None:
        since = self._since.isoformat() if self._since else ""
        counted = {"watching": watched.watching, "total": watched.total, "user": self._user, "since": since}
        await self._store.note(_NOTE, json.dumps(asdict(note) | counted))

    def _post(self, id_: str, body: Body, now: datetime) -> NewPost:
        return NewPost(PostId(id_), Kind.MESSAGE, Lane.HOUSEKEEPING, self._channel, body, now)


def _digest(missing: tuple[FlowName, ...]) -> str:
    if not missing:
        return ""
    return hashlib.sha256(",".join(str(flow.id) for flow in missing).encode()).hexdigest()[:16]

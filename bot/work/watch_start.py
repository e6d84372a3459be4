"""The first start with a new database: one message with what is broken now, each flow an incident under it.

    announcing   the first complete reading is being gathered; a crash goes on where it was
    announced    the message stands, and shows each gathered incident as it is, for some days

Both are notes in the database, so that whatever dies is taken up again, and the message is posted once.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.cards import watching as cards
from bot.core.incidents import Incident
from bot.core.pages import GATHER_EDITS, HOLD
from bot.core.posts import Body, Kind, Lane, NewPost, PostId
from bot.work.ports import NewId, Store

_BEGUN, _ANNOUNCED = "announcing", "announcement"
_SHOWN_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class _Note:
    """What the database remembers of the message."""

    post: str
    at: datetime
    shown: str = ""  # a digest of what it shows

    @classmethod
    def read(cls, text: str) -> "_Note | None":
        if not text:
            return None
        read = json.loads(text)
        return cls(read["post"], datetime.fromisoformat(read["at"]), read.get("shown", ""))

    def __str__(self) -> str:
        return json.dumps({"post": self.post, "at": self.at.isoformat(), "shown": self.shown})


class FirstStart:
    """Keeps the message of the first start."""

    def __init__(self, store: Store, new_id: NewId, *, channel: str, command: str, lookback: timedelta) -> None:
        self._store = store
        self._new_id = new_id
        self._channel = channel
        self._command = command
        self._lookback = lookback
        self._note: _Note | None = None
        self._read = False

    async def gather_under(self, now: datetime) -> PostId | None:
        """Return the message to gather failures under, while the first complete reading goes on; else None."""
        begun = _Note.read((await self._store.notes()).get(_BEGUN, ""))
        if begun is None and await self._store.is_new():
            begun = _Note(self._new_id(), now)
            await self._store.note(_BEGUN, str(begun))
        return PostId(begun.post) if begun is not None else None

    async def announce(self, post: PostId, now: datetime) -> None:
        """Queue the message: every type was read to its end."""
        gathered = await self._gathered(post, now)
        body = self._body(gathered, post, now)
        await self._store.queue([NewPost(post, Kind.MESSAGE, Lane.ALERT, self._channel, body, due=now + HOLD)])
        self._note, self._read = _Note(post, now, _digest(self._body(gathered, "", now))), True
        await self._store.note(_ANNOUNCED, str(self._note))
        await self._store.note(_BEGUN, "")

    async def refresh(self, now: datetime) -> None:
        """Show the gathered incidents as they are now, if that is not what the message shows."""
        if not self._read:
            self._note = _Note.read((await self._store.notes()).get(_ANNOUNCED, ""))
            self._read = True
        note = self._note
        if note is None:
            return
        if now - note.at > _SHOWN_FOR:
            self._note = None
            await self._store.note(_ANNOUNCED, "")
            return
        gathered = await self._gathered(PostId(note.post), note.at)
        shown = _digest(self._body(gathered, "", note.at))
        if shown != note.shown:
            id_ = PostId(self._new_id())
            body = self._body(gathered, id_, note.at)
            due = now + GATHER_EDITS
            await self._store.queue(
                [NewPost(id_, Kind.EDIT, Lane.ALERT, self._channel, body, due, target=PostId(note.post))]
            )
            self._note = _Note(note.post, note.at, shown)
            await self._store.note(_ANNOUNCED, str(self._note))

    async def _gathered(self, post: PostId, since: datetime) -> list[Incident]:
        found = await self._store.incidents(live=False, since=since - self._lookback, limit=5000)
        return [incident for incident in found if incident.gathered and incident.post == post]

    def _body(self, gathered: list[Incident], post: str, now: datetime) -> Body:
        return cards.first_start(gathered, post, command=self._command, since=now - self._lookback)


def _digest(body: Body) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:16]

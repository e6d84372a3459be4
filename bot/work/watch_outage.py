"""EnOS out of reach: one notice, a growing back-off, one all-clear with what was caught up.

The outage is a note in the database that names its posts, so that a restart neither repeats nor forgets one.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from bot.core.cards import watching as cards
from bot.core.posts import Body, Kind, Lane, NewPost, PostId
from bot.work.ports import NewId
from bot.work.ports_store import Store

_NOTE = "outage"
_PATIENCE = 3  # polls that miss a part before that is an outage too
_GROWTH = 1.5  # of the pause with each try: when EnOS is back, at most half of the outage's length is waited more
_LONGEST = timedelta(minutes=2)  # between two tries


@dataclass(frozen=True, slots=True)
class _Standing:
    """The outage that was told."""

    since: str  # ISO
    notice: str  # the post that tells it
    clear: str = ""  # the post that ends it, once EnOS has answered
    until: str = ""
    failures: int = 0


class Outage:
    """Keeps the notice and the pace of trying."""

    def __init__(
        self, store: Store, new_id: NewId, *, channel: str, poll: timedelta, jitter: Callable[[], float]
    ) -> None:
        self._store = store
        self._new_id = new_id
        self._channel = channel
        self._poll = poll
        self._jitter = jitter
        self._failed = 0
        self._failing_since: datetime | None = None
        self._next: datetime | None = None
        self._standing: _Standing | None = None
        self._read = False
        self._found: set[tuple[str, str, str]] = set()

    @property
    def stands(self) -> bool:
        """Whether the notice stands."""
        return self._standing is not None and not self._standing.clear

    def waits(self, now: datetime) -> bool:
        """Whether it is too early to try again."""
        return self._next is not None and now < self._next

    async def load(self, now: datetime) -> None:
        """Read what an earlier process told, and queue what it had not come to queue."""
        if self._read:
            return
        text = (await self._store.notes()).get(_NOTE, "")
        self._standing = _Standing(**json.loads(text)) if text else None
        self._read = True
        if self._standing is not None:
            if self._standing.clear:
                await self._clear(self._standing, now)
            elif await self._store.post(PostId(self._standing.notice)) is None:
                await self._notice(self._standing, "It did not answer before I was started anew.", now)

    async def failed(self, why: str, now: datetime, *, whole: bool, found: set[tuple[str, str, str]]) -> None:
        """Take in that a poll could not read EnOS, or (not ``whole``) a part of it; tell it, once."""
        self._failed += 1
        self._failing_since = self._failing_since or now
        self._found |= found
        if whole:
            pause = min(self._poll * _GROWTH ** min(self._failed, 20), max(_LONGEST, self._poll))
            self._next = now + pause * (0.75 + 0.5 * self._jitter())
        if self._standing is None and (whole or self._failed >= _PATIENCE):
            self._standing = _Standing(self._failing_since.isoformat(), self._new_id())
            await self._store.note(_NOTE, json.dumps(asdict(self._standing)))
            await self._notice(self._standing, why, now)

    async def answered(self, now: datetime, found: set[tuple[str, str, str]]) -> None:
        """Take in that a poll read everything: end the outage, if one was told."""
        found = found | self._found
        self._failed, self._failing_since, self._next = 0, None, None
        self._found = set()
        if self._standing is not None:
            told = _Standing(self._standing.since, self._standing.notice, self._new_id(), now.isoformat(), len(found))
            await self._store.note(_NOTE, json.dumps(asdict(told)))
            await self._clear(told, now)

    async def _notice(self, standing: _Standing, why: str, now: datetime) -> None:
        body = cards.unreachable(datetime.fromisoformat(standing.since), why)
        await self._store.queue([self._message(standing.notice, body, now)])

    async def _clear(self, told: _Standing, now: datetime) -> None:
        since, until = datetime.fromisoformat(told.since), datetime.fromisoformat(told.until)
        clear = self._message(told.clear, cards.all_clear(since, until, cards.CaughtUp(told.failures)), now)
        over = NewPost(
            PostId(f"{told.clear}-notice"),
            Kind.EDIT,
            Lane.ALERT,
            self._channel,
            cards.was_unreachable(since, until),
            now,
            target=PostId(told.notice),
        )
        await self._store.queue([clear, over])
        self._standing = None
        await self._store.note(_NOTE, "")

    def _message(self, id_: str, body: Body, now: datetime) -> NewPost:
        return NewPost(PostId(id_), Kind.MESSAGE, Lane.ALERT, self._channel, body, now)

"""EnOS out of reach: one notice, a growing back-off, one all-clear with what was caught up."""

from collections.abc import Callable
from datetime import datetime, timedelta

from bot.core.outbox import notices
from bot.core.outbox.notices import Notice
from bot.core.outbox.posts import Body, Lane, NewPost, PostId, PostKind
from bot.messages.cards import monitoring as cards
from bot.work.ports import Clock, NewId
from bot.work.ports_store import Store

_NOTE = "outage"
_PATIENCE = 3  # polls that miss a part before that is an outage too
_GROWTH = 1.5  # of the pause with each try: when EnOS is back, at most half of the outage's length is waited more
_LONGEST = timedelta(minutes=2)  # between two tries


class OutageNotice:
    """Keeps the notice and the pace of trying; the pace is measured by the steady clock."""

    def __init__(
        self,
        store: Store,
        new_id: NewId,
        steady: Clock,
        *,
        channel: str,
        poll: timedelta,
        jitter: Callable[[], float],
    ) -> None:
        self._store = store
        self._new_id = new_id
        self._steady = steady
        self._channel = channel
        self._poll = poll
        self._jitter = jitter
        self._failed = 0
        self._failing_since: datetime | None = None
        self._next: datetime | None = None
        self._notice: Notice | None = None
        self._was_loaded = False
        self._found: set[tuple[str, str, str]] = set()

    @property
    def is_active(self) -> bool:
        """Whether the notice stands."""
        return self._notice is not None

    async def must_wait(self) -> bool:
        """Whether it is too early to try again. The first call reads what an earlier process told."""
        if not self._was_loaded:
            self._notice = Notice.read((await self._store.notes()).get(_NOTE, ""))
            self._was_loaded = True
        return self._next is not None and self._steady() < self._next

    async def failed(self, why: str, now: datetime, *, whole: bool, found: set[tuple[str, str, str]]) -> None:
        """Take in that a poll could not read EnOS, or (not ``whole``) a part of it; tell it, once."""
        self._failed += 1
        self._failing_since = self._failing_since or now
        self._found |= found
        if whole:
            pause = min(self._poll * _GROWTH ** min(self._failed, 20), max(_LONGEST, self._poll))
            self._next = self._steady() + pause * (0.75 + 0.5 * self._jitter())
        if self._notice is None and (whole or self._failed >= _PATIENCE):
            notice = Notice(PostId(self._new_id()), self._failing_since)
            message = self._message(notice.post, cards.unreachable(notice.since, why), now)
            await self._store.update_note(_NOTE, notices.begins(notice, [message]))
            self._notice = notice

    async def answered(self, now: datetime, found: set[tuple[str, str, str]]) -> None:
        """Take in that a poll read everything: end the outage, if one was told."""
        found = found | self._found
        if self._notice is not None:
            await self._store.update_note(_NOTE, notices.ends(lambda told: self._clear(told, now, len(found))))
            self._notice = None
        self._failed, self._failing_since, self._next = 0, None, None
        self._found = set()

    def _clear(self, told: Notice, now: datetime, failures: int) -> tuple[NewPost, NewPost]:
        """Return the all-clear, and the edit of the notice."""
        body = cards.all_clear(told.since, now, cards.CaughtUp(failures))
        over = NewPost(
            PostId(f"{told.post}-is-over"),
            PostKind.EDIT,
            Lane.ALERT,
            self._channel,
            cards.was_unreachable(told.since, now),
            now,
            target=told.post,
        )
        return self._message(PostId(f"{told.post}-over"), body, now), over

    def _message(self, id_: PostId, body: Body, now: datetime) -> NewPost:
        return NewPost(id_, PostKind.MESSAGE, Lane.ALERT, self._channel, body, now)

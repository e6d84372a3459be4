"""EnOS out of reach, or not read to the end for too long: one notice when it begins, one all-clear when it is over.

outage   EnOS does not answer: polls back off, and the all-clear says what was caught up
lag      EnOS answers, yet no poll completes; also an alarm, which is raised during an outage too
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.core.outbox import notices
from bot.core.outbox.blocks import Card
from bot.core.outbox.notices import Notice
from bot.core.outbox.posts import Lane, NewPost, PostId, PostKind
from bot.core.text.message import Text
from bot.messages.cards import monitoring as cards
from bot.work.delivery.alarms import Alarms
from bot.work.ports import Clock, NewId

if TYPE_CHECKING:
    from bot.store.store import Store

_NOTE, _LAG_NOTE = "outage", "lag"
_LAG_ALARM = "reading EnOS"
_PATIENCE = 3  # polls that miss a part before that is an outage too
_GROWTH = 1.5  # of the pause with each try: when EnOS is back, at most half of the outage's length is waited more
_LONGEST = timedelta(minutes=2)  # between two tries


class OutageNotice:
    """The notice, and the pace of polls meanwhile, which is measured by the steady clock."""

    def __init__(
        self,
        store: "Store",
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
        """Whether an outage was reported that is not over."""
        return self._notice is not None

    async def must_wait(self) -> bool:
        """Whether it is too early to try again. The first call reads what an earlier process reported."""
        if not self._was_loaded:
            self._notice = Notice.read((await self._store.notes()).get(_NOTE, ""))
            self._was_loaded = True
        return self._next is not None and self._steady() < self._next

    async def failed(self, why: Text, now: datetime, *, whole: bool, found: set[tuple[str, str, str]]) -> None:
        """A poll could not read EnOS, or (not ``whole``) a part of it: report that, once."""
        self._failed += 1
        self._failing_since = self._failing_since or now
        self._found |= found
        if whole:
            pause = min(self._poll * _GROWTH ** min(self._failed, 20), max(_LONGEST, self._poll))
            self._next = self._steady() + pause * (0.75 + 0.5 * self._jitter())
        if self._notice is None and (whole or self._failed >= _PATIENCE):
            notice = Notice(PostId(self._new_id()), self._failing_since)
            message = _message(self._channel, notice.post, cards.unreachable(notice.since, why), now)
            await self._store.update_note(_NOTE, notices.begins(notice, [message]))
            self._notice = notice

    async def answered(self, now: datetime, found: set[tuple[str, str, str]]) -> None:
        """A poll read everything: end the outage, if one was reported."""
        found = found | self._found
        if self._notice is not None:
            await self._store.update_note(_NOTE, notices.ends(lambda told: self._clear(told, now, len(found))))
            self._notice = None
        self._failed, self._failing_since, self._next = 0, None, None
        self._found = set()

    def _clear(self, told: Notice, now: datetime, failures: int) -> tuple[NewPost, NewPost]:
        """The all-clear, and the edit of the notice."""
        body = cards.all_clear(told.since, now, failures)
        over = NewPost(
            PostId(f"{told.post}-is-over"),
            PostKind.EDIT,
            Lane.ALERT,
            self._channel,
            cards.was_unreachable(told.since, now),
            now,
            target=told.post,
        )
        return _message(self._channel, PostId(f"{told.post}-over"), body, now), over


class LagNotice:
    """The notice and the alarm that no poll completes."""

    def __init__(self, store: "Store", new_id: NewId, alarms: Alarms, *, channel: str) -> None:
        self._store = store
        self._new_id = new_id
        self._alarms = alarms
        self._channel = channel
        self._is_active: bool | None = None  # None until the note was read

    async def tick(self, now: datetime, lag: timedelta, *, late: bool, outage: bool) -> None:
        """Tell it once when it begins and once when it is over; ``lag`` is the time since the last complete poll."""
        if self._is_active is None:
            self._is_active = bool((await self._store.notes()).get(_LAG_NOTE))
        if late:
            self._alarms.fire(_LAG_ALARM, cards.LATE)
            if not self._is_active and not outage:
                notice = Notice(PostId(self._new_id()), now - lag)
                message = _message(self._channel, notice.post, cards.late(notice.since), now)
                await self._store.update_note(_LAG_NOTE, notices.begins(notice, [message]))
                self._is_active = True
        else:
            self._alarms.resolve(_LAG_ALARM)
            if self._is_active:
                await self._store.update_note(_LAG_NOTE, notices.ends(lambda told: [self._clear(told, now)]))
                self._is_active = False

    def _clear(self, told: Notice, now: datetime) -> NewPost:
        return _message(self._channel, PostId(f"{told.post}-over"), cards.in_time_again(now - told.since), now)


def _message(channel: str, id_: PostId, body: Card, now: datetime) -> NewPost:
    return NewPost(id_, PostKind.MESSAGE, Lane.ALERT, channel, body, now)

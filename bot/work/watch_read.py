"""Reading one scheduling type: newest change first, until nothing is new, one page one transaction.

    page ─► what is new on it is written, with what is said about it ─► next page
              nothing is new, EnOS sorts by change, and the last reading ended well: done
              otherwise: on, to the end of the window

A reading is marked as begun before its first page is written, and as ended after its last: what a crash cuts off
is read whole by the next one.
"""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.core import incident_posts, pages
from bot.core.cards import watching as cards
from bot.core.errors import Failure
from bot.core.facts import Facts, Reading
from bot.core.flows import Instance, Page, Search
from bot.core.posts import Kind, Lane, NewPost, PostId
from bot.core.status import Status
from bot.core.times import is_due, milliseconds
from bot.work.ports import Clock, Enos, NewId
from bot.work.ports_store import Store
from bot.work.watch_look import Looks
from bot.work.watch_settings import UPDATED, WatchSettings

log = logging.getLogger(__name__)

UNFINISHED = tuple(
    int(status) for status in (Status.INIT, Status.RUNNING, Status.SUSPEND, Status.WAIT, Status.READY, Status.RERUN)
)
AHEAD = timedelta(days=1)  # trigger times may lie ahead of our clock
_PAGE = 50  # rows that one page of the platform holds


class Unread(Exception):  # noqa: N818  named for what is known
    """EnOS could not be read; ``trouble`` is its sentence for people."""

    def __init__(self, trouble: Failure) -> None:
        super().__init__(str(trouble))
        self.trouble = trouble


@dataclass
class Brought:
    """What a reading brought. It grows page by page, so that what was written before a fault is known too."""

    told: Callable[[Facts], None]  # hears of each page as soon as it is written
    failures: set[tuple[str, str, str]] = field(default_factory=set)
    distrusted: bool = False  # this sweep found what a poll had missed

    def take(self, facts: Facts) -> None:
        """Add the facts of a page."""
        self.told(facts)
        if isinstance(facts, pages.PageFacts):
            self.failures |= {(each.incident, each.instance, each.end_time) for each in facts.failures}


class Reader:
    """Reads the platform's failures into the store."""

    def __init__(
        self, enos: Enos, store: Store, looks: Looks, clock: Clock, new_id: NewId, settings: WatchSettings
    ) -> None:
        self._enos = enos
        self._store = store
        self._looks = looks
        self._clock = clock
        self._new_id = new_id
        self._settings = settings

    async def read(self, reading: Reading, brought: Brought, now: datetime, gather_under: PostId | None) -> Reading:
        """Read one type into ``brought`` and return how it went.

        Raises Unread where EnOS could not be read; nothing is lost by it. What the store raises is not caught.
        """
        sweep = reading.swept_at is None or is_due(reading.swept_at, self._settings.sweep_every, now)
        trusted = reading.clean and reading.early_stop
        order = _Order(self._settings.alerting)
        begun = False
        async with closing(self._enos.search(self._terms(reading, now, sweep=sweep))) as found:
            async for page in _read(found):
                if not page.last and not begun:
                    await self._store.set_reading(replace(reading, clean=False))
                    begun = True
                facts = await self._observe(page.rows, reading.kind, now, gather_under)
                brought.take(facts)
                order.take(page, facts)
                known = bool(page.rows) and not facts.seen
                if known and trusted and not sweep and page.sorted_by in UPDATED:
                    break
        brought.distrusted = sweep and trusted and order.broken
        done = replace(
            reading,
            clean=not order.torn,
            early_stop=reading.early_stop and not brought.distrusted,
            swept_at=now if sweep else reading.swept_at,
            read_at=now,
        )
        await self._store.set_reading(done, posts=self._distrust(reading.kind, now) if brought.distrusted else ())
        return done

    def _distrust(self, kind: int, now: datetime) -> tuple[NewPost]:
        """Return what is told of an order of change that cannot be trusted any more."""
        log.warning("type %d is not listed in the order of change; it is read to the end from now on", kind)
        body = cards.order_distrusted(kind)
        return (NewPost(PostId(self._new_id()), Kind.MESSAGE, Lane.HOUSEKEEPING, self._settings.channel, body, now),)

    async def _observe(
        self, rows: tuple[Instance, ...], kind: int, now: datetime, gather_under: PostId | None
    ) -> Facts:
        if self._store.knows(rows):
            return Facts()
        look = await self._looks.of((owner for row in rows for owner in row.owners), now)
        terms = incident_posts.Terms(
            now=now,
            alerting=self._settings.alerting,
            channel=self._settings.channel,
            new_id=self._new_id,
            kind=kind,
            by_instance=self._settings.group_by == "instance",
            stored_at=self._clock(),
            gather_under=gather_under,
            look=look,
            storm=self._settings.storm,
            command=self._settings.command,
        )
        instances = {row.id: None for row in rows}
        flows = {row.flow_id: None for row in rows}
        return await self._store.observe(
            tuple(instances), tuple(flows), lambda known: pages.decide(rows, terms, known), since=terms.recent_since
        )

    def _terms(self, reading: Reading, now: datetime, *, sweep: bool) -> Search:
        """Return the search: a sweep also asks for what has not ended, to follow it beyond the window."""
        since = window_start(reading, now, self._settings)
        more = UNFINISHED if sweep else ()
        return Search(
            kind=reading.kind,
            since=milliseconds(since),
            until=milliseconds(now + AHEAD),
            statuses=tuple(dict.fromkeys((*self._settings.alert_statuses, *more))),
        )


def window_start(reading: Reading, now: datetime, settings: WatchSettings) -> datetime:
    """Return where the window of trigger times begins: the look-back, or the last sweep where that is older."""
    since = now - settings.lookback
    return since if reading.swept_at is None else min(since, reading.swept_at)


class _Order:
    """Whether rows stood in the order of their change: news must not stand behind a page of known rows."""

    def __init__(self, alerting: frozenset[int]) -> None:
        self._alerting = alerting
        self._row = 0
        self._news_in_page = False
        self._stopped = False
        self._ends_in_news = False
        self.broken = False
        self.torn = False  # a page was turned in the middle of news: what left the list meanwhile moved a row past us

    def take(self, page: Page, facts: Facts) -> None:
        """Take a page in; only rows that a poll would have been shown count."""
        new = {seen.instance for seen in facts.seen}
        self.torn |= self._ends_in_news
        for row in page.rows:
            if row.status not in self._alerting:
                continue
            news = self._ends_in_news = row.id in new
            self.broken |= news and self._stopped and page.sorted_by in UPDATED
            self._news_in_page |= news
            self._row += 1
            if self._row % _PAGE == 0:
                self._stopped |= not self._news_in_page
                self._news_in_page = False


async def _read(found: AsyncIterator[Page]) -> AsyncIterator[Page]:
    """Yield the pages; what goes wrong while EnOS is asked is told apart from trouble with our own database."""
    while True:
        try:
            page = await anext(found)
        except StopAsyncIteration:
            return
        except Failure as trouble:
            raise Unread(trouble) from trouble
        yield page


@asynccontextmanager
async def closing(found: AsyncIterator[Page]) -> AsyncIterator[AsyncIterator[Page]]:
    """Close a search that is not read to its end."""
    try:
        yield found
    finally:
        close = getattr(found, "aclose", None)
        if close is not None:
            await close()

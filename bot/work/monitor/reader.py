"""Reads one scheduling type: newest change first, until nothing is new, one page in one transaction.

    page ─► what is new on it is written, together with its posts ─► next page
              nothing is new, EnOS sorts by change, and the last read was complete: done
              otherwise: on, to the end of the window

A read is marked as begun before its first page is written, and as complete after its last: after a crash the next one
reads the whole window.
"""

import logging
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import field, replace
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from bot.core.errors import Failure
from bot.core.flow.ids import milliseconds
from bot.core.flow.model import Instance, InstanceId, LeftOut, Page, Search
from bot.core.flow.status import Status
from bot.core.flow.times import is_due
from bot.core.history.progress import AHEAD
from bot.core.incident.facts import ChangeSet, ReadState
from bot.core.outbox.posts import Lane, NewPost, PostId, PostKind
from bot.core.text.escape import code
from bot.core.text.message import msg
from bot.core.values import dataclass
from bot.messages import incident_posts
from bot.messages.cards import monitoring as cards
from bot.work.monitor import page_facts
from bot.work.monitor.flow_names import ListedNames
from bot.work.monitor.settings import UPDATED, MonitorContext
from bot.work.ports import NewId

if TYPE_CHECKING:
    pass

log = logging.getLogger(__name__)

UNFINISHED = tuple(
    int(status) for status in (Status.INIT, Status.RUNNING, Status.SUSPEND, Status.WAIT, Status.READY, Status.RERUN)
)
_PAGE = 50  # rows that one page of the platform holds
_REFUSED_AT_MOST = 100  # rows that one read leaves out because of a bug; beyond that no row is to blame
_REFUSED_KEPT = 1000


class SearchFailed(Exception):  # noqa: N818  named for what is known
    """EnOS could not be read; ``trouble`` is its sentence for people."""

    def __init__(self, trouble: Failure) -> None:
        super().__init__(str(trouble))
        self.trouble = trouble


@dataclass
class ReadResult:
    """What a read brought. It grows page by page, so that what was written before a fault is known too."""

    on_page: Callable[[ChangeSet], None]  # called after each page is written
    failures: set[tuple[str, str, str]] = field(default_factory=set)
    distrusted: bool = False  # this sweep found what a poll had missed
    unreadable: dict[str, LeftOut] = field(default_factory=dict)  # rows of EnOS that are left out, by key
    refused: list[LeftOut] = field(default_factory=list)  # rows that could not be stored
    refused_again: list[LeftOut] = field(default_factory=list)  # … and could not be before
    stored: bool = False  # others could be stored meanwhile

    def add(self, changes: ChangeSet) -> None:
        """Add the facts of a page."""
        self.stored = True
        self.on_page(changes)
        if isinstance(changes, page_facts.PageFacts):
            self.failures |= {(each.incident, each.instance, each.end_time) for each in changes.failures}

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """The left-out rows to report; new refused ones only where others were stored: else no row may be to blame."""
        return (*self.unreadable.values(), *(self.refused if self.stored else ()), *self.refused_again)


class Reader:
    """Reads the platform's failures into the store."""

    def __init__(self, context: MonitorContext) -> None:
        self._context = context
        self._enos, self._store, self._owner_resolver = context.enos, context.store, context.owner_resolver
        self._settings = settings = context.settings
        self._alerting, self._lookback, self._sweep_every = settings.alerting, settings.lookback, settings.sweep_every
        self._refused = _Refused()
        self._listed_names = ListedNames()

    async def read(
        self, reading: ReadState, result: ReadResult, now: datetime, group_under: PostId | None
    ) -> ReadState:
        """Read one type into ``result``. The new state of reading it.

        Raises ``SearchFailed`` where EnOS could not be read; nothing is lost by it. Raises what the store raises.
        """
        sweep = reading.swept_at is None or is_due(reading.swept_at, self._sweep_every, now)
        trusted = reading.clean and reading.early_stop
        order = _Order(self._alerting)
        begun = False
        terms = Search(
            kind=reading.kind,
            since=milliseconds(min(now - self._lookback, reading.swept_at or now)),
            until=milliseconds(now + AHEAD),
            # a sweep also asks for what has not ended, to follow it beyond the window
            statuses=tuple(dict.fromkeys((*self._settings.alert_statuses, *(UNFINISHED if sweep else ())))),
        )
        async with closing(self._enos.search(terms)) as found:
            async for page in _read(found):
                if not page.last and not begun:
                    await self._store.set_reading(replace(reading, clean=False))
                    begun = True
                result.unreadable |= {row.key: row for row in page.left_out}
                news = await self._observe(page.rows, reading.kind, now, group_under, result)
                order.add(page, news)
                known = bool(page.rows) and not news
                if known and trusted and not sweep and page.sorted_by in UPDATED:
                    break
        result.distrusted = sweep and trusted and order.broken
        done = replace(
            reading,
            clean=not order.torn,
            early_stop=reading.early_stop and not result.distrusted,
            swept_at=now if sweep else reading.swept_at,
            read_at=now,
        )
        await self._store.set_reading(done, posts=self._distrust(reading.kind, now) if result.distrusted else ())
        return done

    def _distrust(self, kind: int, now: datetime) -> tuple[NewPost]:
        """The message that EnOS's order of change can no longer be trusted."""
        log.warning("EnOS does not list type %d by time of change. flowbot reads all of it from now on.", kind)
        body = cards.order_unreliable(kind)
        return (
            NewPost(
                PostId(self._context.new_id()), PostKind.MESSAGE, Lane.HOUSEKEEPING, self._settings.channel, body, now
            ),
        )

    async def _observe(
        self,
        rows: tuple[Instance, ...],
        kind: int,
        now: datetime,
        group_under: PostId | None,
        result: ReadResult,
    ) -> set[InstanceId]:
        """Write what is new on a page into the store and ``result``. The rows that are new."""
        renamed = self._listed_names.renamed(rows)
        if not renamed and self._store.are_unchanged(rows):
            self._listed_names.remember(rows)
            return set()
        render_context = await self._owner_resolver.resolve((owner for row in rows for owner in row.owners), now)
        terms = await self._context.terms(now, render_context)
        terms = replace(terms, kind=kind, group_under=group_under, renamed=renamed)
        once_refused = [row for row in rows if self._refused.has(row)]
        news = await self._write(tuple(row for row in rows if row not in once_refused), terms, result)
        for row in once_refused:  # one by one, so that they do not affect the others
            news |= await self._write((row,), terms, result)
        self._listed_names.remember([row for row in rows if not self._refused.has(row)])
        return news

    async def _write(
        self, rows: tuple[Instance, ...], terms: incident_posts.Terms, result: ReadResult
    ) -> set[InstanceId]:
        """Write rows in one transaction; where that meets a bug, in halves, so that only one row is left out."""
        if not rows:
            return set()
        instances = tuple(dict.fromkeys(row.id for row in rows))
        flows = tuple(dict.fromkeys(row.flow_id for row in rows))
        try:
            changes = await self._store.observe(
                instances, flows, lambda known: page_facts.decide(rows, terms, known), since=terms.recent_since
            )
        except Failure:
            raise  # the database is in trouble, and no row is to blame
        except Exception as bug:  # noqa: BLE001  reported with a reference, or raised
            if len(rows) == 1:
                return {rows[0].id} if self._refuse(rows[0], bug, result) else set()
        else:
            self._refused.drop(rows)
            result.add(changes)
            return {seen.instance for seen in changes.seen}
        half = len(rows) // 2  # the last row is the oldest, and is written first
        return await self._write(rows[half:], terms, result) | await self._write(rows[:half], terms, result)

    def _refuse(self, row: Instance, bug: Exception, result: ReadResult) -> bool:
        """Leave out a row that cannot be stored. Whether that is new; raises the bug where no row is to blame."""
        if len(result.refused) + len(result.refused_again) == _REFUSED_AT_MOST:
            raise bug
        reference = self._refused.put(row, self._context.new_id)
        if reference.is_new:
            log.error("Run %s cannot be stored, reference %s", row.id, reference.text, exc_info=bug)
        why = msg("I hit a bug while storing it (reference {reference}).", reference=code(reference.text))
        left = LeftOut(f"{row.id}|{reference.text}", f"{row.id} · {row.flow_name}", why)
        (result.refused if reference.is_new else result.refused_again).append(left)
        return reference.is_new


class _Reference(NamedTuple):
    """Names a row that cannot be stored, in the log and in the channel."""

    text: str
    is_new: bool


class _Refused:
    """Rows that could not be stored, as they were then: each is tried again, alone, and logged once."""

    def __init__(self) -> None:
        self._rows: dict[InstanceId, tuple[tuple[object, ...], str]] = {}

    def has(self, row: Instance) -> bool:
        """Whether this row could not be stored as it is."""
        return row.id in self._rows and self._rows[row.id][0] == _print(row)

    def put(self, row: Instance, new_id: NewId) -> _Reference:
        """Remember a row. The reference it has, or a new one where the row has changed."""
        if self.has(row):
            return _Reference(self._rows[row.id][1], is_new=False)
        if len(self._rows) >= _REFUSED_KEPT:
            self._rows.clear()
        self._rows[row.id] = _print(row), new_id()
        return _Reference(self._rows[row.id][1], is_new=True)

    def drop(self, rows: Iterable[Instance]) -> None:
        """Forget rows that are stored."""
        if self._rows:
            for row in rows:
                self._rows.pop(row.id, None)


def _print(row: Instance) -> tuple[object, ...]:
    return row.status, row.end_time, row.flow_id, row.flow_name


class _Order:
    """Whether rows are in the order of their change: new rows must not follow a page of known ones."""

    def __init__(self, alerting: frozenset[int]) -> None:
        self._alerting = alerting
        self._row = 0
        self._news_in_page = False
        self._stopped = False
        self._ends_in_news = False
        self.broken = False
        self.torn = False  # a page ended among new rows: rows that left the list meanwhile may have hidden others

    def add(self, page: Page, new: set[InstanceId]) -> None:
        """Check a page, given which of its rows are new; only rows with an alerting status count."""
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
    """The pages; a failure of EnOS becomes ``SearchFailed``, unlike one of our own database."""
    while True:
        try:
            page = await anext(found)
        except StopAsyncIteration:
            return
        except Failure as trouble:
            raise SearchFailed(trouble) from trouble
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

"""Reads the runs that EnOS lists into history: what changes at each tick, and the past where nothing else goes on.

    tick        each type, newest change first, until a page brings nothing that was not listed before
    read_past   one page of the past: a day of trigger times at once, backwards, for 90 days

Both give way to everything else, and stop for a while where EnOS fails: history can wait.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.core.errors import Failure
from bot.core.flow.ids import milliseconds
from bot.core.flow.model import KINDS, FlowId, Instance, InstanceId, Page, Search
from bot.core.flow.status import Status
from bot.core.history.progress import AHEAD, RECENT, Progress, Span, again, begun, from_text, to_text, without
from bot.core.history.rows import dependencies, past_run
from bot.core.values import dataclass
from bot.work.monitor.reader import closing
from bot.work.monitor.settings import UPDATED
from bot.work.ports import Clock, Enos

if TYPE_CHECKING:
    from bot.store.store import Store

log = logging.getLogger(__name__)

NOTE = "history"
_ALL = tuple(int(status) for status in Status)  # an empty filter means "none" to some servers
_CHANGES_WITHIN = timedelta(days=14)  # after its trigger time; what changes later is not seen
_MOST_CHANGES = 100  # pages of changes that are read at once; where there are more, the last days are read again
_MOST_PAGES = 600  # of a window and type; then windows become narrower
_LONGEST_WALK = timedelta(minutes=30)  # of a window and type; a list that takes an hour counts as endless
_MANY_PAGES = 100  # that were read in this time: the window was too wide, and nothing else held it up
_DAY, _NARROWEST = timedelta(days=1), timedelta(minutes=10)
_REMEMBERED = 2000  # rows that were listed last, per type
_RECENT_AGAIN, _RECENT_AGAIN_UNSORTED = timedelta(days=1), timedelta(minutes=30)
_NOTE_EVERY = timedelta(hours=1)
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(minutes=2), timedelta(minutes=30)  # after a failure
_GIVES_WAY = timedelta(seconds=20)  # at most, before a read of changes
_BREATH = 0.2  # seconds

_Listed = tuple[object, ...]


@dataclass(slots=True)
class _Walk:
    """A window of the past that is being read: its open search, since when it is open, and how many pages it brought.

    ``gone``: runs that had not ended, and that EnOS has not listed yet.
    """

    window: Span
    gone: set[InstanceId]
    since: datetime  # by the steady clock
    kinds: list[int] = field(default_factory=lambda: list(KINDS))  # still to be read, the present one first
    search: AsyncIterator[Page] | None = None
    pages: int = 0


class HistoryReader:
    """Keeps history up to date. ``is_busy``: whether something else needs EnOS; ``is_reachable``: whether it answers.

    ``steady`` is for waiting: it never goes back.
    """

    def __init__(
        self,
        enos: Enos,
        store: "Store",
        steady: Clock,
        *,
        zone: Callable[[], timedelta | None],
        is_busy: Callable[[], bool] = lambda: False,
        is_reachable: Callable[[], bool] = lambda: True,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._enos, self._store, self._steady, self._zone = enos, store, steady, zone
        self._is_busy, self._is_reachable, self._pause = is_busy, is_reachable, pause
        self._reading = asyncio.Lock()
        self._progress: Progress | None = None  # None until the database was asked
        self._has_read = self._knows_recent = False  # in this process: the changes, and the last days
        self._known: dict[int, dict[InstanceId, _Listed]] = {}
        self._graphs: dict[FlowId, datetime] = {}
        self._walk: _Walk | None = None
        self._width = _DAY
        self._recent_from: datetime | None = None  # when the last days began to be read again, until they are
        self._recent_at = self._note_due = self._waits_until = steady()
        self._next_pause = _FIRST_PAUSE

    def read_since(self, now: datetime) -> datetime | None:
        """When the last complete read of all changes began; None where one is not known, or the last days are not.

        A run that should have ended before then, and is not in history, is missing.
        """
        at = self._progress.read_at if self._progress is not None and self._has_read and self._knows_recent else None
        return at if at is not None and at <= now else None

    def back_to(self, now: datetime) -> datetime | None:
        """Since when all runs are known; None where not even the newest are."""
        return None if self._progress is None else self._progress.back_to(now)

    async def tick(self, now: datetime) -> None:
        """Read what has changed. A failure of EnOS is only logged: the monitor reports it."""
        async with self._reading:
            if not self._must_wait():
                await self._quietly(self._read_changes(now))

    async def read_past(self, now: datetime) -> None:
        """Read one page of the past, unless something else goes on."""
        if self._reading.locked() or self._must_wait() or self._is_busy():
            return
        async with self._reading:
            if (walk := self._walk) is not None and self._steady() >= walk.since + _LONGEST_WALK:
                await self._begin_again(narrower=walk.pages >= _MANY_PAGES)
            await self._quietly(self._read_page(now))

    async def stop(self) -> None:
        """Give up the window that is being read; the next start reads it again."""
        walk, self._walk = self._walk, None
        if walk is not None:
            await _close(walk)

    # ── what changes ──

    async def _read_changes(self, now: datetime) -> None:
        await self._begin(now)
        if (read_at := self._begun.read_at) is not None and read_at > now:
            self._begin_from(self._begun, now)  # the clock was put back
        complete = True
        for kind in KINDS:
            await self._give_way()
            complete &= await self._read_type(kind, now)
        if complete:
            self._progress, self._has_read = replace(self._begun, read_at=now), True
        if self._steady() >= self._recent_at + (_RECENT_AGAIN if complete else _RECENT_AGAIN_UNSORTED):
            self._recent_at, self._recent_from = self._steady(), now
            self._progress = again(self._begun, now - RECENT, now)
        await self._note()

    async def _read_type(self, kind: int, now: datetime) -> bool:
        """Read the changes of a type; whether all since the last read are known then.

        The first read of a process takes one page, to know from where on it sees changes: the rest is the past.
        """
        known = self._known.get(kind)
        listed: dict[InstanceId, _Listed] = {}
        pages = 0
        terms = Search(kind, milliseconds(now - _CHANGES_WITHIN), milliseconds(now + AHEAD), _ALL)
        async with closing(self._enos.search(terms)) as found:
            async for page in found:
                pages += 1
                here = {row.id: _as_listed(row) for row in page.rows}
                listed |= {id_: row for id_, row in here.items() if id_ not in listed}
                await self._keep(page.rows)
                if page.last:
                    break
                if page.sorted_by not in UPDATED:
                    return False
                if known is None or (here and all(known.get(id_) == row for id_, row in here.items())):
                    break
                if pages == _MOST_CHANGES:
                    self._knows_recent = False
                    self._progress = again(self._begun, (self._begun.read_at or now) - RECENT, now)
                    break
        older = {id_: row for id_, row in (known or {}).items() if id_ not in listed}
        self._known[kind] = dict([*listed.items(), *older.items()][:_REMEMBERED])
        return True

    # ── the past ──

    async def _read_page(self, now: datetime) -> None:
        await self._begin(now)
        walk = self._walk or await self._next_walk()
        if walk is None:
            return
        if walk.search is None:
            since, until = milliseconds(walk.window.since), milliseconds(walk.window.until)
            walk.search = self._enos.search(Search(walk.kinds[0], since, until, _ALL))
            walk.since, walk.pages = self._steady(), 0
        page = await anext(walk.search, None)
        walk.pages += 1
        if page is not None:
            await self._keep(page.rows)
            walk.gone.difference_update(row.id for row in page.rows)
        if page is None or page.last:
            await _close(walk)
            del walk.kinds[0]
            if not walk.kinds:
                await self._window_read(walk, now)
        elif walk.pages >= _MOST_PAGES and self._width > _NARROWEST:
            await self._begin_again(narrower=True)

    async def _begin_again(self, *, narrower: bool) -> None:
        """Give up the window; the next one may be narrower."""
        if narrower:
            self._width = max(_NARROWEST, self._width / 2)
        await self.stop()

    async def _next_walk(self) -> _Walk | None:
        window = self._begun.window(self._width)
        if window is not None:
            unfinished = await self._store.running()
            inside = {run.instance for run in unfinished if window.since <= run.triggered_at < window.until}
            self._walk = _Walk(window, inside, self._steady())
        return self._walk

    async def _window_read(self, walk: _Walk, now: datetime) -> None:
        self._walk = None
        await self._store.forget_past_runs(walk.gone)
        self._progress = progress = without(self._begun, walk.window)
        if progress.knows(now - RECENT, now):
            self._knows_recent = True
            if self._recent_from is not None and progress.knows(self._recent_from - RECENT, now):
                at = max(self._recent_from, progress.read_at or self._recent_from)
                self._progress, self._has_read, self._recent_from = replace(progress, read_at=at), True, None
        if not progress.left:
            log.info("History is read: all runs since %s", progress.back_to(now))
        await self._note(at_once=True)

    # ── both ──

    @property
    def _begun(self) -> Progress:
        if self._progress is None:
            raise RuntimeError("nothing was read yet")
        return self._progress

    async def _begin(self, now: datetime) -> None:
        """Ask the database how far history was read, once."""
        if self._progress is not None:
            return
        noted = from_text((await self._store.notes()).get(NOTE, ""))
        running = [run.triggered_at for run in await self._store.running()]
        unfinished = [at for at in running if at >= (noted.read_at or now) - _CHANGES_WITHIN]
        self._graphs = dict(await self._store.graphs_read())
        self._begin_from(noted, now, min(unfinished, default=None))

    def _begin_from(self, noted: Progress, now: datetime, unfinished: datetime | None = None) -> None:
        self._progress, self._knows_recent = begun(noted, now, unfinished), False
        self._recent_at, self._recent_from = self._steady(), now

    async def _keep(self, rows: Sequence[Instance]) -> None:
        """Write the runs of a page, and what the flows of new ones wait for."""
        zone = self._zone()
        changed = set(await self._store.add_past_runs([run for row in rows if (run := past_run(row, zone))]))
        found = []
        for row in rows:
            if row.id in changed and (read := dependencies(row, self._graphs.get(row.flow_id))):
                found.append(read)
                self._graphs[row.flow_id] = read.graph_at
                await asyncio.sleep(0)  # a graph takes its time
        await self._store.put_dependencies(found)

    async def _note(self, *, at_once: bool = False) -> None:
        """Write down how far history is read; now and then, so that an idle tick writes nothing."""
        if at_once or self._steady() >= self._note_due:
            self._note_due = self._steady() + _NOTE_EVERY
            await self._store.set_note(NOTE, to_text(self._begun))

    def _must_wait(self) -> bool:
        return not self._is_reachable() or self._steady() < self._waits_until

    async def _give_way(self) -> None:
        """Wait while something else needs EnOS, but not for ever."""
        until = self._steady() + _GIVES_WAY
        while self._is_busy() and self._steady() < until:
            await self._pause(_BREATH)

    async def _quietly(self, read: Awaitable[None]) -> None:
        """Read; after a failure, or a bug, wait for a while, longer each time."""
        try:
            await read
        except BaseException as trouble:
            self._waits_until = self._steady() + self._next_pause
            self._next_pause = min(_LONGEST_PAUSE, 2 * self._next_pause)
            await self.stop()
            if not isinstance(trouble, Failure):
                raise
            log.info("History could not be read: %s", trouble)
        else:
            self._next_pause = _FIRST_PAUSE


def _as_listed(row: Instance) -> _Listed:
    return row.status, row.start_time, row.end_time


async def _close(walk: _Walk) -> None:
    search, walk.search = walk.search, None
    close = getattr(search, "aclose", None)
    if close is not None:
        await close()

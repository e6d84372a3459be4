"""Walking the pages of a search, whatever the server counts from, sorts by, or calls a page.

Where the pages of the vendor contradict each other (``pageNo`` from 0 or 1, sort fields in snake_case or camelCase,
``count`` of the page or of all, an empty status as "all" or as "none"), the server is asked, and the answer is
remembered for a day (``capabilities.py``). What is not known yet costs a request more, and never a row.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace

from bot.core.errors import Failure, Refusal
from bot.core.flow.model import (
    MANUAL,
    PERIODIC,
    TEMPORARY,
    InstanceId,
    Page,
    Search,
)
from bot.enos.calls import ALL_STATUSES, ATTEMPTS, By, Call, search_instances
from bot.enos.capabilities import HOLDS, SOON
from bot.enos.envelope import Envelope
from bot.enos.errors import Broken, EnosRefused, Unreadable
from bot.enos.page_base import Ids, conclude, conclude_from_one, conclude_from_zero, refuses_number
from bot.enos.reading import Found, NothingReadable, open_page, page_in
from bot.enos.server import Ceiling, Server

_log = logging.getLogger(__name__)

MINUTE, HOUR = 60.0, 3600.0  # seconds
LONG = 8  # pages
WIDE = 90 * 24 * 3600 * 1000  # ms: what the console shows

RUNS = "runs"  # what is listed, in sentences
PAGE_BASE, EMPTY_STATUS = "page_base", "empty_status"  # names of what is learned


async def pages(server: Server, terms: Search, newest: str, by: By) -> AsyncGenerator[Page, None]:
    """Yield pages of instances, newest ``newest`` first where the server sorts, until nothing is new.

    Lazy: a page is asked for when the one before it was taken; from the second page on the next one is fetched
    while the consumer works, and on a long walk the one after it too. Rows come once each, by id. A page may be
    empty.
    """
    walk, first = await _start(server, terms, newest, by)
    async with contextlib.aclosing(walk.onward(first)) as found:
        async for page in found:
            yield page


async def _start(server: Server, terms: Search, newest: str, by: By) -> "tuple[_Walk, int]":
    """Return a walk and its first page; an empty status is spelt out where the server takes it as "none"."""
    plain = _Walk(server, terms, newest, by)
    spelt = _Walk(server, replace(terms, statuses=ALL_STATUSES), newest, by)
    known = server.learned.get(EMPTY_STATUS)
    if terms.statuses or known == "works":
        return plain, await plain.first()
    if known == "spell out":
        return spelt, await spelt.first()
    first = await plain.first()
    if (await plain.page(first)).rows:
        server.learned.put(EMPTY_STATUS, "works")
        return plain, first
    again = await spelt.first()
    if (await spelt.page(again)).rows:
        server.learned.put(EMPTY_STATUS, "spell out")
    return spelt, again


@dataclass(slots=True)
class _Walk:
    """One walk over the pages of one search."""

    server: Server
    terms: Search
    newest: str
    by: By
    kept: dict[int, Found] = field(default_factory=dict)  # read while looking for the first page
    seen: set[InstanceId] = field(default_factory=set)
    left_out: set[str] = field(default_factory=set)  # keys of rows that are left out
    sure: bool = True  # the first page's number is known

    async def onward(self, number: int) -> AsyncGenerator[Page, None]:
        """Yield the pages from this number on."""
        first, ahead = number, deque[asyncio.Task[Found]]()
        ceiling = Ceiling(self.server, RUNS)
        try:
            while True:
                ceiling.page()
                found = await (ahead.popleft() if ahead else self.page(number))
                fresh = tuple({row.id: row for row in found.rows if row.id not in self.seen}.values())
                self.seen.update(row.id for row in fresh)
                left_out = tuple(row for row in found.left_out if row.key not in self.left_out)
                self.left_out.update(row.key for row in left_out)
                last = self._last(number, found, stale=not (fresh or left_out))
                self.kept.pop(number, None)
                number += 1
                while not last and len(ahead) < _ahead(number - first):
                    ahead.append(asyncio.create_task(self.page(number + len(ahead))))
                if last:
                    ceiling.ended()
                yield Page(fresh, last, found.sorted_by, left_out)
                if last:
                    return
        finally:
            for task in ahead:
                task.cancel()
                task.add_done_callback(lambda task: task.cancelled() or task.exception())

    async def page(self, number: int) -> Found:
        """Return a page; one that was read already is not asked for again."""
        if number not in self.kept:
            self.kept[number] = await self._ask(number)
        return self.kept[number]

    async def first(self) -> int:
        """Return the number of the first page, which is read. One that is refused is no first page any more."""
        known = self._known()
        if known is None:
            return await self._sought()
        try:
            await self.page(known)
        except EnosRefused as refusal:
            if self.server.base != "auto" or not refuses_number(refusal):
                raise
        else:
            return known
        self.server.learned.forget(PAGE_BASE)
        return await self._sought()

    def _known(self) -> int | None:
        server = self.server
        known = server.base if server.base != "auto" else server.learned.get(PAGE_BASE)
        return None if known is None else int(known)

    async def _sought(self) -> int:
        """Return the number of the first page to read, found out by looking.

        Trouble on page 0 ends the reading, unless rows tell that 0 is not the first page: what may stand there is
        not to be missed. Where EnOS has too few rows to tell, page 1 is read alone only once page 0 was in trouble
        again and again; nothing is remembered of that, and page 0 is tried by each search.
        """
        server, zero = self.server, await self.settle()
        known = self._known()
        if known is None:
            known = await self._looked_wider(MINUTE if isinstance(zero, Failure) else HOUR)
        if known is not None:
            return known
        if isinstance(zero, Failure) and not server.breaks.again(server.learned.now()):
            raise zero
        self.sure = False
        return 0 if isinstance(zero, Found) and zero.rows else 1

    async def settle(self) -> Found | Failure | None:
        """Learn the base from this search if it can be told.

        Return page 0, None where it was refused for its number, or the trouble that it is in.
        """
        server = self.server
        try:
            one = await self.page(1)
        except EnosRefused as refusal:
            if not refuses_number(refusal):
                raise
            return await self._settle_without_one(refusal)
        zero = await self._zero()
        if isinstance(zero, Failure):
            base, holds = await conclude_from_one(_ids(one), self._ids, server.size), SOON
        else:
            base = await conclude(None if zero is None else _ids(zero), _ids(one), self._ids, server.size)
            holds = HOLDS
        if base is not None:
            server.learned.put(PAGE_BASE, str(base), holds=holds)
        return zero

    async def _settle_without_one(self, refusal: EnosRefused) -> Found:
        zero = await self.page(0)
        base = await conclude_from_zero(_ids(zero), self._ids)
        if base is None:
            raise refusal
        self.server.learned.put(PAGE_BASE, str(base), holds=SOON)
        return zero

    async def _zero(self) -> Found | Failure | None:
        """Return page 0, None where the server refuses its number, or the trouble of a server that may break on it."""
        try:
            self.kept[0] = await self._ask(0, attempts=2)
        except (Refusal, Broken, Unreadable) as failure:
            return None if refuses_number(failure) else failure
        self.server.breaks.over()
        return self.kept[0]

    async def _looked_wider(self, again: float) -> int | None:
        """Learn the base from all that ran in three months, if ``again`` seconds went by: an empty search cannot tell.

        Without this a healthy platform, on which nothing fails, would cost two requests for each search.
        """
        server, now = self.server, asyncio.get_running_loop().time()
        if now < server.looked_at + again:
            return None
        server.looked_at = now
        try:
            for kind in (PERIODIC, MANUAL, TEMPORARY):
                wide = Search(kind, self.terms.until - WIDE, self.terms.until, ALL_STATUSES)
                await _Walk(server, wide, self.newest, self.by).settle()
                if self._known() is not None:
                    break
        except Failure:
            server.breaks.over()
        return self._known()

    def _last(self, number: int, found: Found, *, stale: bool) -> bool:
        """Whether nothing can be behind this page: it is short, empty, or brought nothing new (``stale``).

        While it is not known which of pages 0 and 1 is the first, neither ends the walk by being the other's twin.
        """
        if not self.sure and number == 0:
            return False
        if stale and (self.sure or number != 1 or not found.rows):
            return True
        return self._short(found)

    async def _ids(self, number: int, size: int) -> Ids:
        return _ids(await self._ask(number, size=size))

    async def _ask(self, number: int, *, attempts: int = ATTEMPTS, size: int = 0) -> Found:
        def build(sort: str) -> Call:
            return search_instances(self.terms, number, sort, self.by, size=size or self.server.size)

        envelope, sort = await self.server.ask_sorted(
            "flowInstances", self.newest, build, attempts=attempts, opener=open_page
        )
        found = replace(self._page_in(envelope), sorted_by=self.newest if sort else "")
        self._note(found)
        return found

    def _page_in(self, envelope: Envelope) -> Found:
        """Return what a page holds. One without a readable row is no page, unless others of this walk were."""
        try:
            return page_in(envelope, self.terms.kind)
        except NothingReadable as strange:
            if not self.seen:
                raise
            return strange.page

    def _note(self, found: Found) -> None:
        server = self.server
        server.note(RUNS, found.left_out)
        server.largest = max(server.largest, found.size)
        if found.count is not None and found.count > found.size and not server.odd_count:
            server.odd_count = True
            _log.info("EnOS counts %d instances where its page holds %d: a total", found.count, found.size)

    def _short(self, found: Found) -> bool:
        """Whether nothing can be behind this page.

        A server may hold its pages smaller than asked, and nothing says so: only a page that is smaller than one
        seen before is certainly the last, unless its count promises more. A count known to be a total decides.
        """
        if found.size >= self.server.size:
            return False
        if found.count is not None and found.count > max(found.size, len(self.seen)):
            return False
        return found.size < self.server.largest or (self.server.odd_count and found.count is not None)


def _ids(found: Found) -> Ids:
    return (*(row.id for row in found.rows), *(row.key for row in found.left_out))


def _ahead(read: int) -> int:
    """Return how many pages to fetch ahead when so many were read.

    A poll that stops after its first page costs one request; only a walk that has become long is worth asking for
    two at once, since its end may cost a request that brings nothing.
    """
    if read < 2:
        return 0
    return 1 if read < LONG else 2

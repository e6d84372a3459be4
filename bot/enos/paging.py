"""The pages of a search of instances, whatever the server counts from, sorts by, or calls a page.

Where the pages of the vendor contradict each other (``pageNo`` from 0 or 1, sort fields in snake_case or camelCase,
``count`` of the page or of all, an empty status as "all" or as "none"), the server is asked, and the answer is
remembered for a day (``session.py``). What is not known yet costs one more request, and never a row.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncGenerator
from dataclasses import field, replace

from bot.core.errors import Failure, Refusal
from bot.core.flow.model import (
    MANUAL,
    PERIODIC,
    TEMPORARY,
    InstanceId,
    Page,
    Search,
)
from bot.core.text.message import msg
from bot.core.values import dataclass
from bot.enos.calls import ALL_STATUSES, ATTEMPTS, Actor, Call, search_instances
from bot.enos.errors import BadResponse, EnosRefused, ServerError
from bot.enos.page_base import Ids, conclude, conclude_from_one, conclude_from_zero, refuses_number
from bot.enos.reading import NoReadableRows, ServerPage, open_page, page_in
from bot.enos.server import PageLimit, Server
from bot.enos.session import VALID_BRIEFLY, VALID_FOR

_log = logging.getLogger(__name__)

MINUTE, HOUR = 60.0, 3600.0  # seconds
MANY_PAGES = 8  # pages
WIDE = 90 * 24 * 3600 * 1000  # ms: what the console shows

RUNS = "runs"  # what is listed, in alarms and logs
_ENDLESS = msg("EnOS's list of runs does not end.")
PAGE_BASE, EMPTY_STATUS = "page_base", "empty_status"  # names of capabilities


async def pages(server: Server, terms: Search, newest: str, actor: Actor) -> AsyncGenerator[Page, None]:
    """Yield pages of instances, newest ``newest`` first where the server sorts, until nothing is new.

    A page is asked for when the one before it was consumed. From the second page on, the next one is fetched while the
    consumer works, and on a long walk the one after it too. Each row comes once, by ID. A page may be empty.
    """
    pager, first = await _start(server, terms, newest, actor)
    async with contextlib.aclosing(pager.pages_from(first)) as found:
        async for page in found:
            yield page


async def _start(server: Server, terms: Search, newest: str, actor: Actor) -> "tuple[_Pager, int]":
    """A walk and its first page; an empty status is spelled out where the server takes it as "none"."""
    plain = _Pager(server, terms, newest, actor)
    spelt = _Pager(server, replace(terms, statuses=ALL_STATUSES), newest, actor)
    known = server.capabilities.get(EMPTY_STATUS)
    if terms.statuses or known == "works":
        return plain, await plain.first()
    if known == "spell out":
        return spelt, await spelt.first()
    first = await plain.first()
    if (await plain.page(first)).rows:
        server.capabilities.put(EMPTY_STATUS, "works")
        return plain, first
    again = await spelt.first()
    if (await spelt.page(again)).rows:
        server.capabilities.put(EMPTY_STATUS, "spell out")
    return spelt, again


@dataclass(slots=True)
class _Pager:
    """One walk over the pages of one search."""

    server: Server
    terms: Search
    newest: str
    actor: Actor
    pages_read: dict[int, ServerPage] = field(default_factory=dict)  # read while looking for the first page
    seen: set[InstanceId] = field(default_factory=set)
    left_out: set[str] = field(default_factory=set)  # keys of rows that are left out
    base_is_known: bool = True  # the first page's number is known

    async def pages_from(self, number: int) -> AsyncGenerator[Page, None]:
        """Yield the pages from this number on."""
        first, ahead = number, deque[asyncio.Task[ServerPage]]()
        limit = PageLimit(self.server, RUNS, _ENDLESS)
        try:
            while True:
                limit.count_page()
                found = await (ahead.popleft() if ahead else self.page(number))
                fresh = tuple({row.id: row for row in found.rows if row.id not in self.seen}.values())
                self.seen.update(row.id for row in fresh)
                left_out = tuple(row for row in found.left_out if row.key not in self.left_out)
                self.left_out.update(row.key for row in left_out)
                last = self._is_last(number, found, stale=not (fresh or left_out))
                self.pages_read.pop(number, None)
                number += 1
                while not last and len(ahead) < _ahead(number - first):
                    ahead.append(asyncio.create_task(self.page(number + len(ahead))))
                if last:
                    limit.report_end()
                yield Page(fresh, last, found.sorted_by, left_out)
                if last:
                    return
        finally:
            for task in ahead:
                task.cancel()
                task.add_done_callback(lambda task: task.cancelled() or task.exception())

    async def page(self, number: int) -> ServerPage:
        """A page; one that was read already is not asked for again."""
        if number not in self.pages_read:
            self.pages_read[number] = await self._ask(number)
        return self.pages_read[number]

    async def first(self) -> int:
        """The number of the first page, which is read. One that the server refuses now is found out again."""
        known = self._known_base()
        if known is None:
            return await self._find_first()
        try:
            await self.page(known)
        except EnosRefused as refusal:
            if self.server.base != "auto" or not refuses_number(refusal):
                raise
        else:
            return known
        self.server.capabilities.forget(PAGE_BASE)
        return await self._find_first()

    def _known_base(self) -> int | None:
        server = self.server
        known = server.base if server.base != "auto" else server.capabilities.get(PAGE_BASE)
        return None if known is None else int(known)

    async def _find_first(self) -> int:
        """The number of the first page to read, found out from the pages.

        A failure of page 0 ends the walk, unless rows show that 0 is not the first page: rows on it must not be missed.
        Where EnOS has too few rows to know, page 1 is read alone only after page 0 has failed again and again. That is
        not remembered: each search tries page 0.
        """
        server, zero = self.server, await self.learn_base()
        known = self._known_base()
        if known is None:
            known = await self._learn_base_widely(MINUTE if isinstance(zero, Failure) else HOUR)
        if known is not None:
            return known
        if isinstance(zero, Failure) and not server.page_zero_failures.record(server.capabilities.now()):
            raise zero
        self.base_is_known = False
        return 0 if isinstance(zero, ServerPage) and zero.rows else 1

    async def learn_base(self) -> ServerPage | Failure | None:
        """Find out the base from this search, if possible.

        Page 0, None where it was refused for its number, or its failure.
        """
        server = self.server
        try:
            one = await self.page(1)
        except EnosRefused as refusal:
            if not refuses_number(refusal):
                raise
            return await self._learn_base_without_page_one(refusal)
        zero = await self._page_zero()
        if isinstance(zero, Failure):
            base, valid_for = await conclude_from_one(_ids(one), self._ids, server.size), VALID_BRIEFLY
        else:
            base = await conclude(None if zero is None else _ids(zero), _ids(one), self._ids, server.size)
            valid_for = VALID_FOR
        if base is not None:
            server.capabilities.put(PAGE_BASE, str(base), valid_for=valid_for)
        return zero

    async def _learn_base_without_page_one(self, refusal: EnosRefused) -> ServerPage:
        zero = await self.page(0)
        base = await conclude_from_zero(_ids(zero), self._ids)
        if base is None:
            raise refusal
        self.server.capabilities.put(PAGE_BASE, str(base), valid_for=VALID_BRIEFLY)
        return zero

    async def _page_zero(self) -> ServerPage | Failure | None:
        """Page 0, None where the server refuses its number, or the failure of a server that breaks on it."""
        try:
            self.pages_read[0] = await self._ask(0, attempts=2)
        except (Refusal, ServerError, BadResponse) as failure:
            return None if refuses_number(failure) else failure
        self.server.page_zero_failures.reset()
        return self.pages_read[0]

    async def _learn_base_widely(self, again: float) -> int | None:
        """Find out the base from all runs of three months, if the last time is ``again`` seconds ago.

        An empty search cannot tell. Without this, each search on a healthy platform would cost two requests.
        """
        server, now = self.server, asyncio.get_running_loop().time()
        if now < server.searched_widely_at + again:
            return None
        server.searched_widely_at = now
        try:
            for kind in (PERIODIC, MANUAL, TEMPORARY):
                wide = Search(kind, self.terms.until - WIDE, self.terms.until, ALL_STATUSES)
                await _Pager(server, wide, self.newest, self.actor).learn_base()
                if self._known_base() is not None:
                    break
        except Failure:
            server.page_zero_failures.reset()
        return self._known_base()

    def _is_last(self, number: int, found: ServerPage, *, stale: bool) -> bool:
        """Whether nothing can come after this page: it is short, empty, or brought nothing new (``stale``).

        While it is not known which of pages 0 and 1 is the first, neither ends the walk by being the same as the other.
        """
        if not self.base_is_known and number == 0:
            return False
        if stale and (self.base_is_known or number != 1 or not found.rows):
            return True
        return self._is_short(found)

    async def _ids(self, number: int, size: int) -> Ids:
        return _ids(await self._ask(number, size=size))

    async def _ask(self, number: int, *, attempts: int = ATTEMPTS, size: int = 0) -> ServerPage:
        def build(sort: str) -> Call:
            return search_instances(self.terms, number, sort, self.actor, size=size or self.server.size)

        server = self.server
        envelope, sort = await server.ask_sorted(
            "flowInstances", self.newest, build, attempts=attempts, opener=open_page
        )
        try:
            found = page_in(envelope, self.terms.kind)
        except NoReadableRows as strange:  # a failure, unless other pages of this walk had readable rows
            if not self.seen:
                raise
            found = strange.page
        found = replace(found, sorted_by=self.newest if sort else "")
        server.log_left_out(RUNS, found.left_out)
        server.largest = max(server.largest, found.size)
        if found.count is not None and found.count > found.size and not server.count_is_total:
            server.count_is_total = True
            _log.info("EnOS counts the runs of all pages: it says %d where its page has %d", found.count, found.size)
        return found

    def _is_short(self, found: ServerPage) -> bool:
        """Whether a page is so short that it must be the last one.

        A server may make its pages smaller than asked without saying so: only a page that is smaller than one seen
        before is certainly the last, unless its count promises more. A count known to be a total decides.
        """
        if found.size >= self.server.size:
            return False
        if found.count is not None and found.count > max(found.size, len(self.seen)):
            return False
        return found.size < self.server.largest or (self.server.count_is_total and found.count is not None)


def _ids(found: ServerPage) -> Ids:
    return (*(row.id for row in found.rows), *(row.key for row in found.left_out))


def _ahead(read: int) -> int:
    """How many pages to fetch ahead after ``read`` pages.

    A poll that stops after its first page costs one request. Only on a long walk two are fetched at once, since the
    end of a walk may then cost a request for nothing.
    """
    if read < 2:
        return 0
    return 1 if read < MANY_PAGES else 2

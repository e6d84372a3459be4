"""What walks over pages share: how to ask, and when an endless list is given up.

A list of EnOS has an end; with a gateway that makes up rows, or a cursor that goes in circles, it has none. So a walk
is given up at a limit far beyond any real list. That is a failure: half a list is never taken for all of it.
"""

import asyncio
import logging
import math
from collections.abc import Callable, Iterable
from dataclasses import field
from typing import Literal, Protocol

from bot.core.flow.model import LeftOut
from bot.core.text.escape import EMPTY
from bot.core.text.message import Message, Text
from bot.core.values import dataclass
from bot.enos.calls import ATTEMPTS, PAGE_SIZE, Call
from bot.enos.errors import EndlessList, EnosRefused
from bot.enos.page_base import PageZeroFailures
from bot.enos.responses import Envelope, Opener, open_envelope
from bot.enos.session import ServerCapabilities

_log = logging.getLogger(__name__)

PageBase = Literal["auto", "0", "1"]
OnListEnd = Callable[[str, Text], None]  # what is listed; why its list was given up, or "" where it ended

MOST_PAGES = 10_000  # of one walk: half a million rows
MOST_SECONDS = 3600.0  # of one walk, by the loop's clock, which nobody sets
_MOST_LOGGED = 1000  # rows left out that are logged once each


class Ask(Protocol):
    """How a call becomes an envelope: ``Session.ask``."""

    async def __call__(self, call: Call, *, attempts: int = ATTEMPTS, opener: Opener = open_envelope) -> Envelope:
        """The envelope of a success."""
        ...


@dataclass(slots=True)
class Server:
    """How to ask, and what is known of the server."""

    ask: Ask
    capabilities: ServerCapabilities
    base: PageBase = "auto"
    size: int = PAGE_SIZE
    largest: int = 0  # rows of the largest page of instances seen
    searched_widely_at: float = -math.inf  # loop time
    page_zero_failures: PageZeroFailures = field(default_factory=PageZeroFailures)
    count_is_total: bool = False  # a count larger than its page was seen, and logged
    on_list_end: OnListEnd = lambda _listed, _why: None
    most_pages: int = MOST_PAGES
    most_seconds: float = MOST_SECONDS
    logged: set[str] = field(default_factory=set)  # rows that are left out, once logged

    async def ask_sorted(
        self,
        about: str,
        field_name: str,
        build: Callable[[str], Call],
        *,
        attempts: int = ATTEMPTS,
        opener: Opener = open_envelope,
    ) -> tuple[Envelope, str]:
        """Ask with the sort field in the spelling that the server takes: the answer, and that spelling.

        Tries snake_case, camelCase, then no sorting. ``about`` names what is listed, for the capability's name.
        """
        key = f"sort:{about}.{field_name}"
        known = self.capabilities.get(key)
        head, *rest = field_name.split("_")
        camel = head + "".join(part.capitalize() for part in rest)  # as the older English pages spell it
        names = [field_name, camel, ""]
        for name in names if known is None else [known if known != "none" else ""]:
            try:
                envelope = await self.ask(build(name), attempts=attempts, opener=opener)
            except EnosRefused as refusal:
                if refusal.reason != "bad_sort" or not name:
                    raise
                self.capabilities.forget(key)
            else:
                if known is None:
                    self.capabilities.put(key, name or "none")
                return envelope, name
        # It took that spelling once, and does not any more.
        return await self.ask_sorted(about, field_name, build, attempts=attempts, opener=opener)

    def log_left_out(self, listed: str, left_out: Iterable[LeftOut]) -> None:
        """Log rows that are left out, once each."""
        for row in left_out:
            if row.key not in self.logged:
                if len(self.logged) >= _MOST_LOGGED:
                    self.logged.clear()
                self.logged.add(row.key)
                _log.warning("flowbot leaves out %s, which EnOS lists among its %s: %s", row.shown, listed, row.why)


class PageLimit:
    """Counts the pages and the time of one walk. ``listed`` names what is listed, ``endless`` says it has no end."""

    def __init__(self, server: Server, listed: str, endless: Message) -> None:
        self._server, self._listed, self._endless = server, listed, endless
        self._pages, self._began = 0, _now()

    def count_page(self) -> None:
        """Count a page that is about to be asked for; raises EndlessList at the limit."""
        self._pages += 1
        if self._pages > self._server.most_pages or _now() - self._began > self._server.most_seconds:
            endless = EndlessList(self._endless, self._pages - 1)
            _log.error("%s", endless)
            self._server.on_list_end(self._listed, endless.message)
            raise endless

    def report_end(self) -> None:
        """Report that the walk came to the end of its list."""
        self._server.on_list_end(self._listed, EMPTY)


def _now() -> float:
    return asyncio.get_running_loop().time()

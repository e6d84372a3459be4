"""Homes: who looks at theirs, and drawing it again where something of it has changed.

    opened ─► known at once? ─► published
                └─ no ─► "one moment" ─► published when it is
    changed ─► each open home is looked at again, and published where it differs

A home counts as open for half an hour after somebody opened it or pressed something in it. Nothing at all happens
while nobody looks, and a change asks EnOS for nothing. One view is sent a second at most, over all.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from bot.core.forms.model import HomeOpened, View
from bot.core.outbox.conversations import SLACK_FAILURES, SlackLimited, SlackRefused
from bot.core.people.model import Person
from bot.core.values import dataclass
from bot.work.commands.context import Services
from bot.work.commands.dispatcher import Dispatcher

log = logging.getLogger(__name__)

OPEN_FOR = timedelta(minutes=30)
MOST_OPEN = 100  # who opened theirs first is forgotten then, until they open it again
PATIENCE = 0.3  # seconds in which what a home shows is usually known
_EVERY = timedelta(seconds=1)  # between two views
_TOGETHER = 0.3  # seconds in which changes count as one: one act writes several posts
_TRIES = 3  # to show something, where Slack does not answer

Pause = Callable[[float], Awaitable[None]]


@dataclass(slots=True)
class _Open:
    """A home that somebody looks at."""

    person: Person
    until: datetime  # by the steady clock
    drawn: object = None  # what it shows, without what differs each time; None: not known
    is_drawing: bool = False
    is_due: bool = False  # something has changed while it was drawn
    is_fresh: bool = True  # it was just opened: EnOS is asked, behind the answer, where what is known is old
    failures: int = 0


class Homes:
    """Draws the homes of those who look at them. ``refused``: Slack's word, where it shows no home at all."""

    def __init__(self, services: Services, dispatcher: Dispatcher, pause: Pause = asyncio.sleep) -> None:
        self._services, self._dispatcher, self._pause = services, dispatcher, pause
        self._open: dict[Person, _Open] = {}
        self._changed = asyncio.Event()
        self._turn = asyncio.Lock()
        self._next = services.steady()
        self.refused = ""
        services.flow_lists.on_read = lambda _user: self.changed()
        self._queued: Callable[[], None] | None = None  # what listens to the store besides, once somebody looked

    def _listen(self) -> None:
        """Whatever happens to an incident, a snooze or a watch is said somewhere, so posts are queued."""
        store = self._services.store
        self._queued = queued = store.on_queued

        def on_queued() -> None:
            queued()
            self.changed()

        store.on_queued = on_queued

    async def opened(self, event: HomeOpened) -> None:
        """Show somebody their home."""
        home = self._noted(event.by)
        home.drawn, home.is_fresh, home.failures = None, True, 0
        drawing = asyncio.ensure_future(self._draw(home))
        done, _ = await asyncio.wait({drawing}, timeout=PATIENCE)
        if not done:
            await self._show_loading(home)
        await drawing

    def pressed(self, person: Person) -> None:
        """Somebody pressed a button of their home: they look at it."""
        self._noted(person)

    def changed(self) -> None:
        """Something has changed that may be in some home."""
        if self._open:
            self._changed.set()

    async def run(self) -> None:
        """Draw open homes again after each change, until cancelled."""
        while True:
            await self._changed.wait()
            await self._pause(_TOGETHER)
            await self.redraw()

    async def redraw(self) -> None:
        """Draw those open homes again that show something else than is so now."""
        self._changed.clear()
        for home in list(self._open.values()):
            if self._services.steady() >= home.until:
                self._open.pop(home.person, None)
                continue
            try:
                await self._draw(home)
            except Exception:
                log.exception("A home could not be drawn")

    def _noted(self, person: Person) -> _Open:
        if self._queued is None:
            self._listen()
        home = self._open.pop(person, None) or _Open(person, self._services.steady())
        home.until = self._services.steady() + OPEN_FOR
        self._open[person] = home
        if len(self._open) > MOST_OPEN:
            del self._open[next(iter(self._open))]
        return home

    async def _draw(self, home: _Open) -> None:
        """Show a home as it is now, unless it shows that already; again where it changes meanwhile."""
        from bot.work import home_facts  # not before somebody opens a home

        home.is_due = True
        if home.is_drawing:
            return
        home.is_drawing = True
        try:
            while home.is_due:
                home.is_due = False
                fresh, home.is_fresh = home.is_fresh, False
                shown, draw, language = await home_facts.of(
                    self._services, self._dispatcher, home.person, may_read=fresh
                )
                if (shown, language) != home.drawn and await self._publish(home, draw(), language):
                    home.drawn, home.failures = (shown, language), 0
        finally:
            home.is_drawing = False

    async def _show_loading(self, home: _Open) -> None:
        from bot.messages import home as cards

        if home.drawn is None:
            language = self._services.slack.known_language(home.person.user)
            await self._publish(home, cards.loading(), language, unless=lambda: home.drawn is not None)

    async def _publish(
        self, home: _Open, view: View, language: str, *, unless: Callable[[], bool] = lambda: False
    ) -> bool:
        """Send a view when it is its turn. False where it was not shown."""
        async with self._turn:
            if (wait := (self._next - self._services.steady()).total_seconds()) > 0:
                await self._pause(wait)
            if unless():
                return False
            self._next = self._services.steady() + _EVERY
            try:
                await self._services.views.publish(home.person.user, view, language)
            except SlackRefused as refused:
                self._give_up(home, refused.error)
                return False
            except SLACK_FAILURES as error:
                if isinstance(error, SlackLimited):
                    self._next += timedelta(seconds=error.seconds)
                home.failures += 1
                log.warning("Slack did not take a home: %s", error)
                if home.failures < _TRIES:
                    self._changed.set()
                return False
            self.refused = ""
            return True

    def _give_up(self, home: _Open, error: str) -> None:
        """Slack shows no home: it is said once, and tried again when somebody opens theirs."""
        with contextlib.suppress(KeyError):
            del self._open[home.person]
        if error != self.refused:
            log.warning("Slack refuses to show a home: %s. `flowbot doctor` says what to do", error)
        self.refused = error

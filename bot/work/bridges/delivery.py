"""Delivery of events: each bridge has a task of its own, so that a dead receiver delays nothing else.

    queued ──(due, in its incident's order)──► sending ──(call)──► sent, queued again, or given up

An event that waits for minutes is an alarm, and the flowbot admins hear of it: once when it begins, once when it ends.
``core/bridges/outcomes.py`` decides what follows from an answer.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from bot.core.bridges.model import Bridge, BridgeEvent, EventState
from bot.core.bridges.outcomes import LATE_AFTER, Answer, Verdict, hold, pause, verdict
from bot.core.errors import TemporaryFailure
from bot.core.outbox import notices
from bot.core.outbox.notices import Notice
from bot.core.outbox.posts import Lane, NewPost, PostId, PostKind
from bot.core.text.message import Text
from bot.core.values import dataclass
from bot.messages.cards import answers
from bot.messages.cards import bridges as cards
from bot.work.delivery.alarms import BUG, PAGE_REFUSED, Alarms
from bot.work.ports import Clock, EventSender, NewId

if TYPE_CHECKING:
    from bot.store.store import Store

log = logging.getLogger(__name__)

AT_ONCE = 4  # events on their way to one receiver
IDLE = 30.0  # seconds between two reads of the outbox where nothing wakes the delivery
EPOCH = datetime.fromtimestamp(0, tz=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeTools:
    """What all bridges share. ``counted`` gets a bridge and a verdict's word for each attempt."""

    store: "Store"
    sender: EventSender
    clock: Clock
    steady: Clock
    new_id: NewId
    alarms: Alarms
    admins: Sequence[str] = ()
    counted: Callable[[str, str], None] = lambda _bridge, _verdict: None
    jitter: Callable[[], float] = field(default=random.random)


class Bridges:
    """All bridges of this flowbot."""

    def __init__(self, bridges: Sequence[Bridge], tools: BridgeTools) -> None:
        self._tools = tools
        self.deliveries = [BridgeDelivery(bridge, tools) for bridge in bridges]

    def wake(self) -> None:
        """There may be something to send."""
        for delivery in self.deliveries:
            delivery.wake()

    async def run(self) -> None:
        """Deliver until cancelled."""
        await asyncio.gather(*(delivery.run() for delivery in self.deliveries))

    async def start(self) -> None:
        """Queue again what the last process was sending, and give up what no bridge takes any more."""
        if count := await self._tools.store.requeue_interrupted_events():
            log.info("%d events were being sent when flowbot stopped. flowbot sends them again.", count)
        while await self._tools.store.drop_unconfigured_events(self._tools.clock()):
            pass


class BridgeDelivery:
    """Sends the events of one bridge. One at a time calls ``tick``."""

    def __init__(self, bridge: Bridge, tools: BridgeTools) -> None:
        self.bridge = bridge
        self._tools, self._store = tools, tools.store
        self._failures = 0  # batches in a row of which nothing was accepted
        self._has_accepted = False  # since the start, or since something waits for too long
        self._held_until = EPOCH  # by the steady clock
        self._is_late: bool | None = None  # as the admins were told; None: not known since the start
        self._open_ends: list[Callable[[], Coroutine[Any, Any, None]]] = []  # outcomes that could not be written
        self._woken = asyncio.Event()
        self.wake = self._woken.set

    async def run(self) -> None:
        """Deliver until cancelled, woken by ``wake`` and by time."""
        while True:
            self._woken.clear()
            seconds = IDLE
            try:
                await self.tick(self._tools.clock())
                seconds = await self._pause()
            except TemporaryFailure as trouble:
                log.warning("The events for %s wait for the database: %s", self.bridge.value, trouble)
            except Exception as bug:
                log.exception("The delivery of events hit a bug")
                self._tools.alarms.fire(BUG, cards.bug_met(type(bug).__name__))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._woken.wait()

    async def tick(self, now: datetime) -> None:
        """Send what is due, and check whether something waits for too long. Raises ``TemporaryFailure``."""
        while self._open_ends:
            await self._open_ends[0]()
            del self._open_ends[0]
        while self._tools.steady() >= self._held_until:
            due = await self._store.due_events(self.bridge, now, 1 if self._failures else AT_ONCE)
            found = [each for each in await asyncio.gather(*map(self._deliver, due)) if each is not None]
            if not found:
                break
            await self._note(found)
        await self._check(now)

    async def _pause(self) -> float:
        """Seconds in which nothing known now becomes due."""
        next_event = await self._store.next_event(self.bridge)
        if next_event is None:
            return IDLE
        held = (self._held_until - self._tools.steady()).total_seconds()
        return min(IDLE, max(0.05, held, (next_event - self._tools.clock()).total_seconds()))

    async def _deliver(self, event: BridgeEvent) -> tuple[Verdict, Answer] | None:
        """Mark an event as being sent, send it, and write what became of it; None where it was not sent."""
        if not await self._store.start_event(event.id):
            return None
        answer = await self._tools.sender.send(event)
        found = verdict(self.bridge, answer, event.at, self._tools.clock())
        self._tools.counted(self.bridge.value, found.value)
        end = partial(self._settle, event, found, answer)
        try:
            await end()
        except TemporaryFailure as trouble:
            log.warning("The outcome of event %s waits for the database: %s", event.id, trouble)
            self._open_ends.append(end)
        return found, answer

    async def _settle(self, event: BridgeEvent, found: Verdict, answer: Answer) -> None:
        now = self._tools.clock()
        if found is Verdict.ACCEPTED:
            await self._store.settle_event(event.id, EventState.SENT, now)
        elif found.is_final:
            log.error("Event %s (%s, %s) was given up: %s", event.id, self.bridge.value, event.step, answer.why)
            await self._tell(
                f"{self.bridge.value} given up", cards.given_up(self.bridge, answer.why), now.date().isoformat(), now
            )
            await self._store.settle_event(event.id, EventState.GIVEN_UP, now, answer.why)
        else:
            waits = pause(found, event.attempts + 1, answer.retry_after, self._tools.jitter())
            await self._store.requeue_event(event.id, now + waits, answer.why)

    async def _note(self, found: Sequence[tuple[Verdict, Answer]]) -> None:
        """Learn from a batch whether the receiver works."""
        alarms, verdicts = self._tools.alarms, {each for each, _ in found}
        for each, answer in found:
            if each is Verdict.REFUSED:
                alarms.fire(PAGE_REFUSED, cards.page_refused(answer.why))
            elif each is Verdict.GONE:
                alarms.fire(self.bridge.value, cards.alarm(self.bridge, answer.why))
        if Verdict.ACCEPTED in verdicts:
            self._has_accepted = True
            alarms.resolve(PAGE_REFUSED)
            if self._failures > 1:
                await self._store.retry_events(self.bridge, self._tools.clock())
        if verdicts & {Verdict.ACCEPTED, Verdict.REFUSED}:
            self._failures, self._held_until = 0, EPOCH
            return
        self._failures += 1
        jitter = self._tools.jitter()
        waits = max(hold(each, self._failures, answer.retry_after, jitter) for each, answer in found)
        self._held_until = self._tools.steady() + waits

    # ── trouble ──

    async def _check(self, now: datetime) -> None:
        """Raise the alarm where an event waits for too long, and end it."""
        late = await self._store.late_event(self.bridge, now - LATE_AFTER)
        name = self.bridge.value
        if late is None:
            if self._failures or not self._has_accepted:
                return  # nothing shows that it works
            self._tools.alarms.resolve(name)
        else:
            self._has_accepted = False
            if name not in self._tools.alarms.active:
                self._tools.alarms.fire(name, cards.alarm(self.bridge, late.why))
        if self._is_late is not (late is not None):
            if late is None:
                posts = partial(self._posts, cards.works_again(self.bridge), now)
                await self._store.update_note(_note(name), notices.ends(lambda _begun: posts()))
            else:
                await self._tell(name, cards.not_accepted(self.bridge, late.at, late.why), "late", now)
            self._is_late = late is not None

    async def _tell(self, name: str, text: Text, about: str, now: datetime) -> None:
        """Tell the admins, once for what it is about."""
        notice = Notice(PostId(self._tools.new_id()), now, about)
        await self._store.update_note(_note(name), notices.begins(notice, self._posts(text, now)))

    def _posts(self, text: Text, now: datetime) -> list[NewPost]:
        body, new_id = answers.told("", text), self._tools.new_id
        return [
            NewPost(PostId(new_id()), PostKind.MESSAGE, Lane.HOUSEKEEPING, admin, body, now)
            for admin in self._tools.admins
        ]


def _note(name: str) -> str:
    return f"bridge {name}"

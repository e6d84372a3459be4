"""The watchdog of the promise: on a task and a thread of its own and the steady clock, independent of the rest.

    task     every few seconds: asks the database what waits, and for how long; tells the admins
    thread   checks whether the event loop still runs, and logs where it is blocked if it does not

``late()`` computes the ages at the moment it is called, so a watchdog that does not run any more is late itself.
The admins get direct messages that do not go through the outbox or the database: those are among what is judged.
"""

import asyncio
import contextlib
import logging
import sys
import threading
import time
import traceback
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from bot.core.errors import Failure
from bot.core.flow.model import KINDS
from bot.core.health import promise
from bot.core.health.promise import Evidence, Late, Promise
from bot.core.outbox.blocks import Body, rendered
from bot.core.outbox.conversations import SlackLimited, SlackRefused, SlackUnclear, SlackUnreachable
from bot.core.outbox.posts import PostId
from bot.core.outbox.slack_errors import Verdict, is_of_person, verdict
from bot.core.text.language import EN
from bot.core.text.message import Message, sentences
from bot.core.values import dataclass
from bot.messages.cards import monitoring as cards
from bot.ops.clocks import wall
from bot.ops.new_ids import new_id
from bot.ops.replica import Alone, Replica
from bot.store.waiting import Waiting

log = logging.getLogger(__name__)

EVERY = 2.0  # seconds between two checks
STUCK = 10.0  # seconds for which the loop is blocked, before that is logged
TELL_EVERY = timedelta(seconds=60)  # between two attempts to reach the admins
_PASSING = {Verdict.WAIT, Verdict.STOP, Verdict.BARRED}  # refusals that an operator, or time, ends
DEBOUNCE = timedelta(seconds=5)  # for which it must be broken, or kept again, before the admins are told


class WaitingSource(Protocol):
    """What the watchdog asks of the database."""

    async def waiting(self) -> Waiting:
        """What waits. Raises a Failure where the database is in trouble."""
        ...


class DirectMessenger(Protocol):
    """Sends direct messages to admins. Raises the four errors of ``conversations``."""

    async def post(self, channel: str, body: Body, *, id: PostId) -> tuple[str, str]:
        """Post a message; ``channel`` may be a user id."""
        ...


class Watchdog:
    """Judges, and tells the admins. ``reads`` returns when each scheduling type was last read, by the steady clock.

    When the alert channel has a message that EnOS cannot be read, the admins are not told as well. The messages to them
    are in ``language``. A replica that follows judges only itself, and whether somebody leads; where something is
    wrong, only the first of those that follow tells the admins.
    """

    def __init__(  # noqa: PLR0913  its collaborators and its settings, by name
        self,
        records: WaitingSource,
        steady: Callable[[], datetime],
        poll_seconds: float,
        reads: Callable[[], Mapping[int, datetime]],
        *,
        slack: DirectMessenger,
        admins: Sequence[str] = (),
        language: str = EN,
        also: Callable[[], Awaitable[None]] | None = None,
        replica: Replica | Alone | None = None,
        wall: Callable[[], datetime] = wall,
    ) -> None:
        self._records, self._steady, self._poll_seconds, self._reads = records, steady, poll_seconds, reads
        self._slack, self._admins, self._language, self._also = slack, tuple(admins), language, also
        self._wall, self._replica = wall, replica or Alone()
        self._leads = self._replica.leads
        self._began = self._looked_at = self._answered_at = steady()
        self._untold: dict[str, datetime] = {}  # since when each waits, by the steady clock
        self._unanswered: dict[str, datetime] = {}
        self._asked: _Moment | None = None  # when the database answered the last time
        self._outage_told = False
        self._running: dict[str, asyncio.Task[None]] = {}
        self._debounced = _Debounced()
        self._informed: set[str] = set()  # admins who were told that it is broken, and not yet that it is kept again
        self._tell_at: dict[str, datetime] = {}  # when to try again to reach an admin
        self.loop = LoopWatch()

    def late(self) -> tuple[Late, ...]:
        """What is late now, longest first."""
        return promise.late(self.evidence(), self._poll_seconds)

    def evidence(self) -> Evidence:
        """How old things are now."""
        now = self._steady()
        own = Evidence(
            unrecorded=_age(now, [self._answered_at]),
            unled=0.0 if self._replica.leads else self._replica.unled_for(),
            unseen=_age(now, [self._looked_at]),
        )
        if not self._replica.leads:
            return own
        if not self._leads:  # the promise is this replica's from now on
            self._leads, self._began = True, now
        reads = self._reads()
        ends = [reads.get(kind, self._began) for kind in KINDS]
        return replace(
            own,
            unread=_age(now, ends),
            never_read=any(kind not in reads for kind in KINDS),
            untold=_age(now, self._untold.values()),
            unanswered=_age(now, self._unanswered.values()),
        )

    async def run(self) -> None:
        """Watch until cancelled."""
        self.loop.start()
        try:
            while True:
                try:
                    self.check()
                except Exception:
                    log.exception("A health check hit a bug. The checks continue.")
                await asyncio.sleep(EVERY)
        finally:
            self.loop.stop()
            for task in self._running.values():
                task.cancel()
            await asyncio.gather(*self._running.values(), return_exceptions=True)

    def check(self) -> None:
        """Check once. It does not wait: what takes long runs in tasks, one of each kind at a time."""
        self.loop.beat()
        now = self._looked_at = self._steady()
        self._start("records", self._ask)
        if self._also is not None:
            self._start("beside", self._also)
        late = self._worth_telling()
        if self._debounced.check(now, broken=bool(late)):
            if late:
                log.critical("The promise is broken: %s", sentences(*_told(late)))
            else:
                log.info("The promise is kept again")
        if self._admins_to_tell(now):
            self._start("admins", self._tell)

    def _worth_telling(self) -> tuple[Late, ...]:
        """What is late, without what the alert channel was told already: that EnOS cannot be read."""
        late = self.late()
        return () if self._outage_told and all(each.promise is Promise.READ for each in late) else late

    def _admins_to_tell(self, now: datetime) -> list[str]:
        """The admins to be told now that the promise is broken, or that it is kept again."""
        if self._debounced.broken and not (self._replica.leads or self._replica.is_first):
            return []
        unaware = [admin for admin in self._admins if (admin in self._informed) != self._debounced.broken]
        return [admin for admin in unaware if self._tell_at.get(admin, now) <= now]

    def _start(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        task = self._running.get(name)
        if task is None or task.done():
            self._running[name] = asyncio.ensure_future(_run_logged(name, work))

    async def _ask(self) -> None:
        waiting = await self._records.waiting()
        now = _Moment(self._steady(), self._wall())
        self._answered_at = now.steady
        self._untold = _followed(self._untold, waiting.untold, now, self._asked)
        self._unanswered = _followed(self._unanswered, waiting.unanswered, now, self._asked)
        self._asked = now
        self._outage_told = waiting.outage_told

    async def _tell(self) -> None:
        """Tell all admins who do not know yet, at the same time."""
        broken, late = self._debounced.broken, self._worth_telling()
        body = rendered(cards.promise_broken(_told(late)) if broken else cards.promise_kept(), self._language)
        await asyncio.gather(
            *(self._tell_one(admin, body, broken=broken) for admin in self._admins_to_tell(self._steady()))
        )

    async def _tell_one(self, admin: str, body: Body, *, broken: bool) -> None:
        """Tell one admin, later where Slack is in trouble now. A message that may have arrived is not repeated."""
        try:
            with contextlib.suppress(SlackUnclear):
                await self._slack.post(admin, body, id=PostId(f"promise-{new_id()}"))
        except SlackLimited as limited:
            self._tell_later(admin, str(limited), timedelta(seconds=limited.seconds))
            return
        except SlackUnreachable as trouble:
            self._tell_later(admin, str(trouble))
            return
        except SlackRefused as refused:
            if verdict(refused.error) in _PASSING and not is_of_person(refused.error):
                self._tell_later(admin, str(refused))
                return
        except Exception as bug:
            log.exception("A direct message to a flowbot admin hit a bug")
            self._tell_later(admin, type(bug).__name__)
            return
        (self._informed.add if broken else self._informed.discard)(admin)

    def _tell_later(self, admin: str, why: str, wait: timedelta = TELL_EVERY) -> None:
        log.warning("No direct message reached the flowbot admin %s: %s", admin, why)
        self._tell_at[admin] = self._steady() + max(TELL_EVERY, wait)


class _Debounced:
    """Whether the promise counts as broken: it changes only after the change has lasted for ``DEBOUNCE``."""

    def __init__(self) -> None:
        self.broken = False
        self._since: datetime | None = None  # it is not as ``broken`` says

    def check(self, now: datetime, *, broken: bool) -> bool:
        """Note how it is now: whether ``broken`` has changed."""
        if broken == self.broken:
            self._since = None
            return False
        self._since = self._since or now
        if now - self._since < DEBOUNCE:
            return False
        self.broken, self._since = broken, None
        return True


class LoopWatch:
    """A thread that checks whether the event loop still runs: a blocked loop cannot say so itself."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._beat = monotonic()
        self._thread_id = 0  # the thread of the loop
        self._logged = 0.0  # seconds for which it was blocked when that was logged; 0: it runs
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def beat(self) -> None:
        """Note that the loop runs; to be called on it."""
        self._beat = self._monotonic()

    def start(self) -> None:
        """Begin to watch the loop of the calling thread."""
        self._thread_id = threading.get_ident()
        self.beat()
        self._stop.clear()
        self._thread = threading.Thread(target=self._watch, name="loop watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(1.0):
            self.check()

    def check(self) -> None:
        """Log a blocked loop, with the place; again at twice the time, and when it runs again."""
        seconds_blocked = self._monotonic() - self._beat
        if seconds_blocked >= max(STUCK, 2 * self._logged):
            self._logged = seconds_blocked
            frame = sys._current_frames().get(self._thread_id)  # noqa: SLF001  the only way to see where a thread is
            where = "".join(traceback.format_stack(frame)) if frame else "unknown"
            log.critical("flowbot has been blocked for %.0f s and does nothing. It is at:\n%s", seconds_blocked, where)
        elif self._logged and seconds_blocked < STUCK:
            log.warning("flowbot runs again after it was blocked for about %.0f s", self._logged)
            self._logged = 0.0


@dataclass(frozen=True, slots=True)
class _Moment:
    """The time by both clocks."""

    steady: datetime
    wall: datetime


def _followed(
    before: Mapping[str, datetime], found: Mapping[str, datetime], now: _Moment, last: _Moment | None
) -> dict[str, datetime]:
    """Since when each waits, by the steady clock. ``last`` is when the database answered the last time."""
    return {name: before.get(name) or now.steady - _waited(since, now, last) for name, since in found.items()}


def _waited(since: datetime, now: _Moment, last: _Moment | None) -> timedelta:
    """How long a new one has waited: as the wall clock says, without what that was set ahead since ``last``."""
    by_wall = now.wall - since
    if last is not None:
        by_wall = min(by_wall, now.steady - last.steady + max(timedelta(), last.wall - since))
    return max(timedelta(), by_wall)


def _age(now: datetime, times: Iterable[datetime]) -> float:
    """Seconds since the oldest of them; 0 without any."""
    return max([0.0, *((now - each).total_seconds() for each in times)])


def _told(late: Iterable[Late]) -> list[Message]:
    return [each.sentence for each in late]


async def _run_logged(name: str, work: Callable[[], Awaitable[None]]) -> None:
    try:
        await work()
    except Failure as failure:
        log.info("The health check %s failed: %s", name, failure)
    except Exception:
        log.exception("The health check %s hit a bug", name)

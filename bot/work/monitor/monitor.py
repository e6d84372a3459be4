"""Watching: a poll from the platform to posts.

    poll     the alert search: three types, newest change first, until nothing is new
    follow   beside it: recoveries, good runs, what has not ended, what cannot be seen
    settled  waits for the closer looks that a poll began

``poll`` and ``follow`` each run on their own schedule; neither waits for the other, and each skips a tick while its
last one is still at work.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.errors import Failure
from bot.core.errors import Outage as Unavailable
from bot.core.flow.model import KINDS, LeftOut
from bot.core.incident.facts import Facts, Reading
from bot.core.incident.groups import worst_first
from bot.core.outbox.posts import PostId
from bot.messages.cards.incident_groups import LISTED
from bot.work.delivery.alarms import Alarms
from bot.work.monitor.coverage import Coverage, Watched
from bot.work.monitor.daily import SignOfLife
from bot.work.monitor.details import Enricher, Outside, begin_all
from bot.work.monitor.flow_names import Listening, Naming
from bot.work.monitor.following import Following
from bot.work.monitor.incident_groups import Gatherings
from bot.work.monitor.lag import Lag
from bot.work.monitor.left_out import Unreadable
from bot.work.monitor.outage import Outage
from bot.work.monitor.owners import Looks
from bot.work.monitor.reader import Brought, Reader, Unread
from bot.work.monitor.settings import WatchSettings
from bot.work.monitor.single_reads import count
from bot.work.ports import Clock, Enos, Names, NewId
from bot.work.ports_store import Store

log = logging.getLogger(__name__)

_LATE_AT_LEAST = timedelta(minutes=1)  # however often it polls
_LOOK_BACK = 20.0  # seconds that a first start spends on what has recovered
_LATE = 10  # polls without a complete reading before that is an alarm


@dataclass(frozen=True, slots=True)
class Health:
    """How watching goes, for ``status``, metrics and readiness."""

    lag: timedelta | None  # since the last complete reading of every type; None before the first
    waited: timedelta  # the same; before the first, since the first was begun
    late: bool
    reachable: bool
    watched: Watched | None  # None until compared
    read_to_the_end: tuple[int, ...]  # types whose order EnOS does not keep


class Misread(Unavailable):
    """What was read met a bug of ours."""

    def __init__(self, reference: str, bug: Exception) -> None:
        super().__init__(reference)
        self.reference = reference
        self.bug = bug

    def __str__(self) -> str:
        """Return the sentence for people."""
        return (
            "I met a bug of mine while reading its answer. "
            f"Show an admin the reference {self.reference}, under which my log holds the details."
        )


class Watch:
    """Watches the platform for failures."""

    def __init__(  # noqa: PLR0913  what it reaches the outside by, each by its name
        self,
        enos: Enos,
        store: Store,
        names: Names,
        clock: Clock,
        new_id: NewId,
        settings: WatchSettings,
        *,
        mask: Callable[[str], str],
        zone: Callable[[], timedelta | None] = lambda: None,
        jitter: Callable[[], float] = random.random,
        wake: Callable[[], None] = lambda: None,
        occurred: Callable[[int], None] = lambda _status: None,
        alarms: Alarms | None = None,
        steady: Clock | None = None,
        trouble: Callable[[], str] = str,
    ) -> None:
        self._trouble = trouble  # what keeps the bot from being well, as sentences
        self._steady = steady or clock
        looks = Looks(names, settings.console_url, zone)
        enos = Listening(enos, Naming(store, looks, new_id, self.touched), clock)
        self._gatherings = Gatherings(store, looks, clock, new_id, settings)
        self._wake = wake
        self._out = Outside(enos, store, looks, clock, self._steady, new_id, settings, mask, self.touched, occurred)
        self._reader = Reader(enos, store, looks, clock, new_id, settings)
        self._enricher = Enricher(self._out)
        self._following = Following(self._out, self._enricher)
        self._poll_every = timedelta(seconds=settings.poll_seconds)
        self._outage = Outage(
            store, new_id, self._steady, channel=settings.channel, poll=self._poll_every, jitter=jitter
        )
        self._coverage = Coverage(enos, store, new_id, self._steady, channel=settings.channel, user=settings.user)
        alarms = alarms or Alarms(lambda _alarm: None)
        self._lag = Lag(store, new_id, alarms, channel=settings.channel)
        self._unreadable = Unreadable(
            store, alarms, new_id, self._steady, channel=settings.channel, quiet=2 * settings.sweep_every
        )
        self._left_out: list[LeftOut] = []
        self._daily = SignOfLife(
            store, settings.timezone, channel=settings.channel, command=settings.command, platform_zone=zone
        )
        self._polling, self._is_following = asyncio.Lock(), asyncio.Lock()
        self._readings: dict[int, Reading] = {}
        self._ended: dict[int, datetime] = {}  # when a type was last read without a fault, by the steady clock
        self._began: datetime | None = None  # by the steady clock
        self._may_be_new = True  # until a complete reading is known of

    async def poll(self, now: datetime) -> None:
        """Read what changed and write what is said about it.

        What is wrong with EnOS, and what is wrong with us, is told in the channel; raises what the store raises.
        """
        if self._polling.locked():
            return
        async with self._polling:
            await self._outage.load()
            if not self._outage.waits():
                await self._poll(now)

    async def follow(self, now: datetime) -> None:
        """Follow what is open, and look once a day at what cannot be seen."""
        if self._is_following.locked():
            return
        async with self._is_following:
            if not self._outage.stands:
                await self._following.tick(now)
                await self._coverage.tick(now)
            await self._gatherings.refresh()
            await self._daily.tick(now, self._coverage.watched, self._trouble())

    async def look_after(self, now: datetime) -> None:
        """See whether readings end in time; to be called every few seconds, and waits for no reading."""
        at = self._steady()
        lag = self.health(at).waited
        late = lag > max(self._poll_every * _LATE, _LATE_AT_LEAST)
        await self._lag.tick(now, lag, late=late, outage=self._outage.stands)

    async def show(self) -> None:
        """Let the messages under which many incidents stand show what has changed; to be called every few seconds."""
        await self._gatherings.tick()

    def touched(self) -> None:
        """Say that an incident has changed: there may be something to show and to deliver."""
        self._gatherings.touched()
        self._wake()

    async def settled(self) -> None:
        """Wait for the closer looks that were begun."""
        await self._enricher.settled()
        await self._gatherings.refresh()

    async def stop(self) -> None:
        """Give up the closer looks under way; the next start takes them up."""
        await self._enricher.stop()

    def nudge(self) -> None:
        """Look soon at what is followed: somebody has started a run."""
        self._following.nudge()

    def reads(self) -> Mapping[int, datetime]:
        """Return when each type was last read completely by this process, by the steady clock."""
        return dict(self._ended)

    def health(self, at: datetime) -> Health:
        """Return how watching goes; ``at`` is the steady clock's time. What an earlier process read does not count."""
        lag = at - min(self._ended.values()) if len(self._ended) == len(KINDS) else None
        waited = lag if lag is not None else at - (self._began or at)
        return Health(
            lag=lag,
            waited=waited,
            late=waited > self._poll_every * _LATE,
            reachable=not self._outage.stands,
            watched=self._coverage.watched,
            read_to_the_end=tuple(kind for kind, each in sorted(self._readings.items()) if not each.early_stop),
        )

    async def _poll(self, now: datetime) -> None:
        self._began = self._began or self._steady()
        self._readings = {kind: Reading(kind) for kind in KINDS} | dict(await self._out.store.readings())
        gather_under = await self._gatherings.first_start(now) if self._may_be_new else None
        self._may_be_new = gather_under is not None
        troubles: list[Failure] = []
        found: set[tuple[str, str, str]] = set()
        self._left_out = []
        for kind in KINDS:
            trouble = await self._read(kind, now, gather_under, found)
            if trouble is not None:
                troubles.append(trouble)
        await self._unreadable.take(self._left_out, now)
        if troubles:
            await self._outage.failed(str(troubles[0]), now, whole=len(troubles) == len(KINDS), found=found)
        else:
            await self._outage.answered(now, found)
            if gather_under is not None:
                await self._look_back(now)
                await self._gatherings.announce(now)
                self._may_be_new = False
                for incident in worst_first(await self._out.store.gathered(gather_under))[:LISTED]:
                    self._enricher.begin(incident, None)  # the others are left to following
        self._out.wake()

    async def _look_back(self, now: datetime) -> None:
        """Find out which failures are over, so that a first start tells of what is broken now; later ones are drawn."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_BACK), self._is_following:
                await self._following.look_back(now)

    async def _read(
        self, kind: int, now: datetime, gather_under: PostId | None, found: set[tuple[str, str, str]]
    ) -> Failure | None:
        """Read one type and return what went wrong, if anything: it does not hold up the other types."""
        brought = Brought(lambda facts: self._heard(facts, kind, now))
        try:
            self._readings[kind] = await self._reader.read(self._readings[kind], brought, now, gather_under)
            self._ended[kind] = self._steady()
        except Unread as unread:
            log.warning("EnOS could not be read (type %d): %s", kind, unread)
            return unread.trouble
        except Failure:
            raise  # the database is in trouble: no type can be written, and EnOS is not to blame
        except Exception as bug:
            reference = self._out.new_id()
            log.exception("reading type %d met a bug, reference %s", kind, reference)
            return Misread(reference, bug)
        finally:
            found |= brought.failures
            self._left_out += brought.left_out
        await self._draw()  # a storm's message waits for a moment: let it show the whole reading
        return None

    async def _draw(self) -> None:
        """Let the messages under which many incidents stand show what has changed; a bug in it holds up no reading."""
        try:
            await self._gatherings.tick()
        except Failure:
            raise
        except Exception:
            log.exception("drawing what many incidents stand under met a bug")

    def _heard(self, facts: Facts, kind: int, now: datetime) -> None:
        """Begin the closer looks while the reading goes on: first messages wait 1.5 s for them."""
        count(facts, self._out.occurred)
        if facts.posts or facts.incidents:
            self._out.wake()
        begin_all(self._enricher, facts, kind, now)

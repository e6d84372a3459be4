"""The monitor: from EnOS to posts.

    poll             the alert search: three types, newest change first, until nothing is new
    follow           in parallel: recoveries, good runs, runs that have not ended, flows that cannot be seen
    wait_until_idle  waits for the details that a poll began to read

``poll`` and ``follow`` each run on their own schedule; neither waits for the other, and each skips a tick while its
last one is still at work.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.core.digest import WatchState
from bot.core.errors import Failure, TemporaryFailure
from bot.core.flow.model import KINDS, LeftOut
from bot.core.incident.facts import ChangeSet, ReadState
from bot.core.incident.groups import worst_first
from bot.core.outbox.posts import Post, PostId
from bot.core.text.escape import code
from bot.core.text.message import Text, msg
from bot.core.values import dataclass
from bot.messages.cards.board import LISTED
from bot.work.delivery.alarms import Alarms
from bot.work.monitor.background import BackgroundMonitor
from bot.work.monitor.coverage import Coverage, FlowCoverage
from bot.work.monitor.details import Enricher, enrich_all
from bot.work.monitor.digest import Digests
from bot.work.monitor.flow_names import FlowNames, NameTrackingEnos
from bot.work.monitor.following import IncidentFollower
from bot.work.monitor.incident_groups import IncidentGroupMessages
from bot.work.monitor.left_out import LeftOutNotice
from bot.work.monitor.outage import LagNotice, OutageNotice
from bot.work.monitor.owners import OwnerResolver
from bot.work.monitor.reader import Reader, ReadResult, SearchFailed
from bot.work.monitor.settings import MonitorContext, MonitorSettings, no_link
from bot.work.monitor.single_reads import count_failures
from bot.work.ports import Clock, Enos, NewId, OwnerLookup

if TYPE_CHECKING:
    from bot.store.store import Store

log = logging.getLogger(__name__)

_LATE_AT_LEAST = timedelta(minutes=1)  # however often it polls
_FIND_RECOVERED_SECONDS = 20.0  # seconds a first start spends on finding what has recovered
_LATE = 10  # polls that did not complete before that is an alarm


@dataclass(frozen=True, slots=True)
class Health:
    """The monitor's state, for ``status``, metrics and readiness."""

    lag: timedelta | None  # since every type was last read completely; None before the first time
    waited: timedelta  # the same; before the first time, since the first poll began
    late: bool
    reachable: bool
    watched: FlowCoverage | None  # None until compared
    read_to_the_end: tuple[int, ...]  # types whose order EnOS does not keep


class InternalError(TemporaryFailure):
    """A bug of ours in reading EnOS's answer."""

    def __init__(self, reference: str, bug: Exception) -> None:
        super().__init__(
            msg(
                "Something broke on my side while I read its answer. Give a flowbot admin this reference: {reference}",
                reference=code(reference),
            )
        )
        self.reference = reference
        self.bug = bug


class Monitor:
    """Watches the platform for failures."""

    def __init__(  # noqa: PLR0913  what it reaches the outside by, each by its name
        self,
        enos: Enos,
        store: "Store",
        names: OwnerLookup,
        clock: Clock,
        new_id: NewId,
        settings: MonitorSettings,
        *,
        mask: Callable[[str], str],
        zone: Callable[[], timedelta | None] = lambda: None,
        jitter: Callable[[], float] = random.random,
        occurred: Callable[[int], None] = lambda _status: None,
        alarms: Alarms | None = None,
        steady: Clock | None = None,
        troubles: Callable[[], Sequence[Text]] = tuple,
        lost: Callable[[], Collection[str]] = tuple,
        link: Callable[[Post | None], Awaitable[str]] = no_link,
    ) -> None:
        self._troubles = troubles  # what keeps flowbot from its work
        self._steady = steady or clock
        owner_resolver = OwnerResolver(names, settings.console_url, zone)
        enos = NameTrackingEnos(enos, FlowNames(store, owner_resolver, new_id, self.incident_changed), clock)
        self._group_messages = IncidentGroupMessages(store, owner_resolver, clock, new_id, settings)
        self._context = MonitorContext(
            enos,
            store,
            owner_resolver,
            clock,
            self._steady,
            new_id,
            settings,
            mask,
            self.incident_changed,
            lost,
            occurred,
            link,
        )
        self.background = BackgroundMonitor(self._context)
        self._reader = Reader(self._context)
        self._enricher = Enricher(self._context, self.background)
        self._incident_follower = IncidentFollower(self._context, self._enricher)
        self.nudge = self._incident_follower.nudges.append  # with the steady time
        self._poll_every = timedelta(seconds=settings.poll_seconds)
        self._outage = OutageNotice(
            store, new_id, self._steady, channel=settings.channel, poll=self._poll_every, jitter=jitter
        )
        self._coverage = Coverage(enos, store, new_id, self._steady, channel=settings.channel, user=settings.user)
        alarms = alarms or Alarms(lambda _alarm: None)
        self._lag = LagNotice(store, new_id, alarms, channel=settings.channel)
        self._left_out_notice = LeftOutNotice(
            store, alarms, new_id, self._steady, channel=settings.channel, quiet=2 * settings.sweep_every
        )
        self._left_out: list[LeftOut] = []
        self._digests = Digests(store, new_id, settings, link, zone)
        self._polling, self._is_following = asyncio.Lock(), asyncio.Lock()
        self._readings: dict[int, ReadState] = {}
        self._ended: dict[int, datetime] = {}  # when a type was last read without a fault, by the steady clock
        self._began: datetime | None = None  # by the steady clock
        self._may_be_new = True  # until a complete poll is known
        self._seen_from: datetime | None = None  # during a poll: when it sees what it is still writing down

    async def poll(self, now: datetime) -> None:
        """Read what changed and write what is said about it.

        Trouble with EnOS, and bugs of ours, are reported in the channel; raises what the store raises.
        """
        if self._polling.locked():
            return
        async with self._polling:
            if not await self._outage.must_wait():
                self._seen_from = now
                try:
                    await self._poll(now)
                finally:
                    self._seen_from = None

    async def follow(self, now: datetime) -> None:
        """Follow open incidents, and check once a day which flows cannot be seen."""
        if self._is_following.locked():
            return
        async with self._is_following:
            if not self._outage.is_active:
                await self._incident_follower.tick(now)
                await self._coverage.tick(now)
            await self._group_messages.refresh()
            if self._is_starting():
                return
            watched = self._coverage.watched
            state = WatchState(
                None if watched is None else (watched.watching, watched.total),
                self._troubles(),
                is_reachable=not self._outage.is_active,
            )
            await self._digests.tick(now, min(now, self._seen_from or now), state)

    def _is_starting(self) -> bool:
        """Whether the first poll is under way: a digest would say that something is wrong, and tell only half."""
        health = self.health(self._steady())
        late = health.waited > max(self._poll_every * _LATE, _LATE_AT_LEAST)
        return health.lag is None and not late and not self._outage.is_active

    @property
    def context(self) -> MonitorContext:
        """What the parts of the monitor share."""
        return self._context

    @property
    def is_reading(self) -> bool:
        """Whether a poll is under way, or incidents are being followed."""
        return self._polling.locked() or self._is_following.locked()

    async def check_lag(self, now: datetime) -> None:
        """Report it if polls do not complete in time; to be called every few seconds, does not wait for a poll."""
        at = self._steady()
        lag = self.health(at).waited
        late = lag > max(self._poll_every * _LATE, _LATE_AT_LEAST)
        await self._lag.tick(now, lag, late=late, outage=self._outage.is_active)

    async def refresh_groups(self) -> None:
        """Redraw the messages of incident groups if something has changed; to be called every few seconds."""
        if self._group_messages.is_stale:
            await self._group_messages.refresh()

    def incident_changed(self) -> None:
        """Say that an incident has changed: messages that show it may have to be redrawn."""
        self._group_messages.is_stale = True

    async def wait_until_idle(self) -> None:
        """Wait for the details that are being read."""
        await self._enricher.wait_until_idle()
        await self._group_messages.refresh()

    async def stop(self) -> None:
        """Give up the reads of details under way; the next start repeats them."""
        await self._enricher.stop()

    def reads(self) -> Mapping[int, datetime]:
        """When each type was last read completely by this process, by the steady clock."""
        return dict(self._ended)

    def health(self, at: datetime) -> Health:
        """The monitor's state; ``at`` is the steady clock's time. What an earlier process read does not count."""
        lag = at - min(self._ended.values()) if len(self._ended) == len(KINDS) else None
        waited = lag if lag is not None else at - (self._began or at)
        return Health(
            lag=lag,
            waited=waited,
            late=waited > self._poll_every * _LATE,
            reachable=not self._outage.is_active,
            watched=self._coverage.watched,
            read_to_the_end=tuple(kind for kind, each in sorted(self._readings.items()) if not each.early_stop),
        )

    async def _poll(self, now: datetime) -> None:
        self._began = self._began or self._steady()
        self._readings = {kind: ReadState(kind) for kind in KINDS} | dict(await self._context.store.readings())
        group_under = await self._group_messages.first_start(now) if self._may_be_new else None
        self._may_be_new = group_under is not None
        troubles: list[Failure] = []
        found: set[tuple[str, str, str]] = set()
        self._left_out = []
        for kind in KINDS:
            trouble = await self._read(kind, now, group_under, found)
            if trouble is not None:
                troubles.append(trouble)
        await self._left_out_notice.report(self._left_out, now)
        if troubles:
            await self._outage.failed(troubles[0].message, now, whole=len(troubles) == len(KINDS), found=found)
        else:
            await self._outage.answered(now, found)
            if group_under is not None:
                await self._find_recovered(now)
                await self._group_messages.announce(now)
                self.incident_changed()
                self._may_be_new = False
                for incident in worst_first(await self._context.store.grouped(group_under))[:LISTED]:
                    self._enricher.begin(incident, None)  # the others are left to the incident follower

    async def _find_recovered(self, now: datetime) -> None:
        """Find the failures that are over, so that a first start reports what is broken now; in 20 seconds at most."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_FIND_RECOVERED_SECONDS), self._is_following:
                await self._incident_follower.find_recovered(now)

    async def _read(
        self, kind: int, now: datetime, group_under: PostId | None, found: set[tuple[str, str, str]]
    ) -> Failure | None:
        """Read one type. What went wrong, or None: it does not hold up the other types."""
        result = ReadResult(lambda changes: self._page_written(changes, kind, now))
        try:
            self._readings[kind] = await self._reader.read(self._readings[kind], result, now, group_under)
            self._ended[kind] = self._steady()
        except SearchFailed as failed:
            log.warning("EnOS could not be read (type %d): %s", kind, failed)
            return failed.trouble
        except Failure:
            raise  # the database is in trouble: no type can be written, and EnOS is not to blame
        except Exception as bug:
            reference = self._context.new_id()
            log.exception("Reading type %d hit a bug, reference %s", kind, reference)
            return InternalError(reference, bug)
        finally:
            found |= result.failures
            self._left_out += result.left_out
        if self._group_messages.is_stale:  # a storm's message waits a moment, so it can still show all that was read
            try:
                await self._group_messages.refresh()
            except Failure:
                raise
            except Exception:
                log.exception("Updating the message of an alert storm hit a bug")
        return None

    def _page_written(self, changes: ChangeSet, kind: int, now: datetime) -> None:
        """Begin to read details while the poll continues: first messages wait 1.5 s for them."""
        count_failures(changes, self._context.occurred)
        if changes.posts or changes.incidents:
            self._context.wake()
        enrich_all(self._enricher, changes, kind, now)

"""What the scheduler calls, and how often; the only place that gives the time to what is driven by it.

Everything driven by time is a ``tick(now)`` or ``poll(now)`` of a journey. Two jobs do not hang on the scheduler: the
watchdog calls ``check_watchdog``, and ``watch_clock`` is a loop of its own, since the scheduler runs on the wall clock.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.core.errors import DatabaseUnavailable, DatabaseUnreachable, Failure
from bot.core.flow.model import KINDS
from bot.core.text.message import msg
from bot.core.values import dataclass
from bot.ops.bot_health import BotHealth
from bot.ops.clocks import NOTABLE_JUMP, ClockJump, ClockJumps
from bot.ops.clocks import wall as now
from bot.ops.heartbeat import Heartbeat
from bot.ops.metrics_updater import MetricsUpdater
from bot.ops.platform_times import PlatformZone
from bot.ops.replica import Alone, Replica
from bot.ops.scheduler import Scheduler, run_logged
from bot.ops.shares import Shares
from bot.settings.table import Settings
from bot.slack.gateway import SlackGateway
from bot.store.retention import RETENTION
from bot.store.store import Store
from bot.work.commands.offer_expiry import OfferExpiry
from bot.work.delivery.alarms import Alarms
from bot.work.delivery.delivery import Delivery
from bot.work.home import Homes
from bot.work.monitor.history import HistoryReader
from bot.work.monitor.lateness import LatenessMonitor
from bot.work.monitor.monitor import Monitor
from bot.work.monitor.on_call import OnCallMonitor
from bot.work.monitor.reminders import Reminders
from bot.work.monitor.routing import RoutingMonitor
from bot.work.monitor.snoozes import SnoozeMonitor
from bot.work.runs.progress import RunTracker
from bot.work.runs.retrier import Retrier

if TYPE_CHECKING:
    from bot.work.runs.backfiller import Backfiller

log = logging.getLogger("bot")

FOLLOW_SECONDS = 1.0
RETRY_SECONDS = 2.0
BACKFILL_SECONDS = 2.0
SHOW_SECONDS = 2.0
REMIND_SECONDS = 15.0  # at most, between two checks for what is due
ON_CALL_SECONDS = 60.0
ROUTING_SECONDS = 15.0
PRUNE_SECONDS = 3600.0
HISTORY_SECONDS = 120.0
LATENESS_SECONDS = 15.0
PAST_SECONDS = 1.0  # between two pages of the past
HISTORY_BEGINS = 10.0  # seconds after the start: the zone of EnOS's times should be known
SHARE_SECONDS = 3.0
CLOCK_SECONDS = 1.0
DATABASE = "database"  # the alarm that it cannot be written


@dataclass(slots=True, kw_only=True)
class Jobs:
    """The jobs of a bot; each is one ``async def`` without arguments."""

    settings: Settings
    store: Store
    gateway: SlackGateway
    delivery: Delivery
    monitor: Monitor
    history: HistoryReader
    homes: Homes
    lateness: LatenessMonitor
    run_tracker: RunTracker
    retrier: Retrier
    new_backfiller: Callable[[], "Backfiller"]
    reminders: Reminders
    snoozes: SnoozeMonitor
    offer_expiry: OfferExpiry
    on_call: OnCallMonitor
    routing: RoutingMonitor
    zone: PlatformZone
    heartbeat: Heartbeat
    bot_health: BotHealth
    metrics_updater: MetricsUpdater
    scheduler: Scheduler
    clock_jumps: ClockJumps
    shares: Shares
    replica: Replica | Alone
    database_alarm: Alarms
    steady: Callable[[], datetime]
    backfiller: "Backfiller | None" = None  # imported once there is a backfill: most never have one
    clock_went_back: bool = False  # and what lies in the future in the database has still to be corrected

    def schedule(self) -> None:
        """Put into the scheduler what every replica does."""
        if not isinstance(self.replica, Alone):
            self.scheduler.every(SHARE_SECONDS, "share", self.share)
        self.scheduler.every(1, "sockets", self.count_sockets)
        self.scheduler.every(5, "metrics", self.update_metrics)

    def schedule_leading(self) -> None:
        """Put into the scheduler what the leader does."""
        poll_seconds = self.settings.poll_seconds
        every = self.scheduler.every
        every(poll_seconds, "poll", self.poll)
        every(poll_seconds, "follow open incidents", self.follow_incidents)
        every(SHOW_SECONDS, "show storms", self.monitor.refresh_groups)
        every(FOLLOW_SECONDS, "follow started runs", self.follow_runs)
        every(RETRY_SECONDS, "retry", self.retry_failures)
        every(BACKFILL_SECONDS, "backfill", self.backfill)
        every(min(REMIND_SECONDS, 60 * self.settings.remind_minutes), "remind", self.remind)
        every(REMIND_SECONDS, "end offers", self.end_offers)
        every(ON_CALL_SECONDS, "check on call", self.check_on_call)
        every(ROUTING_SECONDS, "check watches", self.check_watches)
        every(PRUNE_SECONDS, "prune", self.prune, first_in=60)
        every(HISTORY_SECONDS, "read history", self.read_history, first_in=HISTORY_BEGINS)
        every(LATENESS_SECONDS, "find what is late", self.find_late, first_in=HISTORY_BEGINS)
        every(PAST_SECONDS, "read the past", self.read_past, first_in=HISTORY_BEGINS)

    async def poll(self) -> None:
        """Read EnOS; beat where all of it was read and nothing is broken."""
        before = self.monitor.reads()
        await self.monitor.poll(now())
        if self._is_freshly_read(before) and not self.bot_health.judgement().broken:
            self.heartbeat.beat()
        if self.monitor.health(self.steady()).reachable:
            await self.zone.refresh(self.steady())

    def _is_freshly_read(self, before: Mapping[int, datetime]) -> bool:
        """Whether each scheduling type was read completely since."""
        reads = self.monitor.reads()
        return len(reads) == len(KINDS) and all(before.get(kind) != read for kind, read in reads.items())

    async def follow_incidents(self) -> None:
        """Follow the flows of open incidents."""
        await self.monitor.follow(now())

    async def read_history(self) -> None:
        """Read which runs have changed."""
        await self.history.tick(now())
        self.homes.changed()

    async def find_late(self) -> None:
        """Report what is late, or will be."""
        await self.lateness.tick(now())

    async def read_past(self) -> None:
        """Read a page of the past where nothing else goes on."""
        await self.history.read_past(now())

    async def follow_runs(self) -> None:
        """Follow the runs that people started."""
        await self.run_tracker.tick(now())

    async def retry_failures(self) -> None:
        """Rerun what a retry rule is about."""
        await self.retrier.tick(now())

    async def backfill(self) -> None:
        """Start the next runs of backfills."""
        if self.backfiller is None and await self.store.open_backfills():
            self.backfiller = self.new_backfiller()
        if self.backfiller is not None:
            await self.backfiller.tick(now())

    async def remind(self) -> None:
        """End snoozes whose time has come, then remind of what nobody acknowledged, whatever hits a bug before."""
        await run_logged("end snoozes", lambda: self.snoozes.tick(now()))
        # Nobody is called while somebody is on the cause.
        await run_logged("show causes", lambda: self.monitor.background.tick(now()))
        await self.reminders.tick(now())

    async def end_offers(self) -> None:
        """End the offers that nobody answers."""
        await self.offer_expiry.tick(now())

    async def check_on_call(self) -> None:
        """Check the on-call groups."""
        await self.on_call.tick(now())

    async def check_watches(self) -> None:
        """End quiet hours, and tell people about watches whose channel accepts no messages."""
        await self.routing.tick(now())

    async def prune(self) -> None:
        """Delete what is old."""
        if (jump := self.clock_jumps.recent) is not None and jump.by > timedelta(days=1):
            return  # what looks old may only look so: let the clock prove itself for a day
        reach = 2 * timedelta(hours=self.settings.lookback_hours)
        await self.store.prune(now(), replace(RETENTION, seen=max(RETENTION.seen, reach)))

    async def count_sockets(self) -> None:
        """Count the sockets each second: ``status`` must not show an old number."""
        self.metrics_updater.connected = connected = (await self.gateway.health()).connected
        self.replica.note_slack(is_reached=connected > 0 or self.settings.mode != "socket")

    async def share(self) -> None:
        """Tell the other replicas what only the leader knows, or hear it."""
        await self.shares.tick(now())

    async def update_metrics(self) -> None:
        """Look up what is not counted as it happens."""
        await self.metrics_updater.update(self.store, await self.gateway.health(), leads=self.replica.leads)

    async def check_watchdog(self) -> None:
        """Check how long ago EnOS was read, and whether the database can be written again."""
        if self.replica.leads:
            await self.monitor.check_lag(now())
        if DATABASE in self.database_alarm.active:
            await self.store.probe()
            self.database_alarm.resolve(DATABASE)

    def on_database_unavailable(self, trouble: DatabaseUnavailable) -> None:
        """Raise the alarm that the database cannot be written; ``check_watchdog`` ends it."""
        if DATABASE in self.database_alarm.active:
            return
        sentence = msg(
            "The database can't be written ({reason}). Nothing is lost: EnOS is polled again, and messages wait. "
            "Free some disk space, or check which program uses the file.",
            reason=trouble.reason,
        )
        if isinstance(trouble, DatabaseUnreachable):
            sentence = msg(
                "The database has not answered since {time} ({reason}). Nothing is lost: EnOS is polled again, and "
                "messages wait. Check that PostgreSQL runs and that this machine reaches it.",
                time=self.replica.silent_since() or now(),
                reason=trouble.reason,
            )
        self.database_alarm.fire(DATABASE, sentence)

    async def watch_clock(self) -> None:
        """Check each second, until cancelled, whether the wall clock jumped."""
        while True:
            if (jump := self.clock_jumps.check()) is not None:
                self._on_clock_jump(jump)
            if self.clock_went_back:
                try:
                    await self.store.correct_future_times(now())
                    self.clock_went_back = False
                    self.delivery.wake()
                except Failure as failure:
                    log.warning(
                        "The clock was set back, but the times in the database could not be corrected yet: %s", failure
                    )
            await asyncio.sleep(CLOCK_SECONDS)

    def _on_clock_jump(self, jump: ClockJump) -> None:
        back = jump.by < timedelta()
        level = logging.WARNING if abs(jump.by) >= NOTABLE_JUMP else logging.INFO
        span = abs(jump.by).total_seconds()
        event = "The wall clock was set back by %.0f s" if back else "The wall clock was set ahead by %.0f s"
        log.log(level, event, span)
        if back:
            self.scheduler.shift_back(-jump.by)
            self.clock_went_back = self.replica.leads  # who leads later looks at the times then

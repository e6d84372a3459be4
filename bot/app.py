"""The app: assembles the packages into a bot, and starts and stops everything in order.

What is done again and again, and when, is in ``ops/jobs.py``.
"""

import asyncio
import contextlib
from datetime import timedelta
from functools import cached_property, partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from bot.core.errors import DatabaseUnavailable, Failure, Superseded
from bot.core.people.model import IncomingMessage, Surface
from bot.core.text.mask import Mask, Seal
from bot.core.text.message import Text
from bot.doctor.running_bot import RunningBotProbe
from bot.ops import bridge_tools, bridges, default_channel
from bot.ops.bot_health import BotHealth
from bot.ops.clocks import ClockJumps
from bot.ops.clocks import wall as now
from bot.ops.heartbeat import Heartbeat
from bot.ops.jobs import Jobs
from bot.ops.leading import Leading
from bot.ops.metrics import Metrics, delivery_metrics
from bot.ops.metrics_updater import MetricsUpdater
from bot.ops.new_ids import new_id
from bot.ops.outside import ENOS_NOTE, Outside
from bot.ops.part_settings import of_answers, of_monitor
from bot.ops.platform_times import PlatformZone, schedule_in_words
from bot.ops.replica import Alone, Replica
from bot.ops.scheduler import Scheduler
from bot.ops.serving import Serving
from bot.ops.shares import Shares
from bot.ops.watchdog import Watchdog
from bot.render.process import Pictures
from bot.slack.accounts import Accounts
from bot.store.store import Store
from bot.work.bridges.delivery import Bridges
from bot.work.commands.context import Services, link_to
from bot.work.commands.dispatcher import Dispatcher
from bot.work.commands.flow_access import report_if_gone
from bot.work.commands.flow_list import FlowLists
from bot.work.commands.incident_actions import IncidentActions
from bot.work.commands.offer_expiry import OfferExpiry
from bot.work.delivery.alarms import Alarm, Alarms
from bot.work.delivery.delivery import Delivery
from bot.work.home import Homes
from bot.work.monitor.history import HistoryReader
from bot.work.monitor.lateness import LatenessMonitor
from bot.work.monitor.monitor import Monitor
from bot.work.monitor.on_call import OnCallMonitor
from bot.work.monitor.owners import MentionableOwners
from bot.work.monitor.reminders import ReminderChecks, Reminders
from bot.work.monitor.routing import RoutingMonitor
from bot.work.monitor.snoozes import SnoozeMonitor
from bot.work.runs.progress import RunTracker
from bot.work.runs.retrier import Retrier

if TYPE_CHECKING:
    from bot.work.forms.forms import Forms


class App:
    """The whole bot around one open store. To be made inside the running event loop.

    Every replica hears people and answers them. One of them leads: it polls, delivers and reminds. A bot that has its
    database for itself leads from the start.
    """

    def __init__(self, outside: Outside, store: Store, replica: Replica | None = None) -> None:
        self.replica = replica or Alone()
        settings = outside.settings
        self.settings, self.store, self.outside = settings, store, outside
        self.enos, self.gateway, self.steady = outside.enos, outside.gateway, outside.steady
        self.metrics = Metrics()
        self.metrics_updater = MetricsUpdater(self.metrics, settings.database)
        self.clock_jumps = ClockJumps(self.steady, now)
        self.heartbeat = Heartbeat(settings.heartbeat_url)
        self._endless_lists = Alarms(self._alarm)
        self.mask = Mask(settings.mask)
        self.zone = PlatformZone(settings.enos_timezone, self.enos.time_zone)
        self.delivery = Delivery(
            store,
            self.gateway.poster,
            now,
            default_channel=settings.channel,
            admins=settings.admins,
            shared_channels=settings.shared_channels,
            on_alarm=self._alarm,
            metrics=delivery_metrics(self.metrics),
            steady=self.steady,
            is_sure=None if replica is None else replica.is_sure,
        )
        store.on_queued = self.delivery.wake
        store.use_bridges(bridges.bridge_settings(settings, self.gateway.poster.known_permalink))
        tools = bridge_tools.tools(settings, store, self.steady, Alarms(self._alarm), self.metrics_updater)
        self.bridges = Bridges(bridges.configured(settings), tools)
        store.on_bridge_events = self.bridges.wake
        accounts = Accounts(self.gateway.poster, self.gateway.runtime.monotonic)
        self.monitor = self._new_watch(MentionableOwners(store, accounts))  # an alert does not wait for accounts
        self.history = HistoryReader(
            self.enos,
            store,
            self.steady,
            zone=lambda: self.zone.offset,
            is_busy=lambda: self.enos.is_busy or self.monitor.is_reading,
            is_reachable=lambda: self.monitor.health(self.steady()).reachable,
        )
        self.lateness = LatenessMonitor(
            self.monitor.context,
            mode=settings.late,
            read_since=lambda at: self.shares.read_since(at),  # noqa: PLW0108  made below
            zone=lambda: self.zone.offset,
            is_reachable=lambda: self.monitor.health(self.steady()).reachable,
            fill=self.monitor.background.fill,
            show_storms=self.monitor.refresh_groups,
        )
        names = MentionableOwners(store, accounts, patience=1.0)
        self.watchdog = Watchdog(
            store,
            self.steady,
            settings.poll_seconds,
            self.monitor.reads,
            slack=self.gateway.poster,
            admins=settings.admins,
            language=settings.language,
            also=lambda: self.jobs.check_watchdog(),  # noqa: PLW0108  made below
            replica=self.replica,
        )
        self.shares = Shares(
            store=store,
            replica=self.replica,
            bot_health=lambda: self.bot_health,
            history=self.history,
            delivery=self.delivery,
            zone=self.zone,
            lateness=lambda: self.lateness,
            on_history=lambda: self.homes.changed(),  # noqa: PLW0108  made below
        )
        self.bot_health = BotHealth(
            self.metrics_updater,
            self.monitor,
            self.watchdog,
            self.clock_jumps,
            self.steady,
            socket_mode=settings.mode == "socket",
            on_call=lambda: self.on_call.troubles,
            known_since=lambda: self.history.back_to(now()),
            shared=lambda: self.shares.told,
            replica=self.replica,
        )
        self.services = self._services(names, replica)
        self.dispatcher = Dispatcher(self.services)
        self.homes = Homes(self.services, self.dispatcher)
        self.run_tracker = RunTracker(self.services)
        self.retrier = Retrier(self.services)
        self.running_bot_probe = RunningBotProbe(store, now, settings.channel, self.gateway, self.bot_health.judgement)
        self.reminders = Reminders(
            store,
            names,
            new_id,
            timedelta(minutes=settings.remind_minutes),
            ReminderChecks(
                self.services.on_call.read,
                self.gateway.poster.members,
                partial(report_if_gone, self.enos, self.services.incident_actions),
                pagerduty=bool(settings.pagerduty_key),
            ),
            console_url=settings.enos_console_url,
            zone=lambda: self.zone.offset,
            command=settings.command,
            wake=self.monitor.incident_changed,
        )
        self.snoozes = SnoozeMonitor(
            store,
            names,
            new_id,
            channel=settings.channel,
            console_url=settings.enos_console_url,
            zone=lambda: self.zone.offset,
            wake=self.monitor.incident_changed,
        )
        self.routing = RoutingMonitor(
            store,
            self.gateway.poster,
            self.steady,
            alert_channel=settings.channel,
            lost=self.delivery.lost_places,
            recovered=self.delivery.channel_health.recovered,
        )
        self.on_call = OnCallMonitor(store, self.services.on_call, settings.admins, new_id)
        self.scheduler = Scheduler()
        self.jobs = Jobs(
            settings=settings,
            store=store,
            gateway=self.gateway,
            delivery=self.delivery,
            monitor=self.monitor,
            history=self.history,
            homes=self.homes,
            lateness=self.lateness,
            run_tracker=self.run_tracker,
            retrier=self.retrier,
            new_backfiller=lambda: import_module("bot.work.runs.backfiller").Backfiller(self.services),
            reminders=self.reminders,
            snoozes=self.snoozes,
            offer_expiry=OfferExpiry(store, self.gateway.poster, self.services.incident_actions.offers),
            on_call=self.on_call,
            routing=self.routing,
            zone=self.zone,
            heartbeat=self.heartbeat,
            bot_health=self.bot_health,
            metrics_updater=self.metrics_updater,
            scheduler=self.scheduler,
            clock_jumps=self.clock_jumps,
            shares=self.shares,
            replica=self.replica,
            database_alarm=Alarms(self._alarm),
            steady=self.steady,
        )
        self.leading = Leading(
            replica=self.replica,
            store=store,
            gateway=self.gateway,
            jobs=self.jobs,
            bridges=self.bridges,
            services=self.services,
            dispatcher=self.dispatcher,
            in_background=self._task,
            pressed=self.running_bot_probe.note_press,
        )
        store.on_unavailable = self._on_unavailable
        if replica is not None:
            self.enos.fence(replica.is_sure)
            self.gateway.listeners.writes_first = True
            replica.heard, replica.took_over = self.leading.heard, lambda _names: self._task(self.leading.take_over())
        self._background: set[asyncio.Task[Any]] = set()
        self._serving = Serving(
            settings=settings,
            store=store,
            gateway=self.gateway,
            services=self.services,
            dispatcher=self.dispatcher,
            metrics=self.metrics,
            bot_health=self.bot_health,
            probe=self.running_bot_probe,
        )
        self.address = ""  # where health is served
        outside.introduce(self)

    def _new_watch(self, names: MentionableOwners) -> Monitor:
        return Monitor(
            self.enos,
            self.store,
            names,
            now,
            new_id,
            of_monitor(self.settings),
            mask=self.mask,
            zone=lambda: self.zone.offset,
            occurred=self.metrics_updater.count_occurrence,
            alarms=Alarms(self._alarm),
            steady=self.steady,
            troubles=lambda: self.bot_health.judgement().told,
            lost=self.delivery.lost_places,
            link=lambda message: link_to(self.services, message),
        )

    def _services(self, names: MentionableOwners, replica: Replica | None) -> Services:
        return Services(
            enos=self.enos,
            slack=self.gateway.poster,
            views=self.gateway.views,
            store=self.store,
            owners=names,
            incident_actions=IncidentActions(
                self.store,
                names,
                new_id,
                console_url=self.settings.enos_console_url,
                zone=lambda: self.zone.offset,
                wake=self.monitor.incident_changed if replica is None else lambda: self.leading.incident_changed(),  # noqa: PLW0108  made below
            ),
            clock=now,
            steady=self.steady,
            new_id=new_id,
            answer_settings=of_answers(self.settings, self.mask),
            schedule_words=schedule_in_words,
            status=lambda: self.bot_health.status(now()),
            platform_zone=lambda: self.zone.offset,
            seal=Seal(self.settings.enos_secret_key),
            wake=self.delivery.wake,
            poll_soon=self.monitor.nudge if replica is None else lambda at: self.leading.poll_soon(at),  # noqa: PLW0108  made below
            lost=self.shares.lost_places,
            draw=Pictures().draw,
            outlook=self.lateness.outlook,
            flow_lists=FlowLists(is_busy=lambda: self.enos.is_busy),
        )

    async def start(self) -> None:
        """Receive and answer; lead, at once where nobody else does."""
        if isinstance(self.replica, Alone):
            await self.leading.begin()
        for run in (self.jobs.watch_clock, self.watchdog.run, self.homes.run):
            self._task(run())
        await self.gateway.start()
        self._task(default_channel.warn(self.gateway.poster, self.settings.channel, self.settings.shared_channels))
        self.jobs.schedule()
        self.scheduler.start()
        if not self.leading.began:
            self.replica.stand()
            self._task(self.leading.begin_once_elected())

    def _on_unavailable(self, trouble: DatabaseUnavailable) -> None:
        """The database did not answer, or does not take this replica for one any more."""
        if isinstance(trouble, Superseded):
            self.replica.lose(trouble)
        else:
            self.jobs.on_database_unavailable(trouble)

    async def stop(self, seconds: float) -> None:
        """Stop receiving, finish what was begun, and close, within about ``seconds``.

        What is cut off is continued at the next start: posts and runs are rows before they are calls.
        """
        end = asyncio.get_running_loop().time() + seconds

        def left() -> float:
            return max(0.2, end - asyncio.get_running_loop().time())

        await self.scheduler.stop(min(2.0, left()))
        await self.gateway.stop_receiving(left() / 2)
        await self.monitor.stop()
        await self.history.stop()
        await self.services.flow_lists.close()
        if self.leading.began and not self.replica.lost.is_set():
            with contextlib.suppress(Failure, TimeoutError):
                async with asyncio.timeout(left() / 2):
                    await self.delivery.tick(now())
        await self.delivery.close(left())
        await self.gateway.stop(left())
        tasks = tuple(self._background)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.heartbeat.close()
        await self._serving.stop()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(left()):
                await self.enos.close()

    async def listen(self) -> None:
        """Serve health, and the program's other commands."""
        await self._serving.start()
        self.address = self._serving.address

    @cached_property
    def forms(self) -> "Forms":
        """The forms, imported when somebody first opens one (decision 38)."""
        from bot.work.forms.forms import Forms

        forms = Forms(self.services, self.dispatcher)
        forms.on_home_opened = self.homes.opened
        return forms

    async def received(self, message: IncomingMessage) -> None:
        """Answer what a person said or pressed."""
        self.metrics.commands.labels(message.origin.surface.value).inc()
        if message.origin.surface is Surface.HOME:
            self.homes.pressed(message.by)
        if message.post and self.running_bot_probe.note_press(message.post, message.by.user) and self.store.replica:
            self._task(self.store.tell(f"pressed {message.post} {message.by.user}"))
        await self.dispatcher.answer(message)

    def count_enos_call(self, action: str, outcome: str, seconds: float) -> None:
        """Count a call to EnOS."""
        self.metrics.enos_calls.labels(action, outcome).inc()
        self.metrics.enos_seconds.labels(action).observe(seconds)

    def save_capability(self, name: str, value: str) -> None:
        """Keep what was learned of the platform for the next start."""
        self._task(self.store.set_note(f"{ENOS_NOTE}{name}", value))

    def list_ended(self, listed: str, why: Text) -> None:
        """Raise an alarm where a list of EnOS or of Slack does not end; it is over once one does."""
        name = f"list of {listed}"
        if why:
            self._endless_lists.fire(name, why)
        else:
            self._endless_lists.resolve(name)

    def _alarm(self, alarm: Alarm) -> None:
        self.bot_health.note_alarm(alarm)

    def _task(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

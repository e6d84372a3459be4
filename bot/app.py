"""The app: assembles the rooms, keeps the time, and starts and stops everything in order.

The only clock lives here. Everything driven by time is a ``tick(now)`` or ``poll(now)`` of a journey.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from aiohttp import web

from bot import __version__
from bot.core.checks.on_bot import BotReport
from bot.core.errors import Failure, Refusal, TemporaryFailure
from bot.core.flow.model import KINDS
from bot.core.network.certificates import EXPIRED, way_out
from bot.core.people.model import IncomingMessage
from bot.core.text.mask import Mask
from bot.core.text.sealed import Seal
from bot.doctor.running_bot import RunningBotProbe
from bot.enos.client import EnosClient
from bot.enos.errors import Untrusted
from bot.ops import control_socket, default_channel, health, offline, workspace_keys
from bot.ops.bot_health import BotHealth
from bot.ops.clocks import NOTABLE_JUMP, ClockJump, ClockJumps, SteadyClock
from bot.ops.clocks import wall as now
from bot.ops.heartbeat import Heartbeat
from bot.ops.listener import Listener
from bot.ops.metrics_updater import MetricsUpdater
from bot.ops.new_ids import new_id
from bot.ops.platform_zone import PlatformZone
from bot.ops.scheduler import Scheduler
from bot.ops.schedules import in_words
from bot.ops.watchdog import Watchdog
from bot.settings.table import Settings
from bot.slack.accounts import Accounts
from bot.slack.gateway import ConnectionSettings, Runtime, SlackGateway
from bot.store.database import DatabaseUnavailable
from bot.store.retention import RETENTION
from bot.store.store import Store
from bot.work.commands.context import AnswerSettings, Services
from bot.work.commands.dispatcher import Dispatcher
from bot.work.commands.flow_access import report_if_gone
from bot.work.commands.incident_actions import IncidentActions
from bot.work.delivery.alarms import Alarm, Alarms
from bot.work.delivery.delivery import Delivery
from bot.work.monitor.monitor import Monitor
from bot.work.monitor.on_call import OnCallMonitor
from bot.work.monitor.owners import MentionableOwners
from bot.work.monitor.reminders import ReminderChecks, Reminders
from bot.work.monitor.settings import MonitorSettings
from bot.work.runs import crash_recovery
from bot.work.runs.progress import RunTracker

log = logging.getLogger("bot")

SIGN_IN_SECONDS = 5.0  # a gateway that hangs must not keep the bot from starting
FOLLOW_SECONDS = 1.0
SHOW_SECONDS = 2.0
REMIND_SECONDS = 15.0  # between two looks for what is due
ON_CALL_SECONDS = 60.0
PRUNE_SECONDS = 3600.0
CLOCK_SECONDS = 1.0
FARTHEST_AHEAD = timedelta(minutes=2)  # farther ahead than a post is ever made to wait at a start
DATABASE = "database"  # the alarm that it takes nothing
_ENOS = "enos."  # begins the names of notes about the platform


class App:
    """The whole bot around one open store. To be made inside the running event loop."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        remembered: Mapping[str, str],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings, self.store = settings, store
        self.metrics = health.Metrics()
        self.metrics_updater = MetricsUpdater(self.metrics, settings.database)
        self.steady = SteadyClock(monotonic=monotonic)
        self.clock_jumps = ClockJumps(self.steady, now)
        self._clock_went_back = False  # the database is to take what lies ahead as of now
        self.heartbeat = Heartbeat(settings.heartbeat_url)
        self._endless_lists = Alarms(self._alarm)
        self.mask = Mask(settings.mask)
        self.enos = EnosClient(
            settings.enos_api_url,
            settings.enos_access_key,
            settings.enos_secret_key,
            settings.enos_org_id,
            settings.enos_user_id,
            clock=now,
            steady=self.steady,
            remembered={
                name.removeprefix(_ENOS): value for name, value in remembered.items() if name.startswith(_ENOS)
            },
            page_base=settings.page_base,  # type: ignore[arg-type]  # the settings' reader allows these three only
            on_call=self.metrics_updater.count_enos_call,
            on_capability=self._save_capability,
            on_list_end=self._list_ended,
        )
        self.zone = PlatformZone(settings.enos_timezone, self.enos.time_zone)
        connection = ConnectionSettings(app_token=settings.slack_app_token)
        if settings.mode == "http":
            connection = ConnectionSettings(
                signing_secret=settings.slack_signing_secret,
                listen=(settings.events_listen.host, settings.events_listen.port),
            )
        self.gateway = SlackGateway(
            settings.slack_bot_token,
            connection,
            settings.command,
            self._received,
            api_url=settings.slack_api_url,
            record_arrival=self._record_arrival,
            runtime=Runtime(on_call=self.metrics_updater.count_slack_call, on_list_end=self._list_ended),
        )
        self.delivery = Delivery(
            store,
            self.gateway.poster,
            now,
            default_channel=settings.channel,
            admins=settings.admins,
            shared_channels=settings.shared_channels,
            on_alarm=self._alarm,
            metrics=health.delivery_metrics(self.metrics),
            steady=self.steady,
        )
        store.on_queued = self.delivery.wake
        self.database_alarm = Alarms(self._alarm)
        store.on_unavailable = self._database_in_trouble
        accounts = Accounts(self.gateway.poster.directory, self.gateway.runtime.monotonic)
        self.monitor = self._new_watch(MentionableOwners(store, accounts))  # an alert waits for nobody's account
        names = MentionableOwners(store, accounts, patience=1.0)
        self.watchdog = Watchdog(
            store,
            self.steady,
            settings.poll_seconds,
            self.monitor.reads,
            slack=self.gateway.poster,
            admins=settings.admins,
            also=self._watchdog_work,
        )
        self.bot_health = BotHealth(
            self.metrics_updater,
            self.monitor,
            self.watchdog,
            self.clock_jumps,
            self.steady,
            socket_mode=settings.mode == "socket",
            on_call=lambda: self.on_call.trouble,
        )
        self.services = self._services(names)
        self.dispatcher = Dispatcher(self.services)
        self.run_tracker = RunTracker(self.services)
        self.running_bot_probe = RunningBotProbe(store, now, settings.channel, self._bot_report)
        self.reminders = Reminders(
            store,
            names,
            new_id,
            timedelta(minutes=settings.remind_minutes),
            ReminderChecks(
                self.services.on_call.mentioned, partial(report_if_gone, self.enos, self.services.incident_actions)
            ),
            console_url=settings.enos_console_url,
            zone=self._platform_zone,
            command=settings.command,
            wake=self.monitor.incident_changed,
        )
        self.on_call = OnCallMonitor(store, self.services.on_call, settings.admins, new_id)
        self.scheduler = Scheduler()
        self._background: set[asyncio.Task[Any]] = set()
        self._servers: list[Listener | web.AppRunner] = []
        self.address = ""  # where health is served

    def _new_watch(self, names: MentionableOwners) -> Monitor:
        settings = self.settings
        wanted = MonitorSettings(
            channel=settings.channel,
            lookback_hours=settings.lookback_hours,
            sweep_minutes=settings.sweep_minutes,
            poll_seconds=settings.poll_seconds,
            alert_statuses=settings.alert_statuses,
            group_by=settings.group_by,
            storm=settings.storm,
            timezone=settings.timezone,
            console_url=settings.enos_console_url,
            command=settings.command,
            user=settings.enos_user_id,
        )
        return Monitor(
            self.enos,
            self.store,
            names,
            now,
            new_id,
            wanted,
            mask=self.mask,
            zone=self._platform_zone,
            wake=self.delivery.wake,
            occurred=self.metrics_updater.count_occurrence,
            alarms=Alarms(self._alarm),
            steady=self.steady,
            trouble=lambda: str(self.bot_health.judgement()),
        )

    def _services(self, names: MentionableOwners) -> Services:
        settings = self.settings
        wake = self.delivery.wake
        answer_settings = AnswerSettings(
            channel=settings.channel,
            admins=frozenset(settings.admins),
            oncall=settings.oncall,
            timezone=settings.timezone,
            command=settings.command,
            mask=self.mask,
            alert_statuses=settings.alert_statuses,
            console_url=settings.enos_console_url,
        )
        return Services(
            enos=self.enos,
            slack=self.gateway.poster,
            store=self.store,
            owners=names,
            incident_actions=IncidentActions(
                self.store,
                names,
                new_id,
                console_url=settings.enos_console_url,
                zone=self._platform_zone,
                wake=self.monitor.incident_changed,
            ),
            clock=now,
            steady=self.steady,
            new_id=new_id,
            answer_settings=answer_settings,
            schedule_words=in_words,
            status=self.bot_health.status,
            platform_zone=self._platform_zone,
            seal=Seal(settings.enos_secret_key),
            wake=wake,
            poll_soon=self.monitor.nudge,
        )

    def _platform_zone(self) -> timedelta | None:
        return self.zone.offset

    async def preflight(self) -> list[str]:
        """Prove Slack's tokens and EnOS's keys; return every problem that only an operator can mend.

        Raises Outage where Slack cannot be asked. EnOS being down is no reason not to start: the watcher tells.
        """
        slack, enos = await asyncio.gather(
            self.gateway.preflight(), asyncio.wait_for(self.enos.sign_in(), SIGN_IN_SECONDS), return_exceptions=True
        )
        problems: list[str] = []
        for met in (slack, enos):
            match met:
                case Refusal():
                    problems.append(str(met))
                case Untrusted() if met.code not in EXPIRED:
                    problems.append(f"EnOS's certificate is not trusted: {met.detail}. {way_out('ENOS_API_URL')}")
                case TemporaryFailure() | TimeoutError() if met is enos:
                    log.warning("EnOS does not answer yet: %s", str(met) or "no answer in time")
                case BaseException():
                    raise met
        return problems

    async def start(self) -> None:
        """Start what hears, what watches and what delivers."""
        await self.store.correct_future_times(now(), margin=FARTHEST_AHEAD)
        await workspace_keys.migrate(
            self.store, self.gateway.poster.me, now(), self.gateway.poster.directory.global_ids
        )
        left = await crash_recovery.open_attempts(self.services)  # both before anything new is heard
        unanswered = await self.store.unanswered()
        self._task(self.watchdog.run())
        self._task(self._watch_clock())
        self._task(self.delivery.run())
        await self.gateway.start()
        self._task(crash_recovery.close_attempts(self.services, left))
        self._task(self.dispatcher.answer_left_over(unanswered))
        self._task(default_channel.warn(self.gateway.poster, self.settings.channel, self.settings.shared_channels))
        self.scheduler.every(self.settings.poll_seconds, "poll", self._poll)
        self.scheduler.every(self.settings.poll_seconds, "follow open incidents", self._follow_incidents)
        self.scheduler.every(SHOW_SECONDS, "show storms", self._show)
        self.scheduler.every(FOLLOW_SECONDS, "follow started runs", self._follow_runs)
        self.scheduler.every(min(REMIND_SECONDS, 60 * self.settings.remind_minutes), "remind", self._remind)
        self.scheduler.every(ON_CALL_SECONDS, "look who is on call", self._look_who_is_on_call)
        self.scheduler.every(PRUNE_SECONDS, "prune", self._prune, first_in=60)
        self.scheduler.every(1, "sockets", self._sockets)
        self.scheduler.every(5, "figures", self._update_metrics)
        self.scheduler.start()

    async def stop(self, seconds: float) -> None:
        """Hear no more, finish what was begun, and close, all within about so many seconds.

        What is cut off is taken up at the next start: posts and runs are rows before they are calls.
        """
        end = asyncio.get_running_loop().time() + seconds

        def left() -> float:
            return max(0.2, end - asyncio.get_running_loop().time())

        await self.scheduler.stop(min(2.0, left()))
        await self.gateway.stop_receiving(left() / 2)
        await self.monitor.stop()
        with contextlib.suppress(Failure, TimeoutError):
            await asyncio.wait_for(self.delivery.tick(now()), left() / 2)
        await self.delivery.close(left())
        await self.gateway.stop(left())
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        await self.heartbeat.close()
        for server in self._servers:
            await server.cleanup()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.enos.close(), left())

    async def listen(self) -> None:
        """Serve health, and the program's other commands."""
        listener = Listener(health.application(self.metrics, self.bot_health.judgement, self._refresh))
        self._servers.append(listener)
        await listener.start(self.settings.listen.host, self.settings.listen.port)
        self.address = listener.address
        commands: dict[str, control_socket.ControlCommand] = {
            "import": self._import,
            "list": self._list,
            "backup": partial(offline.back_up, self.store),
            "doctor": self.running_bot_probe.facts,
            "press": self.running_bot_probe.press,
        }
        other = await control_socket.serve(self.settings.database, commands)
        if other is not None:
            self._servers.append(other)

    async def _import(self, what: Mapping[str, Any]) -> str:
        return await offline.import_links(self.store, self.settings.admins, what, self.gateway.poster.me)

    async def _list(self, _what: Mapping[str, Any]) -> str:
        return await offline.links_csv(self.store)

    async def _received(self, message: IncomingMessage) -> None:
        self.metrics.commands.labels(message.origin.surface.value).inc()
        self.running_bot_probe.note_press(message)
        await self.dispatcher.answer(message)

    async def _record_arrival(self, message: IncomingMessage) -> bool:
        return await self.dispatcher.record_arrival(message)

    async def _poll(self) -> None:
        before = self.monitor.reads()
        await self.monitor.poll(now())
        if self._is_freshly_read(before) and not self.bot_health.judgement().broken:
            self.heartbeat.beat()
        if self.monitor.health(self.steady()).reachable:
            await self.zone.refresh(self.steady())

    def _is_freshly_read(self, before: Mapping[int, datetime]) -> bool:
        """Whether each type was read completely since."""
        reads = self.monitor.reads()
        return len(reads) == len(KINDS) and all(before.get(kind) != read for kind, read in reads.items())

    async def _follow_incidents(self) -> None:
        await self.monitor.follow(now())

    async def _watchdog_work(self) -> None:
        """Do what the watchdog sees to, so that it does not hang on the scheduler."""
        await self.monitor.check_lag(now())
        if self.database_alarm.is_active(DATABASE):
            await self.store.probe()
            self.database_alarm.resolve(DATABASE)

    async def _watch_clock(self) -> None:
        """See the wall clock step, each second."""
        while True:
            if (jump := self.clock_jumps.check()) is not None:
                self._on_clock_jump(jump)
            if self._clock_went_back:
                try:
                    await self.store.correct_future_times(now())
                    self._clock_went_back = False
                    self.delivery.wake()
                except Failure as failure:
                    log.warning("the clock was put back, and the database does not take it yet: %s", failure)
            await asyncio.sleep(CLOCK_SECONDS)

    def _on_clock_jump(self, jump: ClockJump) -> None:
        back = jump.by < timedelta()
        level = logging.WARNING if abs(jump.by) >= NOTABLE_JUMP else logging.INFO
        span = abs(jump.by).total_seconds()
        log.log(level, "the wall clock was put %s by %.0f s; nothing waits for it", "back" if back else "ahead", span)
        if back:
            self.scheduler.shift_back(-jump.by)
            self._clock_went_back = True

    async def _show(self) -> None:
        await self.monitor.refresh_groups()

    async def _follow_runs(self) -> None:
        await self.run_tracker.tick(now())

    async def _remind(self) -> None:
        await self.reminders.tick(now())

    async def _look_who_is_on_call(self) -> None:
        await self.on_call.tick(now())

    async def _prune(self) -> None:
        if (jump := self.clock_jumps.recent) is not None and jump.by > timedelta(days=1):
            return  # what looks old may only look so: let the clock prove itself for a day
        reach = 2 * timedelta(hours=self.settings.lookback_hours)
        await self.store.prune(now(), replace(RETENTION, seen=max(RETENTION.seen, reach)))

    async def _sockets(self) -> None:
        """Count the sockets: who asks how the bot is should not hear how it was."""
        self.metrics_updater.connected = (await self.gateway.health()).connected

    def _database_in_trouble(self, trouble: DatabaseUnavailable) -> None:
        sentence = (
            f"The database takes nothing: {trouble.reason}. What was read is read again and what waits to be posted "
            "waits, so nothing is lost; make room on its disk, or see who holds its file."
        )
        if not self.database_alarm.is_active(DATABASE):
            self.database_alarm.fire(DATABASE, sentence)

    async def _update_metrics(self) -> None:
        await self.metrics_updater.update(self.store, await self.gateway.health())

    async def _bot_report(self) -> BotReport:
        """Return what ``flowbot doctor`` is told of the running bot."""
        gateway, due = await self.gateway.health(), (await self.store.oldest_posts()).values()
        return BotReport(
            version=__version__,
            why_not_ready=" ".join(self.bot_health.judgement().broken),
            connected=gateway.connected,
            wanted=gateway.wanted,
            oldest_seconds=max([0.0, *((now() - since).total_seconds() for since in due)]),
            links=await self.store.links(),
        )

    def _refresh(self) -> None:
        self.bot_health.refresh(now())

    def _save_capability(self, name: str, value: str) -> None:
        self._task(self.store.set_note(f"{_ENOS}{name}", value))

    def _list_ended(self, listed: str, why: str) -> None:
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

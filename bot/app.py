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
from bot.core.checks.on_bot import Inside
from bot.core.errors import Failure, Outage, Refusal
from bot.core.flow.model import KINDS
from bot.core.network.certificates import EXPIRED, way_out
from bot.core.people.model import Said
from bot.core.text.mask import Mask
from bot.core.text.sealed import Seal
from bot.doctor.running_bot import InsideBot
from bot.enos.client import EnosClient
from bot.enos.errors import Untrusted
from bot.ops import control_socket, default_channel, health, offline, workspace_keys
from bot.ops.clocks import TOLD, Steady, Step, Steps
from bot.ops.clocks import wall as now
from bot.ops.condition import Condition
from bot.ops.heartbeat import Heartbeat
from bot.ops.judge import Judge
from bot.ops.listener import Listener
from bot.ops.metrics import Figures
from bot.ops.new_ids import new_id
from bot.ops.owners import Owners
from bot.ops.platform_zone import PlatformZone
from bot.ops.scheduler import Clockwork
from bot.ops.schedules import in_words
from bot.settings.table import Settings
from bot.slack.accounts import Accounts
from bot.slack.gateway import Outside, SlackEdge, Way
from bot.store.database import Trouble
from bot.store.retention import KEEP
from bot.store.store import Store
from bot.work.commands.context import Manners, Rooms
from bot.work.commands.dispatcher import Answers
from bot.work.commands.gone import said_if_gone
from bot.work.commands.incident_actions import Desk
from bot.work.delivery.alarms import Alarm, Alarms
from bot.work.delivery.delivery import Delivery
from bot.work.monitor.monitor import Watch
from bot.work.monitor.on_call import OnCallWatch
from bot.work.monitor.reminders import Before, Reminders
from bot.work.monitor.settings import WatchSettings
from bot.work.runs import crash_recovery
from bot.work.runs.progress import Follow

log = logging.getLogger("bot")

SIGN_IN_SECONDS = 5.0  # a gateway that hangs must not keep the bot from starting
FOLLOW_SECONDS = 1.0
SHOW_SECONDS = 2.0
REMIND_SECONDS = 15.0  # between two looks for what is due
ON_CALL_SECONDS = 60.0
PRUNE_SECONDS = 3600.0
CLOCK_SECONDS = 1.0
AHEAD = timedelta(minutes=2)  # farther ahead than a post is ever made to wait at a start
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
        self.figures = Figures(self.metrics, settings.database)
        self.steady = Steady(monotonic=monotonic)
        self.steps = Steps(self.steady, now)
        self._stepped_back = False  # the database is to take what lies ahead as of now
        self.heartbeat = Heartbeat(settings.heartbeat_url)
        self._walks = Alarms(self._alarm)
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
            on_call=self.figures.enos_called,
            on_learned=self._learned,
            on_walk=self._walked,
        )
        self.zone = PlatformZone(settings.enos_timezone, self.enos.time_zone)
        way = Way(app_token=settings.slack_app_token)
        if settings.mode == "http":
            way = Way(
                signing_secret=settings.slack_signing_secret,
                listen=(settings.events_listen.host, settings.events_listen.port),
            )
        self.edge = SlackEdge(
            settings.slack_bot_token,
            way,
            settings.command,
            self._said,
            api_url=settings.slack_api_url,
            note=self._arrived,
            outside=Outside(on_call=self.figures.slack_called, on_walk=self._walked),
        )
        self.delivery = Delivery(
            store,
            self.edge.poster,
            now,
            default_channel=settings.channel,
            admins=settings.admins,
            shared_channels=settings.shared_channels,
            on_alarm=self._alarm,
            meters=health.meters(self.metrics),
            steady=self.steady,
        )
        store.on_queued = self.delivery.wake
        self.database_alarm = Alarms(self._alarm)
        store.on_trouble = self._database_in_trouble
        accounts = Accounts(self.edge.poster.directory, self.edge.outside.monotonic)
        self.watch = self._watching(Owners(store, accounts))  # an alert waits for nobody's account
        names = Owners(store, accounts, patience=1.0)
        self.judge = Judge(
            store,
            self.steady,
            settings.poll_seconds,
            self.watch.reads,
            slack=self.edge.poster,
            admins=settings.admins,
            beside=self._look_beside,
        )
        self.condition = Condition(
            self.figures,
            self.watch,
            self.judge,
            self.steps,
            self.steady,
            socket_mode=settings.mode == "socket",
            on_call=lambda: self.on_call.trouble,
        )
        self.rooms = self._rooms(names)
        self.answers = Answers(self.rooms)
        self.follow = Follow(self.rooms)
        self.inside = InsideBot(store, now, settings.channel, self._sight)
        self.reminders = Reminders(
            store,
            names,
            new_id,
            timedelta(minutes=settings.remind_minutes),
            Before(self.rooms.on_call.mentioned, partial(said_if_gone, self.enos, self.rooms.desk)),
            console_url=settings.enos_console_url,
            zone=self._platform_zone,
            command=settings.command,
            wake=self.watch.touched,
        )
        self.on_call = OnCallWatch(store, self.rooms.on_call, settings.admins, new_id)
        self.clockwork = Clockwork()
        self._background: set[asyncio.Task[Any]] = set()
        self._servers: list[Listener | web.AppRunner] = []
        self.address = ""  # where health is served

    def _watching(self, names: Owners) -> Watch:
        settings = self.settings
        wanted = WatchSettings(
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
        return Watch(
            self.enos,
            self.store,
            names,
            now,
            new_id,
            wanted,
            mask=self.mask,
            zone=self._platform_zone,
            wake=self.delivery.wake,
            occurred=self.figures.occurred,
            alarms=Alarms(self._alarm),
            steady=self.steady,
            trouble=lambda: str(self.condition.judgement()),
        )

    def _rooms(self, names: Owners) -> Rooms:
        settings = self.settings
        wake = self.delivery.wake
        manners = Manners(
            channel=settings.channel,
            admins=frozenset(settings.admins),
            oncall=settings.oncall,
            timezone=settings.timezone,
            command=settings.command,
            mask=self.mask,
            alert_statuses=settings.alert_statuses,
            console_url=settings.enos_console_url,
        )
        return Rooms(
            enos=self.enos,
            slack=self.edge.poster,
            store=self.store,
            desk=Desk(
                self.store,
                names,
                new_id,
                console_url=settings.enos_console_url,
                zone=self._platform_zone,
                wake=self.watch.touched,
            ),
            clock=now,
            steady=self.steady,
            new_id=new_id,
            manners=manners,
            schedule_words=in_words,
            health=self.condition.shown,
            platform_zone=self._platform_zone,
            seal=Seal(settings.enos_secret_key),
            wake=wake,
            nudge=self.watch.nudge,
        )

    def _platform_zone(self) -> timedelta | None:
        return self.zone.offset

    async def preflight(self) -> list[str]:
        """Prove Slack's tokens and EnOS's keys; return every problem that only an operator can mend.

        Raises Outage where Slack cannot be asked. EnOS being down is no reason not to start: the watcher tells.
        """
        slack, enos = await asyncio.gather(
            self.edge.preflight(), asyncio.wait_for(self.enos.sign_in(), SIGN_IN_SECONDS), return_exceptions=True
        )
        problems: list[str] = []
        for met in (slack, enos):
            match met:
                case Refusal():
                    problems.append(str(met))
                case Untrusted() if met.code not in EXPIRED:
                    problems.append(f"EnOS's certificate is not trusted: {met.told}. {way_out('ENOS_API_URL')}")
                case Outage() | TimeoutError() if met is enos:
                    log.warning("EnOS does not answer yet: %s", str(met) or "no answer in time")
                case BaseException():
                    raise met
        return problems

    async def start(self) -> None:
        """Start what hears, what watches and what delivers."""
        await self.store.take_as_now(now(), margin=AHEAD)
        await workspace_keys.settle(self.store, self.edge.poster.me, now(), self.edge.poster.directory.global_ids)
        left = await crash_recovery.open_attempts(self.rooms)  # both before anything new is heard
        unanswered = await self.store.unanswered()
        self._task(self.judge.run())
        self._task(self._watch_clock())
        self._task(self.delivery.run())
        await self.edge.start()
        self._task(crash_recovery.close(self.rooms, left))
        self._task(self.answers.take_up(unanswered))
        self._task(default_channel.look(self.edge.poster, self.settings.channel, self.settings.shared_channels))
        self.clockwork.every(self.settings.poll_seconds, "poll", self._poll)
        self.clockwork.every(self.settings.poll_seconds, "follow open incidents", self._follow_incidents)
        self.clockwork.every(SHOW_SECONDS, "show storms", self._show)
        self.clockwork.every(FOLLOW_SECONDS, "follow started runs", self._follow_runs)
        self.clockwork.every(min(REMIND_SECONDS, 60 * self.settings.remind_minutes), "remind", self._remind)
        self.clockwork.every(ON_CALL_SECONDS, "look who is on call", self._look_who_is_on_call)
        self.clockwork.every(PRUNE_SECONDS, "prune", self._prune, first_in=60)
        self.clockwork.every(1, "sockets", self._sockets)
        self.clockwork.every(5, "figures", self._figures)
        self.clockwork.start()

    async def stop(self, seconds: float) -> None:
        """Hear no more, finish what was begun, and close, all within about so many seconds.

        What is cut off is taken up at the next start: posts and runs are rows before they are calls.
        """
        end = asyncio.get_running_loop().time() + seconds

        def left() -> float:
            return max(0.2, end - asyncio.get_running_loop().time())

        await self.clockwork.stop(min(2.0, left()))
        await self.edge.stop_hearing(left() / 2)
        await self.watch.stop()
        with contextlib.suppress(Failure, TimeoutError):
            await asyncio.wait_for(self.delivery.tick(now()), left() / 2)
        await self.delivery.close(left())
        await self.edge.stop(left())
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
        listener = Listener(health.application(self.metrics, self.condition.judgement, self._refresh))
        self._servers.append(listener)
        await listener.start(self.settings.listen.host, self.settings.listen.port)
        self.address = listener.address
        acts: dict[str, control_socket.Act] = {
            "import": self._import,
            "list": self._list,
            "backup": partial(offline.backed_up, self.store),
            "doctor": self.inside.facts,
            "press": self.inside.press,
        }
        other = await control_socket.serve(self.settings.database, acts)
        if other is not None:
            self._servers.append(other)

    async def _import(self, what: Mapping[str, Any]) -> str:
        return await offline.imported(self.store, self.settings.admins, what, self.edge.poster.me)

    async def _list(self, _what: Mapping[str, Any]) -> str:
        return await offline.listed(self.store)

    async def _said(self, said: Said) -> None:
        self.metrics.commands.labels(said.where.surface.value).inc()
        self.inside.heard(said)
        await self.answers.answer(said)

    async def _arrived(self, said: Said) -> bool:
        return await self.answers.arrived(said)

    async def _poll(self) -> None:
        before = self.watch.reads()
        await self.watch.poll(now())
        if self._is_read_anew(before) and not self.condition.judgement().broken:
            self.heartbeat.beat()
        if self.watch.health(self.steady()).reachable:
            await self.zone.look(self.steady())

    def _is_read_anew(self, before: Mapping[int, datetime]) -> bool:
        """Whether each type was read completely since."""
        reads = self.watch.reads()
        return len(reads) == len(KINDS) and all(before.get(kind) != read for kind, read in reads.items())

    async def _follow_incidents(self) -> None:
        await self.watch.follow(now())

    async def _look_beside(self) -> None:
        """Do what the judge sees to, so that it does not hang on the scheduler."""
        await self.watch.look_after(now())
        if self.database_alarm.stands(DATABASE):
            await self.store.probe()
            self.database_alarm.over(DATABASE)

    async def _watch_clock(self) -> None:
        """See the wall clock step, each second."""
        while True:
            if (step := self.steps.look()) is not None:
                self._stepped(step)
            if self._stepped_back:
                try:
                    await self.store.take_as_now(now())
                    self._stepped_back = False
                    self.delivery.wake()
                except Failure as failure:
                    log.warning("the clock was put back, and the database does not take it yet: %s", failure)
            await asyncio.sleep(CLOCK_SECONDS)

    def _stepped(self, step: Step) -> None:
        back = step.by < timedelta()
        level = logging.WARNING if abs(step.by) >= TOLD else logging.INFO
        span = abs(step.by).total_seconds()
        log.log(level, "the wall clock was put %s by %.0f s; nothing waits for it", "back" if back else "ahead", span)
        if back:
            self.clockwork.put_back(-step.by)
            self._stepped_back = True

    async def _show(self) -> None:
        await self.watch.show()

    async def _follow_runs(self) -> None:
        await self.follow.tick(now())

    async def _remind(self) -> None:
        await self.reminders.tick(now())

    async def _look_who_is_on_call(self) -> None:
        await self.on_call.tick(now())

    async def _prune(self) -> None:
        if (step := self.steps.told) is not None and step.by > timedelta(days=1):
            return  # what looks old may only look so: let the clock prove itself for a day
        reach = 2 * timedelta(hours=self.settings.lookback_hours)
        await self.store.prune(now(), replace(KEEP, seen=max(KEEP.seen, reach)))

    async def _sockets(self) -> None:
        """Count the sockets: who asks how the bot is should not hear how it was."""
        self.figures.connected = (await self.edge.health()).connected

    def _database_in_trouble(self, trouble: Trouble) -> None:
        sentence = (
            f"The database takes nothing: {trouble.reason}. What was read is read again and what waits to be posted "
            "waits, so nothing is lost; make room on its disk, or see who holds its file."
        )
        if not self.database_alarm.stands(DATABASE):
            self.database_alarm.raised(DATABASE, sentence)

    async def _figures(self) -> None:
        await self.figures.look(self.store, await self.edge.health())

    async def _sight(self) -> Inside:
        """Return what ``flowbot doctor`` is told of the running bot."""
        edge, due = await self.edge.health(), (await self.store.oldest_posts()).values()
        return Inside(
            version=__version__,
            why_not_ready=" ".join(self.condition.judgement().broken),
            connected=edge.connected,
            wanted=edge.wanted,
            oldest_seconds=max([0.0, *((now() - since).total_seconds() for since in due)]),
            links=await self.store.links(),
        )

    def _refresh(self) -> None:
        self.condition.refresh(now())

    def _learned(self, name: str, value: str) -> None:
        self._task(self.store.note(f"{_ENOS}{name}", value))

    def _walked(self, listed: str, why: str) -> None:
        """Raise an alarm where a list of EnOS or of Slack does not end; it is over once one does."""
        name = f"list of {listed}"
        if why:
            self._walks.raised(name, why)
        else:
            self._walks.over(name)

    def _alarm(self, alarm: Alarm) -> None:
        self.condition.alarmed(alarm)

    def _task(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

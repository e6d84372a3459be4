"""Leading: what one replica does for all, from when it begins to lead; and what replicas tell each other.

A bot with a database of its own leads from its start. Of several, whoever is elected begins later, while it answers
people already (``replica.py``).
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from typing import Any

from bot.core.errors import TemporaryFailure
from bot.core.people.model import Entry, IncomingMessage
from bot.core.values import dataclass
from bot.ops import workspace_keys
from bot.ops.clocks import wall as now
from bot.ops.jobs import Jobs
from bot.ops.replica import Alone, Replica
from bot.slack.gateway import SlackGateway
from bot.store.store import Store
from bot.work.bridges.delivery import Bridges
from bot.work.commands.context import Services
from bot.work.commands.dispatcher import Dispatcher
from bot.work.runs import crash_recovery

log = logging.getLogger("bot")

PAUSE = 1.0  # seconds after the database did not answer at the beginning of a lead
FARTHEST_AHEAD = timedelta(minutes=2)  # longer than a post ever has to wait at a start


@dataclass(slots=True, kw_only=True)
class Leading:
    """The lead, had or not. ``in_background`` runs something until the bot stops."""

    replica: Replica | Alone
    store: Store
    gateway: SlackGateway
    jobs: Jobs
    bridges: Bridges
    services: Services
    dispatcher: Dispatcher
    in_background: Callable[[Coroutine[Any, Any, None]], None]
    pressed: Callable[[str, str], object]  # the post with a button, and who pressed it at another replica
    began: bool = False
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)  # what was left over is taken up once

    async def begin(self) -> None:
        """Watch, deliver and remind from now on, and take up what was left over. Raises ``TemporaryFailure``."""
        await self.store.correct_future_times(now(), margin=FARTHEST_AHEAD)
        me, former_ids = self.gateway.poster.me, self.gateway.poster.global_ids
        await workspace_keys.migrate(self.store, me, now(), former_ids)
        await self.bridges.start()
        left = await crash_recovery.open_attempts(self.services)  # where this bot is alone: before anything is received
        unanswered = await self.store.unanswered()
        self.began = True
        for run in (self.jobs.delivery.run, self.bridges.run):
            self.in_background(run())
        self.in_background(self._finish_first(left, unanswered))
        self.in_background(self._learn_languages())
        self.jobs.schedule_leading()

    async def begin_once_elected(self) -> None:
        """As ``begin``, when the others have no leader any more."""
        await self.replica.has_led.wait()
        log.info("This replica leads now: it watches the flows and sends the messages")
        while not self.began:
            try:
                await self.begin()
            except TemporaryFailure as trouble:
                log.warning("This replica cannot begin to lead yet: %s", trouble)
                await asyncio.sleep(PAUSE)

    async def take_over(self) -> None:
        """Take up what replicas that are gone had in hand, as soon as the database says what that is."""
        while self.began and not self.replica.lost.is_set():
            async with self.turn:
                try:
                    left, unanswered = await crash_recovery.open_attempts(self.services), await self.store.unanswered()
                except TemporaryFailure as trouble:
                    log.info("What was left over could not be read yet: %s", trouble)
                else:
                    await self._finish(left, unanswered)
                    return
            await asyncio.sleep(PAUSE)

    async def _finish_first(self, left: Sequence[Entry], unanswered: Sequence[IncomingMessage]) -> None:
        async with self.turn:
            await self._finish(left, unanswered)

    async def _finish(self, left: Sequence[Entry], unanswered: Sequence[IncomingMessage]) -> None:
        """Answer what was begun, or only received, by a process that is gone."""
        await crash_recovery.close_attempts(self.services, left)
        await self.dispatcher.answer_left_over(unanswered)

    async def _learn_languages(self) -> None:
        """Ask in which language the admins read: they get messages without having asked for anything."""
        for admin in sorted(self.jobs.settings.admins):
            await self.store.set_language(admin, await self.gateway.poster.language(admin))

    # ── what replicas tell each other ──

    def heard(self, told: str) -> None:
        """Something has happened in another replica, or in this one."""
        match told.split():
            case ["posts"]:
                self.store.on_queued()
            case ["bridges"]:
                self.store.on_bridge_events()
            case ["poll"] if self.replica.leads:  # else it would be told on and on
                self.poll_soon(self.services.steady())
            case ["incidents"]:
                self.jobs.monitor.incident_changed()
            case ["left"]:
                self.in_background(self.take_over())
            case ["handed", to] if to == self.store.id:
                self.in_background(self.answer_handed_over())
            case ["pressed", post, user]:
                self.pressed(post, user)
            case ["again"]:  # each of these may have been told and not heard
                self.store.on_queued()
                self.store.on_bridge_events()
                self.jobs.monitor.incident_changed()
                self.in_background(self.take_over())
                self.in_background(self.answer_handed_over())

    async def answer_handed_over(self) -> None:
        """Answer what other replicas received, and only this one can answer."""
        try:
            for each in await self.store.take_handed_over():
                self.in_background(self.dispatcher.answer_left_over([each]))
        except TemporaryFailure as trouble:
            log.info("What other replicas hand over could not be read: %s", trouble)

    def poll_soon(self, at: datetime) -> None:
        """A run was started that may heal something, at a time by the steady clock."""
        if self.replica.leads:
            self.jobs.monitor.nudge(at)
        else:
            self.in_background(self.store.tell("poll"))

    def incident_changed(self) -> None:
        """Somebody has changed an incident."""
        if self.replica.leads:
            self.jobs.monitor.incident_changed()
        else:
            self.in_background(self.store.tell("incidents"))

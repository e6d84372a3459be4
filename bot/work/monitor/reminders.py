"""Reminders about incidents that nobody has acknowledged, and the end of acknowledgements that expire."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.core.errors import Failure
from bot.core.incident import groups as storms
from bot.core.incident import reminders
from bot.core.incident.facts import ChangeSet
from bot.core.incident.groups import IncidentGroup
from bot.core.incident.lifecycle import Transition
from bot.core.incident.model import Incident
from bot.core.outbox.blocks import Card
from bot.core.outbox.posts import Lane, NewPost, PostId, PostKind
from bot.messages import incident_posts
from bot.messages.cards import incident_groups as group_cards
from bot.messages.cards import incident_replies as replies
from bot.messages.cards.incident import RenderContext
from bot.work.monitor.owners import OwnerResolver
from bot.work.ports import NewId, OwnerLookup

if TYPE_CHECKING:
    from bot.store.store import Store

_MOST = 5000  # live incidents read in one tick
_ASKED_AT_MOST = 20  # flows of one storm of which EnOS is asked whether they are gone
_PATIENCE = 5.0  # seconds to wait for EnOS's answer


async def _never(_incident: Incident, _now: datetime) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class ReminderChecks:
    """What is asked before a reminder is posted."""

    groups: Callable[[], Awaitable[Sequence[str]]]  # the ones to mention
    is_gone: Callable[[Incident, datetime], Awaitable[bool]] = _never  # reports it where EnOS no longer shows the flow


class Reminders:
    """Posts what is due in the threads of live incidents: one fact and one post in one transaction.

    The post is held for a moment: a success that is just being read withdraws it.
    """

    def __init__(  # noqa: PLR0913  its collaborators and its settings, by name
        self,
        store: "Store",
        names: OwnerLookup,
        new_id: NewId,
        every: timedelta,
        checks: ReminderChecks,
        *,
        console_url: str = "",
        zone: Callable[[], timedelta | None] = lambda: None,
        command: str = "/flow",
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._owner_resolver = OwnerResolver(names, console_url, zone)
        self._new_id = new_id
        self._every = every
        self._checks = checks
        self._enos_is_silent = False  # EnOS did not answer in this tick: it is not asked again
        self._command = command
        self._wake = wake
        self._reminded: dict[PostId, int] = {}  # the number of the newest reminder for each storm

    async def tick(self, now: datetime) -> None:
        """Post what is due at ``now``. For a flow that is gone, that is posted instead."""
        self._enos_is_silent = False
        for incident in await self._store.incidents(live=True, limit=_MOST):
            due = reminders.next_reminder(incident, self._every)
            if due is not None and now >= due and not await self._gone(incident, now):
                await self._remind(incident, now)
        for group in await self._store.incident_groups():
            if storms.is_shown(group, now):
                await self._remind_storm(group, now)

    async def _gone(self, incident: Incident, now: datetime) -> bool:
        """Whether EnOS no longer shows its flow; False where it does not answer in time: the reminder is posted."""
        if self._enos_is_silent:
            return False
        try:
            async with asyncio.timeout(_PATIENCE):
                return await self._checks.is_gone(incident, now)
        except (Failure, TimeoutError):
            self._enos_is_silent = True
            return False

    async def _remind_storm(self, storm: IncidentGroup, now: datetime) -> None:
        """Remind about a storm. The reply's id contains its number, so that it is posted once even after a crash."""
        number = reminders.storm_reminders_due(storm, self._every, now)
        if number <= self._reminded.get(storm.post, 0):
            return
        incidents = await self._store.grouped(storm.post)
        waiting = reminders.unacknowledged(incidents)
        if len(waiting) <= _ASKED_AT_MOST:
            waiting = tuple([each for each in waiting if not await self._gone(each, now)])
        if waiting:
            render_context = await self._owner_resolver.resolve(storms.owners(waiting), now)
            asked = storms.to_be_asked(incidents, render_context.people)
            groups = await self._checks.groups()
            post = PostId(f"call{number}-{storm.post}")
            body = group_cards.storm_reminder(waiting, groups, asked, post, command=self._command)
            reply = NewPost(
                post,
                PostKind.MESSAGE,
                Lane.ALERT,
                storm.channel,
                body,
                now + incident_posts.HOLD,
                thread_of=storm.post,
                reminds_of=storm.post,
            )

            def decide(one: Incident) -> ChangeSet:
                return ChangeSet(posts=(reply,) if reminders.unacknowledged([one]) else ())

            if not (await self._store.change(waiting[0].id, decide)).posts:
                return  # it was acknowledged meanwhile: the next tick counts again
        self._reminded[storm.post] = number

    async def _remind(self, incident: Incident, now: datetime) -> None:
        render_context = await self._owner_resolver.resolve(incident.owners, now)
        groups = await self._checks.groups()
        terms = incident_posts.Terms(now, frozenset(), self._new_id, render_context=render_context)

        def decide(old: Incident) -> ChangeSet:
            new, reason = reminders.step(old, self._every, now)
            if reason is Transition.NOTHING:
                return ChangeSet()

            def said(post: PostId) -> Card:
                return self._reminder_body(old, reason, render_context, groups, post, now)

            told = [
                incident_posts.in_thread(new, card, said, terms, due=terms.held_until, reminds_of=incident.id)
                for card in new.cards
            ]
            return ChangeSet(incidents=(new,), posts=(*told, *incident_posts.redrawn(old, new, terms)))

        changes = await self._store.change(incident.id, decide)
        if changes.posts:
            self._wake()

    def _reminder_body(
        self,
        incident: Incident,
        reason: Transition,
        render_context: RenderContext,
        groups: Sequence[str],
        post: PostId,
        now: datetime,
    ) -> Card:
        if reason is Transition.REMINDED:
            return replies.reminder(incident, groups, render_context, post, now)
        if reason is Transition.ACK_EXPIRING:
            return replies.ack_expiring(incident, post)
        return replies.ack_expired(incident, post)

"""Calling incidents to mind that nobody has taken, and ending promises that have run out."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.errors import Failure
from bot.core.incident import groups as storms
from bot.core.incident import reminders
from bot.core.incident.facts import Facts
from bot.core.incident.groups import Gathering
from bot.core.incident.lifecycle import Reason
from bot.core.incident.model import Incident
from bot.core.outbox.posts import Body, Kind, Lane, NewPost, PostId
from bot.messages import incident_posts
from bot.messages.cards import incident_groups as gathering_cards
from bot.messages.cards import incident_replies as replies
from bot.messages.cards.incident import Look
from bot.work.monitor.owners import Looks
from bot.work.ports import Names, NewId
from bot.work.ports_store import Store

_MOST = 5000  # live incidents looked at in one tick
_LOOKED_AT = 20  # flows of one storm of which EnOS is asked whether they are gone
_PATIENCE = 5.0  # seconds in which EnOS may tell that


async def _never(_incident: Incident, _now: datetime) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Before:
    """What is asked before a reminder goes."""

    groups: Callable[[], Awaitable[Sequence[str]]]  # those to mention
    gone: Callable[[Incident, datetime], Awaitable[bool]] = _never  # says so where EnOS shows the flow no more


class Reminders:
    """Looks at what is live, and says what is due in its thread: one fact and one post in one transaction.

    What is said is held for a moment: a success that is just being read withdraws it.
    """

    def __init__(  # noqa: PLR0913  what it reaches the outside by, and what it is told of the settings, by name
        self,
        store: Store,
        names: Names,
        new_id: NewId,
        every: timedelta,
        before: Before,
        *,
        console_url: str = "",
        zone: Callable[[], timedelta | None] = lambda: None,
        command: str = "/flow",
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._looks = Looks(names, console_url, zone)
        self._new_id = new_id
        self._every = every
        self._before = before
        self._silent = False  # EnOS did not tell in this tick: it is not waited for once more
        self._command = command
        self._wake = wake
        self._called: dict[PostId, int] = {}  # the newest call for each storm that needs no other look

    async def tick(self, now: datetime) -> None:
        """Say what is due at ``now``. Of a flow that is gone, that is said instead."""
        self._silent = False
        for incident in await self._store.incidents(live=True, limit=_MOST):
            due = reminders.next_call(incident, self._every)
            if due is not None and now >= due and not await self._gone(incident, now):
                await self._call(incident, now)
        for gathering in await self._store.gatherings():
            if storms.is_shown(gathering, now):
                await self._call_storm(gathering, now)

    async def _gone(self, incident: Incident, now: datetime) -> bool:
        """Whether EnOS shows its flow no more; where it does not tell in a moment, the reminder goes as ever."""
        if self._silent:
            return False
        try:
            async with asyncio.timeout(_PATIENCE):
                return await self._before.gone(incident, now)
        except (Failure, TimeoutError):
            self._silent = True
            return False

    async def _call_storm(self, storm: Gathering, now: datetime) -> None:
        """Call a storm to mind. The reply's id is its number's, so that whatever dies, it is said once."""
        number = reminders.storm_call(storm, self._every, now)
        if number <= self._called.get(storm.post, 0):
            return
        waiting = reminders.untaken(await self._store.gathered(storm.post))
        if len(waiting) <= _LOOKED_AT:
            waiting = tuple([each for each in waiting if not await self._gone(each, now)])
        if waiting:
            look = await self._looks.of(storms.owners(waiting), now)
            groups = await self._before.groups()
            post = PostId(f"call{number}-{storm.post}")
            body = gathering_cards.storm_called(waiting, groups, look.people, post, command=self._command)
            reply = NewPost(
                post,
                Kind.MESSAGE,
                Lane.ALERT,
                storm.channel,
                body,
                now + incident_posts.HOLD,
                thread_of=storm.post,
                reminds_of=storm.post,
            )

            def decide(one: Incident) -> Facts:
                return Facts(posts=(reply,) if reminders.untaken([one]) else ())

            if not (await self._store.change(waiting[0].id, decide)).posts:
                return  # it was taken meanwhile: count anew at the next look
        self._called[storm.post] = number

    async def _call(self, incident: Incident, now: datetime) -> None:
        look = await self._looks.of(incident.owners, now)
        groups = await self._before.groups()
        terms = incident_posts.Terms(now, frozenset(), incident.channel, self._new_id, look=look)

        def decide(old: Incident) -> Facts:
            new, reason = reminders.step(old, self._every, now)
            if reason is Reason.NOTHING:
                return Facts()
            post = PostId(self._new_id())
            said = self._says(old, reason, look, groups, post, now)
            reply = incident_posts.in_thread(new, said, terms, due=terms.held_until, id_=post, reminds_of=incident.id)
            return Facts(incidents=(new,), posts=(reply, *incident_posts.redrawn(old, new, terms)))

        facts = await self._store.change(incident.id, decide)
        if facts.posts:
            self._wake()

    def _says(
        self, incident: Incident, reason: Reason, look: Look, groups: Sequence[str], post: PostId, now: datetime
    ) -> Body:
        if reason is Reason.CALLED:
            return replies.called(incident, groups, look, post, now)
        if reason is Reason.PROMISE_ENDS:
            return replies.promise_ends(incident, post)
        return replies.lapsed(incident, post)

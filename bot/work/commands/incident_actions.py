"""What people do with incidents: facts, posts and the end of the audit's attempt in one transaction.

Who may is decided before (``rights.py``); what cannot be is refused by ``core/incident/lifecycle.py``.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from bot.core.errors import Refused
from bot.core.incident import lifecycle, reminders
from bot.core.incident.facts import Facts
from bot.core.incident.model import Incident, IncidentId
from bot.core.outbox.posts import Body, Kind, Lane, NewPost, PostId
from bot.core.people.model import Person
from bot.messages import incident_posts
from bot.messages.cards import incident_replies as replies
from bot.messages.cards.answers import repeating
from bot.work.monitor.flow_names import Naming
from bot.work.monitor.owners import Looks
from bot.work.ports import Names, NewId
from bot.work.ports_store import Settlement, Store

Say = Callable[[Incident], Body]


class Desk:
    """Where people acknowledge, give back, close and reopen incidents. Each returns the reply that was queued.

    The reply repeats the command (``words``). All raise ``Refused`` where it cannot be; the attempt is then for the
    caller to end.
    """

    def __init__(
        self,
        store: Store,
        names: Names,
        new_id: NewId,
        *,
        console_url: str = "",
        zone: Callable[[], timedelta | None] = lambda: None,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._looks = Looks(names, console_url, zone)
        self._new_id = new_id
        self._wake = wake
        self.naming = Naming(store, self._looks, new_id, wake)

    async def acknowledge(
        self,
        incident_id: IncidentId,
        person: Person,
        now: datetime,
        until: datetime | None = None,
        note: str = "",
        settle: Settlement | None = None,
        words: str = "",
    ) -> NewPost:
        """Take an incident, with a promise until ``until`` (4 h where nothing is said)."""
        return await self._change(
            incident_id,
            person,
            now,
            settle,
            lambda old: lifecycle.acknowledge(old, person, now, until, note),
            replies.acknowledged,
            words,
        )

    async def unack(
        self,
        incident_id: IncidentId,
        person: Person,
        now: datetime,
        settle: Settlement | None = None,
        words: str = "",
    ) -> NewPost:
        """Give an incident back."""
        return await self._change(
            incident_id, person, now, settle, lifecycle.unack, lambda new: replies.given_back(new, person), words
        )

    async def close(
        self,
        incident_id: IncidentId,
        person: Person,
        now: datetime,
        because: str = "",
        settle: Settlement | None = None,
        words: str = "",
    ) -> NewPost:
        """End an incident without a recovery, or settle that a failure stays without a good run."""
        return await self._change(
            incident_id,
            person,
            now,
            settle,
            lambda old: lifecycle.close(old, person, now, because),
            replies.closed,
            words,
        )

    async def reopen(
        self,
        incident_id: IncidentId,
        person: Person,
        now: datetime,
        settle: Settlement | None = None,
        words: str = "",
    ) -> NewPost:
        """Undo a close. Refused where the flow has had a newer incident since: that one goes on."""
        incident = await self._incident(incident_id)
        for other in await self._store.incidents(live=False, flow=incident.flow_id, limit=500):
            if other.opened_at > incident.opened_at and other.group == incident.group:
                raise Refused(
                    "newer_incident",
                    "This flow has a newer incident, so this one stays closed.",
                    f"See it: `incidents of {incident.flow_id}`.",
                )
        return await self._change(
            incident_id, person, now, settle, lifecycle.reopen, lambda new: replies.reopened(new, person), words
        )

    async def open_thread(
        self,
        incident_id: IncidentId,
        person: Person,
        now: datetime,
        settle: Settlement | None = None,
        words: str = "",
    ) -> NewPost:
        """Give an incident that is told under another message a thread of its own. Refused where it has one."""
        post = PostId(self._new_id())
        return await self._change(
            incident_id,
            person,
            now,
            settle,
            lambda old: lifecycle.threaded(old, post),
            lambda new: replies.threaded(new, person),
            words,
        )

    async def gone(self, incident_id: IncidentId, now: datetime) -> None:
        """Say once in the thread that EnOS shows the flow no more. Nobody is reminded from then on."""

        def decide(old: Incident) -> Facts:
            new, reason = lifecycle.gone(old)
            if reason is lifecycle.Reason.NOTHING:
                return Facts()
            post = PostId(self._new_id())
            terms = incident_posts.Terms(now, frozenset(), new.channel, self._new_id)
            return Facts(
                incidents=(new,), posts=(incident_posts.in_thread(new, replies.gone(new, post), terms, id_=post),)
            )

        await self._store.change(incident_id, decide)
        self._wake()

    async def shown_again(self, incident_id: IncidentId) -> None:
        """EnOS shows the flow, which it did not: it may be told again should that change."""
        await self._store.change(incident_id, lambda old: Facts(incidents=(lifecycle.shown_again(old)[0],)))

    async def _change(
        self,
        incident_id: IncidentId,
        person: Person,
        now: datetime,
        settle: Settlement | None,
        step: Callable[[Incident], lifecycle.Step],
        say: Say,
        words: str,
    ) -> NewPost:
        incident = await self._incident(incident_id)
        look = await self._looks.of(incident.owners, now)
        terms = incident_posts.Terms(now, frozenset(), incident.channel, self._new_id, look=look)

        def decide(old: Incident) -> Facts:
            new = reminders.restarted(old, step(old)[0], now)
            reply = incident_posts.in_thread(new, repeating(say(new), words), terms, lane=Lane.ANSWER, user=person.user)
            if old.gathered and not new.gathered:  # its card comes first: the reply stands in its thread
                return Facts(incidents=(new,), posts=(incident_posts.first(new, terms), reply))
            shown = () if new.gathered else (incident_posts.edit(new, terms, at_once=True),)
            return Facts(incidents=(new,), posts=(reply, *shown))

        facts = await self._store.change(incident_id, decide, settle=settle)
        self._wake()
        return next(post for post in facts.posts if post.kind is Kind.MESSAGE and post.thread_of is not None)

    async def _incident(self, incident_id: IncidentId) -> Incident:
        incident = await self._store.incident(incident_id)
        if incident is None:
            raise Refused(
                "no_incident", "I know no such incident (any more).", "`incidents` lists those that are open."
            )
        return incident

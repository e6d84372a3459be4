"""What people do with incidents: the new state, its posts and the end of the attempt in one transaction.

Rights are checked before (``rights.py``); impossible steps are refused by ``core/incident/lifecycle.py``.
"""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.core.command.parse import in_words
from bot.core.errors import Refusal
from bot.core.flow.model import FlowId, UserName
from bot.core.incident import handover as steps
from bot.core.incident import lifecycle, reminders
from bot.core.incident.facts import ChangeSet
from bot.core.incident.lifecycle import Transition
from bot.core.incident.model import Incident, IncidentId
from bot.core.incident.resolution import Resolution
from bot.core.outbox.blocks import Card
from bot.core.outbox.posts import Lane, NewPost, PostId, PostKind
from bot.core.people.model import AttemptResult, Person
from bot.core.text.message import msg
from bot.messages import incident_posts
from bot.messages.cards import handover
from bot.messages.cards import incident_replies as replies
from bot.messages.cards.answers import repeating
from bot.work.commands.offer_actions import OfferActions
from bot.work.commands.snooze_actions import SnoozeActions
from bot.work.monitor.flow_names import FlowNames
from bot.work.monitor.owners import OwnerResolver
from bot.work.ports import NewId, OwnerLookup

if TYPE_CHECKING:
    from bot.store.store import Store

ReplyBody = Callable[[Incident, Transition], Card]


class IncidentActions:
    """Acknowledges, hands back, closes and reopens incidents. Each method returns the reply that it queued.

    The reply repeats the command (``words``). All raise ``Refusal`` where the step is not possible; the caller then
    ends the attempt.
    """

    def __init__(
        self,
        store: "Store",
        owner_lookup: OwnerLookup,
        new_id: NewId,
        *,
        console_url: str = "",
        zone: Callable[[], timedelta | None] = lambda: None,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._owner_resolver = OwnerResolver(owner_lookup, console_url, zone)
        self._new_id = new_id
        self._wake = wake
        self.offers = OfferActions(store, self._owner_resolver, new_id, wake)
        self.snoozes = SnoozeActions(store, self._owner_resolver, new_id, wake)
        self.naming = FlowNames(store, self._owner_resolver, new_id, wake)

    async def acknowledge(
        self,
        incident_id: IncidentId,
        person: Person,
        now: datetime,
        until: datetime | None = None,
        note: str = "",
        attempt_result: AttemptResult | None = None,
        words: str = "",
    ) -> NewPost:
        """Acknowledge an incident until ``until``, by default for 4 h."""
        return await self._change(
            incident_id,
            person,
            now,
            attempt_result,
            lambda old: lifecycle.acknowledge(old, person, now, until, note),
            lambda new, _: replies.acknowledged(new),
            words,
        )

    async def acknowledge_quietly(
        self,
        incident_id: IncidentId,
        person: Person,
        now: datetime,
        until: datetime | None = None,
        note: str = "",
        attempt_result: AttemptResult | None = None,
    ) -> Incident:
        """Acknowledge one of many: its cards show it, its threads say nothing, and ``changed`` is left to the caller.

        Returns the incident as it is now. Raises Refusal where the person has acknowledged it already, too.
        """
        incident = await self._incident(incident_id)
        terms = await self.terms(incident.owners, now)

        def decide(old: Incident) -> ChangeSet:
            new, reason = lifecycle.acknowledge(old, person, now, until, note)
            if reason is Transition.RENEWED:
                raise Refusal("already_acknowledged", msg("You have already acknowledged this incident."))
            new = reminders.reminders_restarted(old, new, now)
            return ChangeSet(incidents=(new,), posts=incident_posts.redrawn(old, new, terms))

        (new,) = (await self._store.change(incident_id, decide, attempt_result=attempt_result)).incidents
        return new

    async def terms(self, owners: Iterable[UserName], now: datetime) -> incident_posts.Terms:
        """What the posts about incidents with these owners depend on."""
        return incident_posts.Terms(
            now,
            frozenset(),
            self._new_id,
            render_context=await self._owner_resolver.resolve(owners, now),
            rules=await self._store.routing_rules(),
        )

    async def redrawing(self, flow: FlowId, now: datetime) -> Callable[[Incident, Incident], tuple[NewPost, ...]]:
        """How a changed incident of a flow becomes edits of its cards."""
        live = await self._store.incidents(live=True, flow=flow)
        terms = await self.terms([owner for incident in live for owner in incident.owners], now)
        return lambda old, new: incident_posts.redrawn(old, new, terms, at_once=True)

    def changed(self) -> None:
        """Say that incidents or their reruns have changed: messages that list them are redrawn."""
        self._wake()

    async def take(
        self,
        incident_id: IncidentId,
        person: Person,
        now: datetime,
        until: datetime | None = None,
        seen: str = "",
        tell: Collection[str] = (),
        attempt_result: AttemptResult | None = None,
        words: str = "",
    ) -> NewPost:
        """Take an incident over; where nobody has it, acknowledge it.

        ``seen``: who had it on the card that was pressed. Who had it is told in the thread, and by direct message where
        ``tell`` names them.
        """

        def told(new: Incident, reason: Transition) -> Card:
            return handover.taken_over(new) if reason is Transition.TAKEN_OVER else replies.acknowledged(new)

        def directly(new: Incident, reason: Transition) -> tuple[NewPost, ...]:
            former = new.taken_from.user if new.taken_from and reason is Transition.TAKEN_OVER else ""
            users = [former] if former in tell else []
            return incident_posts.directly(new, users, lambda _: told(new, reason), now, self._new_id)

        return await self._change(
            incident_id,
            person,
            now,
            attempt_result,
            lambda old: steps.take(old, person, now, until, seen),
            told,
            words,
            directly,
        )

    async def unack(
        self,
        incident_id: IncidentId,
        person: Person,
        now: datetime,
        attempt_result: AttemptResult | None = None,
        words: str = "",
    ) -> NewPost:
        """Hand an incident back."""
        return await self._change(
            incident_id,
            person,
            now,
            attempt_result,
            lifecycle.unack,
            lambda new, _: replies.handed_back(new, person),
            words,
        )

    async def close(
        self,
        incident_id: IncidentId,
        person: Person,
        now: datetime,
        because: str = "",
        attempt_result: AttemptResult | None = None,
        words: str = "",
        resolution: Resolution | None = None,
    ) -> NewPost:
        """Close an incident without a recovery, or accept that a failure has no successful run.

        Where it is closed already, say as what.
        """

        def told(new: Incident, reason: Transition) -> Card:
            return replies.resolved(new, person) if reason is Transition.RESOLVED else replies.closed(new)

        return await self._change(
            incident_id,
            person,
            now,
            attempt_result,
            lambda old: lifecycle.close(old, person, now, because, resolution),
            told,
            words,
        )

    async def reopen(
        self,
        incident_id: IncidentId,
        person: Person,
        now: datetime,
        attempt_result: AttemptResult | None = None,
        words: str = "",
    ) -> NewPost:
        """Reopen a closed incident. Refused where the flow has a newer incident."""
        incident = await self._incident(incident_id)
        for other in await self._store.incidents(live=False, flow=incident.flow_id, limit=500):
            if other.opened_at > incident.opened_at and other.group == incident.group:
                raise Refusal(
                    "newer_incident",
                    msg("This flow has a newer incident, so this one stays closed."),
                    msg("See the newer one with {command}.", command=in_words(f"incidents of {incident.flow_id}")),
                )
        return await self._change(
            incident_id,
            person,
            now,
            attempt_result,
            lifecycle.reopen,
            lambda new, _: replies.reopened(new, person),
            words,
        )

    async def open_thread(
        self,
        incident_id: IncidentId,
        person: Person,
        now: datetime,
        attempt_result: AttemptResult | None = None,
        words: str = "",
    ) -> NewPost:
        """Open a thread for an incident that is only listed in a group's message. Refused where it has one."""
        post = PostId(self._new_id())
        return await self._change(
            incident_id,
            person,
            now,
            attempt_result,
            lambda old: lifecycle.open_thread(old, post),
            lambda new, _: replies.thread_opened(new, person),
            words,
        )

    async def gone(self, incident_id: IncidentId, now: datetime) -> None:
        """Say once in the thread that EnOS does not show the flow any more. Nobody is reminded from then on."""

        def decide(old: Incident) -> ChangeSet:
            new, reason = lifecycle.gone(old)
            if reason is Transition.NOTHING:
                return ChangeSet()
            terms = incident_posts.Terms(now, frozenset(), self._new_id)
            said = [
                incident_posts.in_thread(new, card, lambda post: replies.gone(new, post), terms) for card in new.cards
            ]
            return ChangeSet(incidents=(new,), posts=tuple(said))

        await self._store.change(incident_id, decide)
        self._wake()

    async def shown_again(self, incident_id: IncidentId) -> None:
        """Note that EnOS shows the flow again, so that ``gone`` can be said again later."""
        await self._store.change(incident_id, lambda old: ChangeSet(incidents=(lifecycle.shown_again(old)[0],)))

    async def _change(
        self,
        incident_id: IncidentId,
        person: Person,
        now: datetime,
        attempt_result: AttemptResult | None,
        step: Callable[[Incident], lifecycle.Step],
        reply_body: ReplyBody,
        words: str,
        more: Callable[[Incident, Transition], tuple[NewPost, ...]] = lambda _new, _reason: (),
    ) -> NewPost:
        incident = await self._incident(incident_id)
        terms = await self.terms(incident.owners, now)

        def decide(old: Incident) -> ChangeSet:
            changed, reason = step(old)
            new = reminders.reminders_restarted(old, changed, now)
            opened = [card for card in new.threads if card not in old.threads]  # first messages, which replies follow
            posts = [incident_posts.first(new, card, terms, lane=Lane.ANSWER, due=now) for card in opened]
            said = repeating(reply_body(new, reason), words)
            posts += [
                incident_posts.answer(new, card, lambda _: said, terms, person.user) for card in opened or new.cards
            ]
            posts += [incident_posts.edit(new, card, terms, at_once=True) for card in new.threads if card not in opened]
            return ChangeSet(incidents=(new,), posts=(*posts, *more(new, reason)))

        changes = await self._store.change(incident_id, decide, attempt_result=attempt_result)
        self._wake()
        return next(post for post in changes.posts if post.kind is PostKind.MESSAGE and post.thread_of is not None)

    async def _incident(self, incident_id: IncidentId) -> Incident:
        incident = await self._store.incident(incident_id)
        if incident is None:
            raise Refusal(
                "no_incident",
                msg("I no longer have this incident."),
                msg("See the open ones with {command}.", command=in_words("incidents")),
            )
        return incident

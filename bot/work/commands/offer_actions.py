"""Offers: somebody is asked to take incidents, and answers or does not. Facts and posts in one transaction.

Who may is checked before. What was asked is refused or ended by ``core/incident/handover.py``.
"""

import contextlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import TYPE_CHECKING

from bot.core.errors import Refusal
from bot.core.incident import handover as steps
from bot.core.incident import reminders
from bot.core.incident.facts import ChangeSet
from bot.core.incident.handover import Offer, OfferKind, OfferState, is_part_of
from bot.core.incident.model import Incident, IncidentCard, IncidentId, OfferId
from bot.core.outbox.blocks import Card
from bot.core.outbox.conversations import SLACK_FAILURES
from bot.core.outbox.posts import Lane, NewPost, PostId, PostKind, is_direct
from bot.core.people.model import AttemptResult, Person
from bot.core.text.message import Text, lines, msg
from bot.core.values import dataclass
from bot.messages import incident_posts
from bot.messages.cards import handover as cards
from bot.messages.cards import incident_words
from bot.messages.cards.answers import repeating
from bot.work.monitor.owners import OwnerResolver
from bot.work.ports import NewId, Slack

if TYPE_CHECKING:
    from bot.store.store import Store
    from bot.work.commands.ask_actions import AskActions

Left = list[tuple[Incident, Text]]


@dataclass(slots=True)
class Moved:
    """What came of an accepted offer."""

    incidents: list[Incident] = field(default_factory=list)
    left: Left = field(default_factory=list)  # what did not move, and why


class OfferActions:
    """Asks, moves what was accepted, and ends what was not. All raise ``Refusal`` where that is not possible."""

    def __init__(
        self, store: "Store", owner_resolver: OwnerResolver, new_id: NewId, wake: Callable[[], None] = lambda: None
    ) -> None:
        self._store = store
        self._owner_resolver = owner_resolver
        self._new_id = new_id
        self._wake = wake
        self._asks: AskActions | None = None

    @property
    def asks(self) -> "AskActions":
        """What is asked to be run, imported when there is something (decision 38)."""
        if self._asks is None:
            from bot.work.commands.ask_actions import AskActions

            self._asks = AskActions(self._store, self._new_id, self._wake)
        return self._asks

    async def ask(
        self,
        offer: Offer,
        incident: Incident,
        tell: Collection[str] = (),
        attempt_result: AttemptResult | None = None,
        words: str = "",
        *,
        mentions_in: str = "",
    ) -> None:
        """Ask somebody to take one incident: in its threads, and in the direct messages of those in ``tell``.

        The thread in the channel ``mentions_in``, else that of its home, mentions them; the others say that it is so.
        """
        terms = await self._terms([incident], offer.asked_at)

        def decide(old: Incident) -> ChangeSet:
            new, _ = steps.ask(old, offer)

            def asked_in(card: IncidentCard) -> NewPost:
                def question(post: PostId) -> Card:
                    if card.channel == (mentions_in or new.home.channel):
                        return repeating(cards.asked(new, offer, old.ask, post), words)
                    return repeating(cards.asked_elsewhere(new, offer, post), words)

                return incident_posts.answer(new, card, question, terms, offer.by.user)

            asked = map(asked_in, new.cards)
            users = [user for user in (offer.to.user,) if user in tell]
            direct = incident_posts.directly(
                new,
                users,
                lambda post: cards.asked(new, offer, old.ask, post, direct=True),
                terms.now,
                self._new_id,
            )
            return ChangeSet(incidents=(new,), offers=(offer,), posts=(*asked, *direct, *_edits([new], terms)))

        await self._store.change(incident.id, decide, attempt_result=attempt_result)
        self._wake()

    async def hand_over(self, offer: Offer, attempt_result: AttemptResult | None = None) -> tuple[Incident, ...]:
        """Ask somebody, in direct messages, to take these incidents; return those that were offered.

        What its asker does not have any more is left out.
        """
        found = [each for id_ in offer.incidents if (each := await self._store.incident(id_)) is not None]
        terms = await self._terms(found, offer.asked_at)

        def decide(incidents: tuple[Incident, ...]) -> ChangeSet:
            asked = tuple(steps.ask(each, offer)[0] for each in incidents if steps.holder(each) == offer.by)
            if not asked:
                raise nothing_to_hand_over()
            post = PostId(self._new_id())
            question = self._direct(post, offer.to, cards.handover_asked(offer, asked, post), terms.now)
            return ChangeSet(incidents=asked, offers=(offer,), posts=(question, *_edits(asked, terms)))

        changes = await self._store.change_several(offer.incidents, decide, attempt_result=attempt_result)
        self._wake()
        return changes.incidents

    async def accept(
        self,
        offer_id: OfferId,
        person: Person,
        now: datetime,
        *,
        refused: Mapping[IncidentId, Text],
        tell: Collection[str] = (),
        attempt_result: AttemptResult | None = None,
        words: str = "",
    ) -> Moved:
        """Move what is still offered to the person who was asked; ``refused`` says of which they may not, and why."""
        _, known = await self._found(offer_id)
        terms = await self._terms(known, now)
        moved = Moved()

        def decide(offer: Offer, incidents: tuple[Incident, ...]) -> ChangeSet:
            steps.refuse_answer(offer, person, now)
            if offer.kind is OfferKind.ASSIGN and incidents:
                steps.refuse_left_out(incidents[0], offer)
            part = [each for each in incidents if is_part_of(each, offer)]
            taken = [(old, steps.accept(old, offer, now)[0]) for old in part if old.id not in refused]
            new = [reminders.reminders_restarted(old, each, now) for old, each in taken]
            moved.incidents, moved.left = new, [(old, refused[old.id]) for old in part if old.id in refused]
            moved.left += [(each, steps.why_left_out(each)) for each in incidents if not is_part_of(each, offer)]
            if not new:
                raise _nothing_moved(moved.left)
            stay = [steps.release(old, offer)[0] for old in part if old.id in refused]
            ended = steps.ended(offer, OfferState.ACCEPTED, now)
            posts = (*self._told_of_move(offer, moved, terms, tell, words), *_edits([*new, *stay], terms))
            return ChangeSet(incidents=(*new, *stay), offers=(ended,), posts=posts)

        await self._store.change_offer(offer_id, decide, attempt_result=attempt_result)
        self._wake()
        return moved

    async def end(
        self,
        offer_id: OfferId,
        state: OfferState,
        now: datetime,
        *,
        check: Callable[[Offer], None] | None = None,
        tell: Collection[str] = (),
        attempt_result: AttemptResult | None = None,
        words: str = "",
    ) -> None:
        """End an offer of which nothing moves, and say why; ``check`` raises Refusal where it may not end so.

        Without ``check`` it ends by itself: once, if it has not ended meanwhile.
        """
        _, known = await self._found(offer_id)
        terms = await self._terms(known, now)

        def decide(offer: Offer, incidents: tuple[Incident, ...]) -> ChangeSet:
            if check is not None:
                check(offer)
                if offer.kind is OfferKind.ASSIGN and incidents:
                    steps.refuse_left_out(incidents[0], offer)
            elif offer.state is not OfferState.OPEN:
                return ChangeSet()
            stay = [steps.release(each, offer)[0] for each in incidents if is_part_of(each, offer)]
            ended = steps.ended(offer, state, now)
            if state is OfferState.OVER:
                return ChangeSet(offers=(ended,))
            posts = (*self._told_of_end(ended, stay, terms, tell, words), *_edits(stay, terms))
            return ChangeSet(incidents=tuple(stay), offers=(ended,), posts=posts)

        await self._store.change_offer(offer_id, decide, attempt_result=attempt_result)
        self._wake()

    # ── what is said ──

    def _told_of_move(
        self, offer: Offer, moved: Moved, terms: incident_posts.Terms, tell: Collection[str], words: str
    ) -> list[NewPost]:
        posts: list[NewPost] = []
        groups: dict[tuple[str, PostId], list[tuple[Incident, IncidentCard]]] = {}
        for each in moved.incidents:
            said = repeating(cards.taken_over(each), words if offer.kind is OfferKind.ASSIGN else "")
            for card in each.cards:
                if card.grouped and offer.kind is OfferKind.HANDOVER:
                    groups.setdefault((card.channel, card.post), []).append((each, card))
                else:
                    posts.append(incident_posts.answer(each, card, _always(said), terms, offer.to.user))
            if offer.kind is OfferKind.ASSIGN:
                former = {offer.by.user, *([each.taken_from.user] if each.taken_from else [])}
                users = sorted(former & {*tell})
                posts += incident_posts.directly(each, users, _always(said), terms.now, self._new_id)
        for (first, card), *rest in groups.values():
            body = cards.moved_together(offer, [first, *(each for each, _ in rest)])
            posts.append(incident_posts.answer(first, card, _always(body), terms, offer.to.user))
        if offer.kind is OfferKind.HANDOVER:
            told = cards.handed_over(offer, moved.incidents, moved.left)
            posts.append(self._direct(PostId(self._new_id()), offer.by, told, terms.now))
        return posts

    def _told_of_end(
        self,
        offer: Offer,
        stay: Sequence[Incident],
        terms: incident_posts.Terms,
        tell: Collection[str],
        words: str,
    ) -> list[NewPost]:
        other = offer.to if offer.state is OfferState.WITHDRAWN else offer.by
        if offer.kind is OfferKind.HANDOVER:
            told = cards.handover_stays(offer, offer.state)
            return [self._direct(PostId(self._new_id()), other, told, terms.now)]
        posts: list[NewPost] = []
        for each in stay:
            said = repeating(cards.stays(each, offer, offer.state), words)
            posts += self._replies(each, _always(said), terms, other.user)
            users = [other.user] if other.user in tell else []
            posts += incident_posts.directly(each, users, _always(said), terms.now, self._new_id)
        return posts

    def _replies(
        self, incident: Incident, body: Callable[[PostId], Card], terms: incident_posts.Terms, user: str
    ) -> list[NewPost]:
        return [incident_posts.answer(incident, card, body, terms, user) for card in incident.cards]

    def _direct(self, post: PostId, person: Person, body: Card, now: datetime) -> NewPost:
        return NewPost(post, PostKind.MESSAGE, Lane.ANSWER, person.user, body, now, user=person.user)

    async def _found(self, offer_id: OfferId) -> tuple[Offer | None, tuple[Incident, ...]]:
        return await self._store.offer(offer_id) or (None, ())

    async def _terms(self, incidents: Iterable[Incident], now: datetime) -> incident_posts.Terms:
        owners = dict.fromkeys(owner for each in incidents for owner in each.owners)
        render_context = await self._owner_resolver.resolve(tuple(owners), now)
        return incident_posts.Terms(now, frozenset(), self._new_id, render_context=render_context)


async def absent(slack: Slack, incident: Incident, users: Collection[str]) -> frozenset[str]:
    """Those who read none of the incident's channels, or of whom that is not known: they hear by direct message."""
    left = set(users)
    for channel in [card.channel for card in incident.cards] if left else ():
        with contextlib.suppress(*SLACK_FAILURES):
            left -= {channel} if is_direct(channel) else await slack.members(channel)
    return frozenset(left)


def _always(card: Card) -> Callable[[PostId], Card]:
    """A card without buttons: the same in whichever post."""
    return lambda _post: card


def nothing_to_hand_over() -> Refusal:
    """The refusal where the asker has acknowledged nothing."""
    return Refusal(
        "nothing_to_hand_over",
        msg("You have not acknowledged any incident, so there is nothing to hand over. Nothing was changed."),
        msg("`incidents` shows who is on what."),
    )


def _nothing_moved(left: Left) -> Refusal:
    rows = [incident_words.why_not(each, why) for each, why in left[: cards.LISTED]]
    return Refusal(
        "nothing_left", lines(msg("None of these incidents can move to you now. Nothing was changed."), *rows)
    )


def _edits(incidents: Iterable[Incident], terms: incident_posts.Terms) -> list[NewPost]:
    return [incident_posts.edit(each, card, terms, at_once=True) for each in incidents for card in each.threads]

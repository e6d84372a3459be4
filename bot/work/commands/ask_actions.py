"""Requests to run a command: written, ended and settled. Facts and posts in one transaction.

Who may is checked before. What is refused or ended is decided by ``core/incident/asking.py``.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from bot.core.errors import DatabaseUnavailable
from bot.core.flow.ids import is_instance
from bot.core.incident import asking as steps
from bot.core.incident.facts import ChangeSet
from bot.core.incident.handover import Offer, OfferKind, OfferState, ended
from bot.core.incident.model import Incident, OfferId
from bot.core.outbox.posts import Lane, NewPost, PostId, PostKind, is_direct
from bot.core.people.model import DONE, AttemptResult, Person
from bot.messages.cards import asking as cards
from bot.work.ports import NewId

if TYPE_CHECKING:
    from bot.store.store import Store


log = logging.getLogger(__name__)


class AskPosts(Protocol):
    """The posts of a request; ``is_newer``: it replaces an earlier one."""

    def __call__(self, *, is_newer: bool) -> Sequence[NewPost]:
        """Make them."""
        ...


class AskActions:
    """Asks, and says what came of it. All raise ``Refusal`` where that is not possible."""

    def __init__(self, store: "Store", new_id: NewId, wake: Callable[[], None] = lambda: None) -> None:
        self._store = store
        self._new_id = new_id
        self._wake = wake

    async def ask(
        self,
        offer: Offer,
        posts: "AskPosts",
        attempt_result: AttemptResult | None,
    ) -> None:
        """Write a request and its posts."""

        def decide(earlier: tuple[Offer, ...]) -> ChangeSet:
            gone: tuple[Offer, ...] = ()
            if offer.kind is OfferKind.LINK:
                gone = steps.replaced(offer, earlier)
            else:
                steps.refuse_more(offer, earlier)
            edits = [edit for each in gone for edit in self._edits(each, offer.asked_at)]
            return ChangeSet(offers=(*gone, offer), posts=(*posts(is_newer=bool(gone)), *edits))

        since = offer.asked_at - steps.A_DAY
        await self._store.change_commands(offer.by, since, decide, attempt_result=attempt_result)
        self._wake()

    async def end(
        self,
        id_: OfferId,
        state: OfferState,
        by: Person,
        now: datetime,
        *,
        check: Callable[[Offer], None],
        posts: Sequence[NewPost],
        attempt_result: AttemptResult | None,
    ) -> None:
        """End a request as a person wants it; ``check`` raises Refusal where it may not end so."""

        def decide(offer: Offer, _incidents: tuple[Incident, ...]) -> ChangeSet:
            check(offer)
            return self._ended(replace(ended(offer, state, now), answered_by=by), now, posts)

        await self._store.change_offer(id_, decide, attempt_result=attempt_result)
        self._wake()

    async def expire(self, id_: OfferId, now: datetime) -> None:
        """End a request that nobody answered: once, if it has not ended meanwhile."""

        def decide(offer: Offer, _incidents: tuple[Incident, ...]) -> ChangeSet:
            if not steps.is_due(offer, now):
                return ChangeSet()
            return self._ended(ended(offer, OfferState.EXPIRED, now), now)

        await self._store.change_offer(id_, decide)
        self._wake()

    async def settle(self, id_: OfferId, now: datetime) -> None:
        """Say once what came of a command that was run, as soon as the audit knows; open it again if nothing was."""
        found = await self._store.offer(id_)
        entry = await self._store.attempt(found[0].attempt) if found is not None else None
        if entry is None or entry.outcome is None:
            return
        outcome, result = entry.outcome, entry.answer

        def decide(offer: Offer, _incidents: tuple[Incident, ...]) -> ChangeSet:
            if offer.state is not OfferState.RUNNING or offer.attempt != entry.id:
                return ChangeSet()
            new = steps.settled(offer, outcome, now)
            if new.state is OfferState.OPEN:
                return ChangeSet(offers=(new,))
            return self._ended(new, now, is_sure=outcome == DONE, run=result if is_instance(result) else "")

        await self._store.change_offer(id_, decide)
        self._wake()

    async def told(self, id_: OfferId, now: datetime) -> None:
        """As ``settle``, right after it was run; where the database does not take it, ``OfferExpiry`` does it later."""
        try:
            await self.settle(id_, now)
        except DatabaseUnavailable:
            log.warning("What came of request %s is told later", id_)

    def _ended(
        self, offer: Offer, now: datetime, posts: Sequence[NewPost] = (), *, is_sure: bool = True, run: str = ""
    ) -> ChangeSet:
        told: list[NewPost] = []
        # Who was linked is told of it by the link itself.
        is_linked = offer.kind is OfferKind.LINK and offer.state is OfferState.ACCEPTED and is_sure
        if offer.state is not OfferState.WITHDRAWN and not is_linked:
            id_, user = PostId(self._new_id()), offer.by.user
            body = cards.told(offer, is_sure=is_sure, run=run, post=id_)
            told.append(NewPost(id_, PostKind.MESSAGE, Lane.ANSWER, user, body, now, user=user))
        return ChangeSet(offers=(offer,), posts=(*posts, *told, *self._edits(offer, now, is_sure=is_sure)))

    def _edits(self, offer: Offer, now: datetime, *, is_sure: bool = True) -> list[NewPost]:
        """The messages that ask, as they are from now on."""
        body, incident = cards.ended(offer, is_sure=is_sure), next(iter(offer.incidents), "")
        return [
            NewPost(
                id=PostId(self._new_id()),
                kind=PostKind.EDIT,
                lane=Lane.ANSWER,
                channel=place,
                body=body,
                due=now,
                target=copy,
                user=place if is_direct(place) else "",
                incident=incident,
            )
            for copy, place in zip(offer.copies, offer.places, strict=True)
        ]

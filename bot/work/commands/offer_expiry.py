"""Offers that nobody answers end when their time is over, or when the person who was asked leaves. It is said once."""

import logging
from datetime import datetime
from typing import TYPE_CHECKING

from bot.core.incident.handover import END_OF, Lapse, OfferKind, is_part_of, lapse
from bot.core.outbox.conversations import SLACK_FAILURES, SlackRefused
from bot.core.people.model import Person
from bot.core.people.on_call import can_be_on_call
from bot.work.commands.offer_actions import OfferActions, absent
from bot.work.monitor.on_call import UNKNOWN_PEOPLE
from bot.work.ports import Slack

if TYPE_CHECKING:
    from bot.store.store import Store

log = logging.getLogger(__name__)


class OfferExpiry:
    """Ends what has to end by itself. What it knows is in the database, so a restart changes nothing."""

    def __init__(self, store: "Store", slack: Slack, actions: OfferActions) -> None:
        self._store = store
        self._slack = slack
        self._actions = actions

    async def tick(self, now: datetime) -> None:
        """End the offers that end at ``now``."""
        for running in await self._store.running_offers():  # when flowbot stopped, or confirmed by EnOS since
            await self._actions.asks.settle(running.id, now)
        for offer, incidents in await self._store.open_offers():
            if offer.is_command:
                if now >= offer.until:
                    log.info("Request %s to run a command ends: nobody answered", offer.id)
                    await self._actions.asks.expire(offer.id, now)
                continue
            left = [each for each in incidents if is_part_of(each, offer)]
            active = not left or await self._is_active(offer.to)
            reason = lapse(offer, len(left), now, active=active)
            if reason is Lapse.NOT_YET:
                continue
            log.info("Offer %s of %s incidents ends: %s", offer.id, len(left), reason.value)
            tell: frozenset[str] = frozenset()
            if left and offer.kind is OfferKind.ASSIGN:
                tell = await absent(self._slack, left[0], [offer.by.user])
            await self._actions.end(offer.id, END_OF[reason], now, tell=tell)

    async def _is_active(self, person: Person) -> bool:
        """Whether somebody can answer; True also where Slack does not say now."""
        try:
            return can_be_on_call(await self._slack.profile(person.user, team=person.team))
        except SlackRefused as refused:
            return refused.error not in UNKNOWN_PEOPLE
        except SLACK_FAILURES:
            return True

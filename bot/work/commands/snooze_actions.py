"""Beginning and ending snoozes: the snooze, its incidents, what is said and the end of the attempt in one transaction.

One of all flows is said in the alert channel. Its incidents are marked by the next tick, one after the other
(``work/monitor/snoozes.py``).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from bot.core.errors import Refusal
from bot.core.incident import snoozes
from bot.core.incident.facts import ChangeSet
from bot.core.incident.lifecycle import Transition
from bot.core.incident.model import Incident, Snooze, SnoozeEnd
from bot.core.outbox.blocks import Card
from bot.core.outbox.posts import Lane, NewPost, PostId, PostKind
from bot.core.people.model import AttemptResult, Person
from bot.core.text.message import msg
from bot.messages import incident_posts
from bot.messages.cards import snoozes as cards
from bot.messages.cards.answers import repeating
from bot.work.monitor.owners import OwnerResolver
from bot.work.ports import NewId

if TYPE_CHECKING:
    from bot.store.store import Store


class SnoozeActions:
    """Begins and ends snoozes. ``elsewhere`` are the posts where no thread of an incident can say it."""

    def __init__(
        self, store: "Store", owner_resolver: OwnerResolver, new_id: NewId, wake: Callable[[], None] = lambda: None
    ) -> None:
        self._store = store
        self._owner_resolver = owner_resolver
        self._new_id = new_id
        self._wake = wake

    async def begin(
        self, snooze: Snooze, *, attempt_result: AttemptResult | None, words: str, elsewhere: Sequence[NewPost]
    ) -> tuple[Incident, ...]:
        """Snooze a flow or all; a snooze of the same that lasts is replaced. The incidents that it is said in."""
        now = snooze.at
        terms = await self._terms(snooze, now)

        def decide(active: tuple[Snooze, ...], live: tuple[Incident, ...]) -> ChangeSet:
            former = [each for each in active if each.flow_id == snooze.flow_id]
            posts = list[NewPost]()
            changed = [replace(old, snooze=snooze) for old in live]
            for new in changed:
                posts += incident_posts.answered(
                    new, repeating(cards.begins(new, snooze), words), terms, snooze.by.user
                )
            return ChangeSet(
                incidents=tuple(changed),
                posts=tuple(posts) or tuple(elsewhere),
                snoozes=(*(snoozes.ended(each, SnoozeEnd.REPLACED, now) for each in former), snooze),
            )

        changes = await self._store.change_snoozes(decide, flow=snooze.flow_id, attempt_result=attempt_result)
        self._wake()
        return changes.incidents

    async def end(
        self,
        snooze: Snooze,
        by: Person,
        now: datetime,
        *,
        attempt_result: AttemptResult | None,
        words: str,
        elsewhere: Sequence[NewPost],
    ) -> tuple[Incident, ...]:
        """End a snooze before its time. The incidents that it is said in. Refused where it has ended meanwhile."""
        terms = await self._terms(snooze, now)

        def decide(active: tuple[Snooze, ...], live: tuple[Incident, ...]) -> ChangeSet:
            if all(each.id != snooze.id for each in active):
                raise _ended_already()
            left = [each for each in active if each.id != snooze.id]
            posts, changed = list[NewPost](), list[Incident]()
            for old in live:
                new, step = snoozes.compared(old, left, now)
                if step is not Transition.NOTHING:
                    changed.append(new)
                    posts += incident_posts.answered(
                        new, repeating(cards.ended_by_person(new, by), words), terms, by.user
                    )
            return ChangeSet(
                incidents=tuple(changed),
                posts=tuple(posts) or tuple(elsewhere),
                snoozes=(snoozes.ended(snooze, SnoozeEnd.PERSON, now),),
            )

        changes = await self._store.change_snoozes(decide, flow=snooze.flow_id, attempt_result=attempt_result)
        self._wake()
        return changes.incidents

    async def _terms(self, snooze: Snooze, now: datetime) -> incident_posts.Terms:
        live = () if snooze.flow_id is None else await self._store.incidents(live=True, flow=snooze.flow_id)
        owners = [owner for incident in live for owner in incident.owners]
        render_context = await self._owner_resolver.resolve(owners, now)
        rules = await self._store.routing_rules()
        return incident_posts.Terms(now, frozenset(), self._new_id, render_context=render_context, rules=rules)


def _ended_already() -> Refusal:
    """The refusal where a snooze has ended meanwhile."""
    return Refusal("not_snoozed", msg("This snooze has ended already."), msg("Nothing was changed."))


def all_message(channel: str, body: Card, id_: PostId, now: datetime) -> NewPost:
    """What the alert channel is told about a snooze of all flows."""
    return NewPost(id_, PostKind.MESSAGE, Lane.ALERT, channel, body, now)

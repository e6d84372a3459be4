"""The ends of snoozes, and the incidents that one of all flows concerns; everything is said once, also after a crash.

the time of a snooze has come   it is noted as ended. One of all flows: the alert channel is told; one of a flow
                                that does not fail: who snoozed it is told
an incident shows another       its card shows what holds now. Where nothing does, it is open again, and its
snooze than holds now           threads say so: one incident, one transaction
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.core.incident import snoozes
from bot.core.incident.facts import ChangeSet
from bot.core.incident.lifecycle import Transition
from bot.core.incident.model import Incident, Phase, Snooze
from bot.core.outbox.posts import Lane, NewPost, PostId, PostKind
from bot.messages import incident_posts
from bot.messages.cards import snoozes as cards
from bot.work.monitor.owners import OwnerResolver
from bot.work.ports import NewId, OwnerLookup

if TYPE_CHECKING:
    from bot.store.store import Store

_MOST = 5000  # live incidents read in one tick


class SnoozeMonitor:
    """Ends snoozes whose time has come, and shows in each incident what holds for it."""

    def __init__(
        self,
        store: "Store",
        names: OwnerLookup,
        new_id: NewId,
        *,
        channel: str,
        console_url: str = "",
        zone: Callable[[], timedelta | None] = lambda: None,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._owner_resolver = OwnerResolver(names, console_url, zone)
        self._new_id = new_id
        self._channel = channel  # the alert channel
        self._wake = wake

    async def tick(self, now: datetime) -> None:
        """Do what is due at ``now``."""
        active = await self._store.snoozes()
        for each in snoozes.over(active, now):
            await self._end(each, now)
        for incident in await self._store.incidents(live=True, limit=_MOST):
            if snoozes.compared(incident, active, now)[1] is not Transition.NOTHING:
                await self._compare(incident, now)

    async def _end(self, over: Snooze, now: datetime) -> None:
        open_now = len(await self._store.incidents(live=True, limit=_MOST)) if over.flow_id is None else 0

        def decide(active: tuple[Snooze, ...], live: tuple[Incident, ...]) -> ChangeSet:
            if all(each.id != over.id for each in active):
                return ChangeSet()
            told = PostId(f"{over.id}-over")
            if over.flow_id is None:
                body = cards.all_over(open_now, None)
                posts = [NewPost(told, PostKind.MESSAGE, Lane.ALERT, self._channel, body, now)]
            elif live:
                posts = []  # its threads say it
            else:
                body = cards.over_and_fine(over)
                posts = [NewPost(told, PostKind.MESSAGE, Lane.HOUSEKEEPING, over.by.user, body, now)]
            return ChangeSet(snoozes=(over,), posts=tuple(posts))

        await self._store.change_snoozes(decide, flow=over.flow_id)

    async def _compare(self, incident: Incident, now: datetime) -> None:
        render_context = await self._owner_resolver.resolve(incident.owners, now)
        rules = await self._store.routing_rules()
        terms = incident_posts.Terms(now, frozenset(), self._new_id, render_context=render_context, rules=rules)

        def decide(active: tuple[Snooze, ...], found: tuple[Incident, ...]) -> ChangeSet:
            posts, changed = list[NewPost](), list[Incident]()
            for old in found:
                new, step = snoozes.compared(old, active, now)
                if step is not Transition.NOTHING:
                    changed.append(new)
                    posts += _open_again(old, new, terms) if step is Transition.SNOOZE_ENDED else ()
                    posts += incident_posts.redrawn(old, new, terms)
            return ChangeSet(incidents=tuple(changed), posts=tuple(posts))

        await self._store.change_snoozes(decide, incident=incident.id)
        self._wake()


def _open_again(old: Incident, new: Incident, terms: incident_posts.Terms) -> list[NewPost]:
    """A reply in each thread, and mentions in the first whose channel allows them now.

    The thread of a group says it of one flow's snooze only: after one of all flows it would say little else.
    """
    is_for_all = old.snooze is None or old.snooze.flow_id is None
    posts = list[NewPost]()
    told = new.threads or (() if is_for_all else new.cards)
    mentioning = next((card for card in told if terms.shown_in(card.channel, new).people), None)
    for card in told:
        shown = terms.render_context if card is mentioning else replace(terms.render_context, people={})
        posts.append(
            incident_posts.in_thread(
                new,
                card,
                lambda post, shown=shown: cards.over(new, shown, post),  # type: ignore[misc]  # bound now
                terms,
                due=terms.held_until,
                reminds_of=new.id if new.phase is Phase.OPEN else "",
            )
        )
    return posts

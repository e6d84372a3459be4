"""What EnOS lets a person see: flowbot's own records are shown to people by that.

A card in a channel is for all who read there. What one person is answered, a list or a name, holds only what EnOS
shows that person now. The cheap ways come first: the person's own flows, then one search as the person, and Get Flow
for a few of those that are left. What could not be checked is left out and counted.
"""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from bot.core.errors import Failure, Refusal, TemporaryFailure
from bot.core.flow.ids import instance_moment, milliseconds
from bot.core.flow.model import KINDS, FlowId, Search, UserId
from bot.core.incident.model import Incident
from bot.core.people.model import Link
from bot.work.commands import gone
from bot.work.ports import Enos

REMEMBERED_FOR = timedelta(minutes=5)  # how long what EnOS said of a flow and a user counts
ONE_BY_ONE, AT_ONCE = 20, 4  # flows that Get Flow is asked for
MOST_ROWS = 1000  # rows of one scheduling type that are read
MOST_REMEMBERED = 50_000  # flows and users that are remembered
HIDDEN_REASONS = gone.REASONS | {"no_right"}  # how EnOS refuses a flow that it may have, but not for this user
_AHEAD = timedelta(days=1)


class FlowAccess:
    """Remembers for minutes which flows EnOS shows to whom."""

    def __init__(self) -> None:
        self._known: dict[tuple[UserId, FlowId], tuple[datetime, bool]] = {}

    async def visible_incidents(
        self, enos: Enos, link: Link, incidents: Sequence[Incident], now: datetime, statuses: Sequence[int]
    ) -> tuple[tuple[Incident, ...], int]:
        """Return those incidents that this person may see, and how many could not be checked.

        What somebody has acknowledged they may see; of a flow that is gone, who owned it may: they can end them.
        """
        await self._ask_enos(enos, link.user_id, incidents, now, statuses)
        shown, unchecked = list[Incident](), 0
        for incident in incidents:
            sees = self._sees(link.user_id, incident.flow_id, now)
            if sees or incident.acked_by == link.person or await self._owned(enos, link, incident, sees=sees):
                shown.append(incident)
            elif sees is None:
                unchecked += 1
        return tuple(shown), unchecked

    async def _owned(self, enos: Enos, link: Link, incident: Incident, *, sees: bool | None) -> bool:
        """Whether it is of a flow that is gone, and was this person's."""
        if sees is None or not link.verified or link.user_name not in incident.owners:
            return False
        try:
            return incident.gone or await gone.is_gone(enos, incident.flow_id)
        except TemporaryFailure:
            return False

    def _sees(self, user: UserId, flow: FlowId, now: datetime) -> bool | None:
        at, sees = self._known.get((user, flow), (now - 2 * REMEMBERED_FOR, False))
        return sees if abs(now - at) <= REMEMBERED_FOR else None

    def _remember(self, user: UserId, flows: Iterable[FlowId], now: datetime, *, sees: bool) -> None:
        if len(self._known) > MOST_REMEMBERED:
            self._known.clear()
        self._known.update({(user, flow): (now, sees) for flow in flows})

    async def _ask_enos(
        self, enos: Enos, user: UserId, incidents: Sequence[Incident], now: datetime, statuses: Sequence[int]
    ) -> None:
        """Ask EnOS about flows that are not known; what it does not answer stays unknown."""
        if not self._unknown(user, incidents, now):
            return
        try:
            self._remember(user, [each.id for each in await enos.my_flows(as_user=user)], now, sees=True)
            if len(self._unknown(user, incidents, now)) > ONE_BY_ONE:
                self._remember(user, await _searched(enos, user, incidents, now, statuses), now, sees=True)
        except TemporaryFailure:
            return
        except Failure:  # the list is one way of several
            pass
        await self._one_by_one(enos, user, self._unknown(user, incidents, now)[:ONE_BY_ONE], now)

    def _unknown(self, user: UserId, incidents: Iterable[Incident], now: datetime) -> list[FlowId]:
        flows = dict.fromkeys(incident.flow_id for incident in incidents)
        return [flow for flow in flows if self._sees(user, flow, now) is None]

    async def _one_by_one(self, enos: Enos, user: UserId, flows: Collection[FlowId], now: datetime) -> None:
        limit = asyncio.Semaphore(AT_ONCE)

        async def check(flow: FlowId) -> None:
            async with limit:
                try:
                    await enos.flow(flow, as_user=user)
                except Refusal as refusal:
                    if gone.reason(refusal) in HIDDEN_REASONS:
                        self._remember(user, [flow], now, sees=False)
                except Failure:
                    return
                else:
                    self._remember(user, [flow], now, sees=True)

        await asyncio.gather(*(check(flow) for flow in flows))


async def _searched(
    enos: Enos, user: UserId, incidents: Sequence[Incident], now: datetime, statuses: Sequence[int]
) -> set[FlowId]:
    """Return the flows of which a search as this person brings failures, in the time of these incidents."""
    newest = (instance_moment(incident.occurrences[-1].instance) for incident in incidents if incident.occurrences)
    since = min((at for at in newest if at is not None), default=now)
    found = set[FlowId]()
    for kind in KINDS:
        terms = Search(kind, milliseconds(since), milliseconds(now + _AHEAD), tuple(statuses))
        count = 0
        async for page in enos.search(terms, newest="trigger_time", as_user=user):
            found.update(row.flow_id for row in page.rows)
            count += len(page.rows)
            if count >= MOST_ROWS:
                break
    return found

"""What EnOS lets a person see, which decides what flowbot's own records show them; and flows that are gone.

A card in a channel is for everybody who reads there. An answer to one person holds only what EnOS shows that person
now. The cheap ways come first: the person's own flows, then one search as the person, and Get Flow for a few of those
that are left. What could not be checked is left out and counted.

A flow is gone where EnOS does not show it to the bot's own user any more: deleted, or hidden. Its incidents stay, for
people to end.
"""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from bot.core.errors import Failure, Refusal, TemporaryFailure
from bot.core.flow.ids import instance_moment, milliseconds
from bot.core.flow.model import KINDS, FlowId, Search, UserId
from bot.core.incident.model import Incident
from bot.core.people.model import Link
from bot.work.commands.incident_actions import IncidentActions
from bot.work.ports import Enos

REMEMBERED_FOR = timedelta(minutes=5)  # how long EnOS's answer about a flow and a user is used
ONE_BY_ONE, AT_ONCE = 20, 4  # flows that Get Flow is asked for
MOST_ROWS = 1000  # rows of one scheduling type that are read
MOST_REMEMBERED = 50_000  # flows and users that are remembered
GONE_REASONS = frozenset({"unknown_flow", "not_found"})  # how EnOS refuses a flow that it does not have, or hides
HIDDEN_REASONS = GONE_REASONS | {"no_right"}  # how EnOS refuses a flow that it may have, but not for this user
_AHEAD = timedelta(days=1)


class FlowAccess:
    """Remembers for minutes which flows EnOS shows to whom."""

    def __init__(self) -> None:
        self._known: dict[tuple[UserId, FlowId], tuple[datetime, bool]] = {}

    async def visible_incidents(
        self, enos: Enos, link: Link, incidents: Sequence[Incident], now: datetime, statuses: Sequence[int]
    ) -> tuple[tuple[Incident, ...], int]:
        """The incidents that this person may see, and how many could not be checked.

        People also see what they have acknowledged, and incidents of a flow that is gone and was theirs: they can
        end them.
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

    async def visible_flows(
        self, enos: Enos, user: UserId, flows: Collection[FlowId], now: datetime, *, listed: Collection[FlowId] = ()
    ) -> tuple[frozenset[FlowId], int]:
        """Those of the flows that EnOS shows this user, and how many could not be checked; ``listed`` are theirs."""
        self._remember(user, set(flows).intersection(listed), now, sees=True)
        unknown = [flow for flow in flows if self._sees(user, flow, now) is None]
        await self._one_by_one(enos, user, unknown[:ONE_BY_ONE], now)
        shown = frozenset(flow for flow in flows if self._sees(user, flow, now))
        return shown, sum(1 for flow in flows if self._sees(user, flow, now) is None)

    async def _owned(self, enos: Enos, link: Link, incident: Incident, *, sees: bool | None) -> bool:
        """Whether it is of a flow that is gone and was this person's."""
        if sees is None or not link.verified or link.user_name not in incident.owners:
            return False
        try:
            return incident.gone or await is_gone(enos, incident.flow_id)
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
        """Ask EnOS about the flows that are not remembered; what it does not answer stays unknown."""
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
                    if refusal_reason(refusal) in HIDDEN_REASONS:
                        self._remember(user, [flow], now, sees=False)
                except Failure:
                    return
                else:
                    self._remember(user, [flow], now, sees=True)

        await asyncio.gather(*(check(flow) for flow in flows))


async def _searched(
    enos: Enos, user: UserId, incidents: Sequence[Incident], now: datetime, statuses: Sequence[int]
) -> set[FlowId]:
    """The flows of which a search as this person finds failures, in the time of these incidents."""
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


async def is_gone(enos: Enos, flow: FlowId) -> bool:
    """Whether EnOS does not show this flow to the bot's own user. Raises ``TemporaryFailure`` where it does not say."""
    try:
        await enos.flow(flow)
    except Refusal as refusal:
        return refusal_reason(refusal) in GONE_REASONS
    return False


async def report_if_gone(enos: Enos, incident_actions: IncidentActions, incident: Incident, now: datetime) -> bool:
    """Whether an incident's flow is gone; if so, its thread says it, once."""
    gone = await is_gone(enos, incident.flow_id)
    if gone:
        await incident_actions.gone(incident.id, now)
    return gone


def refusal_reason(refusal: Refusal) -> str:
    """The name of a refusal; empty where it has none."""
    return refusal.reason

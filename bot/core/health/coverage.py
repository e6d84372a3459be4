"""How many of the organization's flows the watcher sees. Pure.

A flow counts as watched where EnOS lists it as related to the watcher's user, or where a search as that user has
returned runs of it within a week, whatever the list says.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from bot.core.flow.model import FlowId, FlowName

LATELY = timedelta(days=7)  # a weekly flow that failed last time still counts


def unwatched(
    every: Iterable[FlowName], related: Collection[FlowId], searched: Collection[FlowId]
) -> tuple[FlowName, ...]:
    """The flows whose failures would not be seen, by id."""
    missing = {flow.id: flow for flow in every if flow.id not in related and flow.id not in searched}
    return tuple(missing[id_] for id_ in sorted(missing))


def counts_since(noted_user: str, noted_since: str, user: str, now: datetime) -> datetime:
    """Since when search results count: not those of another user, and not those older than a week."""
    since = now - LATELY
    if noted_user and noted_user != user:
        return now
    return max(since, datetime.fromisoformat(noted_since)) if noted_since else since

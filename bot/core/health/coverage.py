"""How many of the organization's flows the watcher sees. Pure.

A flow counts as watched where EnOS lists it as related to the watcher's user, or where a search as that user has
brought runs of it lately: what searches show is seen, whatever the list says.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from bot.core.flow.model import FlowId, FlowName

LATELY = timedelta(days=7)  # a weekly flow that failed last time is watched still


def unwatched(
    every: Iterable[FlowName], related: Collection[FlowId], searched: Collection[FlowId]
) -> tuple[FlowName, ...]:
    """The flows whose failures would not be seen, by id."""
    missing = {flow.id: flow for flow in every if flow.id not in related and flow.id not in searched}
    return tuple(missing[id_] for id_ in sorted(missing))


def counts_since(noted_user: str, noted_since: str, user: str, now: datetime) -> datetime:
    """Since when what searches brought counts: not what another user was shown, and not long ago."""
    since = now - LATELY
    if noted_user and noted_user != user:
        return now
    return max(since, datetime.fromisoformat(noted_since)) if noted_since else since

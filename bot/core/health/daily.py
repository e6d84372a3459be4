"""A day in numbers, for the sign of life."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.incident.lifecycle import is_live, not_backfilled
from bot.core.incident.model import Incident, Phase

A_DAY = timedelta(days=1)
LEFT_FOR = timedelta(days=7)  # so long a recovered incident is called to mind while it misses a good run


@dataclass(frozen=True, slots=True)
class Day:
    """How the last 24 hours were, and how things stand."""

    failures: int
    flows: int  # that failed
    open: int
    acknowledged: int
    missing: tuple[Incident, ...]  # recovered or open, with runs that failed and have no good run yet


def summary(incidents: Sequence[Incident], now: datetime) -> Day:
    """The day that ends ``now``; ``incidents`` are the live ones and those that ended of late."""
    since = now - A_DAY
    failed = [
        incident.flow_id
        for incident in incidents
        for occurrence in incident.occurrences
        if since < occurrence.seen_at <= now
    ]
    return Day(
        failures=len(failed),
        flows=len(set(failed)),
        open=sum(incident.phase is Phase.OPEN for incident in incidents),
        acknowledged=sum(incident.phase is Phase.ACKNOWLEDGED for incident in incidents),
        missing=tuple(
            each for each in incidents if (is_live(each) or each.phase is Phase.RECOVERED) and not_backfilled(each)
        ),
    )

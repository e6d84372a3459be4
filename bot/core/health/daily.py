"""A day in numbers, for the daily line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.incident.lifecycle import is_live, not_backfilled
from bot.core.incident.model import Incident, Phase

A_DAY = timedelta(days=1)
LEFT_FOR = timedelta(days=7)  # how long a recovered incident is listed while a failure lacks a successful run


@dataclass(frozen=True, slots=True)
class Day:
    """The last 24 hours, and what is open now."""

    failures: int
    flows: int  # that failed
    open: int
    acknowledged: int
    missing: tuple[Incident, ...]  # recovered or open, with failures that have no successful run yet


def summary(incidents: Sequence[Incident], now: datetime) -> Day:
    """The day that ends ``now``; ``incidents`` are the live ones and those that ended in the last days."""
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

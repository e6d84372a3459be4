"""How much failed in a period, how fast people were on it, and how it ended: figures from incidents alone.

A failure counts on the day when flowbot saw it; an incident counts where it was opened in the period. Late and long
runs are incidents, but nothing has failed.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta, tzinfo
from enum import Enum

from bot.core.flow.model import FlowId
from bot.core.flow.status import OWN
from bot.core.history.medians import median
from bot.core.incident.lifecycle import is_live
from bot.core.incident.model import Incident, Occurrence, Phase
from bot.core.incident.recovery import same_time
from bot.core.values import dataclass

MOST_DAYS = 31  # that are shown one by one; more are shown in weeks
WORST = 5
_DAY = timedelta(days=1)


class End(Enum):
    """How an incident ended."""

    ITSELF = "itself"  # a later run of the flow succeeded
    RERUN = "rerun"  # the run that had failed was repeated
    FIXED = "fixed"
    EXPECTED = "expected"
    DUPLICATE = "duplicate"
    UNNEEDED = "unneeded"
    CLOSED = "closed"  # by a person who did not say more


@dataclass(frozen=True, slots=True)
class Bucket:
    """The failures of a day, or of a week from its Monday on."""

    first: date
    failures: int


@dataclass(frozen=True, slots=True)
class Delays:
    """How long something took: in the middle of all, and at most in nine of ten."""

    count: int
    median: timedelta
    ninetieth: timedelta


@dataclass(frozen=True, slots=True)
class WorstFlow:
    """A flow and how often it failed."""

    id: FlowId
    name: str
    failures: int


@dataclass(frozen=True, slots=True)
class Stats:
    """The figures of a period."""

    failures: int
    incidents: int
    live: int  # of these, not ended yet
    buckets: tuple[Bucket, ...]
    weekly: bool
    to_acknowledge: Delays | None
    to_recover: Delays | None
    worst: tuple[WorstFlow, ...]
    ends: tuple[tuple[End, int], ...]


def figures(incidents: Sequence[Incident], since: datetime, until: datetime, zone: tzinfo) -> Stats:
    """The figures of what was seen from ``since`` to before ``until``; days are those of the zone."""
    failed = [(each, failure) for each in incidents for failure in each.occurrences if _counts(failure, since, until)]
    opened = [each for each in incidents if since <= each.opened_at < until]
    first, last = since.astimezone(zone).date(), (until - timedelta(microseconds=1)).astimezone(zone).date()
    weekly = (last - first).days >= MOST_DAYS
    days = [failure.seen_at.astimezone(zone).date() for _, failure in failed]
    acknowledged = [(each.background.first_acknowledged or each.acked_at, each.opened_at) for each in opened]
    recovered = [(each.ended_at, each.opened_at) for each in opened if each.phase is Phase.RECOVERED]
    return Stats(
        failures=len(failed),
        incidents=len(opened),
        live=sum(is_live(each) for each in opened),
        buckets=_buckets(days, first, last, weekly=weekly),
        weekly=weekly,
        to_acknowledge=_delays(acknowledged),
        to_recover=_delays(recovered),
        worst=_worst([each for each, _ in failed]),
        ends=_ends(opened),
    )


def _counts(failure: Occurrence, since: datetime, until: datetime) -> bool:
    return since <= failure.seen_at < until and failure.status not in OWN


def _buckets(days: Sequence[date], first: date, last: date, *, weekly: bool) -> tuple[Bucket, ...]:
    step = 7 * _DAY if weekly else _DAY
    begin = first - _DAY * first.weekday() if weekly else first
    counts = [0] * ((last - begin) // step + 1)
    for day in days:
        counts[(day - begin) // step] += 1
    return tuple(Bucket(begin + number * step, count) for number, count in enumerate(counts))


def _delays(ends_and_begins: Sequence[tuple[datetime | None, datetime]]) -> Delays | None:
    """Of those that have an end. A clock that was set back makes no delay negative."""
    spans = sorted(max(end - begin, timedelta()) for end, begin in ends_and_begins if end is not None)
    if not spans:
        return None
    count = len(spans)
    return Delays(count, median(spans), spans[-(-count * 9 // 10) - 1])


def _worst(of_failures: Sequence[Incident]) -> tuple[WorstFlow, ...]:
    """The flows that failed most, the most failures first; of an equal number the lower id."""
    counts: dict[FlowId, int] = {}
    newest: dict[FlowId, Incident] = {}
    for each in of_failures:
        counts[each.flow_id] = counts.get(each.flow_id, 0) + 1
        if each.opened_at >= newest.setdefault(each.flow_id, each).opened_at:
            newest[each.flow_id] = each
    order = sorted(counts, key=lambda flow: (-counts[flow], flow))
    return tuple(WorstFlow(flow, newest[flow].flow_name, counts[flow]) for flow in order[:WORST])


def _ends(opened: Sequence[Incident]) -> tuple[tuple[End, int], ...]:
    found = [end for end in map(ended_by, opened) if end is not None]
    counts = [(end, found.count(end)) for end in End]
    return tuple(sorted(((end, count) for end, count in counts if count), key=lambda each: -each[1]))


def ended_by(incident: Incident) -> End | None:
    """How it ended; None while it is live."""
    if incident.phase is Phase.CLOSED:
        return End.CLOSED if incident.resolution is None else End(incident.resolution.value)
    if incident.phase is not Phase.RECOVERED:
        return None
    newest, run = incident.occurrences[-1], incident.recovered_by
    is_repeated = run is not None and newest.status not in OWN and same_time(newest.instance, run, "")
    return End.RERUN if is_repeated else End.ITSELF

"""Causes: which upstream flow probably is why a flow is broken or late, and what follows from that. Pure.

    meter-import  ──►  clean  ──►  daily-report        what is upstream of a flow is broken, and nothing on the way
      failed 05:58     waits        failed 06:10       has succeeded since: the flow farthest upstream is the cause

A flow upstream may break later and explain it all the same: what waits is late before that which it waits for is told
as late. It does where its broken run belongs to the same time: it was triggered within a day of the run that it
explains, and before that broke; and no flow on the way has succeeded since it was triggered.

Nothing is said where that is not known: the graph of the flow was not read, the flows wait for each other, or nobody
has seen a run of a flow on the way.

While somebody has acknowledged the incident of the cause, nobody is called about its consequences. A consequence that
is still broken when that ends is called about again, one whole pause later: its own next run may just have begun.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime, timedelta
from enum import Enum

from bot.core.flow.graph import BROKEN
from bot.core.flow.ids import instance_moment
from bot.core.flow.model import FlowId
from bot.core.flow.status import OWN, Status, is_finished
from bot.core.history.background import Cause, Consequence, FlowRef
from bot.core.history.runs import PastRun
from bot.core.incident.lifecycle import Step, Transition, failures, is_live
from bot.core.incident.model import Incident, Phase
from bot.core.values import dataclass

_SLACK = timedelta(minutes=2)  # between failures that are seen in one poll or two
_DAY = timedelta(days=1)  # runs of one data date are triggered within it


class Breakage(Enum):
    """What is wrong with a cause."""

    FAILED = "failed"
    TIMED_OUT = "timed out"
    LATE = "late"  # or missing, or it takes far longer than usual


class CauseReason(Enum):
    """Why an upstream flow is taken to be the cause, or why none is."""

    UPSTREAM_BROKEN = "an upstream flow has an incident"
    UPSTREAM_FAILED = "the last run of an upstream flow failed"
    UPSTREAM_BROKE_LATER = "a run of an upstream flow for the same time broke later"
    UPSTREAM_FINE = "no upstream flow is broken"
    OTHER_TIME = "what is broken upstream broke later, or the flow has succeeded since"
    CYCLE = "the flows wait for each other"
    NOT_SEEN = "a flow on the way has no runs that I have seen"
    NO_UPSTREAM = "the flow waits for no other flow"
    GRAPH_UNKNOWN = "I have not read what the flow waits for"


@dataclass(frozen=True, slots=True)
class Flows:
    """What is known of flows at a moment."""

    upstream: Mapping[FlowId, Sequence[FlowRef]] = field(default_factory=dict)  # what each waits for, and so on
    live: Mapping[FlowId, Incident] = field(default_factory=dict)  # the oldest live incident of each
    runs: Mapping[FlowId, Sequence[PastRun]] = field(default_factory=dict)  # the last ones, newest first
    recovered: Mapping[FlowId, datetime] = field(default_factory=dict)  # when their last incident did: known sooner


@dataclass(frozen=True, slots=True)
class CauseDecision:
    """The cause of an incident, and why it is taken to be that."""

    reason: CauseReason
    cause: Cause | None = None


def cause_of(incident: Incident, flows: Flows) -> CauseDecision:
    """The flow farthest upstream that explains why the flow of an incident is broken."""
    flow = incident.flow_id
    if flow not in flows.upstream:
        return CauseDecision(CauseReason.GRAPH_UNKNOWN)
    if not flows.upstream[flow]:
        return CauseDecision(CauseReason.NO_UPSTREAM)
    refused = {CauseReason.UPSTREAM_FINE}
    found = dict[FlowId, _Broken]()
    for way in _ways(flow, flows.upstream):
        broken = _broken(way[-1], flows)
        if broken is None:
            continue
        reason = _why_not(incident, broken, way, flows)
        if reason is None:
            found[way[-1].id] = broken
        else:
            refused.add(reason)
    if not found:
        return CauseDecision(next(reason for reason in _WORTH_SAYING if reason in refused))
    roots = [each for flow, each in found.items() if not _ancestors(flow, flows.upstream) & found.keys()]
    first = min(roots or found.values(), key=lambda each: (each.cause.at or each.since, each.cause.flow.id))
    if _is_later(first, incident):
        return CauseDecision(CauseReason.UPSTREAM_BROKE_LATER, first.cause)
    reason = CauseReason.UPSTREAM_BROKEN if first.cause.incident else CauseReason.UPSTREAM_FAILED
    return CauseDecision(reason, first.cause)


_WORTH_SAYING = (CauseReason.CYCLE, CauseReason.NOT_SEEN, CauseReason.OTHER_TIME, CauseReason.UPSTREAM_FINE)


def _ways(flow: FlowId, upstream: Mapping[FlowId, Sequence[FlowRef]]) -> list[tuple[FlowRef, ...]]:
    """The shortest way to each flow upstream, nearest first; each ends with that flow."""
    ways: list[tuple[FlowRef, ...]] = [(each,) for each in upstream.get(flow, ())]
    seen = {flow, *(way[0].id for way in ways)}
    for way in ways:  # grows meanwhile
        for each in upstream.get(way[-1].id, ()):
            if each.id not in seen:
                seen.add(each.id)
                ways.append((*way, each))
    return ways


def _ancestors(flow: FlowId, upstream: Mapping[FlowId, Sequence[FlowRef]]) -> set[FlowId]:
    return {way[-1].id for way in _ways(flow, upstream)}


@dataclass(frozen=True, slots=True)
class _Broken:
    """A flow that is broken, as a cause."""

    cause: Cause
    since: datetime
    triggered_at: datetime | None  # the run that broke first; None where its id does not say


def _broken(flow: FlowRef, flows: Flows) -> _Broken | None:
    """The flow as a cause, where it is broken."""
    incident = flows.live.get(flow.id)
    if incident is not None:
        named = FlowRef(flow.id, incident.flow_name or flow.name)
        acknowledged = incident.phase is Phase.ACKNOWLEDGED
        what = breakage(incident.occurrences[-1].status)
        failed = failures(incident)  # it may have been late before that
        at = failed[0].seen_at if failed else incident.opened_at
        cause = Cause(named, what.value, at, incident.id, is_acknowledged=acknowledged)
        return _Broken(cause, incident.opened_at, instance_moment(incident.occurrences[0].instance))
    ended = next((run for run in flows.runs.get(flow.id, ()) if is_finished(run.status)), None)
    if ended is None or ended.status not in BROKEN or _recovered(flow.id, _end(ended), flows):
        return None
    return _Broken(Cause(flow, breakage(ended.status).value, _end(ended)), _end(ended), ended.triggered_at)


def breakage(status: int) -> Breakage:
    """What the status of a failure means for those who wait for the flow."""
    if status == Status.TIMEOUT:
        return Breakage.TIMED_OUT
    return Breakage.LATE if status in OWN else Breakage.FAILED


def _why_not(incident: Incident, broken: _Broken, way: Sequence[FlowRef], flows: Flows) -> CauseReason | None:
    """Why what broke at the end of a way upstream does not explain an incident; None where it does."""
    if incident.flow_id in _ancestors(way[-1].id, flows.upstream):
        return CauseReason.CYCLE
    since: datetime | None = broken.since
    if _is_later(broken, incident):
        since = broken.triggered_at if _is_of_same_time(broken, incident) else None
    if since is None or _succeeded(incident.flow_id, since, flows):
        return CauseReason.OTHER_TIME
    for flow in way[:-1]:
        if flow.id in flows.live:
            continue
        if not flows.runs.get(flow.id):
            return CauseReason.NOT_SEEN
        if _succeeded(flow.id, since, flows):
            return CauseReason.UPSTREAM_FINE
    return None


def _is_later(broken: _Broken, incident: Incident) -> bool:
    """Whether the flow upstream broke later than the other."""
    return broken.since > incident.occurrences[-1].seen_at + _SLACK


def _is_of_same_time(broken: _Broken, incident: Incident) -> bool:
    """Whether its run belongs to the same time as the newest one of an incident, and was due when that broke."""
    newest = incident.occurrences[-1]
    at = instance_moment(newest.instance)
    if at is None or broken.triggered_at is None or broken.triggered_at > newest.seen_at:
        return False
    return abs(broken.triggered_at - at) < _DAY


def _succeeded(flow: FlowId, since: datetime, flows: Flows) -> bool:
    """Whether a run of the flow succeeded since then."""
    successes = (run for run in flows.runs.get(flow, ()) if run.status == Status.SUCCESS)
    return _recovered(flow, since, flows) or any(_end(run) >= since for run in successes)


def _recovered(flow: FlowId, since: datetime, flows: Flows) -> bool:
    return flow in flows.recovered and flows.recovered[flow] >= since


def _end(run: PastRun) -> datetime:
    return run.ended_at or run.triggered_at


# ── what follows ──


def compared(incident: Incident, cause: Cause | None, live: Collection[str], now: datetime) -> Step:
    """The incident with its cause as it is now; ``live`` are the incidents that have not ended.

    A cause that has ended is still named as long as the incident lasts: it explains it. Where somebody was on the
    cause and is not any more, reminders start again from now.
    """
    if not is_live(incident):
        return incident, Transition.NOTHING
    old = incident.background.cause
    if cause is None and old is not None:
        cause = replace(old, is_acknowledged=False, has_ended=old.has_ended or old.incident not in live)
    elif cause is not None and old is not None and old.incident == cause.incident:
        cause = replace(cause, link=cause.link or old.link)
    if cause == old:
        return incident, Transition.NOTHING
    new = replace(incident, background=replace(incident.background, cause=cause))
    if incident.is_cause_acknowledged and not new.is_cause_acknowledged and incident.phase is Phase.OPEN:
        new = replace(new, reminded_at=now)
    return new, Transition.ENRICHED


def with_consequences(incident: Incident, found: Sequence[Consequence]) -> Step:
    """The incident with what hangs on it: few of that, what is still broken first."""
    worst_first = sorted(found, key=lambda each: _ORDER[Phase(each.phase)])
    known = replace(incident.background, consequences=tuple(worst_first[:KEPT]), consequence_count=len(found))
    if known == incident.background:
        return incident, Transition.NOTHING
    return replace(incident, background=known), Transition.ENRICHED


KEPT = 10  # consequences
_ORDER = {Phase.OPEN: 0, Phase.ACKNOWLEDGED: 1, Phase.RECOVERED: 2, Phase.CLOSED: 3}

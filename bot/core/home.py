"""The home: what somebody sees who opens the app's home tab, decided from what is known already. Pure.

Nothing here waits for EnOS. An incident of one's own flow is shown where EnOS lists that flow as theirs (the flow
cache), or where they have acknowledged it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import Generic, TypeVar

from bot.core.flow.ids import instance_moment
from bot.core.flow.known import KnownFlow
from bot.core.flow.model import FlowId
from bot.core.history.runs import PastRun
from bot.core.incident.model import Incident, Snooze
from bot.core.people.model import Link, Person
from bot.core.people.on_call import OnCallGroup
from bot.core.routing.watch import Watch
from bot.core.text.message import Text
from bot.core.values import dataclass

T_co = TypeVar("T_co", covariant=True)

INCIDENTS, FLOWS, SNOOZES, WATCHES, GROUPS = 10, 10, 5, 5, 5  # are shown; where there are more, it says how many


@dataclass(frozen=True, slots=True)
class Some(Generic[T_co]):
    """The first entries of a list, and how many more there are."""

    shown: tuple[T_co, ...] = ()
    more: int = 0

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self.shown)


@dataclass(frozen=True, slots=True)
class HomeFlow:
    """One of somebody's flows with its last run, as far as it is known."""

    flow: KnownFlow
    status: int | None = None
    at: datetime | None = None  # when that run was triggered
    incident: Incident | None = None  # the open one


@dataclass(frozen=True, slots=True)
class FlowsRead:
    """When EnOS listed somebody's flows."""

    at: datetime | None = None  # None: not yet
    trouble: Text | None = None  # why it did not when it was asked last


@dataclass(frozen=True, slots=True)
class Home:
    """What a home shows."""

    person: Person
    link: Link | None = None
    incidents: Some[Incident] = field(default_factory=Some)
    links: Mapping[str, str] = field(default_factory=dict)  # to the threads of incidents, by the incident's id
    flows: Some[HomeFlow] = field(default_factory=Some)
    read: FlowsRead = field(default_factory=FlowsRead)
    snoozes: Some[Snooze] = field(default_factory=Some)
    watches: Some[Watch] = field(default_factory=Some)
    groups: Some[OnCallGroup] = field(default_factory=Some)


def some(entries: Sequence[T_co], most: int) -> Some[T_co]:
    """The first ``most`` entries."""
    return Some(tuple(entries[:most]), max(0, len(entries) - most))


def own_incidents(
    live: Iterable[Incident], person: Person, link: Link | None, listed: Collection[FlowId]
) -> list[Incident]:
    """The open incidents of this person's flows and those they have acknowledged, which come last; the newest first.

    ``listed``: the flows that EnOS lists as theirs. A flow that is gone is not listed any more; who owned it may still
    end its incident.
    """

    def is_theirs(incident: Incident) -> bool:
        if incident.acked_by == person:
            return True
        owned = link is not None and link.user_name in incident.owners
        return owned and (incident.flow_id in listed or (incident.gone and link is not None and link.verified))

    newest = sorted(filter(is_theirs, live), key=lambda each: each.opened_at, reverse=True)
    return sorted(newest, key=lambda each: each.acked_by is not None)


def last_state(run: PastRun | None, incident: Incident | None) -> tuple[int | None, datetime | None]:
    """How the last run of a flow ended, and when it was triggered: history may not have read yet what has failed."""
    if incident is not None and incident.occurrences:
        failure = incident.occurrences[-1]
        at = instance_moment(failure.instance)
        if at is not None and (run is None or run.triggered_at <= at):
            return failure.status, at
    return (None, None) if run is None else (run.status, run.triggered_at)


def own_flows(
    known: Sequence[KnownFlow],
    runs: Mapping[FlowId, PastRun],
    live: Mapping[FlowId, Incident],
    alerts: Collection[int],
) -> list[HomeFlow]:
    """Somebody's flows: first those with an open incident, then those whose last run alerts, in their order.

    ``runs``: the last run of each. Flows that they may not change come last of their kind.
    """
    flows = [HomeFlow(each, *last_state(runs.get(each.id), live.get(each.id)), live.get(each.id)) for each in known]
    return sorted(flows, key=lambda each: (each.incident is None, each.status not in alerts, not each.flow.editable))

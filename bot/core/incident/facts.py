"""Facts: what a poll learned and what will be said about it, written together or not at all."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from bot.core.flow.model import FlowId, InstanceId
from bot.core.history.runbook import Runbook
from bot.core.incident.escalation import EscalationStep
from bot.core.incident.groups import IncidentGroup
from bot.core.incident.handover import Offer
from bot.core.incident.model import Incident, IncidentId, Snooze
from bot.core.incident.retries import Retry, RetryRule
from bot.core.outbox.posts import NewPost
from bot.core.values import dataclass


@dataclass(frozen=True, slots=True)
class Seen:
    """An instance as it was last seen: what the next poll compares with."""

    instance: InstanceId
    flow_id: FlowId
    kind: int
    status: int
    end_time: str  # as printed; empty while unknown
    trigger_at: datetime | None  # by the id's digits, UTC
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class StoredState:
    """What the store knows about the rows of one page. Read and answered within one transaction."""

    seen: Mapping[InstanceId, Seen] = field(default_factory=dict)
    incidents: tuple[Incident, ...] = ()  # the newest of each flow in the page, ended ones included
    incident_groups: tuple[IncidentGroup, ...] = ()  # all that still show their incidents
    recent: tuple[Incident, ...] = ()  # reported since the time asked for, not in an active group
    snoozes: tuple[Snooze, ...] = ()  # those that have not ended
    of_backfills: frozenset[InstanceId] = frozenset()  # the runs of the page that backfills have started


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """What is to be written, in one transaction."""

    seen: tuple[Seen, ...] = ()
    incidents: tuple[Incident, ...] = ()  # inserted or replaced whole, by id
    posts: tuple[NewPost, ...] = ()
    forget: tuple[InstanceId, ...] = ()
    incident_groups: tuple[IncidentGroup, ...] = ()  # inserted or replaced whole, by post
    pages: tuple[IncidentId, ...] = ()  # open incidents to page in PagerDuty, where that is configured
    escalated: tuple[EscalationStep, ...] = ()  # steps taken; each is added
    snoozes: tuple[Snooze, ...] = ()  # inserted, or ended
    offers: tuple[Offer, ...] = ()  # inserted or replaced whole, by id
    runbooks: tuple[Runbook, ...] = ()  # inserted or replaced whole, by flow; one without text is deleted
    retry_rules: tuple[RetryRule, ...] = ()  # inserted, or ended
    retries: tuple[Retry, ...] = ()  # inserted, or moved on


@dataclass(frozen=True, slots=True)
class ReadState:
    """How reading one scheduling type went so far; the early stop depends on it."""

    kind: int
    clean: bool = False  # the previous read ended without fault
    early_stop: bool = True  # turned off when a sweep found what a poll should have seen
    swept_at: datetime | None = None  # the last complete sweep
    read_at: datetime | None = None  # the last complete read

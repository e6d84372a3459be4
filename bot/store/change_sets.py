"""Facts that were decided from other facts: reading, deciding and writing in one transaction."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from bot.core.errors import Refusal
from bot.core.flow.model import FlowId, Instance, InstanceId
from bot.core.incident.facts import ChangeSet, StoredState
from bot.core.incident.handover import Offer, unknown_offer
from bot.core.incident.model import Incident, IncidentId, OfferId, Snooze
from bot.core.incident.retries import Retry, RetryRule
from bot.core.people.model import AttemptResult, Person
from bot.core.text.message import msg
from bot.store import (
    bridge_events,
    escalation,
    incident_groups,
    incidents,
    monitor_state,
    offer_rows,
    planned_starts,
    retries,
    runbooks,
    snoozes,
)
from bot.store.database import Database
from bot.store.incident_cache import IncidentCache
from bot.store.monitor_state import SeenCache
from bot.store.people import end_attempt, require_link
from bot.store.queueing import put
from bot.store.transactions import Transactional, transaction


class ChangeSets(Transactional):
    """What is handed in as ``decide`` is a pure function; it runs on the database thread."""

    _incident_cache: IncidentCache
    _seen_cache: SeenCache

    @transaction
    def observe(
        self,
        db: Database,
        instances: Collection[InstanceId],
        flows: Collection[FlowId],
        decide: Callable[[StoredState], ChangeSet],
        *,
        since: datetime | None = None,
    ) -> ChangeSet:
        """Read what is known of these, ask ``decide``, and write what it returns: at most 500 rows.

        Known are the newest incident of each flow and, of incidents that are of one instance alone, those of
        the instances asked for; with ``since`` also those told after it.
        """
        seen = monitor_state.seen(db, instances)
        known = incidents.known(db, self._incident_cache, instances, flows)
        recent = incident_groups.recent(db, self._incident_cache, since)
        of_backfills = planned_starts.started_by_one(db, instances)
        groups, active = incident_groups.shown(db), snoozes.not_ended(db)
        changes = decide(StoredState(seen, known, groups, recent, active, of_backfills))
        monitor_state.put_seen(db, changes.seen, seen)
        self._seen_cache.put(seen.values())
        self._put(db, changes)
        return changes

    def are_unchanged(self, rows: Collection[Instance]) -> bool:
        """Whether all these rows are as the database has them, so that there is nothing to observe.

        Asks a cache only: False where they are not in it.
        """
        return self._seen_cache.has(rows)

    @transaction
    def change(
        self,
        db: Database,
        id: IncidentId,
        decide: Callable[[Incident], ChangeSet],
        *,
        attempt_result: AttemptResult | None = None,
    ) -> ChangeSet:
        """Read an incident, ask ``decide``, write what it returns and end the attempt.

        What ``decide`` raises undoes all. Raises Refusal: "unknown_incident" where there is none, "link_changed"
        where the link that the attempt depends on has changed.
        """
        require_link(db, attempt_result.linked if attempt_result else None)
        found = incidents.load(db, self._incident_cache, [id])
        if not found:
            raise Refusal(
                "unknown_incident",
                msg("This incident ended too long ago, so I don't have it any more."),
                msg("`incidents` shows what is open."),
            )
        changes = decide(found[0])
        seen = monitor_state.seen(db, [row.instance for row in changes.seen])
        monitor_state.put_seen(db, changes.seen, seen)
        self._put(db, changes)
        end_attempt(db, attempt_result)
        return changes

    @transaction
    def change_snoozes(
        self,
        db: Database,
        decide: Callable[[tuple[Snooze, ...], tuple[Incident, ...]], ChangeSet],
        *,
        flow: FlowId | None = None,
        incident: IncidentId | None = None,
        attempt_result: AttemptResult | None = None,
    ) -> ChangeSet:
        """As ``change``, with the snoozes that have not ended; of one incident, of the live ones of a flow, or none."""
        ids = [incident] if incident else [] if flow is None else incidents.live_of(db, flow)
        found = incidents.load(db, self._incident_cache, ids)
        return self._change(db, lambda: decide(snoozes.not_ended(db), found), attempt_result)

    @transaction
    def change_runbook(
        self,
        db: Database,
        flow: FlowId,
        decide: Callable[[tuple[Incident, ...]], ChangeSet],
        *,
        attempt_result: AttemptResult | None = None,
    ) -> ChangeSet:
        """As ``change``, for the live incidents of a flow."""
        ids = incidents.live_of(db, flow)
        return self._change(db, lambda: decide(incidents.load(db, self._incident_cache, ids)), attempt_result)

    @transaction
    def change_retries(
        self,
        db: Database,
        flow: FlowId,
        decide: Callable[[tuple[RetryRule, ...], tuple[Retry, ...], tuple[Incident, ...]], ChangeSet],
        *,
        incident: IncidentId | None = None,
        attempt_result: AttemptResult | None = None,
    ) -> ChangeSet:
        """As ``change``, with a flow's rules that have not ended, its retries, and one incident or its live ones."""
        ids = [incident] if incident else incidents.live_of(db, flow)
        found = incidents.load(db, self._incident_cache, ids)
        return self._change(
            db, lambda: decide(retries.rules_of(db, flow), retries.of_flow(db, flow), found), attempt_result
        )

    @transaction
    def change_several(
        self,
        db: Database,
        ids: Sequence[IncidentId],
        decide: Callable[[tuple[Incident, ...]], ChangeSet],
        *,
        attempt_result: AttemptResult | None = None,
    ) -> ChangeSet:
        """As ``change``, for several incidents; those that are not there are left out."""
        return self._change(db, lambda: decide(incidents.load(db, self._incident_cache, ids)), attempt_result)

    @transaction
    def change_offer(
        self,
        db: Database,
        id: OfferId,
        decide: Callable[[Offer, tuple[Incident, ...]], ChangeSet],
        *,
        attempt_result: AttemptResult | None = None,
    ) -> ChangeSet:
        """As ``change``, for an offer and its incidents. Raises Refusal: "unknown_offer" where there is none."""
        offer = offer_rows.load(db, id)
        if offer is None:
            raise unknown_offer()
        found = incidents.load(db, self._incident_cache, offer.incidents)
        return self._change(db, lambda: decide(offer, found), attempt_result)

    @transaction
    def change_commands(
        self,
        db: Database,
        asker: Person,
        since: datetime,
        decide: Callable[[tuple[Offer, ...]], ChangeSet],
        *,
        attempt_result: AttemptResult | None = None,
    ) -> ChangeSet:
        """As ``change``, for the commands that somebody has asked for, open or asked for since then."""
        return self._change(db, lambda: decide(offer_rows.commands_of(db, asker, since)), attempt_result)

    def _change(self, db: Database, decide: Callable[[], ChangeSet], attempt_result: AttemptResult | None) -> ChangeSet:
        require_link(db, attempt_result.linked if attempt_result else None)
        changes = decide()
        self._put(db, changes)
        end_attempt(db, attempt_result)
        return changes

    def _put(self, db: Database, changes: ChangeSet) -> None:
        snoozes.put(db, changes.snoozes)
        incidents.put(db, self._incident_cache, changes.incidents)
        bridge_events.page(db, incidents.load(db, self._incident_cache, changes.pages))
        incident_groups.put(db, changes.incident_groups)
        escalation.add(db, changes.escalated)
        offer_rows.put(db, changes.offers)
        runbooks.put(db, changes.runbooks)
        retries.put_rules(db, changes.retry_rules)
        retries.put(db, changes.retries)
        put(db, changes.posts)
        monitor_state.forget(db, changes.forget)
        self._seen_cache.put(changes.seen)
        self._seen_cache.drop(changes.forget)

"""Follows open incidents, in parallel to the alert search: recoveries, good runs, and runs that have not ended.

Costs at most one SUCCESS search per type and tick, and one Get Flow Instance per incident and minute, growing to
ten minutes. Nothing open costs nothing.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from bot.core.errors import Failure
from bot.core.flow.ids import instance_moment, milliseconds
from bot.core.flow.model import (
    KINDS,
    PERIODIC,
    FlowId,
    Instance,
    InstanceId,
    Search,
)
from bot.core.flow.status import OWN, Status
from bot.core.incident import lifecycle, recovery
from bot.core.incident.facts import ChangeSet, Seen
from bot.core.incident.lifecycle import Transition
from bot.core.incident.model import Incident, IncidentId, Occurrence, Phase
from bot.core.values import dataclass
from bot.messages import incident_posts
from bot.work.monitor.details import Enricher, enrich_all
from bot.work.monitor.reader import closing
from bot.work.monitor.settings import UPDATED, MonitorContext
from bot.work.monitor.single_reads import SingleReads

log = logging.getLogger(__name__)
_Thing = TypeVar("_Thing")

_MOST = 5000  # incidents followed at once
_AT_FIRST, _AT_LAST = timedelta(minutes=1), timedelta(minutes=10)  # between two reads of one instance
_MISSING_SUCCESS_EVERY = timedelta(minutes=5)  # for recovered incidents without a good run, less often
_MISSING_SUCCESS_FOR = timedelta(days=7)  # after that they are not followed
_REPLIES = 5  # good runs reported one by one, per incident and tick
_BUGS = 100  # different ones that are logged
_REMEMBERED = 2000  # good runs known from earlier reads, per type


@dataclass
class _Plan:
    """When the instance of an incident is read next, by the steady clock."""

    of: tuple[str, str]  # its newest failure: another one begins a new plan
    due: datetime
    pause: timedelta = _AT_FIRST
    asked: set[InstanceId] = field(default_factory=set)  # earlier failures that were read for their tasks


@dataclass
class _KnownSuccesses:
    """What a type's searches for good runs have covered."""

    known: dict[tuple[str, str], None] = field(default_factory=dict)
    covered: frozenset[tuple[str, str, str]] = frozenset()  # failures that were there at the last complete read


class IncidentFollower:
    """Follows open incidents, and recovered ones that miss a good run."""

    def __init__(self, context: MonitorContext, enricher: Enricher) -> None:
        self._context = context
        self._enricher = enricher
        self._single_reads = SingleReads(context)
        self._turn = asyncio.Semaphore(context.settings.lane_width)
        self._plans: dict[IncidentId, _Plan] = {}
        self._successes = {kind: _KnownSuccesses() for kind in KINDS}
        self._candidates: defaultdict[IncidentId, dict[InstanceId, None]] = defaultdict(dict)
        self._missing_success: dict[IncidentId, Incident] = {}  # recovered, without a good run
        self._missing_success_due: datetime | None = None
        self._waiting: dict[InstanceId, _Plan] = {}
        self._bugs: set[str] = set()  # that were logged
        self.nudges: list[datetime] = []  # when runs were started that may heal, since the last tick

    async def tick(self, now: datetime) -> None:
        """Look for recoveries and good runs, and read what is due. An outage is the alert search's to tell."""
        live = await self._context.store.incidents(live=True, limit=_MOST)
        if self.nudges:  # look at everything soon
            self._missing_success_due = None
            for plan in self._plans.values():
                plan.pause, plan.due = _AT_FIRST, min(plan.due, self.nudges[0] + _AT_FIRST)
            self.nudges.clear()
        due = self._missing_success_due is None or self._context.steady() >= self._missing_success_due
        if due:
            await self._find_missing_success(now)
        followed = self._missing_success | {incident.id: incident for incident in live}
        self._forget_all_but(followed)
        if live or (due and followed):
            for kind in KINDS:
                await self._quietly(self._find_successes(kind, followed, now))
            self._missing_success = {id_: followed[id_] for id_ in self._missing_success}
            due_now = [incident for incident in followed.values() if self._due(incident, now)]
            await self._in_parallel(due_now, lambda incident: self._read(incident, now))
        await self._follow_unfinished(now)

    async def find_recovered(self, now: datetime) -> None:
        """Look for good runs alone: what has failed within the window may have recovered since."""
        live = {incident.id: incident for incident in await self._context.store.incidents(live=True, limit=_MOST)}
        for kind in KINDS if live else ():
            await self._quietly(self._find_successes(kind, live, now))

    # ── what is followed ──

    async def _find_missing_success(self, now: datetime) -> None:
        """Find the recovered incidents that miss a good run. Every search covers their flows too."""
        recent = await self._context.store.incidents(live=False, since=now - _MISSING_SUCCESS_FOR, limit=_MOST)
        missing_success = (each for each in recent if each.phase is Phase.RECOVERED and lifecycle.not_backfilled(each))
        self._missing_success = {incident.id: incident for incident in missing_success}
        self._missing_success_due = self._context.steady() + _MISSING_SUCCESS_EVERY

    def _forget_all_but(self, followed: Collection[IncidentId]) -> None:
        for gone in self._plans.keys() - set(followed):
            del self._plans[gone]
            self._candidates.pop(gone, None)

    # ── good runs ──

    async def _find_successes(self, kind: int, followed: dict[IncidentId, Incident], now: datetime) -> None:
        """Search the good runs of a type, newest change first, until nothing is new."""
        of_flow: defaultdict[FlowId, list[IncidentId]] = defaultdict(list)
        for incident in followed.values():
            of_flow[incident.flow_id].append(incident.id)
        failures = frozenset(_failures(followed.values()))
        known_successes = self._successes[kind]
        whole = not failures <= known_successes.covered
        first: list[tuple[str, str]] = []
        said: defaultdict[IncidentId, int] = defaultdict(int)
        async with closing(self._context.enos.search(_success_search(kind, followed.values(), now))) as found:
            async for page in found:
                keys = [(row.id, row.end_time) for row in page.rows]
                known = bool(keys) and all(key in known_successes.known for key in keys)
                first += keys[: _REMEMBERED - len(first)]
                for row in reversed(page.rows):
                    for id_ in of_flow.get(row.flow_id, ()):
                        try:
                            followed[id_] = await self._succeeded(followed[id_], row, now, said)
                        except Failure:
                            raise
                        except Exception as bug:  # noqa: BLE001  logged: one run must not hide the others
                            self._log_bug_once(bug)
                if known and not whole and page.sorted_by in UPDATED:
                    break
        known_successes.known = dict.fromkeys([*first, *known_successes.known][:_REMEMBERED])
        known_successes.covered = failures

    async def _succeeded(
        self, incident: Incident, row: Instance, now: datetime, said: defaultdict[IncidentId, int]
    ) -> Incident:
        """Write what a good run means for an incident. The incident as it is then."""
        if row.status != Status.SUCCESS:
            return incident
        reason = recovery.after_success(incident, row, now)[1]
        if reason is Transition.RECOVERED and not row.graph.tasks and recovery.might_backfill(row, incident):
            row = await self._with_tasks(row)
        if reason is Transition.NOTHING:
            if not row.graph.tasks and recovery.might_backfill(row, incident):
                self._candidates[incident.id].setdefault(row.id)
            return incident
        terms = await self._context.terms(now, await self._context.owner_resolver.resolve(incident.owners, now))

        def decide(old: Incident) -> ChangeSet:
            new, reason = recovery.after_success(old, row, now)
            speaks = reason is Transition.RECOVERED or (reason is Transition.BACKFILLED and said[old.id] < _REPLIES)
            reply = incident_posts.success_reply(old, new, reason, terms.render_context.zone) if speaks else None
            changes = incident_posts.changed(old, new, reason, terms, reply=reply)
            return replace(changes, seen=_as_seen(old, new, row, now))

        changes = await self._context.store.change(incident.id, decide)
        said[incident.id] += 1
        self._context.wake()
        return changes.incidents[0] if changes.incidents else incident

    async def _with_tasks(self, row: Instance) -> Instance:
        """A good run with its tasks: the reply that it recovered should say at once whether it replaced a failed run.

        Read once in the life of an incident. Where it cannot be read, the run as listed: it is read again later.
        """
        try:
            found = await self._context.enos.instance(row.id)
        except Failure as trouble:
            log.info("The tasks of run %s could not be read: %s", row.id, trouble)
            return row
        return row if found is None or found.status != Status.SUCCESS else found

    # ── single reads ──

    def _due(self, incident: Incident, now: datetime) -> bool:
        newest = incident.occurrences[-1]
        if lifecycle.is_missing(incident, newest) and not self._candidates.get(incident.id):
            return False  # EnOS has no such run
        key = (newest.instance, newest.end_time)
        plan = self._plans.get(incident.id)
        if plan is None or plan.of != key:
            age = max(timedelta(), now - newest.seen_at)
            plan = self._plans[incident.id] = _Plan(key, self._context.steady() + max(timedelta(), _AT_FIRST - age))
        if self._context.steady() < plan.due:
            return False
        plan.due = self._context.steady() + plan.pause
        plan.pause = min(plan.pause * 2, _AT_LAST)
        return True

    async def _read(self, incident: Incident, now: datetime) -> None:
        instance = self._instance_to_read(incident)
        before = await self._single_reads.known(instance, incident.flow_id)
        found = await self._context.enos.instance(instance)
        self._candidates[incident.id].pop(instance, None)
        if found is None:
            return
        if found.status == Status.SUCCESS:
            await self._succeeded(incident, found, now, defaultdict(int))
        elif found.status in self._context.settings.alerting:
            await self._enricher.learn(incident, found)
        at = instance_moment(instance)
        beyond = at is not None and at < now - self._context.settings.lookback
        newest = next((each for each in reversed(incident.occurrences) if each.instance == instance), None)
        is_late = newest is not None and newest.status in OWN
        changes = await self._single_reads.record(found, before, now, beyond=beyond, is_late=is_late)
        self._begin(changes, found, now)

    def _instance_to_read(self, incident: Incident) -> InstanceId:
        """The instance to read: a run that may replace a failed one, else one with unknown tasks, else the newest."""
        candidates = self._candidates.get(incident.id)
        if candidates:
            return next(iter(candidates))
        plan = self._plans[incident.id]
        for failure in reversed(lifecycle.not_backfilled(incident)):
            if failure.status not in OWN and not failure.failed_tasks and failure.instance not in plan.asked:
                plan.asked.add(failure.instance)
                return failure.instance
        return incident.occurrences[-1].instance

    def _begin(self, changes: ChangeSet, found: Instance, now: datetime) -> None:
        if changes.incidents:
            self._context.wake()
            enrich_all(self._enricher, changes, PERIODIC if found.kind is None else found.kind, now)

    # ── what has not ended, beyond the window ──

    async def _follow_unfinished(self, now: datetime) -> None:
        unfinished = await self._context.store.unfinished(now - self._context.settings.lookback)
        for gone in self._waiting.keys() - set(unfinished):
            del self._waiting[gone]
        due, at = [], self._context.steady()
        for instance in unfinished:
            plan = self._waiting.setdefault(instance, _Plan((instance, ""), at))
            if at >= plan.due:
                plan.due = at + plan.pause
                plan.pause = min(plan.pause * 2, _AT_LAST)
                due.append(instance)
        await self._in_parallel(due, lambda instance: self._read_beyond(instance, now))

    async def _read_beyond(self, instance: InstanceId, now: datetime) -> None:
        before = await self._single_reads.known(instance, None)
        found = await self._context.enos.instance(instance)
        if found is None:
            await self._context.store.observe((instance,), (), lambda _: ChangeSet(forget=(instance,)))
            return
        self._begin(await self._single_reads.record(found, before, now, beyond=True), found, now)

    # ── how ──

    async def _in_parallel(self, things: Iterable[_Thing], read: Callable[[_Thing], Awaitable[None]]) -> None:
        """Read them, a few at once. A read is begun in its turn: one that is never reached leaves nothing behind."""

        async def one(thing: _Thing) -> None:
            async with self._turn:
                await self._quietly(read(thing))

        await asyncio.gather(*(one(thing) for thing in things))

    async def _quietly(self, work: Awaitable[None]) -> None:
        """Do it; a failed read does not hold up the others. The alert search reports an outage."""
        try:
            await work
        except Failure as trouble:
            log.info("An incident could not be followed: %s", trouble)
        except Exception as bug:  # noqa: BLE001  logged
            self._log_bug_once(bug)

    def _log_bug_once(self, bug: Exception) -> None:
        """Log a bug, once: the next tick meets it again."""
        what = f"{type(bug).__name__}: {bug}"[:200]
        if what not in self._bugs:
            if len(self._bugs) >= _BUGS:
                self._bugs.clear()
            self._bugs.add(what)
            log.error("Following an incident hit a bug. The others are still followed.", exc_info=bug)


def _failures(incidents: Iterable[Incident]) -> Iterable[tuple[str, str, str]]:
    for incident in incidents:
        for failure in lifecycle.not_backfilled(incident):
            yield incident.id, failure.instance, failure.end_time


def _success_search(kind: int, incidents: Iterable[Incident], now: datetime) -> Search:
    """The search for good runs since the oldest failure that has none; of one flow where there is only one."""
    followed = tuple(incidents)
    since = min(_since(failure, incident) for incident in followed for failure in _or_newest(incident))
    flows = {incident.flow_id for incident in followed}
    return Search(
        kind=kind,
        since=milliseconds(since),
        until=milliseconds(now + timedelta(days=1)),
        statuses=(int(Status.SUCCESS),),
        expression=str(flows.pop()) if len(flows) == 1 else "",
    )


def _or_newest(incident: Incident) -> Sequence[Occurrence]:
    return lifecycle.not_backfilled(incident) or incident.occurrences[-1:]


def _since(failure: Occurrence, incident: Incident) -> datetime:
    return instance_moment(failure.instance) or incident.opened_at - timedelta(days=1)


def _as_seen(old: Incident, new: Incident, row: Instance, now: datetime) -> tuple[Seen, ...]:
    """The failed instance as seen good, where it succeeded itself: its next failure is a new one."""
    was = any(each.instance == row.id and not each.backfilled for each in old.occurrences)
    is_now = any(each.instance == row.id and not each.backfilled for each in new.occurrences)
    if not was or is_now:
        return ()
    kind = PERIODIC if row.kind is None else row.kind
    return (Seen(row.id, row.flow_id, kind, int(row.status), row.end_time, instance_moment(row.id), now),)

"""What is known around live incidents, and what is drawn of it: from the store only, EnOS is not asked.

    a failure is reported, or more is learned of it     all that is known of its flow is filled in
    a tick: causes and consequences                     an incident and its cause each show the other as it is now
    a tick: what nobody filled in, or is out of date    filled in again, a few at a time

What is known is read first. Then one transaction compares it with an incident, and writes it together with the edits
of its cards: what has changed meanwhile is seen by the next tick.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from bot.core.flow.model import FlowId, InstanceId
from bot.core.flow.status import Status
from bot.core.history import around, causes
from bot.core.history.background import Background, Cause, MetBefore
from bot.core.history.causes import Flows
from bot.core.history.met_before import met_before, who_ended
from bot.core.history.runs import PastRun
from bot.core.history.usual import usual_duration
from bot.core.incident import lifecycle
from bot.core.incident.facts import ChangeSet
from bot.core.incident.lifecycle import Step, Transition
from bot.core.incident.model import Incident, IncidentId
from bot.core.people.model import Person
from bot.messages import incident_posts
from bot.messages.cards.background import LISTED
from bot.work.monitor.guarded import guarded

if TYPE_CHECKING:
    from bot.store.store import Store
    from bot.work.monitor.settings import MonitorContext

_WHAT = "What is known around an incident"
LIVE = 5000  # live incidents read in one tick
_CHANGED = 250  # incidents that one tick changes because of their causes
_FILLED = 25  # that one tick fills in
RUNS = 400  # of a flow that is broken
_RUNS_UPSTREAM = 20  # of each flow upstream
_ENDED = timedelta(hours=1)  # after its end an incident is still looked at for so long, as a consequence or a cause


class BackgroundMonitor:
    """Fills in what is known around incidents, and keeps causes and consequences as they are."""

    def __init__(self, context: "MonitorContext") -> None:
        self._context = context
        self._filled: dict[IncidentId, tuple[InstanceId, str]] = {}  # for which failure, and with which error line

    async def tick(self, now: datetime) -> None:
        """Show what has changed around live incidents."""
        live = await self._live()
        flows = await read_flows(self._context.store, live, {each.flow_id for each in live})
        ids = {each.id for each in live}
        changed = 0
        for incident in live:
            changed += await guarded(_WHAT, self._show_cause(incident, flows, ids, now)) or False
            if changed >= _CHANGED:
                break
        await guarded(_WHAT, self._show_consequences(now))
        self._filled = {id_: failure for id_, failure in self._filled.items() if id_ in ids}
        for incident in islice((each for each in live if self._is_out_of_date(each, now)), _FILLED):
            await guarded(_WHAT, self._fill(incident.id, live, now))

    async def fill(self, id_: IncidentId, now: datetime, *, took: timedelta | None = None) -> None:
        """Fill in what is known around an incident; ``took``: how long its newest run took, where that was read."""
        await self._fill(id_, await self._live(), now, took)

    async def _fill(
        self, id_: IncidentId, live: Collection[Incident], now: datetime, took: timedelta | None = None
    ) -> None:
        incident = await self._context.store.incident(id_)
        if incident is None or not lifecycle.is_live(incident):
            return
        newest = incident.occurrences[-1]
        is_new = self._filled.get(id_, ("", ""))[0] != newest.instance
        self._filled[id_] = (newest.instance, newest.error_line)
        flows = await read_flows(self._context.store, live, {incident.flow_id})
        cause = await self._linked(causes.cause_of(incident, flows).cause)
        runs = await self._context.store.past_runs(incident.flow_id, RUNS)
        known = await self._known(incident, runs, now)
        good = next((run.instance for run in runs if run.status == Status.SUCCESS), "")

        def step(old: Incident) -> Step:
            kept = old.background
            lasted = known.took or took or (None if is_new else kept.took)
            full = replace(
                kept,
                usual=known.usual,
                took=lasted,
                next_run=known.next_run,
                waiting=known.waiting,
                waiting_count=known.waiting_count,
                met_before=known.met_before,
                runbook=known.runbook,
            )
            filled = replace(old, background=full, last_success=old.last_success or good)
            new, _ = causes.compared(filled, cause, {each.id for each in live}, now)
            # A newer failure has a background of its own.
            is_about = lifecycle.is_live(old) and old.occurrences[-1].instance == newest.instance
            return (new, Transition.ENRICHED) if is_about and new != old else (old, _SAME)

        await self._change(incident, now, step)

    async def _live(self) -> tuple[Incident, ...]:
        return await self._context.store.incidents(live=True, limit=LIVE)

    async def _show_cause(self, incident: Incident, flows: Flows, live: Collection[str], now: datetime) -> bool:
        """Show the cause of an incident as it is now; whether that is another one than before."""
        cause = causes.cause_of(incident, flows).cause
        if not self._has_changed(incident, cause, live, now):
            return False
        cause = await self._linked(cause)
        await self._change(incident, now, partial(causes.compared, cause=cause, live=live, now=now))
        return True

    def _has_changed(self, incident: Incident, cause: Cause | None, live: Collection[str], now: datetime) -> bool:
        new, step = causes.compared(incident, cause, live, now)
        shown = new.background.cause
        lacks_link = shown is not None and bool(shown.incident) and not (shown.link or shown.has_ended)
        return step is not _SAME or lacks_link

    def _is_out_of_date(self, incident: Incident, now: datetime) -> bool:
        newest, known = incident.occurrences[-1], incident.background
        is_filled = self._filled.get(incident.id) == (newest.instance, newest.error_line)
        return not is_filled or (known.next_run is not None and known.next_run <= now)

    async def _known(self, incident: Incident, runs: Sequence[PastRun], now: datetime) -> Background:
        """All but causes and consequences."""
        store, flow = self._context.store, incident.flow_id
        zone = (await self._context.owner_resolver.resolve((), now)).zone
        waiting = await store.downstream(flow)
        runbook = await store.runbook(flow)
        return Background(
            usual=usual_duration(runs),
            took=around.took(runs, incident.occurrences[-1].instance),
            next_run=around.next_run(runs, zone, now),
            waiting=waiting[:LISTED],
            waiting_count=len(waiting),
            met_before=await self._met_before(incident),
            runbook=runbook.text if runbook else "",
        )

    async def _met_before(self, incident: Incident) -> MetBefore | None:
        store = self._context.store
        found, times = await store.same_error(incident)
        if found is None:
            return None
        run = await store.run(found.recovered_by) if found.recovered_by else None
        team, _, user = who_ended(found, run).partition(":")
        link = await store.link(Person(team, user)) if user else None
        return met_before(found, run, times, link.user_name if link else "")

    async def _linked(self, cause: Cause | None) -> Cause | None:
        """The cause with a link to the home card of its incident, where that is in Slack."""
        incident = await self._context.store.incident(IncidentId(cause.incident)) if cause and cause.incident else None
        if cause is None or incident is None:
            return cause
        return replace(cause, link=await self._context.link(await self._context.store.post(incident.home.post)))

    async def _show_consequences(self, now: datetime) -> None:
        """Show in each cause what hangs on it, as that is now."""
        store = self._context.store
        recent = await store.incidents(live=False, since=now - _ENDED, limit=LIVE)  # the live ones, and these
        of_causes = (each.background.cause.incident for each in recent if each.background.cause)
        wanted = {IncidentId(each) for each in of_causes if each}
        wanted.update(each.id for each in recent if each.background.consequences)
        found = await store.consequences(wanted) if wanted else {}
        for id_ in sorted(wanted):
            incident = await store.incident(id_)
            if incident is not None and causes.with_consequences(incident, found.get(id_, ()))[1] is not _SAME:
                await self._change(incident, now, partial(causes.with_consequences, found=found.get(id_, ())))

    async def _change(self, incident: Incident, now: datetime, step: Callable[[Incident], Step]) -> None:
        """Take a step of an incident, and draw its cards again."""
        terms = await self._context.terms(now, await self._context.owner_resolver.resolve(incident.owners, now))

        def decide(old: Incident) -> ChangeSet:
            return incident_posts.changed(old, *step(old), terms)

        if (await self._context.store.change(incident.id, decide)).incidents:
            self._context.wake()


async def read_flows(store: "Store", live: Iterable[Incident], flows: Collection[FlowId]) -> Flows:
    """What is known of these flows and of all that they wait for."""
    upstream = await store.upstream(flows) if flows else {}
    known = {*upstream, *(each.id for some in upstream.values() for each in some)}
    newest_first = sorted(live, key=lambda each: each.opened_at, reverse=True)
    return Flows(
        upstream=upstream,
        live={each.flow_id: each for each in newest_first if each.flow_id in known},
        runs=await store.past_runs_of(known, _RUNS_UPSTREAM) if known else {},
        recovered=await store.recovered(known) if known else {},
    )


_SAME = Transition.NOTHING

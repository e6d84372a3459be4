"""Keeps open incidents about late runs up to date: a run has begun, or takes longer; a promise has passed."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.flow.model import FlowId
from bot.core.flow.status import OWN
from bot.core.history.background import Lateness
from bot.core.history.expectations import Expectation
from bot.core.incident.facts import ChangeSet
from bot.core.incident.lifecycle import Transition, is_live
from bot.core.incident.model import Incident
from bot.messages import incident_posts
from bot.messages.cards import incident_replies as replies
from bot.work.monitor.guarded import guarded
from bot.work.monitor.settings import MonitorContext

_WHAT = "An incident about a late run"
_FEW_RUNS = 20  # of a flow; the late one is among them
_WORTH_SAYING = timedelta(minutes=5)  # that a run will take longer than was said


class LateIncidents:
    """Changes the incidents, and says in their threads what has become of promises."""

    def __init__(self, context: MonitorContext) -> None:
        self._context = context

    async def tick(
        self, live: Iterable[Incident], expected: Mapping[FlowId, Expectation], read_since: datetime, now: datetime
    ) -> None:
        """Show what has changed."""
        for incident in live:
            if (late := _late(incident)) is not None:
                promise = expected.get(incident.flow_id)
                await guarded(_WHAT, self._update(incident, late, promise, read_since, now))

    async def _update(
        self, incident: Incident, late: Lateness, promise: Expectation | None, read_since: datetime, now: datetime
    ) -> None:
        await self._find_run(incident, late, now)
        if promise and promise.at <= incident.opened_at:  # neither taken back nor changed since
            await self._say_late(incident, late, read_since, now)

    async def _say_late(self, incident: Incident, late: Lateness, read_since: datetime, now: datetime) -> None:
        if late.expected is not None and not late.is_past and late.by is not None and late.by < read_since:
            await self._change(incident, lambda old: replace(old, is_past=True), now, says_late=True)

    async def expect(self, incident: Incident, new: Lateness, now: datetime) -> None:
        """Show when a run will be done by what is known now."""
        late = _late(incident)
        if late is None or late.by != new.by or late.expected is None or new.expected is None:
            return
        if abs(new.expected - late.expected) >= _WORTH_SAYING:
            change = {"expected": new.expected, "behind": new.behind, "behind_by": new.behind_by}
            await self._change(incident, lambda old: replace(old, **change), now)  # type: ignore[arg-type]

    async def _find_run(self, incident: Incident, late: Lateness, now: datetime) -> None:
        if not late.is_missing and late.started_at is not None:
            return
        mine = incident.occurrences[-1].instance
        runs = await self._context.store.past_runs(incident.flow_id, _FEW_RUNS)
        run = next((each for each in runs if each.instance == mine), None)
        if run is not None and (late.is_missing or run.started_at is not None):
            await self._change(incident, lambda old: replace(old, is_missing=False, started_at=run.started_at), now)

    async def _change(
        self, incident: Incident, change: Callable[[Lateness], Lateness], now: datetime, *, says_late: bool = False
    ) -> None:
        terms = await self._context.terms(now, await self._context.owner_resolver.resolve(incident.owners, now))

        def decide(old: Incident) -> ChangeSet:
            late = _late(old)
            if late is None or not is_live(old) or (new_late := change(late)) == late:
                return ChangeSet()
            new = replace(old, background=replace(old.background, late=new_late))
            changes = incident_posts.changed(old, new, Transition.ENRICHED, terms)
            if not says_late or new.snooze is not None:
                return changes
            said = incident_posts.in_threads(new, lambda post: replies.late(new, post), terms)
            return replace(changes, posts=(*said, *changes.posts))

        await self._context.store.change(incident.id, decide)
        self._context.wake()


def _late(incident: Incident) -> Lateness | None:
    """Why an incident is about a late run, while nothing of its flow has failed."""
    return incident.background.late if incident.occurrences[-1].status in OWN else None

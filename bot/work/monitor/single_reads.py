"""Single reads of an instance, compared with what was known before they were asked.

A single read and a search may overlap: what a search has written meanwhile is newer, and the single read is dropped.
Within the window only the search reports that a failed run failed again, since end times may be printed in another
zone here (enos-api C9: the zone of printed times varies even within one answer).
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from bot.core.flow.model import FlowId, Instance, InstanceId
from bot.core.flow.times import read_time
from bot.core.incident.facts import ChangeSet, Seen, StoredState
from bot.work.monitor import page_facts
from bot.work.monitor.settings import MonitorContext

_STEP, _FARTHEST = timedelta(minutes=15), timedelta(hours=14)  # how zones differ from UTC


class SingleReads:
    """Compares single reads with what is stored, and writes what is new."""

    def __init__(self, context: MonitorContext) -> None:
        self._context = context

    async def known(self, instance: InstanceId, flow: FlowId | None) -> Seen | None:
        """What is stored of an instance now."""
        found: list[Seen] = []

        def look(known: StoredState) -> ChangeSet:
            found.extend(known.seen.values())
            return ChangeSet()

        await self._context.store.observe((instance,), () if flow is None else (flow,), look)
        return found[0] if found else None

    async def record(
        self, found: Instance, before: Seen | None, now: datetime, *, beyond: bool, is_late: bool = False
    ) -> ChangeSet:
        """Write what a single read shows, unless a search has written since ``before``.

        ``beyond``: the instance is outside of the window, where no search sees it fail again. ``is_late``: it was
        reported as late, so that it may be unknown although it is followed.
        """
        terms = await self._context.terms(now, await self._context.owner_resolver.resolve(found.owners, now))
        alerting = terms.alerting

        def decide(known: StoredState) -> ChangeSet:
            seen = known.seen.get(found.id)
            if seen != before or (seen is None and not (beyond and is_late)):
                return ChangeSet()
            failed_before = seen is not None and seen.status in alerting and found.status in alerting
            if failed_before and (not beyond or _same_moment(found.end_time, seen.end_time if seen else "")):
                return ChangeSet()
            return page_facts.decide([found], terms, known)

        changes = await self._context.store.observe((found.id,), (found.flow_id,), decide, since=terms.recent_since)
        count_failures(changes, self._context.occurred)
        return changes


def count_failures(changes: ChangeSet, occurred: Callable[[int], None]) -> None:
    """Call ``occurred`` with the status of each failure that these facts, now written, brought."""
    if isinstance(changes, page_facts.PageFacts):
        for failure in changes.failures:
            occurred(failure.status)


def _same_moment(one: str, other: str) -> bool:
    """Whether two printed times may be the same moment in two zones. An empty first one counts as the same."""
    first, second = read_time(one, timedelta()), read_time(other, timedelta())
    if first is None or second is None:
        return first is None
    apart = abs(first - second)
    return apart <= _FARTHEST and not apart % _STEP

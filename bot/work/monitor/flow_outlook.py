"""Whether a flow is late at a moment, by its usual times or by a promise, as far as history shows."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.core.flow.model import FlowId, InstanceId
from bot.core.history import promise
from bot.core.history.background import FlowRef
from bot.core.history.expectations import Expectation, promises
from bot.core.history.lateness import Due, Reason, Verdict, judge, judge_due, missing_instance
from bot.core.history.promise import Estimate, Known, Promise, judge_promise, run_of
from bot.core.history.runs import PastRun
from bot.core.history.trigger_times import Times, times
from bot.core.history.usual import habits
from bot.core.values import dataclass

if TYPE_CHECKING:
    from bot.store.store import Store

_FEW_RUNS = 120  # of each flow on the way to a promise
_MOST_FLOWS = 200  # on that way
_BACK, _FAR_BACK = timedelta(days=1), timedelta(days=32)
_PROMISED_WITHIN = timedelta(days=2)  # an older promise is news no more
_NEXT_WITHIN = timedelta(days=8)
_FORESEEN = timedelta(hours=12)  # so long before a promise it is watched
_SECOND = timedelta(seconds=1)
_NO_RUN = InstanceId("")


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is expected of a flow, and whether that is so."""

    flow: FlowRef
    verdict: Verdict
    freq: str = ""  # the schedule that history knows
    fire: datetime | None = None  # the trigger time that the verdict is about
    missing: InstanceId = _NO_RUN  # the id of its run, where there is none
    zone: str = ""  # of the promise
    expected: Expectation | None = None
    next_promise: datetime | None = None
    estimate: Estimate | None = None  # of the next promise


class FlowOutlook:
    """Looks at flows. ``learns``: whether a flow without a promise has a usual time."""

    def __init__(self, store: "Store", zone: Callable[[], timedelta | None], *, learns: bool) -> None:
        self._store, self._zone, self._learns = store, zone, learns

    async def of(
        self, flow: FlowRef, expected: Expectation | None, read_since: datetime | None, now: datetime
    ) -> Outlook:
        """Whether a flow is late now."""
        if (expected is not None and expected.by is None) or (expected is None and not self._learns):
            return Outlook(flow, Verdict(Reason.SWITCHED_OFF), expected=expected)
        runs = await self._store.past_runs(flow.id)
        found = times(runs, self._zone(), now)
        if found is None:
            reason = Reason.NO_SCHEDULE if runs else Reason.HISTORY_TOO_SHORT
            return Outlook(flow, Verdict(reason), expected=expected)
        if expected is not None:
            return self._promised(flow, expected, runs, found, read_since, now)
        known = habits(runs, found.freq, found.offset)
        back = max(3 * known.gap, _BACK) if known else _BACK
        verdict = judge(runs, known, found.around(now - back, now), read_since, now)
        return _outlook(flow, verdict, runs, found)

    async def ahead(self, expected: Expectation, now: datetime) -> Outlook | None:
        """The next promise of a flow as far as it can be foreseen; None where there is none soon, or it is kept."""
        coming = next(promises(expected, max(now, expected.at), now + _FORESEEN), None)
        flow = FlowRef(expected.flow_id, expected.flow_name)
        runs = await self._store.past_runs(flow.id, _FEW_RUNS) if coming else ()
        found = times(runs, self._zone(), now)
        if coming is None or found is None:
            return None
        fire = found.last(coming.at, _FAR_BACK)
        if fire is None:
            return None
        estimate = promise.estimate(flow, await self._on_the_way(flow, found.exact(fire), now), now)
        due = Due(fire, coming.at, coming.at)
        reasons = {Promise.WILL_BREAK: Reason.WILL_BE_LATE, Promise.KEPT: Reason.DONE}
        verdict = Verdict(reasons.get(judge_promise(estimate, coming.at), Reason.NOT_DUE), due, run_of(runs, fire))
        return replace(_outlook(flow, verdict, runs, found), estimate=estimate, expected=expected, zone=expected.zone)

    def _promised(
        self,
        flow: FlowRef,
        expected: Expectation,
        runs: tuple[PastRun, ...],
        found: Times,
        read_since: datetime | None,
        now: datetime,
    ) -> Outlook:
        coming = next(promises(expected, now, now + _NEXT_WITHIN), None)
        past = list(promises(expected, max(expected.at, now - _PROMISED_WITHIN), now))
        fire = found.last(past[-1].at, _FAR_BACK) if past else None
        again = coming.at if coming else None
        verdict = Verdict(Reason.NOT_DUE, again=again)
        if fire is not None:
            before = found.last(fire - _SECOND, _FAR_BACK)
            after = next((each for each in found.around(fire, now) if each > fire), None)
            due = Due(fire, past[-1].at, past[-1].at)
            verdict = replace(judge_due(due, (before, after), runs, read_since, now), again=again)
        outlook = _outlook(flow, verdict, runs, found)
        return replace(outlook, zone=expected.zone, expected=expected, next_promise=again)

    async def _on_the_way(self, flow: FlowRef, fire: datetime, now: datetime) -> dict[FlowId, Known]:
        """What is known of a flow and of all that it waits for, directly or not."""
        known = dict[FlowId, Known]()
        fires, front = {flow.id: fire}, {flow.id: flow}  # trigger times to the minute, which ids may not hold
        while front and len(known) < _MOST_FLOWS:
            upstream = await self._store.dependencies(front)
            runs = await self._store.past_runs_of(front, _FEW_RUNS)
            behind = dict[FlowId, FlowRef]()
            for each in front.values():
                mine = runs.get(each.id, ())
                if not mine and each.id != flow.id:
                    continue  # nothing is known of it
                found = times(mine, self._zone(), now)
                at = found.last(fires[each.id], _FAR_BACK) if found else None
                known[each.id] = Known(each, at, mine, upstream.get(each.id))
                for other in upstream.get(each.id, ()):
                    fires.setdefault(other.id, found.exact(at) if found and at else fires[each.id])
                    behind[other.id] = other
            front = {id_: each for id_, each in behind.items() if id_ not in known}
        return known


def _outlook(flow: FlowRef, verdict: Verdict, runs: Iterable[PastRun], found: Times) -> Outlook:
    if verdict.due is None:
        return Outlook(flow, verdict, found.freq)
    fire = found.exact(verdict.due.fire)
    return Outlook(flow, verdict, found.freq, fire, missing_instance(flow.id, fire, runs, found.freq))

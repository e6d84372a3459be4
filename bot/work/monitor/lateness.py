"""Reports runs that are missing, late, or far longer than ever, and promises that cannot be kept.

    tick ─► each flow whose next deadline has come ─► is it late by history? (``core/history/lateness.py``)
              LATE or LONG there ─► one look at EnOS ─► still so: written, with all others of this tick

Nothing is said where history was last read before the deadline: after an outage nobody is told before it has caught
up. What is late together becomes one storm, as failures do.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from typing import Literal

from bot.core.errors import Failure, Refusal
from bot.core.flow.ids import milliseconds
from bot.core.flow.model import PERIODIC, Flow, FlowId, Instance, Search, UserName
from bot.core.flow.status import OwnStatus, Status
from bot.core.health.shared import Said
from bot.core.history import lateness
from bot.core.history.background import FlowRef, Lateness, UsualDuration
from bot.core.history.expectations import Expectation
from bot.core.history.lateness import Due, Reason, Verdict
from bot.core.history.progress import AHEAD
from bot.core.history.runs import PastRun
from bot.core.history.usual import is_by_schedule, usual_duration
from bot.core.incident.facts import ChangeSet, StoredState
from bot.core.incident.model import Incident, IncidentId, Snooze
from bot.core.incident.snoozes import snooze_of
from bot.core.routing.quiet import zone_named
from bot.core.text.shown_times import told_apart
from bot.core.values import dataclass
from bot.work.monitor import page_facts
from bot.work.monitor.flow_outlook import FlowOutlook, Outlook
from bot.work.monitor.guarded import guarded
from bot.work.monitor.late_incidents import LateIncidents
from bot.work.monitor.page_facts import LateRun
from bot.work.monitor.reader import closing
from bot.work.monitor.settings import MonitorContext
from bot.work.monitor.single_reads import count_failures

log = logging.getLogger(__name__)

_WHAT = "Looking whether flow {} is late"

AUTO, EXPECTED, OFF = "auto", "expected", "off"  # FLOWBOT_LATE
_MOST_FLOWS = 50  # looked at in one tick
_AT_ONCE = 100  # incidents written in one transaction
_LIVE = 5000  # incidents read in one tick
_FLOWS_EVERY = timedelta(minutes=1)  # new flows are looked for
_SOON, _LATER = timedelta(minutes=1), timedelta(hours=6)
_LEARNED_FOR = timedelta(days=1)  # how long a usual duration is remembered
_REASONS = frozenset(reason.value for reason in Reason)  # another version may know others
_AGAIN_SOON = frozenset({Reason.READ_TOO_OLD, Reason.UNREADABLE, Reason.NOT_AS_IN_HISTORY})


@dataclass(frozen=True, slots=True)
class _Found:
    """A run that is late by history, and what EnOS said of it."""

    outlook: Outlook
    verdict: Verdict
    owners: tuple[UserName, ...] = ()
    name: str = ""
    is_refused: bool = False  # EnOS does not show it

    @property
    def about(self) -> tuple[FlowId, Due | None]:
        """What is late by history: a run of a flow, or a promise."""
        return self.outlook.flow.id, self.verdict.due

    @property
    def is_open(self) -> bool:
        """Whether another look soon may tell."""
        return self.verdict.reason in _AGAIN_SOON and not self.is_refused


class LatenessMonitor:
    """Looks for what is late. ``read_since`` says when the last complete read of history began.

    ``fill`` fills in what is known around a new incident, before its card is sent: it may show that nobody is to be
    mentioned. ``show_storms`` does the same for the message of a storm.
    """

    def __init__(
        self,
        context: MonitorContext,
        *,
        mode: str,
        read_since: Callable[[datetime], datetime | None],
        zone: Callable[[], timedelta | None],
        is_reachable: Callable[[], bool],
        fill: Callable[[IncidentId, datetime], Awaitable[None]],
        show_storms: Callable[[], Awaitable[None]],
    ) -> None:
        self._context, self._mode, self._fill, self._show_storms = context, mode, fill, show_storms
        self._read_since, self._is_reachable = read_since, is_reachable
        self._outlooks = FlowOutlook(context.store, zone, learns=mode == AUTO)
        self._incidents = LateIncidents(context)
        self._ticking = asyncio.Lock()
        self._turn = asyncio.Semaphore(context.settings.lane_width)
        self._next: dict[FlowId, datetime] = {}  # when each flow is looked at again
        # when EnOS is asked again about a run, or a promise
        self._asked: dict[tuple[FlowId, Due | None], datetime] = {}
        self._flows: dict[FlowId, FlowRef] = {}
        self._flows_at: datetime | None = None  # when they were listed, by the steady clock
        self._durations: dict[FlowId, tuple[datetime, UsualDuration | None]] = {}
        self._said: dict[FlowId, Said] = {}  # what the last look at EnOS came to

    async def tick(self, now: datetime) -> None:
        """Report what is late at ``now``; to be called every few seconds."""
        since = self._read_since(now)
        if self._mode == OFF or self._ticking.locked() or not self._is_reachable() or since is None:
            return
        async with self._ticking:
            expected = await self._context.store.expectations()
            live = {each.flow_id: each for each in await self._context.store.incidents(live=True, limit=_LIVE)}
            await self._incidents.tick(live.values(), expected, since, now)
            snoozed = await self._context.store.snoozes()
            late = await self._late(expected, live, snoozed, since, now)
            others = await self._promises(expected, live, now)
            if self._mode == AUTO:
                others += await self._long(expected, live, since, now)
            others = self._worth_asking(others, snoozed, now)
            confirmed = await asyncio.gather(*(self._confirmed(each, now) for each in (*late, *others)))
            await self._report([each for each in confirmed if each.verdict.reason in _SAID_AS], now)
            for each in confirmed[: len(late)]:  # not before it is written
                self._next[each.outlook.flow.id] = _again(each.verdict, now, soon=each.is_open)
            for each in confirmed[len(late) :]:
                self._asked[each.about] = _again(each.verdict, now, soon=each.is_open)

    def _worth_asking(self, found: Iterable[_Found], snoozed: Collection[Snooze], now: datetime) -> list[_Found]:
        """Those of which EnOS was not asked lately, and of which somebody would be told."""
        self._asked = {about: min(at, now + _LATER) for about, at in self._asked.items() if at > now}
        awake = (each for each in found if snooze_of(each.outlook.flow.id, now, snoozed) is None)
        return [each for each in awake if each.about not in self._asked]

    async def outlook(self, flow: FlowRef, now: datetime) -> Outlook:
        """What is known and expected of a flow: what ``show`` says."""
        if self._mode == OFF:
            return Outlook(flow, Verdict(Reason.SWITCHED_OFF))
        expected = (await self._context.store.expectations()).get(flow.id)
        ahead = await self._outlooks.ahead(expected, now) if expected else None
        found = await self._outlooks.of(flow, expected, self._read_since(now), now)
        found = replace(found, estimate=ahead.estimate if ahead else None)
        said, due = self._said.get(flow.id), found.verdict.due
        if (
            said is None
            or due is None
            or found.verdict.reason is not Reason.LATE
            or said[1:] != (due.fire, due.deadline)
        ):
            return found
        return replace(found, verdict=replace(found.verdict, reason=Reason(said[0])))

    @property
    def said(self) -> Mapping[FlowId, Said]:
        """What a look at EnOS came to, of flows that seemed late by history."""
        return self._said

    def learn(self, said: Mapping[FlowId, Said]) -> None:
        """Know what another process saw."""
        self._said = {id_: each for id_, each in said.items() if each[0] in _REASONS}

    def _say(self, flow: FlowId, verdict: Verdict) -> None:
        if verdict.due is not None:
            self._said[flow] = verdict.reason.value, verdict.due.fire, verdict.due.deadline

    # ── late by history ──

    async def _late(
        self,
        expected: Mapping[FlowId, Expectation],
        live: Collection[FlowId],
        snoozed: Collection[Snooze],
        since: datetime,
        now: datetime,
    ) -> list[_Found]:
        found = list[_Found]()
        for flow in await self._due(now):
            outlook = await guarded(_WHAT.format(flow.id), self._outlooks.of(flow, expected.get(flow.id), since, now))
            if outlook is None:
                self._next[flow.id] = now + _LATER
                continue
            verdict = outlook.verdict
            self._next[flow.id] = _again(verdict, now, soon=verdict.reason in {*_AGAIN_SOON, Reason.LATE})
            log.debug("Flow %s: %s", flow.id, verdict.reason.value)
            if verdict.reason is Reason.LATE and (silent := _silence(flow.id, live, snoozed, now)):
                self._say(flow.id, replace(verdict, reason=silent))
                self._next[flow.id] = _again(verdict, now)
            elif verdict.reason is Reason.LATE:
                found.append(_Found(outlook, verdict))
            await asyncio.sleep(0)  # ten thousand flows take their time
        return found

    async def _due(self, now: datetime) -> list[FlowRef]:
        """The flows to look at now: those whose deadline has come, the longest due first."""
        at = self._context.steady()
        if self._flows_at is None or at - self._flows_at >= _FLOWS_EVERY:
            self._flows = {flow.id: flow for flow in await self._context.store.past_flows()}
            self._flows_at = at
            self._next = {id_: min(self._next.get(id_, now), now + _LATER) for id_ in self._flows}
        due = sorted((when, id_) for id_, when in self._next.items() if when <= now)
        return [self._flows[id_] for _, id_ in due[:_MOST_FLOWS]]

    async def _promises(
        self, expected: Mapping[FlowId, Expectation], live: Mapping[FlowId, Incident], now: datetime
    ) -> list[_Found]:
        """The promises of the next hours that cannot be kept any more."""
        found = list[_Found]()
        for each in expected.values():
            flow = FlowRef(each.flow_id, each.flow_name)
            outlook = await guarded(_WHAT.format(flow.id), self._outlooks.ahead(each, now)) if each.by else None
            if outlook is None or outlook.verdict.reason is not Reason.WILL_BE_LATE:
                continue
            incident = live.get(each.flow_id)
            if incident is None:
                found.append(_Found(outlook, outlook.verdict))
            else:
                await self._incidents.expect(incident, self._lateness(_Found(outlook, outlook.verdict)), now)
        return found

    async def _long(
        self, expected: Mapping[FlowId, Expectation], live: Collection[FlowId], since: datetime, now: datetime
    ) -> list[_Found]:
        found = list[_Found]()
        for run in await self._context.store.running():
            if run.started_at is None or not is_by_schedule(run) or run.flow_id in live or run.flow_id in expected:
                continue
            verdict = lateness.judge_running(run, await self._usual(run, now), since, now)
            if verdict.reason is Reason.LONG:
                found.append(_Found(Outlook(FlowRef(run.flow_id, run.flow_name), verdict), verdict))
        return found

    async def _usual(self, run: PastRun, now: datetime) -> UsualDuration | None:
        learned_at, usual = self._durations.get(run.flow_id, (now - _LEARNED_FOR, None))
        if not timedelta() <= now - learned_at < _LEARNED_FOR:
            usual = usual_duration(await self._context.store.past_runs(run.flow_id, 2400))
            self._durations[run.flow_id] = (now, usual)
        return usual

    # ── one look at EnOS ──

    async def _confirmed(self, found: _Found, now: datetime) -> _Found:
        """The same after one look; any doubt is silence."""
        async with self._turn:
            try:
                looked = await self._looked(found, now)
            except Failure as trouble:
                log.info("Whether flow %s is late could not be read: %s", found.outlook.flow.id, trouble)
                unreadable = replace(found.verdict, reason=Reason.UNREADABLE)
                looked = replace(found, verdict=unreadable, is_refused=isinstance(trouble, Refusal))
            except Exception:
                log.exception(
                    "Whether flow %s is late hit a bug. The others are still looked at.", found.outlook.flow.id
                )
                unreadable = replace(found.verdict, reason=Reason.UNREADABLE)
                looked = replace(found, verdict=unreadable, is_refused=True)
        verdict = looked.verdict
        self._say(found.outlook.flow.id, verdict)
        log.info("Flow %s: %s", found.outlook.flow.id, verdict.reason.value)
        return looked

    async def _looked(self, found: _Found, now: datetime) -> _Found:
        flow_id, verdict = found.outlook.flow.id, found.verdict
        if verdict.reason is Reason.LONG and verdict.run is not None:
            run = await self._context.enos.instance(verdict.run.instance)
            verdict = lateness.confirm_running(verdict, run)
            return replace(found, verdict=verdict, owners=run.owners if run else (), name=run.flow_name if run else "")
        flow = await self._context.enos.flow(flow_id)
        runs = await self._runs(flow, found, now)
        return replace(
            found,
            verdict=lateness.confirm(verdict, found.outlook.freq, flow, runs),
            owners=flow.owners,
            name=flow.name,
        )

    async def _runs(self, flow: Flow, found: _Found, now: datetime) -> Sequence[Instance]:
        """The flow's runs since the one that is late; where there is none, EnOS is asked for it by its id, too."""
        due = found.verdict.due
        since = due.fire if due else now
        terms = Search(
            PERIODIC,
            milliseconds(since),
            milliseconds(now + AHEAD),
            tuple(int(status) for status in Status),
            expression=str(flow.id),
        )
        runs = list[Instance]()
        async with closing(self._context.enos.search(terms)) as pages:
            async for page in pages:
                runs += (row for row in page.rows if row.flow_id == flow.id)
                break
        if found.verdict.run is None and not runs:
            run = await self._context.enos.instance(found.outlook.missing)
            runs += [run] if run is not None else []
        return runs

    # ── what is written ──

    async def _report(self, late: Sequence[_Found], now: datetime) -> None:
        for some in (late[at : at + _AT_ONCE] for at in range(0, len(late), _AT_ONCE)):
            owners = {owner for each in some for owner in each.owners}
            terms = await self._context.terms(now, await self._context.owner_resolver.resolve(owners, now))
            runs = [LateRun(self._row(each), self._lateness(each)) for each in some]

            def decide(known: StoredState, runs: Iterable[LateRun] = tuple(runs)) -> ChangeSet:
                return page_facts.decide_late(runs, terms, known)  # noqa: B023  called at once

            changes = await self._context.store.observe(
                [each.row.id for each in runs], [each.row.flow_id for each in runs], decide, since=terms.recent_since
            )
            count_failures(changes, self._context.occurred)
            for incident in changes.incidents:
                if incident.threads:  # those of a storm wait for their turn
                    await self._fill(incident.id, now)
            self._context.wake()
            await self._show_storms()

    def _row(self, found: _Found) -> Instance:
        run, flow = found.verdict.run, found.outlook.flow
        return Instance(
            id=run.instance if run else found.outlook.missing,
            flow_id=flow.id,
            flow_name=found.name or flow.name,
            status=int(_SAID_AS[found.verdict.reason]),
            owners=found.owners,
            kind=PERIODIC,
        )

    def _lateness(self, found: _Found) -> Lateness:
        """What its card says, and why."""
        outlook, verdict, run = found.outlook, found.verdict, found.verdict.run
        zone = zone_named(outlook.zone) if outlook.zone else self._context.settings.timezone
        if verdict.reason is Reason.LONG and run is not None and run.started_at is not None:
            usual = self._durations[run.flow_id][1]
            return Lateness(
                clock=_clock(run.started_at, zone),
                started_at=run.started_at,
                longest=usual.longest if usual else None,
                runs=usual.runs if usual else 0,
            )
        due = verdict.due
        usual_time = due.usual if due else None
        return Lateness(
            fire=outlook.fire,
            by=due.by if due else None,
            clock=_clock(due.by, zone) if due else "",
            promised=usual_time is None,
            is_missing=run is None,
            started_at=run.started_at if run else None,
            done=usual_time.done if usual_time else 0,
            runs=usual_time.runs if usual_time else 0,
            kind=usual_time.kind.value if usual_time else "",
            expected=outlook.estimate.end if outlook.estimate else None,
            behind=outlook.estimate.behind.flow if outlook.estimate and outlook.estimate.behind else None,
            behind_by=outlook.estimate.behind.late if outlook.estimate and outlook.estimate.behind else None,
        )


def _again(verdict: Verdict, now: datetime, *, soon: bool = False) -> datetime:
    """When a flow is looked at again."""
    return now + _SOON if soon else min(verdict.again or now + _LATER, now + _LATER)


def _clock(at: datetime, zone: tzinfo) -> str:
    """A time on a clock, with its zone: what a phone shows has no time zone of its reader."""
    return f"{told_apart(at.astimezone(zone))} {zone}"


def _silence(
    flow: FlowId, live: Collection[FlowId], snoozed: Iterable[Snooze], now: datetime
) -> Literal[Reason.FAILING_ALREADY, Reason.SNOOZED] | None:
    """Why nobody is told of a flow that is late."""
    if flow in live:
        return Reason.FAILING_ALREADY
    return Reason.SNOOZED if snooze_of(flow, now, snoozed) is not None else None


_SAID_AS: Mapping[Reason, OwnStatus] = {
    Reason.LATE: OwnStatus.LATE,
    Reason.WILL_BE_LATE: OwnStatus.LATE,
    Reason.LONG: OwnStatus.LONG,
}

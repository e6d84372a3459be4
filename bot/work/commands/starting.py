"""Starting: trigger and rerun, with the care that a second start of the same data deserves.

The id of a new instance is known in advance (flow id and UTC minute). So the row is written before the call;
a lost answer is looked up (``progress.py``) and never sent again; and within EnOS's minute a second start is refused.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from bot.core.command.parse import far_off, say, trigger_time
from bot.core.command.requests import FlowRef, Rerun, Trigger, When
from bot.core.errors import Failure, Refused, Unclear
from bot.core.flow.ids import expected_instance
from bot.core.flow.model import (
    KINDS,
    Flow,
    FlowId,
    InstanceId,
    Parameter,
    Search,
    TaskId,
)
from bot.core.flow.rerun import (
    MINUTE,
    REACH,
    Plan,
    first_free,
    minutes,
    plan,
)
from bot.core.flow.times import milliseconds
from bot.core.incident.facts import Run
from bot.core.text.escape import code
from bot.core.text.likeness import likeness
from bot.core.text.shown_times import ago, minute_in_utc, on_the_clock
from bot.messages.cards import answers, flows, runs
from bot.work.commands import reply, targets
from bot.work.commands.context import Answer, Ask, Rooms

_STARTED = frozenset({"asked", "running", "ended"})  # states of a run that holds its minute


@dataclass(frozen=True, slots=True)
class Start:
    """What is about to be started."""

    flow: Flow
    at: datetime  # the data time
    task: TaskId | None = None
    task_name: str = ""
    parameters: tuple[Parameter, ...] = ()  # all of them, as sent; empty where none is changed
    notes: str = ""

    @property
    def at_ms(self) -> int:
        """The data time, epoch milliseconds."""
        return milliseconds(self.at)

    @property
    def action(self) -> str:
        """The platform's name of the call."""
        return "triggerFromTask" if self.task is not None else "updateAndTrigger" if self.parameters else "trigger"


async def trigger(rooms: Rooms, ask: Ask, request: Trigger) -> Answer:
    """Start a run: of the whole flow, from a task, or once with changed parameters."""
    flow = await targets.owned_flow(rooms, ask, await targets.flow_id(rooms, ask, request.flow, exact=True))
    at = trigger_time(request, ask.now, ask.zone)
    names = {task.id: task.name for task in flow.graph.tasks}
    # A graph that could not be read shows no task at all: then EnOS knows better.
    if request.task is not None and names and request.task not in names:
        listed = ", ".join(f"`{id_}` {flows.short(name)}" for id_, name in list(names.items())[:8])
        raise Refused(
            "unknown_task",
            f"Flow {flow.id} has no task {request.task}, so nothing was started.",
            f"Its tasks are: {listed}.",
        )
    changes = tuple(_as_known(flow, each) for each in request.parameters)
    off = far_off(at, ask.now)
    if off and not request.confirmed:
        return await _sure(rooms, ask, replace(request, flow=FlowRef(flow.id), parameters=changes), flow, at, off)
    known = {each.key for each in flow.parameters}
    beginning = runs.Beginning(
        parameters=tuple(rooms.manners.mask.parameter(each) for each in changes),
        unknown_keys=tuple(each.key for each in changes if each.key not in known),
    )
    start = Start(
        flow=flow,
        at=at,
        task=request.task,
        task_name=names.get(request.task, "") if request.task is not None else "",
        parameters=merged(flow, changes) if changes else (),
        notes=runs.notes(beginning),
    )
    return await _start(rooms, ask, start)


async def rerun(rooms: Rooms, ask: Ask, request: Rerun) -> Answer:
    """Start again from the failed task, for the same data time."""
    instance = await targets.instance(rooms, ask, request.instance)
    flow = await targets.owned_flow(rooms, ask, instance.flow_id)
    zone = rooms.platform_zone()
    planned = plan(instance, flow, request.task, zone)
    taken = await _taken_minutes(rooms, ask, flow.id, planned.data_time)
    period = minutes(flow.cycle or instance.cycle, planned.data_time, zone)
    at = first_free(flow.id, period, taken.__contains__)
    if at is None:
        raise await _no_minute(rooms, ask, instance.id, planned, period[-1], taken)
    moved = None if at == planned.data_time else (planned.data_time, at)
    notes = runs.notes(runs.Beginning(skips=planned.skips, moved=moved))
    start = Start(flow=flow, at=at, task=planned.task, task_name=planned.task_name, notes=notes)
    return await _start(rooms, ask, start)


async def _sure(rooms: Rooms, ask: Ask, request: Trigger, flow: Flow, at: datetime, off: str) -> Answer:
    """Ask once about a time that is far off; the button says it whole, in UTC, so that it means the same later."""
    shown = at.astimezone(ask.zone)
    text = (
        f"Start {flows.flow_name(flow.id, flow.name)} for {code(on_the_clock(shown))} ({ask.zone})? "
        f"That is {off}. Nothing was started."
    )
    command = say(replace(request, when=When(minute_in_utc(at)), confirmed=True))
    offers = await reply.fitted(rooms, ask, [("Start it", command)])
    return Answer(answers.told(ask.words, text, post=ask.post, offers=offers), private=True, outcome="asked")


def _as_known(flow: Flow, change: Parameter) -> Parameter:
    """Return the change under the flow's own key, where that is the one it names in another width or form."""
    if any(each.key == change.key for each in flow.parameters):
        return change
    alike = [each.key for each in flow.parameters if likeness(each.key) == likeness(change.key)]
    return Parameter(alike[0], change.value) if len(alike) == 1 else change


def merged(flow: Flow, changes: tuple[Parameter, ...]) -> tuple[Parameter, ...]:
    """Return the flow's whole list with the named keys changed; new keys stand at the end."""
    new = {each.key: each.value for each in changes}
    kept = tuple(Parameter(each.key, new.get(each.key, each.value)) for each in flow.parameters)
    known = {each.key for each in flow.parameters}
    return kept + tuple(each for each in changes if each.key not in known)


async def _start(rooms: Rooms, ask: Ask, start: Start) -> Answer:
    async with rooms.turns.of(start.flow.id):
        run = await _claimed(rooms, ask, start)
    try:
        instance = await _call(rooms, ask, start)
    except Unclear as unclear:
        # A run whose answer was lost keeps its attempt open: the look-up ends it.
        answer = Answer(
            runs.asked(run, unclear.why, zone=rooms.platform_zone()), public=True, in_incident=ask.about(run.flow_id)
        )
        await rooms.store.put_run(run, posts=await reply.posts(rooms, ask, answer))
        rooms.wake()
        return replace(answer, queued=True)
    except Failure:
        await rooms.store.put_run(replace(run, state="not started"))
        raise
    if instance != run.instance:  # the minute was not the expected one: only one row may stand for the run
        await rooms.store.put_run(replace(run, state="not started"))
    run = replace(run, instance=instance, state="running")
    answer = Answer(
        runs.started(run, start.task_name, zone=rooms.platform_zone()), public=True, in_incident=ask.about(run.flow_id)
    )
    posts = await reply.posts(rooms, ask, answer)
    settled = ask.settled(rooms.clock(), request=start.action, answer=run.instance)
    await rooms.store.put_run(run, posts=posts, settle=settled)
    rooms.wake()
    rooms.nudge()
    return replace(answer, queued=True)


async def _claimed(rooms: Rooms, ask: Ask, start: Start) -> Run:
    """Write, before the call, what is about to be started; from then on nobody else starts it."""
    expected = expected_instance(start.flow.id, start.at_ms)
    await _refuse_second_start(rooms, ask, start.flow, expected)
    incident = ask.about(start.flow.id)
    run = Run(
        instance=expected,
        flow_id=start.flow.id,
        flow_name=start.flow.name,
        by=str(ask.person),
        post=ask.post,
        started_at=ask.now,
        channel=incident.channel if incident else ask.said.where.channel,
        thread="" if incident else ask.said.where.thread,
        verb=ask.row.verb,
        incident=incident.id if incident else None,
        attempt=ask.attempt or 0,
        trigger_ms=start.at_ms,
        task=int(start.task or 0),
        parameters=rooms.seal.fingerprint(expected, start.parameters),
        user_id=ask.link.user_id,
        words=ask.words,
        notes=start.notes,
    )
    await rooms.store.put_run(run, linked=ask.proven_link)
    return run


async def _call(rooms: Rooms, ask: Ask, start: Start) -> InstanceId:
    user, flow = ask.link.user_id, start.flow.id
    if start.task is not None:
        return await rooms.enos.trigger_from_task(flow, start.task, start.at_ms, as_user=user)
    if start.parameters:
        return await rooms.enos.trigger_with(flow, start.at_ms, start.parameters, as_user=user)
    return await rooms.enos.trigger(flow, start.at_ms, as_user=user)


async def _refuse_second_start(rooms: Rooms, ask: Ask, flow: Flow, expected: InstanceId) -> None:
    """Refuse within EnOS's minute, naming the run, who started it and when to ask again. Nothing is queued."""
    ours = await rooms.store.run(expected)
    recent = await rooms.store.runs(live=False, flow=flow.id, limit=5)
    holding = [] if ours is None else [ours]
    holding += [run for run in recent if ask.now - run.started_at < MINUTE]
    for run in holding:
        if run.state in _STARTED:
            raise targets.Shown("second_start", second_start(run, ask.now), [("Show", f"show {run.instance}")])
    if await rooms.enos.instance(expected, as_user=ask.link.user_id) is not None:
        raise targets.Shown(
            "minute_taken",
            f"Run {code(expected)} holds that minute already (EnOS does not say who started it), so nothing was "
            f"started. Name another minute with {code('at')}, or ask again in the next one.",
            [("Show", f"show {expected}")],
        )


def second_start(run: Run, now: datetime) -> str:
    """Return why a second start of a flow is refused: which run, who started it, when to ask again."""
    left = (run.started_at + MINUTE - now).total_seconds()
    why = f"That minute is taken, so nothing was started. Name another minute with {code('at')}."
    if left > 0:  # a clock may have been put back: it is never more than a minute
        why = (
            "EnOS takes one start of a flow in a minute, so nothing was started and nothing waits. "
            f"Ask again in {min(60, max(1, int(left)))} s."
        )
    asked = "asked to start" if run.state == "asked" else "started"
    return (
        f"{runs.person_of(run)} {asked} {flows.flow_name(run.flow_id, run.flow_name)} as {code(run.instance)} "
        f"{ago(now - run.started_at)}. {why}"
    )


async def _no_minute(
    rooms: Rooms, ask: Ask, old: InstanceId, planned: Plan, last: datetime, taken: Collection[InstanceId]
) -> targets.Shown:
    """Return the refusal where no minute of the data period is free: which run holds the last, and what remains."""
    holder = expected_instance(planned.flow, milliseconds(last))
    ours = await rooms.store.run(holder)
    found = await rooms.enos.instance(holder, as_user=ask.link.user_id)
    later = (last + number * MINUTE for number in range(1, (planned.data_time + REACH - last) // MINUTE))
    other = first_free(planned.flow, later, taken.__contains__)
    held = runs.Holder(
        id=holder,
        at=last,
        run=ours if ours is not None and ours.state != "not started" else None,
        instance=found,
        asker=ask.person,
        repeats=holder == old,
    )
    again = f"trigger {planned.flow} from {planned.task} at {minute_in_utc(other)}" if other else ""
    return targets.Shown("no_free_minute", runs.no_minute(held, old, again, ask.now), [("Show", f"show {holder}")])


async def _taken_minutes(rooms: Rooms, ask: Ask, flow: FlowId, at: datetime) -> frozenset[InstanceId]:
    """Return which of the next minutes' instance ids exist, by a search of the flow's runs around that time."""
    since = milliseconds(at - MINUTE)
    until = milliseconds(at + REACH + MINUTE)
    found: set[InstanceId] = set()
    for kind in KINDS:
        terms = Search(kind=kind, since=since, until=until, expression=str(flow))
        async for page in rooms.enos.search(terms, newest="trigger_time", as_user=ask.link.user_id):
            found.update(row.id for row in page.rows if row.flow_id == flow)
    exact = expected_instance(flow, milliseconds(at))
    if exact not in found and await rooms.enos.instance(exact, as_user=ask.link.user_id) is not None:
        found.add(exact)
    return frozenset(found)

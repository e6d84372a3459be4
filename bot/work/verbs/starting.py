"""Starting: trigger and rerun, with the care that a second start of the same data deserves.

The id of a new instance is known in advance (flow id and UTC minute). So the row is written before the call;
a lost answer is looked up (``follow.py``) and never sent again; and within EnOS's minute a second start is refused.
"""

import json
from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.cards import flows, runs
from bot.core.errors import Refused, Unclear
from bot.core.escape import code
from bot.core.facts import Run
from bot.core.flows import KINDS, Flow, FlowId, InstanceId, Parameter, Search, TaskId
from bot.core.instance_ids import expected_instance
from bot.core.parse import trigger_time
from bot.core.posts import Body
from bot.core.requests import Rerun, Trigger
from bot.core.rerun import free_minute, plan
from bot.core.rights import Reason
from bot.work import finding, telling
from bot.work.asking import Answer, Ask, Rooms

MINUTE = timedelta(minutes=1)


async def trigger(rooms: Rooms, ask: Ask, request: Trigger) -> Answer:
    """Start a run: of the whole flow, from a task, or once with changed parameters."""
    flow = await finding.owned_flow(rooms, ask, request.flow)
    if not flow.graph.tasks:
        text = await finding.denial(rooms, ask, Reason.NO_TASKS, (), finding.in_words(flow))
        raise finding.Denied(Reason.NO_TASKS, text)
    at = trigger_time(request, ask.now, ask.zone)
    names = {task.id: task.name for task in flow.graph.tasks}
    if request.task is not None and request.task not in names:
        listed = ", ".join(f"{task.id} {task.name}" for task in flow.graph.tasks[:8])
        raise Refused("unknown_task", f"Flow {flow.id} has no task {request.task}.", f"Its tasks are: {listed}.")
    parameters = merged(flow, request.parameters)
    known = {each.key for each in flow.parameters}
    beginning = runs.Beginning(
        words=ask.words,
        parameters=tuple(rooms.manners.mask.parameter(each) for each in request.parameters),
        unknown_keys=tuple(each.key for each in request.parameters if each.key not in known),
        task_name=names.get(request.task, "") if request.task else "",
    )
    return await _start(rooms, ask, flow, at, request.task, parameters if request.parameters else (), beginning)


async def rerun(rooms: Rooms, ask: Ask, request: Rerun) -> Answer:
    """Start again from the failed task, for the same data time."""
    instance = await finding.instance(rooms, ask, request.instance)
    flow = await finding.owned_flow(rooms, ask, instance.flow_id)
    planned = plan(instance, flow, request.task, rooms.platform_zone())
    taken = await _taken_minutes(rooms, ask, flow.id, planned.data_time)
    at = free_minute(flow.id, flow.cycle or instance.cycle, planned.data_time, taken.__contains__)
    if at is None:
        raise Refused(
            "no_free_minute",
            f"Every minute of that data period holds a run of flow {flow.id} already.",
            f"Rerun it in the EnOS console, or say `trigger {flow.id} from {planned.task} at …`",
        )
    moved = ""
    if at != planned.data_time:
        moved = (
            f"The id for {planned.data_time:%H:%M} UTC is taken, so this run stands at {at:%H:%M} UTC "
            "of the same data period."
        )
    beginning = runs.Beginning(words=ask.words, task_name=planned.task_name, skips=planned.skips, moved=moved)
    return await _start(rooms, ask, flow, at, planned.task, (), beginning)


def merged(flow: Flow, changes: tuple[Parameter, ...]) -> tuple[Parameter, ...]:
    """Return the flow's whole list with the named keys changed; new keys stand at the end."""
    new = {each.key: each.value for each in changes}
    kept = tuple(Parameter(each.key, new.pop(each.key, each.value)) for each in flow.parameters)
    return kept + tuple(Parameter(key, value) for key, value in new.items())


async def _start(
    rooms: Rooms,
    ask: Ask,
    flow: Flow,
    at: datetime,
    task: TaskId | None,
    parameters: tuple[Parameter, ...],
    beginning: runs.Beginning,
) -> Answer:
    at_ms = int(at.timestamp() * 1000)
    expected = expected_instance(flow.id, at_ms)
    await _refuse_second_start(rooms, ask, flow, expected)
    where = ask.said.where
    incident = ask.incident if ask.incident is not None and ask.incident.flow_id == flow.id else None
    run = Run(
        instance=expected,
        flow_id=flow.id,
        flow_name=flow.name,
        by=str(ask.person),
        post=ask.post,
        started_at=ask.now,
        channel=incident.channel if incident else where.channel,
        thread=where.thread,
        verb=ask.row.verb,
        incident=incident.id if incident else None,
        attempt=ask.attempt or 0,
        trigger_ms=at_ms,
        task=int(task or 0),
        parameters=json.dumps([[each.key, each.value] for each in parameters]),
        user_id=ask.link.user_id,
        words=ask.words,
    )
    await rooms.store.put_run(run)
    action = "triggerFromTask" if task is not None else "updateAndTrigger" if parameters else "trigger"
    try:
        started = await _call(rooms, ask, flow.id, at_ms, task, parameters)
    except Unclear:
        return await _told(rooms, ask, run, runs.asked(run), outcome="unclear", action=action)
    except Exception:
        await rooms.store.put_run(replace(run, state="not started"))
        raise
    run = replace(run, instance=started or expected, state="running")
    return await _told(rooms, ask, run, runs.started(run, beginning), outcome="done", action=action)


async def _call(
    rooms: Rooms, ask: Ask, flow: FlowId, at_ms: int, task: TaskId | None, parameters: tuple[Parameter, ...]
) -> InstanceId:
    user = ask.link.user_id
    if task is not None:
        return await rooms.enos.trigger_from_task(flow, task, at_ms, as_user=user)
    if parameters:
        return await rooms.enos.trigger_with(flow, at_ms, parameters, as_user=user)
    return await rooms.enos.trigger(flow, at_ms, as_user=user)


async def _told(rooms: Rooms, ask: Ask, run: Run, body: Body, *, outcome: str, action: str) -> Answer:
    """Write the run, what is said about it and the end of the attempt together."""
    incident = ask.incident if run.incident else None
    answer = Answer(body, public=True, in_incident=incident, outcome=outcome)
    posts = await telling.posts(rooms, ask, answer)
    # A run whose answer was lost keeps its attempt open: the look-up ends it.
    settled = ask.settled(outcome, request=action, answer=run.instance) if outcome == "done" else None
    await rooms.store.put_run(run, posts=posts, settle=settled)
    rooms.wake()
    return replace(answer, queued=True)


async def _refuse_second_start(rooms: Rooms, ask: Ask, flow: Flow, expected: InstanceId) -> None:
    """Refuse within EnOS's minute, naming the run, who started it and when to ask again. Nothing is queued."""
    ours = await rooms.store.run(expected)
    if ours is not None and ours.state in {"asked", "running", "ended"}:
        raise finding.Denied(Reason.MAY, second_start(ours, ask.now))
    recent = [
        run
        for run in await rooms.store.runs(live=False, flow=flow.id, limit=5)
        if run.state != "not started" and ask.now - run.started_at < MINUTE
    ]
    if recent:
        raise finding.Denied(Reason.MAY, second_start(recent[0], ask.now))
    other = await rooms.enos.instance(expected, as_user=ask.link.user_id)
    if other is not None:
        raise Refused(
            "minute_taken",
            f"Run {expected} holds that minute already (EnOS does not say who started it).",
            f"Look at it with `show {expected}`, or name another minute with `at`.",
        )


def second_start(run: Run, now: datetime) -> str:
    """Return why a second start of a flow is refused: which run, who started it, when to ask again."""
    left = max(1, int((run.started_at + MINUTE - now).total_seconds()))
    ask_again = f"Ask again in {left} s" if now - run.started_at < MINUTE else "Name another minute with `at`"
    return (
        f"{runs.person_of(run)} started {flows.flow_name(run.flow_id, run.flow_name)} as {code(run.instance)} "
        f"{runs.duration(now - run.started_at)} ago. EnOS takes one start of a flow in a minute, so nothing was "
        f"started and nothing waits. {ask_again}."
    )


async def _taken_minutes(rooms: Rooms, ask: Ask, flow: FlowId, at: datetime) -> frozenset[InstanceId]:
    """Return which of the next minutes' instance ids exist, by a search of the flow's runs around that time."""
    since = int((at - timedelta(hours=1)).timestamp() * 1000)
    until = int((at + timedelta(hours=3)).timestamp() * 1000)
    found: set[InstanceId] = set()
    for kind in KINDS:
        terms = Search(kind=kind, since=since, until=until, expression=str(flow))
        async for page in rooms.enos.search(terms, newest="trigger_time", as_user=ask.link.user_id):
            found.update(row.id for row in page.rows if row.flow_id == flow)
    exact = expected_instance(flow, int(at.timestamp() * 1000))
    if exact not in found and await rooms.enos.instance(exact, as_user=ask.link.user_id) is not None:
        found.add(exact)
    return frozenset(found)

"""Starting: trigger and rerun, so that nothing is started twice for the same data.

The id of a new instance is known in advance (flow id and UTC minute). So the row is written before the call;
a lost answer is looked up (``progress.py``) and never sent again; and within EnOS's minute a second start is refused.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import field, replace
from datetime import datetime, timedelta
from functools import partial

from bot.core.command.parse import say, trigger_time
from bot.core.command.requests import FlowRef, Rerun, Trigger, When
from bot.core.errors import Failure, Refusal, Unclear
from bot.core.flow.graph import BROKEN
from bot.core.flow.ids import expected_instance, milliseconds
from bot.core.flow.model import (
    KINDS,
    Flow,
    FlowId,
    Instance,
    InstanceId,
    Parameter,
    Search,
    TaskId,
)
from bot.core.flow.rerun import (
    MINUTE,
    REACH,
    RerunPlan,
    first_free,
    minutes,
    plan,
)
from bot.core.flow.run import Run, RunState, StartDetails
from bot.core.people.model import ASKED, DONE, AttemptResult, Ending, Outcome
from bot.core.text.escape import code
from bot.core.text.likeness import likeness
from bot.core.text.message import Text, ago, layout, listed, msg, sentences
from bot.core.text.shown_times import minute_in_utc, on_the_clock
from bot.core.values import dataclass
from bot.messages.cards import answers, flows, runs, taken_minutes
from bot.messages.run_posts import started_elsewhere
from bot.work.commands import targets
from bot.work.commands.context import Answer, CommandContext, Services, acted, fit_into_buttons, posts_for, thread_of

# A start farther off than that asks once: it may be a typing error, such as a wrong year. A run may be planned some
# days ahead, and old data are run again; a wrong year is off by a year, less what is left of it or has passed.
_AHEAD, _BEHIND = timedelta(days=7), timedelta(days=180)
UNCONFIRMED = Outcome(Ending.UNCLEAR, "unconfirmed")
# Why a failed run can't be rerun from its failed task, though its flow can run.
_NO_RERUN = frozenset({"parameters_differ", "no_failed_task", "no_single_task", "uncalibrated", "unknown_id_form"})
_HOLDING_STATES = frozenset({RunState.ASKED, RunState.RUNNING, RunState.ENDED})  # the run has its minute for itself


@dataclass(frozen=True, slots=True)
class PlannedStart:
    """What is about to be started."""

    flow: Flow
    at_ms: int  # the trigger time, epoch milliseconds
    task: TaskId | None = None
    task_name: str = ""
    parameters: tuple[Parameter, ...] = ()  # all of them, as sent; empty where none is changed
    details: StartDetails = field(default_factory=StartDetails)
    changes: tuple[Parameter, ...] = ()  # the parameters that were named, with the flow's own keys
    of: Instance | None = None  # the run that is repeated
    is_now: bool = False  # the trigger time is the moment of the start


Begin = Callable[[Services, CommandContext, PlannedStart], Awaitable[Answer]]  # what is done with a plan


async def trigger(services: Services, context: CommandContext, request: Trigger, begin: Begin | None = None) -> Answer:
    """Start a run of the whole flow, from a task, or once with changed parameters; or ``begin`` it otherwise."""
    flow = await targets.owned_flow(
        services, context, await targets.flow_id(services, context, request.flow, exact=True)
    )
    at = context.now if request.when is None else trigger_time(request, request.when, context.now, context.zone)
    names = {task.id: task.name for task in flow.graph.tasks}
    # A graph that could not be read has no tasks at all: then EnOS decides.
    if request.task is not None and names and request.task not in names:
        tasks = [layout("{id} {name}", id=code(str(id_)), name=flows.short(name)) for id_, name in names.items()]
        raise Refusal(
            "unknown_task",
            msg(
                "{flow} has no task {task}. Nothing was started. Its tasks: {tasks}.",
                flow=flows.flow_name(flow.id, flow.name),
                task=code(str(request.task)),
                tasks=listed(tasks[:8], len(tasks)),
            ),
        )
    changes = tuple(_with_known_key(flow, each) for each in request.parameters)
    if not (-_BEHIND <= at - context.now <= _AHEAD or request.confirmed or begin):
        return await _confirmation(
            services, context, replace(request, flow=FlowRef(flow.id), parameters=changes), flow, at
        )
    known = {each.key for each in flow.parameters}
    details = StartDetails(
        parameters=tuple(services.answer_settings.mask.parameter(each) for each in changes),
        unknown_keys=tuple(each.key for each in changes if each.key not in known),
    )
    start = PlannedStart(
        flow=flow,
        at_ms=milliseconds(at),
        task=request.task,
        task_name=names.get(request.task, "") if request.task is not None else "",
        parameters=merged(flow, changes) if changes else (),
        details=details,
        changes=changes,
        is_now=at == context.now,
    )
    return await (begin or started)(services, context, start)


async def rerun(
    services: Services,
    context: CommandContext,
    request: Rerun,
    details: StartDetails | None = None,
    begin: Begin | None = None,
) -> Answer:
    """Start a run again from its failed task, for the same trigger time; or ``begin`` it otherwise."""
    instance = await targets.instance(services, context, request.instance)
    flow = await targets.owned_flow(services, context, instance.flow_id)
    start = await _rerun_of(services, context, instance, flow, request.task, details or StartDetails())
    return await (begin or started)(services, context, start)


async def start_for(
    services: Services, context: CommandContext, flow: Flow, at: datetime, task: TaskId | None = None
) -> Answer:
    """Start a run of a flow, which the asker may change, for the data of a trigger time: all of it, or from a task.

    Where a failed run has that minute, as ``rerun`` does it; where that can't be, or another run has it, in the next
    free minute.
    """
    names = {each.id: each.name for each in flow.graph.tasks}
    held = await services.enos.instance(expected_instance(flow.id, milliseconds(at)), as_user=context.link.user_id)
    if held is not None and held.status in BROKEN:
        try:
            start = await _rerun_of(services, context, held, flow, task, StartDetails())
        except Refusal as refused:
            if refused.reason not in _NO_RERUN:
                raise
        else:
            return await started(services, context, start)
    free = at
    if held is not None:
        taken = await _taken_minutes(services, context, flow.id, at)
        found = first_free(flow.id, minutes(flow.cycle, at, services.platform_zone()), taken.__contains__)
        if found is None:
            raise Refusal("no_free_minute", msg("All minutes of this data date have a run. Nothing was started."))
        free = found
    start = PlannedStart(
        flow=flow,
        at_ms=milliseconds(free),
        task=task,
        task_name=names.get(task, "") if task is not None else "",
        details=StartDetails(moved=None if free == at else (at, free)),
    )
    return await started(services, context, start)


async def _rerun_of(
    services: Services,
    context: CommandContext,
    instance: Instance,
    flow: Flow,
    task: TaskId | None,
    details: StartDetails,
) -> PlannedStart:
    """The start that repeats a run for its data time; raises Refusal where there is none."""
    zone = services.platform_zone()
    planned = plan(instance, flow, task, zone)
    taken = await _taken_minutes(services, context, flow.id, planned.data_time)
    period = minutes(flow.cycle or instance.cycle, planned.data_time, zone)
    at = first_free(flow.id, period, taken.__contains__)
    if at is None:
        raise await _no_minute(services, context, instance.id, planned, period[-1], taken)
    moved = None if at == planned.data_time else (planned.data_time, at)
    return PlannedStart(
        flow=flow,
        at_ms=milliseconds(at),
        task=planned.task,
        task_name=planned.task_name,
        details=replace(details, skips=planned.skips, moved=moved),
        of=instance,
    )


async def _confirmation(
    services: Services, context: CommandContext, request: Trigger, flow: Flow, at: datetime
) -> Answer:
    """Ask once about a trigger time that is far off. The button names it in UTC, so that it means the same later."""
    question = msg(
        "Trigger {flow} for {time} ({zone})?",
        flow=flows.flow_name(flow.id, flow.name),
        time=code(on_the_clock(at.astimezone(context.zone))),
        zone=str(context.zone),
    )
    if at > context.now:
        off = msg("That is {n} days from now.", n=(at - context.now).days)
    else:
        off = msg("That was {n} days ago.", n=(context.now - at).days)
    command = say(replace(request, when=When(minute_in_utc(at)), confirmed=True))
    offers = await fit_into_buttons(services, context, [(msg("Trigger"), command)])
    card = answers.told(context.words, sentences(question, off), post=context.post, offers=offers)
    return Answer(card, private=True, outcome=ASKED)


def _with_known_key(flow: Flow, change: Parameter) -> Parameter:
    """The change under the flow's own key, where the typed key is that one in another width or form."""
    if any(each.key == change.key for each in flow.parameters):
        return change
    alike = [each.key for each in flow.parameters if likeness(each.key) == likeness(change.key)]
    return Parameter(alike[0], change.value) if len(alike) == 1 else change


def merged(flow: Flow, changes: tuple[Parameter, ...]) -> tuple[Parameter, ...]:
    """All of the flow's parameters, with the named keys changed and new keys at the end."""
    new = {each.key: each.value for each in changes}
    kept = tuple(Parameter(each.key, new.get(each.key, each.value)) for each in flow.parameters)
    known = {each.key for each in flow.parameters}
    return kept + tuple(each for each in changes if each.key not in known)


async def started(services: Services, context: CommandContext, start: PlannedStart) -> Answer:
    """Start it, and say so in the message that follows the run."""
    flow, user = start.flow.id, context.link.user_id
    async with services.flow_locks.setdefault(flow, asyncio.Lock()):
        run = await _reserved_run(services, context, start)
    try:
        if start.task is not None:
            instance = await services.enos.trigger_from_task(flow, start.task, start.at_ms, as_user=user)
        elif start.parameters:
            instance = await services.enos.trigger_with(flow, start.at_ms, start.parameters, as_user=user)
        else:
            instance = await services.enos.trigger(flow, start.at_ms, as_user=user)
    except Unclear as unclear:
        # The attempt of a run whose answer was lost stays open: the look-up ends it.
        body = runs.start_unconfirmed(run, unclear.why, zone=services.platform_zone())
        answer = Answer(body, public=True, in_incident=context.about(flow))
        with acted(partial(runs.start_not_noted, run)):
            await services.store.put_run(run, posts=await posts_for(services, context, answer))
        services.wake()
        return replace(answer, queued=True, outcome=UNCONFIRMED)
    except Failure:
        await services.store.put_run(replace(run, state=RunState.NOT_STARTED))
        raise
    expected, run = run, replace(run, instance=instance, state=RunState.RUNNING)
    body = runs.started(run, start.task_name, zone=services.platform_zone())
    answer = Answer(body, public=True, in_incident=context.about(flow))
    with acted(partial(runs.start_not_noted, run)):
        if instance != expected.instance:  # EnOS took another minute than expected: the run keeps one row only
            await services.store.put_run(replace(expected, state=RunState.NOT_STARTED))
        posts = await posts_for(services, context, answer)
        if answer.in_incident:
            zone = services.platform_zone()
            posts += started_elsewhere(run, answer.in_incident, start.task_name, context.now, zone)
        await services.store.put_run(run, posts=posts, attempt_result=attempt_result(run, DONE, services.clock()))
    services.wake()
    if context.row.verb in {"rerun", "retry"}:
        services.incident_actions.changed()
    services.poll_soon(services.steady())
    return replace(answer, queued=True)


def attempt_result(run: Run, outcome: Outcome, now: datetime) -> AttemptResult | None:
    """The end of the attempt that started a run. An attempt that has ended already stays as it ended."""
    if not run.attempt:
        return None
    action = "triggerFromTask" if run.task else "updateAndTrigger" if run.parameters else "trigger"
    return AttemptResult(run.attempt, outcome, now, action, run.user_id, run.instance)


async def free_instance(services: Services, context: CommandContext, start: PlannedStart) -> InstanceId:
    """The id that the run will have.

    Refuses a second start within EnOS's minute: it names the run, who started it and when to ask again.
    """
    expected = expected_instance(start.flow.id, start.at_ms)
    for run in await services.store.runs_of(start.flow.id, expected):
        holds = run.instance == expected or context.now - run.started_at < MINUTE
        if holds and run.state in _HOLDING_STATES:
            raise _second(run, context.now)
    if await services.enos.instance(expected, as_user=context.link.user_id) is not None:
        raise Refusal(
            "minute_taken",
            msg(
                "Run {run} already has that trigger time. EnOS does not say who started it. Nothing was started. "
                "Try again in a minute, or name another time with `at`.",
                run=code(expected),
            ),
            offers=[(runs.VIEW_RUN, f"show {expected}")],
        )
    return expected


async def _reserved_run(services: Services, context: CommandContext, start: PlannedStart) -> Run:
    """Write, before the call, what is about to be started: from then on a second start of it is refused."""
    flow, expected = start.flow, await free_instance(services, context, start)
    incident = context.about(flow.id)
    run = Run(
        instance=expected,
        flow_id=flow.id,
        flow_name=flow.name,
        by=str(context.incoming.by),
        post="" if context.quiet else context.post,
        started_at=context.now,
        channel=thread_of(context, incident).channel if incident else context.incoming.origin.channel,
        thread="" if incident else context.incoming.origin.thread,
        verb=context.row.verb,
        incident=incident.id if incident else None,
        attempt=context.attempt or 0,
        trigger_ms=start.at_ms,
        task=int(start.task or 0),
        parameters=services.seal.fingerprint(expected, start.parameters) if start.parameters else "",
        user_id=context.link.user_id,
        words=context.words,
        notes=start.details.kept() if start.details != StartDetails() else "",
    )
    # Asked again as it is written: another replica may be starting one, too.
    held = await services.store.put_run(run, linked=replace(context.link, verified=True), begins=context.now)
    if held is not None:
        raise _second(held, context.now)
    return run


def _second(held: Run, now: datetime) -> Refusal:
    return Refusal("second_start", second_start(held, now), offers=[(runs.VIEW_RUN, f"show {held.instance}")])


def second_start(run: Run, now: datetime) -> Text:
    """Why a second start of a flow is refused: which run, who started it, when to try again."""
    values = {**runs.who_and_what(run), "ago": ago(now - run.started_at), "run": code(run.instance)}
    if run.state is RunState.ASKED:
        first = msg("{person} triggered {flow} {ago} as {run}.", **values)
    else:
        first = msg("{person} started {flow} {ago} as {run}.", **values)
    left = (run.started_at + MINUTE - now).total_seconds()
    if left > 0:  # at most a minute is shown, even where the clock was set back
        seconds = min(60, max(1, int(left)))
        then = msg("EnOS allows one start a minute for each flow. Try again in {n} s.", n=seconds)
    else:
        then = msg("That trigger time is taken, so it was not started again. Name another time with `at`.")
    return sentences(first, then)


async def _no_minute(
    services: Services,
    context: CommandContext,
    old: InstanceId,
    planned: RerunPlan,
    last: datetime,
    taken: Collection[InstanceId],
) -> Refusal:
    """The refusal where no minute of the data period is free: which run has the last one, and which minute is free."""
    holder = expected_instance(planned.flow, milliseconds(last))
    ours = await services.store.run(holder)
    found = await services.enos.instance(holder, as_user=context.link.user_id)
    later = (last + number * MINUTE for number in range(1, (planned.data_time + REACH - last) // MINUTE))
    other = first_free(planned.flow, later, taken.__contains__)
    held = taken_minutes.MinuteHolder(
        id=holder,
        at=last,
        run=ours if ours is not None and ours.state is not RunState.NOT_STARTED else None,
        instance=found,
        asker=context.incoming.by,
        repeats=holder == old,
    )
    again = f"trigger {planned.flow} from {planned.task} at {minute_in_utc(other)}" if other else ""
    text = taken_minutes.no_minute(held, old, again, context.now)
    return Refusal("no_free_minute", text, offers=[(runs.VIEW_RUN, f"show {holder}")])


async def _taken_minutes(
    services: Services, context: CommandContext, flow: FlowId, at: datetime
) -> frozenset[InstanceId]:
    """The instance ids that exist among those of the next minutes, by a search of the flow's runs around ``at``."""
    since = milliseconds(at - MINUTE)
    until = milliseconds(at + REACH + MINUTE)
    found: set[InstanceId] = set()
    for kind in KINDS:
        terms = Search(kind=kind, since=since, until=until, expression=str(flow))
        async for page in services.enos.search(terms, newest="trigger_time", as_user=context.link.user_id):
            found.update(row.id for row in page.rows if row.flow_id == flow)
    exact = expected_instance(flow, milliseconds(at))
    if exact not in found and await services.enos.instance(exact, as_user=context.link.user_id) is not None:
        found.add(exact)
    return frozenset(found)

"""Backfills: plan, ask, begin, pause, stop and continue. ``work/runs/backfiller.py`` starts the runs.

The first answer is for the asker only: what it would start. The press that confirms it writes a row for each start,
then the message, and nothing is called here.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.command.parse import in_words, say
from bot.core.command.requests import Backfill as Request
from bot.core.command.requests import Backfills, FlowRef
from bot.core.errors import Refusal
from bot.core.flow import backfill, backfill_times
from bot.core.flow import schedule as schedules
from bot.core.flow.backfill import (
    LEFT_OUT,
    NOT_DONE,
    Backfill,
    BackfillChange,
    BackfillStart,
    BackfillState,
    StartState,
)
from bot.core.flow.backfill_times import Basis, KnownRun, TriggerTimes
from bot.core.flow.ids import milliseconds
from bot.core.flow.model import KINDS, Flow, FlowId, Search, TaskId, UserId
from bot.core.flow.times import trigger_moment
from bot.core.history.runs import PastRun
from bot.core.history.usual import is_by_schedule, usual_duration
from bot.core.outbox import blocks
from bot.core.outbox.blocks import Block
from bot.core.people.model import ASKED
from bot.core.text.escape import code
from bot.core.text.message import Text, msg
from bot.messages.cards import answers, flows
from bot.messages.cards import backfill_plans as plans
from bot.messages.cards import backfills as cards
from bot.messages.cards.backfill_plans import Plan
from bot.work.commands import targets
from bot.work.commands.context import Answer, CommandContext, Services, link_to, posts_for

MOST_ROWS = 2000  # of one scheduling type that are read for a plan
_HISTORY = 2400  # runs


async def start(services: Services, context: CommandContext, request: Request) -> Answer:
    """Show what a backfill would start, ask once, or begin it."""
    earlier = await _earlier(services, request)
    which = await _which(services, context, request, earlier[0] if earlier else None)
    flow = await targets.owned_flow(services, context, which)
    request = replace(request, flow=FlowRef(flow.id))
    await _only_one(services, await services.store.backfill_of(flow.id))
    task = task_of(flow, TaskId(earlier[0].task) if earlier and earlier[0].task else request.task)
    past = await services.store.past_runs(flow.id, _HISTORY)
    times = _chosen(earlier[1]) if earlier else await _times(services, context, request, flow, past)
    slot = backfill_times.slot_of(times.at, flow.cycle, services.platform_zone() or timedelta())
    slot = earlier[0].slot if earlier else slot
    plan = await _plan(services, context, flow, times, past, slot)
    names = {each.id: each.name for each in flow.graph.tasks}
    seen = backfill_times.digest(flow.id, task or 0, times.at)
    plan = replace(
        plan,
        task_name=(names.get(task) or str(task)) if task is not None else "",
        of=request.again or 0,
        changed=request.confirmed and request.seen not in {"", seen},
    )
    if not plan.wanted:
        raise Refusal("nothing_to_start", plans.nothing_to_start(plan))
    words = flows.schedule(flow, services.schedule_words(flow.freq) if flow.freq else None)
    if request.dry_run:
        return Answer(answers.told(context.words, plans.preview(plan, words), post=context.post), private=True)
    if plan.changed or not request.confirmed:
        offers = [(plans.START, say(replace(request, confirmed=True, seen=seen)))]
        card = answers.told(context.words, plans.question(plan, words), post=context.post, offers=offers)
        return Answer(card, private=True, outcome=ASKED)
    new = Backfill(
        number=0,
        flow_id=flow.id,
        flow_name=flow.name,
        by=context.incoming.by,
        user_name=context.link.user_name,
        at=context.now,
        channel=context.incoming.origin.channel,
        post=context.post,
        basis=times.basis,
        zone=str(context.zone),
        slot=slot,
        task=int(task or 0),
        attempt=context.attempt or 0,
        usual=plan.usual,
    )
    return await _begin(services, context, new, plan)


async def _begin(services: Services, context: CommandContext, new: Backfill, plan: Plan) -> Answer:
    """Write all rows, and then, in one transaction, that it begins, its message and the end of the attempt."""
    starts = tuple(
        BackfillStart(place, at, LEFT_OUT[plan.left[at]] if at in plan.left else StartState.PLANNED)
        for place, at in enumerate(plan.times.at)
    )
    number = await services.store.plan_backfill(new, starts)
    now = services.clock()
    begun = replace(new, number=number, state=BackfillState.RUNNING)
    body = cards.card(begun, starts, now, platform=services.platform_zone())
    answer = Answer(body, public=True)
    posts = await posts_for(services, context, answer)
    result = context.attempt_result(now, answer=str(number), linked=replace(context.link, verified=True))
    shown_now = cards.fingerprint(body)
    other = await services.store.begin_backfill(number, posts, shown=shown_now, attempt_result=result)
    await _only_one(services, other)
    services.wake()
    return replace(answer, queued=True)


async def _only_one(services: Services, other: Backfill | None) -> None:
    """Raise Refusal where the flow has a backfill that has not ended, with a link to that."""
    if other is not None:
        url = await link_to(services, await services.store.post(other.post))
        raise Refusal("backfill_runs", cards.has_one(other, url))


# ── which trigger times ──


async def _earlier(services: Services, request: Request) -> tuple[Backfill, tuple[BackfillStart, ...]] | None:
    """The backfill whose failures are meant."""
    return None if request.again is None else await services.store.backfill(request.again)


async def _which(services: Services, context: CommandContext, request: Request, earlier: Backfill | None) -> FlowId:
    """The flow that is meant. Raises Refusal where it is not that of the ``earlier`` backfill."""
    if earlier is not None and request.flow is None:
        return earlier.flow_id
    which = await targets.flow_id(services, context, request.flow, exact=True)
    if earlier is not None and which != earlier.flow_id:
        raise Refusal(
            "other_flow",
            msg(
                "Backfill {number} is not of flow {flow}. Nothing was started.",
                number=str(earlier.number),
                flow=code(str(which)),
            ),
        )
    return which


def _chosen(starts: Sequence[BackfillStart]) -> TriggerTimes:
    """The trigger times that still need a run."""
    wanted = NOT_DONE | {StartState.PLANNED}
    return TriggerTimes(tuple(each.at for each in starts if each.state in wanted), Basis.CHOSEN)


def task_of(flow: Flow, task: TaskId | None) -> TaskId | None:
    """The task that each run starts from. Raises Refusal where the flow has none such."""
    if task is not None and flow.graph.tasks and all(each.id != task for each in flow.graph.tasks):
        raise Refusal(
            "unknown_task",
            msg(
                "Flow {flow} has no task {task} now. Nothing was started. {command} lists its tasks.",
                flow=code(str(flow.id)),
                task=code(str(task)),
                command=in_words(f"show {flow.id}"),
            ),
        )
    return task


async def _times(
    services: Services, context: CommandContext, request: Request, flow: Flow, past: Sequence[PastRun]
) -> TriggerTimes:
    """The trigger times between two dates, which have passed."""
    if not request.begin or not request.end:
        raise Refusal(
            "no_dates",
            msg("From when to when? Write both dates. Nothing was started."),
            msg("For example: {example}.", example=in_words(f"backfill {flow.id} from 2026-11-01 to 2026-11-30")),
        )
    zone = context.zone
    first, last = backfill_times.days(request.begin, request.end, context.now, zone)
    backfill_times.check_days(first, last, context.now.astimezone(zone).date(), zone)
    if request.every:
        found = backfill_times.every(Basis(request.every), first, last, zone)
    else:
        known = schedules.read(flow.freq)
        runs = [(run.instance, run.freq) for run in past if is_by_schedule(run)]
        offset = backfill_times.schedule_offset(flow.freq, runs, services.platform_zone(), context.now)
        if known is not None and offset is not None:
            found = backfill_times.by_schedule(known, offset, first, last, zone)
        else:
            found = replace(backfill_times.every(Basis.DAY, first, last, zone), basis=Basis.MIDNIGHT)
    found = backfill_times.until_now(found, context.now)
    backfill_times.check_number(found, request, first, last, zone)
    return found


async def _plan(
    services: Services,
    context: CommandContext,
    flow: Flow,
    times: TriggerTimes,
    past: Sequence[PastRun],
    slot: backfill_times.Slot,
) -> Plan:
    """The plan, without what has a run: as history and EnOS have it."""
    platform = services.platform_zone()
    offset = platform or timedelta()
    listed, all_read = list[KnownRun](), True
    if times.at:
        since = backfill_times.begin_of(times.at[0], slot, offset)
        until = backfill_times.begin_of(times.at[-1], slot, offset) + slot.length
        listed, all_read = await known_runs(services, flow.id, since, until, context.link.user_id)
    known = [*(KnownRun(run.triggered_at, run.status) for run in past), *listed]
    left = backfill_times.left_out(times.at, known, slot, offset)
    usual = usual_duration(past)
    return Plan(
        flow=flow,
        times=times,
        left=left,
        zone=context.zone,
        platform=platform,
        usual=usual.typical if usual is not None else None,
        all_read=all_read,
    )


async def known_runs(
    services: Services, flow: FlowId, since: datetime, until: datetime, user: UserId
) -> tuple[list[KnownRun], bool]:
    """The runs of a flow that EnOS lists for these trigger times, as a user sees them, and whether these are all."""
    found: list[KnownRun] = []
    all_read = True
    for kind in KINDS:
        terms = Search(kind=kind, since=milliseconds(since), until=milliseconds(until), expression=str(flow))
        count = 0
        async for page in services.enos.search(terms, newest="trigger_time", as_user=user):
            count += len(page.rows)
            for row in page.rows:
                at, _ = trigger_moment(row.id, row.trigger_time, services.platform_zone())
                if row.flow_id == flow and at is not None:
                    found.append(KnownRun(at, int(row.status)))
            if count >= MOST_ROWS:
                all_read = all_read and page.last
                break
    return found, all_read


# ── pause, stop, continue ──


async def control(services: Services, context: CommandContext, request: Backfills) -> Answer:
    """Pause, stop or continue a backfill: its owners may; who started it may end it, whatever EnOS shows."""
    found, _ = await services.store.backfill(request.number)
    is_own = found.by == context.incoming.by and request.act != "resume"
    if not is_own:
        await targets.owned_flow(services, context, found.flow_id)
    by, user_name = context.incoming.by, context.link.user_name
    said = answers.told(context.words, cards.acted(found, request.act), post=context.post)
    answer = Answer(said, private=True)
    posts = await posts_for(services, context, answer)
    linked = replace(context.link, verified=not is_own or context.link.verified)

    def decide(now: Backfill, _: Sequence[BackfillStart]) -> BackfillChange:
        return BackfillChange(backfill.pressed(now, request.act, request.turn, by, user_name), posts=posts)

    result = context.attempt_result(services.clock(), answer=str(found.number), linked=linked)
    await services.store.change_backfill(found.number, decide, attempt_result=result)
    services.wake()
    return replace(answer, queued=True)


# ── elsewhere ──


async def shown(services: Services, flow: FlowId) -> list[Block]:
    """The line of ``show`` about a backfill of the flow that has not ended; nothing where there is none."""
    found = await services.store.backfill_of(flow)
    if found is None:
        return []
    now, starts = await services.store.backfill(found.number)
    url = await link_to(services, await services.store.post(now.post))
    return [blocks.section(cards.shown(now, starts, url))]


async def counted(services: Services) -> Text | None:
    """The line of ``status`` about backfills; None where there is none."""
    found = [each.state for each in await services.store.open_backfills()]
    paused = sum(each is BackfillState.PAUSED for each in found)
    return cards.counted(len(found) - paused, paused)

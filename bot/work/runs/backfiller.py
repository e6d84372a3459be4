"""The backfiller: starts the runs of backfills one after the other, each in the name of who started the backfill.

    follow    a run that is under way: what has become of it is read from its row, which ``progress.py`` keeps
    check     before each start: the person, their rights as EnOS has them now, and whether another run has the data
    claim     the audit row, then the start's row, where nobody has paused meanwhile; only then the call
    show      the one message, where it changes, at most every three seconds

After a crash a start that was claimed has a run, which is followed, or it has none: then nothing was called, and it is
planned again. A call whose answer was lost is looked up (``progress.py``), and never repeated.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.command import requests
from bot.core.command.parse import say
from bot.core.command.requests import FlowRef, Trigger, When
from bot.core.command.rights import Caller
from bot.core.command.table import BY_REQUEST
from bot.core.errors import Failure, Refusal, TemporaryFailure, Unclear, internal_error
from bot.core.flow import backfill, backfill_times
from bot.core.flow.backfill import (
    NO_MINUTE,
    VERB,
    WAITS,
    Backfill,
    BackfillChange,
    BackfillStart,
    BackfillState,
    Next,
    PauseReason,
    StartState,
)
from bot.core.flow.model import Flow, FlowId, TaskId
from bot.core.flow.run import Run
from bot.core.outbox.conversations import SLACK_FAILURES
from bot.core.outbox.posts import Lane, NewPost, PostId, PostKind
from bot.core.people.model import (
    Attempt,
    AttemptResult,
    Ending,
    IncomingMessage,
    Link,
    Origin,
    Outcome,
    Profile,
    Surface,
    part_key,
)
from bot.core.text.message import Text
from bot.core.text.shown_times import minute_in_utc
from bot.messages.cards import backfills as cards
from bot.work.commands import backfilling, starting, targets
from bot.work.commands.context import CommandContext, Services, outcome_of

log = logging.getLogger(__name__)

SHOW_EVERY = timedelta(seconds=3)
_RUNS = 50  # newest runs of a flow among which a start's own is searched
_WAIT = timedelta(seconds=30)  # after EnOS did not answer, or the minute was taken
_INTERRUPTED = Outcome(Ending.OUTAGE, "interrupted")
_HALTED = Outcome(Ending.REFUSED, "backfill_halted")  # somebody paused or stopped it meanwhile


class Backfiller:
    """Moves backfills on."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._waits: dict[int, datetime] = {}  # until when, by the steady clock
        self._shown: dict[int, datetime] = {}  # when each message was edited last, by the steady clock

    async def tick(self, now: datetime) -> None:
        """Do what is due at ``now``. A failure with one backfill does not stop the others."""
        active = [each.number for each in await self._services.store.open_backfills()]
        for times in (self._waits, self._shown):
            for gone in times.keys() - set(active):
                del times[gone]
        for number in active:
            try:
                await self._move_on(number, now)
                await self._show(number, now)
            except (Failure, *SLACK_FAILURES) as trouble:
                log.info("Backfill %s could not be looked after: %s", number, trouble)
            except Exception:
                log.exception("Backfill %s hit a bug. flowbot tries again.", number)

    async def _move_on(self, number: int, now: datetime) -> None:
        found, starts = await self._services.store.backfill(number)
        runs = await self._runs(found.flow_id)
        match backfill.next_step(found, starts, runs, now):
            case Next.FOLLOW if (current := backfill.progress(starts).current) is not None:
                await self._follow(found, current, runs, now)
            case Next.START:
                start = backfill.next_start(starts)
                waits = self._waits.get(number)
                if start is not None and (waits is None or waits <= self._services.steady()):
                    await self._start(found, start, now)
            case Next.END if self._may_show(number):
                await self._change(found, lambda each, _: BackfillChange(backfill.ended(each, now)), now)
            case _:
                return

    async def _runs(self, flow: FlowId) -> tuple[Run, ...]:
        return await self._services.store.runs(live=False, flow=flow, limit=_RUNS)

    # ── follow ──

    async def _follow(self, found: Backfill, current: BackfillStart, runs: Sequence[Run], now: datetime) -> None:
        """Write what has become of the run that is under way."""
        instance = current.instance
        own = await self._services.store.run(instance) if instance else backfill.own_run(current, runs)
        new = backfill.after_run(current, own, now)
        if new.state is StartState.LOST:
            await self._pause(found, PauseReason.LOST, moved=(current, new))
        elif new.state is StartState.PLANNED:  # nothing was called
            result = AttemptResult(current.attempt, _INTERRUPTED, self._services.clock())
            await self._put(found, current, new, result)
        elif new != current:
            await self._put(found, current, new)

    async def _put(
        self, found: Backfill, old: BackfillStart, new: BackfillStart, result: AttemptResult | None = None
    ) -> None:
        """Write a start, unless it has changed since it was read."""

        def decide(_: Backfill, starts: Sequence[BackfillStart]) -> BackfillChange:
            return BackfillChange(starts=(new,) if old in starts else ())

        await self._services.store.change_backfill(found.number, decide, attempt_result=result)

    # ── check ──

    async def _start(self, found: Backfill, start: BackfillStart, now: datetime) -> None:
        """Start the run for a trigger time, where that may be done at this moment."""
        checked = await self._checked(found, start, now)
        claimed = checked and await self._claim(found, start, checked[0])
        if checked is None or claimed is None:
            return
        services, (context, flow) = self._services, checked
        task = TaskId(found.task) if found.task else None
        try:
            await starting.start_for(services, replace(context, attempt=claimed.attempt), flow, start.at, task)
        except Unclear:  # it was called, and the database did not take what follows: the next tick finds its run
            return
        except Refusal as refusal:
            await self._refused(found, claimed, refusal)
        except TemporaryFailure as failure:
            self._wait(found)
            await self._plan_again(found, claimed, outcome_of(failure))
        except Exception as bug:  # noqa: BLE001  logged there
            await self._hit_a_bug(found, claimed, bug)
        else:
            starts = (await services.store.backfill(found.number))[1]
            await self._follow(found, starts[claimed.place], await self._runs(found.flow_id), now)

    async def _checked(
        self, found: Backfill, start: BackfillStart, now: datetime
    ) -> tuple[CommandContext, Flow] | None:
        """The flow, as who started the backfill may change it at this moment; None where nothing is to be started."""
        services = self._services
        link = await services.store.link(found.by)
        if link is None or link.user_name != found.user_name:
            await self._pause(found, PauseReason.NOT_LINKED)
            return None
        if (await services.slack.profile(found.by.user, team=found.by.team)).deleted:
            await self._pause(found, PauseReason.INACTIVE)
            return None
        context = self._context(found, start, link, now)
        try:
            flow = await targets.owned_flow(services, context, found.flow_id)
            backfilling.task_of(flow, TaskId(found.task) if found.task else None)
            if not await self._is_taken(found, start, link):
                return context, flow
            await self._put(found, start, replace(start, state=StartState.TAKEN))
        except Refusal as refusal:
            await self._pause(found, backfill.refused(refusal.reason), refusal.reason, refusal.sentence)
        except TemporaryFailure:
            self._wait(found)
            raise
        return None

    def _context(self, found: Backfill, start: BackfillStart, link: Link, now: datetime) -> CommandContext:
        """What the code of ``trigger`` needs to know; it posts nothing."""
        services, origin = self._services, Origin(Surface.BACKFILL, found.channel)
        task = TaskId(found.task) if found.task else None
        words = say(Trigger(FlowRef(found.flow_id), task, When(minute_in_utc(start.at))))
        request = requests.Backfill(FlowRef(found.flow_id))
        return CommandContext(
            incoming=IncomingMessage(f"backfill:{found.number}:{start.place}", words, found.by, origin, now),
            request=request,
            row=BY_REQUEST[requests.Backfill],
            words=words,
            caller=Caller(Profile(found.by), link),
            zone=services.answer_settings.timezone,
            now=now,
            post=PostId(services.new_id()),
            changes=True,
            quiet=True,
        )

    async def _is_taken(self, found: Backfill, start: BackfillStart, link: Link) -> bool:
        """Whether another run has the data of this trigger time: it has succeeded, or has not ended."""
        offset = self._services.platform_zone() or timedelta()
        since = backfill_times.begin_of(start.at, found.slot, offset)
        known, _ = await backfilling.known_runs(
            self._services, found.flow_id, since, since + found.slot.length, link.user_id
        )
        return bool(backfill_times.left_out([start.at], known, found.slot, offset))

    # ── claim ──

    async def _claim(self, found: Backfill, start: BackfillStart, context: CommandContext) -> BackfillStart | None:
        """The start, on record and in the audit; None where somebody paused or stopped the backfill meanwhile."""
        store = self._services.store
        attempt = Attempt(
            key=part_key(found.attempt, f"{found.number}.{start.place}"),
            by=found.by,
            channel=found.channel,
            thread="",
            surface=Surface.BACKFILL.value,
            words=context.words,
            verb=VERB,
            at=context.now,
        )
        number = await store.begin_attempt(attempt)
        if number is None:  # a process died right after it had begun it: nothing was called
            entry = await store.attempt_by_key(attempt.key)
            if entry is not None and entry.outcome is None:
                await self._end_attempt(entry.id, _INTERRUPTED)
            number = await store.begin_attempt(attempt)
        if number is None:
            await self._pause(found, PauseReason.LOST)
            return None
        claimed = replace(start, state=StartState.STARTING, attempt=number, started_at=context.now)

        def decide(each: Backfill, starts: Sequence[BackfillStart]) -> BackfillChange:
            free = each.state is BackfillState.RUNNING and each.by == found.by and start in starts
            return BackfillChange(starts=(claimed,) if free else ())

        if (await store.change_backfill(found.number, decide)).starts:
            return claimed
        await self._end_attempt(number, _HALTED)
        return None

    async def _end_attempt(self, attempt: int, outcome: Outcome) -> None:
        await self._services.store.queue([], attempt_result=AttemptResult(attempt, outcome, self._services.clock()))

    # ── where it was not started ──

    async def _refused(self, found: Backfill, claimed: BackfillStart, refusal: Refusal) -> None:
        """Wait, go on with the next one, or pause: as the refusal is about a minute, a trigger time, or all of them."""
        if refusal.reason == NO_MINUTE:
            now = self._services.clock()
            over = replace(claimed, state=StartState.NOT_STARTED, ended_at=now, why=refusal.reason)
            await self._put(found, claimed, over, AttemptResult(claimed.attempt, outcome_of(refusal), now))
            return
        await self._plan_again(found, claimed, outcome_of(refusal))
        if refusal.reason in WAITS:
            self._wait(found)
        else:
            await self._pause(found, backfill.refused(refusal.reason), refusal.reason, refusal.sentence)

    async def _plan_again(self, found: Backfill, claimed: BackfillStart, outcome: Outcome) -> None:
        """Nothing was started: the start waits for its turn again."""
        again = backfill.after_run(claimed, None, self._services.clock())
        await self._put(found, claimed, again, AttemptResult(claimed.attempt, outcome, self._services.clock()))

    async def _hit_a_bug(self, found: Backfill, claimed: BackfillStart, bug: Exception) -> None:
        """Log it and pause. Where there is a run it is followed: a call may have been made."""
        reference = self._services.new_id()[:8]
        log.error("Backfill %s hit a bug as it started a run, reference %s", found.number, reference, exc_info=bug)
        if backfill.own_run(claimed, await self._runs(found.flow_id)) is None:
            await self._plan_again(found, claimed, Outcome(Ending.BUG, reference))
        await self._pause(found, PauseReason.BUG, reference, internal_error(reference))

    def _wait(self, found: Backfill) -> None:
        self._waits[found.number] = self._services.steady() + _WAIT

    async def _pause(
        self,
        found: Backfill,
        reason: PauseReason,
        detail: str = "",
        why: Text | None = None,
        *,
        moved: tuple[BackfillStart, BackfillStart] | None = None,
    ) -> None:
        """Start nothing more until somebody lets it go on, and tell who started it.

        ``moved`` is a start as it was and as it is now, to be written together with that.
        """
        log.info("Backfill %s is paused: %s %s", found.number, reason.value, detail)
        now = self._services.clock()

        def decide(each: Backfill, starts: Sequence[BackfillStart]) -> BackfillChange:
            rows = moved[1:] if moved and moved[0] in starts else ()
            if each.state is not BackfillState.RUNNING:
                return BackfillChange(starts=rows)
            new = backfill.paused(each, reason, detail)
            note = NewPost(
                id=PostId(f"backfill-{each.number}-{new.turn}"),
                kind=PostKind.MESSAGE,
                lane=Lane.ANSWER,
                channel=each.by.user,
                body=cards.paused_note(new, why),
                due=now,
                user=each.by.user,
            )
            return BackfillChange(new, rows, (note,))

        await self._services.store.change_backfill(found.number, decide)
        self._services.wake()

    # ── show ──

    def _may_show(self, number: int) -> bool:
        last = self._shown.get(number)
        return last is None or self._services.steady() - last >= SHOW_EVERY

    async def _show(self, number: int, now: datetime) -> None:
        """Edit the message where it changes."""
        found, starts = await self._services.store.backfill(number)
        if found.state not in backfill.OPEN:
            return
        card = cards.card(found, starts, now, platform=self._services.platform_zone())
        is_over = backfill.next_step(found, starts, (), now) is Next.END  # the next tick ends it, and says so
        if not is_over and cards.fingerprint(card) != found.shown and self._may_show(number):
            await self._change(found, lambda each, _: BackfillChange(each), now)

    async def _change(self, found: Backfill, decide: backfill.Decision, now: datetime) -> None:
        """Change the backfill, and edit its message with it."""
        id_, platform = PostId(self._services.new_id()), self._services.platform_zone()

        def decide_and_show(each: Backfill, starts: tuple[BackfillStart, ...]) -> BackfillChange:
            new = decide(each, starts).backfill or each
            body = cards.card(new, starts, now, platform=platform)
            edit = NewPost(id_, PostKind.EDIT, Lane.ANSWER, new.channel, body, now, target=new.post)
            return BackfillChange(replace(new, shown=cards.fingerprint(body)), posts=(edit,))

        await self._services.store.change_backfill(found.number, decide_and_show)
        self._shown[found.number] = self._services.steady()
        self._services.wake()

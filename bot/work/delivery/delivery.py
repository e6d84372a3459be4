"""Delivery: sends the posts of the outbox to Slack, and writes down what became of each.

    queued ──(due, paced)──► sending ──(call)──► settled by the rules ──► sent, queued again, unclear or given up

A post is marked as being sent before it is handed to Slack, so a death at any point leaves a row that says what
may have happened. Posts in different channels do not wait for each other; within a thread the order is strict.

    failures.py          what a failure concerns               reconciler.py       looks up posts that are unclear
    outcomes.py          what to do after each outcome         lost_messages.py    posts again what people deleted
    circuit_breaker.py   what waits meanwhile                  shared_channels.py  where failures must not be read
    rate_limiter.py      how fast to send                      tables.py           whether Slack takes tables here

Stored times (due, tried again at, settled at) are of the wall clock; times kept in memory are of the steady one.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable, Collection, Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, assert_never

from bot.core.errors import TemporaryFailure
from bot.core.outbox.conversations import SlackOutsideThread, SlackRefused, SlackRefusedTable
from bot.core.outbox.fence import IsSure, fence
from bot.core.outbox.posts import Lane, Post, PostId, PostKind, PostState, carried_id, tells_of_failures
from bot.core.outbox.slack_errors import SHARED_CHANNEL
from bot.work.delivery.alarms import BUG, DEFAULT_CHANNEL, Alarm, Alarms, DeliveryMetrics
from bot.work.delivery.channel_health import ChannelHealth
from bot.work.delivery.circuit_breaker import CircuitBreaker
from bot.work.delivery.failures import FailurePolicy, bug_met
from bot.work.delivery.lost_messages import LostMessages
from bot.work.delivery.outcomes import (
    RECHECK_AFTER,
    Delivered,
    GiveUp,
    MessageLost,
    NextStep,
    OutsideThread,
    Replace,
    Reroute,
    Retry,
    Unclear,
    is_too_late,
    too_late,
)
from bot.work.delivery.rate_limiter import RateLimiter
from bot.work.delivery.reachability import UNREACHED, Reachability
from bot.work.delivery.reconciler import Reconciler
from bot.work.delivery.shared_channels import SharedChannelPolicy
from bot.work.delivery.tables import Tables
from bot.work.ports import Clock, Slack

if TYPE_CHECKING:
    from bot.store.store import Store

log = logging.getLogger(__name__)

IDLE = 10.0  # seconds between two reads of the outbox where nothing wakes the delivery

STORE_PAUSE = timedelta(seconds=1)  # after a write to the database failed
EPOCH = datetime.fromtimestamp(0, tz=UTC)


class Delivery:
    """Sends what is due. One per database; ``tick`` may be called while another ``tick`` is still at work.

    ``admins`` get a direct message when the default channel refuses all posts. ``shared_channels`` may read of
    failures though another organization is in them. ``on_alarm`` gets what an operator has to fix, and once more when
    it is over. ``steady`` never goes back, unlike ``clock``. ``jitter`` returns numbers in [0, 1).
    ``is_sure``: that no other replica can have taken over by now; else nothing is sent.
    """

    def __init__(  # noqa: PLR0913  its collaborators and its settings, by name
        self,
        store: "Store",
        slack: Slack,
        clock: Clock,
        *,
        default_channel: str,
        admins: Sequence[str] = (),
        shared_channels: Collection[str] = (),
        on_alarm: Callable[[Alarm], None],
        metrics: DeliveryMetrics | None = None,
        jitter: Callable[[], float] = random.random,
        steady: Clock | None = None,
        is_sure: IsSure | None = None,
    ) -> None:
        self._store, self._slack, self._clock = store, slack, clock
        self._steady = steady or clock
        self._default_channel = default_channel
        self._alarms = Alarms(on_alarm)
        self._reachability = Reachability(store, clock, self._alarms, admins)
        self.channel_health = ChannelHealth(store, clock, self._reachability, default_channel=default_channel)
        self._metrics = metrics or DeliveryMetrics()
        self._is_sure = is_sure
        self._rate_limiter = RateLimiter()
        self._shared_channels = SharedChannelPolicy(slack, shared_channels)
        self._lost = LostMessages(store, slack, clock, self._alarms, self._reachability)
        self._reconciler = Reconciler(
            store, slack, clock, self._alarms, self._metrics, jitter, self._steady, self._lost
        )
        self._tables = Tables(store, clock)
        self._busy: dict[PostId, Post] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._open_ends: dict[PostId, Callable[[], Coroutine[Any, Any, None]]] = {}  # outcomes whose write failed
        self._circuit_breaker = CircuitBreaker(self._steady, jitter)
        self._failure_policy = FailurePolicy(
            self._circuit_breaker, self._rate_limiter, self._alarms, clock, self._steady, jitter
        )
        self._is_started, self._starting = False, asyncio.Lock()
        self._woken = asyncio.Event()
        self.wake = self._woken.set  # there may be something to send
        self._closing = False
        self._not_before = EPOCH  # nothing begins earlier, since a write failed

    # ── when ──

    async def tick(self, now: datetime) -> None:
        """Send what is due and settle what is unclear; returns when all that this tick began has ended.

        Raises ``TemporaryFailure`` where the store cannot be read.
        """
        while begun := await self._begin(now):
            await asyncio.wait(begun)

    async def run(self) -> None:
        """Deliver until cancelled, woken by ``wake`` and by time."""
        while True:
            self._woken.clear()
            looked, steady = self._clock(), self._steady()
            try:
                await self._begin(looked)
                seconds = await self._pause(looked, steady)
            except TemporaryFailure as trouble:
                log.warning("The outbox cannot be read: %s", trouble)
                seconds = IDLE
            except Exception as bug:
                log.exception("The delivery hit a bug")
                self._alarms.fire(BUG, bug_met(bug))
                seconds = IDLE
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._woken.wait()

    def lost_places(self) -> frozenset[str]:
        """The channels that refuse all posts, and the people whom direct messages do not reach."""
        people = (name.removeprefix(UNREACHED) for name in self._reachability.notes)
        return frozenset((*self.channel_health.unhealthy, *people))

    async def close(self, seconds: float = 10.0) -> None:
        """Begin nothing new and wait for what is under way; what is cut off is looked up at the next start."""
        self._closing = True
        if self._tasks:
            _, cut_off = await asyncio.wait(self._tasks, timeout=seconds)
            for task in cut_off:
                task.cancel()
            await asyncio.gather(*cut_off, return_exceptions=True)

    async def _pause(self, looked: datetime, steadily: datetime) -> float:
        """Seconds in which nothing becomes due that was not yet when the outbox was looked at, by either clock.

        What has become due since then, while the database answered, must not wait for the next look.
        """
        has_due, next_due = await self._store.next_due(looked)
        now, steady = self._clock(), self._steady()
        times = [
            *self._rate_limiter.not_before.values(),
            *(circuit.until for circuit in self._circuit_breaker.circuits.values()),
            *([] if self._reconciler.is_idle else self._reconciler.times()),
        ]
        waits = [(at - steady).total_seconds() for at in times if at > steadily]
        if next_due is not None:
            waits.append((next_due - now).total_seconds())
        return max(0.01, min([*waits, 1.0 if has_due else IDLE]))

    # ── what ──

    async def _begin(self, now: datetime) -> list[asyncio.Task[None]]:
        """Begin what may begin now, as tasks."""
        if self._closing or self._steady() < self._not_before:
            return []
        if not self._is_started:
            await self._start()
        due = await self._store.due(now, limit=1000)
        unclear, twice = await self._store.to_look_up(now - RECHECK_AFTER)
        # From here on nothing is awaited: two ticks never begin the same.
        work: list[Coroutine[Any, Any, None]] = []
        if unclear or twice or not self._reconciler.is_idle:
            work += self._reconciler.due(unclear, twice)
        for id_ in list(self._open_ends):
            work.append(self._end(id_, self._open_ends.pop(id_)))
        steady = self._steady()
        free, forbidden, late = [post for post in due if post.new.id not in self._busy], list[Post](), list[Post]()
        if self._circuit_breaker.circuits:
            free, late = self._not_held(free, now)
        if any(map(tells_of_failures, free)):
            partition = self._shared_channels.partition(free, steady)
            free, forbidden = partition.free, partition.forbidden
            work += partition.checks
        for post in [*self._rate_limiter.choose(free, self._busy.values(), steady), *forbidden, *late]:
            self._busy[post.new.id] = post
            work.append(self._deliver(post, late=post in late))
        tasks = [asyncio.create_task(each) for each in work]
        for task in tasks:
            self._tasks.add(task)  # asyncio itself holds tasks weakly
            task.add_done_callback(self._done)
        return tasks

    def _not_held(self, due: Sequence[Post], now: datetime) -> tuple[list[Post], list[Post]]:
        """The posts that no circuit holds; and those held for so long that they are to be given up."""
        steady = self._steady()
        free = self._circuit_breaker.admitted(
            due, self._busy, steady, lambda post: self._rate_limiter.ready(post, steady)
        )
        admitted = {post.new.id for post in free}
        held = [post for post in due if post.new.id not in admitted and is_too_late(post, now)]
        return free, [
            post for post in held if post.channel != self._default_channel or post.new.lane is not Lane.HOUSEKEEPING
        ]

    async def _start(self) -> None:
        """Mark as unclear what the last process was sending when it ended, and read what it reported."""
        async with self._starting:
            if self._is_started:
                return
            if count := await self._store.mark_interrupted():
                log.info("%d posts were being sent when flowbot stopped. flowbot looks them up.", count)
            if alarm := await self.channel_health.load():
                self._alarms.fire(DEFAULT_CHANNEL, alarm)
            self._shared_channels.remember(self.channel_health.bad(SHARED_CHANNEL))
            await self._tables.load()
            if self._is_sure is not None:
                self._rate_limiter.hold_all(self._steady())  # another replica may have posted anywhere just now
            self._is_started = True

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (bug := task.exception()) is not None:
            log.error("A delivery hit a bug", exc_info=bug)
        self._woken.set()

    # ── one post ──

    async def _deliver(self, post: Post, *, late: bool) -> None:
        """Mark a post as being sent, send it (unless it is too late), and settle it."""
        id_ = post.new.id
        fence.set(self._is_sure)  # for this task
        try:
            current = await self._store.start_sending(id_, self._clock())
            if current is not None and late:
                gone = too_late(current, current.why or "held")
                await self._end(id_, lambda: self._record(current, gone, by_url=False))
            elif current is not None:
                by_url = bool(current.new.response_url) and self._circuit_breaker.may_use_url(current)
                step = await self._step(current, by_url=by_url)
                await self._end(id_, lambda: self._record(current, step, by_url=by_url))
        except TemporaryFailure as trouble:  # not marked, so not sent
            log.warning("Post %s waits for the database: %s", id_, trouble)
            self._not_before = self._steady() + STORE_PAUSE
        finally:
            del self._busy[id_]

    async def _end(self, id_: PostId, end: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Write what became of a post; where that fails, keep it for the next tick."""
        try:
            await end()
        except TemporaryFailure as trouble:
            log.warning("The outcome of post %s waits for the database: %s", id_, trouble)
            self._open_ends[id_] = end
            self._not_before = self._steady() + STORE_PAUSE
        except Exception as bug:
            log.exception("The outcome of post %s could not be stored", id_)
            self._alarms.fire(BUG, bug_met(bug))
            self._open_ends[id_] = partial(self._set_unclear, id_, f"bug: {type(bug).__name__}")
            self._not_before = self._steady() + STORE_PAUSE

    async def _set_unclear(self, id_: PostId, why: str) -> None:
        """Mark a post unclear whose outcome met a bug: it would count as being sent until the next start."""
        now = await self._store.post(id_)
        if now is not None and now.state is PostState.SENDING:
            await self._store.mark_unclear(id_, why, self._clock())
            self._reconciler.became_unclear(now)

    async def _step(self, post: Post, *, by_url: bool) -> NextStep:
        """Hand a post to Slack and decide what follows."""
        new, channel, ts, thread = post.new, post.channel, "", post.new.thread
        try:
            if channel in self._shared_channels.barred and tells_of_failures(post):
                raise SlackRefused(SHARED_CHANNEL)  # noqa: TRY301  the policy decides on it as on Slack's own refusals
            body = self._failure_policy.body(post) if self._failure_policy.bugs else post.body
            if "fallback" in body:
                body = self._tables.form(body)
            match new.kind:
                case PostKind.MESSAGE:
                    id_ = carried_id(new.id, post.generation)
                    channel, ts = await self._slack.post(channel, body, id=id_, thread=thread, broadcast=new.broadcast)
                case PostKind.EDIT:
                    ts = post.ts
                    await self._lost.edit(post, body)
                case PostKind.EPHEMERAL:
                    url = new.response_url if by_url else ""
                    await self._slack.post_ephemeral(channel, new.user, body, thread=thread, response_url=url)
                case PostKind.FILE:
                    ts = await self._slack.upload(  # the file's id
                        channel, body, thread=thread, reserved=lambda file: self._store.set_file_id(new.id, file)
                    )
                case _:
                    assert_never(new.kind)
        except SlackOutsideThread as astray:
            return OutsideThread(astray.channel, astray.ts)
        except SlackRefusedTable as refused:
            return await self._tables.refused(post, refused)
        except Exception as failure:  # noqa: BLE001  bugs too: they are logged by the policy
            return self._failure_policy.after(post, failure, by_url=by_url, default_channel=self._default_channel)
        return Delivered(channel, ts)

    # ── settling ──

    async def _record(self, post: Post, step: NextStep, *, by_url: bool) -> None:
        """Write what became of a post."""
        new, now = post.new, self._clock()
        match step:
            case Delivered(channel, ts):
                await self._store.mark_sent(new.id, channel, ts, now)
                await self._note_success(post, by_url=by_url)
                if post.doubts:
                    self._reconciler.was_resent()
                self._metrics.late(new.lane, max(0.0, (now - new.due).total_seconds()))
            case Retry(seconds, why):
                await self._note_failure(post, why)
                await self._store.requeue(new.id, now + timedelta(seconds=seconds), why)
            case Reroute(channel, why):
                await self._note_failure(post, why)
                await self._store.requeue(new.id, now, why, channel=channel)
            case Replace(other, why):
                await self._store.requeue(new.id, now, why, instead=other)
            case Unclear(why):
                await self._store.mark_unclear(new.id, why, now)
                self._reconciler.became_unclear(post)
            case MessageLost(why):
                await self._lost.edit_refused(post, why)
                self._failure_policy.forget(post)
            case OutsideThread():
                await self._note_success(post, by_url=by_url)
                await self._lost.reply_left_thread(post, step)
            case GiveUp(why):
                await self._give_up(post, why, now)
            case _:
                assert_never(step)
        self._metrics.outcome(new.kind, _NAMES[type(step)])

    async def _give_up(self, post: Post, why: str, now: datetime) -> None:
        await self._note_failure(post, why)
        if await self._lost.board_moved(post, why, self._default_channel):
            self._failure_policy.forget(post)
            return
        if not await self._reachability.failed(post, why):
            log.error("Post %s (%s) was given up: %s", post.new.id, post.new.kind.value, why)
        await self._store.give_up(post.new.id, why, now)
        self._failure_policy.forget(post)

    async def _note_failure(self, post: Post, why: str) -> None:
        await self.channel_health.failed(post, why, bad=self._failure_policy.is_bad_place(post, why))

    async def _note_success(self, post: Post, *, by_url: bool) -> None:
        """Slack accepted a post: end the trouble that it disproves."""
        if not (
            self._alarms.active
            or self._circuit_breaker.circuits
            or self._circuit_breaker.hosts
            or self._failure_policy.bugs
            or self._failure_policy.refusals.places
            or self.channel_health.unhealthy
            or self._reachability.notes
        ):
            return  # no trouble is known
        if self._failure_policy.succeeded(post, by_url=by_url):  # posts that failed meanwhile need not wait any longer
            await self._store.retry_now(self._clock())
        self._lost.edit_accepted(post)
        await self._reachability.succeeded(post)
        if post.channel in self._shared_channels.barred:
            return  # an answer is allowed there; it does not show that failures may be posted too
        if post.new.kind is PostKind.MESSAGE and post.channel == self._default_channel:
            self._alarms.resolve(DEFAULT_CHANNEL)
        await self.channel_health.succeeded(post)


_NAMES: dict[type, str] = {
    Delivered: "sent",
    Retry: "again",
    Reroute: "moved",
    Replace: "plain",
    Unclear: "unclear",
    MessageLost: "lost",
    OutsideThread: "astray",
    GiveUp: "given up",
}

"""The reconciler: finds out what became of a post whose answer was lost, and whether a message was posted twice.

A few seconds after a post became unclear, one look-up in its channel or thread settles all unclear posts there. A
message that was sent again is looked up once more: where its first try arrived after all, the copy is deleted. A
look-up that did not reach the end has shown nothing: it continues later (``search.py``), and nothing is sent.

What only one person sees cannot be looked up. It waits until Slack answers again about that person, and is then sent
once more. A look-up that fails holds those at its place, and no others (``lookup_backoff.py``).

Times kept here are of the steady clock; what is stored of a post, and decided by that, is of the wall clock.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, assert_never

from bot.core.errors import TemporaryFailure
from bot.core.outbox.conversations import SlackFailure, SlackLimited, SlackRefused, SlackUnclear, SlackUnreachable
from bot.core.outbox.posts import Post, PostId, PostKind, PostState
from bot.work.delivery.alarms import BUG, Alarms, DeliveryMetrics
from bot.work.delivery.failures import bug_met
from bot.work.delivery.lookup_backoff import LookupBackoff
from bot.work.delivery.lost_messages import LostMessages
from bot.work.delivery.outcomes import (
    RECHECK_AFTER,
    Delivered,
    GiveUp,
    OutsideThread,
    Replace,
    Reroute,
    Resolution,
    Retry,
    after_failed_lookup,
    after_file,
    after_lookup,
    after_no_file,
    after_unclear,
    duplicates,
    lookup_delay,
    needs_recheck,
)
from bot.work.delivery.search import Copies, Place, Searches
from bot.work.ports import Clock, Slack

if TYPE_CHECKING:
    from bot.store.store import Store

log = logging.getLogger(__name__)

MAX_LOOKUPS = 4  # at once, and as many again for private answers
FILE_CERTAIN_AFTER = 3  # look-ups: Slack may take seconds to list a file's share
_EPHEMERALS = "ephemerals"  # in place of the channel: their places are of one person each
_SINGLE = ""  # in place of the channel: posts that are settled one by one

_HISTORY, _REPLIES, _FILES, _DELETE = "conversations.history", "conversations.replies", "files.info", "chat.delete"


class Reconciler:
    """Looks up what is unclear or may have been posted twice."""

    def __init__(
        self,
        store: "Store",
        slack: Slack,
        clock: Clock,
        alarms: Alarms,
        metrics: DeliveryMetrics,
        jitter: Callable[[], float],
        steady: Clock,
        lost: LostMessages,
    ) -> None:
        self._store = store
        self._slack = slack
        self._clock = clock
        self._steady = steady
        self._alarms = alarms
        self._metrics = metrics
        self._backoff = LookupBackoff(steady, alarms, jitter)
        self._lost = lost
        self._searches = Searches(slack, clock)
        self._lookup_at: dict[PostId, datetime] = {}
        self._file_lookups: dict[PostId, int] = {}  # how often each file was looked up
        self._under_way: set[Place] = set()
        self._recheck_at: datetime | None = None
        self.is_idle = True  # nothing is looked up, and nothing planned

    def became_unclear(self, post: Post) -> None:
        """Plan the look-up of a post."""
        self._lookup_at[post.new.id] = self._steady() + lookup_delay(post.doubts + 1)
        self.is_idle = False

    def was_resent(self) -> None:
        """Plan the look-up of a late double."""
        self._recheck_at = self._steady() + RECHECK_AFTER
        self.is_idle = False

    def times(self) -> list[datetime]:
        """When look-ups are due, by the steady clock."""
        times = [*self._lookup_at.values(), *self._backoff.methods.values()]
        times += [wait.until for wait in self._backoff.places.values()]
        return times if self._recheck_at is None else [*times, self._recheck_at]

    def due(self, unclear: Sequence[Post], sent: Sequence[Post]) -> list[Coroutine[Any, Any, None]]:
        """The look-ups that are due now: of unclear posts, and of messages that may be there twice."""
        steady = self._steady()
        if unclear or self._lookup_at:
            self._remember(unclear, steady)
        ready = [post for post in unclear if self._lookup_at[post.new.id] <= steady]
        if self._backoff.places:
            self._backoff.forget_others({*map(_place, unclear), *map(_message_place, sent)})
        places: dict[Place, tuple[list[Post], list[Post]]] = defaultdict(lambda: ([], []))
        for post in ready:
            places[_place(post)][0].append(post)
        for post in sent:
            places[_message_place(post)][1].append(post)
        work: list[Coroutine[Any, Any, None]] = []
        for place, (asked, again) in places.items():
            if self._may_look_up(place, asked):
                work.append(self._one_at_a_time(place, self._lookup(place, asked, again)))
        self.is_idle = not (places or self._under_way or any(at > steady for at in self.times()))
        return work

    def _may_look_up(self, place: Place, asked: Sequence[Post]) -> bool:
        """Whether a look-up there may begin: no failure holds it, and not too many others are under way."""
        if place in self._under_way or self._backoff.is_waiting(place, _method(place, asked)):
            return False
        category = _category(place)
        return category == _SINGLE or sum(_category(each) == category for each in self._under_way) < MAX_LOOKUPS

    def _lookup(self, place: Place, asked: Sequence[Post], again: Sequence[Post]) -> Coroutine[Any, Any, None]:
        category = _category(place)
        if category == _EPHEMERALS:
            return self._resend_ephemerals(place, asked)
        return (
            self._reconcile_single(place, asked[0])
            if category == _SINGLE
            else self._look_up_messages(place, asked, again)
        )

    def _remember(self, unclear: Sequence[Post], now: datetime) -> None:
        """Plan the look-up of each unclear post, and forget those that are not unclear any longer."""
        self._lookup_at = {
            post.new.id: self._lookup_at.get(post.new.id)
            or now + (timedelta() if _is_outside_thread(post) else lookup_delay(post.doubts))
            for post in unclear
        }
        self._file_lookups = {id_: count for id_, count in self._file_lookups.items() if id_ in self._lookup_at}

    def _one_at_a_time(self, place: Place, work: Coroutine[Any, Any, None]) -> Coroutine[Any, Any, None]:
        """The work, one at a time for a place; where it fails, the place is held and it is repeated later."""
        self._under_way.add(place)

        async def one_at_a_time() -> None:
            try:
                await work
            except TemporaryFailure as trouble:
                log.warning("A look-up waits for the database: %s", trouble)
                self._backoff.failed(place)
            except Exception:
                self._backoff.failed(place)
                raise
            finally:
                self._under_way.discard(place)

        return one_at_a_time()

    # ── messages ──

    async def _look_up_messages(self, place: Place, unclear: Sequence[Post], sent: Sequence[Post]) -> None:
        """Search a channel or thread and settle the posts that were asked about."""
        unclear = [current for post in unclear if (current := await self._if_still_unclear(post))]
        if not (unclear or sent):
            return
        found = await self._find(place, [*unclear, *sent])
        if found is None:
            await self._lookup_failed(place, unclear)
            return
        for post in unclear:
            if (seen := found.get(post.new.id)) is not None:
                await self._record(place, post, _resolution(post, seen, self._clock()))
                await self._delete_copies(place, post, seen.stale)
        for post in sent:
            if (seen := found.get(post.new.id)) is None:
                continue
            if await self._delete_copies(
                place, post, (*duplicates(post, (*seen.in_place, *seen.in_channel)), *seen.stale)
            ):
                now = self._clock()
                again = needs_recheck(post, now)
                await self._store.mark_not_duplicated(post.new.id, again=now if again else None)
                if again:
                    self.was_resent()

    async def _if_still_unclear(self, post: Post) -> Post | None:
        """The post as it is now, if it is still unclear: another tick may have settled it meanwhile."""
        now = await self._store.post(post.new.id)
        return now if now is not None and now.state is PostState.UNCLEAR else None

    async def _lookup_failed(self, place: Place, posts: Sequence[Post]) -> None:
        """A look-up of these failed: they are not sent again, unless that lasts too long."""
        for post in posts:
            step = after_failed_lookup(post, self._clock())
            if step is not None:
                log.warning("Post %s: %s", post.new.id, step.why)
                await self._record(place, post, step)

    async def _find(self, place: Place, posts: Sequence[Post]) -> Mapping[PostId, Copies] | None:
        """Which of the posts are there, and where; None where Slack does not answer, or the end was not reached."""
        try:
            found = await self._searches.of(place, posts)
        except (SlackLimited, SlackRefused, SlackUnclear, SlackUnreachable) as trouble:
            self._failed(place, trouble)
        except Exception as bug:
            log.exception("A look-up hit a bug")
            self._alarms.fire(BUG, bug_met(bug))
            self._backoff.failed(place)
        else:
            if found is not None:
                self._backoff.succeeded(place)
                return found
            log.info("A look-up did not read everything yet. It continues.")
            self._backoff.progressed(place)
            self._backoff.failed(place)
        return None

    def _failed(self, place: Place, trouble: SlackFailure) -> None:
        """Hold the look-ups there for a while; where Slack asked to wait, all those by the same method."""
        match trouble:
            case SlackLimited():
                self._backoff.limited(place, trouble)
            case SlackRefused():
                log.warning("Slack refused a look-up: %s", trouble)
                self._backoff.refused(place, trouble)
            case _:
                log.info("A look-up failed: %s", trouble)
                self._backoff.failed(place)

    async def _record(self, place: Place, post: Post, step: Resolution) -> None:
        """Write what became of a post."""
        now = self._clock()
        match step:
            case Delivered(channel, ts, extra):
                await self._store.mark_sent(post.new.id, channel, ts, now)
                self._metrics.outcome(post.new.kind, "sent")
                if post.attempts > 1:
                    self.was_resent()
                await self._delete_copies(place, post, extra)  # where that fails, a later look-up finds them
            case OutsideThread():
                await self._delete_copies(place, post, step.extra)  # where that fails, a later look-up finds them
                await self._lost.reply_left_thread(post, step)
            case Retry(seconds, why):
                await self._store.requeue(post.new.id, now + timedelta(seconds=seconds), why)
            case Reroute(channel, why):
                await self._store.requeue(post.new.id, now, why, channel=channel)
            case Replace(other, why):
                log.error("Post %s (%s) is replaced by another text: %s", post.new.id, post.new.kind.value, why)
                await self._store.requeue(post.new.id, now, why, instead=other)
            case GiveUp(why):
                log.error("Post %s (%s) was given up: %s", post.new.id, post.new.kind.value, why)
                await self._store.give_up(post.new.id, why, now)
            case _:
                assert_never(step)

    async def _delete_copies(self, place: Place, post: Post, extra: Sequence[str]) -> bool:
        """Delete copies; False where one is left that could still be deleted."""
        for ts in extra:
            try:
                await self._slack.delete(post.channel, ts)
            except SlackRefused as refused:
                log.warning("A duplicate of post %s cannot be deleted: %s", post.new.id, refused)
            except (SlackLimited, SlackUnclear, SlackUnreachable) as trouble:
                self._failed(place, trouble)
                return False
            else:
                log.info("A duplicate of post %s was deleted", post.new.id)
                self._metrics.duplicate()
        return True

    # ── what cannot be looked up in a channel ──

    async def _resend_ephemerals(self, place: Place, posts: Sequence[Post]) -> None:
        """Settle private answers as soon as Slack answers: earlier they would only become unclear again."""
        answered = await self._slack_answers(place, posts[0])
        unclear = [current for post in posts if (current := await self._if_still_unclear(post))]
        if not answered:
            await self._lookup_failed(place, unclear)
            return
        for post in unclear:
            await self._record(place, post, after_unclear(post, self._clock()))

    async def _slack_answers(self, place: Place, post: Post) -> bool:
        """Whether Slack answers a look-up of messages to this person; else hold their look-ups for a while."""
        try:
            await self._slack.find(post.new.user, [post.new.id])
        except (SlackLimited, SlackUnclear, SlackUnreachable) as trouble:
            self._failed(place, trouble)
            return False
        except SlackRefused as refused:
            log.info("Slack answers again, although it refused a look-up: %s", refused)
        self._backoff.succeeded(place)
        return True

    async def _reconcile_single(self, place: Place, post: Post) -> None:
        """Settle an edit, a file, or a reply that is outside of its thread."""
        current = await self._if_still_unclear(post)
        if current is None:
            return
        match current.new.kind:
            case PostKind.MESSAGE:
                await self._reconcile_outside_thread(place, current)
            case PostKind.FILE:
                await self._reconcile_file(place, current)
            case _:
                await self._record(place, current, after_unclear(current, self._clock()))

    async def _reconcile_outside_thread(self, place: Place, post: Post) -> None:
        try:
            step = await self._lost.delete_reply(post)
        except SlackLimited as limited:
            self._backoff.limited(place, limited)
            return
        if step is None:
            self._backoff.failed(place)
        else:
            await self._record(place, post, step)

    async def _reconcile_file(self, place: Place, post: Post) -> None:
        """Settle a file by whether Slack has shown it."""
        shared = False
        if post.ts:
            try:
                shared = await self._slack.shared(post.ts)
            except SlackRefused as refused:
                log.info("Slack did not describe the file of post %s: %s", post.new.id, refused)
            except (SlackLimited, SlackUnclear, SlackUnreachable) as trouble:
                self._failed(place, trouble)
                if (words := after_no_file(post, self._clock())) is not None:
                    await self._record(place, post, words)
                return
        lookups = self._file_lookups[post.new.id] = self._file_lookups.get(post.new.id, 0) + 1
        step = after_file(post, shared=shared, certain=lookups >= FILE_CERTAIN_AFTER, now=self._clock())
        if step is None:
            self._lookup_at[post.new.id] = self._steady() + lookup_delay(lookups)
        else:
            await self._record(place, post, step)


def _resolution(post: Post, seen: Copies, now: datetime) -> Resolution:
    return after_lookup(post, seen.in_place, now, in_channel=seen.in_channel, orphan=seen.orphan)


def _is_outside_thread(post: Post) -> bool:
    """Whether it is a reply outside of its thread, to be deleted there."""
    return post.new.kind is PostKind.MESSAGE and bool(post.ts)


def _place(post: Post) -> Place:
    """The place where an unclear post is looked up: posts of one place wait together where that fails."""
    if post.new.kind is PostKind.EPHEMERAL:
        return _EPHEMERALS, post.new.user
    if post.new.kind is PostKind.MESSAGE and not _is_outside_thread(post):
        return _message_place(post)
    return _SINGLE, str(post.new.id)


def _message_place(post: Post) -> Place:
    return post.channel, post.new.thread


def _category(place: Place) -> str:
    return place[0] if place[0] in (_SINGLE, _EPHEMERALS) else "messages"


def _method(place: Place, asked: Sequence[Post]) -> str | None:
    """The method that a look-up there calls first; None where it calls none."""
    if _category(place) != _SINGLE:
        return _REPLIES if place[1] and place[0] != _EPHEMERALS else _HISTORY
    return {PostKind.MESSAGE: _DELETE, PostKind.FILE: _FILES}.get(asked[0].new.kind)

"""Settling: what became of a post whose answer was lost, and whether one stands twice.

A few seconds after the doubt, one look at a channel or thread settles all that is unclear there. A message that
was sent again is looked at once more: where its first try arrived after all, the copy is deleted.

What one person alone sees cannot be looked up. It waits until Slack answers again, and is then sent once more.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, assert_never

from bot.core.conversations import SlackLimited, SlackRefused, SlackUnclear, SlackUnreachable
from bot.core.errors import Outage
from bot.core.posts import Kind, Post, PostId, State
from bot.core.slack_errors import Verdict, meaning
from bot.work.deliver_alarms import Alarms, Meters
from bot.work.deliver_rules import (
    RECHECK_AFTER,
    Again,
    Drop,
    Move,
    Settled,
    Stands,
    after_doubt,
    after_file,
    after_look,
    backoff,
    doubles,
    look_after,
    looks_again,
)
from bot.work.ports import Clock, Slack
from bot.work.ports_store import Store

log = logging.getLogger(__name__)

LOOKS = 4  # at once
FILE_CERTAIN_AFTER = 3  # looks: Slack may take seconds to know of a file's share
Place = tuple[str, str]  # channel and thread

_WHISPERS = ("", "whispers")

_NOTHING_THERE = frozenset({Verdict.ELSEWHERE, Verdict.OUTSIDE, Verdict.GONE})  # no place, so no message in it


class Settling:
    """Looks up what is unclear or may stand twice."""

    def __init__(
        self,
        store: Store,
        slack: Slack,
        clock: Clock,
        alarms: Alarms,
        meters: Meters,
        jitter: Callable[[], float],
        steady: Clock,
    ) -> None:
        self._store = store
        self._slack = slack
        self._clock = clock
        self._steady = steady
        self._alarms = alarms
        self._meters = meters
        self._jitter = jitter
        self._look_at: dict[PostId, datetime] = {}
        self._looks: dict[PostId, int] = {}  # of a file
        self._looking: set[Place] = set()
        self._not_before: datetime | None = None  # looks failed; none before
        self._failed = 0
        self._again_at: datetime | None = None

    def doubted(self, post: Post) -> None:
        """Remember when to look a post up."""
        self._look_at[post.new.id] = self._steady() + look_after(post.doubts + 1)

    def resent(self) -> None:
        """Remember when to look for a late double."""
        self._again_at = self._steady() + RECHECK_AFTER

    def next_time(self, now: datetime) -> datetime | None:
        """Return when the next look is due; times are of the steady clock."""
        times = [*self._look_at.values(), self._again_at, self._not_before]
        return min((at for at in times if at is not None and at > now), default=None)

    async def due(self, now: datetime) -> list[Coroutine[Any, Any, None]]:
        """Return the looks that are due now."""
        steady = self._steady()
        if self._not_before is not None and self._not_before > steady:
            return []
        unclear = await self._store.unclear()
        self._remember(unclear, steady)
        ready = [post for post in unclear if self._look_at[post.new.id] <= steady]
        sent = await self._store.doubtful(now - RECHECK_AFTER)
        work: list[Coroutine[Any, Any, None]] = []
        whispers = [post for post in ready if post.new.kind is Kind.WHISPER]
        if whispers and _WHISPERS not in self._looking:
            work.append(self._guarded(_WHISPERS, self._whispered(whispers)))
        places: dict[Place, tuple[list[Post], list[Post]]] = defaultdict(lambda: ([], []))
        for post in ready:
            if post.new.kind is Kind.MESSAGE:
                places[_place(post)][0].append(post)
            elif post not in whispers and (place := ("", str(post.new.id))) not in self._looking:
                work.append(self._guarded(place, self._without_look(post)))
        for post in sent:
            places[_place(post)][1].append(post)
        for place, (asked, again) in places.items():
            if place not in self._looking and len(self._looking) < LOOKS:
                work.append(self._guarded(place, self._look(place, asked, again)))
        return work

    def _remember(self, unclear: Sequence[Post], now: datetime) -> None:
        """Know when to look at each unclear post, and forget what is unclear no more."""
        self._look_at = {
            post.new.id: self._look_at.get(post.new.id) or now + look_after(post.doubts) for post in unclear
        }
        self._looks = {id_: count for id_, count in self._looks.items() if id_ in self._look_at}

    def _guarded(self, place: Place, work: Coroutine[Any, Any, None]) -> Coroutine[Any, Any, None]:
        """Return the work, done once at a time for a place; what fails is done again later."""
        self._looking.add(place)

        async def guarded() -> None:
            try:
                await work
            except Outage as trouble:
                log.warning("a look waits for the database: %s", trouble)
                self._wait()
            finally:
                self._looking.discard(place)

        return guarded()

    # ── messages ──

    async def _look(self, place: Place, unclear: Sequence[Post], sent: Sequence[Post]) -> None:
        """Look at a channel or thread and settle what is asked about it."""
        unclear = [current for post in unclear if (current := await self._still(post))]
        if not (unclear or sent):
            return
        found = await self._found(place, [*unclear, *sent])
        if found is None:
            return
        for post in unclear:
            await self._settle(post, after_look(post, found.get(post.new.id, ()), self._clock()))
        for post in sent:
            if await self._deleted(post, doubles(post, found.get(post.new.id, ()))):
                now = self._clock()
                again = looks_again(post, now)
                await self._store.no_double(post.new.id, again=now if again else None)
                if again:
                    self.resent()

    async def _still(self, post: Post) -> Post | None:
        """Return the post as it is now where it is unclear: another tick may have settled it meanwhile."""
        now = await self._store.post(post.new.id)
        return now if now is not None and now.state is State.UNCLEAR else None

    async def _found(self, place: Place, posts: Sequence[Post]) -> Mapping[PostId, Sequence[str]] | None:
        """Return which of the posts stand there, and where; None where Slack cannot say now."""
        channel, thread = place
        since = min((post.first_tried or post.new.due).timestamp() for post in posts)
        try:
            found = await self._slack.find(channel, [post.new.id for post in posts], thread=thread, since=since)
        except SlackLimited as limited:
            self._wait(limited.seconds)
        except SlackRefused as refused:
            told = meaning(refused.error)
            if told.verdict in _NOTHING_THERE:
                return {}
            log.warning("Slack refused a look: %s", refused)
            self._alarms.raised(
                "look",
                f"flowbot cannot look up what it posted: {told.sentence or refused.error}. {told.way_out}".strip(),
            )
            self._wait()
        except (SlackUnclear, SlackUnreachable) as trouble:
            log.info("a look failed: %s", trouble)
            self._wait()
        else:
            self._failed = 0
            self._alarms.over("look")
            return found
        return None

    async def _settle(self, post: Post, step: Settled) -> None:
        """Write what became of a post."""
        now = self._clock()
        match step:
            case Stands(channel, ts, extra):
                await self._store.sent(post.new.id, channel, ts, now)
                self._meters.outcome(post.new.kind, "sent")
                if post.attempts > 1:
                    self.resent()
                await self._deleted(post, extra)  # where that fails, the later look finds them
            case Again(seconds, why):
                await self._store.requeue(post.new.id, now + timedelta(seconds=seconds), why)
            case Move(channel, why):
                await self._store.requeue(post.new.id, now, why, channel=channel)
            case Drop(why):
                log.error("post %s (%s) was given up: %s", post.new.id, post.new.kind.value, why)
                await self._store.give_up(post.new.id, why, now)
            case _:
                assert_never(step)

    async def _deleted(self, post: Post, extra: Sequence[str]) -> bool:
        """Delete copies; return whether none is left that could be deleted."""
        for ts in extra:
            try:
                await self._slack.delete(post.channel, ts)
            except SlackRefused as refused:
                log.warning("a double of post %s cannot be deleted: %s", post.new.id, refused)
            except SlackLimited as limited:
                self._wait(limited.seconds)
                return False
            except (SlackUnclear, SlackUnreachable):
                self._wait()
                return False
            else:
                log.info("a double of post %s was deleted", post.new.id)
                self._meters.double()
        return True

    # ── what cannot be looked up in a channel ──

    async def _whispered(self, posts: Sequence[Post]) -> None:
        """Settle unclear whispers as soon as Slack answers: another try amid its trouble would only be unclear too."""
        if not await self._is_answered(posts[0]):
            return
        for post in posts:
            current = await self._still(post)
            if current is not None:
                await self._settle(current, after_doubt(current, self._clock()))

    async def _is_answered(self, post: Post) -> bool:
        """Whether Slack answers a look at what was said to somebody; else look no more for a while."""
        try:
            await self._slack.find(post.new.user, [post.new.id])
        except SlackLimited as limited:
            self._wait(limited.seconds)
            return False
        except (SlackUnclear, SlackUnreachable) as trouble:
            log.info("Slack does not answer yet: %s", trouble)
            self._wait()
            return False
        except SlackRefused as refused:
            log.info("Slack answers again, though it refused a look: %s", refused)
        self._failed = 0
        return True

    async def _without_look(self, post: Post) -> None:
        """Settle an edit or a file."""
        current = await self._still(post)
        if current is not None:
            await self._settle_alone(current)

    async def _settle_alone(self, post: Post) -> None:
        if post.new.kind is not Kind.FILE:
            await self._settle(post, after_doubt(post, self._clock()))
            return
        shared = False
        if post.ts:
            try:
                shared = await self._slack.shared(post.ts)
            except SlackRefused as refused:
                log.info("the file of post %s is not known: %s", post.new.id, refused)
            except (SlackLimited, SlackUnclear, SlackUnreachable):
                self._wait()
                return
        looks = self._looks[post.new.id] = self._looks.get(post.new.id, 0) + 1
        step = after_file(post, shared=shared, certain=looks >= FILE_CERTAIN_AFTER)
        if step is None:
            self._look_at[post.new.id] = self._steady() + look_after(looks)
        else:
            await self._settle(post, step)

    def _wait(self, seconds: float = 0.0) -> None:
        """Look no more for a while: as long as Slack asked, or a little longer with each failure."""
        self._failed += 1
        wait = seconds or backoff(self._failed, self._jitter())
        self._not_before = self._steady() + timedelta(seconds=wait)


def _place(post: Post) -> Place:
    return post.channel, post.new.thread

"""Settling: what became of a post whose answer was lost, and whether one stands twice.

A few seconds after the doubt, one look at a channel or thread settles all that is unclear there. A message that
was sent again is looked at once more: where its first try arrived after all, the copy is deleted. A look that did not
reach the end of what it had to read has shown nothing: it goes on (``search.py``), and nothing is sent.

What one person alone sees cannot be looked up. It waits until Slack answers again of that person, and is then sent once
more. A look that fails holds the looks at its place, and no other (``waits.py``).

What waits here is of the steady clock; what is stored of a post, and decided by that, is of the wall clock.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, assert_never

from bot.core.errors import Outage
from bot.core.outbox.conversations import SlackFailure, SlackLimited, SlackRefused, SlackUnclear, SlackUnreachable
from bot.core.outbox.posts import Kind, Post, PostId, State
from bot.work.delivery.alarms import BUG, Alarms, Meters
from bot.work.delivery.lost_messages import LostMessages
from bot.work.delivery.outcomes import (
    RECHECK_AFTER,
    Again,
    Astray,
    Drop,
    Instead,
    Move,
    Settled,
    Stands,
    after_doubt,
    after_file,
    after_look,
    after_no_file,
    after_no_look,
    doubles,
    look_after,
    looks_again,
)
from bot.work.delivery.search import Place, Searches, Sightings
from bot.work.delivery.trouble import BUG_MET
from bot.work.delivery.waits import Waits
from bot.work.ports import Clock, Slack
from bot.work.ports_store import Store

log = logging.getLogger(__name__)

LOOKS = 4  # at once, and as many again of whispers
FILE_CERTAIN_AFTER = 3  # looks: Slack may take seconds to know of a file's share
_WHISPERS = "whispers"  # stands for the channel of their places, which are of one person each
_ALONE = ""  # and of the places of what is settled by itself

_HISTORY, _REPLIES, _FILES, _DELETE = "conversations.history", "conversations.replies", "files.info", "chat.delete"


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
        lost: LostMessages,
    ) -> None:
        self._store = store
        self._slack = slack
        self._clock = clock
        self._steady = steady
        self._alarms = alarms
        self._meters = meters
        self._waits = Waits(steady, alarms, jitter)
        self._lost = lost
        self._searches = Searches(slack, clock)
        self._look_at: dict[PostId, datetime] = {}
        self._looks: dict[PostId, int] = {}  # of a file
        self._looking: set[Place] = set()
        self._again_at: datetime | None = None

    def doubted(self, post: Post) -> None:
        """Remember when to look a post up."""
        self._look_at[post.new.id] = self._steady() + look_after(post.doubts + 1)

    def resent(self) -> None:
        """Remember when to look for a late double."""
        self._again_at = self._steady() + RECHECK_AFTER

    def next_time(self, now: datetime) -> datetime | None:
        """Return when the next look is due; times are of the steady clock."""
        times = [*self._look_at.values(), self._again_at, *self._waits.times()]
        return min((at for at in times if at is not None and at > now), default=None)

    async def due(self, now: datetime) -> list[Coroutine[Any, Any, None]]:
        """Return the looks that are due now."""
        unclear = await self._store.unclear()
        steady = self._steady()
        self._remember(unclear, steady)
        ready = [post for post in unclear if self._look_at[post.new.id] <= steady]
        sent = await self._store.doubtful(now - RECHECK_AFTER)
        self._waits.keep({*map(_place, unclear), *map(_double_place, sent)})
        places: dict[Place, tuple[list[Post], list[Post]]] = defaultdict(lambda: ([], []))
        for post in ready:
            places[_place(post)][0].append(post)
        for post in sent:
            places[_double_place(post)][1].append(post)
        work: list[Coroutine[Any, Any, None]] = []
        for place, (asked, again) in places.items():
            if self._may_look(place, asked):
                work.append(self._guarded(place, self._looked(place, asked, again)))
        return work

    def _may_look(self, place: Place, asked: Sequence[Post]) -> bool:
        """Whether nothing is in the way of looking there: no failure, and not too many others."""
        if place in self._looking or self._waits.holds(place, _method(place, asked)):
            return False
        sort = _sort(place)
        return sort == _ALONE or sum(_sort(each) == sort for each in self._looking) < LOOKS

    def _looked(self, place: Place, asked: Sequence[Post], again: Sequence[Post]) -> Coroutine[Any, Any, None]:
        sort = _sort(place)
        if sort == _WHISPERS:
            return self._whispered(place, asked)
        return self._without_look(place, asked[0]) if sort == _ALONE else self._look(place, asked, again)

    def _remember(self, unclear: Sequence[Post], now: datetime) -> None:
        """Know when to look at each unclear post, and forget what is unclear no more."""
        self._look_at = {
            post.new.id: self._look_at.get(post.new.id)
            or now + (timedelta() if _is_astray(post) else look_after(post.doubts))
            for post in unclear
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
                self._waits.failed(place)
            except Exception:
                self._waits.failed(place)
                raise
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
            await self._unknown(place, unclear)
            return
        for post in unclear:
            if (seen := found.get(post.new.id)) is not None:
                await self._settle(place, post, _after_look(post, seen, self._clock()))
                await self._deleted(place, post, seen.stale)
        for post in sent:
            if (seen := found.get(post.new.id)) is None:
                continue
            if await self._deleted(place, post, (*doubles(post, (*seen.there, *seen.loose)), *seen.stale)):
                now = self._clock()
                again = looks_again(post, now)
                await self._store.no_double(post.new.id, again=now if again else None)
                if again:
                    self.resent()

    async def _still(self, post: Post) -> Post | None:
        """Return the post as it is now where it is unclear: another tick may have settled it meanwhile."""
        now = await self._store.post(post.new.id)
        return now if now is not None and now.state is State.UNCLEAR else None

    async def _unknown(self, place: Place, posts: Sequence[Post]) -> None:
        """Take in that no look tells whether these stand: they are not sent again, unless that lasts too long."""
        for post in posts:
            step = after_no_look(post, self._clock())
            if step is not None:
                log.warning("post %s: %s", post.new.id, step.why)
                await self._settle(place, post, step)

    async def _found(self, place: Place, posts: Sequence[Post]) -> Mapping[PostId, Sightings] | None:
        """Return which of the posts stand there, and where; None where Slack cannot say now, or not all of it."""
        try:
            found = await self._searches.of(place, posts)
        except (SlackLimited, SlackRefused, SlackUnclear, SlackUnreachable) as trouble:
            self._failed(place, trouble)
        except Exception as bug:
            log.exception("a look met a bug")
            self._alarms.raised(BUG, BUG_MET.format(type(bug).__name__))
            self._waits.failed(place)
        else:
            if found is not None:
                self._waits.answered(place)
                return found
            log.info("a look did not reach the end of what it had to read; it goes on")
            self._waits.read(place)
            self._waits.failed(place)
        return None

    def _failed(self, place: Place, trouble: SlackFailure) -> None:
        """Look no more there for a while; where Slack asked to wait, nowhere that it asked it of."""
        match trouble:
            case SlackLimited():
                self._waits.limited(place, trouble)
            case SlackRefused():
                log.warning("Slack refused a look: %s", trouble)
                self._waits.refused(place, trouble)
            case _:
                log.info("a look failed: %s", trouble)
                self._waits.failed(place)

    async def _settle(self, place: Place, post: Post, step: Settled) -> None:
        """Write what became of a post."""
        now = self._clock()
        match step:
            case Stands(channel, ts, extra):
                await self._store.sent(post.new.id, channel, ts, now)
                self._meters.outcome(post.new.kind, "sent")
                if post.attempts > 1:
                    self.resent()
                await self._deleted(place, post, extra)  # where that fails, the later look finds them
            case Astray():
                await self._deleted(place, post, step.extra)  # where that fails, the later look finds them
                await self._lost.replied(post, step)
            case Again(seconds, why):
                await self._store.requeue(post.new.id, now + timedelta(seconds=seconds), why)
            case Move(channel, why):
                await self._store.requeue(post.new.id, now, why, channel=channel)
            case Instead(other, why):
                log.error("post %s (%s) is said in other words: %s", post.new.id, post.new.kind.value, why)
                await self._store.requeue(post.new.id, now, why, instead=other)
            case Drop(why):
                log.error("post %s (%s) was given up: %s", post.new.id, post.new.kind.value, why)
                await self._store.give_up(post.new.id, why, now)
            case _:
                assert_never(step)

    async def _deleted(self, place: Place, post: Post, extra: Sequence[str]) -> bool:
        """Delete copies; return whether none is left that could be deleted."""
        for ts in extra:
            try:
                await self._slack.delete(post.channel, ts)
            except SlackRefused as refused:
                log.warning("a double of post %s cannot be deleted: %s", post.new.id, refused)
            except (SlackLimited, SlackUnclear, SlackUnreachable) as trouble:
                self._failed(place, trouble)
                return False
            else:
                log.info("a double of post %s was deleted", post.new.id)
                self._meters.double()
        return True

    # ── what cannot be looked up in a channel ──

    async def _whispered(self, place: Place, posts: Sequence[Post]) -> None:
        """Settle what one person was told as soon as Slack answers: amid its trouble it would only be unclear again."""
        answered = await self._is_answered(place, posts[0])
        unclear = [current for post in posts if (current := await self._still(post))]
        if not answered:
            await self._unknown(place, unclear)
            return
        for post in unclear:
            await self._settle(place, post, after_doubt(post, self._clock()))

    async def _is_answered(self, place: Place, post: Post) -> bool:
        """Whether Slack answers a look at what was said to somebody; else look there no more for a while."""
        try:
            await self._slack.find(post.new.user, [post.new.id])
        except (SlackLimited, SlackUnclear, SlackUnreachable) as trouble:
            self._failed(place, trouble)
            return False
        except SlackRefused as refused:
            log.info("Slack answers again, though it refused a look: %s", refused)
        self._waits.answered(place)
        return True

    async def _without_look(self, place: Place, post: Post) -> None:
        """Settle an edit, a file, or a reply that stands outside of its thread."""
        current = await self._still(post)
        if current is None:
            return
        match current.new.kind:
            case Kind.MESSAGE:
                await self._bring_back(place, current)
            case Kind.FILE:
                await self._shown(place, current)
            case _:
                await self._settle(place, current, after_doubt(current, self._clock()))

    async def _bring_back(self, place: Place, post: Post) -> None:
        try:
            step = await self._lost.brought_back(post)
        except SlackLimited as limited:
            self._waits.limited(place, limited)
            return
        if step is None:
            self._waits.failed(place)
        else:
            await self._settle(place, post, step)

    async def _shown(self, place: Place, post: Post) -> None:
        """Settle a file by whether Slack has shown it."""
        shared = False
        if post.ts:
            try:
                shared = await self._slack.shared(post.ts)
            except SlackRefused as refused:
                log.info("the file of post %s is not known: %s", post.new.id, refused)
            except (SlackLimited, SlackUnclear, SlackUnreachable) as trouble:
                self._failed(place, trouble)
                if (words := after_no_file(post, self._clock())) is not None:
                    await self._settle(place, post, words)
                return
        looks = self._looks[post.new.id] = self._looks.get(post.new.id, 0) + 1
        step = after_file(post, shared=shared, certain=looks >= FILE_CERTAIN_AFTER, now=self._clock())
        if step is None:
            self._look_at[post.new.id] = self._steady() + look_after(looks)
        else:
            await self._settle(place, post, step)


def _after_look(post: Post, seen: Sightings, now: datetime) -> Settled:
    return after_look(post, seen.there, now, loose=seen.loose, orphan=seen.orphan)


def _is_astray(post: Post) -> bool:
    """Whether it is a reply that stands outside of its thread, to be deleted there."""
    return post.new.kind is Kind.MESSAGE and bool(post.ts)


def _place(post: Post) -> Place:
    """Return where an unclear post is looked for: what waits together where a look fails."""
    if post.new.kind is Kind.WHISPER:
        return _WHISPERS, post.new.user
    if post.new.kind is Kind.MESSAGE and not _is_astray(post):
        return _double_place(post)
    return _ALONE, str(post.new.id)


def _double_place(post: Post) -> Place:
    return post.channel, post.new.thread


def _sort(place: Place) -> str:
    return place[0] if place[0] in (_ALONE, _WHISPERS) else "messages"


def _method(place: Place, asked: Sequence[Post]) -> str | None:
    """Return what a look there calls first; None where it calls nothing."""
    if _sort(place) != _ALONE:
        return _REPLIES if place[1] and place[0] != _WHISPERS else _HISTORY
    return {Kind.MESSAGE: _DELETE, Kind.FILE: _FILES}.get(asked[0].new.kind)

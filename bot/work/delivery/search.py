"""Searching Slack for messages of ours: every place that may hold one is read to its end, or nothing is known.

    a message     its channel
    a reply       its thread, as it is now and as it was before that was lost; and the channel, where the thread's first
                  message is gone, since Slack puts replies there then

Only the time in which it can have been posted is read, however much was posted since. Where one round does not reach
the end, a later one continues, for the posts it was begun for; other posts wait for the next search.
"""

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta

from bot.core.outbox.conversations import SearchResult, SlackLimited, SlackRefused
from bot.core.outbox.posts import Post, PostId, carried_id, carried_ids
from bot.core.outbox.slack_errors import Verdict, verdict
from bot.core.values import dataclass
from bot.work.delivery.outcomes import ARRIVES_WITHIN
from bot.work.ports import Clock, Slack

CLOCKS_APART = timedelta(hours=1)  # this clock may be so far behind Slack's without a message being posted twice
TOGETHER = timedelta(minutes=10)  # posts that were tried within it are searched for together
Place = tuple[str, str]  # channel and thread

_NOTHING_THERE = frozenset({Verdict.ELSEWHERE, Verdict.OUTSIDE, Verdict.GONE})  # no place, so no message in it


@dataclass(frozen=True, slots=True)
class Copies:
    """Where one post was found: ts, oldest first."""

    in_place: tuple[str, ...] = ()  # where it belongs
    in_channel: tuple[str, ...] = ()  # a reply in the channel itself
    stale: tuple[str, ...] = ()  # unknown copies under an earlier name
    orphan: bool = False  # a reply: the first message of its thread is not there


@dataclass(slots=True)
class _Search:
    """A search under way in a place, for some posts."""

    posts: Mapping[PostId, Post]
    threads: list[str]  # to be read yet; "" is the channel itself
    since: float
    until: float
    rest: str = ""  # of the first of them
    seen: dict[str, dict[PostId, set[str]]] = field(default_factory=dict)  # by thread, then by name
    orphaned: set[str] = field(default_factory=set)  # threads whose first message is not there

    def is_for(self, post: Post) -> bool:
        """Whether it looks for this post, and that was not tried again since."""
        known = self.posts.get(post.new.id)
        return known is not None and known.attempts == post.attempts


class Searches:
    """The searches under way, one a place."""

    def __init__(self, slack: Slack, clock: Clock) -> None:
        self._slack = slack
        self._clock = clock
        self._open: dict[Place, _Search] = {}

    async def of(self, place: Place, posts: Sequence[Post]) -> Mapping[PostId, Copies] | None:
        """Where the posts of this place were found, of those searched for; None where it was not read to its end.

        Raises ``SlackLimited`` where Slack asks to wait, and the other failures of a call where it does not answer.
        """
        search = self._open.get(place)
        if search is None or not any(search.is_for(post) for post in posts):
            search = self._open[place] = _begun(place, posts, self._clock())
        while search.threads:
            if not await self._read(place[0], search):
                return None
        del self._open[place]
        return {post.new.id: _copies(post, search, place[1]) for post in posts if search.is_for(post)}

    async def _read(self, channel: str, search: _Search) -> bool:
        """Read on in the first thread that is left; False where that made no progress."""
        thread = search.threads[0]
        found = await self._found(channel, thread, search)
        seen = search.seen.setdefault(thread, {})
        for name, stamps in found.stamps.items():
            seen.setdefault(name, set()).update(stamps)
        if not found.parent:
            search.orphaned.add(thread)
            if "" not in (*search.threads, *search.seen):
                search.threads.append("")
        if found.whole:
            search.threads.pop(0)
            search.rest = ""
            return True
        moved, search.rest = found.rest != search.rest, found.rest or search.rest
        if found.wait:
            raise SlackLimited(found.wait)
        return moved

    async def _found(self, channel: str, thread: str, search: _Search) -> SearchResult:
        names = [name for post in search.posts.values() for name in carried_ids(post.new.id, post.generation)]
        try:
            return await self._slack.find(
                channel, names, thread=thread, since=search.since, until=search.until, rest=search.rest
            )
        except SlackRefused as refused:
            if verdict(refused.error) in _NOTHING_THERE:
                return SearchResult(parent=not thread)
            raise


def _begun(place: Place, posts: Sequence[Post], now: datetime) -> _Search:
    """A search for the post that was tried first, and for those tried soon after it."""
    since = min(map(_tried_first, posts))
    posts = [post for post in posts if _tried_first(post) - since <= TOGETHER]
    before = dict.fromkeys(ts for post in posts for ts in post.threads)
    threads = list(dict.fromkeys([place[1], *before, *([""] if before else [])]))
    return _Search({post.new.id: post for post in posts}, threads, since.timestamp(), _until(posts, now))


def _tried_first(post: Post) -> datetime:
    return post.first_tried or post.new.due


def _until(posts: Sequence[Post], now: datetime) -> float:
    """Until when one of these can have been posted, in epoch seconds; 0, so that all is read, where that is not known.

    Also 0 soon after the last try, when little more is to be read anyway: this clock may be behind Slack's.
    """
    tried = [post.tried_at for post in posts if post.tried_at is not None]
    if len(tried) < len(posts) or now - max(tried) < CLOCKS_APART:
        return 0.0
    return (max(tried) + ARRIVES_WITHIN).timestamp()


def _copies(post: Post, search: _Search, asked: str) -> Copies:
    """Sort the copies of a post by where they are, and under which name."""
    name, ours = carried_id(post.new.id, post.generation), carried_ids(post.new.id, post.generation)
    in_place, in_channel, stale = set[str](), set[str](), set[str]()
    for thread, seen in search.seen.items():
        for each in ours:
            stamps = seen.get(each, set()) - set(post.lost)
            where = stale if each != name else in_channel if asked and not thread else in_place
            where |= stamps
    # A reply that Slack also shows in the channel counts as in its thread.
    return Copies(_ordered(in_place), _ordered(in_channel - in_place), _ordered(stale), asked in search.orphaned)


def _ordered(stamps: set[str]) -> tuple[str, ...]:
    return tuple(sorted(stamps, key=float))

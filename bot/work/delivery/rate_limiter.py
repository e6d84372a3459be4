"""How fast Slack is spoken to: one message a second and channel, edits in moderation, lanes that take turns.

In a channel the first message of an incident, or of a storm, takes every other turn, so that what broke now waits for
no backlog of replies; the lanes share the turns between. Nothing is shut out for ever. What hangs fills no more than
its own share of the calls at once: a response_url that answers slowly takes none from an alert.

Slack takes about one message per second and channel, and hides what exceeds it without an error; chat.update and
chat.postEphemeral have tiers per minute (docs.slack.dev, "Rate limits"). An edit, or a whisper by response_url,
does not count against the channel. Times are those of the steady clock; nothing here waits, it
only says what may go now.
"""

from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.outbox.posts import Lane, Post, PostKind
from bot.work.delivery.outcomes import is_first

BETWEEN_MESSAGES = timedelta(seconds=1)  # in one channel
BETWEEN_EDITS = timedelta(seconds=3)  # of one message
MAX_CALLS_PER_LANE = 12  # calls at once in each lane, by each way
MAX_CALLS_PER_CHANNEL = 3  # calls at once for one channel of a lane: a dead channel must not fill the lane

# Whose turn it is in a channel where several lanes wait, first messages apart: none is ever shut out.
LANE_TURNS = (Lane.ALERT, Lane.ANSWER, Lane.ALERT, Lane.ANSWER, Lane.HOUSEKEEPING)


@dataclass
class TokenBucket:
    """So many calls a minute, ``burst`` of them at once."""

    per_minute: float
    burst: float
    used: float = 0.0
    at: datetime | None = None

    def take(self, now: datetime) -> bool:
        """Whether one more call may go now; it is counted."""
        passed = 0.0 if self.at is None else max(0.0, (now - self.at).total_seconds())
        self.used = max(0.0, self.used - passed * self.per_minute / 60)
        self.at = now
        if self.used + 1 > self.burst:
            return False
        self.used += 1
        return True


class RateLimiter:
    """Which of the due posts may go now."""

    def __init__(self) -> None:
        self._not_before: dict[Hashable, datetime] = {}
        self._turn: Counter[str] = Counter()
        self._went_first: set[str] = set()  # channels whose last turn a first message had
        self._edits = TokenBucket(50, 20)

    def choose(self, due: Iterable[Post], busy: Iterable[Post], now: datetime) -> list[Post]:
        """Return the posts to send now; what they use up is counted."""
        self._tidy(now)
        concurrency = _Concurrency(busy)
        chosen, channels = list[Post](), dict[str, list[Post]]()
        for post in due:
            if is_paced(post):
                channels.setdefault(post.channel, []).append(post)
            elif concurrency.has(post) and self._may_go(post, now):
                concurrency.take(post)
                chosen.append(post)
        for channel, waiting in channels.items():
            free = [post for post in waiting if concurrency.has(post) and not self._is_paused(post, now)]
            if free and not self._waits(channel, now):
                post = self._next(channel, free)
                self._not_before[channel] = now + BETWEEN_MESSAGES
                concurrency.take(post)
                chosen.append(post)
        return chosen

    def ready(self, post: Post, now: datetime) -> bool:
        """Whether a post would have its turn now, were it alone; nothing is counted."""
        turn = post.channel if is_paced(post) else (post.channel, post.ts)
        return not self._is_paused(post, now) and not self._waits(turn, now)

    def pause(self, post: Post, until: datetime) -> None:
        """Slack asked to wait: for messages in this channel, or for all calls of another kind."""
        self._not_before[_pause_key(post)] = until

    def next_time(self, now: datetime) -> datetime | None:
        """Return the next time at which something that waits for its pace may go."""
        return min((at for at in self._not_before.values() if at > now), default=None)

    def _may_go(self, post: Post, now: datetime) -> bool:
        """Whether an edit, or a whisper by response_url, may go; it is counted."""
        if self._is_paused(post, now):
            return False
        if post.new.kind is PostKind.EDIT:
            message = (post.channel, post.ts)
            if self._waits(message, now) or not self._edits.take(now):
                return False
            self._not_before[message] = now + BETWEEN_EDITS
        return True

    def _next(self, channel: str, waiting: list[Post]) -> Post:
        """Return a first message at every other turn, else the first post of the lane whose turn it is."""
        firsts = [post for post in waiting if is_first(post)]
        if firsts and not (channel in self._went_first and len(firsts) < len(waiting)):
            self._went_first.add(channel)
            return firsts[0]
        self._went_first.discard(channel)
        first = {post.new.lane: post for post in reversed(waiting) if not is_first(post)}
        while (lane := LANE_TURNS[self._turn[channel] % len(LANE_TURNS)]) not in first:
            self._turn[channel] += 1
        self._turn[channel] += 1
        return first[lane]

    def _is_paused(self, post: Post, now: datetime) -> bool:
        return self._waits(_pause_key(post), now)

    def _waits(self, key: Hashable, now: datetime) -> bool:
        return self._not_before.get(key, now) > now

    def _tidy(self, now: datetime) -> None:
        for key in [key for key, at in self._not_before.items() if at <= now]:
            del self._not_before[key]


class _Concurrency:
    """How many more calls may be under way at once."""

    def __init__(self, busy: Iterable[Post]) -> None:
        self._used: Counter[Hashable] = Counter()
        for post in busy:
            self.take(post)

    def has(self, post: Post) -> bool:
        return self._used[_lane(post)] < MAX_CALLS_PER_LANE and self._used[_place(post)] < MAX_CALLS_PER_CHANNEL

    def take(self, post: Post) -> None:
        self._used.update((_lane(post), _place(post)))


def is_paced(post: Post) -> bool:
    """Whether it counts against the channel's one message per second."""
    return post.new.kind is not PostKind.EDIT and not post.new.response_url


def _lane(post: Post) -> Hashable:
    """Return what shares the calls at once of a lane: what is slow in one way leaves the others theirs."""
    return (post.new.lane, _method(post), is_first(post))


def _place(post: Post) -> Hashable:
    """Return what shares a few calls at once."""
    return (_lane(post), post.channel, post.new.user if post.new.response_url else "")


def _method(post: Post) -> Hashable:
    """Return the kind, and whether it goes by response_url: each is a method of its own at Slack."""
    return (post.new.kind, bool(post.new.response_url))


def _pause_key(post: Post) -> Hashable:
    """Return what waits together when Slack asks to wait."""
    return ("hold", _method(post), "" if post.new.kind in (PostKind.EDIT, PostKind.FILE) else post.channel)

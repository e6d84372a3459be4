"""How fast flowbot speaks to Slack: one message a second and channel, edits in moderation, lanes that take turns.

In a channel the first message of an incident, or of a storm, takes every other turn, so that what broke now does not
wait for a backlog of replies; the lanes share the other turns, and each gets some. Calls that hang fill no more than
their own share of the calls at once: a response_url that answers slowly takes none from an alert.

Slack takes about one message per second and channel, and hides what exceeds it without an error; chat.update and
chat.postEphemeral have tiers per minute (docs.slack.dev, "Rate limits"). An edit, or a private answer by response_url,
does not count against the channel. Times are those of the steady clock; nothing here waits, it only says what may go
now.
"""

from collections import Counter
from collections.abc import Hashable, Iterable
from datetime import datetime, timedelta

from bot.core.outbox.posts import Lane, Post, PostKind, is_first
from bot.core.values import dataclass

BETWEEN_MESSAGES = timedelta(seconds=1)  # in one channel
BETWEEN_EDITS = timedelta(seconds=3)  # of one message
MAX_CALLS_PER_LANE = 12  # calls at once in each lane, by each way
MAX_CALLS_PER_CHANNEL = 3  # calls at once for one channel of a lane: a dead channel must not fill the lane

# Whose turn it is in a channel where several lanes wait, first messages apart: each gets some.
LANE_TURNS = (Lane.ALERT, Lane.ANSWER, Lane.ALERT, Lane.ANSWER, Lane.HOUSEKEEPING)


@dataclass
class TokenBucket:
    """A number of calls a minute, ``burst`` of them at once."""

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
    """Which of the due posts may go now. ``not_before`` holds when what waits may go."""

    def __init__(self) -> None:
        self._all_from: datetime | None = None  # no channel's turn is earlier
        self.not_before: dict[Hashable, datetime] = {}  # by channel, by message (for edits), and by what Slack paused
        self._turn: Counter[str] = Counter()
        self._went_first: set[str] = set()  # channels whose last turn a first message had
        self._edits = TokenBucket(50, 20)

    def choose(self, due: Iterable[Post], busy: Iterable[Post], now: datetime) -> list[Post]:
        """The posts to send now; what they use up is counted. ``busy`` are those being sent."""
        self.not_before = {key: at for key, at in self.not_before.items() if at > now}
        calls = Counter(key for post in busy for key in _keys(post))
        chosen, channels = list[Post](), dict[str, list[Post]]()
        for post in due:
            if _is_paced(post):
                channels.setdefault(post.channel, []).append(post)
            elif self._may_call(post, calls) and (post.new.kind is not PostKind.EDIT or self._may_edit(post, now)):
                calls.update(_keys(post))
                chosen.append(post)
        for channel, waiting in channels.items():
            free = [post for post in waiting if self._may_call(post, calls)]
            if free and self._all_from is not None and now < self._all_from:
                self.not_before[channel] = self._all_from
            elif free and channel not in self.not_before:
                post = self._next(channel, free)
                self.not_before[channel] = now + BETWEEN_MESSAGES
                calls.update(_keys(post))
                chosen.append(post)
        return chosen

    def ready(self, post: Post, now: datetime) -> bool:
        """Whether a post would have its turn now if it were the only one; nothing is counted."""
        turn = post.channel if _is_paced(post) else (post.channel, post.ts)
        return all(self.not_before.get(key, now) <= now for key in (_keys(post)[2], turn))

    def hold_all(self, now: datetime) -> None:
        """Count every channel as posted to just now."""
        self._all_from = now + BETWEEN_MESSAGES

    def pause(self, post: Post, until: datetime) -> None:
        """Slack asked to wait: for messages in this channel, or for all calls of another kind."""
        self.not_before[_keys(post)[2]] = until

    def _may_call(self, post: Post, calls: Counter[Hashable]) -> bool:
        """Whether Slack asked for no pause, and one more call may be under way."""
        lane, place, pause = _keys(post)
        free = calls[lane] < MAX_CALLS_PER_LANE and calls[place] < MAX_CALLS_PER_CHANNEL
        return free and pause not in self.not_before

    def _may_edit(self, post: Post, now: datetime) -> bool:
        """Whether an edit may go; it is counted."""
        message = (post.channel, post.ts)
        if message in self.not_before or not self._edits.take(now):
            return False
        self.not_before[message] = now + BETWEEN_EDITS
        return True

    def _next(self, channel: str, waiting: list[Post]) -> Post:
        """A first message at every other turn, else the first post of the lane whose turn it is."""
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


def _is_paced(post: Post) -> bool:
    """Whether it counts against the channel's one message per second."""
    return post.new.kind is not PostKind.EDIT and not post.new.response_url


def _keys(post: Post) -> tuple[Hashable, Hashable, Hashable]:
    """What shares the calls at once of a lane, what shares a few for one channel, what waits when Slack asks to wait.

    Each kind, and each by response_url, is a method of its own at Slack: where one is slow, the others keep theirs.
    """
    new, by_url = post.new, bool(post.new.response_url)
    lane = (new.lane, new.kind, by_url, is_first(post))
    pause = "hold", new.kind, by_url, "" if new.kind in (PostKind.EDIT, PostKind.FILE) else post.channel
    return lane, (lane, post.channel, new.user if by_url else ""), pause

"""Holds: what waits while Slack, or a part of it, takes nothing. Trouble holds what it concerns and nothing else.

    everything        slack.com cannot be reached, or refuses flowbot in more than one place
    a kind            no file can be stored, or Slack refuses such calls in more than one place
    a place           Slack refuses flowbot in one place
    a kind in a place Slack refuses such calls in one place
    a response_url    its host cannot be reached: nothing waits, private answers go another way meanwhile

What goes by response_url needs neither slack.com nor the token, so that no hold concerns it. When a hold has run out,
one post tries: the newest first message of an incident, else the newest post; what has failed often gives way to the
others. Its success ends the hold. Times are those of the steady clock.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.outbox.conversations import host_of
from bot.core.outbox.posts import Kind, Post, PostId
from bot.work.delivery.outcomes import backoff, is_first
from bot.work.ports import Clock

OFTEN = 3  # failures after which a post gives way to others, and trouble is an alarm
OPERATOR = 4  # steps of back-off that are left out where a person has to mend something
ATTEMPT = timedelta(seconds=20)  # longer than any call: meanwhile nobody else tries the host of a response_url


@dataclass(frozen=True, slots=True)
class Scope:
    """What a hold concerns: posts of a kind, for a place, or both; everything where it names neither."""

    kind: Kind | None = None
    place: str = ""

    def concerns(self, post: Post) -> bool:
        """Whether the hold is one for this post."""
        return self.kind in (None, post.new.kind) and self.place in ("", post.channel)


EVERYTHING = Scope()


@dataclass
class Hold:
    """Nothing goes until then; afterwards one post tries, and its success ends the hold."""

    until: datetime
    tries: int = 0
    probe: PostId | None = None  # the post that tries, or tried


class Holds:
    """What is held, and which response_urls are left alone."""

    def __init__(self, steady: Clock, jitter: Callable[[], float]) -> None:
        self._steady = steady
        self._jitter = jitter
        self._holds: dict[Scope, Hold] = {}
        self._hosts: dict[str, Hold] = {}  # of response_urls

    def failed(self, scope: Scope, slower: int = 0) -> Hold:
        """Hold for longer with each failure that comes after the hold before it; return the hold."""
        return self._longer(self._holds.setdefault(scope, Hold(self._steady())), slower)

    def lift(self, scope: Scope) -> None:
        """End one hold: what it concerns is to be treated otherwise."""
        self._holds.pop(scope, None)

    def over(self, post: Post) -> bool:
        """End the holds that concern a post which Slack took. Return whether there were any."""
        ended = [scope for scope in self._holds if scope.concerns(post)]
        for scope in ended:
            del self._holds[scope]
        return bool(ended)

    def times(self) -> list[datetime]:
        """Return when the holds may be tried."""
        return [hold.until for hold in self._holds.values()]

    def free(
        self, due: Iterable[Post], busy: Mapping[PostId, Post], now: datetime, ready: Callable[[Post], bool]
    ) -> list[Post]:
        """Leave out what is under way, and what is held; where a hold has run out, one post tries that is ``ready``."""
        free = [post for post in due if post.new.id not in busy]
        if not self._holds:
            return free
        shut = [scope for scope, hold in self._holds.items() if hold.until > now or hold.probe in busy]
        free = [post for post in free if self._is_open(post, now) or not any(scope.concerns(post) for scope in shut)]
        for scope, hold in self._holds.items():
            concerned = [post for post in free if scope.concerns(post) and not self._is_open(post, now)]
            probe = min(filter(ready, reversed(concerned)), key=self._turn, default=None)
            hold.probe = probe.new.id if probe is not None else hold.probe
            stay = {post.new.id for post in concerned if post is not probe}
            free = [post for post in free if post.new.id not in stay]
        return free

    def _turn(self, post: Post) -> tuple[int, int, bool, float]:
        """Return what decides who tries, the least first; of equals, who was queued last.

        What a hold of its own concerns, such as one of its place, says less about the others.
        """
        held = sum(scope.concerns(post) for scope in self._holds)
        return held, post.attempts // OFTEN, not is_first(post), -post.new.due.timestamp()

    # ── response_urls ──

    def takes_url(self, post: Post) -> bool:
        """Whether this post goes by its response_url now: where their host fails, one at a time tries it."""
        now = self._steady()
        if not self._is_open(post, now):
            return False
        if (hold := self._hosts.get(host_of(post.new.response_url))) is not None:
            hold.until, hold.probe = now + ATTEMPT, post.new.id
        return True

    def url_failed(self, post: Post, seconds: float = 0.0) -> Hold:
        """Leave the host of a post's response_url alone, for so many seconds or longer with each failure."""
        now = self._steady()
        hold = self._hosts.setdefault(host_of(post.new.response_url), Hold(now))
        if hold.probe == post.new.id:
            hold.until, hold.probe = now, None
        self._longer(hold, 0)
        hold.until = max(hold.until, now + timedelta(seconds=seconds))
        return hold

    def url_answered(self, post: Post) -> None:
        """Take in that the host of a post's response_url answers."""
        self._hosts.pop(host_of(post.new.response_url), None)

    def _is_open(self, post: Post, now: datetime) -> bool:
        """Whether a post may go by a response_url. One that may have been seen does not try a host that fails again."""
        if post.new.kind is not Kind.WHISPER or not post.new.response_url:
            return False
        hold = self._hosts.get(host_of(post.new.response_url))
        return hold is None or (hold.until <= now and not post.doubts)

    def _longer(self, hold: Hold, slower: int) -> Hold:
        now = self._steady()
        if hold.until <= now:
            hold.tries += 1
            hold.until = now + timedelta(seconds=backoff(hold.tries + slower, self._jitter()))
        return hold

"""Holds: Slack cannot be reached, or takes nothing of a kind; all wait, and one post at a time tries again."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.posts import Kind, Post, PostId
from bot.work.deliver_rules import backoff
from bot.work.ports import Clock

OPERATOR = 4  # steps of back-off that are left out where a person has to mend something


@dataclass
class Hold:
    """Nothing goes until then; afterwards one post tries, and its success ends the hold."""

    until: datetime
    tries: int = 0


class Holds:
    """What is held: posts of a kind, or (None) all."""

    def __init__(self, clock: Clock, jitter: Callable[[], float]) -> None:
        self._clock = clock
        self._jitter = jitter
        self._holds: dict[Kind | None, Hold] = {}

    def failed(self, kind: Kind | None, slower: int = 0) -> Hold:
        """Hold for longer with each failure that comes after the hold before it; return the hold."""
        now = self._clock()
        hold = self._holds.setdefault(kind, Hold(now))
        if hold.until <= now:
            hold.tries += 1
            hold.until = now + timedelta(seconds=backoff(hold.tries + slower, self._jitter()))
        return hold

    def over(self, kind: Kind) -> bool:
        """End the holds: Slack took a post of this kind. Return whether there were any."""
        ended = [self._holds.pop(held, None) for held in (None, kind)]
        return any(ended)

    def times(self) -> list[datetime]:
        """Return when the holds may be tried."""
        return [hold.until for hold in self._holds.values()]

    def free(self, due: Iterable[Post], busy: Mapping[PostId, Post], now: datetime) -> list[Post]:
        """Leave out what is under way, and what is held; where a hold has run out, one post tries."""
        free = [post for post in due if post.new.id not in busy]
        for kind, hold in self._holds.items():
            concerned = [post for post in free if kind in (None, post.new.kind)]
            trying = any(kind in (None, post.new.kind) for post in busy.values())
            stay = concerned if hold.until > now or trying else concerned[1:]
            free = [post for post in free if post not in stay]
        return free

"""Trouble: what a failed call concerns, and what follows for the post, for others like it and for the operator.

asked to wait      messages of the channel, or all calls of another kind, wait as long
unreachable        all that needs the host: a file holds files only, a response_url nothing (it goes another way)
refused            the post, by the table of Slack's words. STOP and BARRED hold their place; all of them, once
another place refuses too; and where another place takes posts meanwhile, it is the place
nobody knows       the post is looked up; a response_url that does not answer is left alone
a bug of ours      the post is looked up, then sent as words alone, and in the end given up
"""

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from bot.core.outbox.conversations import (
    RESPONSE_URL,
    SlackFailure,
    SlackLimited,
    SlackRefused,
    SlackUnclear,
    SlackUnreachable,
    host_of,
)
from bot.core.outbox.posts import Body, Kind, Post, PostId
from bot.core.outbox.slack_errors import Meaning, Verdict, meaning
from bot.work.delivery.alarms import BUG, DEFAULT_CHANNEL, Alarms
from bot.work.delivery.channel_health import trouble
from bot.work.delivery.circuit_breaker import (
    EVERYTHING,
    OFTEN,
    OPERATOR,
    Hold,
    Holds,
    Scope,
)
from bot.work.delivery.outcomes import (
    Again,
    Doubt,
    Drop,
    Move,
    Step,
    after_refusal,
    backoff,
    in_time,
    is_direct,
    plain,
)
from bot.work.delivery.rate_limiter import Pace
from bot.work.ports import Clock

log = logging.getLogger(__name__)

URL_PATIENCE = 5.0  # seconds that a private answer waits for its response_url; there are other ways
REMEMBERED = timedelta(hours=1)  # a refusal that nobody has repeated since says nothing any more
BUGS_AS_IT_IS = 2  # bugs of one post after which it goes as words alone
BUGS = 8  # and after which it is given up: about six minutes


class Where(Enum):
    """What a refusal of all calls, or of all calls of a kind, concerns."""

    HERE = "this place, and perhaps all"
    HERE_ONLY = "this place: another one takes such posts"
    EVERYWHERE = "all places: another one has refused as well"


@dataclass
class _Refusal:
    at: datetime
    here_only: bool = False


class Refusals:
    """Which places refuse what elsewhere may be taken."""

    def __init__(self, steady: Clock) -> None:
        self._steady = steady
        self._places: dict[Scope, _Refusal] = {}

    def refused(self, scope: Scope) -> Where:
        """Take in a refusal; return what it concerns as far as is known now."""
        now = self._steady()
        self._places = {each: known for each, known in self._places.items() if now - known.at < REMEMBERED}
        known = self._places.setdefault(scope, _Refusal(now))
        known.at = now
        if known.here_only:
            return Where.HERE_ONLY
        others = [each for each, other in self._places.items() if each != scope and not other.here_only]
        return Where.EVERYWHERE if any(each.kind is scope.kind for each in others) else Where.HERE

    def took(self, post: Post) -> list[Scope]:
        """Take in that Slack took a post: who refuses elsewhere refuses for a reason of that place.

        Return the places of which that is known only now.
        """
        concerned = [each for each in self._places if each.kind in (None, post.new.kind)]
        for scope in [each for each in concerned if each.place == post.channel]:
            del self._places[scope]
        news = [each for each in concerned if each in self._places and not self._places[each].here_only]
        for scope in news:
            self._places[scope].here_only = True
        return news

    def here_only(self, post: Post) -> bool:
        """Whether the place of a post is known to refuse what others take."""
        known = [self._places.get(Scope(kind, post.channel)) for kind in (None, post.new.kind)]
        return any(each is not None and each.here_only for each in known)


class Troubles:
    """Judges failures, and remembers what is in trouble."""

    def __init__(
        self, holds: Holds, pace: Pace, alarms: Alarms, clock: Clock, steady: Clock, jitter: Callable[[], float]
    ) -> None:
        self._holds = holds
        self._pace = pace
        self._alarms = alarms
        self._clock = clock
        self._steady = steady
        self._jitter = jitter
        self._refusals = Refusals(steady)
        self._bugs: Counter[PostId] = Counter()

    def body(self, post: Post) -> Body:
        """Return what is sent of a post: its words alone where it has met bugs."""
        as_it_is = self._bugs[post.new.id] < BUGS_AS_IT_IS or post.new.kind is Kind.FILE
        return post.new.body if as_it_is else plain(post.new.body)

    def after(self, post: Post, failure: Exception, *, by_url: bool, default_channel: str) -> Step:
        """Return what follows for a post. ``by_url``: it was handed to its response_url."""
        step = self._judged(post, failure, by_url=by_url, default_channel=default_channel)
        wait = backoff(post.attempts, self._jitter())
        return in_time(post, step, default_channel=default_channel, wait=wait, now=self._clock())

    def well(self, post: Post, *, by_url: bool) -> bool:
        """Take in that Slack took a post. Return whether others waited for that."""
        self._bugs.pop(post.new.id, None)
        if by_url:
            self._holds.url_answered(post)
            self._alarms.over(_URL_ALARM)
            return False
        apart = self._refusals.took(post)
        for scope in apart:  # what waits there finds another place now
            self._holds.lift(scope)
        self._alarms.over("slack")
        self._alarms.over(_alarm_of(post.new.kind))
        return self._holds.over(post) or bool(apart)

    def forget(self, post: Post) -> None:
        """Take in that a post was given up."""
        self._bugs.pop(post.new.id, None)

    def is_bad_place(self, post: Post, error: str) -> bool:
        """Whether it is the place that takes nothing, or nothing of the kind."""
        told = meaning(error).verdict
        return told is Verdict.ELSEWHERE or (told in _WIDE and self._refusals.here_only(post))

    def _judged(self, post: Post, failure: Exception, *, by_url: bool, default_channel: str) -> Step:
        called = failure.method if isinstance(failure, SlackFailure) else ""
        url = by_url and called in ("", RESPONSE_URL)
        match failure:
            case SlackLimited():
                return self._limited(post, failure.seconds, url=url)
            case SlackRefused():
                return self._refused(post, failure, default_channel)
            case SlackUnclear():
                if url:
                    self._url_failed(post, self._holds.url_failed(post), str(failure))
                return Doubt(str(failure) or "unclear")
            case SlackUnreachable():
                return self._unreachable(post, failure, url=url)
        return self._bug(post, failure)

    def _limited(self, post: Post, seconds: float, *, url: bool) -> Step:
        if url and seconds > URL_PATIENCE:
            self._holds.url_failed(post, seconds)
            return Again(0, "ratelimited")
        self._pace.hold(post, self._steady() + timedelta(seconds=seconds))
        return Again(seconds, "ratelimited")

    def _unreachable(self, post: Post, failure: SlackUnreachable, *, url: bool) -> Step:
        why = f"unreachable: {failure}"
        if url:
            self._url_failed(post, self._holds.url_failed(post), str(failure))
            return Again(0, why)
        is_file = post.new.kind is Kind.FILE  # it needs more hosts than others do
        hold = self._holds.failed(Scope(Kind.FILE) if is_file else EVERYTHING)
        if hold.tries >= OFTEN and is_file:
            way_out = _NETWORK.format(failure.host) if failure.host else _STATUS
            self._alarms.raised(
                _alarm_of(Kind.FILE), f"flowbot cannot upload files ({failure}). Long logs wait. {way_out}"
            )
        elif hold.tries >= OFTEN:
            self._alarms.raised(
                "slack", "Slack cannot be reached. Posts wait and go as soon as it can be; look at flowbot's network."
            )
        return Again((hold.until - self._steady()).total_seconds(), why)

    def _url_failed(self, post: Post, hold: Hold, why: str) -> None:
        if hold.tries >= OFTEN:
            host = host_of(post.new.response_url)
            self._alarms.raised(
                _URL_ALARM,
                f"flowbot cannot reach {host} ({why}). Private answers come another way meanwhile. "
                f"{_NETWORK.format(host)}",
            )

    def _refused(self, post: Post, refused: SlackRefused, default_channel: str) -> Step:
        """Return what follows a refusal; alarm about what an operator has to fix."""
        told = meaning(refused.error)
        where = self._placed(post, told) if not _is_moved(post, refused.error) else Where.HERE
        here_only = where is Where.HERE_ONLY
        step = after_refusal(
            post,
            refused.error,
            default_channel=default_channel,
            wait=backoff(post.attempts + OPERATOR, self._jitter()),
            now=self._clock(),
            here_only=here_only,
        )
        if post.new.kind is Kind.WHISPER and isinstance(step, Move):
            return step  # their direct messages take it: nothing to fix
        if told.verdict is Verdict.ELSEWHERE or here_only:
            if post.channel == default_channel:
                self._alarms.raised(DEFAULT_CHANNEL, trouble(refused.error))
        elif told.verdict in _WIDE:
            self._wide(post, told, where)
        elif told.verdict in (Verdict.BUG, Verdict.PLAIN):
            log.error("Slack refused post %s: %s", post.new.id, refused)
        return step

    def _placed(self, post: Post, told: Meaning) -> Where:
        """Return what a refusal of everything, or of a kind, concerns; hold that."""
        if told.verdict not in _WIDE:
            return Where.HERE
        kind = post.new.kind if told.verdict is Verdict.BARRED else None
        here = Scope(kind, post.channel)
        where = self._refusals.refused(here)
        if where is Where.HERE_ONLY:
            self._holds.lift(here)
            return where
        self._holds.failed(here, OPERATOR)
        if where is Where.EVERYWHERE:
            self._holds.failed(Scope(kind), OPERATOR)
        return where

    def _wide(self, post: Post, told: Meaning, where: Where) -> None:
        """Alarm about a refusal that may concern more than its place; one person may just not be there."""
        kind = post.new.kind
        if where is Where.HERE and is_direct(post.channel):
            log.warning("Slack refuses flowbot in a direct message: %s", told.error)
        elif told.verdict is Verdict.STOP:
            self._alarms.raised("slack", f"Slack refuses flowbot: {told.sentence}. {told.way_out}")
        else:
            sentence = f"Slack lets flowbot {_CALLS[kind]} no more: {told.sentence}. {told.way_out}"
            self._alarms.raised(_alarm_of(kind), sentence)

    def _bug(self, post: Post, bug: Exception) -> Step:
        log.error("post %s met a bug", post.new.id, exc_info=bug)
        self._alarms.raised(BUG, BUG_MET.format(type(bug).__name__))
        self._bugs[post.new.id] += 1
        why = f"bug: {type(bug).__name__}"
        return Doubt(why) if self._bugs[post.new.id] <= BUGS else Drop(why)


def _is_moved(post: Post, error: str) -> bool:
    """Whether the word is one that a private answer meets where its person, or flowbot, is not in the channel."""
    return post.new.kind is Kind.WHISPER and error == "no_permission"


def _alarm_of(kind: Kind) -> str:
    return f"slack {kind.value}"


_WIDE = (Verdict.STOP, Verdict.BARRED)
_URL_ALARM = "slack response_url"
_NETWORK = "Let flowbot's network reach https://{}."
_STATUS = "If it lasts, look at https://slack-status.com."
BUG_MET = "Sending met a bug of flowbot's ({}). It goes on; the log tells more."
_CALLS = {
    Kind.MESSAGE: "post messages",
    Kind.EDIT: "edit its messages",
    Kind.WHISPER: "answer privately",
    Kind.FILE: "upload files",
}

"""Failures: what a failed call concerns, and what follows for the post, for similar ones and for the operator.

asked to wait      messages of the channel, or all calls of another kind, wait as long
unreachable        all that needs the host: a file holds files only, a response_url nothing (there are other ways)
refused            the post, by the table of Slack's error words. STOP and BARRED hold their place; all places, once
                   another one refuses too; that place alone, where another one accepts posts meanwhile
nobody knows       the post is looked up; a response_url that does not answer is left alone
a bug of ours      the post is looked up, then sent as text only, and in the end given up
"""

import logging
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import Enum

from bot.core.outbox.blocks import Body
from bot.core.outbox.conversations import (
    RESPONSE_URL,
    SlackFailure,
    SlackLimited,
    SlackRefused,
    SlackUnclear,
    SlackUnreachable,
    host_of,
)
from bot.core.outbox.posts import Post, PostId, PostKind, is_direct
from bot.core.outbox.slack_errors import Meaning, Verdict, meaning
from bot.core.text.message import Text, msg, sentences, verbatim
from bot.core.values import dataclass
from bot.work.delivery.alarms import BUG, DEFAULT_CHANNEL, Alarms
from bot.work.delivery.channel_health import alarm_text
from bot.work.delivery.circuit_breaker import (
    EVERYTHING,
    MANY_FAILURES,
    OPERATOR_STEPS,
    CircuitBreaker,
    OpenCircuit,
    Scope,
)
from bot.work.delivery.outcomes import (
    GiveUp,
    NextStep,
    Reroute,
    Retry,
    Unclear,
    after_refusal,
    backoff,
    in_time,
    plain,
)
from bot.work.delivery.rate_limiter import RateLimiter
from bot.work.ports import Clock

log = logging.getLogger(__name__)

URL_PATIENCE = 5.0  # seconds a private answer waits for its response_url; there are other ways
REMEMBERED = timedelta(hours=1)  # an older refusal that was not repeated counts no longer
BUGS_AS_IT_IS = 2  # bugs of one post after which it is sent as text only
BUGS = 8  # and after which it is given up: about six minutes


class Extent(Enum):
    """What a refusal of all calls, or of all calls of a kind, concerns."""

    HERE = "this place, and perhaps all"
    HERE_ONLY = "this place: another one takes such posts"
    EVERYWHERE = "all places: another one has refused as well"


@dataclass
class _Refusal:
    at: datetime
    here_only: bool = False


class Refusals:
    """The places that refuse what others may accept."""

    def __init__(self, steady: Clock) -> None:
        self._steady = steady
        self.places: dict[Scope, _Refusal] = {}

    def refused(self, scope: Scope) -> Extent:
        """Record a refusal. What it concerns, as far as is known now."""
        now = self._steady()
        self.places = {each: known for each, known in self.places.items() if now - known.at < REMEMBERED}
        known = self.places.setdefault(scope, _Refusal(now))
        known.at = now
        if known.here_only:
            return Extent.HERE_ONLY
        others = [each for each, other in self.places.items() if each != scope and not other.here_only]
        return Extent.EVERYWHERE if any(each.kind is scope.kind for each in others) else Extent.HERE

    def accepted(self, post: Post) -> list[Scope]:
        """Slack accepted a post, so that places which refuse do so for a reason of their own.

        The scopes of which that is news.
        """
        concerned = [each for each in self.places if each.kind in (None, post.new.kind)]
        for scope in [each for each in concerned if each.place == post.channel]:
            del self.places[scope]
        news = [each for each in concerned if each in self.places and not self.places[each].here_only]
        for scope in news:
            self.places[scope].here_only = True
        return news

    def here_only(self, post: Post) -> bool:
        """Whether the place of a post is known to refuse what others take."""
        known = [self.places.get(Scope(kind, post.channel)) for kind in (None, post.new.kind)]
        return any(each is not None and each.here_only for each in known)


class FailurePolicy:
    """Judges failures, and remembers what is in trouble."""

    def __init__(
        self,
        circuit_breaker: CircuitBreaker,
        rate_limiter: RateLimiter,
        alarms: Alarms,
        clock: Clock,
        steady: Clock,
        jitter: Callable[[], float],
    ) -> None:
        self._circuit_breaker = circuit_breaker
        self._rate_limiter = rate_limiter
        self._alarms = alarms
        self._clock = clock
        self._steady = steady
        self._jitter = jitter
        self.refusals = Refusals(steady)
        self.bugs: Counter[PostId] = Counter()  # met by posts that are not settled

    def body(self, post: Post) -> Body:
        """What is sent of a post: its text only where it has met bugs."""
        as_it_is = self.bugs[post.new.id] < BUGS_AS_IT_IS or post.new.kind is PostKind.FILE
        return post.body if as_it_is else plain(post.body)

    def after(self, post: Post, failure: Exception, *, by_url: bool, default_channel: str) -> NextStep:
        """What follows for a post. ``by_url``: it was handed to its response_url."""
        step = self._decide(post, failure, by_url=by_url, default_channel=default_channel)
        wait = backoff(post.attempts, self._jitter())
        return in_time(post, step, default_channel=default_channel, wait=wait, now=self._clock())

    def succeeded(self, post: Post, *, by_url: bool) -> bool:
        """Slack accepted a post: end what it disproves. Whether other posts waited for that."""
        self.bugs.pop(post.new.id, None)
        if by_url:
            self._circuit_breaker.url_answered(post)
            self._alarms.resolve(_URL_ALARM)
            return False
        apart = self.refusals.accepted(post)
        for scope in apart:  # posts that wait there now go to another place
            self._circuit_breaker.close(scope)
        self._alarms.resolve("slack")
        self._alarms.resolve(_alarm_of(post.new.kind))
        return self._circuit_breaker.succeeded(post) or bool(apart)

    def forget(self, post: Post) -> None:
        """Forget a post that is settled."""
        self.bugs.pop(post.new.id, None)

    def is_bad_place(self, post: Post, error: str) -> bool:
        """Whether the refusal is one of the post's place: it accepts nothing, or nothing of this kind."""
        told = meaning(error).verdict
        return told is Verdict.ELSEWHERE or (told in _REFUSES_ALL and self.refusals.here_only(post))

    def _decide(self, post: Post, failure: Exception, *, by_url: bool, default_channel: str) -> NextStep:
        called = failure.method if isinstance(failure, SlackFailure) else ""
        url = by_url and called in ("", RESPONSE_URL)
        match failure:
            case SlackLimited():
                return self._limited(post, failure.seconds, url=url)
            case SlackRefused():
                return self._refused(post, failure, default_channel)
            case SlackUnclear():
                if url:
                    self._url_failed(post, self._circuit_breaker.url_failed(post), str(failure))
                return Unclear(str(failure) or "unclear")
            case SlackUnreachable():
                return self._unreachable(post, failure, url=url)
        return self._bug(post, failure)

    def _limited(self, post: Post, seconds: float, *, url: bool) -> NextStep:
        if url and seconds > URL_PATIENCE:
            self._circuit_breaker.url_failed(post, seconds)
            return Retry(0, "ratelimited")
        self._rate_limiter.pause(post, self._steady() + timedelta(seconds=seconds))
        return Retry(seconds, "ratelimited")

    def _unreachable(self, post: Post, failure: SlackUnreachable, *, url: bool) -> NextStep:
        why = f"unreachable: {failure}"
        if url:
            self._url_failed(post, self._circuit_breaker.url_failed(post), str(failure))
            return Retry(0, why)
        is_file = post.new.kind is PostKind.FILE  # it needs more hosts than others do
        circuit = self._circuit_breaker.failed(Scope(PostKind.FILE) if is_file else EVERYTHING)
        if circuit.tries >= MANY_FAILURES and is_file:
            way_out = _let_reach(failure.host) if failure.host else _STATUS
            what = msg("Files can't be uploaded ({why}). Long logs wait.", why=str(failure))
            self._alarms.fire(_alarm_of(PostKind.FILE), sentences(what, way_out))
        elif circuit.tries >= MANY_FAILURES:
            self._alarms.fire("slack", _NO_SLACK)
        return Retry((circuit.until - self._steady()).total_seconds(), why)

    def _url_failed(self, post: Post, circuit: OpenCircuit, why: str) -> None:
        if circuit.tries >= MANY_FAILURES:
            host = host_of(post.new.response_url)
            self._alarms.fire(
                _URL_ALARM,
                sentences(
                    msg("{host} can't be reached ({why}).", host=host, why=why),
                    msg("Private answers are sent through Slack's API until then."),
                    _let_reach(host),
                ),
            )

    def _refused(self, post: Post, refused: SlackRefused, default_channel: str) -> NextStep:
        """What follows a refusal; raises the alarm about what an operator has to fix."""
        told = meaning(refused.error)
        extent = self._extent(post, told) if not _is_moved(post, refused.error) else Extent.HERE
        here_only = extent is Extent.HERE_ONLY
        step = after_refusal(
            post,
            refused.error,
            default_channel=default_channel,
            wait=backoff(post.attempts + OPERATOR_STEPS, self._jitter()),
            now=self._clock(),
            here_only=here_only,
        )
        if post.new.kind is PostKind.EPHEMERAL and isinstance(step, Reroute):
            return step  # their direct messages take it: nothing to fix
        if told.verdict is Verdict.ELSEWHERE or here_only:
            if post.channel == default_channel:
                self._alarms.fire(DEFAULT_CHANNEL, alarm_text(refused.error))
        elif told.verdict in _REFUSES_ALL:
            self._raise_alarm(post, told, extent)
        elif told.verdict in (Verdict.BUG, Verdict.PLAIN):
            log.error("Slack refused post %s: %s", post.new.id, refused)
        return step

    def _extent(self, post: Post, told: Meaning) -> Extent:
        """What a refusal of everything, or of a kind, concerns; that is held."""
        if told.verdict not in _REFUSES_ALL:
            return Extent.HERE
        kind = post.new.kind if told.verdict is Verdict.BARRED else None
        here = Scope(kind, post.channel)
        extent = self.refusals.refused(here)
        if extent is Extent.HERE_ONLY:
            self._circuit_breaker.close(here)
            return extent
        self._circuit_breaker.failed(here, OPERATOR_STEPS)
        if extent is Extent.EVERYWHERE:
            self._circuit_breaker.failed(Scope(kind), OPERATOR_STEPS)
        return extent

    def _raise_alarm(self, post: Post, told: Meaning, extent: Extent) -> None:
        """Alarm about a refusal that may concern more than its place; of one person it is only logged."""
        kind = post.new.kind
        if extent is Extent.HERE and is_direct(post.channel):
            log.warning("Slack refused a direct message of flowbot: %s", told.error)
        elif told.verdict is Verdict.STOP:
            self._alarms.fire("slack", sentences(msg("Slack accepts nothing from the app."), told.told))
        else:
            self._alarms.fire(_alarm_of(kind), sentences(_BARRED[kind], told.told))

    def _bug(self, post: Post, bug: Exception) -> NextStep:
        log.error("Post %s hit a bug", post.new.id, exc_info=bug)
        self._alarms.fire(BUG, bug_met(bug))
        self.bugs[post.new.id] += 1
        why = f"bug: {type(bug).__name__}"
        return Unclear(why) if self.bugs[post.new.id] <= BUGS else GiveUp(why)


def _is_moved(post: Post, error: str) -> bool:
    """Whether a private answer got this word because its person, or flowbot, is not in the channel."""
    return post.new.kind is PostKind.EPHEMERAL and error == "no_permission"


def _alarm_of(kind: PostKind) -> str:
    return f"slack {kind.value}"


_REFUSES_ALL = (Verdict.STOP, Verdict.BARRED)
_URL_ALARM = "slack response_url"
_STATUS = msg("If this lasts, check https://slack-status.com.")
_NO_SLACK = msg("Slack can't be reached. Messages wait until it can. Check the network of flowbot's machine.")
_BARRED = {
    PostKind.MESSAGE: msg("Slack no longer lets the app post messages."),
    PostKind.EDIT: msg("Slack no longer lets the app edit its messages."),
    PostKind.EPHEMERAL: msg("Slack no longer lets the app answer privately."),
    PostKind.FILE: msg("Slack no longer lets the app upload files."),
}


def bug_met(bug: Exception) -> Text:
    """The alarm about a bug of ours, which only the log tells."""
    return verbatim(f"A bug stopped a post ({type(bug).__name__}). Other posts are sent as usual. See the log.")


def _let_reach(host: str) -> Text:
    return msg("Let flowbot's machine reach {url}.", url=f"https://{host}")

"""Circuit breaker: what waits while Slack, or a part of it, refuses. Trouble holds what it concerns and nothing else.

    everything        slack.com cannot be reached, or refuses flowbot in more than one place
    a kind            no file can be stored, or Slack refuses such calls in more than one place
    a place           Slack refuses flowbot in one place
    a kind in a place Slack refuses such calls in one place
    a response_url    its host cannot be reached: nothing waits, private answers go another way meanwhile

A post sent by response_url needs neither slack.com nor the token, so that it is never held. When a hold has run out,
one post tries: the newest first message of an incident, else the newest post; posts that failed often come last.
Its success ends the hold. Times are those of the steady clock.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from bot.core.outbox.conversations import host_of
from bot.core.outbox.posts import Post, PostId, PostKind, is_first
from bot.core.values import dataclass
from bot.work.delivery.outcomes import backoff
from bot.work.ports import Clock

MANY_FAILURES = 3  # failures after which a post gives way to others, and trouble becomes an alarm
OPERATOR_STEPS = 4  # steps of back-off that are skipped where a person has to fix something
ATTEMPT = timedelta(seconds=20)  # longer than any call: meanwhile no other post tries the host of a response_url


@dataclass(frozen=True, slots=True)
class Scope:
    """What a hold concerns: posts of a kind, for a place, or both; everything where it names neither."""

    kind: PostKind | None = None
    place: str = ""

    def concerns(self, post: Post) -> bool:
        """Whether this post is held by it."""
        return self.kind in (None, post.new.kind) and self.place in ("", post.channel)


EVERYTHING = Scope()


@dataclass
class OpenCircuit:
    """A hold: nothing goes before ``until``; then one post tries, and its success ends the hold."""

    until: datetime
    tries: int = 0
    probe: PostId | None = None  # the post that tries, or tried


class CircuitBreaker:
    """What is held, and which response_urls are left alone."""

    def __init__(self, steady: Clock, jitter: Callable[[], float]) -> None:
        self._steady = steady
        self._jitter = jitter
        self.circuits: dict[Scope, OpenCircuit] = {}
        self.hosts: dict[str, OpenCircuit] = {}  # of response_urls

    def failed(self, scope: Scope, extra_steps: int = 0) -> OpenCircuit:
        """Hold, for longer with each failure after the last hold had run out."""
        return self._extend(self.circuits.setdefault(scope, OpenCircuit(self._steady())), extra_steps)

    def close(self, scope: Scope) -> None:
        """End one hold."""
        self.circuits.pop(scope, None)

    def succeeded(self, post: Post) -> bool:
        """End the holds that concern a post which Slack accepted; False where there were none."""
        ended = [scope for scope in self.circuits if scope.concerns(post)]
        for scope in ended:
            del self.circuits[scope]
        return bool(ended)

    def admitted(
        self, due: Iterable[Post], busy: Mapping[PostId, Post], now: datetime, ready: Callable[[Post], bool]
    ) -> list[Post]:
        """What is not held; where a hold has run out, one post tries that is ``ready``. ``busy`` are being sent."""
        shut = [scope for scope, circuit in self.circuits.items() if circuit.until > now or circuit.probe in busy]
        admitted = [
            post for post in due if self._may_go_by_url(post, now) or not any(scope.concerns(post) for scope in shut)
        ]
        for scope, circuit in self.circuits.items():
            concerned = [post for post in admitted if scope.concerns(post) and not self._may_go_by_url(post, now)]
            probe = min(filter(ready, reversed(concerned)), key=self._probe_rank, default=None)
            circuit.probe = probe.new.id if probe is not None else circuit.probe
            stay = {post.new.id for post in concerned if post is not probe}
            admitted = [post for post in admitted if post.new.id not in stay]
        return admitted

    def _probe_rank(self, post: Post) -> tuple[int, int, bool, float]:
        """What decides which post tries, the least first; of equals, the one queued last.

        A post that a narrower hold concerns too, such as one of its place, says less about the others.
        """
        held = sum(scope.concerns(post) for scope in self.circuits)
        return held, post.attempts // MANY_FAILURES, not is_first(post), -post.new.due.timestamp()

    # ── response_urls ──

    def may_use_url(self, post: Post) -> bool:
        """Whether this post goes by its response_url now: where their host fails, one at a time tries it."""
        now = self._steady()
        if not self._may_go_by_url(post, now):
            return False
        if (circuit := self.hosts.get(host_of(post.new.response_url))) is not None:
            circuit.until, circuit.probe = now + ATTEMPT, post.new.id
        return True

    def url_failed(self, post: Post, seconds: float = 0.0) -> OpenCircuit:
        """Leave the host of a post's response_url alone, for longer with each failure, and for ``seconds`` at least."""
        now = self._steady()
        circuit = self.hosts.setdefault(host_of(post.new.response_url), OpenCircuit(now))
        if circuit.probe == post.new.id:
            circuit.until, circuit.probe = now, None
        self._extend(circuit, 0)
        circuit.until = max(circuit.until, now + timedelta(seconds=seconds))
        return circuit

    def url_answered(self, post: Post) -> None:
        """The host of a post's response_url answers: end its hold."""
        self.hosts.pop(host_of(post.new.response_url), None)

    def _may_go_by_url(self, post: Post, now: datetime) -> bool:
        """Whether a post may go by a response_url. One that may have been seen does not try a host that fails again."""
        if post.new.kind is not PostKind.EPHEMERAL or not post.new.response_url:
            return False
        circuit = self.hosts.get(host_of(post.new.response_url))
        return circuit is None or (circuit.until <= now and not post.doubts)

    def _extend(self, circuit: OpenCircuit, extra_steps: int) -> OpenCircuit:
        now = self._steady()
        if circuit.until <= now:
            circuit.tries += 1
            circuit.until = now + timedelta(seconds=backoff(circuit.tries + extra_steps, self._jitter()))
        return circuit

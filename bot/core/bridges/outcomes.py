"""What follows after a receiver's answer to an event, and when it is sent again.

    answer                     webhook                        PagerDuty
    ──────                     ───────                        ─────────
    2xx                        accepted                       accepted
    none in time, 5xx, other   again, with growing pauses     the same
    429                        again, after the pause it asks for
    410                        gone: again, with the longest pause
    400, 413                   again (its owner may fix it)   refused: given up, since it would refuse it always

An event that was not accepted for three days is given up.
"""

from datetime import datetime, timedelta
from enum import Enum

from bot.core.bridges.model import Bridge
from bot.core.values import dataclass

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=1), timedelta(minutes=15)
LONGEST_HOLD = timedelta(seconds=30)
LONGEST_ASKED = timedelta(hours=1)  # that a receiver may ask to wait
GIVEN_UP_AFTER = timedelta(days=3)
LATE_AFTER = timedelta(minutes=5)  # an event that waits for so long is an alarm

GONE, TOO_MANY, UNUSABLE = 410, 429, frozenset({400, 413})


@dataclass(frozen=True, slots=True)
class Answer:
    """A receiver's answer. ``status`` 0: none, and ``says`` is why, in a few words."""

    status: int
    says: str = ""
    retry_after: float = 0.0  # seconds

    @property
    def why(self) -> str:
        """The failure in a few words, for the log and the database."""
        status = f"HTTP {self.status}" if self.status else ""
        return ": ".join(filter(None, [status, self.says])) or "no answer"


class Verdict(Enum):
    """What an answer means for the event."""

    ACCEPTED = "accepted"
    AGAIN = "again"
    LIMITED = "limited"
    GONE = "gone"
    REFUSED = "refused"  # it would be refused always: our bug, or a wrong key
    TOO_OLD = "too old"

    @property
    def is_final(self) -> bool:
        """Whether the event is not sent again."""
        return self in {Verdict.ACCEPTED, Verdict.REFUSED, Verdict.TOO_OLD}


def verdict(bridge: Bridge, answer: Answer, queued_at: datetime, now: datetime) -> Verdict:
    """What follows from an answer to an event."""
    if 200 <= answer.status < 300:
        return Verdict.ACCEPTED
    if bridge is Bridge.PAGERDUTY and answer.status in UNUSABLE:
        return Verdict.REFUSED
    if now - queued_at >= GIVEN_UP_AFTER:
        return Verdict.TOO_OLD
    if answer.status == TOO_MANY:
        return Verdict.LIMITED
    if bridge is Bridge.WEBHOOK and answer.status == GONE:
        return Verdict.GONE
    return Verdict.AGAIN


def hold(found: Verdict, failures: int, retry_after: float, jitter: float) -> timedelta:
    """How long a bridge sends nothing after the ``failures``-th answer in a row that accepted nothing.

    It is short: the pauses of an event grow by themselves, and an event that only it refuses must not delay others.
    """
    waits = pause(found, failures, retry_after, jitter)
    return waits if found in {Verdict.LIMITED, Verdict.GONE} else min(waits, LONGEST_HOLD)


def pause(found: Verdict, failures: int, retry_after: float, jitter: float) -> timedelta:
    """How long an event waits after its ``failures``-th failure; ``jitter`` is in [0, 1)."""
    if found is Verdict.GONE:
        return LONGEST_PAUSE
    grown = FIRST_PAUSE * (1 << min(failures - 1, 12))
    asked = min(timedelta(seconds=retry_after), LONGEST_ASKED)
    return max(asked, min(grown, LONGEST_PAUSE) * (0.75 + 0.25 * jitter))

"""Whether the promise is kept: EnOS is read, every failure is reported and every person is answered, in time.

Health is judged by this and not by the state of the parts: each may be well while failures are not reported.

    evidence (ages, by a clock that is never put back) ──late──▸ what is late, worst first ──judgement──▸ well or not
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

GRACE = 10.0  # seconds beyond two polls


class Promise(Enum):
    """What flowbot promises; ``LOOK`` is that it measures all the others."""

    READ = "read"  # each scheduling type is read to its end at each poll
    TELL = "tell"  # a failure that was seen is reported
    ANSWER = "answer"  # a person who says something is answered
    RECORD = "record"  # the database can be written and read
    LOOK = "look"  # all this is measured


@dataclass(frozen=True, slots=True)
class Evidence:
    """How old the oldest of each kind is, in seconds; 0 where there is none."""

    unread: float = 0.0  # since a complete read of the type that was read longest ago; since the start where none was
    never_read: bool = False  # at least one type was not read since the start
    untold: float = 0.0  # since the oldest failure was seen whose first message is not in Slack
    unanswered: float = 0.0  # since the oldest message that waits for an answer
    unrecorded: float = 0.0  # since the database has last answered
    unseen: float = 0.0  # since this evidence was last collected


@dataclass(frozen=True, slots=True)
class Late:
    """A promise that is broken, and for how long."""

    promise: Promise
    seconds: float
    sentence: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """How flowbot is, for everybody who asks: ``/readyz``, ``status``, the doctor, the daily line."""

    broken: tuple[str, ...] = ()  # what keeps flowbot from its work
    remarks: tuple[str, ...] = ()  # what needs a person's attention all the same

    @property
    def well(self) -> bool:
        """Whether there is nothing to say."""
        return not (self.broken or self.remarks)

    def __str__(self) -> str:
        """All of it as sentences."""
        return " ".join((*self.broken, *self.remarks))


@dataclass(frozen=True, slots=True)
class BotStatus:
    """What ``status`` shows of the bot: a judgement, and a short text for each part; an empty text is not shown."""

    judgement: Judgement = Judgement()
    watching: str = ""
    last_read: str = ""
    slack: str = ""
    version: str = ""
    clock: str = ""  # how the wall clock was set lately


def allowed(poll_seconds: float) -> float:
    """The seconds that anything may take before the promise is broken."""
    return 2 * poll_seconds + GRACE


def late(evidence: Evidence, poll_seconds: float) -> tuple[Late, ...]:
    """What is late, longest first. Evidence that is too old is late itself: the rest is not known then."""
    never = "EnOS has not been read completely since the start, {} ago."
    rows = (
        (Promise.READ, evidence.unread, never if evidence.never_read else "EnOS was last read completely {} ago."),
        (Promise.TELL, evidence.untold, "A failure was seen {} ago and is not posted yet."),
        (Promise.ANSWER, evidence.unanswered, "Somebody has waited {} for an answer."),
        (Promise.RECORD, evidence.unrecorded, "The database has not answered for {}."),
        (Promise.LOOK, evidence.unseen, "flowbot has not checked itself for {}."),
    )
    most = allowed(poll_seconds)
    found = [Late(promise, age, says.format(span(age))) for promise, age, says in rows if age > most]
    return tuple(sorted(found, key=lambda each: each.seconds, reverse=True))


def judge(late_ones: Iterable[Late], broken: Iterable[str], remarks: Iterable[str]) -> Judgement:
    """The judgement; what an operator has to fix comes first, since it is the likely cause."""
    return Judgement((*broken, *(each.sentence for each in late_ones)), tuple(remarks))


def span(seconds: float) -> str:
    """A number of seconds in words, never negative."""
    whole = max(0, round(seconds))
    if whole < 120:
        return f"{whole} s"
    minutes = whole // 60
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"

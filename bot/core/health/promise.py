"""Whether the promise is kept: EnOS is read, every failure is reported and every person is answered, in time.

Health is judged by this and not by the state of the parts: each may be well while failures are not reported.

    evidence (ages, by a clock that is never put back) ──late──▸ what is late, worst first ──judgement──▸ well or not
"""

from collections.abc import Iterable
from datetime import timedelta
from enum import Enum
from typing import assert_never

from bot.core.text.escape import EMPTY
from bot.core.text.message import Message, Text, msg, plain, sentences
from bot.core.values import dataclass

GRACE = 10.0  # seconds beyond two polls


class Promise(Enum):
    """What flowbot promises; ``LOOK`` is that it measures all the others."""

    READ = "read"  # each scheduling type is read to its end at each poll
    TELL = "tell"  # a failure that was seen is reported
    ANSWER = "answer"  # a person who says something is answered
    RECORD = "record"  # the database can be written and read
    LEAD = "lead"  # of several replicas one does all this
    LOOK = "look"  # all this is measured


@dataclass(frozen=True, slots=True)
class Evidence:
    """How old the oldest of each kind is, in seconds; 0 where there is none."""

    unread: float = 0.0  # since a complete read of the type that was read longest ago; since the start where none was
    never_read: bool = False  # at least one type was not read since the start
    untold: float = 0.0  # since the oldest failure was seen whose first message is not in Slack
    unanswered: float = 0.0  # since the oldest message that waits for an answer
    unrecorded: float = 0.0  # since the database has last answered
    unled: float = 0.0  # since one of several replicas has led the others
    unseen: float = 0.0  # since this evidence was last collected


@dataclass(frozen=True, slots=True)
class Late:
    """A promise that is broken, and for how long."""

    promise: Promise
    seconds: float
    sentence: Message


@dataclass(frozen=True, slots=True)
class Judgement:
    """How flowbot is, for everybody who asks: ``/readyz``, ``status``, the doctor, the digest."""

    broken: tuple[Text, ...] = ()  # what keeps flowbot from its work
    remarks: tuple[Text, ...] = ()  # what needs a person's attention all the same

    @property
    def well(self) -> bool:
        """Whether there is nothing to say."""
        return not self.told

    @property
    def told(self) -> tuple[Text, ...]:
        """All that there is to say."""
        return (*self.broken, *self.remarks)

    def __str__(self) -> str:
        """All of it in English, for logs."""
        return plain(sentences(*self.told))


@dataclass(frozen=True, slots=True)
class BotStatus:
    """What ``status`` shows of flowbot: a judgement, and a short text for each part; an empty one is not shown."""

    judgement: Judgement = Judgement()
    watching: Text = EMPTY
    last_read: Text = EMPTY
    slack: Text = EMPTY
    version: Text = EMPTY
    clock: Text = EMPTY  # how the wall clock was set lately
    history: Text = EMPTY  # since when all runs are known


def allowed(poll_seconds: float) -> float:
    """The seconds that anything may take before the promise is broken."""
    return 2 * poll_seconds + GRACE


def late(evidence: Evidence, poll_seconds: float) -> tuple[Late, ...]:
    """What is late, longest first. Evidence that is too old is late itself: the rest is not known then."""
    most = allowed(poll_seconds)
    rows = (
        (Promise.READ, evidence.unread),
        (Promise.TELL, evidence.untold),
        (Promise.ANSWER, evidence.unanswered),
        (Promise.RECORD, evidence.unrecorded),
        (Promise.LEAD, evidence.unled),
        (Promise.LOOK, evidence.unseen),
    )
    found = [
        Late(promise, age, _sentence(promise, timedelta(seconds=age), never_read=evidence.never_read))
        for promise, age in rows
        if age > most
    ]
    return tuple(sorted(found, key=lambda each: each.seconds, reverse=True))


def _sentence(promise: Promise, age: timedelta, *, never_read: bool) -> Message:
    match promise:
        case Promise.READ if never_read:
            return msg("No poll of EnOS has been complete since the start {duration} ago.", duration=age)
        case Promise.READ:
            return msg("The last complete poll of EnOS was {duration} ago.", duration=age)
        case Promise.TELL:
            return msg("A failure was seen {duration} ago and is not posted yet.", duration=age)
        case Promise.ANSWER:
            return msg("Somebody has waited {duration} for an answer.", duration=age)
        case Promise.RECORD:
            return msg("The database has not answered for {duration}.", duration=age)
        case Promise.LEAD:
            return msg("No replica of flowbot has led the others for {duration}. Nobody reads EnOS.", duration=age)
        case Promise.LOOK:
            return msg("The last health check was {duration} ago.", duration=age)
        case _:
            assert_never(promise)


def judge(late_ones: Iterable[Late], broken: Iterable[Text], remarks: Iterable[Text]) -> Judgement:
    """The judgement; what an operator has to fix comes first, since it is the likely cause."""
    return Judgement((*broken, *(each.sentence for each in late_ones)), tuple(remarks))

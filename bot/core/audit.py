"""The audit as values: an attempt is written before the act, and its end after it. Nothing is changed or removed."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from bot.core.people.model import Link, Person


@dataclass(frozen=True, slots=True)
class Attempt:
    """Written before an act."""

    key: str  # of the delivery (``IncomingMessage.key``), or of a press: one act per key
    by: Person
    channel: str
    thread: str
    surface: str
    words: str  # as said, secrets masked
    verb: str
    at: datetime


class Ending(Enum):
    """How an attempt can end. The values are what the audit stores and shows."""

    DONE = "done"
    ASKED = "asked"  # the answer was a question: nothing was done yet
    REFUSED = "refused"
    OUTAGE = "outage"  # nothing was done, and it may work later
    UNCLEAR = "unclear"  # it may have been done
    BUG = "bug"
    OTHER = ""  # what another version wrote


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended, and the name of the reason: printed as ``refused:not_owner``, or ``done`` without one."""

    ending: Ending
    reason: str = ""

    def __str__(self) -> str:
        """As the audit stores and shows it."""
        return ":".join(part for part in (self.ending.value, self.reason) if part)

    @classmethod
    def read(cls, stored: str) -> "Outcome":
        """The outcome that was printed as ``stored``."""
        ending, _, reason = stored.partition(":")
        known = {each.value: each for each in Ending if each is not Ending.OTHER}
        return cls(known[ending], reason) if ending in known else cls(Ending.OTHER, stored)

    @property
    def frees(self) -> bool:
        """Whether nothing was done, so that the same button may be pressed again."""
        return self.ending in {Ending.ASKED, Ending.REFUSED, Ending.OUTAGE}


DONE, ASKED = Outcome(Ending.DONE), Outcome(Ending.ASKED)


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """The end of an attempt."""

    attempt: int
    outcome: Outcome
    at: datetime
    request: str = ""  # the platform action
    user_id: str = ""  # the EnOS user it was done as
    answer: str = ""  # e.g. the new instance id
    linked: Link | None = None  # the link that the act depends on: Refused("link_changed") where it has changed


@dataclass(frozen=True, slots=True)
class Entry:
    """An attempt with its end, where it has one."""

    id: int
    attempt: Attempt
    outcome: Outcome | None = None  # None while it has not ended
    request: str = ""  # the platform action, e.g. triggerFromTask
    user_id: str = ""  # the EnOS user it was done as
    answer: str = ""  # e.g. the new instance id
    ended_at: datetime | None = None
    detail: str = ""  # JSON: what is needed to look up a call whose answer may be lost

"""The audit as values: attempted before it happens, then ended. It is only added to."""

import re
from dataclasses import dataclass
from datetime import datetime

from bot.core.people.model import Link, Person

# Outcomes of attempts that have not acted (``match``): their button may be pressed again.
NOT_ACTED = re.compile(r"asked\Z|refused:|outage:")


@dataclass(frozen=True, slots=True)
class Attempt:
    """Written before an act."""

    key: str  # of the delivery (Said.key), or of a press: one act per key
    by: Person
    channel: str
    thread: str
    surface: str
    words: str  # as said, secrets masked
    verb: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """The end of an attempt."""

    attempt: int
    outcome: str  # a named reason
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
    outcome: str = ""  # a named reason: done, asked, refused:not_owner, outage:…, unclear:…, bug:…
    request: str = ""  # the platform action, e.g. triggerFromTask
    user_id: str = ""  # the EnOS user it was done as
    answer: str = ""  # e.g. the new instance id
    ended_at: datetime | None = None
    detail: str = ""  # JSON: what is needed to look up a call whose answer may be lost

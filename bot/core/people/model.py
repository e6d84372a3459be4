"""People: who they are in Slack, who they are in EnOS, where they spoke, and what was attempted for them.

The audit holds the attempts: each is written before the act, and its end after it. Nothing is changed or removed.
"""

import dataclasses
from datetime import datetime, timedelta
from enum import Enum

from bot.core.flow.model import UserId, UserName
from bot.core.text.language import EN
from bot.core.values import dataclass


@dataclasses.dataclass(frozen=True, slots=True, order=True)  # ours has no order
class Person:
    """Somebody in Slack: enterprise id (else team id) and user id, never a name."""

    team: str
    user: str

    def __str__(self) -> str:
        """``T…:U…``."""
        return f"{self.team}:{self.user}"


def former_homes(noted_team: str, noted_home: str, *, team: str, home: str) -> tuple[str, ...]:
    """The keys under which people of this workspace were known before; ``noted_…`` is what the database says.

    Inside an organization the bare team is such a key, noted or not. A note about another workspace does not count.
    """
    found = {team} if team else set()
    if noted_team == team and noted_home:
        found.add(noted_home)
    return tuple(sorted(found - {home}))


@dataclass(frozen=True, slots=True)
class Profile:
    """What Slack says about a person (cached for minutes at most)."""

    person: Person
    name: str = ""  # display name, for words only
    timezone: str = "UTC"  # IANA; empty where Slack names none that Python knows
    offset: timedelta | None = None  # from UTC, at present; None where Slack does not name it
    deleted: bool = False
    bot: bool = False
    guest: bool = False
    stranger: bool = False  # of another team or enterprise (Slack Connect)
    language: str = EN  # one of LANGUAGES


@dataclass(frozen=True, slots=True)
class Link:
    """A person's EnOS identity: calls carry ``user_id``, owner fields carry ``user_name``."""

    person: Person
    user_id: UserId
    user_name: UserName
    verified: bool = False


class Surface(Enum):
    """Where a message came from."""

    COMMAND = "command"  # slash command
    MENTION = "mention"  # @flowbot in a channel or thread
    DIRECT = "direct"  # direct message
    BUTTON = "button"
    FORM = "form"
    HOME = "home"  # the app's home tab
    SHORTCUT = "shortcut"  # on a message
    SHELL = "shell"  # ``flowbot do``
    RULE = "rule"  # of the flow, in the name of who made it (``core/incident/retries.py``)
    BACKFILL = "backfill"  # one of the runs of a backfill, in the name of who started that (``core/flow/backfill.py``)
    UNSUPPORTED = "retired"  # a shortcut, form or command that does not exist any more; the text names which of them


@dataclass(frozen=True, slots=True)
class Origin:
    """The place of an answer."""

    surface: Surface
    channel: str  # the user's id where there is none: answers then go to their direct messages
    thread: str = ""  # the thread's first message; empty outside of threads
    message: str = ""  # the message that was sent or pressed
    response_url: str = ""  # ephemeral answers, for 30 minutes, 5 uses; a secret


EDITED, TALK = "edited", "talk"


@dataclass(frozen=True, slots=True)
class IncomingMessage:
    """A message from a person, whatever the surface. A button's text is the command in its value."""

    key: str  # identifies the delivery: a repeat with the same key is the same act
    text: str
    by: Person
    origin: Origin
    at: datetime
    post: str = ""  # for buttons: their post
    hint: str = ""  # why the text is not a command, and only a hint is the answer: EDITED or TALK


# ── the audit ──


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
    asker: Person | None = None  # who asked ``by`` to do it, and may not themselves


_PART = "part:"


def part_key(attempt: int, what: str) -> str:
    """The key of the attempt for one thing among many that one command (``attempt``) is about."""
    return f"{_PART}{attempt}:{what}"


def is_part(attempt: Attempt) -> bool:
    """Whether an attempt is for one thing among many: what became of it is told with the others."""
    return attempt.key.startswith(_PART)


class Ending(Enum):
    """How an attempt can end. The values are what the audit stores and shows."""

    DONE = "done"
    ASKED = "asked"  # the answer was a question: nothing was done yet
    REFUSED = "refused"
    OUTAGE = "outage"  # nothing was done, and it may work later
    UNCLEAR = "unclear"  # it may have been done
    BUG = "bug"
    OTHER = ""  # what another version wrote


FREEING = frozenset({Ending.ASKED, Ending.REFUSED, Ending.OUTAGE})  # nothing was done: a button may be pressed again


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
    linked: Link | None = None  # the link that the act depends on: Refusal("link_changed") where it has changed


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

"""People: who they are in Slack, who they are in EnOS, and where they spoke."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from bot.core.flow.model import UserId, UserName


@dataclass(frozen=True, slots=True, order=True)
class Person:
    """Somebody in Slack: enterprise id (else team id) and user id, never a name."""

    team: str
    user: str

    def __str__(self) -> str:
        """``T…:U…``."""
        return f"{self.team}:{self.user}"


def former_homes(noted_team: str, noted_home: str, *, team: str, home: str) -> tuple[str, ...]:
    """By what people of this workspace were known before and are not now; ``noted_…`` is what was so then.

    A bare team inside an organization is of former times, noted or not. What was noted of another workspace says
    nothing about this one.
    """
    found = {team} if team else set()
    if noted_team == team and noted_home:
        found.add(noted_home)
    return tuple(sorted(found - {home}))


@dataclass(frozen=True, slots=True)
class Profile:
    """What Slack says of a person now (cached for minutes at most)."""

    person: Person
    name: str = ""  # display name, for words only
    timezone: str = "UTC"  # IANA; empty where Slack names none
    offset: timedelta | None = None  # from UTC, as Slack tells it for now; None where it tells none
    deleted: bool = False
    bot: bool = False
    guest: bool = False
    stranger: bool = False  # of another team or enterprise (Slack Connect)


@dataclass(frozen=True, slots=True)
class Link:
    """A person's EnOS identity: calls carry ``user_id``, owner fields carry ``user_name``."""

    person: Person
    user_id: UserId
    user_name: UserName
    verified: bool = False


class Surface(Enum):
    """Where words were said."""

    COMMAND = "command"  # slash command
    MENTION = "mention"  # @flowbot in a channel or thread
    DIRECT = "direct"  # direct message
    BUTTON = "button"
    UNSUPPORTED = "retired"  # a shortcut, form or command that there is none of any more; the words name which of them


@dataclass(frozen=True, slots=True)
class Origin:
    """The place of an answer."""

    surface: Surface
    channel: str
    thread: str = ""  # the thread's first message; empty outside of threads
    message: str = ""  # the message that was said or pressed
    response_url: str = ""  # private answers for 30 minutes, 5 uses; a secret


EDITED, TALK = "edited", "talk"


@dataclass(frozen=True, slots=True)
class IncomingMessage:
    """Words from a person, whatever the surface. A button says the words of its value."""

    key: str  # identifies the delivery: a repeat with the same key is the same act
    text: str
    by: Person
    origin: Origin
    at: datetime
    post: str = ""  # for buttons: the post they stand on
    hint: str = ""  # why the words are not carried out, and one sentence says how to say it: EDITED or TALK

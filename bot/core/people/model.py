"""People: who they are in Slack, who they are in EnOS, and where they spoke."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from bot.core.flow.model import UserId, UserName
from bot.core.text.language import EN


@dataclass(frozen=True, slots=True, order=True)
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
    timezone: str = "UTC"  # IANA; empty where Slack does not name one
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
    UNSUPPORTED = "retired"  # a shortcut, form or command that does not exist any more; the text names which of them


@dataclass(frozen=True, slots=True)
class Origin:
    """The place of an answer."""

    surface: Surface
    channel: str
    thread: str = ""  # the thread's first message; empty outside of threads
    message: str = ""  # the message that was sent or pressed
    response_url: str = ""  # private answers for 30 minutes, 5 uses; a secret


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

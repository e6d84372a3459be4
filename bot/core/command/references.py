"""What requests name besides their verb: a flow, an owner, a moment, a span, many at once.

What depends on "now" is kept as words (``When``, ``Period``), which ``periods.py`` resolves with a clock and a zone.
"""

from dataclasses import field
from enum import Enum

from bot.core.flow.model import FlowId, UserName
from bot.core.values import dataclass


@dataclass(frozen=True, slots=True)
class FlowRef:
    """A flow by id (all digits) or by name."""

    id: FlowId | None = None
    name: str = ""
    # As typed, where marks, a sentence's punctuation or full width were removed: a flow may have that name.
    typed: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class OwnerRef:
    """An owner: a user name, a Slack user id, or the asker."""

    name: UserName | None = None
    person: str = ""
    me: bool = False
    typed: str = field(default="", compare=False)  # see FlowRef


@dataclass(frozen=True, slots=True)
class When:
    """A moment in the asker's words, normalised: ``now``, ``14:30``, ``tomorrow 02:00``, ``2026-11-21 14:30``."""

    words: str


@dataclass(frozen=True, slots=True)
class Period:
    """A span in the asker's words, normalised: ``today``, ``last 3h``, ``2026-11-01..2026-11-07``."""

    words: str = "today"


TODAY = Period()
SEVEN_DAYS = Period("last 7d")


class Bulk(Enum):
    """Many at once: those of an alert storm, or of a channel. The values are the words of commands."""

    ALL = "all"
    MINE = "all mine"  # those whose flow the asker owns

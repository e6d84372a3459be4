"""What a card says besides the failure itself: how the flow usually runs, what it met before, what hangs on it.

Each part is None, or empty, until it is known; an incident keeps it with its other facts.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.flow.model import FlowId


@dataclass(frozen=True, slots=True)
class FlowRef:
    """A flow that a card names."""

    id: FlowId
    name: str


@dataclass(frozen=True, slots=True)
class UsualDuration:
    """How long a flow's successful runs take, and over how many runs that was seen."""

    typical: timedelta  # the median
    longest: timedelta
    runs: int


@dataclass(frozen=True, slots=True)
class MetBefore:
    """The last incident of the flow with the same error, and what ended it."""

    at: datetime
    ended_by: str  # a key of ``messages``: "itself", "rerun", "closed" …
    person: str = ""  # Person as text: who reran or closed it
    after: timedelta | None = None
    times: int = 1  # incidents with this error that are kept


@dataclass(frozen=True, slots=True)
class Cause:
    """An upstream flow that probably is why this one is broken, missing or late."""

    flow: FlowRef
    what: str  # "failed", "missing", "late"
    at: datetime | None = None
    incident: str = ""  # the incident of the cause, where it has one


@dataclass(frozen=True, slots=True)
class Background:
    """All that is known around an incident."""

    usual: UsualDuration | None = None
    took: timedelta | None = None  # the newest failed run
    next_run: datetime | None = None  # when the schedule starts the flow again
    waiting: tuple[FlowRef, ...] = ()  # flows that depend on this one, nearest first; few are named
    waiting_count: int = 0
    met_before: MetBefore | None = None
    runbook: str = ""
    cause: Cause | None = None


NOTHING_KNOWN = Background()

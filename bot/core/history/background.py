"""What a card says besides the failure itself: how the flow usually runs, what it met before, what hangs on it.

Each part is None, or empty, until it is known; an incident keeps it with its other facts.
"""

from datetime import datetime, timedelta

from bot.core.flow.model import FlowId, InstanceId
from bot.core.values import dataclass


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
    ended_by: str  # a value of ``Ending`` in ``met_before.py``
    person: str = ""  # EnOS user name of who reran or closed it, if known: cards name them, and mention nobody
    after: timedelta | None = None
    times: int = 1  # incidents with this error that are kept


@dataclass(frozen=True, slots=True)
class Cause:
    """An upstream flow that probably is why this one is broken, missing or late."""

    flow: FlowRef
    what: str  # a value of ``Breakage`` in ``causes.py``
    at: datetime | None = None
    incident: str = ""  # the incident of the cause, where it has one
    link: str = ""  # to its home card
    is_acknowledged: bool = False  # that incident is: meanwhile nobody is called about this one
    has_ended: bool = False


@dataclass(frozen=True, slots=True)
class Consequence:
    """A flow that is probably broken, missing or late because of this one."""

    flow: FlowRef
    incident: str
    phase: str  # a value of ``Phase`` in ``core/incident/model.py``


@dataclass(frozen=True, slots=True)
class PlannedRetry:
    """A rerun that a retry rule starts by itself, unless somebody acts first."""

    instance: InstanceId  # the run that failed
    due: datetime
    text: str  # what the error contains; masked
    user_name: str  # of the rule's maker, in EnOS


@dataclass(frozen=True, slots=True)
class Lateness:
    """Why an incident is about a run that is missing, late or long: what its first occurrence says of it."""

    fire: datetime | None = None  # the trigger time of the run
    by: datetime | None = None  # when it is usually done, or was promised to be
    clock: str = ""  # the same on the clock of whoever promised it, else on flowbot's: "06:10 UTC"
    promised: bool = False
    is_missing: bool = False  # EnOS has no such run: nobody asks for it
    started_at: datetime | None = None  # of the run under way
    done: int = 0  # of the last ``runs``, these were done by then
    runs: int = 0
    kind: str = ""  # which runs these are: a value of ``usual.Kind``
    longest: timedelta | None = None  # of the runs there were (LONG)
    expected: datetime | None = None  # when it will be done, where a promise will not be kept
    is_past: bool = False  # that promise's time has come, and it was said
    behind: FlowRef | None = None  # the flow that is why
    behind_by: timedelta | None = None


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
    consequences: tuple[Consequence, ...] = ()  # few are named
    consequence_count: int = 0
    first_acknowledged: datetime | None = None  # the present acknowledgement may be a later one
    retry: PlannedRetry | None = None  # while it waits
    late: Lateness | None = None


NOTHING_KNOWN = Background()

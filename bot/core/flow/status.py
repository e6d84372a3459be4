"""What the statuses of a flow instance or task instance mean, and two of flowbot's own, which EnOS never hears of.

Source: List Flow Instances, FlowInstanceStatus (EnOS Batch Processing API v2.1).
"""

from enum import IntEnum


class Status(IntEnum):
    """The documented statuses; a number outside of them is kept as a plain int by the reader."""

    FAIL = -1
    INIT = 0
    SUCCESS = 1
    RUNNING = 2
    SUSPEND = 3
    INTERNAL_ERROR = 4
    WAIT = 5
    READY = 6
    TIMEOUT = 7
    CANCEL = 8
    RERUN = 9
    SKIP = 10


class OwnStatus(IntEnum):
    """What flowbot itself says of a run."""

    LATE = 1001  # not done by its time; there may be no run at all
    LONG = 1002  # runs far longer than it ever did


OWN = frozenset(OwnStatus)
TERMINAL = frozenset({Status.FAIL, Status.SUCCESS, Status.INTERNAL_ERROR, Status.TIMEOUT, Status.CANCEL, Status.SKIP})
PENDING = frozenset({Status.INIT, Status.WAIT, Status.READY})

_NUMBERS = {int(status): status for status in Status}
_NAMES = {int(status): status.name for status in (*Status, *OwnStatus)}


def status_of(number: int) -> Status | int:
    """The documented status, or the number itself where the platform invented a new one."""
    return _NUMBERS.get(number, number)


def name_of(status: int) -> str:
    """The platform's name, or flowbot's own, or ``status 42`` for a number that is not documented."""
    return _NAMES.get(int(status)) or f"status {int(status)}"


def is_finished(status: int) -> bool:
    """Whether an instance in this status has ended. An unknown status has not."""
    return status in TERMINAL

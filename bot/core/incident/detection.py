"""What a row of a search means, compared with when it was last seen: one named reason to speak, or none.

    last seen      now                       reason
    ─────────      ───                       ──────
    never          alerting                  new failure
    not alerting   alerting                  failed again
    alerting       another known end time    failed again (console reruns keep the instance id)
    alerting       the end time it lacked    end time completed
    alerting       same end, other status    restated (FAIL becomes TIMEOUT)
    alerting       success                   recovered
    anything else                            nothing

Only texts that the platform printed are compared: their zone is not certain, but a search prints it alike each time.
"""

from collections.abc import Collection
from datetime import datetime
from enum import Enum

from bot.core.flow.ids import instance_moment
from bot.core.flow.model import PERIODIC, Instance
from bot.core.flow.status import Status, is_finished
from bot.core.incident.facts import Seen


class DetectionReason(Enum):
    """Why a row is reported."""

    NEW = "new failure"
    AGAIN = "failed again"
    COMPLETED = "end time completed"
    RESTATED = "restated"
    RECOVERED = "recovered"
    NOTHING = "nothing"


FAILURES = frozenset({DetectionReason.NEW, DetectionReason.AGAIN})


def detect(row: Instance, seen: Seen | None, alerting: Collection[int]) -> DetectionReason:
    """The reason to speak about a row; ``seen`` is what was last seen of it, if anything."""
    if row.status not in alerting:
        was_broken = seen is not None and seen.status in alerting
        return DetectionReason.RECOVERED if was_broken and row.status == Status.SUCCESS else DetectionReason.NOTHING
    if seen is None:
        return DetectionReason.NEW
    if seen.status not in alerting:
        return DetectionReason.AGAIN
    if seen.end_time and row.end_time and row.end_time != seen.end_time:
        return DetectionReason.AGAIN
    if row.end_time and not seen.end_time:
        return DetectionReason.COMPLETED
    return DetectionReason.NOTHING if row.status == seen.status else DetectionReason.RESTATED


def seen_to_store(
    row: Instance, seen: Seen | None, kind: int | None, now: datetime, alerting: Collection[int]
) -> Seen | None:
    """What to remember of a row, or None where that is known or not worth it.

    Worth it is what alerts, what has not ended, and what was remembered before. While a failure lasts, a known end time
    is kept although a row lacks it: otherwise the next end time, of another failure, would only complete this one.
    """
    broken = row.status in alerting
    if seen is None and not broken and is_finished(row.status):
        return None
    stands = broken and seen is not None and seen.status in alerting
    end_time = row.end_time or (seen.end_time if seen is not None and stands else "")
    if seen is not None and (seen.status, seen.end_time) == (row.status, end_time):
        return None
    return Seen(
        instance=row.id,
        flow_id=row.flow_id,
        kind=_kind(row, seen, kind),
        status=int(row.status),
        end_time=end_time,
        trigger_at=instance_moment(row.id),
        seen_at=now,
    )


def _kind(row: Instance, seen: Seen | None, kind: int | None) -> int:
    """The scheduling type; a single read does not tell it."""
    told = row.kind if kind is None else kind
    if told is not None:
        return told
    return PERIODIC if seen is None else seen.kind

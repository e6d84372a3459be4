"""Points in time as people read them. Durations and "… ago" are in ``message.py``.

    a message, an answer, a refusal   ``message.slack_date``: each reader's own zone; the fallback names UTC
    a button, a phone's line          ``message.in_utc``: Slack shows no dates in plain text, so the zone is printed
    a wall clock that somebody named  ``on_the_clock``: in the zone that they named it in, which is printed

A day has its month in letters or its year before it: readers do not agree on what ``11-18`` is.
"""

from datetime import UTC, datetime

IN_FULL = "%Y-%m-%d %H:%M UTC"


def in_full(at: datetime) -> str:
    """``2026-11-21 18:00 UTC``: for logs and terminals, which may be read years later."""
    return f"{at.astimezone(UTC):{IN_FULL}}"


def minute_in_utc(at: datetime) -> str:
    """The time as commands take it, ``2026-11-21T18:00Z``."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%MZ}"


def on_the_clock(at: datetime) -> str:
    """``2026-11-21 18:00`` of a wall clock; the caller prints the zone, once."""
    return f"{at:%Y-%m-%d %H:%M}"


def is_repeated(at: datetime) -> bool:
    """Whether the clock shows this local time twice."""
    earlier, later = at.replace(fold=0), at.replace(fold=1)
    return earlier.utcoffset() != later.utcoffset() and earlier.astimezone(UTC) < later.astimezone(UTC)


def offset(at: datetime) -> str:
    """The offset as an ISO time carries it: ``-04:00``."""
    return at.isoformat()[len(at.replace(tzinfo=None).isoformat()) :]


def told_apart(at: datetime) -> str:
    """``18:00`` of a wall clock; a time that comes twice is shown with its offset."""
    return f"{at:%H:%M}" + (offset(at) if is_repeated(at) else "")

"""How times stand in the database: integers, milliseconds since 1970 in UTC."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def stamp(at: datetime) -> int:
    """Return epoch milliseconds, cut off below. Raises TypeError for a time without a zone."""
    return (at - EPOCH) // _MILLISECOND


def moment(stamp: int) -> datetime:
    """Return the time in UTC."""
    return EPOCH + stamp * _MILLISECOND


def stamp_or_none(at: datetime | None) -> int | None:
    """Return epoch milliseconds where there is a time."""
    return None if at is None else stamp(at)


def moment_or_none(stamp: int | None) -> datetime | None:
    """Return the time where there is one."""
    return None if stamp is None else moment(stamp)

"""How times stand in the database: integers, milliseconds since 1970 in UTC."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def timestamp(at: datetime) -> int:
    """Return epoch milliseconds, cut off below. Raises TypeError for a time without a zone."""
    return (at - EPOCH) // _MILLISECOND


def from_timestamp(timestamp: int) -> datetime:
    """Return the time in UTC."""
    return EPOCH + timestamp * _MILLISECOND


def timestamp_or_none(at: datetime | None) -> int | None:
    """Return epoch milliseconds where there is a time."""
    return None if at is None else timestamp(at)


def from_timestamp_or_none(timestamp: int | None) -> datetime | None:
    """Return the time where there is one."""
    return None if timestamp is None else from_timestamp(timestamp)

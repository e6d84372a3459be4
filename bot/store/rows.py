"""How values stand in rows, and writing many rows with one statement.

Times are integers, milliseconds since 1970 in UTC. A person is the text ``str(person)``.

``executemany`` steps once for each row and lets go of the interpreter each time; while a long answer is being read,
another thread holds it for milliseconds. One statement steps once.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache

from bot.core.people.model import Person
from bot.store.database import Database

Row = tuple[str | int | None, ...]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_AT_ONCE = 250  # rows; SQLite takes 32,766 values in one statement


def timestamp(at: datetime) -> int:
    """Epoch milliseconds, rounded down. Raises TypeError for a time without a zone."""
    return (at - _EPOCH) // _MILLISECOND


def from_timestamp(timestamp: int) -> datetime:
    """The time in UTC."""
    return _EPOCH + timestamp * _MILLISECOND


def timestamp_or_none(at: datetime | None) -> int | None:
    """Epoch milliseconds where there is a time."""
    return None if at is None else timestamp(at)


def from_timestamp_or_none(timestamp: int | None) -> datetime | None:
    """The time where there is one."""
    return None if timestamp is None else from_timestamp(timestamp)


def person(text: str) -> Person:
    """The person that ``str(person)`` was."""
    team, _, user = text.partition(":")
    return Person(team, user)


def replace(db: Database, table: str, rows: Sequence[Row]) -> None:
    """Insert whole rows, or replace those with the same key."""
    for some in _in_parts(rows):
        db.execute(_replacing(table, len(some), len(some[0])), [value for row in some for value in row])


def upsert(db: Database, table: str, columns: tuple[str, ...], rows: Sequence[Row]) -> None:
    """Insert rows, or change those with the same ``id``, which others may refer to."""
    for some in _in_parts(rows):
        db.execute(_upserting(table, columns, len(some)), [value for row in some for value in row])


def _in_parts(rows: Sequence[Row]) -> list[Sequence[Row]]:
    return [rows[start : start + _AT_ONCE] for start in range(0, len(rows), _AT_ONCE)]


@cache
def _replacing(table: str, rows: int, columns: int) -> str:
    return f"INSERT OR REPLACE INTO {table} VALUES {_placeholders(rows, columns)}"  # noqa: S608  names of ours only


@cache
def _upserting(table: str, columns: tuple[str, ...], rows: int) -> str:
    changes = ", ".join(f"{column} = excluded.{column}" for column in columns)
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES {_placeholders(rows, len(columns))}"  # noqa: S608  names of ours only
        f" ON CONFLICT (id) DO UPDATE SET {changes}"
    )


def _placeholders(rows: int, columns: int) -> str:
    return ", ".join([f"({', '.join('?' * columns)})"] * rows)

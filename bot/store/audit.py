"""The audit: attempts, written before an act, and their ends. The database refuses all but additions."""

from datetime import datetime
from sqlite3 import Row
from typing import Protocol

from sqlite_utils import Database

from bot.core.audit import Attempt, Entry, Outcome
from bot.core.people.model import Link, Person
from bot.store.people import person
from bot.store.timestamps import from_timestamp, from_timestamp_or_none, timestamp


class AttemptResultFields(Protocol):
    """The end of an attempt."""

    @property
    def attempt(self) -> int:
        """Which attempt ends."""
        ...

    @property
    def outcome(self) -> Outcome:
        """How it ended."""
        ...

    @property
    def at(self) -> datetime:
        """When."""
        ...

    @property
    def request(self) -> str:
        """The platform action."""
        ...

    @property
    def user_id(self) -> str:
        """The EnOS user it was done as."""
        ...

    @property
    def answer(self) -> str:
        """E.g. the new instance id."""
        ...

    @property
    def linked(self) -> Link | None:
        """The link that the act depends on."""
        ...


def begin_attempt(db: Database, new: Attempt) -> int | None:
    """Write an attempt and return its id; None if one with its key is open or has acted."""
    row = db.execute(
        "INSERT INTO attempts (key, person, channel, thread, surface, words, verb, at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) WHERE freed = 0 DO NOTHING RETURNING id",
        [new.key, str(new.by), new.channel, new.thread, new.surface, new.words, new.verb, timestamp(new.at)],
    ).fetchone()
    return None if row is None else int(row["id"])


def end(db: Database, result: AttemptResultFields | None) -> None:
    """End an attempt. What has ended stays as it ended: the first end is the true one."""
    if result is not None:
        db.execute(
            "UPDATE attempts SET outcome = ?, request = ?, user_id = ?, answer = ?, ended_at = ?, freed = ?"
            " WHERE id = ? AND ended_at IS NULL",
            [
                str(result.outcome),
                result.request,
                result.user_id,
                result.answer,
                timestamp(result.at),
                int(result.outcome.frees),
                result.attempt,
            ],
        )


# A row keeps the key that its person had then; it is read with the one that they have now.
_READ = (
    "SELECT a.*, coalesce(f.person, a.person) AS whose FROM attempts a LEFT JOIN former_people f ON f.former = a.person"
)


def attempt_by_key(db: Database, key: str) -> Entry | None:
    """Return the attempt that holds a key: the one that is open or has acted."""
    row = db.execute(f"{_READ} WHERE a.key = ? AND a.freed = 0", [key]).fetchone()
    return None if row is None else _entry(row)


def set_attempt_detail(db: Database, attempt: int, words: str) -> None:
    """Write what is needed to look a call up should its answer be lost."""
    db.execute("UPDATE attempts SET detail = ? WHERE id = ? AND ended_at IS NULL", [words, attempt])


def unfinished_attempts(db: Database) -> tuple[Entry, ...]:
    """Return attempts without an end, oldest first."""
    rows = db.execute(f"{_READ} WHERE a.ended_at IS NULL ORDER BY a.id LIMIT 500")
    return tuple(_entry(row) for row in rows)


def entries(db: Database, since: datetime, until: datetime, whose: Person | None, limit: int) -> tuple[Entry, ...]:
    """Return entries attempted in ``[since, until)``, newest first."""
    keys = "(SELECT ? UNION SELECT former FROM former_people WHERE person = ?)"
    which, values = ("", []) if whose is None else (f"AND a.person IN {keys}", [str(whose), str(whose)])
    rows = db.execute(
        f"{_READ} WHERE a.at >= ? AND a.at < ? {which} ORDER BY a.at DESC, a.id DESC LIMIT ?",
        [timestamp(since), timestamp(until), *values, limit],
    )
    return tuple(_entry(row) for row in rows)


def _entry(row: Row) -> Entry:
    return Entry(
        id=row["id"],
        attempt=Attempt(
            key=row["key"],
            by=person(row["whose"]),
            channel=row["channel"],
            thread=row["thread"],
            surface=row["surface"],
            words=row["words"],
            verb=row["verb"],
            at=from_timestamp(row["at"]),
        ),
        outcome=Outcome.read(row["outcome"]) if row["outcome"] else None,
        request=row["request"] or "",
        user_id=row["user_id"] or "",
        answer=row["answer"] or "",
        ended_at=from_timestamp_or_none(row["ended_at"]),
        detail=row["detail"] or "",
    )

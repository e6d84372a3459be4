"""What the monitor knows: instances as last seen, how reading went, and small notes."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from sqlite3 import Row

from bot.core.flow.model import FlowId, Instance, InstanceId
from bot.core.flow.status import is_finished
from bot.core.incident.facts import ReadState, Seen
from bot.core.outbox.notices import NoticeUpdate
from bot.core.outbox.posts import NewPost
from bot.store.database import Database
from bot.store.queueing import put
from bot.store.transactions import Row as Values
from bot.store.transactions import (
    Transactional,
    from_timestamp,
    from_timestamp_or_none,
    read,
    replace,
    timestamp,
    timestamp_or_none,
    transaction,
)


class SeenCache:
    """Status and end time of instances as they stand in the database, of at most ``capacity``.

    Where another replica has written some, the next transaction forgets all; until then they count as they were.

    A sweep reads the whole window every few minutes, and nearly all of it is unchanged. What does not fit, or was
    forgotten, is looked up in the database.
    """

    def __init__(self, capacity: int = 20_000) -> None:
        self._capacity = capacity
        self._entries: dict[InstanceId, tuple[int, str]] = {}

    def has(self, rows: Iterable[Instance]) -> bool:
        """Whether all these rows say what the database says. May be asked from any thread."""
        entries = self._entries
        return all(entries.get(row.id) == (row.status, row.end_time) for row in rows)

    def put(self, rows: Iterable[Seen]) -> None:
        """Keep rows as they were read or written."""
        for row in rows:
            if row.instance in self._entries or len(self._entries) < self._capacity:
                self._entries[row.instance] = (row.status, row.end_time)

    def drop(self, instances: Iterable[InstanceId]) -> None:
        """Forget rows."""
        for instance in instances:
            self._entries.pop(instance, None)

    def clear(self) -> None:
        """Forget all: a transaction was undone, or old rows were deleted."""
        self._entries = {}


class MonitorState(Transactional):
    """How reading went, what was not finished, and notes. Instances are written by ``observe`` (``change_sets.py``)."""

    @read
    def readings(self, db: Database) -> Mapping[int, ReadState]:
        """How reading each type went."""
        return {
            row["kind"]: ReadState(
                kind=row["kind"],
                clean=bool(row["clean"]),
                early_stop=bool(row["early_stop"]),
                swept_at=from_timestamp_or_none(row["swept_at"]),
                read_at=from_timestamp_or_none(row["read_at"]),
            )
            for row in db.execute("SELECT * FROM readings")
        }

    @transaction
    def set_reading(self, db: Database, reading: ReadState, *, posts: Sequence[NewPost] = ()) -> None:
        """Remember how reading a type went, with what is said about it."""
        db.table("readings", pk="kind").upsert(
            {
                "kind": reading.kind,
                "clean": int(reading.clean),
                "early_stop": int(reading.early_stop),
                "swept_at": timestamp_or_none(reading.swept_at),
                "read_at": timestamp_or_none(reading.read_at),
            }
        )
        put(db, posts)

    @read
    def unfinished(self, db: Database, before: datetime, limit: int = 500) -> tuple[InstanceId, ...]:
        """Instances that had not ended when last seen and were triggered before a time, newest first.

        Where an id tells no trigger time, the time it was seen counts.
        """
        rows = db.execute(
            "SELECT instance FROM seen WHERE finished = 0"
            " AND (trigger_at < :at OR trigger_at IS NULL AND seen_at < :at)"
            " ORDER BY trigger_at DESC NULLS LAST, instance LIMIT :limit",
            {"at": timestamp(before), "limit": limit},
        )
        return tuple(row["instance"] for row in rows)

    @read
    def searched_flows(self, db: Database, since: datetime) -> frozenset[FlowId]:
        """The flows of which runs were seen since then."""
        rows = db.execute("SELECT DISTINCT flow_id FROM seen WHERE seen_at >= ?", [timestamp(since)])
        return frozenset(FlowId(row["flow_id"]) for row in rows)

    @read
    def is_new(self, db: Database) -> bool:
        """Whether no poll has ever been completed."""
        return db.execute("SELECT 1 FROM readings WHERE read_at IS NOT NULL").fetchone() is None

    @transaction
    def set_note(self, db: Database, name: str, value: str, *, posts: Sequence[NewPost] = ()) -> None:
        """Remember a small named value (page base, sort names, zone, …), and queue what is said about it.

        An empty value is forgotten.
        """
        write_note(db, name, value)
        put(db, posts)

    @read
    def notes(self, db: Database) -> Mapping[str, str]:
        """All small named values."""
        return {row["name"]: row["value"] for row in db.execute("SELECT name, value FROM notes")}

    @transaction
    def update_note(self, db: Database, name: str, decide: Callable[[str], NoticeUpdate | None]) -> bool:
        """Read a note, ask ``decide``, and write the note and the posts it returns; whether it returned any posts.

        The note is empty where there is none. ``decide`` runs on the database thread.
        """
        row = db.execute("SELECT value FROM notes WHERE name = ?", [name]).fetchone()
        update = decide("" if row is None else str(row["value"]))
        if update is None:
            return False
        write_note(db, name, update.note)
        put(db, update.posts)
        return bool(update.posts)


def write_note(db: Database, name: str, value: str) -> None:
    """Remember a small named value; an empty one is forgotten."""
    if value:
        db.table("notes", pk="name").upsert({"name": name, "value": value})
    else:
        db.execute("DELETE FROM notes WHERE name = ?", [name])


def seen(db: Database, instances: Collection[InstanceId]) -> dict[InstanceId, Seen]:
    """Those of the instances that were seen before."""
    rows = db.execute(
        "SELECT * FROM seen WHERE instance IN (SELECT value FROM json_each(?))", [json.dumps(list(instances))]
    )
    return {row["instance"]: _seen(row) for row in rows}


def put_seen(db: Database, rows: Sequence[Seen], known: Mapping[InstanceId, Seen]) -> None:
    """Write what is new or has changed. A row that differs in ``seen_at`` alone has not changed."""
    replace(db, "seen", [_values(row) for row in rows if not _same(row, known.get(row.instance))])


def forget(db: Database, instances: Sequence[InstanceId]) -> None:
    """Forget instances."""
    if instances:
        db.conn.executemany("DELETE FROM seen WHERE instance = ?", [[instance] for instance in instances])


def _same(row: Seen, known: Seen | None) -> bool:
    return known is not None and (
        row.status == known.status
        and row.end_time == known.end_time
        and row.kind == known.kind
        and row.flow_id == known.flow_id
        and timestamp_or_none(row.trigger_at) == timestamp_or_none(known.trigger_at)
    )


def _values(row: Seen) -> Values:
    return (
        row.instance,
        row.flow_id,
        row.kind,
        int(row.status),
        row.end_time,
        timestamp_or_none(row.trigger_at),
        timestamp(row.seen_at),
        int(is_finished(row.status)),
    )


def _seen(row: Row) -> Seen:
    return Seen(
        instance=InstanceId(row["instance"]),
        flow_id=FlowId(row["flow_id"]),
        kind=row["kind"],
        status=row["status"],
        end_time=row["end_time"],
        trigger_at=from_timestamp_or_none(row["trigger_at"]),
        seen_at=from_timestamp(row["seen_at"]),
    )

"""Snoozes: read, and changed together with the incidents that they are about."""

import json
from collections.abc import Iterable, Mapping, Sequence
from sqlite3 import Row

from bot.core.flow.model import FlowId
from bot.core.incident.model import Snooze, SnoozeEnd, SnoozeId
from bot.store.database import Database
from bot.store.transactions import (
    Transactional,
    from_timestamp,
    from_timestamp_or_none,
    person,
    read,
    timestamp,
    timestamp_or_none,
)


class Snoozes(Transactional):
    """Reading snoozes; they are written by ``observe``, ``change`` and ``change_snoozes`` (``change_sets.py``)."""

    @read
    def snoozes(self, db: Database) -> tuple[Snooze, ...]:
        """Those that have not ended, oldest first."""
        return not_ended(db)


def not_ended(db: Database) -> tuple[Snooze, ...]:
    """Those that have not ended, oldest first."""
    return tuple(_snooze(row) for row in db.execute("SELECT * FROM snoozes WHERE ended_at IS NULL ORDER BY at, id"))


def of_ids(db: Database, ids: Iterable[str]) -> Mapping[str, Snooze]:
    """Some snoozes, by id."""
    wanted = sorted(set(filter(None, ids)))
    if not wanted:
        return {}
    rows = db.execute("SELECT * FROM snoozes WHERE id IN (SELECT value FROM json_each(?))", [json.dumps(wanted)])
    return {row["id"]: _snooze(row) for row in rows}


def put(db: Database, snoozes: Sequence[Snooze]) -> None:
    """Insert new ones, and end those that have ended. One that had ended before stays as it ended."""
    for each in snoozes:
        db.execute(
            """
            INSERT INTO snoozes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET ended = excluded.ended, ended_at = excluded.ended_at
            WHERE snoozes.ended_at IS NULL
            """,
            [
                each.id,
                each.flow_id,
                each.flow_name,
                str(each.by),
                timestamp(each.at),
                timestamp(each.until),
                int(each.until_success),
                each.because,
                each.end.value if each.end else "",
                timestamp_or_none(each.ended_at),
            ],
        )


def _snooze(row: Row) -> Snooze:
    return Snooze(
        id=SnoozeId(row["id"]),
        flow_id=None if row["flow_id"] is None else FlowId(row["flow_id"]),
        flow_name=row["flow_name"],
        by=person(row["made_by"]),
        at=from_timestamp(row["at"]),
        until=from_timestamp(row["until"]),
        because=row["because"],
        until_success=bool(row["until_success"]),
        end=SnoozeEnd(row["ended"]) if row["ended"] else None,
        ended_at=from_timestamp_or_none(row["ended_at"]),
    )

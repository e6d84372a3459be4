"""Incidents and their occurrences.

An incident may hold thousands of occurrences, and is read at each page that mentions its flow. So it is read
once and kept on the shelf as the value it is: nobody else writes the database. Writing compares it with what
is there and touches only the occurrences that changed.
"""

import json
from collections import OrderedDict, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from sqlite3 import Row

from sqlite_utils import Database

from bot.core.flows import FlowId, InstanceId, TaskId, UserName
from bot.core.incidents import Incident, IncidentId, Occurrence, Phase
from bot.core.people import Person
from bot.core.posts import PostId
from bot.store.moments import moment, moment_or_none, stamp, stamp_or_none
from bot.store.people import person

_LIVE = "phase IN ('open', 'acknowledged')"
_NEWEST_FIRST = "ORDER BY opened_at DESC, rowid DESC"
_KNOWN = f"""
    SELECT (SELECT id FROM incidents WHERE flow_id = value AND instance_group = '' {_NEWEST_FIRST} LIMIT 1)
    FROM json_each(?)
    UNION
    SELECT id FROM incidents
    WHERE instance_group <> '' AND instance_group IN (SELECT value FROM json_each(?))
"""  # noqa: S608  constants only
_OCCURRENCES = """
    SELECT * FROM occurrences WHERE incident IN (SELECT value FROM json_each(?)) ORDER BY incident, place
"""


class Shelf:
    """Incidents as they stand in the database, as many as together have ``room`` occurrences."""

    def __init__(self, room: int = 20_000) -> None:
        self._room = room
        self._used = 0
        self._kept: OrderedDict[IncidentId, Incident] = OrderedDict()

    def get(self, id_: IncidentId) -> Incident | None:
        """Return an incident that stands here."""
        if id_ in self._kept:
            self._kept.move_to_end(id_)
        return self._kept.get(id_)

    def put(self, incident: Incident) -> None:
        """Keep an incident as it was read or written; what was not asked for the longest makes room."""
        self.drop(incident.id)
        self._kept[incident.id] = incident
        self._used += _size(incident)
        while self._used > self._room and len(self._kept) > 1:
            self._used -= _size(self._kept.popitem(last=False)[1])

    def drop(self, id_: IncidentId) -> None:
        """Forget an incident."""
        old = self._kept.pop(id_, None)
        if old is not None:
            self._used -= _size(old)

    def clear(self) -> None:
        """Forget all: a transaction was undone."""
        self._kept.clear()
        self._used = 0


def _size(incident: Incident) -> int:
    return 1 + len(incident.occurrences)


# ── reading ──


def incident(db: Database, shelf: Shelf, id_: IncidentId) -> Incident | None:
    """Return one incident."""
    found = load(db, shelf, [id_])
    return found[0] if found else None


def listed(
    db: Database, shelf: Shelf, *, live: bool, flow: FlowId | None, since: datetime | None, limit: int
) -> tuple[Incident, ...]:
    """Return incidents, newest first. ``since`` leaves out what had ended before."""
    conditions, values = ["1"], list[int]()
    if live:
        conditions.append(_LIVE)
    if flow is not None:
        conditions.append("flow_id = ?")
        values.append(flow)
    if since is not None:
        conditions.append("(ended_at IS NULL OR ended_at >= ?)")
        values.append(stamp(since))
    where = " AND ".join(conditions)
    rows = db.execute(f"SELECT id FROM incidents WHERE {where} {_NEWEST_FIRST} LIMIT ?", [*values, limit])  # noqa: S608  constants only
    return load(db, shelf, [row["id"] for row in rows])


def known(
    db: Database, shelf: Shelf, instances: Collection[InstanceId], flows: Collection[FlowId]
) -> tuple[Incident, ...]:
    """Return the newest incident of each flow, ended or not, and those of one of the instances alone."""
    rows = db.execute(_KNOWN, [json.dumps(list(flows)), json.dumps(list(instances))])
    return load(db, shelf, [row[0] for row in rows if row[0] is not None])


def of_thread(db: Database, shelf: Shelf, channel: str, thread: str) -> Incident | None:
    """Return the incident whose own first message this is."""
    row = db.execute(
        "SELECT i.id FROM posts p JOIN incidents i ON i.post = p.id AND i.gathered = 0"
        " WHERE p.stands_in = ? AND p.ts = ? AND p.ts <> '' ORDER BY i.opened_at DESC",
        [channel, thread],
    ).fetchone()
    return None if row is None else incident(db, shelf, row["id"])


def load(db: Database, shelf: Shelf, ids: Sequence[IncidentId]) -> tuple[Incident, ...]:
    """Return the incidents in the order of the ids, reading those that do not stand on the shelf."""
    found = {id_: kept for id_ in ids if (kept := shelf.get(id_)) is not None}
    missing = json.dumps([id_ for id_ in ids if id_ not in found])
    if len(found) < len(ids):
        occurrences = defaultdict[str, list[Occurrence]](list)
        for row in db.execute(_OCCURRENCES, [missing]):
            occurrences[row["incident"]].append(_occurrence(row))
        for row in db.execute("SELECT * FROM incidents WHERE id IN (SELECT value FROM json_each(?))", [missing]):
            read = _incident(row, occurrences[row["id"]])
            found[read.id] = read
            shelf.put(read)
    return tuple(found[id_] for id_ in ids if id_ in found)


# ── writing ──


def put(db: Database, shelf: Shelf, incidents: Iterable[Incident]) -> None:
    """Insert or replace incidents, each at most once, touching only what changed."""
    rows, failures = list[dict[str, str | int | None]](), list[tuple[str | int, ...]]()
    for new in incidents:
        old = incident(db, shelf, new.id)
        if new == old:
            continue
        before = () if old is None else old.occurrences
        if old is None or replace(old, occurrences=new.occurrences) != new:
            rows.append(_row(new))
        failures += _changed(new, before)
        if len(new.occurrences) < len(before):
            db.execute("DELETE FROM occurrences WHERE incident = ? AND place >= ?", [new.id, len(new.occurrences)])
        shelf.put(new)
    if rows:
        db.conn.executemany(_upsert(tuple(rows[0])), rows)
    if failures:
        db.conn.executemany("INSERT OR REPLACE INTO occurrences VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", failures)


@cache
def _upsert(columns: tuple[str, ...]) -> str:
    """Return the statement that inserts or changes an incident; sqlite-utils would build it for each of hundreds."""
    places = ", ".join(f":{column}" for column in columns)
    changes = ", ".join(f"{column} = excluded.{column}" for column in columns)
    return f"INSERT INTO incidents ({', '.join(columns)}) VALUES ({places}) ON CONFLICT (id) DO UPDATE SET {changes}"  # noqa: S608  constants only


def _row(new: Incident) -> dict[str, str | int | None]:
    return {
        "id": new.id,
        "flow_id": new.flow_id,
        "flow_name": new.flow_name,
        "channel": new.channel,
        "phase": new.phase.value,
        "opened_at": stamp(new.opened_at),
        "post": new.post,
        "owners": json.dumps(new.owners),
        "last_success": new.last_success,
        "acked_by": _name(new.acked_by),
        "acked_at": stamp_or_none(new.acked_at),
        "ack_until": stamp_or_none(new.ack_until),
        "note": new.note,
        "ended_at": stamp_or_none(new.ended_at),
        "ended_by": _name(new.ended_by),
        "recovered_by": new.recovered_by,
        "instance_group": new.group,
        "gathered": int(new.gathered),
        "listed_in": new.listed_in,
        "told_at": stamp_or_none(new.told_at),
        "called_at": stamp_or_none(new.called_at),
        "calls": new.calls,
    }


def _changed(new: Incident, before: Sequence[Occurrence]) -> list[tuple[str | int, ...]]:
    """Return the rows of those occurrences that are not as they were."""
    return [
        _values(new.id, place, occurrence)
        for place, occurrence in enumerate(new.occurrences)
        if place >= len(before) or occurrence != before[place]
    ]


# ── rows ──


def _values(incident: IncidentId, place: int, occurrence: Occurrence) -> tuple[str | int, ...]:
    return (
        incident,
        place,
        occurrence.instance,
        int(occurrence.status),
        occurrence.trigger_time,
        occurrence.end_time,
        stamp(occurrence.seen_at),
        json.dumps(occurrence.failed_tasks),
        occurrence.failed_task_name,
        occurrence.error_line,
        int(occurrence.healed),
    )


def _occurrence(row: Row) -> Occurrence:
    return Occurrence(
        instance=InstanceId(row["instance"]),
        status=row["status"],
        trigger_time=row["trigger_time"],
        end_time=row["end_time"],
        seen_at=moment(row["seen_at"]),
        failed_tasks=tuple(TaskId(task) for task in json.loads(row["failed_tasks"])),
        failed_task_name=row["failed_task_name"],
        error_line=row["error_line"],
        healed=bool(row["healed"]),
    )


def _incident(row: Row, occurrences: Sequence[Occurrence]) -> Incident:
    return Incident(
        id=IncidentId(row["id"]),
        flow_id=FlowId(row["flow_id"]),
        flow_name=row["flow_name"],
        channel=row["channel"],
        phase=Phase(row["phase"]),
        opened_at=moment(row["opened_at"]),
        post=PostId(row["post"]),
        occurrences=tuple(occurrences),
        owners=tuple(UserName(owner) for owner in json.loads(row["owners"])),
        last_success=row["last_success"],
        acked_by=_person(row["acked_by"]),
        acked_at=moment_or_none(row["acked_at"]),
        ack_until=moment_or_none(row["ack_until"]),
        note=row["note"],
        ended_at=moment_or_none(row["ended_at"]),
        ended_by=_person(row["ended_by"]),
        recovered_by=row["recovered_by"],
        group=row["instance_group"],
        gathered=bool(row["gathered"]),
        listed_in=row["listed_in"],
        told_at=moment_or_none(row["told_at"]),
        called_at=moment_or_none(row["called_at"]),
        calls=row["calls"],
    )


def _name(someone: Person | None) -> str | None:
    return None if someone is None else str(someone)


def _person(name: str | None) -> Person | None:
    return None if name is None else person(name)

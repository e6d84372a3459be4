"""Incidents and their occurrences.

An incident may hold thousands of occurrences, and is read at each poll that mentions its flow. So it is read
once and cached as the value it is, as long as nobody else writes one. Writing compares it with what is there and
touches only the occurrences that changed.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import datetime
from operator import attrgetter
from sqlite3 import Row

from bot.core.flow.model import FlowId, InstanceId, TaskId, UserName
from bot.core.history import fingerprint
from bot.core.history.background import Background
from bot.core.incident.model import Ask, Incident, IncidentCard, IncidentId, Occurrence, OfferId, Phase, Snooze
from bot.core.incident.reminders import same_acknowledgement
from bot.core.incident.resolution import Resolution
from bot.core.outbox.posts import PostId
from bot.core.people.model import Person
from bot.store import bridge_events, records, snoozes, transactions
from bot.store.database import Database
from bot.store.incident_cache import IncidentCache, Stored
from bot.store.occurrence_order import order_change
from bot.store.queueing import withdraw_for
from bot.store.transactions import (
    Transactional,
    from_timestamp,
    from_timestamp_or_none,
    person,
    read,
    timestamp,
    timestamp_or_none,
)

_LIVE = "phase IN ('open', 'acknowledged')"
_NEWEST_FIRST = "ORDER BY opened_at DESC, rowid DESC"
_KNOWN = f"""
    SELECT (SELECT id FROM incidents WHERE flow_id = CAST(value AS BIGINT) AND instance_group = '' {_NEWEST_FIRST}
            LIMIT 1)
    FROM json_each(?)
    UNION
    SELECT id FROM incidents
    WHERE instance_group <> '' AND instance_group IN (SELECT value FROM json_each(?))
    ORDER BY 1
"""  # noqa: S608  constants only
_OCCURRENCES = """
    SELECT * FROM occurrences WHERE incident IN (SELECT value FROM json_each(?)) ORDER BY incident, place
"""

_RENAMED = 100  # ended incidents, and runs, of a flow that get its new name

_CARDS = "SELECT * FROM cards WHERE incident IN (SELECT value FROM json_each(?)) ORDER BY incident, place"

_OF_THREAD = """
    SELECT i.id FROM cards c JOIN incidents i ON i.id = c.incident
    WHERE c.gathered = 0 AND c.post IN (
      SELECT id FROM posts WHERE stands_in = :channel AND ts = :ts AND ts <> ''
      UNION SELECT post FROM lost_messages WHERE channel = :channel AND ts = :ts)
    ORDER BY i.opened_at DESC
"""


class Incidents(Transactional):
    """Reading incidents; they are written by ``observe`` and ``change`` (``change_sets.py``)."""

    _incident_cache: IncidentCache

    @read
    def incidents(
        self,
        db: Database,
        *,
        live: bool = True,
        flow: FlowId | None = None,
        since: datetime | None = None,
        limit: int = 500,
    ) -> tuple[Incident, ...]:
        """Incidents, newest first: the live ones (open or acknowledged) or all; not those ended before ``since``."""
        conditions, values = ["true"], list[int]()
        if live:
            conditions.append(_LIVE)
        if flow is not None:
            conditions.append("flow_id = ?")
            values.append(flow)
        if since is not None:
            conditions.append("(ended_at IS NULL OR ended_at >= ?)")
            values.append(timestamp(since))
        where = " AND ".join(conditions)
        rows = db.execute(f"SELECT id FROM incidents WHERE {where} {_NEWEST_FIRST} LIMIT ?", [*values, limit])  # noqa: S608  constants only
        return load(db, self._incident_cache, [row["id"] for row in rows])

    @read
    def incident(self, db: Database, id: IncidentId) -> Incident | None:
        """One incident."""
        found = load(db, self._incident_cache, [id])
        return found[0] if found else None

    @read
    def incident_of_thread(self, db: Database, channel: str, thread: str) -> Incident | None:
        """The incident whose own first message this is, or was before that was lost and said again.

        An incident in a group has no message of its own.
        """
        row = db.execute(_OF_THREAD, {"channel": channel, "ts": thread}).fetchone()
        found = load(db, self._incident_cache, [] if row is None else [row["id"]])
        return found[0] if found else None


# ── reading ──


def known(
    db: Database, incident_cache: IncidentCache, instances: Collection[InstanceId], flows: Collection[FlowId]
) -> tuple[Incident, ...]:
    """The newest incident of each flow, ended or not, and those of one of the instances alone."""
    rows = db.execute(_KNOWN, [json.dumps(list(flows)), json.dumps(list(instances))])
    return load(db, incident_cache, [row[0] for row in rows if row[0] is not None])


def live_of(db: Database, flow: FlowId) -> list[IncidentId]:
    """The live incidents of a flow: one, or many where each instance has its own."""
    rows = db.execute(f"SELECT id FROM incidents WHERE flow_id = ? AND {_LIVE} {_NEWEST_FIRST} LIMIT 100", [flow])  # noqa: S608  constants only
    return [row["id"] for row in rows]


def load(db: Database, incident_cache: IncidentCache, ids: Sequence[IncidentId]) -> tuple[Incident, ...]:
    """The incidents in the order of the ids, reading those that are not cached."""
    return tuple(incident for incident, _ in _load(db, incident_cache, ids)) if ids else ()


def _load(db: Database, incident_cache: IncidentCache, ids: Sequence[IncidentId]) -> tuple[Stored, ...]:
    found = {id_: cached for id_ in ids if (cached := incident_cache.get(id_)) is not None}
    if len(found) < len(ids):
        missing = json.dumps([id_ for id_ in ids if id_ not in found])
        positions, occurrences = defaultdict[str, list[int]](list), defaultdict[str, list[Occurrence]](list)
        for row in db.execute(_OCCURRENCES, [missing]):
            positions[row["incident"]].append(row["place"])
            occurrences[row["incident"]].append(_occurrence(row))
        cards = defaultdict[str, list[IncidentCard]](list)
        for row in db.execute(_CARDS, [missing]):
            cards[row["incident"]].append(_card(row))
        rows = db.execute("SELECT * FROM incidents WHERE id IN (SELECT value FROM json_each(?))", [missing]).fetchall()
        under = snoozes.of_ids(db, (row["snooze"] for row in rows))
        for row in rows:
            missed = _incident(row, cards[row["id"]], occurrences[row["id"]], under.get(row["snooze"]))
            found[missed.id] = missed, tuple(positions[missed.id])
            incident_cache.put(*found[missed.id])
    return tuple(found[id_] for id_ in ids if id_ in found)


# ── writing ──


def put(db: Database, incident_cache: IncidentCache, incidents: Sequence[Incident]) -> None:
    """Insert or replace incidents, each at most once, touching only what changed.

    The reminders of those that someone else has now are withdrawn with that.
    """
    existing = {stored[0].id: stored for stored in _load(db, incident_cache, [new.id for new in incidents])}
    changed, failures, gone = list[transactions.Row](), list[transactions.Row](), list[transactions.Row]()
    cards = list[transactions.Row]()
    passed_on, changes = list[Incident](), list[bridge_events.Change]()
    for new in incidents:
        old, positions = existing.get(new.id, (None, ()))
        if old is None or _HEAD(old) != _HEAD(new):
            changed.append(_row(new))
        if old is None or old.cards != new.cards:
            cards += [_card_values(new.id, at, card) for at, card in enumerate(new.cards)]
        if old is not None and not same_acknowledgement(old, new):
            passed_on.append(new)
        changes.append((old, new))
        order = order_change(new.occurrences, () if old is None else old.occurrences, positions)
        failures += [_values(new.id, at, occurrence) for at, occurrence in order.written]
        gone += [(new.id, at) for at in order.deleted]
        incident_cache.put(new, order.positions)
        if old is not None and old.flow_name != new.flow_name:
            _rename(db, incident_cache, new)
    transactions.upsert(db, "incidents", _COLUMNS, changed)
    transactions.replace(db, "cards", cards, key=2)
    if gone:
        db.conn.executemany("DELETE FROM occurrences WHERE incident = ? AND place = ?", gone)
    transactions.replace(db, "occurrences", failures, key=2)
    withdraw_for(db, passed_on)
    bridge_events.record(db, changes)


def _rename(db: Database, incident_cache: IncidentCache, new: Incident) -> None:
    """Give a flow's new name to what may be shown again: its newest ended incidents, and its runs.

    Live incidents are renamed one by one, each with its card.
    """
    named = {"name": new.flow_name, "flow": new.flow_id, "most": _RENAMED}
    ended = f"SELECT id FROM incidents WHERE flow_id = :flow AND flow_name <> :name AND NOT {_LIVE}"  # noqa: S608  constants only
    ids = [row["id"] for row in db.execute(f"{ended} {_NEWEST_FIRST} LIMIT :most", named)]
    for id_ in ids:
        incident_cache.drop(id_)
    db.execute(
        "UPDATE incidents SET flow_name = ? WHERE id IN (SELECT value FROM json_each(?))",
        [new.flow_name, json.dumps(ids)],
    )
    db.execute(
        "UPDATE runs SET flow_name = :name WHERE instance IN (SELECT instance FROM runs"
        " WHERE flow_id = :flow AND flow_name <> :name ORDER BY started_at DESC LIMIT :most)",
        named,
    )


# ── rows ──


_HEAD = attrgetter(*(each.name for each in fields(Incident) if each.name not in {"cards", "occurrences"}))

_COLUMNS = (
    "id",
    "flow_id",
    "flow_name",
    "phase",
    "opened_at",
    "owners",
    "last_success",
    "acked_by",
    "acked_at",
    "ack_until",
    "note",
    "ended_at",
    "ended_by",
    "recovered_by",
    "instance_group",
    "called_at",
    "calls",
    "gone",
    "offer",
    "asked_by",
    "asked",
    "taken_from",
    "resolution",
    "snooze",
    "background",
    "cause",
)


def _row(new: Incident) -> transactions.Row:
    """The values of ``_COLUMNS``."""
    return (
        new.id,
        new.flow_id,
        new.flow_name,
        new.phase.value,
        timestamp(new.opened_at),
        json.dumps(new.owners),
        new.last_success,
        _name(new.acked_by),
        timestamp_or_none(new.acked_at),
        timestamp_or_none(new.ack_until),
        new.note,
        timestamp_or_none(new.ended_at),
        _name(new.ended_by),
        new.recovered_by,
        new.group,
        timestamp_or_none(new.reminded_at),
        new.reminder_count,
        int(new.gone),
        new.ask.offer if new.ask else "",
        _name(new.ask.by if new.ask else None),
        _name(new.ask.to if new.ask else None),
        _name(new.taken_from),
        new.resolution.value if new.resolution else "",
        "" if new.snooze is None else new.snooze.id,
        records.to_text(new.background),
        new.background.cause.incident if new.background.cause else "",
    )


def _values(incident: IncidentId, position: int, occurrence: Occurrence) -> transactions.Row:
    return (
        incident,
        position,
        occurrence.instance,
        int(occurrence.status),
        occurrence.trigger_time,
        occurrence.end_time,
        timestamp(occurrence.seen_at),
        json.dumps(occurrence.failed_tasks) if occurrence.failed_tasks else "[]",
        occurrence.failed_task_name,
        occurrence.error_line,
        int(occurrence.backfilled),
        fingerprint.key(occurrence.error_line),
    )


def _card_values(incident: IncidentId, place: int, card: IncidentCard) -> transactions.Row:
    return (
        incident,
        place,
        card.channel,
        card.post,
        int(card.grouped),
        card.listed_in,
        timestamp_or_none(card.told_at),
    )


def _card(row: Row) -> IncidentCard:
    return IncidentCard(
        channel=row["channel"],
        post=PostId(row["post"]),
        grouped=bool(row["gathered"]),
        listed_in=row["listed_in"],
        told_at=from_timestamp_or_none(row["told_at"]),
    )


def _occurrence(row: Row) -> Occurrence:
    return Occurrence(
        instance=InstanceId(row["instance"]),
        status=row["status"],
        trigger_time=row["trigger_time"],
        end_time=row["end_time"],
        seen_at=from_timestamp(row["seen_at"]),
        failed_tasks=tuple(TaskId(task) for task in json.loads(row["failed_tasks"])),
        failed_task_name=row["failed_task_name"],
        error_line=row["error_line"],
        backfilled=bool(row["healed"]),
    )


def _incident(row: Row, cards: Sequence[IncidentCard], failures: Sequence[Occurrence], held: Snooze | None) -> Incident:
    return Incident(
        id=IncidentId(row["id"]),
        flow_id=FlowId(row["flow_id"]),
        flow_name=row["flow_name"],
        phase=Phase(row["phase"]),
        opened_at=from_timestamp(row["opened_at"]),
        cards=tuple(cards),
        occurrences=tuple(failures),
        owners=tuple(UserName(owner) for owner in json.loads(row["owners"])),
        last_success=row["last_success"],
        acked_by=_person(row["acked_by"]),
        acked_at=from_timestamp_or_none(row["acked_at"]),
        ack_until=from_timestamp_or_none(row["ack_until"]),
        note=row["note"],
        ended_at=from_timestamp_or_none(row["ended_at"]),
        ended_by=_person(row["ended_by"]),
        recovered_by=row["recovered_by"],
        group=row["instance_group"],
        reminded_at=from_timestamp_or_none(row["called_at"]),
        reminder_count=row["calls"],
        snooze=held,
        background=records.from_text(Background, row["background"]),
        gone=bool(row["gone"]),
        ask=_ask(row),
        taken_from=_person(row["taken_from"]),
        resolution=Resolution(row["resolution"]) if row["resolution"] else None,
    )


def _ask(row: Row) -> Ask | None:
    if not row["offer"]:
        return None
    return Ask(OfferId(row["offer"]), person(row["asked_by"]), person(row["asked"]))


def _name(someone: Person | None) -> str | None:
    return None if someone is None else str(someone)


def _person(name: str | None) -> Person | None:
    return None if name is None else person(name)

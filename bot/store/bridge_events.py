"""Events for the webhook and for PagerDuty: written with the incident whose step they tell, then sent in its order.

The events of one incident for one bridge go one after another. Incidents do not wait for each other.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from sqlite3 import Row

from bot.core.bridges import cloud_events, pagerduty
from bot.core.bridges.model import Bridge, BridgeEvent, BridgeSettings, EventState
from bot.core.bridges.pagerduty import Action
from bot.core.incident.events import events
from bot.core.incident.model import Incident, IncidentId, Phase
from bot.store import transactions
from bot.store.database import Database
from bot.store.transactions import ROWS, Transactional, from_timestamp, read, timestamp, transaction

Change = tuple[Incident | None, Incident]  # before and after

NOT_CONFIGURED = "not configured"

_WAITING = "state IN ('queued', 'sending')"
_DUE = f"""
    SELECT * FROM bridge_events e
    WHERE e.{_WAITING} AND e.state = 'queued' AND e.bridge = :bridge AND retry_at <= :now AND NOT EXISTS (
      SELECT 1 FROM bridge_events b
      WHERE b.{_WAITING} AND b.bridge = e.bridge AND b.incident = e.incident AND b.seq < e.seq)
    ORDER BY attempts, seq LIMIT :limit
"""  # noqa: S608  constants only
_NEXT_RETRY = f"""
    SELECT min(retry_at) FROM bridge_events e
    WHERE e.{_WAITING} AND e.bridge = ? AND NOT EXISTS (
      SELECT 1 FROM bridge_events b
      WHERE b.{_WAITING} AND b.bridge = e.bridge AND b.incident = e.incident AND b.seq < e.seq)
"""  # noqa: S608  constants only
_COLUMNS = ("id", "bridge", "incident", "step", "body", "at")


class BridgeEvents(Transactional):
    """What of the events waits, and what became of it."""

    def use_bridges(self, bridges: BridgeSettings) -> None:
        """Write events for these bridges from now on."""
        self._db.bridges = bridges

    @transaction
    def requeue_interrupted_events(self, db: Database) -> int:
        """At a start: queue again what was being sent; return how many."""
        return db.execute("UPDATE bridge_events SET state = 'queued', retry_at = 0 WHERE state = 'sending'").rowcount

    @transaction
    def drop_unconfigured_events(self, db: Database, now: datetime) -> int:
        """Give up what no bridge takes any more, at most 500 events; return how many."""
        places = ", ".join("?" * len(db.bridges.configured)) or "''"  # an empty list is SQLite's own
        return db.execute(
            f"UPDATE bridge_events SET state = 'given up', why = ?, settled_at = ? WHERE seq IN (SELECT seq"  # noqa: S608  constants only
            f" FROM bridge_events WHERE {_WAITING} AND bridge NOT IN ({places}) ORDER BY seq LIMIT {ROWS})",
            [NOT_CONFIGURED, timestamp(now), *(bridge.value for bridge in db.bridges.configured)],
        ).rowcount

    @read
    def due_events(self, db: Database, bridge: Bridge, now: datetime, limit: int) -> tuple[BridgeEvent, ...]:
        """The events that may be sent now: at most one of each incident, the least tried first."""
        rows = db.execute(_DUE, {"bridge": bridge.value, "now": timestamp(now), "limit": limit})
        return tuple(map(_event, rows))

    @read
    def next_event(self, db: Database, bridge: Bridge) -> datetime | None:
        """When the next event may be sent; None where none waits."""
        at = db.execute(_NEXT_RETRY, [bridge.value]).fetchone()[0]
        return None if at is None else from_timestamp(at)

    @transaction
    def start_event(self, db: Database, id: str) -> bool:
        """Mark an event as being sent; False where it does not wait any more."""
        changed = db.execute(
            "UPDATE bridge_events SET state = 'sending', attempts = attempts + 1 WHERE id = ? AND state = 'queued'",
            [id],
        )
        return bool(changed.rowcount)

    @transaction
    def requeue_event(self, db: Database, id: str, retry_at: datetime, why: str) -> None:
        """Send an event again, not before a time."""
        db.execute(
            "UPDATE bridge_events SET state = 'queued', retry_at = ?, why = ? WHERE id = ?",
            [timestamp(retry_at), why, id],
        )

    @transaction
    def settle_event(self, db: Database, id: str, state: EventState, now: datetime, why: str = "") -> None:
        """Mark an event as sent or given up."""
        db.execute(
            "UPDATE bridge_events SET state = ?, settled_at = ?, why = ? WHERE id = ?",
            [state.value, timestamp(now), why, id],
        )

    @transaction
    def retry_events(self, db: Database, bridge: Bridge, now: datetime) -> None:
        """Do not wait any longer: the receiver answers again."""
        db.execute(
            f"UPDATE bridge_events SET retry_at = ? WHERE seq IN (SELECT seq FROM bridge_events"  # noqa: S608  constants only
            f" WHERE {_WAITING} AND state = 'queued' AND bridge = ? AND retry_at > ? LIMIT {ROWS})",
            [timestamp(now), bridge.value, timestamp(now)],
        )

    @read
    def event_counts(self, db: Database) -> Mapping[tuple[str, str], int]:
        """How many events there are, by bridge and state."""
        rows = db.execute("SELECT bridge, state, count(*) AS n FROM bridge_events GROUP BY bridge, state")
        return {(row["bridge"], row["state"]): row["n"] for row in rows}

    @read
    def oldest_events(self, db: Database) -> Mapping[str, datetime]:
        """Since when the oldest event of each bridge waits."""
        rows = db.execute(f"SELECT bridge, min(at) AS at FROM bridge_events WHERE {_WAITING} GROUP BY bridge")  # noqa: S608  constants only
        return {row["bridge"]: from_timestamp(row["at"]) for row in rows}

    @read
    def late_event(self, db: Database, bridge: Bridge, before: datetime) -> BridgeEvent | None:
        """The oldest event that was queued before a time and that the receiver has not accepted so far."""
        row = db.execute(
            f"SELECT * FROM bridge_events WHERE {_WAITING}"  # noqa: S608  constants only
            " AND bridge = ? AND at <= ? AND why <> '' ORDER BY at LIMIT 1",
            [bridge.value, timestamp(before)],
        ).fetchone()
        return None if row is None else _event(row)

    @read
    def events_of(self, db: Database, incident: IncidentId) -> tuple[BridgeEvent, ...]:
        """The events of an incident, in their order."""
        rows = db.execute("SELECT * FROM bridge_events WHERE incident = ? ORDER BY seq", [incident])
        return tuple(map(_event, rows))


# ── writing ──


def record(db: Database, changes: Iterable[Change]) -> None:
    """Queue what the bridges are told of changed incidents."""
    bridges = db.bridges
    if not bridges.configured:
        return
    now, rows = bridges.clock(), list[transactions.Row]()
    for old, new in changes:
        expired = old is not None and old.ack_until is not None and old.ack_until <= now
        steps = events(old, new, expired=expired)
        if not steps:
            continue
        links = bridges.links(new, _place(db, new))
        if Bridge.WEBHOOK in bridges.configured:
            for step in steps:
                id_ = bridges.new_id()
                body = cloud_events.incident_event(id_, step, new, old, links, source=bridges.source, at=now)
                rows.append((id_, Bridge.WEBHOOK.value, new.id, step.value, body, timestamp(now)))
        if old is not None and Bridge.PAGERDUTY in bridges.configured:
            actions = pagerduty.next_actions(_last_action(db, new.id), steps)
            rows += _pagerduty_rows(bridges, actions, new, links, now)
    _queue(db, rows)


def page(db: Database, incidents: Sequence[Incident]) -> None:
    """Queue what pages open incidents in PagerDuty, where that is configured and has not happened."""
    bridges, rows = db.bridges, list[transactions.Row]()
    if Bridge.PAGERDUTY not in bridges.configured:
        return
    now = bridges.clock()
    for incident in incidents:
        if incident.phase is Phase.OPEN:
            actions = pagerduty.page_actions(_last_action(db, incident.id))
            rows += _pagerduty_rows(bridges, actions, incident, bridges.links(incident, _place(db, incident)), now)
    _queue(db, rows)


def _pagerduty_rows(
    bridges: BridgeSettings, actions: Iterable[Action], incident: Incident, links: Mapping[str, str], now: datetime
) -> list[transactions.Row]:
    return [
        (
            bridges.new_id(),
            Bridge.PAGERDUTY.value,
            incident.id,
            action.value,
            pagerduty.body(action, incident, links, source=bridges.source),
            timestamp(now),
        )
        for action in actions
    ]


def _queue(db: Database, rows: Sequence[transactions.Row]) -> None:
    if rows:
        db.has_bridge_events = True
        transactions.upsert(db, "bridge_events", _COLUMNS, rows)


def _last_action(db: Database, incident: IncidentId) -> Action | None:
    """What PagerDuty was told, or will be told, last; what it refused does not count."""
    row = db.execute(
        "SELECT step FROM bridge_events WHERE incident = ? AND bridge = 'pagerduty' AND state <> 'given up'"
        " ORDER BY seq DESC LIMIT 1",
        [incident],
    ).fetchone()
    return None if row is None else Action(row["step"])


def _place(db: Database, incident: Incident) -> tuple[str, str]:
    """Where an incident's home card is in Slack; empty while it is not posted."""
    row = db.execute("SELECT stands_in, ts FROM posts WHERE id = ? AND ts <> ''", [incident.home.post]).fetchone()
    return ("", "") if row is None else (row["stands_in"], row["ts"])


def _event(row: Row) -> BridgeEvent:
    return BridgeEvent(
        id=row["id"],
        bridge=Bridge(row["bridge"]),
        incident=IncidentId(row["incident"]),
        step=row["step"],
        body=row["body"],
        at=from_timestamp(row["at"]),
        state=EventState(row["state"]),
        attempts=row["attempts"],
        why=row["why"],
    )

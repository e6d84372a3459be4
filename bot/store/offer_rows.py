"""The rows of offers, inside a transaction: to read, write and begin them."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from sqlite3 import Row

from bot.core.incident.handover import Offer, OfferKind, OfferState, refuse_over, unknown_offer
from bot.core.incident.model import IncidentId, OfferId
from bot.core.outbox.posts import PostId
from bot.core.people.model import Person
from bot.store import transactions
from bot.store.database import Database
from bot.store.transactions import from_timestamp, from_timestamp_or_none, person, timestamp, timestamp_or_none


def load(db: Database, id_: OfferId) -> Offer | None:
    """An offer, where there is one."""
    row = db.execute("SELECT * FROM offers WHERE id = ?", [id_]).fetchone()
    return None if row is None else offer_of(row)


def put(db: Database, offers: Sequence[Offer]) -> None:
    """Insert offers, or replace those that are there."""
    transactions.upsert(db, "offers", _COLUMNS, [_row(each) for each in offers])


def commands_of(db: Database, person: Person, since: datetime) -> tuple[Offer, ...]:
    """The commands that somebody has asked for and that are open, or were asked for since then; oldest first."""
    rows = db.execute(
        "SELECT * FROM offers WHERE asked_by = ? AND command <> ''"
        " AND (asked_at >= ? OR state IN ('open', 'running')) ORDER BY asked_at, rowid",
        [str(person), timestamp(since)],
    )
    return tuple(offer_of(row) for row in rows.fetchall())


def begin(db: Database, id_: OfferId, by: Person, attempt: int, now: datetime) -> None:
    """Note who runs what is asked for. Raises Refusal where somebody else was faster, or it has ended."""
    offer = load(db, id_)
    if offer is None:
        raise unknown_offer()
    refuse_over(offer, now)
    put(db, [replace(offer, state=OfferState.RUNNING, answered_by=by, attempt=attempt)])


_COLUMNS = (
    *("id", "kind", "incidents", "asked_by", "asked", "asked_at", "until", "state", "ended_at"),
    *("command", "flow_id", "flow_name", "zone", "others", "copies", "places", "answered_by", "attempt"),
)


def _row(offer: Offer) -> transactions.Row:
    return (
        offer.id,
        offer.kind.value,
        json.dumps(offer.incidents),
        str(offer.by),
        str(offer.to),
        timestamp(offer.asked_at),
        timestamp(offer.until),
        offer.state.value,
        timestamp_or_none(offer.ended_at),
        offer.command,
        offer.flow_id,
        offer.flow_name,
        offer.zone,
        json.dumps(offer.others),
        json.dumps(offer.copies),
        json.dumps(offer.places),
        None if offer.answered_by is None else str(offer.answered_by),
        offer.attempt,
    )


def offer_of(row: Row) -> Offer:
    """The offer in a row."""
    return Offer(
        id=OfferId(row["id"]),
        kind=OfferKind(row["kind"]),
        incidents=tuple(IncidentId(each) for each in json.loads(row["incidents"])),
        by=person(row["asked_by"]),
        to=person(row["asked"]),
        asked_at=from_timestamp(row["asked_at"]),
        until=from_timestamp(row["until"]),
        state=OfferState(row["state"]),
        ended_at=from_timestamp_or_none(row["ended_at"]),
        command=row["command"],
        flow_id=row["flow_id"],
        flow_name=row["flow_name"],
        zone=row["zone"],
        others=tuple(json.loads(row["others"])),
        copies=tuple(map(PostId, json.loads(row["copies"]))),
        places=tuple(json.loads(row["places"])),
        answered_by=None if row["answered_by"] is None else person(row["answered_by"]),
        attempt=row["attempt"],
    )

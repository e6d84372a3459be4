"""Offers: who asks whom to take which incidents. They are written by ``ChangeSets``."""

import json
from collections.abc import Sequence
from sqlite3 import Row

from bot.core.incident.handover import Offer, OfferKind, OfferState
from bot.core.incident.model import Incident, IncidentId, OfferId
from bot.store import incidents, transactions
from bot.store.database import Database
from bot.store.incident_cache import IncidentCache
from bot.store.transactions import (
    Transactional,
    from_timestamp,
    from_timestamp_or_none,
    person,
    read,
    timestamp,
    timestamp_or_none,
)

_MOST = 500  # open offers that are read at once


class Offers(Transactional):
    """Reading offers."""

    _incident_cache: IncidentCache

    @read
    def offer(self, db: Database, id: OfferId) -> tuple[Offer, tuple[Incident, ...]] | None:
        """One offer with its incidents as they are now."""
        found = load(db, id)
        return None if found is None else (found, incidents.load(db, self._incident_cache, found.incidents))

    @read
    def open_offers(self, db: Database) -> tuple[tuple[Offer, tuple[Incident, ...]], ...]:
        """The offers that have not ended, oldest first, with their incidents as they are now."""
        rows = db.execute("SELECT * FROM offers WHERE state = 'open' ORDER BY asked_at, rowid LIMIT ?", [_MOST])
        found = [_offer(row) for row in rows.fetchall()]
        return tuple((each, incidents.load(db, self._incident_cache, each.incidents)) for each in found)


def load(db: Database, id_: OfferId) -> Offer | None:
    """An offer, where there is one."""
    row = db.execute("SELECT * FROM offers WHERE id = ?", [id_]).fetchone()
    return None if row is None else _offer(row)


def put(db: Database, offers: Sequence[Offer]) -> None:
    """Insert offers, or replace those that are there."""
    transactions.upsert(db, "offers", _COLUMNS, [_row(each) for each in offers])


_COLUMNS = ("id", "kind", "incidents", "asked_by", "asked", "asked_at", "until", "state", "ended_at")


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
    )


def _offer(row: Row) -> Offer:
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
    )

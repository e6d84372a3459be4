"""Offers: who asks whom to take which incidents, or to run a command. They are written by ``ChangeSets``."""

from bot.core.incident.handover import Offer
from bot.core.incident.model import Incident, OfferId
from bot.store import incidents
from bot.store.database import Database
from bot.store.incident_cache import IncidentCache
from bot.store.offer_rows import load, offer_of
from bot.store.transactions import Transactional, read

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
        found = [offer_of(row) for row in rows.fetchall()]
        return tuple((each, incidents.load(db, self._incident_cache, each.incidents)) for each in found)

    @read
    def running_offers(self, db: Database) -> tuple[Offer, ...]:
        """The commands that are asked for and are being run, oldest first."""
        rows = db.execute("SELECT * FROM offers WHERE state = 'running' ORDER BY asked_at, rowid LIMIT ?", [_MOST])
        return tuple(offer_of(row) for row in rows.fetchall())

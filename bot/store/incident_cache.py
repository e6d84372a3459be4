"""Incidents as the database has them, so that they are read once: as long as nobody else writes one."""

from collections import OrderedDict

from bot.core.incident.model import Incident, IncidentId

Stored = tuple[Incident, tuple[int, ...]]  # with the positions of its occurrences


class IncidentCache:
    """Incidents as the database has them, as many as together have ``capacity`` occurrences."""

    def __init__(self, capacity: int = 20_000) -> None:
        self._capacity = capacity
        self._used = 0
        self._entries: OrderedDict[IncidentId, Stored] = OrderedDict()

    def get(self, id_: IncidentId) -> Stored | None:
        """An incident that is cached."""
        if id_ in self._entries:
            self._entries.move_to_end(id_)
        return self._entries.get(id_)

    def put(self, incident: Incident, positions: tuple[int, ...]) -> None:
        """Keep an incident as it was read or written; what was not asked for the longest is dropped."""
        self.drop(incident.id)
        self._entries[incident.id] = (incident, positions)
        self._used += 1 + len(positions)
        while self._used > self._capacity and len(self._entries) > 1:
            self._used -= 1 + len(self._entries.popitem(last=False)[1][1])

    def drop(self, id_: IncidentId) -> None:
        """Forget an incident."""
        old = self._entries.pop(id_, None)
        if old is not None:
            self._used -= 1 + len(old[1])

    def clear(self) -> None:
        """Forget all: a transaction was undone."""
        self._entries.clear()
        self._used = 0

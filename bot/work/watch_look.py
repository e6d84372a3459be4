"""Owners as people, for cards: looked up together, and kept for a minute."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.core.cards.incident import Look
from bot.core.flows import UserName
from bot.core.people import Person
from bot.work.ports import Names

_KEPT = timedelta(minutes=1)
_MOST = 5000


class Looks:
    """What cards need besides their incidents."""

    def __init__(self, names: Names, console_url: str = "") -> None:
        self._names = names
        self._console_url = console_url
        self._known: dict[UserName, Person | None] = {}
        self._fresh_until: datetime | None = None

    async def of(self, owners: Iterable[UserName], now: datetime) -> Look:
        """Return the look of cards that name these owners."""
        wanted = tuple(dict.fromkeys(owners))
        if self._fresh_until is None or now >= self._fresh_until or len(self._known) > _MOST:
            self._known.clear()
            self._fresh_until = now + _KEPT
        missing = tuple(name for name in wanted if name not in self._known)
        if missing:
            people = await self._names.people_of(missing)
            self._known.update((name, people.get(name)) for name in missing)
        found = ((name, self._known.get(name)) for name in wanted)
        return Look({name: person for name, person in found if person is not None}, self._console_url)

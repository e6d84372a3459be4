"""Owners as people, for cards: looked up together, once for each moment.

Nothing is kept longer: who has been linked, or is found to be deactivated, a moment later is drawn so the next time.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from bot.core.flow.model import UserName
from bot.core.people.model import Person
from bot.messages.cards.incident import RenderContext
from bot.work.ports import OwnerLookup


class OwnerResolver:
    """What cards need besides their incidents."""

    def __init__(
        self, names: OwnerLookup, console_url: str = "", zone: Callable[[], timedelta | None] = lambda: None
    ) -> None:
        self._names = names
        self._zone = zone  # of the times EnOS prints
        self._console_url = console_url
        self._known: dict[UserName, Person | None] = {}
        self._at: datetime | None = None

    async def resolve(self, owners: Iterable[UserName], now: datetime) -> RenderContext:
        """Return the look of cards that name these owners."""
        wanted = tuple(dict.fromkeys(owners))
        if now != self._at:
            self._known, self._at = {}, now
        known = self._known  # of this moment, though others may look at another one meanwhile
        missing = tuple(name for name in wanted if name not in known)
        if missing:
            people = await self._names.people_of(missing)
            known.update((name, people.get(name)) for name in missing)
        found = ((name, known.get(name)) for name in wanted)
        return RenderContext(
            {name: person for name, person in found if person is not None}, self._console_url, self._zone()
        )

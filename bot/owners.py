"""Owners of flows as people: the names that EnOS knows, and the links that the store knows."""

from collections.abc import Mapping, Sequence

from bot.core.flows import UserName
from bot.core.people import Person
from bot.store.store import Store


class Owners:
    """Owners' user names, to the people who are linked to them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def people_of(self, owners: Sequence[UserName]) -> Mapping[UserName, Person]:
        """Return those owners who are linked."""
        wanted = set(owners)
        return {link.user_name: link.person for link in await self._store.links() if link.user_name in wanted}

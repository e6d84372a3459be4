"""Owners of flows as people: which of them can be mentioned, and what cards show of them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.core.flow.model import UserName
from bot.core.people.model import Person
from bot.messages.cards.incident import RenderContext
from bot.work.ports import AccountLookup, OwnerLookup

if TYPE_CHECKING:
    from bot.store.store import Store


class MentionableOwners:
    """The owners who are linked to a person whose account is not deactivated: the only ones who are mentioned.

    ``patience``: seconds to wait for Slack to tell who is deactivated. People it does not tell of in time are
    mentioned.
    """

    def __init__(self, store: "Store", accounts: AccountLookup, patience: float = 0.0) -> None:
        self._store = store
        self._accounts = accounts
        self._patience = patience

    async def people_of(self, owners: Sequence[UserName]) -> Mapping[UserName, Person]:
        """The owners, by user name, who can be mentioned."""
        if not owners:
            return {}
        linked = {link.user_name: link.person for link in await self._store.links() if link.user_name in owners}
        gone = await self._accounts.deactivated([person.user for person in linked.values()], self._patience)
        return {name: person for name, person in linked.items() if person.user not in gone}


class OwnerResolver:
    """What cards show besides their incidents: the owners as people, looked up together and once for each moment.

    Nothing is kept longer: a person who is linked or deactivated a moment later is shown so the next time.
    """

    def __init__(
        self, names: OwnerLookup, console_url: str = "", zone: Callable[[], timedelta | None] = lambda: None
    ) -> None:
        self._names = names
        self._zone = zone  # of the times EnOS prints
        self._console_url = console_url
        self._known: dict[UserName, Person | None] = {}
        self._at: datetime | None = None

    async def resolve(self, owners: Iterable[UserName], now: datetime) -> RenderContext:
        """The render context of cards that name these owners."""
        wanted = tuple(dict.fromkeys(owners))
        if now != self._at:
            self._known, self._at = {}, now
        known = self._known  # of this moment: while this call waits, another one may begin the next moment
        missing = tuple(name for name in wanted if name not in known)
        if missing:
            people = await self._names.people_of(missing)
            known.update((name, people.get(name)) for name in missing)
        found = ((name, known.get(name)) for name in wanted)
        return RenderContext(
            {name: person for name, person in found if person is not None}, self._console_url, self._zone()
        )

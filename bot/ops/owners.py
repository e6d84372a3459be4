"""Owners of flows as people: the names that EnOS knows, the links that the store knows, and who is still in Slack."""

from collections.abc import Mapping, Sequence

from bot.core.flow.model import UserName
from bot.core.people.model import Person
from bot.slack.accounts import Accounts
from bot.store.store import Store


class MentionableOwners:
    """Owners' user names, to the people who are linked to them and not deactivated: those who can be mentioned.

    ``patience``: seconds to wait for Slack to tell who is deactivated. Whom it does not tell of in time is mentioned.
    """

    def __init__(self, store: Store, accounts: Accounts, patience: float = 0.0) -> None:
        self._store = store
        self._accounts = accounts
        self._patience = patience

    async def people_of(self, owners: Sequence[UserName]) -> Mapping[UserName, Person]:
        """Return those owners who can be mentioned."""
        wanted = set(owners)
        linked = {link.user_name: link.person for link in await self._store.links() if link.user_name in wanted}
        gone = await self._accounts.deactivated([person.user for person in linked.values()], self._patience)
        return {name: person for name, person in linked.items() if person.user not in gone}

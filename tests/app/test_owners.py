"""Owners as people: those who are linked and not deactivated can be mentioned, the others keep their names."""

from app_kit import JONAS, MAYA
from doctor_kit import MAYAS, link

from bot.core.people.model import Person
from bot.ops.owners import MentionableOwners
from bot.store.store import Store


class Accounts:
    """Knows who is gone, and is told how long to look."""

    def __init__(self, *gone):
        self.gone, self.asked = set(gone), []

    async def deactivated(self, users, patience):
        self.asked.append((tuple(users), patience))
        return frozenset(self.gone & set(users))


async def test_owners_who_are_linked_and_active_are_people(tmp_path):
    accounts = Accounts(JONAS)
    async with Store.open(tmp_path / "flowbot.db") as store:
        await store.put_links([MAYAS, link(JONAS, "u15432100000000012", "jonas.weber")])
        people = await MentionableOwners(store, accounts, 0.5).people_of(["maya.chen", "jonas.weber", "sam.lee"])
        assert people == {"maya.chen": Person("T0DEMO0001", MAYA)}
        assert sorted(accounts.asked[0][0]) == [JONAS, MAYA]
        assert accounts.asked[0][1] == 0.5

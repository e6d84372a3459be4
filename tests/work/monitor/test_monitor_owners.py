"""Which owners are mentioned: those who are linked and active, looked up once for each moment."""

from datetime import timedelta

from monitor_world import JONAS, MAYA, START
from new_database import new_store

from bot.core.flow.model import UserId, UserName
from bot.core.people.model import Link
from bot.work.monitor.owners import MentionableOwners, OwnerResolver


class Lookup:
    """Owners as people, and what was asked."""

    def __init__(self):
        self.people = {"maya.chen": MAYA, "jonas.weber": JONAS}
        self.asked = []

    async def people_of(self, owners):
        self.asked.append(tuple(owners))
        return {name: self.people[name] for name in owners if name in self.people}


async def test_each_owner_is_looked_up_once_in_a_moment():
    lookup = Lookup()
    owner_resolver = OwnerResolver(lookup)
    assert (await owner_resolver.resolve(("maya.chen", "nobody", "maya.chen"), START)).people == {"maya.chen": MAYA}
    context = await owner_resolver.resolve(("nobody", "maya.chen", "jonas.weber"), START)
    assert context.people == {"maya.chen": MAYA, "jonas.weber": JONAS}
    assert lookup.asked == [("maya.chen", "nobody"), ("jonas.weber",)]


async def test_an_owner_found_to_be_deactivated_a_moment_later_is_not_mentioned_then():
    lookup = Lookup()
    owner_resolver = OwnerResolver(lookup)
    await owner_resolver.resolve(("maya.chen",), START)
    del lookup.people["maya.chen"]
    assert (await owner_resolver.resolve(("maya.chen",), START + timedelta(milliseconds=200))).people == {}


class Accounts:
    """Knows which accounts are deactivated, and what was asked."""

    def __init__(self, *gone):
        self.gone, self.asked = set(gone), []

    async def deactivated(self, users, longest_wait):
        self.asked.append((sorted(users), longest_wait))
        return frozenset(self.gone & set(users))


async def test_owners_who_are_linked_and_active_can_be_mentioned(tmp_path):
    accounts = Accounts(JONAS.user)
    async with new_store(tmp_path / "flowbot.db") as store:
        await store.put_links(
            [Link(MAYA, UserId("u1"), UserName("maya.chen")), Link(JONAS, UserId("u2"), UserName("jonas.weber"))]
        )
        people = await MentionableOwners(store, accounts, 0.5).people_of(["maya.chen", "jonas.weber", "sam.lee"])
    assert people == {"maya.chen": MAYA}
    assert accounts.asked == [(sorted((MAYA.user, JONAS.user)), 0.5)]

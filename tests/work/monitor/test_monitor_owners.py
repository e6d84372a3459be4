"""Who is mentioned on cards: as it is at each moment, and asked for once in it."""

from datetime import timedelta

from monitor_world import JONAS, MAYA, START

from bot.work.monitor.owners import OwnerResolver


class Town:
    """Names with a memory: who lives here, and what was asked."""

    def __init__(self):
        self.people = {"maya.chen": MAYA, "jonas.weber": JONAS}
        self.asked = []

    async def people_of(self, owners):
        self.asked.append(tuple(owners))
        return {name: self.people[name] for name in owners if name in self.people}


async def test_each_owner_is_looked_up_once_in_a_moment():
    town = Town()
    owner_resolver = OwnerResolver(town)
    assert (await owner_resolver.resolve(("maya.chen", "nobody", "maya.chen"), START)).people == {"maya.chen": MAYA}
    look = await owner_resolver.resolve(("nobody", "maya.chen", "jonas.weber"), START)
    assert look.people == {"maya.chen": MAYA, "jonas.weber": JONAS}
    assert town.asked == [("maya.chen", "nobody"), ("jonas.weber",)]


async def test_who_is_found_to_be_gone_a_moment_later_is_no_longer_mentioned():
    town = Town()
    owner_resolver = OwnerResolver(town)
    await owner_resolver.resolve(("maya.chen",), START)
    del town.people["maya.chen"]
    assert (await owner_resolver.resolve(("maya.chen",), START + timedelta(milliseconds=200))).people == {}

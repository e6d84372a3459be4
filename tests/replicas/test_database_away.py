"""Replicas whose database is away for a while, for all of them or for one: they say so, wait, and come back."""

import postgres
import pytest
from replica_kit import told_once, two

from bench.soak.replica_world import replica_world


@pytest.fixture
def cluster():
    """A server of one test's own."""
    made = postgres.Cluster()
    made.start()
    yield made
    made.stop()
    made.remove()


async def test_the_database_is_restarted(folder, cluster):
    async with replica_world(folder, postgres.address("postgres", cluster.folder)) as world:
        both = leader, follower = await two(world)
        world.takes(leader, follower)
        for _ in range(2):
            world.breaks()
            world.asks()
        await world.until(world.cards)
        await world.taken()
        cluster.stop("fast")
        for each in both:
            await world.is_ready(each, 503, "database")
        cluster.start()
        for each in both:
            await world.is_ready(each, 200)  # whoever has the lock first leads: the other may start over
        world.takes()
        world.breaks()
        world.asks()
        await world.settled()
        told_once(world)
        assert [each.process.returncode for each in both] == [None, None]


async def test_the_leader_s_wire_to_the_database_is_cut(folder, url):
    async with replica_world(folder, url) as world, world.wire() as wire:
        leader, follower = await two(world, url=wire.url)
        world.takes(leader, follower)
        for _ in range(3):
            world.breaks()
            world.asks()
        await world.until(lambda: len(world.cards()) > 1)
        await world.taken()
        wire.cut()
        world.takes(follower)
        assert await world.leads(leader) is follower
        world.breaks()
        world.asks()
        await world.settled()
        wire.mend()  # what was on its way arrives now
        await world.runs(leader, times=2)
        world.takes(leader)
        world.asks()
        await world.settled()
        told_once(world)
        assert world.leader() is follower

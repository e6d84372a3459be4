"""Several replicas on one PostgreSQL: who lives and who leads, and that nobody else writes as if they did."""

import asyncio
import contextlib
from types import SimpleNamespace

import postgres
import psycopg
import pytest
from store_makers import MAYA, NOW, attempt, message

from bot.core.errors import DatabaseUnavailable, Superseded
from bot.core.people.model import IncomingMessage, Origin, Surface
from bot.ops.replica import LEASE, Replica
from bot.store.store import Store

HOUR = 3600.0  # seconds: a lease that nobody outlives here
OVER = -1.0  # and one that everybody has


@pytest.fixture
def address():
    url = postgres.new_address()
    yield SimpleNamespace(url=url)
    postgres.drop(url)


@contextlib.asynccontextmanager
async def replica(address, name):
    """A replica that has joined, with its session."""
    async with Store.open(address) as store:
        await store.join(name, "1")
        session = store.session()
        try:
            yield store, session
        finally:
            await session.close()


async def locked(session):
    """Wait until a session has the lock."""
    while not await session.lock():
        pass


def said(key):
    return IncomingMessage(key, "status", MAYA, Origin(Surface.COMMAND, "C1"), NOW)


async def test_one_session_has_the_lock_until_it_is_closed(address):
    async with replica(address, "a") as (_, first), replica(address, "b") as (_, second):
        assert await first.lock()
        assert await first.lock()  # it is not asked for again: the lock would have to be given back twice
        assert not await second.lock()
        await first.close()
        await locked(second)  # the server ends the other session in its own time
        assert not await first.lock()


async def test_the_leader_is_whoever_began_last_and_the_former_one_writes_nothing(address):
    async with replica(address, "a") as (former, session), replica(address, "b") as (leader, _):
        assert await former.lead() == 1
        await former.queue([message("p1")])
        assert await leader.lead() == 2
        assert (await session.renew(LEASE, is_ready=True)).leader == leader.id
        with pytest.raises(Superseded):
            await former.queue([message("p2")])
        assert [post.new.id for post in await leader.due(NOW)] == ["p1"]
        assert [post.new.id for post in await former.due(NOW)] == ["p1"]  # it may read


async def test_a_follower_writes_and_is_not_asked_who_leads(address):
    async with replica(address, "a") as (leader, _), replica(address, "b") as (follower, _):
        await leader.lead()
        await follower.queue([message("p1")])
        assert [post.new.id for post in await leader.due(NOW)] == ["p1"]


async def test_a_lease_that_ran_out_makes_dead_and_the_dead_write_nothing(address):
    async with replica(address, "a") as (leader, _), replica(address, "b") as (other, session):
        await leader.lead()
        assert await leader.forget_dead(HOUR) == ()
        assert (await session.renew(LEASE, is_ready=True)).lives
        assert await leader.forget_dead(OVER) == ("b",)  # never itself
        assert not (await session.renew(LEASE, is_ready=True)).lives
        with pytest.raises(Superseded):
            await other.queue([message("p1")])
        await leader.queue([message("p2")])


async def test_what_a_living_replica_has_in_hand_is_left_to_it(address):
    async with replica(address, "a") as (leader, _), replica(address, "b") as (other, _):
        for store, key in ((leader, "mine"), (other, "theirs")):
            assert await store.record_delivery(key, NOW, said(key))
            assert await store.begin_attempt(attempt(f"attempt {key}"))
        assert await leader.unanswered() == ()
        assert await leader.unfinished_attempts() == ()
        await other.leave()
        assert [each.key for each in await leader.unanswered()] == ["theirs"]
        assert [each.attempt.key for each in await leader.unfinished_attempts()] == ["attempt theirs"]


async def test_a_program_that_looks_in_joins_nobody(address):
    async with Store.open(address) as visitor:
        await visitor.queue([message("p1")])
        assert await visitor.record_delivery("k", NOW, said("k"))
        assert [each.key for each in await visitor.unanswered()] == ["k"]


async def test_the_session_of_a_hung_leader_is_cut_off_and_only_then(address):
    async with replica(address, "a") as (_, hung), replica(address, "b") as (_, other):
        await hung.renew(LEASE, is_ready=True)
        assert await hung.lock()
        assert not await other.cut_off(HOUR)
        assert not await other.lock()
        assert await other.cut_off(OVER)
        await locked(other)
        with pytest.raises(DatabaseUnavailable):
            await hung.renew(LEASE, is_ready=True)
        assert (await hung.renew(LEASE, is_ready=True)).lives  # it connects again
        assert not await hung.lock()


async def test_what_is_told_is_heard_by_all_once_it_is_committed(address):
    async with replica(address, "a") as (one, session), replica(address, "b") as (other, ears):
        heard = []
        await ears.hear(0.0, heard.append)  # it listens from here on
        await session.hear(0.0, heard.append)
        await other.queue([message("p1")])
        await one.tell("poll")
        for each in (ears, session):
            heard.clear()
            while set(heard) != {"posts", "poll"}:
                await each.hear(0.1, heard.append)
        await one.leave()
        heard.clear()
        while heard != ["left"]:
            await ears.hear(0.1, heard.append)


async def test_two_replicas_elect_one_and_the_other_follows_when_it_goes(address):
    async with replica(address, "a") as (first, one), replica(address, "b") as (second, two):
        leader, follower = Replica(first, one), Replica(second, two)
        leader.stand()
        follower.stand()
        await leader.turn()
        await follower.turn()
        assert (leader.leads, follower.leads) == (True, False)
        task = asyncio.create_task(follower.run())
        await one.close()  # the process was killed
        await follower.has_led.wait()
        assert not follower.lost.is_set()
        with pytest.raises(Superseded):
            await leader.turn()
        task.cancel()
        await asyncio.wait({task})


async def test_a_leader_whose_connections_were_cut_goes_on_where_nobody_took_over(address):
    async with replica(address, "a") as (store, session):
        leader = Replica(store, session)
        leader.stand()
        await leader.turn()
        with psycopg.connect(address.url, autocommit=True) as operator:
            operator.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        with pytest.raises(DatabaseUnavailable):
            await leader.turn()
        await leader.turn()
        assert leader.leads
        assert leader.is_sure()
        await store.queue([message("p1")])


async def test_the_database_says_how_much_room_it_takes(address):
    async with Store.open(address) as store:
        assert await store.size() > 1 << 20

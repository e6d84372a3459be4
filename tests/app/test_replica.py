"""One replica among others: its lease, elections, and what makes it start over. The database is a pretended one."""

import asyncio
import contextlib

import pytest

from bot.core.errors import DatabaseUnavailable, NewerDatabase, Superseded
from bot.ops.replica import AGAIN, GIVES_WAY, LEASE, UNREACHED, Moment, Replica
from bot.store.postgres.session import Standing


class Clock:
    def __init__(self):
        self.since_boot = self.wall = 1000.0

    def __call__(self):
        return Moment(self.since_boot, self.wall)

    def goes_on(self, seconds):
        self.since_boot += seconds
        self.wall += seconds


class Server:
    """What several replicas have in common: who lives, who leads, who holds the lock."""

    def __init__(self):
        self.lives, self.leader, self.holder, self.dead = set(), "", None, ()
        self.cut_off, self.ready = [], set()


class PretendSession:
    def __init__(self, server, me):
        self.server, self.me = server, me
        self.trouble, self.told, self.closed, self.turns = None, [], 0, asyncio.Event()
        server.lives.add(me)

    async def renew(self, _lease, *, is_ready):
        self.server.ready = self.server.ready - {self.me} | ({self.me} if is_ready else set())
        self.turns.set()
        if self.trouble is not None:
            raise self.trouble
        return Standing(
            lives=self.me in self.server.lives,
            leader=self.server.leader,
            is_replaceable=bool(self.server.ready - {self.me}),
        )

    async def lock(self):
        self.server.holder = self.server.holder or self.me
        return self.server.holder == self.me

    async def cut_off(self, lease):
        self.server.cut_off.append((self.me, lease))
        return False

    async def hear(self, _seconds, heard):
        while self.told:
            heard(self.told.pop(0))
        await asyncio.sleep(0)

    async def close(self):
        self.closed += 1
        if self.server.holder == self.me:
            self.server.holder = None


class PretendStore:
    def __init__(self, server, me):
        self.server, self.id, self.trouble = server, me, None

    async def lead(self):
        if self.trouble is not None:
            raise self.trouble
        self.server.leader = self.id
        return 1

    async def forget_dead(self, lease):
        assert lease == LEASE
        if self.trouble is not None:
            raise self.trouble
        dead, self.server.dead = self.server.dead, ()
        return dead


class World:
    def __init__(self, *names):
        self.server, self.clock = Server(), Clock()
        self.sessions, self.stores, self.replicas, self.heard, self.dead = {}, {}, {}, [], []
        for name in names:
            self.sessions[name] = PretendSession(self.server, name)
            self.stores[name] = PretendStore(self.server, name)
            self.replicas[name] = Replica(
                self.stores[name],
                self.sessions[name],
                heard=self.heard.append,
                took_over=self.dead.append,
                clock=self.clock,
            )
            self.replicas[name].stand()


@contextlib.asynccontextmanager
async def running(replica):
    task = asyncio.create_task(replica.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait({task})


async def test_the_first_leads_and_the_second_follows():
    world = World("a", "b")
    a, b = world.replicas.values()
    await a.turn()
    await b.turn()
    assert (a.leads, b.leads, b.leader) == (True, False, "a")
    assert a.has_led.is_set()
    assert not b.has_led.is_set()
    assert world.server.cut_off == [("b", LEASE)]  # it asks each time whether the leader's lease has run out


async def test_the_second_leads_when_the_lock_is_free():
    world = World("a", "b")
    a, b = world.replicas.values()
    await a.turn()
    await b.turn()
    world.server.holder = None
    await b.turn()
    assert b.leads
    with pytest.raises(Superseded):  # another leads: the former one is lost
        await a.turn()


async def test_who_was_declared_dead_is_lost_and_sure_of_nothing():
    world = World("a", "b")
    _, b = world.replicas.values()
    await b.turn()
    assert b.is_sure()
    world.server.lives.discard("b")
    await b.run()
    assert b.lost.is_set()
    assert isinstance(b.why_lost, Superseded)
    assert not b.is_sure()


async def test_a_leader_whose_lock_another_has_taken_is_lost():
    world = World("a", "b")
    a, _ = world.replicas.values()
    await a.turn()
    world.server.holder = "b"
    await a.run()
    assert a.lost.is_set()


async def test_a_newer_form_is_told_as_such():
    world = World("a")
    (a,) = world.replicas.values()
    world.sessions["a"].trouble = NewerDatabase("99")
    await a.run()
    assert isinstance(a.why_lost, NewerDatabase)
    assert "99" in a.why_lost.reason


async def test_a_lease_that_was_not_renewed_is_not_sure():
    world = World("a")
    (a,) = world.replicas.values()
    assert not a.is_sure()  # it was never renewed
    await a.turn()
    world.clock.goes_on(LEASE - 1.1)
    assert a.is_sure()
    world.clock.goes_on(0.2)  # a second before the others may take over
    assert not a.is_sure()
    await a.turn()
    assert a.is_sure()


@pytest.mark.parametrize("which", ["since_boot", "wall"])
async def test_a_machine_that_slept_is_not_sure_whichever_clock_knows_it(which):
    world = World("a")
    (a,) = world.replicas.values()
    await a.turn()
    setattr(world.clock, which, getattr(world.clock, which) + 300)
    assert not a.is_sure()


async def test_the_lease_counts_from_before_the_question():
    world = World("a")
    (a,) = world.replicas.values()
    renew = world.sessions["a"].renew

    async def slow(*terms, **more):
        world.clock.goes_on(LEASE)  # the process was stopped while it asked
        return await renew(*terms, **more)

    world.sessions["a"].renew = slow
    await a.turn()
    assert not a.is_sure()


async def test_a_database_that_does_not_answer_loses_nobody(monkeypatch):
    monkeypatch.setattr("bot.ops.replica.PAUSE", 0)
    world = World("a")
    (a,) = world.replicas.values()
    session = world.sessions["a"]
    await a.turn()
    session.trouble = DatabaseUnavailable("it was restarted")
    async with running(a):
        while session.closed < 3:
            session.turns.clear()
            await session.turns.wait()
        assert not a.is_connected
        assert not a.lost.is_set()
        session.trouble = None
        while not a.is_connected:
            session.turns.clear()
            await session.turns.wait()
        assert a.leads  # nobody has taken over meanwhile
        assert world.server.holder == "a"


async def test_a_leader_that_cannot_begin_tries_again():
    world = World("a")
    (a,) = world.replicas.values()
    world.stores["a"].trouble = DatabaseUnavailable("busy")
    with pytest.raises(DatabaseUnavailable):
        await a.turn()
    assert not a.leads
    world.stores["a"].trouble = None
    await a.turn()
    assert a.leads


async def test_the_leader_declares_dead_only_after_the_database_has_answered_for_a_whole_lease():
    world = World("a")
    (a,) = world.replicas.values()
    world.server.dead = ("b on host two",)
    await a.turn()
    await a.turn()
    world.clock.goes_on(LEASE)
    await a.turn()
    assert a._caring is None
    world.clock.goes_on(0.1)
    await a.turn()
    await a._caring
    assert world.dead == [("b on host two",)]


async def test_where_it_is_not_known_who_was_declared_dead_what_was_left_over_is_looked_for():
    world = World("a")
    (a,) = world.replicas.values()
    await a.turn()
    world.stores["a"].trouble = DatabaseUnavailable("the answer to COMMIT was lost")
    await a._care()
    assert world.dead == [()]


async def test_what_others_tell_is_heard():
    world = World("a")
    (a,) = world.replicas.values()
    world.sessions["a"].told = ["posts", "bridges"]
    everything = asyncio.Event()

    def heard(name):
        world.heard.append(name)
        if len(world.heard) == 3:
            everything.set()

    a.heard = heard
    async with running(a):
        await everything.wait()
    assert world.heard == [AGAIN, "posts", "bridges"]  # what was told before this connection is looked for


async def test_who_cannot_reach_slack_yet_does_not_stand():
    world = World("a", "b")
    a, b = world.replicas.values()
    a._stands = False  # it has begun, and waits for Slack
    await a.turn()
    assert not a.leads
    await b.turn()
    assert b.leads
    assert world.server.ready == {"b"}


async def test_a_leader_without_slack_gives_up_its_lead_where_another_is_ready():
    world = World("a", "b")
    a, b = world.replicas.values()
    await a.turn()
    await b.turn()
    for _ in range(70):
        world.clock.goes_on(1)
        b.note_slack(is_reached=True)
        a.note_slack(is_reached=False)
        await b.turn()
        if a._clock().since_boot - a._reached.since_boot < UNREACHED:
            await a.turn()
    with pytest.raises(Superseded) as gave_up:
        await a.turn()
    assert "another replica may reach it" in gave_up.value.reason


async def test_a_leader_without_slack_goes_on_where_the_others_lack_it_too():
    world = World("a", "b")
    a, b = world.replicas.values()
    await a.turn()
    await b.turn()
    world.clock.goes_on(UNREACHED)
    await b.turn()
    await a.turn()
    assert a.leads
    assert world.server.ready == set()
    world.server.holder = None
    await b.turn()
    assert not b.leads  # it could not tell anybody anything


async def test_after_the_database_was_away_the_leader_has_its_turn_before_the_others(monkeypatch):
    monkeypatch.setattr("bot.ops.replica.PAUSE", 0)
    world = World("a", "b")
    a, b = world.replicas.values()
    await a.turn()
    await b.turn()
    world.sessions["b"].trouble = DatabaseUnavailable("it was restarted")
    world.server.holder = None
    async with running(b):
        while world.sessions["b"].closed == 0:
            world.sessions["b"].turns.clear()
            await world.sessions["b"].turns.wait()
    world.sessions["b"].trouble = None
    await b.turn()
    assert not b.leads
    world.clock.goes_on(GIVES_WAY)
    await b.turn()
    assert b.leads

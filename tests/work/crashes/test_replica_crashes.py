"""What only several replicas know: a follower that dies, a leader that hangs, a line to the database that is cut."""

import asyncio
import contextlib
import itertools
import threading
from contextlib import closing

import pytest
from answer_world import OPS, World
from crash_chat import lives
from crash_databases import HISTORIES, Servers, follows
from crash_injection import CrashingProxy, ProcessDied, StatementBudget, crashing_store
from crash_world import CrashWorld
from delivery_fakes import World as DeliveryWorld
from delivery_fakes import message
from lost_connections import Line
from test_killed_at_night import long_night, night, told

from bot.core.errors import DatabaseUnavailable, Superseded
from bot.core.people.model import IncomingMessage, Origin, Surface
from bot.ops.leading import Leading
from bot.ops.replica import Alone
from bot.store.store import Store

STRIDE = 1 if HISTORIES else 27
DONE = {  # of each command: what is told where it was done, and what it did in EnOS
    "ack 3377": ("acknowledged", ()),
    "trigger 3377": ("started", ("trigger",)),
    "disable 3377 confirmed": ("schedule", ("disable",)),
    "show 3377": ("daily-energy-report", ()),
}


@pytest.fixture
def servers():
    with closing(Servers()) as servers:
        yield servers


class Hanging(StatementBudget):
    """A process that stops at a statement until it is woken, and then goes on."""

    def __init__(self, left):
        super().__init__()
        self.until, self.stopped, self.woken = left, threading.Event(), threading.Event()

    def spend(self):
        super().spend()
        if self.spent == self.until:
            self.stopped.set()
            assert self.woken.wait(30)


class Fenced:
    """An EnOS that is asked by a replica only while that lives, as ``Replica.is_sure`` has it."""

    def __init__(self, inner, leader, follower):
        self._inner, self._leader, self._follower = inner, leader, follower

    def __getattr__(self, name):
        method = getattr(self._inner, name)
        return self._lives(method) if asyncio.iscoroutinefunction(method) else method

    def _lives(self, method):
        async def call(*args, **kwargs):
            alive = await self._leader._run(lambda: self._leader._transact(self._is_alive))
            if not alive:
                raise Superseded
            return await method(*args, **kwargs)

        return call

    def _is_alive(self, db):
        return db.execute("SELECT 1 FROM replicas WHERE id = ?", [self._follower.id]).fetchone() is not None


async def beside(leader, address, budget, enos):
    """The world as another replica has it, which may end at any statement."""
    store = await crashing_store(await follows(address), budget)
    world = World(store)
    world.slack, world.now, world.actors = leader.slack, leader.now, leader.actors
    world._ids, world._stamps = leader._ids, leader._stamps
    world.enos = enos(store)
    world.restart()
    return world


async def takes_over(leader):
    """Whoever does not live is declared dead, and the leader is told so twice."""
    while True:
        with contextlib.suppress(DatabaseUnavailable):  # the one that hangs has the row that writers wait for
            await leader.store.forget_dead(-1)
            break
    taking = Leading(
        replica=Alone(),
        store=leader.store,
        gateway=None,
        jobs=None,
        bridges=None,
        services=leader.services,
        dispatcher=leader.dispatcher,
        pressed=None,
        in_background=None,
        began=True,
    )
    await asyncio.gather(taking.take_over(), taking.take_over())
    await taking.take_over()


async def check_told_once(leader, words, arrived):
    """What was said is answered once, done once at most, and ended; nothing is left over."""
    shown = await leader.delivered()
    for seconds in (5, 91, 61, 30):
        shown += await leader.tick(seconds=seconds)
    messages = {each.ts: each.text for each in shown}
    done = tuple(name for name, *_ in leader.enos.done())
    outcomes = [outcome for _, _, outcome, *_ in await leader.audited()]
    about, acts = DONE[words]
    if not arrived:
        assert (messages, done, outcomes) == ({}, (), [])
        return
    assert done in {(), acts}
    assert len(outcomes) <= 1
    assert all(outcomes), "it has no end"
    assert len(messages) in _messages(words, outcomes), messages
    if outcomes[:1] == ["unclear:NotNoted"]:
        assert "may have been started" in next(iter(messages.values()))
    elif outcomes == ["done"]:
        assert done == acts
        assert any(about in text for text in messages.values())
    else:
        assert not done, "it was done, and its end says that it was not"
    assert await leader.store.unanswered() == ()
    assert await leader.store.unfinished_attempts() == ()


def _messages(words, outcomes):
    """How many messages there may be."""
    if words == "ack 3377" and outcomes == ["done"]:
        return {2, 3}  # the card and a reply in its thread, and where that is
    return {2} if outcomes[:1] == ["unclear:NotNoted"] else {1}  # and later whether the run is there


def said(world, words):
    return IncomingMessage(
        "say:x", words, world.actors["maya"].person, Origin(Surface.COMMAND, OPS, response_url=""), world.now
    )


async def arrived(leader):
    def look(db):
        return db.execute("SELECT 1 FROM deliveries WHERE key = 'say:x'").fetchone() is not None

    return await leader.store._run(lambda: leader.store._transact(look))


@pytest.mark.parametrize("words", DONE)
async def test_what_a_dead_follower_had_in_hand_is_answered_once(servers, words):
    for left in itertools.count(list(DONE).index(words) % STRIDE, STRIDE):
        address = servers.new()
        leader = await lives(address)
        await leader.breaks()
        budget = StatementBudget(left)
        follower = await beside(leader, address, budget, lambda _: CrashingProxy(leader.enos, budget))  # noqa: B023
        with contextlib.suppress(ProcessDied):
            await follower.receive(said(follower, words))
        follower.store.close()
        await takes_over(leader)
        await check_told_once(leader, words, await arrived(leader))
        leader.store.close()
        if not budget.is_spent:
            break
    assert left > 10


@pytest.mark.parametrize("words", DONE)
async def test_a_follower_that_wakes_after_it_was_declared_dead_does_nothing_more(servers, words):
    for left in itertools.count(1 + list(DONE).index(words) % STRIDE, STRIDE):
        address = servers.new()
        leader = await lives(address)
        await leader.breaks()
        budget = Hanging(left)
        follower = await beside(leader, address, budget, lambda store: Fenced(leader.enos, leader.store, store))  # noqa: B023
        limit = "SET idle_in_transaction_session_timeout = 50"
        follower.store._database_thread.submit(lambda: follower.store._db._run(limit)).result()  # noqa: B023
        work = asyncio.create_task(follower.receive(said(follower, words)))
        stopped = asyncio.create_task(asyncio.to_thread(budget.stopped.wait, 30))
        await asyncio.wait({work, stopped}, return_when=asyncio.FIRST_COMPLETED)
        is_over = not budget.stopped.is_set()
        await takes_over(leader)
        budget.stopped.set()
        budget.woken.set()
        with contextlib.suppress(DatabaseUnavailable):
            await work
        await stopped
        await check_told_once(leader, words, await arrived(leader))
        with pytest.raises(Superseded):
            await follower.store.set_note("x", "y")
        follower.store.close()
        leader.store.close()
        if is_over:
            break
    assert left > 10


@pytest.mark.parametrize(
    ("story", "deaths"),
    [(night, range(0, 500, 3) if HISTORIES else [170]), (long_night, range(0, 700, 7) if HISTORIES else [200])],
)
async def test_a_leader_that_hangs_is_replaced_by_who_was_there_all_the_time(servers, story, deaths):
    for left in deaths:
        world = await CrashWorld.begun(servers.new(), has_standby=True)
        await world.starts(left)
        chapters = iter(story(world))
        try:
            await told(chapters)
        except ProcessDied:
            await world.starts()
            await told(chapters)
        await world.come_to_rest()
        await world.check_invariants()
        former = world.hanging[-1]
        del former._db.execute  # it wakes
        with pytest.raises(Superseded):
            await former.set_note("x", "y")
        await world.ends()


@pytest.mark.parametrize(("answer", "cuts"), [(False, [150]), (True, [260])])
async def test_a_night_in_which_the_line_is_cut_and_nobody_restarts(servers, answer, cuts):
    for left in range(0, 450, 3) if HISTORIES else cuts:
        world = await CrashWorld.begun(servers.new())
        world.line.is_cut_at(left, answer=answer)
        for chapter in night(world):
            with contextlib.suppress(DatabaseUnavailable):
                await chapter()
        await world.come_to_rest(in_new_process=False)
        await world.check_invariants()
        assert world.line.cuts == 1
        await world.ends()


@pytest.mark.parametrize("answer", [False, True])
async def test_a_message_whose_line_is_cut_anywhere_stands_once(servers, answer):
    """Nobody restarts."""
    for left in itertools.count(answer, 1 if HISTORIES else 24):
        async with Store.open(servers.new()) as store:
            world = DeliveryWorld(store)
            await world.queue(message("a", "C1"), message("reply", "C1", thread_of="a"))
            line = Line()
            line.watch(store)
            line.is_cut_at(left, answer=answer)
            for _ in range(66):
                counts = {"queued": 2}
                with contextlib.suppress(DatabaseUnavailable):
                    await world.tick()
                    counts = await store.post_counts()
                world.clock.now = world.clock.after(1)
                if not counts.keys() & {"queued", "sending", "unclear"}:
                    break
            assert world.slack.standing() == ["a", "reply"], f"cut at statement {left}"
            assert counts.keys() == {"sent"}
        if not line.cuts:
            break
    assert left > 10


@pytest.mark.parametrize("answer", [False, True])
@pytest.mark.parametrize("words", DONE)
async def test_a_line_that_is_cut_anywhere_leaves_nothing_open(servers, words, answer):
    """Nobody restarts: the replica goes on over a new line."""
    for left in itertools.count(list(DONE).index(words) % STRIDE, STRIDE):
        address = servers.new()
        leader = await lives(address)
        await leader.breaks()
        follower = await beside(leader, address, StatementBudget(), lambda _: leader.enos)  # noqa: B023
        line = Line()
        line.watch(follower.store)
        line.is_cut_at(left, answer=answer)
        with contextlib.suppress(DatabaseUnavailable):  # and whoever asks is told so
            await follower.receive(said(follower, words))
        await check_told_once(leader, words, await arrived(leader))
        follower.store.close()
        leader.store.close()
        if not line.cuts:
            break
    assert left > 10

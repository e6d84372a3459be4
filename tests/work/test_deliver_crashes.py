"""Killed between any two statements, with any answer lost, each queued message stands exactly once."""

import asyncio
import contextlib
import inspect
import tempfile
from pathlib import Path

import pytest
from deliver_fakes import DEFAULT, Late, Lost, SlackLimited, SlackUnreachable, Vanished, World, edit, message
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.store.store import Store


class Dead(BaseException):
    """The process has ended; nothing of it goes on."""


READS = {"due", "unclear", "doubtful", "post", "notes", "next_due"}  # death there is death at the next write


class Mortal:
    """A store, or a Slack, whose process dies before or after its nth call, and does nothing afterwards."""

    def __init__(self, inner, life) -> None:
        self._inner = inner
        self._life = life

    def __getattr__(self, name):
        method = getattr(self._inner, name)
        if not inspect.iscoroutinefunction(method):
            return method

        async def call(*args, **kwargs):
            reads = name in READS
            if not reads or self._life.dead:
                self._life.spend()
            result = await method(*args, **kwargs)
            if not reads or self._life.dead:
                self._life.spend()
            return result

        return call


class Life:
    """So many more statements until death; None: for ever."""

    def __init__(self, left=None) -> None:
        self.left = left
        self.dead = False

    def spend(self):
        if self.left is not None:
            if self.left <= 0:
                self.dead = True
                raise Dead
            self.left -= 1


FAULTS = st.sampled_from([Lost(), Vanished(), Late(4), Late(12), Late(21), SlackLimited(2), SlackUnreachable("x")])


class Killed(RuleBasedStateMachine):
    """Queue, tick, lose answers and die, in any order; then let a minute of peace pass."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.loop.set_exception_handler(lambda _loop, _context: None)
        self.directory = tempfile.TemporaryDirectory()
        self.path = Path(self.directory.name) / "flowbot.db"
        self.store = Store.open(self.path)
        self.world = World(self.store)
        self.life = Life()
        self.queued = []  # (id, thread_of)
        self.edits = {}  # message: the newest text
        self.reborn()

    def run(self, work):
        return self.loop.run_until_complete(work)

    def reborn(self, left=None):
        """A new process on the same database, after the old one's connection is gone."""
        self.store.close()
        self.store = self.world.store = Store.open(self.path)
        self.life = Life(left)
        self.world.delivery = self.world.new_delivery(
            Mortal(self.store, self.life), Mortal(self.world.slack, self.life)
        )

    @initialize()
    def begins(self):
        self.queue("C1", None)

    def queue(self, channel, thread_of):
        id_ = f"p{len(self.queued)}"
        self.run(self.store.queue([message(id_, channel, due=self.world.clock(), thread_of=thread_of)]))
        self.queued.append((id_, thread_of))

    @rule(channel=st.sampled_from(["C1", "C2", "U1"]))
    def says(self, channel):
        self.queue(channel, None)

    @rule(number=st.integers(0, 20))
    def replies(self, number):
        first = [id_ for id_, thread_of in self.queued if thread_of is None]
        self.queue("C1", first[number % len(first)])

    @rule(number=st.integers(0, 20))
    def changes(self, number):
        target = self.queued[number % len(self.queued)][0]
        text = f"edit {len(self.edits)} of {target} at {self.world.clock()}"
        id_ = f"e{self.world.slack._ts()}"
        self.run(self.store.queue([edit(id_, target, text, due=self.world.clock())]))
        self.edits[target] = text

    @rule(method=st.sampled_from(["post", "post", "edit", "find", "delete"]), fault=FAULTS)
    def will_fail(self, method, fault):
        if method in ("find", "delete") and not isinstance(fault, Exception):
            fault = SlackUnreachable("x")
        if method == "edit" and isinstance(fault, Late):
            fault = Lost()
        self.world.slack.faults.setdefault(method, []).append(fault)

    @rule(seconds=st.sampled_from([0, 1, 3, 10]))
    def time_passes(self, seconds):
        self.lives(seconds)

    @rule(left=st.integers(0, 25), seconds=st.sampled_from([0, 1, 5, 30]))
    def dies(self, left, seconds):
        """Die after so many statements at the latest."""
        self.life.left = left
        self.lives(seconds)
        self.reborn()

    def lives(self, seconds):
        async def go():
            for _ in range(seconds + 1):
                await self.world.tick()
                self.world.clock.now = self.world.clock.after(1)

        try:
            self.run(go())
        except Dead:
            self.reborn()

    @precondition(lambda self: len(self.queued) > 0)
    @invariant()
    def nothing_is_in_a_state_without_a_way_out(self):
        counts = self.run(self.store.post_counts())
        assert sum(counts.values()) >= len(self.queued)
        assert "given up" not in counts

    def teardown(self):
        try:
            self.world.slack.faults.clear()
            self.reborn()
            self.lives(60 + 3 * (len(self.queued) + len(self.edits)))
            standing = self.world.slack.standing()
            assert standing == sorted(id_ for id_, _ in self.queued)
            by_id = {each.id: each for each in self.world.slack.messages}
            for id_, thread_of in self.queued:
                assert by_id[id_].thread == (by_id[thread_of].ts if thread_of else "")
            for target, text in self.edits.items():
                assert by_id[target].text == text
        finally:
            self.store.close()
            self.run(self.loop.shutdown_asyncgens())
            self.loop.close()
            self.directory.cleanup()


Killed.TestCase.settings = settings(
    max_examples=40,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    database=None,
)
TestKilledAnywhere = Killed.TestCase


@pytest.mark.parametrize("fault", [None, Lost(), Vanished(), Late(5)])
@pytest.mark.parametrize("channel", ["C1", "closed"])
async def test_death_before_or_after_each_single_statement(tmp_path, channel, fault):
    """Not by chance: every statement of the way from queued to settled, one death each."""
    for left in range(200):
        async with Store.open(tmp_path / f"{left}.db") as store:
            world = World(store)
            world.slack.closed["closed"] = "is_archived"
            if fault:
                world.slack.faults["post"] = [fault]
            await world.queue(message("a", channel), message("reply", channel, thread_of="a"))
            life = Life(left)
            world.delivery = world.new_delivery(Mortal(store, life), Mortal(world.slack, life))
            await until_settled_or_dead(world, life)
            died = life.dead
            world.delivery = world.new_delivery()
            await world.pass_time(66, step=3)
            ours = [id_ for id_ in world.slack.standing() if not id_.startswith("notice")]
            assert ours == ["a", "reply"], f"after {left} statements"
            assert len(world.slack.standing()) == (3 if channel == "closed" else 2), "told once"
            assert {each.channel for each in world.slack.messages} == {DEFAULT if channel == "closed" else "C1"}
        if not died:
            return
    pytest.fail("never lived to the end")


async def until_settled_or_dead(world, life):
    for _ in range(20):
        with contextlib.suppress(Dead):
            await world.tick()
        world.clock.now = world.clock.after(1)
        counts = await world.store.post_counts()
        if life.dead or not counts.keys() & {"queued", "sending", "unclear"}:
            return

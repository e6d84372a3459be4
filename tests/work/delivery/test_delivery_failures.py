"""A database that fails while posts are under way, and ticks that overlap."""

import asyncio
import contextlib

import pytest
from delivery_fakes import Lost, SlackRefused, Vanished, World, edit, ephemeral, file, message
from hypothesis import given, settings
from hypothesis import strategies as st
from new_database import new_store
from thorough import examples

from bot.core.errors import TemporaryFailure


class Trouble(TemporaryFailure):
    def __str__(self):
        return "disk full"


class Troubled:
    """A store whose named methods fail so many times, or wait for a gate."""

    def __init__(self, store, **times):
        self._store = store
        self.times = times
        self.gates = {}

    def __getattr__(self, name):
        method = getattr(self._store, name)

        async def call(*args, **kwargs):
            if self.times.get(name, 0) > 0:
                self.times[name] -= 1
                raise Trouble
            result = await method(*args, **kwargs)
            if self.gates.get(name):
                await self.gates[name].pop(0).wait()
            return result

        return call


@pytest.mark.parametrize("method", ["start_sending", "mark_sent", "mark_unclear", "requeue"])
async def test_what_the_database_did_not_take_is_written_later_and_sent_once(world, method):
    world.slack.faults["post"] = [Vanished()] if method in ("mark_unclear", "requeue") else []
    world.delivery = world.new_delivery(Troubled(world.store, **{method: 3}))
    await world.queue(message("a"), message("b", "C2"))
    await world.pass_time(15)
    assert world.slack.standing() == ["a", "b"]
    assert await world.state("a") == "sent"


async def test_an_outbox_that_cannot_be_read_is_tried_again(world, caplog):
    troubled = Troubled(world.store, mark_interrupted=1, due=1)
    world.delivery = world.new_delivery(troubled)
    await world.queue(message("a"))
    for _ in range(2):
        with pytest.raises(TemporaryFailure):
            await world.tick()
    await world.tick()
    assert world.slack.standing() == ["a"]
    troubled.times["next_due"] = 1
    running = asyncio.create_task(world.delivery.run())
    await until(lambda: "cannot be read" in caplog.text)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


async def test_a_look_that_the_database_did_not_take_is_done_again(world):
    world.slack.faults["post"] = [Lost()]
    world.delivery = world.new_delivery(Troubled(world.store, post=1))
    await world.queue(message("a"))
    await world.pass_time(8)
    assert await world.state("a") == "sent"
    assert world.slack.standing() == ["a"]


async def test_a_tick_that_read_what_was_unclear_before_another_settled_it_decides_again(world):
    troubled = Troubled(world.store)
    world.delivery = world.new_delivery(troubled)
    world.slack.faults["ephemeral"] = [Vanished(), Vanished()]
    await world.queue(ephemeral("w", response_url="https://hooks.example/1"))
    await world.tick()
    world.clock.now = world.clock.after(4)
    troubled.gates["to_look_up"] = [gate := asyncio.Event()]
    slow = asyncio.create_task(world.tick())  # has read that it is unclear once, and waits
    await until(lambda: not troubled.gates["to_look_up"])
    await world.tick()  # sends it once more: unclear again
    gate.set()
    await slow
    await world.pass_time(30)
    assert world.slack.calls.count("ephemeral C1") == 2
    assert world.slack.texts("D1") == ["w"]


async def test_a_message_is_looked_up_by_one_tick_at_a_time(world):
    world.slack.faults["post"] = [Vanished()]
    await world.queue(message("a"))
    await world.tick()
    world.clock.now = world.clock.after(4)
    world.slack.gates["find C1"] = gate = asyncio.Event()
    ticks = [asyncio.create_task(world.tick()) for _ in range(3)]
    await until(lambda: "find C1" in world.slack.calls)
    gate.set()
    await asyncio.gather(*ticks)
    await world.pass_time(3)
    assert world.slack.calls == ["post C1", "find C1", "post C1"]


async def test_a_post_that_another_tick_has_sent_meanwhile_is_left_alone(world):
    troubled = Troubled(world.store)
    world.delivery = world.new_delivery(troubled)
    await world.queue(ephemeral("w", response_url="https://hooks.example/1"))
    troubled.gates["due"] = [gate := asyncio.Event()]
    slow = asyncio.create_task(world.tick())
    await until(lambda: not troubled.gates["due"])
    await world.tick()
    world.clock.now = world.clock.after(2)
    gate.set()
    await slow
    assert world.slack.calls == ["ephemeral C1"]


async def test_a_look_for_what_another_tick_has_settled_meanwhile_is_left_out(world):
    troubled = Troubled(world.store)
    world.delivery = world.new_delivery(troubled)
    world.slack.faults["post"] = [Lost()]
    await world.queue(message("a"))
    await world.tick()
    world.clock.now = world.clock.after(4)
    troubled.gates["to_look_up"] = [gate := asyncio.Event()]
    slow = asyncio.create_task(world.tick())
    await until(lambda: not troubled.gates["to_look_up"])
    await world.tick()
    gate.set()
    await slow
    assert world.slack.calls == ["post C1", "find C1"]


async def test_a_file_is_asked_for_by_one_tick_at_a_time(world):
    world.slack.faults["upload"] = [Lost()]
    await world.queue(file("f"))
    await world.tick()
    world.clock.now = world.clock.after(4)
    world.slack.gates["shared "] = gate = asyncio.Event()
    ticks = [asyncio.create_task(world.tick()) for _ in range(3)]
    await until(lambda: "shared" in world.slack.calls)
    gate.set()
    await asyncio.gather(*ticks)
    assert world.slack.calls == ["upload U1", "shared"]


async def test_a_bug_does_not_end_the_deliveries(world, caplog):
    class Buggy(Troubled):
        bugs = 1

        def __getattr__(self, name):
            if name == "next_due" and self.bugs:
                self.bugs -= 1
                raise ZeroDivisionError
            return super().__getattr__(name)

    world.delivery = world.new_delivery(Buggy(world.store))
    running = asyncio.create_task(world.delivery.run())
    await until(lambda: world.alarms)
    await world.queue(message("a"))
    world.delivery.wake()
    await until(lambda: world.slack.standing() == ["a"])
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    assert "Other posts are sent as usual" in str(world.alarms[0].sentence)
    assert "ZeroDivisionError" in caplog.text


async def until(condition):
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110  the fakes have no events
            await asyncio.sleep(0)


class Clumsy(Troubled):
    """A store whose named methods meet a bug so many times; the first of them may have written before."""

    def __init__(self, store, *, after=False, **times):
        super().__init__(store)
        self.bugs, self.after = times, after

    def __getattr__(self, name):
        method = super().__getattr__(name)

        async def call(*args, **kwargs):
            if self.bugs.get(name, 0) > 0:
                self.bugs[name] -= 1
                if self.after:
                    await method(*args, **kwargs)
                raise UnicodeEncodeError("utf-8", "\ud83d", 0, 1, "surrogates not allowed")
            return await method(*args, **kwargs)

        return call


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("method", ["mark_sent", "mark_unclear", "requeue"])
async def test_an_outcome_that_meets_a_bug_leaves_no_post_behind(world, method, times, after):
    fault = {"mark_sent": [], "mark_unclear": [Vanished()], "requeue": [SlackRefused("ratelimited")]}
    world.slack.faults["post"] = fault[method]
    world.delivery = world.new_delivery(Clumsy(world.store, after=after, **{method: times}))
    await world.queue(message("a"), message("b", "C2"), ephemeral("d", channel="C3"))
    await world.pass_time(60)
    await world.queue(edit("c", "b", channel="C2"))
    await world.pass_time(60)
    assert world.slack.standing() == ["a", "b"]
    assert [await world.state(name) for name in "abcd"] == ["sent"] * 4
    assert world.alarms[0].name == "bug"


async def test_many_ticks_at_once_send_each_post_once(world):
    await world.queue(*(message(f"m{n}", f"C{n}") for n in range(10)))
    await asyncio.gather(*(world.tick() for _ in range(10)))
    assert world.slack.standing() == sorted(f"m{n}" for n in range(10))
    assert len(world.slack.calls) == 10


METHODS = ["start_sending", "mark_sent", "mark_unclear", "requeue", "post", "to_look_up"]


@settings(max_examples=examples(20), deadline=None, database=None)
@given(
    faults=st.lists(
        st.sampled_from(["start_sending", "mark_sent", "mark_unclear", "requeue", "post", "to_look_up"]),
        max_size=8,
    ),
    lost=st.lists(st.sampled_from([None, Lost(), Vanished()]), max_size=4),
)
def test_whatever_the_database_refuses_for_a_while_everything_is_posted_once(tmp_path_factory, faults, lost):
    async def story():
        async with new_store(tmp_path_factory.mktemp("store") / "flowbot.db") as store:
            world = World(store)
            world.slack.faults["post"] = list(lost)
            world.delivery = world.new_delivery(Troubled(store, **{name: faults.count(name) for name in faults}))
            await world.queue(message("a"), message("r", thread_of="a"), message("b", "C2"))
            for _ in range(60):
                with contextlib.suppress(TemporaryFailure):
                    await world.tick()
                world.clock.now = world.clock.after(1)
            assert world.slack.standing() == ["a", "b", "r"]

    asyncio.run(story())

"""Killed before or after each single statement, a queued message stands exactly once, wherever it ended up."""

import contextlib

import pytest
from crash_injection import CrashingProxy, ProcessDied, StatementBudget, crashing_store
from delivery_fakes import DEFAULT, Late, Lost, Vanished, World, message

from bot.core.outbox import blocks
from bot.core.outbox.blocks import Card
from bot.store.store import Store

READS = {"due", "to_look_up", "post", "notes", "next_due"}  # death there is death at the next write
STRIDE = 3  # each channel begins at another statement: each one has its death somewhere


@pytest.mark.parametrize("fault", [None, Lost(), Vanished(), Late(5)])
@pytest.mark.parametrize(("channel", "first"), [("C1", 0), ("closed", 1), ("foreign", 2)])
async def test_death_before_or_after_each_single_statement(databases, channel, first, fault):
    """Not by chance: the statements of the way from queued to settled, one death each."""
    for left in range(first % databases.stride(STRIDE), 200, databases.stride(STRIDE)):
        async with Store.open(databases.new()) as store:
            world = World(await crashing_store(store, StatementBudget()))
            world.slack.closed["closed"] = "is_archived"
            world.slack.foreign.add("foreign")
            if fault:
                world.slack.faults["post"] = [fault]
            await world.queue(message("a", channel), message("reply", channel, thread_of="a"))
            budget = StatementBudget(left)
            world.delivery = world.new_delivery(
                CrashingProxy(store, budget, free=READS), CrashingProxy(world.slack, budget)
            )
            await until_settled_or_dead(world, budget)
            died = budget.is_spent
            world.delivery = world.new_delivery()
            await world.pass_time(66, step=3)
            ours = [id_ for id_ in world.slack.standing() if not id_.startswith("notice")]
            assert ours == ["a", "reply"], f"after {left} statements"
            assert len(world.slack.standing()) == (2 if channel == "C1" else 3), "told once"
            assert {each.channel for each in world.slack.messages} == {"C1" if channel == "C1" else DEFAULT}
        if not died:
            return
    pytest.fail("never lived to the end")


@pytest.mark.parametrize("fault", [None, Lost(), Vanished(), Late(5)])
async def test_a_card_whose_table_is_refused_stands_once_without_it_wherever_it_dies(databases, fault):
    card = Card("a", [blocks.table(["Flow"], [["north"]])], fallback=[blocks.section("north")])
    for left in range(0, 200, databases.stride(STRIDE)):
        async with Store.open(databases.new()) as store:
            world = World(await crashing_store(store, StatementBudget()))
            world.slack.tables_refused_with = "invalid_blocks"
            if fault:
                world.slack.faults["post"] = [None, fault]
            await world.queue(message("a", body=card))
            budget = StatementBudget(left)
            world.delivery = world.new_delivery(
                CrashingProxy(store, budget, free=READS), CrashingProxy(world.slack, budget)
            )
            await until_settled_or_dead(world, budget)
            died = budget.is_spent
            world.delivery = world.new_delivery()
            await world.pass_time(66, step=3)
            assert world.slack.standing() == ["a"], f"after {left} statements"
            assert [each["type"] for each in world.slack.messages[0].body["blocks"]] == ["section"]
            assert not world.alarms
        if not died:
            return
    pytest.fail("never lived to the end")


async def until_settled_or_dead(world, budget):
    for _ in range(20):
        with contextlib.suppress(ProcessDied):
            await world.tick()
        world.clock.now = world.clock.after(1)
        counts = await world.store.post_counts()
        if budget.is_spent or not counts.keys() & {"queued", "sending", "unclear"}:
            return

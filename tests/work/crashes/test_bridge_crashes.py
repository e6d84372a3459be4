"""Killed between any two statements, an incident's step and its event are there together, and every event arrives."""

import contextlib

import pytest
from bridge_fakes import LOST, BridgeWorld, closed, incident, taken
from crash_injection import CrashingProxy, ProcessDied, StatementBudget, crashing_store

from bot.core.bridges.model import Bridge
from bot.store.store import Store

STRIDE = 8
STORY = [(incident(), ()), (incident(), ("i1",)), (taken(), ()), (closed(), ())]
READS = {"due_events", "late_event", "next_event"}


async def test_a_step_that_is_stored_is_an_event_that_is_queued(databases):
    """The story goes on where the database says it is, as after each restart."""
    for left in range(0, 400, databases.stride(STRIDE)):
        path = databases.new()
        budget = StatementBudget(left)
        with contextlib.suppress(ProcessDied):
            async with Store.open(path) as store:
                await tell(BridgeWorld(await crashing_store(store, budget)))
        async with Store.open(path) as store:
            await tell(BridgeWorld(store, first_id=1000))
            events = await store.events_of("i1")
            assert [each.step for each in events if each.bridge is Bridge.WEBHOOK] == [
                "opened",
                "acknowledged",
                "closed",
            ]
            assert [each.step for each in events if each.bridge is Bridge.PAGERDUTY] == [
                "trigger",
                "acknowledge",
                "resolve",
            ]
        if not budget.is_spent:
            return
    pytest.fail("never lived to the end")


async def tell(world):
    """Bring the incident to its end, from wherever it is."""
    stored = await world.store.incident("i1")
    phases = [each.phase for each, _ in STORY]
    begin = 0 if stored is None else phases.index(stored.phase)
    for each, pages in STORY[begin:]:
        await world.put(each, pages=pages)


@pytest.mark.parametrize("lost", [False, True])
async def test_every_event_arrives_in_order_whenever_the_process_dies(databases, lost):
    for left in range(0, 200, databases.stride(STRIDE)):
        async with Store.open(databases.new()) as store:
            world = BridgeWorld(await crashing_store(store, StatementBudget()))
            await tell(world)
            if lost:
                world.receivers.answers[Bridge.WEBHOOK] = LOST
            budget = StatementBudget(left)
            world.bridges = world.new_bridges(
                CrashingProxy(store, budget, free=READS), CrashingProxy(world.receivers, budget)
            )
            with contextlib.suppress(ProcessDied):
                await world.bridges.start()
                await world.tick()
            world.receivers.answers.clear()
            world.bridges = world.new_bridges()
            await world.bridges.start()
            await world.pass_time(10)
            for bridge, steps in (
                (Bridge.WEBHOOK, ["opened", "acknowledged", "closed"]),
                (Bridge.PAGERDUTY, ["trigger", "acknowledge", "resolve"]),
            ):
                assert list(dict.fromkeys(world.receivers.steps(bridge))) == steps, f"after {left} statements"
            ids = [id_ for *_, id_ in world.receivers.got]
            assert len(set(ids)) == 6, "sent again under the same id"
            assert {state for _, state in await store.event_counts()} == {"sent"}
        if not budget.is_spent:
            return
    pytest.fail("never lived to the end")

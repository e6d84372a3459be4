"""A run that a person starts at one replica, while another one leads and follows runs."""

import asyncio

import pytest
from answer_world import OPS
from replicas_world import two_worlds

from bot.core.people.model import IncomingMessage, Origin, Surface
from bot.work.runs.progress import RunTracker


@pytest.fixture
async def scene():
    """A leader that has just begun; at the other replica a start waits for EnOS's answer."""
    async with two_worlds() as (here, there):
        called, trigger = asyncio.Event(), here.enos.trigger

        async def hangs(*what, **how):
            called.set()
            await asyncio.Event().wait()
            return await trigger(*what, **how)

        here.enos.trigger = hangs
        said = IncomingMessage("k1", "trigger 3377", there.maya.person, Origin(Surface.COMMAND, OPS), there.now)
        await there.dispatcher.record_arrival(said)
        waiting = asyncio.create_task(there.dispatcher.answer(said))
        await called.wait()
        for world in (here, there):
            world.later(seconds=20)
        here.run_tracker = RunTracker(here.services)
        yield here, there
        waiting.cancel()
        await asyncio.wait({waiting})


async def test_what_a_living_replica_waits_for_is_left_to_it(scene):
    here, _ = scene
    reads = len(here.enos.calls)
    assert await here.tick(seconds=1) == []
    assert len(here.enos.calls) == reads


async def test_what_a_dead_one_has_waited_for_is_looked_up_at_once(scene):
    here, there = scene
    await there.store.leave()
    reads = len(here.enos.calls)
    await here.tick(seconds=1)
    assert len(here.enos.calls) > reads

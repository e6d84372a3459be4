"""People who use the bot at two replicas of one database: what each keeps in memory is its own."""

import contextlib

from answer_world import Actor, World
from replicas_kit import stores


@contextlib.asynccontextmanager
async def two_worlds():
    """The same world as each of two replicas sees it. The first one leads; both deliver, for the tests."""
    async with stores("one", "two") as (first, second):
        here = await World.begun(first)
        there = World(second)
        for name in ("enos", "slack", "views", "messages", "_ids", "_stamps"):
            setattr(there, name, getattr(here, name))
        there.restart()
        for name, actor in here.actors.items():
            there.actors[name] = Actor(there, name, actor.person)
            setattr(there, name, there.actors[name])
        yield here, there


async def hears(world):
    """What a replica does that is told that something was handed to it; returns what people see then."""
    for each in await world.store.take_handed_over():
        await world.dispatcher.answer_left_over([each])
    return await world.delivered()

"""The world of the commands, killed and started again."""

from answer_world import World
from crash_databases import opened
from crash_injection import crashing_store


async def lives(address, budget=None, earlier=None):
    """A world on a database; with an earlier one, its time, its Slack and its EnOS go on."""
    store = await opened(address)
    if budget is not None:
        store = await crashing_store(store, budget)
    world = World(store) if earlier else await World.begun(store)
    if earlier:
        world.slack, world.enos, world.now = earlier.slack, earlier.enos, earlier.now
        world.actors = earlier.actors
        world._ids, world._stamps = earlier._ids, earlier._stamps
        world.restart()
    return world

"""The world of the commands, killed and started again."""

from answer_world import World
from crash_injection import crashing_store

from bot.store.store import Store


async def lives(path, budget=None, earlier=None):
    """A world on this database; with an earlier one, its time, its Slack and its EnOS go on."""
    store = Store.open(path)
    if budget is not None:
        store = await crashing_store(store, budget)
    world = World(store) if earlier else await World.begun(store)
    if earlier:
        world.slack, world.enos, world.now = earlier.slack, earlier.enos, earlier.now
        world.actors = earlier.actors
        world._ids, world._stamps = earlier._ids, earlier._stamps
        world.restart()
    return world

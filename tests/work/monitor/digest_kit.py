"""A watcher at nine in the morning, when its digest is due."""

from datetime import UTC, datetime, timedelta

OPS, GENERAL = "C0DATAOPS1", "C0GENERAL1"
NINE = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)  # in Shanghai
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


async def started(world):
    await world.begin()
    await world.poll()
    await world.follow()
    return world


async def at(world, when):
    world.now = when
    await world.monitor.poll(world.now)
    await world.follow()

"""What the tests of the whole program share: a world, settings for it, and the whole bot in this process."""

import contextlib
import time

from bot import app
from bot.ops.outside import Outside
from bot.settings import table
from bot.sim import serve
from bot.sim.demo import demo
from bot.store.store import Store

MAYA, JONAS, PRIYA, ALEX, SAM, GUEST = (
    "U0MAYA00001",
    "U0JONAS0001",
    "U0PRIYA0001",
    "U0ALEX00001",
    "U0SAMLEE001",
    "U0GUEST0001",
)
DATA_OPS, GENERAL, FINANCE = "C0DATAOPS1", "C0GENERAL1", "C0FINANCE1"


@contextlib.asynccontextmanager
async def served():
    """The simulators."""
    running = await serve.start(serve.demo_world())
    try:
        yield running
    finally:
        await running.stop()


def configured(running, folder, **environ):
    """The settings of a bot in this world; an empty one is left out."""
    said = demo.environment(running, folder) | environ
    return table.load({name: value for name, value in said.items() if value})


@contextlib.asynccontextmanager
async def running_bot(running, folder, *, monotonic=time.monotonic, **environ):
    """The whole bot in this process, against the simulators."""
    read = configured(running, folder, **environ)
    async with Store.open(read.database, language=read.language) as store:
        bot = app.App(Outside(read, await store.notes(), monotonic=monotonic), store)
        try:
            await bot.listen()
            assert await bot.outside.preflight() == []
            await bot.start()
            yield bot
        finally:
            await bot.stop(5)


async def hears(bot, running):
    """Wait until the bot is connected and has read EnOS."""
    slack = running.world.workspace
    if bot.settings.mode == "socket":
        await slack.until(lambda: len(slack.sockets.connections) > 1, 60)
    await slack.until(lambda: bot.monitor.health(bot.steady()).lag is not None, 60)
    await bot.jobs.update_metrics()

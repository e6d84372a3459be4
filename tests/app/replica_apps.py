"""Two whole bots of one database in this process, against the simulators: the first one leads."""

import asyncio
import contextlib
from types import SimpleNamespace

import aiohttp
from app_kit import configured, hears
from replicas_kit import database

from bot import app
from bot.ops.outside import Outside
from bot.ops.replica import Replica
from bot.store.store import Store


@contextlib.asynccontextmanager
async def bot_of(address, running, folder, name, **environ):
    """One bot of several; its replica takes its turns by itself."""
    folder.mkdir(exist_ok=True)
    read = configured(running, folder, **environ)
    async with Store.open(address, language=read.language) as store:
        await store.join(name, "1.0")
        replica = Replica(store, store.session())
        replica.stand()
        await replica.turn()
        bot = app.App(Outside(read, await store.notes(), is_fenced=True), store, replica)
        turns = asyncio.create_task(replica.run())
        try:
            await bot.listen()
            assert await bot.outside.preflight() == []
            await bot.start()
            yield bot
        finally:
            await bot.stop(5)
            turns.cancel()
            await asyncio.wait({turns})
            with contextlib.suppress(Exception):
                await store.leave()


@contextlib.asynccontextmanager
async def two_bots(running, folder, **environ):
    """The one that leads, and has read EnOS, and one that follows, and knows what the first one told."""
    environ = {"FLOWBOT_POLL_SECONDS": "1"} | environ
    with database() as address:
        async with contextlib.AsyncExitStack() as stack:
            leader = await stack.enter_async_context(bot_of(address, running, folder / "one", "one", **environ))
            await hears(leader, running)
            follower = await stack.enter_async_context(bot_of(address, running, folder / "two", "two", **environ))
            for each in (leader, follower):
                await each.replica.turn()
            await told(leader, follower)
            yield SimpleNamespace(leader=leader, follower=follower, address=address)


async def told(leader, follower):
    """What the leader knows now is known to the other."""
    await leader.jobs.share()
    await follower.jobs.share()


async def get(bot, path):
    """What a bot answers at an address: the status, and the text."""
    async with aiohttp.ClientSession() as session, session.get(f"{bot.address}{path}") as answer:
        return answer.status, await answer.text()


async def metric(bot, name):
    """The value of a metric, as text; None where there is none."""
    lines = (await get(bot, "/metrics"))[1].splitlines()
    return next((line.split()[-1] for line in lines if line.startswith(f"{name} ")), None)

"""Hundreds of connections that ask nothing are open at both listeners: the bot works, and reports that it does."""

import asyncio
import contextlib
import logging
from contextlib import AsyncExitStack

import aiohttp
from app_kit import DATA_OPS, MAYA, hears, running_bot, served
from test_listener import UNFINISHED

from bot import app
from bot.ops import listener

CROWD = 300  # at each address: three times what it takes


async def connect(crowd, address, number):
    """Open ``number`` connections, each with the beginning of a request; those that are cut off do not matter."""
    host, port = address.removeprefix("http://").split(":")
    for index in range(number):
        _, writer = await asyncio.open_connection(host, int(port))
        crowd.callback(writer.close)
        writer.write(list(UNFINISHED.values())[index % len(UNFINISHED)])


async def test_a_crowd_at_the_doors_stops_nothing(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    secret = {"FLOWBOT_MODE": "http", "SLACK_SIGNING_SECRET": "demo-signing-secret", "SLACK_APP_TOKEN": ""}
    async with (
        served() as running,
        running_bot(running, tmp_path, FLOWBOT_EVENTS_LISTEN="127.0.0.1:0", **secret) as bot,
    ):
        slack, platform = running.world.workspace, running.world.platform
        slack.use_http(f"{bot.gateway.address}/slack/events")
        await hears(bot, running)
        async with AsyncExitStack() as crowd:
            await connect(crowd, bot.address, CROWD)
            await connect(crowd, bot.gateway.address, CROWD)
            assert [each.connections for each in (bot._serving.servers[0], bot.gateway._server)] == [listener.CAP] * 2
            platform.fail(3377)
            platform.start_scheduled(3377, app.now())
            async with aiohttp.ClientSession() as session, session.get(f"{bot.address}/readyz") as ready:
                assert (ready.status, await ready.text()) == (200, "ready\n")
            await slack.until(
                lambda: any("daily-energy-report" in slack.shown(each) for each in slack.messages(DATA_OPS)), 60
            )
            slack.say(MAYA, DATA_OPS, "/flow whoami")
            await slack.until(lambda: slack.ephemerals(MAYA, DATA_OPS), 60)
        with contextlib.suppress(TimeoutError):
            await slack.until(lambda: bot._serving.servers[0].connections == 0, 60)
    strangers = [each for each in caplog.records if each.name.startswith(("bot.ops.listener", "asyncio", "aiohttp"))]
    assert len(strangers) <= 2

"""The simulators together on local sockets."""

import asyncio
import contextlib
import socket

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient
from workspace_kit import without_proxies

from bot.sim.serve import demo_world, main, start
from bot.sim.slack.seed import DATA_OPS, MAYA


async def test_both_faces_and_the_page_answer_and_stop():
    world = demo_world()
    running = await start(world, page_port=0)
    try:
        with without_proxies():
            client = AsyncWebClient(token="xoxb-demo", base_url=running.slack_url)
            assert (await client.auth_test())["user"] == "flowbot"
            await client.chat_postMessage(channel=DATA_OPS, text="hello")
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{running.page_url}/sim/state", params={"as": MAYA}) as answer:
                assert (await answer.json())["messages"][DATA_OPS][-1]["text"] == "hello"
            async with session.get(running.enos_url) as answer:
                assert answer.status < 600
    finally:
        await running.stop()
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientError):
            await session.get(running.page_url)


async def test_a_taken_port_leaves_nothing_running():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match="address already in use"):
            await start(demo_world(), slack_port=taken.getsockname()[1])


async def test_the_program_says_where_it_listens():
    told = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(main(0, 0, 0, tell=told.set_result))
    said = await asyncio.wait_for(told, 60)
    serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving
    assert "http://127.0.0.1:" in said
    assert "/api/\n       bot token xoxb-demo, app token xapp-demo, channel C0DATAOPS1" in said
    assert "organization o15000000000001, user u15432100000000001" in said
    assert said.endswith("Press Ctrl-C to stop.\n")

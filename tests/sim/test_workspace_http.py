"""HTTP mode: a real slack-bolt app behind its own address, called with signatures."""

import time
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from workspace_kit import bolt_app, slack

from bot.sim.slack.seed import DATA_OPS, MAYA

BUTTON = [
    {
        "type": "actions",
        "elements": [{"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}}],
    }
]


@asynccontextmanager
async def listening(world, handler):
    application = web.Application()
    application.router.add_post("/slack/events", handler)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sender = world.workspace.use_http(f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events")
    try:
        yield sender
    finally:
        await world.workspace.close()
        await runner.cleanup()


def served(app):
    async def handler(request):
        return await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))

    return handler


async def test_commands_clicks_and_events_over_http():
    async with slack() as world:
        app, heard = bolt_app(world, signing_secret="demo-signing-secret"), []
        world.clock.now = time.time()

        @app.command("/flow")
        async def flow(ack, command):
            heard.append(command["text"])
            await ack(f"about <@{command['user_id']}>")

        @app.action("go")
        async def go(ack, body):
            await ack()
            heard.append(body["user"]["id"])

        @app.event("app_mention")
        async def mentioned(event):
            heard.append(event["text"])

        async with listening(world, served(app)) as sender:
            assert await sender.verify()
            assert (await world.workspace.say(MAYA, DATA_OPS, "/flow find ü & x")).acked
            await world.client.chat_postMessage(channel=DATA_OPS, text="card", blocks=BUTTON)
            assert (await world.workspace.press(MAYA, world.workspace.messages(DATA_OPS)[-1], "Go")).acked
            assert (await world.workspace.say(MAYA, DATA_OPS, "@flowbot hi")).acked
            await world.workspace.until(lambda: len(heard) == 3)
        assert heard == ["find ü &amp; x", MAYA, "<@U0FLOWBOT1> hi"]
        assert "flowbot (only you): about @Maya Chen" in world.workspace.visible(MAYA, DATA_OPS)


async def test_a_wrong_secret_is_refused_by_the_app_and_told_to_the_person():
    async with slack() as world:
        world.clock.now = time.time()
        app = bolt_app(world, signing_secret="another")
        async with listening(world, served(app)) as sender:
            assert not await sender.verify()
            answer = await world.workspace.say(MAYA, DATA_OPS, "/flow help")
        assert (answer.acked, answer.why) == (False, "http_error")
        assert "did not respond" in world.workspace.visible(MAYA, DATA_OPS)[-1]


@pytest.mark.parametrize(("no_retry", "attempts"), [(False, 4), (True, 1)])
async def test_events_come_again_until_the_app_says_stop(no_retry, attempts):
    async with slack() as world:
        tries = []

        async def handler(request):
            tries.append((request.headers.get("x-slack-retry-num"), request.headers.get("x-slack-retry-reason")))
            return web.Response(status=500, headers={"x-slack-no-retry": "1"} if no_retry else {})

        async with listening(world, handler):
            assert not (await world.workspace.say(MAYA, DATA_OPS, "@flowbot hi")).acked
        again = [(str(number), "http_error") for number in (1, 2, 3)]
        assert tries == [(None, None), *again][:attempts]


async def test_an_app_that_hangs_or_is_away():
    async with slack() as world:
        world.workspace.deliveries.ack_seconds = 0.05

        async def handler(request):
            await world.workspace.until(lambda: world.workspace.state.closed)
            return web.Response()

        async with listening(world, handler):
            assert (await world.workspace.say(MAYA, DATA_OPS, "/flow")).why == "http_timeout"
    async with slack() as world:
        world.workspace.use_http("http://127.0.0.1:1/slack/events")
        assert (await world.workspace.say(MAYA, DATA_OPS, "/flow")).why == "connection_failed"


async def test_a_plain_or_odd_body_is_an_answer():
    async with slack() as world:
        bodies = iter(["plain words", '["odd"]', ""])

        async def handler(request):
            return web.Response(text=next(bodies))

        async with listening(world, handler):
            for _ in range(3):
                await world.workspace.say(MAYA, DATA_OPS, "/flow")
        assert world.workspace.visible(MAYA, DATA_OPS)[-2:] == [
            "flowbot (only you): plain words",
            'flowbot (only you): ["odd"]',
        ]

"""HTTP mode: Slack's signed requests are heard, and nothing else is."""

import json

from aiohttp import ClientSession
from journey_kit import JONAS, MAYA, free_port
from journey_stage import story

from bot.sim.slack.http_mode import signature


@story(waits=True, FLOWBOT_MODE="http", SLACK_APP_TOKEN="", SLACK_SIGNING_SECRET="demo-signing-secret")
async def test_signed_requests_work_and_forged_or_stale_ones_are_refused(world):
    address = f"127.0.0.1:{free_port()}"
    sender = world.slack.use_http(f"http://{address}/slack/events")
    await world.start(FLOWBOT_EVENTS_LISTEN=address)
    assert await sender.verify()

    flow = world.flow("signed-load")
    world.breaks(flow)
    card = await world.card(flow, "FAIL")
    world.press(MAYA, card, "Acknowledge")
    await world.sees(card, "@Maya Chen is on it")
    world.say(MAYA, "@flowbot unack", thread=card)
    await world.reply(card, "@Maya Chen handed")
    await world.comes_to_say(MAYA, "/flow status", "HTTP mode", "All good.")
    await world.asks(MAYA, "show 3377", "daily-energy-report", where="@flowbot")
    assert not world.slack.sockets.handshakes

    world.enos.recover(flow.id)
    body = json.dumps({"type": "event_callback", "team_id": "T0DEMO0001", "event": {"type": "app_mention"}}).encode()
    now = int(world.slack.state.clock())
    right = signature("demo-signing-secret", str(now), body)
    stale = signature("demo-signing-secret", str(now - 600), body)
    forged = signature("another-secret", str(now), body)
    async with ClientSession() as session:
        for at, signed, path, status in (
            (now, right, "/slack/events", 200),
            (now, forged, "/slack/events", 401),
            (now - 600, stale, "/slack/events", 401),
            (now, "", "/slack/events", 401),
            ("soon", right, "/slack/events", 401),
            (now, right, "/elsewhere", 404),
        ):
            headers = {
                "Content-Type": "application/json",
                "X-Slack-Request-Timestamp": str(at),
                "X-Slack-Signature": signed,
            }
            async with session.post(f"http://{address}{path}", data=body, headers=headers) as answer:
                assert answer.status == status, (path, at)
        async with session.get(f"http://{address}/metrics") as answer:
            assert answer.status == 404
    await world.asks(JONAS, "/flow whoami", "jonas.weber")
    assert await world.stop() == 0

"""What only an operator can fix is logged as critical, counted, and makes the bot not ready until it is fixed."""

import json

from journey_kit import ALEX, DATA_OPS, DIRECT, free_port
from journey_stage import story


async def not_ready(world, address, alarm, because):
    """Wait until an alarm is active, for the operator."""
    await world.until(lambda: "critical" in _levels(world, because))
    await world.health(address, "/readyz", 503, because)
    await world.health(address, "/metrics", 200, f'flowbot_alarm_standing{{kind="{alarm}"}} 1.0')


def _levels(world, words):
    told = [json.loads(line) for line in world.log().splitlines() if words in line]
    return {each["level"] for each in told}


def trouble(name, error, alarm, because):
    """The story of an error word that stops the sending of messages."""

    @story(waits=True)
    async def telling(world):
        address = f"127.0.0.1:{free_port()}"
        await world.start(FLOWBOT_LISTEN=address)
        world.refusals |= {error}
        world.excused.append("Alarm: ")
        await world.slack.fault("error", method="chat.postMessage", error=error)  # until it is fixed below
        flow = world.flow(name)
        world.breaks(flow)
        await not_ready(world, address, alarm, because)
        await world.slack.fault("none")
        await world.card(flow, "FAIL")
        await world.until(lambda: "Alarm over: " in world.log())
        await world.health(address, "/readyz", 200, "ready\n")

    return telling


test_a_revoked_token_stops_the_sending = trouble("revoked", "token_revoked", "slack", "The token was revoked")
test_a_missing_scope_stops_it_too = trouble("scopeless", "missing_scope", "slack message", "The token lacks a scope")


@story(waits=True)
async def test_a_dead_default_channel_is_told_to_the_admins_once(world):
    address = f"127.0.0.1:{free_port()}"
    await world.start(FLOWBOT_LISTEN=address)
    world.refusals |= {"is_archived"}
    world.excused.append("Alarm: ")
    world.slack.archive(DATA_OPS)
    flow = world.flow("archived-default")
    world.breaks(flow)
    await world.hears(ALEX, "I can't post in the alert channel", "Nothing is lost", where=DIRECT)
    await not_ready(world, address, "default channel", "The channel is archived")
    await world.kill()
    await world.start(FLOWBOT_LISTEN=address)
    await not_ready(world, address, "default channel", "The channel is archived")
    world.slack.archive(DATA_OPS, archived=False)
    await world.card(flow, "FAIL")
    await world.hears(ALEX, "I can post in", "again", where=DIRECT)
    told = [each for each in world.private(ALEX, DIRECT) if world.says(each, "I can't post in the alert channel")]
    assert len(told) == 1

"""What only an operator can mend: it is logged as critical, counted, and makes the bot not ready until it is mended."""

import json

from journey_kit import ALEX, DATA_OPS, DIRECT, free_port, story


async def not_ready(town, address, alarm, because):
    """Wait until an alarm stands, for whoever runs the bot."""
    await town.until(lambda: "critical" in _levels(town, because))
    await town.health(address, "/readyz", 503, because)
    await town.health(address, "/metrics", 200, f'flowbot_alarm_standing{{kind="{alarm}"}} 1.0')


def _levels(town, words):
    told = [json.loads(line) for line in town.log().splitlines() if words in line]
    return {each["level"] for each in told}


def trouble(name, error, alarm, because):
    """Return the story of an error word that stops the sending of messages."""

    @story(waits=True)
    async def telling(town):
        address = f"127.0.0.1:{free_port()}"
        await town.start(FLOWBOT_LISTEN=address)
        town.refusals |= {error}
        town.excused.append("alarm: ")
        await town.slack.fault("error", method="chat.postMessage", error=error)  # until it is mended below
        flow = town.flow(name)
        town.breaks(flow)
        await not_ready(town, address, alarm, because)
        await town.slack.fault("none")
        await town.card(flow, "FAIL")
        await town.until(lambda: "mended: " in town.log())
        await town.health(address, "/readyz", 200, "ready\n")

    return telling


test_a_revoked_token_stops_the_sending = trouble("revoked", "token_revoked", "slack", "its token was revoked")
test_a_missing_scope_stops_it_too = trouble("scopeless", "missing_scope", "slack message", "its token lacks a scope")


@story(waits=True)
async def test_a_dead_default_channel_is_told_to_the_admins_once(town):
    address = f"127.0.0.1:{free_port()}"
    await town.start(FLOWBOT_LISTEN=address)
    town.refusals |= {"is_archived"}
    town.excused.append("alarm: ")
    town.slack.archive(DATA_OPS)
    flow = town.flow("archived-default")
    town.breaks(flow)
    await town.hears(ALEX, "cannot post in its default channel", "nothing is lost", where=DIRECT)
    await not_ready(town, address, "default channel", "it is archived")
    await town.kill()
    await town.start(FLOWBOT_LISTEN=address)
    await not_ready(town, address, "default channel", "it is archived")
    town.slack.archive(DATA_OPS, archived=False)
    await town.card(flow, "FAIL")
    await town.hears(ALEX, "I can post in", "again", where=DIRECT)
    told = [each for each in town.private(ALEX, DIRECT) if town.says(each, "cannot post in its default channel")]
    assert len(told) == 1

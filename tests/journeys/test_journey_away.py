"""Away for a while: what happened while the bot, Slack or EnOS was not there is told once all are back."""

from journey_kit import DATA_OPS, MAYA, SAM, free_port
from journey_stage import story


@story()
async def test_what_happened_while_it_was_stopped_is_told_at_the_next_start(world):
    taken, fixed, broken = world.flow("taken-load"), world.flow("mended-load"), world.flow("broken-load")
    world.breaks(taken)
    world.breaks(fixed)
    card = await world.card(taken, "FAIL")
    other = await world.card(fixed, "FAIL")
    world.press(SAM, card, "Acknowledge")
    await world.sees(card, "@Sam Lee is on it")
    assert await world.stop() == 0

    again, good, new = world.breaks(taken), world.fixes(fixed), world.breaks(broken)
    console = world.slack.press(MAYA, world.fresh(card), "View log")
    assert not (await console).acked, "nobody hears a press while the bot is stopped; Slack says so"
    await world.until(lambda: all(run.end is not None for run in (again, good, new)))
    await world.start()
    await world.card(broken, "FAIL", new.id)
    await world.reply(card, "FAIL", again.id)
    await world.sees(card, "@Sam Lee is on it", "Failures in a row*\n2")
    await world.reply(other, "recovered", good.id)
    await world.sees(other, "RECOVERED")
    assert [len(world.cards(flow)) for flow in (taken, fixed, broken)] == [1, 1, 1]


@story(waits=True)
async def test_it_starts_while_slack_is_away_and_says_that_it_is_not_ready(world):
    flow = world.flow("early-load")
    world.runs(flow)
    await world.slack.fault("gone")
    address = f"127.0.0.1:{free_port()}"
    await world.start(wait=False, FLOWBOT_LISTEN=address)
    await world.until(lambda: "Slack did not answer yet" in world.log())
    await world.health(address, "/healthz", 200, "ok\n")
    await world.health(address, "/readyz", 503)
    await world.slack.fault("none")
    await world.health(address, "/readyz", 200)
    await world.slack.fault("gone")
    await world.health(address, "/readyz", 503, "Slack is not connected")
    run = world.breaks(flow)
    await world.until(lambda: run.end is not None)
    await world.slack.fault("none")
    await world.card(flow, "FAIL", run.id)
    await world.health(address, "/readyz", 200)
    figures = await world.health(address, "/metrics", 200)
    assert "flowbot_poll_lag_seconds" in figures
    assert flow.name not in figures
    assert "maya" not in figures


@story(waits=True)
async def test_it_starts_while_enos_is_away_and_tells_what_is_broken_when_it_is_back(world):
    flow = world.flow("dark-load")
    run = world.breaks(flow)
    await world.until(lambda: run.end is not None)
    world.enos.faults.arm("gone", action="*")
    world.enos.faults.arm("gone", action="token")
    await world.start(wait=False)
    await world.message("I have not reached EnOS")
    await world.asks(MAYA, "/flow status", "⚠️", "The first poll of EnOS is not complete yet")
    await world.asks(MAYA, "/flow show 3377", "EnOS")
    world.enos.faults.clear()
    await world.message("flowbot is watching", "1 flow is broken now", run.id)
    await world.message("EnOS answers again after")
    await world.asks(MAYA, "/flow show 3377", "daily-energy-report")
    assert len(world.all_of(DATA_OPS, "flowbot is watching")) == 1

"""Away for a while: what happened while the bot, Slack or EnOS was not there is told once all are back."""

from journey_kit import DATA_OPS, MAYA, SAM, free_port, story


@story()
async def test_what_happened_while_it_was_stopped_is_told_at_the_next_start(town):
    taken, mended, broken = town.flow("taken-load"), town.flow("mended-load"), town.flow("broken-load")
    town.breaks(taken)
    town.breaks(mended)
    card = await town.card(taken, "FAIL")
    other = await town.card(mended, "FAIL")
    town.press(SAM, card, "Acknowledge")
    await town.sees(card, "@Sam Lee has it")
    assert await town.stop() == 0

    again, good, new = town.breaks(taken), town.mends(mended), town.breaks(broken)
    console = town.slack.press(MAYA, town.fresh(card), "Log")
    assert not (await console).acked, "nobody hears a press while the bot is stopped; Slack says so"
    await town.until(lambda: all(run.end is not None for run in (again, good, new)))
    await town.start()
    await town.card(broken, "FAIL", new.id)
    await town.reply(card, "FAIL", again.id)
    await town.sees(card, "@Sam Lee has it", "Failures in a row*\n2")
    await town.reply(other, "recovered", good.id)
    await town.sees(other, "RECOVERED")
    assert [len(town.cards(flow)) for flow in (taken, mended, broken)] == [1, 1, 1]


@story(waits=True)
async def test_it_starts_while_slack_is_away_and_says_that_it_is_not_ready(town):
    flow = town.flow("early-load")
    town.runs(flow)
    await town.slack.fault("gone")
    address = f"127.0.0.1:{free_port()}"
    await town.start(wait=False, FLOWBOT_LISTEN=address)
    await town.until(lambda: "Slack does not answer yet" in town.log())
    await town.health(address, "/healthz", 200, "ok\n")
    await town.health(address, "/readyz", 503)
    await town.slack.fault("none")
    await town.health(address, "/readyz", 200)
    await town.slack.fault("gone")
    await town.health(address, "/readyz", 503, "Slack is not connected")
    run = town.breaks(flow)
    await town.until(lambda: run.end is not None)
    await town.slack.fault("none")
    await town.card(flow, "FAIL", run.id)
    await town.health(address, "/readyz", 200)
    figures = await town.health(address, "/metrics", 200)
    assert "flowbot_poll_lag_seconds" in figures
    assert flow.name not in figures
    assert "maya" not in figures


@story(waits=True)
async def test_it_starts_while_enos_is_away_and_tells_what_is_broken_when_it_is_back(town):
    flow = town.flow("dark-load")
    run = town.breaks(flow)
    await town.until(lambda: run.end is not None)
    town.enos.faults.arm("gone", action="*")
    town.enos.faults.arm("gone", action="token")
    await town.start(wait=False)
    await town.message("EnOS cannot be read")
    await town.asks(MAYA, "/flow status", "Not all is well", "EnOS was not read yet")
    await town.asks(MAYA, "/flow show 3377", "EnOS")
    town.enos.faults.clear()
    await town.message("flowbot is watching", "1 flow is broken now", run.id)
    await town.message("EnOS answers again after")
    await town.asks(MAYA, "/flow show 3377", "daily-energy-report")
    assert len(town.all_of(DATA_OPS, "flowbot is watching")) == 1

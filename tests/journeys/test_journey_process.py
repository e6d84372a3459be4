"""The process itself: it starts with clear words or not at all, drains when asked to end, and survives being killed."""

import sqlite3

from journey_kit import DATA_OPS, MAYA, message_id
from journey_stage import story

SECRETS = ("xoxb-demo", "xapp-demo", "f0e1d2c3-b4a5-4968-8776-655443322110", "demo-signing-secret")


def silent_about_secrets(*texts):
    return not any(secret in text for secret in SECRETS for text in texts)


@story(waits=True)
async def test_wrong_keys_and_settings_end_the_start_with_clear_lines(world):
    world.refusals |= {"invalid_auth", "not_authed"}
    code, out, said = await world.flowbot("run", ENOS_SECRET_KEY="wrong-secret", SLACK_BOT_TOKEN="xoxb-wrong")
    assert code == 2
    assert "SLACK_BOT_TOKEN" in said
    assert "ENOS_SECRET_KEY" in said
    assert silent_about_secrets(out, said)
    assert "wrong-secret" not in out + said
    assert "xoxb-wrong" not in out + said
    assert "Traceback" not in said

    code, out, said = await world.flowbot("run", ENOS_ACCESS_KEY="a-key-nobody-knows")
    assert code == 2
    assert "ENOS_ACCESS_KEY" in said

    gone = dict.fromkeys(
        ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "ENOS_API_URL", "ENOS_ACCESS_KEY", "ENOS_SECRET_KEY", "ENOS_ORG_ID"), ""
    )
    code, out, said = await world.flowbot("run", **gone, FLOWBOT_CHANNEL="data-ops", FLOWBOT_POLL_SECONDS="often")
    assert code == 2
    for name in (*gone, "FLOWBOT_CHANNEL", "FLOWBOT_POLL_SECONDS"):
        assert name in said
    assert silent_about_secrets(out, said)
    assert "Traceback" not in said


@story()
async def test_one_bot_holds_the_database_and_a_second_names_it(world):
    code, _, said = await world.flowbot("run")
    assert code == 1
    assert f"process {world.process.pid}" in said
    assert not world.ended()
    await world.asks(MAYA, "/flow whoami", "maya.chen")
    assert await world.stop() == 0

    database = world.settings["FLOWBOT_DATABASE"]
    code, _, said = await world.flowbot("run", FLOWBOT_DATABASE="/proc/nowhere/flowbot.db")
    assert code == 1
    assert "/proc/nowhere" in said
    assert "Traceback" not in said
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    code, _, said = await world.flowbot("run")
    assert code == 1
    assert "newer" in said
    assert "Traceback" not in said


@story()
async def test_it_drains_when_it_is_asked_to_end(world):
    flow = world.flow("drained-load")
    run = world.breaks(flow)
    card = await world.card(flow, "FAIL")
    preview = await world.previewed(MAYA, card, "Rerun")
    fault = world.enos.faults.arm("slow", action="flows/get", seconds=1.0)
    world.say(MAYA, "/flow show 3377")
    world.press(MAYA, preview, "Rerun")
    await world.until(lambda: fault.struck >= 2)
    assert await world.stop() == 0
    await world.hears(MAYA, "daily-energy-report", "extract")
    await world.reply(card, "@Maya Chen started", run.id)

    world.enos.faults.clear()
    world.enos.recover(flow.id)
    await world.start()
    await world.reply(card, "started by @Maya Chen")
    assert len(world.cards(flow)) == 1
    assert len(world.all_of(DATA_OPS, "flowbot is watching")) == 1, "only a new database is announced"


@story(first=True, FLOWBOT_STORM="50")
async def test_killed_in_the_middle_of_a_burst_it_loses_nothing_and_doubles_nothing(world):
    flows = [world.flow(f"burst-{index}") for index in range(6)]
    runs = [world.breaks(flow) for flow in flows]
    await world.until(lambda: all(run.end is not None for run in runs))
    for count in (1, 3):
        await world.slack.fault("lost", method="chat.postMessage", channel=DATA_OPS, times=1)
        await world.until(lambda count=count: len(_told(world)) >= count)
        await world.kill()
        if count == 1:
            runs += [world.breaks(flow) for flow in flows[:2]]
        await world.start(wait=False)
    for flow in flows:
        await world.card(flow, "FAIL", "transform")
    for flow, run in zip(flows[:2], runs[6:], strict=True):
        card = await world.card(flow, "FAIL", "Failures in a row*\n2")
        await world.reply(card, run.id)
    await world.until(lambda: len(set(_told(world))) == len(_told(world)))
    assert [len(world.cards(flow)) for flow in flows] == [1] * 6


def _told(world):
    return [message_id(each) for each in world.slack.messages(DATA_OPS) if world.says(each, "Last successful run")]


@story()
async def test_a_trigger_that_a_kill_cut_short_is_looked_up_and_not_sent_again(world):
    flow = world.flow("cut-short", seconds=1.0)
    fault = world.enos.faults.arm("slow", action="trigger", seconds=30.0, when="after")
    world.say(MAYA, f"/flow trigger {flow.id}")
    await world.until(lambda: fault.struck)
    await world.kill()
    world.enos.faults.clear()
    await world.start()
    await world.message(flow.name, "succeeded", "@Maya Chen")
    assert len(world.enos.called("trigger")) == 1
    assert len(world.enos.instances(flow.id)) == 1

"""Slack on bad days: throttled, broken, silent; a channel that cannot be posted to. Nothing is lost or doubled."""

from journey_kit import ALEX, DATA_OPS, DIRECT, FINANCE, GENERAL, MAYA, SAM, message_id
from journey_stage import story


@story(first=True)
async def test_every_failure_is_told_once_whatever_becomes_of_the_calls(world):
    """What holds in every story is checked at the end: no message is there twice."""
    world.refusals |= {"ratelimited", "internal_error", "fatal_error", "service_unavailable"}
    for name in ("ratelimited", "http_500", "html", "reset", "lost", "lost_500", "http_503"):
        await world.slack.fault(name, method="chat.postMessage", channel=DATA_OPS, times=1, seconds=1)
    flows = [world.flow(f"told-{index}") for index in range(6)]
    for flow in flows:
        world.breaks(flow)
    for flow in flows:
        await world.card(flow, "FAIL", "transform")
    assert not world.slack.faults.active
    await world.until(lambda: [len(world.cards(flow)) for flow in flows] == [1] * 6)


@story(first=True)
async def test_a_failure_is_posted_although_one_host_refuses_connections(world):
    """As behind a firewall that lets slack.com pass, and neither hooks.slack.com nor files.slack.com."""
    world.refusals |= {"not_in_channel", "channel_not_found"}
    world.excused.append("127.0.0.1:1 can't be reached")
    world.excused.append("Files can't be uploaded")
    await world.slack.fault("refused", method="response")
    await world.slack.fault("refused", method="upload")
    long = world.flow("long-log")
    run = world.breaks(long, lines=[f"line {number} of a long log" for number in range(400)])
    card = await world.card(long, "FAIL")
    await world.asks(MAYA, "/flow whoami", "maya.chen")
    world.say(MAYA, f"/flow log {run.id} tail 300")
    await world.hears(MAYA, "as a file")
    for number in range(3):
        flow = world.flow(f"told-meanwhile-{number}")
        world.say(MAYA, "/flow whoami")
        began = world.now()
        world.breaks(flow)
        await world.card(flow, "FAIL")
        assert (world.now() - began).total_seconds() < 20, "seconds, not the minutes of a hold"
    world.press(MAYA, card, "Acknowledge")
    await world.sees(card, "@Maya Chen is on it")
    await world.hears(MAYA, "maya.chen", number=4)
    world.say(SAM, "/flow whoami", where=GENERAL)
    await world.hears(SAM, "You are `sam.lee`", where=DIRECT)


@story()
async def test_an_edit_and_an_ephemeral_message_survive_too(world):
    world.refusals |= {"ratelimited", "internal_error", "fatal_error", "service_unavailable"}
    flow = world.flow("edited-load")
    world.breaks(flow)
    card = await world.card(flow, "FAIL", "transform")
    await world.slack.fault("http_500", method="chat.update", times=2)
    await world.slack.fault("lost", method="response", times=1)
    await world.slack.fault("reset", method="chat.postMessage", channel=DATA_OPS, times=1)
    world.press(MAYA, card, "Acknowledge")
    await world.sees(card, "@Maya Chen is on it")
    await world.reply(card, "@Maya Chen acknowledged")
    await world.asks(MAYA, "/flow whoami", "maya.chen")
    assert len(world.slack.replies(card)) == 1


@story()
async def test_a_socket_that_is_closed_is_replaced_and_a_press_is_heard_once(world):
    flow = world.flow("socket-load")
    world.breaks(flow)
    card = await world.card(flow, "FAIL")
    for act in ("disconnect", "drop", "close"):
        before = world.slack.sockets.handshakes
        await world.slack.fault(act)
        await world.until(lambda before=before: world.slack.sockets.handshakes >= before + 2)
        await world.until(lambda: len(world.slack.sockets.connections) == 2)
        await world.asks(MAYA, "/flow whoami", "maya.chen")
    await world.slack.fault("redelivered", times=1)
    await world.slack.fault("duplicate", times=1)
    world.say(MAYA, "@flowbot ack", thread=card)
    await world.reply(card, "@Maya Chen acknowledged")
    await world.quiet()
    assert len(world.all_of(DATA_OPS, "@Maya Chen acknowledged")) == 1


@story()
async def test_a_storm_outlives_a_slack_that_is_gone(world):
    world.refusals.add("ratelimited")
    await world.slack.fault("gone")
    flows = [world.flow(f"unheard-{index}") for index in range(3)]
    runs = [world.breaks(flow) for flow in flows]
    await world.until(lambda: all(run.end is not None for run in runs))
    await world.polls()
    await world.slack.fault("none")
    for flow, run in zip(flows, runs, strict=True):
        await world.card(flow, "FAIL", run.id)
        assert len(world.cards(flow)) == 1
    await world.until(lambda: len(world.slack.sockets.connections) == 2)
    await world.asks(MAYA, "/flow incidents", "Open incidents: 3")
    ids = [message_id(each) for each in world.slack.messages(DATA_OPS) if each.by_app]
    assert len(ids) == len(set(ids))


@story(first=True, FLOWBOT_CHANNEL=GENERAL)
async def test_a_channel_without_the_bot_is_told_to_the_admins_and_its_posts_arrive_later(world):
    world.refusals |= {"not_in_channel"}
    world.excused.append("Alerts can't be posted in the alert channel")
    flow = world.flow("unseen-load")
    run = world.breaks(flow)
    await world.hears(ALEX, "The app is not in the channel", "#general", "/invite", "Nothing is lost", where=DIRECT)
    world.slack.join("U0FLOWBOT1", GENERAL)
    await world.card(flow, "FAIL", run.id, channel=GENERAL)
    await world.hears(ALEX, "🟢", "#general", where=DIRECT)


@story(first=True, FLOWBOT_CHANNEL=FINANCE)
async def test_a_shared_channel_gets_failures_only_after_it_is_named(world):
    world.excused.append("Alerts can't be posted in the alert channel")
    flow, other = world.flow("secret-load"), world.flow("answered-load")
    run = world.breaks(flow)
    wanted = ("shared with another organization", "#finance-data", "FLOWBOT_SHARED_CHANNELS", "Nothing is lost")
    await world.hears(ALEX, *wanted, where=DIRECT)
    world.say(MAYA, f"/flow trigger {other.id}", where=FINANCE)
    await world.message("answered-load", "succeeded", where=FINANCE)
    assert world.all_of(FINANCE, "secret-load") == []
    assert world.all_of(world.slack.dm(ALEX).id, "I can post in") == []
    world.slack.channels[FINANCE].shared = False
    await world.card(flow, "FAIL", run.id, channel=FINANCE)
    await world.hears(ALEX, "🟢", "#finance-data", where=DIRECT)


@story(FLOWBOT_CHANNEL=FINANCE, FLOWBOT_SHARED_CHANNELS=FINANCE)
async def test_a_shared_channel_that_the_settings_name_gets_failures(world):
    flow = world.flow("open-load")
    run = world.breaks(flow)
    await world.card(flow, "FAIL", run.id, channel=FINANCE)


@story(first=True)
async def test_an_archived_channel_keeps_people_answered(world):
    world.refusals |= {"is_archived", "chat.update: is_inactive"}  # the card's first edit may come too late
    world.excused.append("Alerts can't be posted in the alert channel")
    flow = world.flow("archived-load")
    world.breaks(flow)
    await world.card(flow, "FAIL")
    world.slack.archive(DATA_OPS)
    other = world.flow("late-load")
    world.breaks(other)
    await world.hears(ALEX, "The channel is archived", "#data-ops", where=DIRECT)
    await world.asks(MAYA, "show 3377", "daily-energy-report", where=DIRECT)
    world.slack.archive(DATA_OPS, archived=False)
    await world.card(other, "FAIL")


@story(FLOWBOT_CHANNEL="C0MISSING01")
async def test_people_are_answered_although_a_channel_does_not_exist(world):
    world.refusals.add("channel_not_found")
    world.excused.append("Alerts can't be posted in the alert channel")
    flow = world.flow("homeless-load")
    run = world.breaks(flow)
    await world.until(lambda: run.status.name == "FAIL")
    await world.hears(ALEX, "The channel does not exist", "Nothing is lost", where=DIRECT)
    await world.asks(MAYA, f"/flow failed last 2d of {flow.id}", "FAIL", flow.name)
    world.say(MAYA, f"/flow trigger {world.flow('answered-load').id}")
    await world.message("answered-load", "succeeded")


@story(first=True)
async def test_sockets_that_fall_silent_are_noticed_and_replaced(world):
    before = world.slack.sockets.handshakes
    await world.slack.fault("mute")
    flow = world.flow("told-meanwhile")
    world.breaks(flow)
    await world.card(flow, "FAIL")
    await world.until(lambda: world.slack.sockets.handshakes >= before + 2)
    await world.until(lambda: len([each for each in world.slack.sockets.connections if not each.mute]) == 2)
    world.slack.sockets.connections[:] = [each for each in world.slack.sockets.connections if not each.mute]
    await world.asks(MAYA, "/flow whoami", "maya.chen")

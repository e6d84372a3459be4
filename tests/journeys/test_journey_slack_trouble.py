"""Slack on bad days: throttled, broken, silent; a channel that takes no messages. Nothing is lost or stands twice."""

from journey_kit import ALEX, DATA_OPS, DIRECT, FINANCE, GENERAL, MAYA, SAM, message_id, story


@story(first=True)
async def test_every_failure_is_told_once_whatever_becomes_of_the_calls(town):
    """What holds in every story is checked at the end: no message stands twice."""
    town.refusals |= {"ratelimited", "internal_error", "fatal_error", "service_unavailable"}
    for name in ("ratelimited", "http_500", "html", "reset", "lost", "lost_500", "http_503"):
        await town.slack.fault(name, method="chat.postMessage", channel=DATA_OPS, times=1, seconds=1)
    flows = [town.flow(f"told-{index}") for index in range(6)]
    for flow in flows:
        town.breaks(flow)
    for flow in flows:
        await town.card(flow, "FAIL", "transform")
    assert not town.slack.faults.active
    await town.until(lambda: [len(town.cards(flow)) for flow in flows] == [1] * 6)


@story(first=True)
async def test_a_host_that_refuses_connections_keeps_nobody_from_hearing_of_a_failure(town):
    """As behind a firewall that lets slack.com pass, and neither hooks.slack.com nor files.slack.com."""
    town.refusals |= {"not_in_channel", "channel_not_found"}
    town.excused.append("cannot reach 127.0.0.1:1")
    town.excused.append("cannot upload files")
    await town.slack.fault("refused", method="response")
    await town.slack.fault("refused", method="upload")
    long = town.flow("long-log")
    run = town.breaks(long, lines=[f"line {number} of a long log" for number in range(400)])
    card = await town.card(long, "FAIL")
    await town.asks(MAYA, "/flow whoami", "maya.chen")
    town.say(MAYA, f"/flow log {run.id} tail 300")
    await town.hears(MAYA, "it comes as a file")
    for number in range(3):
        flow = town.flow(f"told-meanwhile-{number}")
        town.say(MAYA, "/flow whoami")
        began = town.now()
        town.breaks(flow)
        await town.card(flow, "FAIL")
        assert (town.now() - began).total_seconds() < 20, "seconds, not the minutes of a hold"
    town.press(MAYA, card, "Acknowledge")
    await town.sees(card, "@Maya Chen has it")
    await town.hears(MAYA, "maya.chen", number=4)
    town.say(SAM, "/flow whoami", where=GENERAL)
    await town.hears(SAM, "You are @Sam Lee", where=DIRECT)


@story()
async def test_an_edit_and_a_whisper_survive_too(town):
    town.refusals |= {"ratelimited", "internal_error", "fatal_error", "service_unavailable"}
    flow = town.flow("edited-load")
    town.breaks(flow)
    card = await town.card(flow, "FAIL", "transform")
    await town.slack.fault("http_500", method="chat.update", times=2)
    await town.slack.fault("lost", method="response", times=1)
    await town.slack.fault("reset", method="chat.postMessage", channel=DATA_OPS, times=1)
    town.press(MAYA, card, "Acknowledge")
    await town.sees(card, "@Maya Chen has it")
    await town.reply(card, "@Maya Chen has acknowledged")
    await town.asks(MAYA, "/flow whoami", "maya.chen")
    assert len(town.slack.replies(card)) == 1


@story()
async def test_a_socket_that_is_closed_is_replaced_and_a_press_is_heard_once(town):
    flow = town.flow("socket-load")
    town.breaks(flow)
    card = await town.card(flow, "FAIL")
    for act in ("disconnect", "drop", "close"):
        before = town.slack.sockets.handshakes
        await town.slack.fault(act)
        await town.until(lambda before=before: town.slack.sockets.handshakes >= before + 2)
        await town.until(lambda: len(town.slack.sockets.connections) == 2)
        await town.asks(MAYA, "/flow whoami", "maya.chen")
    await town.slack.fault("redelivered", times=1)
    await town.slack.fault("duplicate", times=1)
    town.say(MAYA, "@flowbot ack", thread=card)
    await town.reply(card, "@Maya Chen has acknowledged")
    await town.quiet()
    assert len(town.all_of(DATA_OPS, "has acknowledged")) == 1


@story()
async def test_a_storm_outlives_a_slack_that_is_gone(town):
    town.refusals.add("ratelimited")
    await town.slack.fault("gone")
    flows = [town.flow(f"unheard-{index}") for index in range(3)]
    runs = [town.breaks(flow) for flow in flows]
    await town.until(lambda: all(run.end is not None for run in runs))
    await town.polls()
    await town.slack.fault("none")
    for flow, run in zip(flows, runs, strict=True):
        await town.card(flow, "FAIL", run.id)
        assert len(town.cards(flow)) == 1
    await town.until(lambda: len(town.slack.sockets.connections) == 2)
    await town.asks(MAYA, "/flow incidents", "Open incidents", ": 3")
    ids = [message_id(each) for each in town.slack.messages(DATA_OPS) if each.by_app]
    assert len(ids) == len(set(ids))


@story(first=True, FLOWBOT_CHANNEL=GENERAL)
async def test_a_channel_without_the_bot_is_told_to_the_admins_and_its_posts_arrive_later(town):
    town.refusals |= {"not_in_channel"}
    town.excused.append("cannot post in its default channel")
    flow = town.flow("unseen-load")
    run = town.breaks(flow)
    await town.hears(ALEX, "flowbot is not in it", "#general", "/invite", "nothing is lost", where=DIRECT)
    town.slack.join("U0FLOWBOT1", GENERAL)
    await town.card(flow, "FAIL", run.id, channel=GENERAL)
    await town.hears(ALEX, "I can post in #general again", where=DIRECT)


@story(first=True, FLOWBOT_CHANNEL=FINANCE)
async def test_a_channel_in_which_strangers_read_hears_of_failures_only_after_the_sharing(town):
    town.excused.append("cannot post in its default channel")
    flow, other = town.flow("secret-load"), town.flow("answered-load")
    run = town.breaks(flow)
    wanted = ("shared with another organization", "#finance-data", "FLOWBOT_SHARED_CHANNELS", "nothing is lost")
    await town.hears(ALEX, *wanted, where=DIRECT)
    town.say(MAYA, f"/flow trigger {other.id}", where=FINANCE)
    await town.message("answered-load", "ended with SUCCESS", where=FINANCE)
    assert town.all_of(FINANCE, "secret-load") == []
    assert town.all_of(town.slack.dm(ALEX).id, "I can post in") == []
    town.slack.channels[FINANCE].shared = False
    await town.card(flow, "FAIL", run.id, channel=FINANCE)
    await town.hears(ALEX, "I can post in #finance-data again", where=DIRECT)


@story(FLOWBOT_CHANNEL=FINANCE, FLOWBOT_SHARED_CHANNELS=FINANCE)
async def test_a_shared_channel_that_the_settings_name_hears_of_failures(town):
    flow = town.flow("open-load")
    run = town.breaks(flow)
    await town.card(flow, "FAIL", run.id, channel=FINANCE)


@story(first=True)
async def test_an_archived_channel_keeps_people_answered(town):
    town.refusals |= {"is_archived", "chat.update: is_inactive"}  # the card's first edit may come too late
    town.excused.append("cannot post in its default channel")
    flow = town.flow("archived-load")
    town.breaks(flow)
    await town.card(flow, "FAIL")
    town.slack.archive(DATA_OPS)
    other = town.flow("late-load")
    town.breaks(other)
    await town.hears(ALEX, "it is archived", "#data-ops", where=DIRECT)
    await town.asks(MAYA, "show 3377", "daily-energy-report", where=DIRECT)
    town.slack.archive(DATA_OPS, archived=False)
    await town.card(other, "FAIL")


@story(FLOWBOT_CHANNEL="C0MISSING01")
async def test_a_channel_that_does_not_exist_keeps_nobody_from_being_answered(town):
    town.refusals.add("channel_not_found")
    town.excused.append("cannot post in its default channel")
    flow = town.flow("homeless-load")
    run = town.breaks(flow)
    await town.until(lambda: run.status.name == "FAIL")
    await town.hears(ALEX, "there is no such channel", "nothing is lost", where=DIRECT)
    await town.asks(MAYA, f"/flow failed last 2d of {flow.id}", "FAIL", flow.name)
    town.say(MAYA, f"/flow trigger {town.flow('answered-load').id}")
    await town.message("answered-load", "ended with SUCCESS")


@story(first=True)
async def test_sockets_that_fall_silent_are_noticed_and_replaced(town):
    before = town.slack.sockets.handshakes
    await town.slack.fault("mute")
    flow = town.flow("told-meanwhile")
    town.breaks(flow)
    await town.card(flow, "FAIL")
    await town.until(lambda: town.slack.sockets.handshakes >= before + 2)
    await town.until(lambda: len([each for each in town.slack.sockets.connections if not each.mute]) == 2)
    town.slack.sockets.connections[:] = [each for each in town.slack.sockets.connections if not each.mute]
    await town.asks(MAYA, "/flow whoami", "maya.chen")

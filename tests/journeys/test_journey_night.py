"""A flow breaks at night: one thread, in which it is taken, given back, closed, reopened, and seen to recover."""

from dataclasses import replace

from journey_kit import DATA_OPS, DIRECT, JONAS, MAYA, PRIYA, SAM
from journey_stage import story

from bot.sim.slack.seed import ON_CALL

EMPTY = "S0EMPTY001"


@story()
async def test_a_failure_opens_one_thread_and_its_recovery_turns_it_green(world):
    flow = world.flow("nightly-load")
    transform = flow.shape.order[1]
    first = world.breaks(flow, transform, lines=["java.lang.OutOfMemoryError: Java heap space"])
    card = await world.card(flow, "FAIL", "transform", "OutOfMemoryError", "Owners: @Maya Chen")
    assert card.text == f"FAILED · {flow.name} · task transform"
    assert world.says(card, first.id, "Nobody has acknowledged it yet", "Failures in a row")

    second = world.breaks(flow, transform)
    await world.reply(card, "FAIL", second.id, "2 failures in a row")
    await world.sees(card, second.id, "Failures in a row*\n2")
    assert len(world.cards(flow)) == 1

    good = world.fixes(flow)
    await world.reply(card, "recovered", good.id, "(2 failures)")
    green = await world.sees(card, "RECOVERED", good.id)
    assert "no successful run" in world.shown(green), "the two failed hours were not run again"
    assert green.text.startswith(f"RECOVERED · {flow.name}")


@story()
async def test_an_incident_is_taken_by_button_by_command_and_by_mention(world):
    flow = world.flow("shared-load", owners=["maya.chen", "jonas.weber"])
    world.breaks(flow)
    card = await world.card(flow, "FAIL", "transform")

    world.press(SAM, card, "Acknowledge")
    await world.reply(card, "@Sam Lee acknowledged", "until")
    await world.sees(card, "ACKNOWLEDGED", "@Sam Lee is on it until")

    world.say(SAM, "@flowbot unack", thread=card)
    await world.reply(card, "@Sam Lee handed", "back")
    await world.sees(card, "Nobody has acknowledged it yet")

    await world.asks(MAYA, f"/flow ack {flow.id} for 2h because the source is late", "You acknowledged")
    await world.reply(card, "@Maya Chen acknowledged", "the source is late")
    await world.sees(card, "ACKNOWLEDGED", "@Maya Chen is on it until", "the source is late")

    world.say(MAYA, "@flowbot unack", thread=card)
    await world.reply(card, "@Maya Chen handed", "back")
    world.say(JONAS, "@flowbot ack", thread=card)
    await world.reply(card, "@Jonas Weber acknowledged")
    await world.sees(card, "@Jonas Weber is on it until")
    assert not world.all_of(DATA_OPS, "Something")


@story()
async def test_a_closed_incident_can_be_reopened_and_its_end_is_told_in_its_thread(world):
    flow = world.flow("yearly-load")
    world.breaks(flow)
    card = await world.card(flow, "FAIL", "transform")
    world.say(MAYA, "@flowbot close because that year is not needed", thread=card)
    await world.reply(card, "@Maya Chen closed", "that year is not needed")
    await world.sees(card, "CLOSED", "that year is not needed", "[Reopen]")

    world.press(MAYA, card, "Reopen")
    await world.reply(card, "@Maya Chen reopened")
    await world.sees(card, "FAIL", "Nobody has acknowledged it yet")

    world.press(MAYA, card, "Close")
    await world.submits(MAYA)
    await world.reply(card, "@Maya Chen closed", number=2)
    await world.sees(card, "CLOSED")
    again = world.breaks(flow)
    newer = await world.until(lambda: next(iter(world.cards(flow)[1:]), None))
    assert world.says(newer, again.id, "Failures in a row*\n1")


@story(waits=True, FLOWBOT_REMIND_MINUTES="0.2", FLOWBOT_ONCALL=f"{EMPTY},{ON_CALL}")
async def test_a_night_passes_over_an_empty_group_and_calls_the_next_who_acknowledges_from_her_direct_messages(world):
    group = world.slack.groups[ON_CALL]
    world.slack.groups[EMPTY] = replace(group, id=EMPTY, handle="nobody-there", members=())
    world.slack.groups[ON_CALL] = replace(group, members=(PRIYA, SAM))
    world.slack.channels[DATA_OPS].members.remove(PRIYA)
    world.refusals.add("users.getPresence: unknown_method")  # by an older Slack
    await world.start()
    flow = world.flow("nobody-looks")
    world.breaks(flow)
    card = await world.card(flow, "FAIL")
    await world.asks(JONAS, "/flow oncall", f"Nobody in the on-call group `{EMPTY}`", "@Priya Nair", "Asia/Kolkata")
    await world.reply(card, "who can take it?", "@Maya Chen", "I skipped the on-call group `@nobody-there`")
    direct = await world.hears(PRIYA, flow.name, "You are on call in", "Its thread is in", where=DIRECT)
    await world.asks(MAYA, f"/flow show {flow.id}", "Escalation", "skipped `@nobody-there`", "Next (")
    world.press(PRIYA, direct, "Acknowledge")
    await world.reply(card, "@Priya Nair acknowledged")
    await world.sees(card, "@Priya Nair is on it until")
    await world.asks(MAYA, f"/flow show {flow.id}", "Nobody is called: @Priya Nair is on it until")
    told = [each for each in world.slack.everything(world.slack.dm(SAM).id) if world.says(each, flow.name)]
    assert not told, "Sam reads the channel"

"""A flow breaks at night: one thread, in which it is taken, given back, closed, reopened, and seen to recover."""

from journey_kit import DATA_OPS, JONAS, MAYA, SAM, story


@story()
async def test_a_failure_opens_one_thread_and_its_recovery_turns_it_green(town):
    flow = town.flow("nightly-load")
    transform = flow.shape.order[1]
    first = town.breaks(flow, transform, lines=["java.lang.OutOfMemoryError: Java heap space"])
    card = await town.card(flow, "FAIL", "transform", "OutOfMemoryError", "Owners: @Maya Chen")
    assert card.text == f"FAIL {flow.name} · task transform"
    assert town.says(card, first.id, "Nobody has acknowledged it yet", "Failures in a row")

    second = town.breaks(flow, transform)
    await town.reply(card, "FAIL", second.id, "2 failures in a row")
    await town.sees(card, second.id, "Failures in a row*\n2")
    assert len(town.cards(flow)) == 1

    good = town.mends(flow)
    await town.reply(card, "recovered", good.id, "2 failures")
    green = await town.sees(card, "RECOVERED", good.id)
    assert "No good run for" in town.shown(green), "the two failed hours were not run again"
    assert green.text.startswith(f"RECOVERED {flow.name}")


@story()
async def test_an_incident_is_taken_by_button_by_command_and_by_mention(town):
    flow = town.flow("shared-load", owners=["maya.chen", "jonas.weber"])
    town.breaks(flow)
    card = await town.card(flow, "FAIL", "transform")

    town.press(SAM, card, "Acknowledge")
    await town.reply(card, "@Sam Lee has acknowledged", "until")
    await town.sees(card, "ACKNOWLEDGED", "@Sam Lee has it until")

    town.say(SAM, "@flowbot unack", thread=card)
    await town.reply(card, "@Sam Lee gave", "back")
    await town.sees(card, "Nobody has acknowledged it yet")

    await town.asks(MAYA, f"/flow ack {flow.id} for 2h because the source is late", "You have it")
    await town.reply(card, "@Maya Chen has acknowledged", "the source is late")
    await town.sees(card, "ACKNOWLEDGED", "@Maya Chen has it until", "the source is late")

    town.say(MAYA, "@flowbot unack", thread=card)
    await town.reply(card, "@Maya Chen gave", "back")
    town.say(JONAS, "@flowbot ack", thread=card)
    await town.reply(card, "@Jonas Weber has acknowledged")
    await town.sees(card, "@Jonas Weber has it until")
    assert not town.all_of(DATA_OPS, "Something")


@story()
async def test_a_closed_incident_can_be_reopened_and_its_end_is_told_in_its_thread(town):
    flow = town.flow("yearly-load")
    town.breaks(flow)
    card = await town.card(flow, "FAIL", "transform")
    town.say(MAYA, "@flowbot close because that year is not needed", thread=card)
    await town.reply(card, "@Maya Chen closed", "that year is not needed")
    await town.sees(card, "CLOSED", "that year is not needed", "[Reopen]")

    town.press(MAYA, card, "Reopen")
    await town.reply(card, "@Maya Chen reopened")
    await town.sees(card, "FAIL", "Nobody has acknowledged it yet")

    town.press(MAYA, card, "Close")
    await town.reply(card, "@Maya Chen closed", number=2)
    await town.sees(card, "CLOSED")
    again = town.breaks(flow)
    newer = await town.until(lambda: next(iter(town.cards(flow)[1:]), None))
    assert town.says(newer, again.id, "Failures in a row*\n1")

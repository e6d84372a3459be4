"""Incidents are acknowledged, snoozed and closed by forms and shortcuts, over real sockets."""

from journey_kit import DATA_OPS, JONAS, MAYA
from journey_stage import story


@story()
async def test_an_incident_is_handled_by_forms_and_shortcuts(world):
    flow = world.flow("form-load")
    world.breaks(flow)
    card = await world.card(flow, "FAIL")

    # a form of the card says a command, in its thread and under its person's name
    world.press(MAYA, card, "Acknowledge for …")
    await world.submits(MAYA, how_long="8h", note="on it")
    await world.reply(card, "@Maya Chen acknowledged", f"ack {flow.id} for 8h because on it")
    await world.sees(card, "ACKNOWLEDGED", "on it")
    assert world.slack.modals.top(MAYA) is None

    # a form that is open while somebody else acts says so, and acts at the second submission
    world.press(MAYA, card, "Snooze")
    await world.form(MAYA, f"snooze {flow.id} for 2h")
    world.say(MAYA, "@flowbot unack", thread=card)
    await world.sees(card, "Nobody has acknowledged it yet")
    await world.submits(MAYA, note="TICKET-17")
    await world.form(MAYA, "This has changed while the form was open", "Nobody has acknowledged it yet")
    await world.submits(MAYA)
    await world.reply(card, "snoozed", "TICKET-17")

    # a command that lacks words opens its form, filled with what was said; errors are at their fields
    world.say(JONAS, f"/flow snooze {flow.id} for 3h")
    view = await world.form(JONAS, f"snooze {flow.id} for 3h because …")
    await world.submits(JONAS, until="25:99", note="x")
    await world.until(lambda: "until" in view.errors)
    await world.submits(JONAS, until="")
    await world.hears(JONAS, "Only owners of", "Nothing was changed")

    # shortcuts, on a card and on a message that is none
    world.shortcut(MAYA, "ack", card)
    await world.reply(card, "@Maya Chen acknowledged", number=2)
    other = world.slack.messages(DATA_OPS)[0]
    world.shortcut(MAYA, "rerun", other)
    await world.hears(MAYA, "This message is not about an incident")

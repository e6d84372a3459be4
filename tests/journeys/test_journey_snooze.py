"""A flow is snoozed: its failures are counted and nobody is notified, until somebody ends it or it succeeds."""

from journey_kit import ALEX, DATA_OPS, MAYA
from journey_stage import story


@story()
async def test_a_flow_is_snoozed_from_its_card_and_woken_from_its_card(world):
    flow = world.flow("snoozed-load")
    world.breaks(flow)
    card = await world.card(flow, "FAIL")
    world.press(MAYA, card, "Snooze")
    await world.form(MAYA, f"snooze {flow.id} for 2h because …")
    await world.submits(MAYA, note="TICKET-17")
    await world.reply(card, "snoozed", "Reason: TICKET-17")
    await world.sees(card, "*SNOOZED*", "Snoozed by @Maya Chen")
    world.breaks(flow)
    await world.sees(card, "*SNOOZED*", "Failures in a row*\n2")
    await world.asks(MAYA, "/flow snoozes", "Snoozed: 1", "snoozed-load", "TICKET-17")

    world.press(MAYA, card, "End snooze")
    await world.reply(card, "ended the snooze", "Nobody is on it now")
    await world.sees(card, "*FAILED*", "Nobody has acknowledged it yet")
    world.breaks(flow)
    await world.reply(card, "failed again: 3 failures in a row")


@story()
async def test_until_success_ends_with_the_recovery(world):
    flow = world.flow("healing-load")
    world.breaks(flow)
    card = await world.card(flow, "FAIL")
    await world.asks(MAYA, f"/flow snooze {flow.id} until success because of TICKET-18", "You snoozed")
    await world.sees(card, "*SNOOZED*", "until the next success")
    world.fixes(flow)
    await world.reply(card, "recovered", "The snooze ended with it")
    await world.sees(card, "*RECOVERED*")


@story()
async def test_what_all_flows_are_told_in_the_alert_channel(world):
    world.say(ALEX, "/flow snooze all for 1h because of maintenance")
    await world.message("snoozed all flows until", "Reason: maintenance", where=DATA_OPS)
    await world.asks(MAYA, "/flow status", "snoozed all flows")
    flow = world.flow("maintained-load")
    world.breaks(flow)
    card = await world.card(flow, "*SNOOZED*")
    assert "Owners: @Maya Chen" not in world.shown(card)
    world.say(ALEX, "/flow unsnooze all")
    await world.message("ended the snooze of all flows", where=DATA_OPS)
    await world.reply(card, "The snooze of *maintained-load* is over")

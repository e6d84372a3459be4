"""Incidents move between people: taken over with a press, assigned and accepted, handed over at the end of a shift."""

from journey_kit import DIRECT, JONAS, MAYA, SAM
from journey_stage import story


@story()
async def test_an_incident_is_taken_over_and_assigned_back(world):
    flow = world.flow("handed-load", owners=["maya.chen", "jonas.weber"])
    world.breaks(flow)
    card = await world.card(flow, "FAIL", "transform")
    world.press(MAYA, card, "Acknowledge")
    await world.sees(card, "@Maya Chen is on it until")

    world.press(JONAS, card, "Take over")
    await world.reply(card, "@Jonas Weber took over", "from @Maya Chen")
    await world.sees(card, "@Jonas Weber is on it until", "It came from @Maya Chen.")

    world.say(JONAS, f"@flowbot assign to <@{MAYA}>", thread=card)
    question = await world.reply(card, "@Maya Chen, @Jonas Weber asks you to take", "[Accept]", "[Decline]")
    await world.sees(card, "@Jonas Weber asked @Maya Chen to take it.")
    world.press(MAYA, question, "Accept")
    await world.reply(card, "@Maya Chen took over", "from @Jonas Weber")
    await world.sees(card, "@Maya Chen is on it until", "It came from @Jonas Weber.")


@story()
async def test_a_shift_ends_with_one_message_and_one_press(world):
    flows = [world.flow(name, owners=["maya.chen", "jonas.weber"]) for name in ("first-load", "second-load")]
    cards = []
    for flow in flows:
        world.breaks(flow)
        cards.append(await world.card(flow, "FAIL"))
        world.press(SAM, cards[-1], "Acknowledge")
        await world.sees(cards[-1], "@Sam Lee is on it until")

    await world.asks(SAM, f"/flow handover to <@{JONAS}>", "I asked @Jonas Weber in a direct message")
    question = await world.hears(JONAS, "@Sam Lee asks you to take 2 incidents", "first-load", where=DIRECT)
    world.press(JONAS, question, "Accept")
    for card in cards:
        await world.reply(card, "@Jonas Weber took over", "from @Sam Lee")
        await world.sees(card, "@Jonas Weber is on it until")
    await world.hears(SAM, "@Jonas Weber took over 2 incidents from you.", where=DIRECT)

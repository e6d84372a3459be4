"""Who may not asks who may: an owner runs a command for somebody else, and an admin links somebody who asks for it."""

from journey_kit import ALEX, DIRECT, JONAS, MAYA, PRIYA
from journey_stage import story


@story()
async def test_an_owner_runs_what_a_colleague_asks_for(world):
    flow = world.flow("asked-load")
    refused = await world.asks(JONAS, f"/flow trigger {flow.id}", "Only owners can change", "[Ask an owner]")
    world.press(JONAS, refused, "Ask an owner")
    await world.hears(JONAS, "I asked @Maya Chen to run", f"trigger {flow.id}", "[Withdraw]")
    question = await world.hears(MAYA, "@Jonas Weber asks you to run", f"trigger {flow.id}", "[Run it]", where=DIRECT)
    world.press(JONAS, refused, "Ask an owner")
    await world.hears(JONAS, "You pressed this")

    world.press(MAYA, question, "Run it")
    await world.sees(question, "@Maya Chen ran this for @Jonas Weber")
    await world.hears(JONAS, "@Maya Chen ran this for you", "[View run]", where=DIRECT)
    assert len(world.enos.called("trigger")) == 1
    await world.asks(ALEX, "/flow audit today", f"trigger {flow.id}", "asked by @Jonas Weber")


@story()
async def test_somebody_asks_to_be_linked_by_a_form_and_an_admin_approves_it(world):
    flow = world.flow("priyas-load", owners=["priya.nair"])
    refused = await world.asks(PRIYA, f"/flow trigger {flow.id}", "not linked", "[Ask to be linked]")
    world.press(PRIYA, refused, "Ask to be linked")
    await world.until(lambda: (top := world.slack.modals.top(PRIYA)) and top.content.get("submit"))
    values = {"EnOS user ID": "u15432100000000013", "EnOS user name": "priya.nair"}
    world.slack.submit(PRIYA, values)
    question = await world.hears(ALEX, "@Priya Nair asks to be linked to EnOS user", "priya.nair", where=DIRECT)
    world.press(ALEX, question, "Approve")
    await world.sees(question, "@Alex Kim linked @Priya Nair to EnOS user")
    await world.hears(PRIYA, "@Alex Kim linked @Priya Nair to EnOS user", where=DIRECT)
    world.say(PRIYA, f"/flow trigger {flow.id}")
    await world.message("@Priya Nair", flow.name, "succeeded")

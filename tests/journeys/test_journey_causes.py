"""What flowbot knows around a failure: which flow is the cause, what follows from it, and what helped the last time."""

from journey_kit import MAYA
from journey_stage import story

from bot.sim.enos.model import FlowLink


@story(first=True)
async def test_a_cause_with_three_consequences_that_recover_with_it(world):
    cause = world.flow("meter-source")
    links = (FlowLink(cause.id, cause.name),)
    following = [world.flow(name, links=links) for name in ("site-load", "bill-load", "kpi-load")]
    world.breaks(cause)
    card = await world.card(cause, "FAIL")
    world.press(MAYA, card, "Acknowledge")
    await world.sees(card, "ACKNOWLEDGED")
    cards = []
    for flow in following:
        world.breaks(flow)
        cards.append(await world.card(flow, "FAIL"))

    for each in cards:  # the graphs are read with history, every two minutes
        await world.sees(each, "Probably because", "meter-source", "nobody is notified about this", "`maya.chen`")
    await world.sees(card, "Because of it: 🔴", "and 1 more")
    await world.asks(MAYA, f"/flow show {following[0].id}", "its cause is acknowledged", "Probably because")

    world.fixes(cause)
    await world.sees(card, "RECOVERED")
    for flow, each in zip(following, cards, strict=True):
        await world.sees(each, "That has ended", "@Maya Chen")
        world.fixes(flow)
        await world.sees(each, "RECOVERED")
    shown = await world.sees(card, "Because of it: 🟢")
    await world.until(lambda: "🔴" not in world.shown(shown))


@story()
async def test_the_same_error_is_met_again_after_a_rerun_by_a_person(world):
    flow = world.flow("repeating-load", freq="0 5 * * * ? *")
    world.breaks(flow, lines=["2026-11-21 05:58:01 ERROR [main] ORA-00942: table meters_1121 does not exist"])
    card = await world.card(flow, "FAIL", "ORA-00942")
    world.say(MAYA, f"/flow runbook {flow.id} call the grid team")
    await world.message("gave", "repeating-load", "a runbook: call the grid team")
    await world.sees(card, "Runbook: call the grid team")
    world.enos.recover(flow.id)
    await world.starts(MAYA, card, "Rerun")
    await world.sees(card, "RECOVERED")

    world.breaks(flow, lines=["2026-11-22 06:02:44 ERROR [pool-1] ORA-00942: table meters_1122 does not exist"])
    await world.until(lambda: len(world.cards(flow)) == 2)
    again = world.cards(flow)[-1]
    await world.sees(again, "The same error", "a rerun by `maya.chen` helped", "Runbook: call the grid team")

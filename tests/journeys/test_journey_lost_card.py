"""Cards that people delete, or that Slack takes no edit of: posted once more, and everything continues there."""

from journey_kit import ALEX, DATA_OPS, GENERAL, MAYA
from journey_stage import story


def link_of(message):
    """The end of a message's link."""
    return f"/archives/{DATA_OPS}/p{message.ts.replace('.', '')}"


async def new_card(world, flow, old, *words):
    """Wait for a card of the flow that is another message than the old one."""
    return await world.until(
        lambda: next((each for each in world.cards(flow) if each.ts != old.ts and world.says(each, *words)), None)
    )


@story(first=True)
async def test_a_deleted_card_comes_again_and_everything_goes_on_there(world):
    world.refusals |= {"thread_not_found"}
    flow = world.flow("deleted-load")
    world.breaks(flow)
    old = await world.card(flow, "FAIL", "transform")
    world.slack.delete(ALEX, world.fresh(old))
    assert world.cards(flow) == []

    await world.asks(MAYA, f"/flow ack {flow.id}", "You acknowledged", where=GENERAL)
    card = await new_card(world, flow, old, "ACKNOWLEDGED", "@Maya Chen is on it")
    await world.reply(card, "@Maya Chen acknowledged")
    again = world.breaks(flow)
    await world.reply(card, "FAIL", flow.name, "2 failures in a row")
    await world.sees(card, again.id)
    answer = await world.asks(MAYA, "/flow incidents", flow.name, where=GENERAL)
    assert link_of(card) in str(answer.blocks)
    assert link_of(old) not in str(answer.blocks)

    world.say(MAYA, "@flowbot unack", thread=card)
    await world.reply(card, "@Maya Chen handed", "back")
    await world.sees(card, "Nobody has acknowledged it yet")
    world.press(MAYA, card, "Acknowledge")
    await world.reply(card, "@Maya Chen acknowledged", number=2)
    good = world.fixes(flow)
    await world.reply(card, "recovered", good.id)
    await world.sees(card, "RECOVERED")
    assert len(world.cards(flow)) == 1
    loose = [each for each in world.slack.messages(DATA_OPS) if each.ts != card.ts and world.says(each, flow.name)]
    assert [each for each in loose if world.says(each, "acknowledged") or world.says(each, "recovered")] == []


@story(first=True)
async def test_a_card_that_takes_no_edit_points_to_its_successor(world):
    world.refusals |= {"edit_window_closed"}
    flow = world.flow("fixed-load")
    world.breaks(flow)
    old = await world.card(flow, "FAIL", "transform")
    await world.slack.fault("error", method="chat.update", ts=old.ts, error="edit_window_closed")
    await world.asks(MAYA, f"/flow ack {flow.id}", "You acknowledged", where=GENERAL)
    card = await new_card(world, flow, old, "ACKNOWLEDGED", "@Maya Chen is on it")
    await world.sees(old, "Nobody has acknowledged it yet")
    world.press(MAYA, old, "Acknowledge")
    told = await world.hears(MAYA, "This message was replaced", "Nothing was changed", "Now: ACKNOWLEDGED")
    assert link_of(card) in str(told.blocks)
    world.say(MAYA, "@flowbot unack", thread=old)
    await world.sees(card, "Nobody has acknowledged it yet")
    await world.quiet()
    assert len(world.cards(flow)) == 2


@story(first=True)
async def test_a_recovery_whose_card_is_gone_is_told_in_the_channel(world):
    world.refusals |= {"thread_not_found"}
    flow = world.flow("gone-load")
    world.breaks(flow)
    old = await world.card(flow, "FAIL", "transform")
    world.slack.delete(ALEX, world.fresh(old))
    good = world.fixes(flow)
    await world.message("recovered", good.id, flow.name)
    await world.polls()
    await world.quiet()
    assert world.cards(flow) == []
    assert len(world.all_of(DATA_OPS, "recovered", good.id)) == 1


@story(first=True, FLOWBOT_STORM="3")
async def test_a_storms_list_that_is_deleted_comes_again(world):
    flows = [world.flow(f"listed-{number}") for number in range(8)]
    runs = [world.breaks(flow) for flow in flows]
    await world.until(lambda: all(run.end is not None for run in runs))
    storm = await world.message("Alert storm:")
    storm = await world.sees(storm, "8 incidents since", "8 open · ")
    world.slack.delete(ALEX, world.fresh(storm))
    await world.asks(MAYA, f"/flow ack {flows[-1].id}", "You acknowledged", where=GENERAL)
    again = await world.message("Alert storm:", "7 open · ", " 1 acknowledged · ")
    await world.until(lambda: world.all_of(DATA_OPS, "@Maya Chen acknowledged", flows[-1].name))
    world.fixes(flows[-1])
    await world.sees(again, " 1 recovered · ")
    assert len([each for each in world.slack.messages(DATA_OPS) if world.says(each, "Alert storm:")]) == 1

"""Cards that people delete, or that Slack takes no edit of: told once more, and everything goes on there."""

from journey_kit import ALEX, DATA_OPS, GENERAL, MAYA, story


def link_of(message):
    """Return the end of a message's link."""
    return f"/archives/{DATA_OPS}/p{message.ts.replace('.', '')}"


async def new_card(town, flow, old, *words):
    """Wait for a card of the flow that is another message than the old one."""
    return await town.until(
        lambda: next((each for each in town.cards(flow) if each.ts != old.ts and town.says(each, *words)), None)
    )


@story(first=True)
async def test_a_deleted_card_comes_again_and_everything_goes_on_there(town):
    town.refusals |= {"thread_not_found"}
    flow = town.flow("deleted-load")
    town.breaks(flow)
    old = await town.card(flow, "FAIL", "transform")
    town.slack.delete(ALEX, town.fresh(old))
    assert town.cards(flow) == []

    await town.asks(MAYA, f"/flow ack {flow.id}", "You have it", where=GENERAL)
    card = await new_card(town, flow, old, "ACKNOWLEDGED", "@Maya Chen has it")
    await town.reply(card, "@Maya Chen has acknowledged")
    again = town.breaks(flow)
    await town.reply(card, "FAIL", flow.name, "2 failures in a row")
    await town.sees(card, again.id)
    answer = await town.asks(MAYA, "/flow incidents", flow.name, where=GENERAL)
    assert link_of(card) in str(answer.blocks)
    assert link_of(old) not in str(answer.blocks)

    town.say(MAYA, "@flowbot unack", thread=card)
    await town.reply(card, "@Maya Chen gave", "back")
    await town.sees(card, "Nobody has acknowledged it yet")
    town.press(MAYA, card, "Acknowledge")
    await town.reply(card, "@Maya Chen has acknowledged", number=2)
    good = town.mends(flow)
    await town.reply(card, "recovered", good.id)
    await town.sees(card, "RECOVERED")
    assert len(town.cards(flow)) == 1
    loose = [each for each in town.slack.messages(DATA_OPS) if each.ts != card.ts and town.says(each, flow.name)]
    assert [each for each in loose if town.says(each, "acknowledged") or town.says(each, "recovered")] == []


@story(first=True)
async def test_a_card_that_takes_no_edit_points_to_its_successor(town):
    town.refusals |= {"edit_window_closed"}
    flow = town.flow("fixed-load")
    town.breaks(flow)
    old = await town.card(flow, "FAIL", "transform")
    await town.slack.fault("error", method="chat.update", ts=old.ts, error="edit_window_closed")
    await town.asks(MAYA, f"/flow ack {flow.id}", "You have it", where=GENERAL)
    card = await new_card(town, flow, old, "ACKNOWLEDGED", "@Maya Chen has it")
    await town.sees(old, "Nobody has acknowledged it yet")
    town.press(MAYA, old, "Acknowledge")
    told = await town.hears(MAYA, "This message was replaced", "Nothing was changed", "Now: ACKNOWLEDGED")
    assert link_of(card) in str(told.blocks)
    town.say(MAYA, "@flowbot unack", thread=old)
    await town.sees(card, "Nobody has acknowledged it yet")
    await town.quiet()
    assert len(town.cards(flow)) == 2


@story(first=True)
async def test_a_recovery_whose_card_is_gone_is_told_in_the_channel(town):
    town.refusals |= {"thread_not_found"}
    flow = town.flow("gone-load")
    town.breaks(flow)
    old = await town.card(flow, "FAIL", "transform")
    town.slack.delete(ALEX, town.fresh(old))
    good = town.mends(flow)
    await town.message("recovered", good.id, flow.name)
    await town.polls()
    await town.quiet()
    assert town.cards(flow) == []
    assert len(town.all_of(DATA_OPS, "recovered", good.id)) == 1


@story(first=True, FLOWBOT_STORM="3")
async def test_a_storms_list_that_is_deleted_comes_again(town):
    flows = [town.flow(f"listed-{number}") for number in range(8)]
    runs = [town.breaks(flow) for flow in flows]
    await town.until(lambda: all(run.end is not None for run in runs))
    storm = await town.message("A storm:")
    storm = await town.sees(storm, "8 incidents began", "🔴 *8* open")
    town.slack.delete(ALEX, town.fresh(storm))
    await town.asks(MAYA, f"/flow ack {flows[-1].id}", "You have it", where=GENERAL)
    again = await town.message("A storm:", "🔴 *7* open", "🟠 *1* acknowledged")
    await town.until(lambda: town.all_of(DATA_OPS, "@Maya Chen has acknowledged", flows[-1].name))
    town.mends(flows[-1])
    await town.sees(again, "🟢 *1* recovered")
    assert len([each for each in town.slack.messages(DATA_OPS) if town.says(each, "A storm:")]) == 1

"""Many flows break at once: one message that counts them, in which everybody finds their own."""

from journey_kit import DATA_OPS, GENERAL, JONAS, MAYA, SAM, story


@story(first=True, FLOWBOT_STORM="5")
async def test_many_failures_are_one_message_and_each_is_found_taken_and_opened(town):
    mine = town.flow("mine-of-maya")
    others = [town.flow(f"storm-{number:02}", owners=["jonas.weber"]) for number in range(38)]
    with_kill = town.flow("after-the-kill", owners=["jonas.weber"])
    runs = [town.breaks(flow) for flow in (mine, *others)]
    await town.until(lambda: all(run.end is not None for run in runs))
    storm = await town.message("A storm:")
    storm = await town.sees(storm, "39 incidents began", "🔴 *39* open", "and 9 more")
    threads = [each for each in town.slack.messages(DATA_OPS) if town.says(each, "Last good run")]
    assert len(threads) <= 5, "those told before it began keep their threads"

    await town.asks(MAYA, "/flow incidents mine", "Your incidents", "mine-of-maya", where=GENERAL)
    await town.asks(JONAS, "/flow incidents by jonas.weber", "38, page 1 of 4", where=GENERAL)
    town.press(JONAS, storm, "All that are open")
    await town.hears(JONAS, "Open incidents", "39, page 1 of 4")

    await town.asks(MAYA, f"/flow ack {mine.id}", "You have it", where=GENERAL)
    storm = await town.sees(storm, "🔴 *38* open", "🟠 *1* acknowledged")

    await town.kill()
    runs.append(town.breaks(with_kill))
    await town.until(lambda: runs[-1].end is not None)
    await town.start()
    storm = await town.sees(storm, "40 incidents began", "🔴 *39* open")

    listed = next(flow for flow in others if not town.cards(flow))
    await town.asks(SAM, f"/flow thread {listed.id}", "You opened a thread", where=GENERAL)
    card = await town.card(listed, "FAIL", "Nobody has acknowledged it yet")
    await town.reply(card, "@Sam Lee opened a thread")
    town.press(SAM, card, "Acknowledge")
    await town.sees(card, "ACKNOWLEDGED", "@Sam Lee has it")
    await town.sees(storm, "🔴 *38* open", "🟠 *2* acknowledged")

    good = town.mends(listed)
    await town.reply(card, "recovered", good.id)
    await town.sees(storm, "🟢 *1* recovered")
    assert len([each for each in town.slack.messages(DATA_OPS) if town.says(each, "A storm:")]) == 1

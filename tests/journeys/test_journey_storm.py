"""Many flows break at once: one message that counts them, in which everybody finds their own."""

from journey_kit import DATA_OPS, GENERAL, JONAS, MAYA, SAM
from journey_stage import story


@story(first=True, FLOWBOT_STORM="5")
async def test_many_failures_are_one_message_and_each_is_found_taken_and_opened(world):
    mine = world.flow("mine-of-maya")
    others = [world.flow(f"storm-{number:02}", owners=["jonas.weber"]) for number in range(38)]
    with_kill = world.flow("after-the-kill", owners=["jonas.weber"])
    runs = [world.breaks(flow) for flow in (mine, *others)]
    await world.until(lambda: all(run.end is not None for run in runs))
    storm = await world.message("Alert storm:")
    storm = await world.sees(storm, "39 incidents since", "39 open · ", "and 9 more")
    threads = [each for each in world.slack.messages(DATA_OPS) if world.says(each, "Last successful run")]
    assert len(threads) <= 5, "those told before it began keep their threads"

    await world.asks(MAYA, "/flow incidents mine", "Your open incidents", "mine-of-maya", where=GENERAL)
    await world.asks(JONAS, "/flow incidents by jonas.weber", "Open incidents: 38", "Page 1 of 4", where=GENERAL)
    world.press(JONAS, storm, "All open")
    await world.hears(JONAS, "Open incidents: 39", "Page 1 of 4")

    await world.asks(MAYA, f"/flow ack {mine.id}", "You acknowledged", where=GENERAL)
    storm = await world.sees(storm, "38 open · ", " 1 acknowledged · ")

    await world.kill()
    runs.append(world.breaks(with_kill))
    await world.until(lambda: runs[-1].end is not None)
    await world.start()
    storm = await world.sees(storm, "40 incidents since", "39 open · ")

    listed = next(flow for flow in others if not world.cards(flow))
    await world.asks(SAM, f"/flow thread {listed.id}", "You opened a thread", where=GENERAL)
    card = await world.card(listed, "FAIL", "Nobody has acknowledged it yet")
    await world.reply(card, "@Sam Lee opened this thread")
    world.press(SAM, card, "Acknowledge")
    await world.sees(card, "ACKNOWLEDGED", "@Sam Lee is on it")
    await world.sees(storm, "38 open · ", " 2 acknowledged · ")

    good = world.fixes(listed)
    await world.reply(card, "recovered", good.id)
    await world.sees(storm, " 1 recovered · ")

    world.press(JONAS, storm, "Acknowledge all mine")
    await world.reply(storm, "@Jonas", "acknowledged 38 incidents")
    storm = await world.sees(storm, " 39 acknowledged · ")
    world.press(MAYA, storm, "Rerun all mine")
    question = await world.hears(MAYA, "Rerun 1 run from its failed task", "mine-of-maya")
    world.press(MAYA, question, "Rerun all")
    await world.reply(storm, "@Maya", "started 1 rerun")
    world.press(MAYA, storm, "›")
    await world.hears(MAYA, "Page 2 of 2", "mine-of-maya", "rerun ")
    assert len([each for each in world.slack.messages(DATA_OPS) if world.says(each, "Alert storm:")]) == 1

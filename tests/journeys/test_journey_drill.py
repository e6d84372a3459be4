"""A drill over real sockets: said in a channel and on the command line, along watches, and where flowbot is not."""

from journey_kit import ALEX, DATA_OPS, DIRECT, FINANCE, JONAS, MAYA
from journey_stage import story


@story()
async def test_a_drill_shows_where_failures_go(world):
    world.say(MAYA, "/flow watch of 3377 quiet 00:01-00:00")
    await world.message("@Maya Chen added a watch", "daily-energy-report")
    await world.asks(JONAS, "watch by me", "You added a watch", where=DIRECT)
    shown = await world.asks(MAYA, "/flow show 3377", "The next failure goes to", "watch 1", "quiet hours")
    assert not world.says(shown, "watch 2")
    told = await world.asks(ALEX, "/flow drill", "Drill: 1 sample failure posted.", "no watch matches", "watch 1")
    assert world.says(told, "A drill mentions nobody")
    card = await world.message("DRILL", "sample failure", "Owners:", "maya.chen", "these are quiet hours")
    assert world.says(card, "If nobody acknowledges it", "After 30 min", "Drill by")
    assert not world.says(card, "[Acknowledge]")
    await world.asks(ALEX, "/flow incidents", "No open incidents")
    await world.asks(MAYA, "/flow drill", "Only flowbot admins")

    code, out, said = await world.flowbot("drill")
    assert (code, said) == (0, "")
    assert "#data-ops · no watch matches" in out
    await world.message("DRILL", "Drill from the command line")
    await world.stop()
    code, out, said = await world.flowbot("drill")
    assert (code, out) == (1, "")
    assert "flowbot is not running. Nothing was posted." in said
    assert len(world.all_of(DATA_OPS, "DRILL", "nothing failed")) == 2


@story(FLOWBOT_SHARED_CHANNELS=FINANCE)
async def test_a_drill_says_where_it_could_not_be_posted(world):
    world.say(MAYA, "/flow watch", where=FINANCE)
    await world.message("@Maya Chen added a watch", where=FINANCE)
    await world.asks(ALEX, "/flow drill", "Drill: 1 sample failure posted.", "#finance-data", "watch 1")
    await world.message("DRILL", "Watch 1 sends such a failure here", where=FINANCE)
    world.refusals |= {"is_archived"}  # what flowbot knows of a channel may be some seconds old
    world.slack.archive(FINANCE)
    await world.comes_to_say(ALEX, "/flow drill", "#finance-data: not posted", "The channel is archived")
    await world.message("DRILL", "I can't post in the channel of watch 1, so its failures come here")

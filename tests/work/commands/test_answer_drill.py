"""A drill is marked, mentions nobody, leaves no incident, and says where it could not be posted."""

from dataclasses import replace

from answer_world import FINANCE, OPS

from bot.core.outbox.conversations import SlackRefused, SlackUnreachable
from bot.enos.errors import NoResponse
from bot.work.commands.dispatcher import Dispatcher

OWNED = "`maya.chen`"


async def watched(world, words="watch of 3377", channel=FINANCE):
    world.slack.joined[FINANCE] = {"U0MAYA00001"}
    await world.maya.says(words, channel=channel)


def lose(world, place):
    """From now on Slack refuses what is posted there."""
    world.dispatcher = Dispatcher(replace(world.services, lost=lambda: frozenset({place})))


def places(seen):
    return [each.place for each in seen]


async def test_it_is_no_incident_and_nobody_is_mentioned_or_called(world):
    await watched(world)
    card, answer = await world.alex.says("drill", channel=FINANCE)
    assert (card.place, answer.place) == ("#finance-data", "only alex sees")
    assert OWNED in card.text
    assert "<@" not in str(card.body)
    assert card.buttons == {}
    assert card.body["text"].startswith("DRILL")
    assert await world.store.incidents(live=False) == ()
    assert await world.tick(hours=2) == []


async def test_it_is_on_record(world):
    await world.alex.says("drill")
    assert (await world.audited())[-1][:3] == ("alex", "drill", "done")


async def test_where_reminders_are_off_the_card_says_that_nobody_would_be_called(world):
    await watched(world)
    await world.maya.says("prefs reminders off", channel=FINANCE)
    card, _ = await world.alex.says("drill", channel=FINANCE)
    assert "Nobody would be called: reminders are off here." in card.text
    assert "After" not in card.text


async def test_in_quiet_hours_the_card_says_when_the_first_step_comes(world):
    await watched(world, "watch of 3377 quiet 00:00-23:59")
    card, _ = await world.alex.says("drill", channel=FINANCE)
    assert "1. When quiet hours end (" in card.text
    assert "After 30 min" not in card.text


async def test_a_snoozed_flow_calls_nobody_before_its_snooze_ends(world):
    await watched(world)
    await world.maya.says("snooze 3377 for 2h because TICKET-17", channel=FINANCE)
    card, _ = await world.alex.says("drill", channel=FINANCE)
    assert "Nobody would be mentioned: such failures are snoozed." in card.text
    assert "1. After 2 h 30 min: " in card.text


async def test_what_enos_does_not_tell_in_time_is_left_out(world):
    await watched(world)
    world.enos.faults["flow"] = [NoResponse()]
    card, _ = await world.alex.says("drill", channel=FINANCE)
    assert "Owners:" not in card.text


async def test_a_channel_that_is_shared_gets_none_unless_it_may(world):
    await watched(world)
    world.slack.shared.add(FINANCE)
    card, answer = await world.alex.says("drill", channel=FINANCE)
    assert card.place == "#data-ops"
    assert "shared with another organization" in answer.text


async def test_a_channel_that_refused_the_last_message_gets_none(world):
    await watched(world)
    lose(world, FINANCE)
    card, answer = await world.alex.says("drill", channel=FINANCE)
    assert card.place == "#data-ops"
    assert "Slack refused my last message there." in answer.text


async def test_a_person_whom_messages_do_not_reach_gets_none(world):
    await world.jonas.writes("watch")
    lose(world, "U0JONAS0001")
    card, _ = await world.alex.says("drill")
    assert card.place == "#data-ops"


async def test_a_channel_that_slack_does_not_show_gets_none_and_the_word_is_told(world):
    await watched(world)
    world.slack.broken["channel"] = SlackRefused("channel_not_found")
    (answer,) = await world.alex.says("drill", channel=FINANCE)
    assert answer.text.count("does not exist, or it is private") == 2


async def test_where_slack_does_not_answer_it_is_posted_all_the_same(world):
    await watched(world)
    world.slack.broken["channel"] = SlackUnreachable("down")
    assert places(await world.alex.says("drill", channel=FINANCE))[0] == "#finance-data"


async def test_only_admins_drill(world):
    (answer,) = await world.maya.says("drill", channel=OPS)
    assert "Only flowbot admins can do this" in answer.text

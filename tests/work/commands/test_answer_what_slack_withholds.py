"""What people hear where Slack does not tell the bot what it asks for: the bot was installed with fewer scopes."""

from dataclasses import replace

from bot.core.outbox.conversations import SlackRefused, SlackUnclear


async def test_an_owner_takes_an_incident_though_the_members_cannot_be_listed(world, maya):
    world.answer_settings = replace(world.answer_settings, oncall=())
    world.restart()
    await world.breaks()
    world.slack.broken["members"] = SlackRefused("missing_scope")
    seen = await maya.says("ack 3377", channel="C0FINANCE1")
    assert any("You have it" in each.text for each in seen)


async def test_who_speaks_in_the_incidents_channel_is_taken_for_a_member_of_it(world, jonas):
    world.answer_settings = replace(world.answer_settings, oncall=())
    world.restart()
    await world.breaks()
    world.slack.broken["members"] = SlackRefused("missing_scope")
    (elsewhere,) = await jonas.says("ack 3377", channel="C0FINANCE1")
    assert "Slack did not tell me who is in the incident's channel" in elsewhere.text
    assert "Nothing was changed" in elsewhere.text
    assert "people on call may do this" not in elsewhere.text
    seen = await jonas.says("ack 3377")
    assert any("You have it" in each.text for each in seen)


async def test_an_outage_is_no_membership(world, jonas):
    world.answer_settings = replace(world.answer_settings, oncall=())
    world.restart()
    await world.breaks()
    world.slack.broken["members"] = SlackUnclear("too slow")
    (seen,) = await jonas.says("ack 3377")
    assert "Slack did not tell me" in seen.text

"""Answers where the bot was installed with fewer scopes, so that Slack refuses what it asks for."""

from dataclasses import replace

from bot.core.outbox.conversations import SlackRefused, SlackUnclear


async def test_an_owner_takes_an_incident_though_the_members_cannot_be_listed(world, maya):
    world.answer_settings = replace(world.answer_settings, oncall=())
    world.restart()
    await world.breaks()
    world.slack.broken["members"] = SlackRefused("missing_scope")
    await maya.says("ack 3377", channel="C0FINANCE1")
    assert (await world.incident()).acked_by == maya.person


async def test_people_who_write_in_the_incidents_channel_count_as_members(world, jonas):
    world.answer_settings = replace(world.answer_settings, oncall=())
    world.restart()
    await world.breaks()
    world.slack.broken["members"] = SlackRefused("missing_scope")
    (elsewhere,) = await jonas.says("ack 3377", channel="C0FINANCE1")
    assert "Slack did not tell me who is in the incident's channel" in elsewhere.text
    assert "Nothing was changed" in elsewhere.text
    assert "people on call may do this" not in elsewhere.text
    await jonas.says("ack 3377")
    assert (await world.incident()).acked_by == jonas.person


async def test_an_outage_makes_nobody_a_member(world, jonas):
    world.answer_settings = replace(world.answer_settings, oncall=())
    world.restart()
    await world.breaks()
    world.slack.broken["members"] = SlackUnclear("too slow")
    (seen,) = await jonas.says("ack 3377")
    assert "Slack did not tell me" in seen.text

"""Killed while failures go to three channels, one of which is archived meanwhile, and to other programs."""

import pytest
from bridge_fakes import DOWN, LOST
from crash_channels import LATER, NIGHTS, OPS
from crash_databases import HISTORIES
from crash_world import FLOWS, CrashWorld
from test_killed_at_night import FIRSTS, dies_after, told

from bot.core.bridges.model import Bridge


def night_in_many_channels(world):
    """A night of watches: quiet hours that end, a channel that is archived, preferences, and a dead receiver."""
    channels = world.channels

    async def flows_fail():
        world.fails(3377)
        world.fails(3380)
        await world.pass_time(4, poll_at=0)

    async def one_fails_again_and_the_page_is_lost():
        channels.receivers.answers = {Bridge.PAGERDUTY: LOST, Bridge.WEBHOOK: DOWN}
        await channels.page(3377)
        world.fails(3377, rerun=True)
        await world.pass_time(4, poll_at=0)

    async def its_channel_is_archived_and_another_fails():
        channels.archives(NIGHTS)
        world.fails(3378)
        await world.pass_time(5, poll_at=0)

    async def both_fail_again():
        await world.set_prefs(LATER, mentions=False, replies="channel")
        world.fails(3377)
        world.fails(3378)
        await world.pass_time(4, poll_at=0)

    async def the_receivers_answer_again():
        channels.receivers.answers.clear()
        await world.pass_time(3)

    async def somebody_takes_one():
        await world.orders("ack", 3377)
        await world.pass_time(4)

    async def quiet_hours_end_and_they_recover():
        world.sleeps(21)
        await world.looks_around()
        for flow in (3377, 3378):
            world.succeeds(flow)
        await world.pass_time(4, poll_at=0)

    async def the_channel_is_back():
        channels.opens(NIGHTS)
        await world.looks_around()

    return [
        flows_fail,
        one_fails_again_and_the_page_is_lost,
        its_channel_is_archived_and_another_fails,
        both_fail_again,
        the_receivers_answer_again,
        somebody_takes_one,
        quiet_hours_end_and_they_recover,
        the_channel_is_back,
    ]


def storm_in_many_channels(world):
    """An alert storm in a channel that is archived as it begins, and one in somebody's direct messages."""

    async def all_flows_fail():
        for flow in FLOWS:
            world.fails(flow)
        world.channels.archives(NIGHTS)
        await world.pass_time(6, poll_at=0)

    async def two_fail_again():
        for flow in FLOWS[:2]:
            world.fails(flow)
        await world.pass_time(4, poll_at=0)

    async def somebody_takes_one_and_the_channel_is_back():
        await world.orders("ack", 3378)
        world.channels.opens(NIGHTS)
        await world.looks_around()

    async def one_recovers():
        world.succeeds(3377)
        await world.pass_time(4, poll_at=0)

    return [all_flows_fail, two_fail_again, somebody_takes_one_and_the_channel_is_back, one_recovers]


@pytest.mark.parametrize("first", FIRSTS)
@pytest.mark.parametrize(
    ("story", "storm", "step"), [(night_in_many_channels, 0, 211), (storm_in_many_channels, 2, 139)]
)
async def test_a_night_in_many_channels_with_one_death_every_few_statements(databases, first, story, storm, step):
    step = 7 if HISTORIES else step
    for left in databases.deaths(step * first, 4 * step, sample=500):
        if not await dies_after(databases.new(), story, left, watched=True, storm=storm):
            break
    assert left > 400


async def test_the_night_in_many_channels_is_one(database):
    """Nobody dies in it: it holds what its name says."""
    world = await CrashWorld.begun(database, watched=True)
    await told(night_in_many_channels(world))
    await world.come_to_rest()
    await world.check_invariants()
    listed = [each for each in world.slack.messages if each.id.startswith("quiet-")]
    assert [each.channel for each in listed] == [], "what was open at the end of the quiet hours had been taken"
    assert {each.channel for each in world.slack.messages} >= {OPS, NIGHTS, LATER, "D0MAYA00001"}
    assert "resolve" in world.channels.receivers.steps(Bridge.PAGERDUTY, await incident_of(world, 3377))
    await world.ends()


async def incident_of(world, flow):
    (found,) = await world.process.store.incidents(live=False, flow=flow)
    return found.id


async def test_the_storm_in_many_channels_is_one(database):
    """The list of the archived channel stands in the alert channel, with the cards that it lists."""
    world = await CrashWorld.begun(database, watched=True, storm=2)
    await told(storm_in_many_channels(world))
    await world.come_to_rest()
    await world.check_invariants()
    storms = [each for each in world.slack.messages if each.headline.startswith("ALERT STORM") and not each.thread]
    assert sorted(each.channel for each in storms) == [OPS, "D0MAYA00001"]
    await world.ends()

"""Killed while failures go to three channels, one of which is archived meanwhile, and to other programs."""

import pytest
from bridge_fakes import DOWN, LOST
from crash_channels import LATER, NIGHTS
from crash_world import FLOWS, HISTORIES, CrashWorld
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
        await channels.set_prefs(LATER, mentions=False, replies="channel")
        world.fails(3377)
        world.fails(3378)
        await world.pass_time(4, poll_at=0)

    async def the_receivers_answer_again():
        channels.receivers.answers.clear()
        await world.pass_time(3)

    async def somebody_takes_one():
        await world.orders("ack", 3377)
        await world.pass_time(4)

    async def quiet_hours_end_and_the_channel_is_back():
        channels.opens(NIGHTS)
        world.sleeps(21)
        await world.looks_around()

    async def they_recover():
        for flow in (3377, 3378):
            world.succeeds(flow)
        await world.pass_time(4, poll_at=0)

    return [
        flows_fail,
        one_fails_again_and_the_page_is_lost,
        its_channel_is_archived_and_another_fails,
        both_fail_again,
        the_receivers_answer_again,
        somebody_takes_one,
        quiet_hours_end_and_the_channel_is_back,
        they_recover,
    ]


@pytest.mark.parametrize("first", FIRSTS)
async def test_a_night_in_many_channels_with_one_death_every_few_statements(tmp_path, first):
    step = 3 if HISTORIES else 149
    left = step * first
    while await dies_after(tmp_path / f"{left}.db", night_in_many_channels, left, watched=True):
        left += 4 * step
    assert left > 800


async def test_the_night_in_many_channels_is_one(tmp_path):
    """Nobody dies in it: it holds what its name says."""
    world = await CrashWorld.begun(tmp_path / "flowbot.db", watched=True)
    await told(night_in_many_channels(world))
    await world.come_to_rest()
    await world.check_invariants()
    assert len(FLOWS) == 4
    await world.ends()

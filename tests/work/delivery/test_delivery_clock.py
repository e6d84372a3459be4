"""The wall clock is put back or forward while posts are under way: what waits in memory waits no longer for that."""

from datetime import timedelta

import pytest
from delivery_fakes import (
    START,
    Always,
    HandClock,
    Lost,
    SlackLimited,
    SlackRefused,
    SlackUnreachable,
    Untold,
    Vanished,
    edit,
    ephemeral,
    message,
)

from bot.core.errors import TemporaryFailure
from bot.core.outbox.posts import Lane
from bot.work.delivery.delivery import IDLE

STEPS = [timedelta(hours=-3), timedelta(days=-400), timedelta(seconds=-5)]


@pytest.fixture(params=STEPS, ids=str)
def world(world, request):
    world.steady = HandClock()
    world.delivery = world.new_delivery()
    world.step = request.param
    return world


def put_back(world):
    world.clock.now += world.step


async def test_the_pace_of_a_channel_continues(world):
    await world.knows("C1")
    await world.queue(message("a"))
    await world.tick()
    put_back(world)
    await world.queue(message("b", due=world.clock()))
    await world.tick()
    assert world.slack.standing() == ["a"]
    await world.pass_time(1)
    assert world.slack.standing() == ["a", "b"]


async def test_what_slack_asked_to_wait_for_is_over_in_its_time(world):
    world.slack.faults["post"] = [SlackLimited(20)]
    await world.queue(message("a"))
    await world.tick()
    put_back(world)
    await world.queue(message("b", due=world.clock()))
    await world.pass_time(19)
    assert world.slack.standing() == []
    await world.pass_time(2)
    assert "b" in world.slack.standing()


@pytest.mark.parametrize("failure", [SlackUnreachable("no route"), SlackRefused("token_revoked")])
async def test_a_hold_is_over_in_its_time(world, failure):
    world.slack.faults["post"] = [failure]
    await world.queue(message("a"))
    await world.tick()
    put_back(world)
    await world.queue(message("b", due=world.clock()))
    await world.pass_time(18)
    assert "b" in world.slack.standing()


async def test_an_address_that_failed_is_tried_again_in_its_time(world):
    world.slack.faults["response_url"] = [SlackUnreachable("no route")] * 3
    for n in range(8):
        await world.queue(ephemeral(f"w{n}", response_url="https://hooks.example/1", due=world.clock()))
        await world.pass_time(5)
        if n == 2:
            put_back(world)
    assert len(world.slack.ephemerals) == 8
    assert world.slack.calls.count("response_url C1") > 3


@pytest.mark.parametrize("fault", [Lost(), Vanished()])
async def test_what_is_unclear_is_looked_up_in_its_time(world, fault):
    world.slack.faults["post"] = [fault]
    await world.queue(message("a"))
    await world.tick()
    put_back(world)
    await world.pass_time(4)
    assert "find C1" in world.slack.calls
    assert await world.state("a") == ("queued" if isinstance(fault, Vanished) and world.clock() < START else "sent")


async def test_a_look_that_failed_is_repeated_in_its_time(world):
    world.slack.faults |= {"post": [Lost()], "find": [SlackLimited(5)]}
    await world.queue(message("a"))
    await world.pass_time(4)
    put_back(world)
    await world.pass_time(6)
    assert world.slack.calls.count("find C1") == 2
    assert await world.state("a") == "sent"


async def test_what_is_known_of_a_shared_channel_ages(world):
    world.slack.faults["channel"] = [Untold()]
    await world.queue(message("a"))
    await world.tick()
    put_back(world)
    await world.queue(message("b", due=world.clock()))
    await world.pass_time(61)
    await world.queue(message("c", due=world.clock()))
    await world.pass_time(2)
    assert len(world.slack.channel_lookups) == 2


async def test_edits_of_one_message_keep_their_distance(world):
    await world.queue(message("m"))
    await world.tick()
    await world.queue(edit("e1", "m", "1", due=world.clock()))
    await world.tick()
    put_back(world)
    await world.queue(edit("e2", "m", "2", due=world.clock()))
    await world.pass_time(3)
    assert world.slack.texts() == ["2"]


async def test_after_the_database_took_nothing_the_next_try_comes_in_its_time(world):
    class Full:
        broken = True

        def __getattr__(self, name):
            if name == "start_sending" and self.broken:
                raise Trouble
            return getattr(world.store, name)

    world.delivery = world.new_delivery(store := Full())
    await world.queue(message("a"))
    await world.tick()
    store.broken = False
    put_back(world)
    await world.queue(message("b", "C2", due=world.clock()))
    await world.pass_time(1)
    assert "b" in world.slack.standing()


class Trouble(TemporaryFailure):
    pass


async def test_nothing_is_late_by_less_than_nothing_and_nobody_sleeps_for_long(world):
    await world.queue(message("a"), message("later", due=world.clock.after(2)))
    await world.store.start_sending("a", world.clock())
    put_back(world)
    await world.store.requeue("a", world.clock(), "interrupted")
    world.delivery._is_started = True
    assert 0 < await world.delivery._pause(world.clock(), world.steady()) <= IDLE
    if world.step < timedelta(seconds=-60):
        world.clock.now = world.clock.after(-60)
        assert await world.delivery._pause(world.clock(), world.steady()) == IDLE


async def test_an_answer_is_not_older_than_the_clock_says(world):
    world.slack.faults["post"] = Always(lambda: SlackUnreachable("no route"))
    await world.queue(message("a", lane=Lane.ANSWER))
    put_back(world)
    await world.pass_time(3)
    world.slack.faults.clear()
    assert await world.state("a") == "queued"
    assert all(seconds >= 0 for _, seconds in world.late)

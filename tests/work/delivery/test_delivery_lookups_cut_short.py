"""Looks that do not reach the end: nothing is sent again because of them."""

from datetime import timedelta

import pytest
from delivery_fakes import HandClock, Lost, Short, SlackLimited, SlackRefused, Vanished, message

from bot.core.outbox.posts import Lane


async def test_a_look_that_did_not_reach_the_end_sends_nothing_again(world):
    world.slack.page = 5
    world.slack.faults["post"] = [Lost()]
    await world.queue(message("a"))
    await world.tick()
    for number in range(60):
        await world.slack.post("C1", {"text": "chatter"}, id=f"x{number}")
    await world.pass_time(60)
    assert world.slack.standing().count("a") == 1
    assert world.slack.calls.count("find C1") > 3


@pytest.mark.parametrize("hours", [0, 1, 30])
async def test_a_clock_that_is_behind_slacks_doubles_nothing(world, hours):
    world.slack.clock = HandClock()
    world.slack.clock.now += timedelta(hours=hours)
    world.slack.faults["post"] = [Lost()]
    await world.queue(message("a"))
    await world.pass_time(60)
    assert (await world.state("a"), world.slack.standing()) == ("sent", ["a"])


async def test_newer_messages_are_no_reason_to_read_more(world):
    world.slack.faults["post"] = [Lost()]
    await world.queue(message("a"))
    await world.tick()
    world.clock.now += timedelta(hours=2)
    world.slack.page = 5
    for number in range(60):
        await world.slack.post("C1", {"text": "chatter"}, id=f"x{number}")
    world.delivery = world.new_delivery()
    await world.pass_time(10)
    assert await world.state("a") == "sent"
    assert world.slack.calls.count("find C1") == 1


async def test_with_one_short_page_a_minute_a_look_is_slow_and_right(world):
    world.slack.page = 15
    world.slack.faults["post"] = [Lost(), Vanished()]
    await world.queue(message("a"), message("b"))
    await world.pass_time(2)
    for number in range(60):
        await world.slack.post("C1", {"text": "chatter"}, id=f"x{number}")
    world.slack.faults["find"] = [fault for _ in range(5) for fault in (None, Short(60), SlackLimited(60))]
    await world.pass_time(60 * 12, step=5)
    assert [world.slack.standing().count(id_) for id_ in ("a", "b")] == [1, 1]


async def test_an_alert_that_no_look_tells_of_is_told_again_in_the_end_and_the_double_goes(world):
    world.slack.faults["post"] = [Lost(), Lost()]
    world.slack.faults["find"] = [SlackRefused("missing_scope")] * 40
    await world.queue(message("alert"), message("sign of life", lane=Lane.HOUSEKEEPING))
    await world.pass_time(60 * 25, step=10)
    assert world.slack.standing() == ["alert", "sign of life"]
    await world.pass_time(60 * 12, step=10)
    assert world.slack.standing().count("alert") == 2
    world.slack.faults["find"] = []
    await world.pass_time(60 * 10, step=10)
    assert world.slack.standing() == ["alert", "sign of life"]

"""Replies that the channel shows too: found again after a lost answer, said once, edited where they are."""

import pytest
from delivery_fakes import Late, Lost, Vanished, World, edit, message
from new_database import new_store

from bot.core.outbox.posts import PostId


@pytest.fixture
async def world(tmp_path):
    async with new_store(tmp_path / "flowbot.db") as store:
        yield World(store)


async def stands(world):
    """Post a card, with a reply that the channel shows too, and return the card's ts."""
    await world.queue(message("card"), message("reply", thread_of="card", broadcast=True))
    await world.pass_time(3)
    return (await world.store.post(PostId("card"))).ts


def shown(world):
    """Which messages stand in Slack, and whether the channel shows them though they are replies."""
    return sorted((each.id, each.broadcast) for each in world.slack.messages)


async def test_a_reply_is_shown_in_the_channel_only_where_its_post_says_so(world):
    ts = await stands(world)
    await world.queue(message("quiet", thread_of="card", due=world.clock()))
    await world.pass_time(2)
    assert world.slack.texts(thread=ts) == ["reply", "quiet"]
    assert shown(world) == [("card", False), ("quiet", False), ("reply", True)]


@pytest.mark.parametrize("fault", [Lost(), Vanished(), Late(5)])
async def test_after_a_lost_answer_it_is_found_and_stands_once(world, fault):
    await world.queue(message("card"))
    await world.pass_time(2)
    world.slack.faults["post"] = [fault]
    await world.queue(message("reply", thread_of="card", broadcast=True, due=world.clock()))
    await world.pass_time(60)
    assert shown(world) == [("card", False), ("reply", True)]
    assert await world.state("reply") == "sent"


async def test_a_look_at_the_channel_does_not_take_it_for_a_copy_outside_of_its_thread(world):
    ts = await stands(world)
    world.slack.faults["post"] = [Lost()]
    await world.queue(message("other", due=world.clock()))
    await world.pass_time(60)
    assert world.slack.texts(thread=ts) == ["reply"]
    assert world.duplicates == 0


async def test_an_edit_leaves_it_where_it_is_shown(world):
    ts = await stands(world)
    await world.queue(edit("e", "reply", "changed", due=world.clock()))
    await world.pass_time(3)
    assert world.slack.texts(thread=ts) == ["changed"]
    assert shown(world) == [("card", False), ("reply", True)]


async def test_under_a_card_that_was_posted_again_it_is_shown_in_the_channel_again(world):
    ts = await stands(world)
    world.slack.person_deletes(ts)
    await world.queue(message("second", thread_of="card", broadcast=True, due=world.clock()))
    await world.pass_time(8)
    new = (await world.store.post(PostId("card"))).ts
    assert world.slack.texts(thread=new) == ["second"]
    assert ("second", True) in shown(world)

"""A backup is put back: what waited in it, and was said meanwhile, does not stand twice; what was not is said."""

from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from delivery_fakes import edit, ephemeral, message

from bot.store.store import Store


@asynccontextmanager
async def restored(world, copy, **span):
    """Put the copy back some time later, with a process of its own."""
    world.clock.now += timedelta(**span)
    async with Store.open(copy) as world.store:
        world.delivery = world.new_delivery()
        yield


@pytest.mark.parametrize("span", [{"minutes": 1}, {"days": 2}], ids=["soon", "days later"])
async def test_what_was_posted_since_is_there_once_with_its_thread(world, tmp_path, span):
    await world.queue(message("card"), message("reply", thread_of="card"), message("later", thread_of="card"))
    await world.store.backup(tmp_path / "copy.db")
    await world.pass_time(10)
    assert world.slack.standing() == ["card", "later", "reply"]
    async with restored(world, tmp_path / "copy.db", **span):
        await world.pass_time(30)
        assert world.slack.standing() == ["card", "later", "reply"]
        assert [await world.state(each) for each in ("card", "reply", "later")] == ["sent"] * 3
    assert world.duplicates == 0


async def test_what_was_never_said_is_said_in_its_order(world, tmp_path):
    await world.queue(message("card"), message("reply", thread_of="card"), edit("edit", "card"))
    await world.store.backup(tmp_path / "copy.db")
    async with restored(world, tmp_path / "copy.db", hours=3):
        await world.pass_time(30)
        assert world.slack.standing() == ["card", "reply"]
        (card,) = [each for each in world.slack.messages if each.id == "card"]
        assert world.slack.texts(thread=card.ts) == ["reply"]
        assert card.body == {"text": "changed"}


async def test_a_private_answer_of_long_ago_is_not_said_once_more(world, tmp_path):
    await world.queue(ephemeral("old"))
    await world.store.backup(tmp_path / "copy.db")
    async with restored(world, tmp_path / "copy.db", days=1):
        await world.pass_time(30)
        assert world.slack.standing() == []
        assert await world.state("old") == "given up"


async def test_the_database_itself_is_left_as_it_is(world, tmp_path):
    await world.queue(message("card"))
    await world.store.backup(tmp_path / "copy.db")
    assert await world.state("card") == "queued"

"""Messages with a table, in workspaces that take tables and in those that do not."""

from datetime import timedelta

import pytest
from delivery_fakes import Late, Lost, Vanished, World, edit, ephemeral, message
from new_database import new_store

from bot.core.errors import TemporaryFailure
from bot.core.outbox import blocks
from bot.core.outbox.posts import PostId

CARD = blocks.Card(
    "Two flows",
    [blocks.section("Two flows"), blocks.table(["Flow"], [["north"], ["south"]])],
    fallback=[blocks.section("north, south")],
)


@pytest.fixture
async def world(tmp_path):
    async with new_store(tmp_path / "flowbot.db") as store:
        yield World(store)


def forms(world):
    """Which form each message has in Slack, oldest first."""
    return [form(each.body) for each in world.slack.messages]


def form(body):
    return "table" if "table" in [each["type"] for each in body["blocks"]] else "text"


async def post(world, id_):
    await world.queue(message(id_, body=CARD, due=world.clock()))
    await world.pass_time(4)


async def test_a_table_is_sent_where_the_workspace_takes_it(world):
    await post(world, "a")
    assert forms(world) == ["table"]
    assert world.outcomes == [("message", "sent")]


@pytest.mark.parametrize("word", ["invalid_blocks", "unsupported_block_type"])
async def test_where_tables_are_refused_the_same_post_goes_without_and_nobody_is_alarmed(world, word):
    world.slack.tables_refused_with = word
    await post(world, "a")
    assert forms(world) == ["text"]
    assert [each.id for each in world.slack.messages] == ["a"]
    assert await world.state("a") == "sent"
    assert not world.alarms


async def test_a_workspace_that_refused_a_table_is_not_asked_again_for_a_week_even_after_a_restart(world):
    world.slack.tables_refused_with = "invalid_blocks"
    await post(world, "a")
    assert world.slack.calls.count("post C1") == 2
    world.delivery = world.new_delivery()
    world.slack.tables_refused_with = ""  # it would take them now
    await post(world, "b")
    assert forms(world) == ["text", "text"]
    assert world.slack.calls.count("post C1") == 3
    world.clock.now += timedelta(days=7)
    await post(world, "c")
    assert forms(world) == ["text", "text", "table"]


@pytest.mark.parametrize("word", ["msg_blocks_too_long", "msg_too_long", "invalid_attachments"])
async def test_a_table_that_is_too_long_goes_as_text_and_the_next_one_is_sent(world, word):
    world.slack.tables_refused_with = word
    await post(world, "a")
    world.slack.tables_refused_with = ""
    await post(world, "b")
    world.delivery = world.new_delivery()
    await post(world, "c")
    assert forms(world) == ["text", "table", "table"]
    assert await world.state("a") == "sent"


async def test_edits_and_private_answers_go_without_their_table_too(world):
    await world.queue(message("a"))
    await world.pass_time(2)
    world.slack.tables_refused_with = "invalid_blocks"
    await world.queue(edit("e", "a", body=CARD, due=world.clock()))
    await world.pass_time(4)
    assert forms(world) == ["text"]
    world.clock.now += timedelta(days=8)
    await world.queue(ephemeral("w", body=CARD, due=world.clock()))
    await world.pass_time(4)
    assert [form(each) for each in world.slack.ephemeral_bodies] == ["text"]


@pytest.mark.parametrize("fault", [Lost(), Vanished(), Late(5)])
async def test_a_lost_answer_to_the_form_without_the_table_doubles_nothing(world, fault):
    world.slack.tables_refused_with = "invalid_blocks"
    world.slack.faults["post"] = [None, fault]
    await world.queue(message("a", body=CARD))
    await world.pass_time(60)
    assert world.slack.standing() == ["a"]
    assert forms(world) == ["text"]


async def test_where_the_refusal_cannot_be_noted_the_post_goes_all_the_same(world, monkeypatch):
    async def full(*_values, **_more):
        raise TemporaryFailure("disk full")

    monkeypatch.setattr(world.store, "set_note", full)
    world.slack.tables_refused_with = "invalid_blocks"
    await post(world, "a")
    assert forms(world) == ["text"]
    assert (await world.store.post(PostId("a"))).why == ""

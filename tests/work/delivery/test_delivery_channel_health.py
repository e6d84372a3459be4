"""Routes that die: told once, whoever restarts, and what belongs there is kept."""

import pytest
from delivery_fakes import DEFAULT, START, SlackRefused, edit, message

from bot.core.outbox.posts import Lane
from bot.core.text.message import slack_date

ADMINS = ("UADMIN1", "UADMIN2")


@pytest.fixture
def world(world):
    restart(world)
    return world


def restart(world):
    world.restart(admins=ADMINS)


def standing(world):
    return [alarm.name for alarm in world.active_alarms()]


async def test_the_admins_are_told_once_of_a_dead_default_channel_and_once_that_it_lives(world):
    world.slack.closed[DEFAULT] = "is_archived"
    await world.queue(message("a", DEFAULT), message("h", DEFAULT, lane=Lane.HOUSEKEEPING))
    await world.pass_time(20)
    for _ in range(3):
        restart(world)
        await world.pass_time(7200, step=120)
    for admin in ("DADMIN1", "DADMIN2"):
        (told,) = world.slack.texts(admin)
        assert f"I can't post in the alert channel <#{DEFAULT}>. The channel is archived. Unarchive it" in told
    assert world.slack.texts(DEFAULT) == []
    assert standing(world) == ["default channel"]
    world.slack.closed.clear()
    restart(world)
    await world.pass_time(400, step=5)
    assert [text[:16] for text in sorted(world.slack.texts(DEFAULT))] == ["From <!date^1795", "a", "h"]
    assert [text.split(".")[0] for text in world.slack.texts("DADMIN1")[1:]] == [
        f"🟢 I can post in the alert channel <#{DEFAULT}> again"
    ]
    assert standing(world) == []


async def test_it_is_told_again_when_it_dies_again(world):
    for post in ("a", "b"):
        world.slack.closed[DEFAULT] = "not_in_channel"
        await world.queue(message(post, DEFAULT))
        await world.pass_time(5)
        world.slack.closed.clear()
        await world.pass_time(400, step=5)
    assert len(world.slack.texts("DADMIN1")) == 4


async def test_what_waited_goes_as_soon_as_the_channel_lives(world):
    world.slack.closed[DEFAULT] = "not_in_channel"
    await world.queue(*(message(post, DEFAULT) for post in "abc"))
    await world.pass_time(3600, step=20)
    world.slack.closed.clear()
    await world.pass_time(300, step=1, until=lambda: world.slack.texts(DEFAULT))
    await world.pass_time(10)
    assert len(world.slack.texts(DEFAULT)) == 4, "the three, and since when they waited"


async def test_what_tried_while_the_token_was_revoked_goes_as_soon_as_something_goes(world):
    world.slack.closed["C1"] = "token_revoked"
    await world.queue(message("tried", "C1"))
    await world.pass_time(3620, step=20)
    restart(world)  # the new process holds nothing back, but the post has its own time to wait
    world.slack.closed.clear()
    await world.tick()
    assert world.slack.texts("C1") == []
    world.slack.faults["post"] = [SlackRefused("token_revoked")]
    await world.queue(message("new", "C2"))
    await world.pass_time(40, step=1)
    assert (world.slack.texts("C2"), world.slack.texts("C1")) == (["new"], ["tried"])


async def test_edits_of_a_dead_default_channel_are_kept_too(world):
    await world.queue(message("a", DEFAULT))
    await world.pass_time(2)
    world.slack.closed[DEFAULT] = "is_archived"
    await world.queue(edit("e1", "a", "older"))
    await world.pass_time(7200, step=120)
    await world.queue(edit("e2", "a", "newest"))
    world.slack.closed.clear()
    await world.pass_time(600, step=10)
    assert world.slack.texts(DEFAULT)[0] == "newest"


async def test_admins_whose_direct_messages_are_closed_hold_nothing_up(world):
    world.slack.closed |= {DEFAULT: "is_archived", "UADMIN1": "messages_tab_disabled"}
    await world.queue(message("a", DEFAULT))
    await world.pass_time(10)
    assert len(world.slack.texts("DADMIN2")) == 1
    world.slack.closed.clear()
    await world.pass_time(400, step=5)
    assert "a" in world.slack.texts(DEFAULT)


async def test_a_dead_default_channel_does_not_make_another_wait(world):
    world.slack.closed[DEFAULT] = "is_archived"
    await world.queue(message("a", DEFAULT), message("b", "C2"))
    await world.pass_time(3)
    assert world.slack.texts("C2") == ["b"]


@pytest.mark.parametrize(
    ("error", "alarm"),
    [("token_revoked", "slack"), ("missing_scope", "slack message"), ("is_archived", "default channel")],
)
async def test_what_an_operator_has_to_fix_is_an_alarm(world, error, alarm):
    world.slack.faults["post"] = [SlackRefused(error)]
    await world.queue(message("a", DEFAULT))
    await world.tick()
    assert standing(world) == [alarm]
    await world.pass_time(400, step=5)
    assert standing(world) == []
    assert "a" in world.slack.texts(DEFAULT)


async def test_where_only_an_answer_found_it_dead_it_is_noticed_that_it_lives_again(world):
    world.slack.closed[DEFAULT] = "is_archived"
    await world.queue(message("answer", DEFAULT, lane=Lane.ANSWER, user="U7"))
    await world.pass_time(3)
    assert world.slack.texts("D7") == ["answer"]
    assert standing(world) == ["default channel"]
    restart(world)
    await world.tick()
    assert standing(world) == ["default channel"], "the alarm stands from the first moment of the next process"
    world.slack.closed.clear()
    await world.pass_time(400, step=5)
    assert standing(world) == []
    (back,) = world.slack.texts(DEFAULT)
    assert back == (
        f"From {slack_date(START)} on, I couldn't post in <#{DEFAULT}>. Reason at that time: The channel is archived. "
        "The messages that waited follow now."
    )


@pytest.mark.parametrize("told_by", ["a message", "a look"])
async def test_the_cards_of_a_channel_that_is_back_show_what_they_missed(world, told_by):
    await world.queue(message("card", "C1"), message("other", "C1"))
    await world.pass_time(4)
    world.slack.closed["C1"] = "is_archived"
    for text in ("first", "second"):
        await world.queue(edit(text, "card", text))
        await world.pass_time(2)
    assert world.slack.texts("C1") == ["card", "other"]
    world.slack.closed.clear()
    if told_by == "a message":
        await world.queue(message("later", "C1"))
    else:
        await world.delivery.channel_health.recovered("C1")
    await world.pass_time(4)
    assert world.slack.texts("C1")[:2] == ["second", "other"]
    assert [await world.state(each) for each in ("first", "second")] == ["given up", "sent"]

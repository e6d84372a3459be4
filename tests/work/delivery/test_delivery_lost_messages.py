"""Messages that a person deletes, or that take no edit any more: said once more, and all that belongs to them."""

import asyncio
from datetime import timedelta

import pytest
from crash_injection import in_transaction
from delivery_fakes import (
    DEFAULT,
    START,
    Late,
    Lost,
    SlackLimited,
    SlackRefused,
    SlackUnreachable,
    Vanished,
    edit,
    message,
)
from incident_cards import on_one_card

from bot.core.flow.model import FlowId, UserName
from bot.core.incident.facts import ChangeSet
from bot.core.incident.model import IncidentId, Phase
from bot.core.outbox.conversations import Channel
from bot.core.outbox.posts import Lane, PostId


def replies(world, ts):
    return world.slack.texts(thread=ts)


WORDS = ["message_not_found", "edit_window_closed", "cant_update_message", "is_inactive"]


@pytest.mark.parametrize("word", WORDS)
async def test_a_card_that_takes_no_edit_is_posted_once_more_and_its_thread_continues_there(world, word):
    old = await world.stands()
    await world.queue(message("before", thread_of="card"))
    await world.pass_time(2)
    if word == "message_not_found":
        world.slack.person_deletes(old)
    else:
        world.slack.fixed[old] = word
    await world.queue(edit("e1", "card", "acknowledged", due=world.clock()))
    await world.pass_time(5)
    new = await world.ts_of()
    assert new != old
    assert world.slack.texts() == ["acknowledged"] if word == "message_not_found" else ["card", "acknowledged"]
    await world.queue(
        message("after", thread_of="card", due=world.clock()),
        edit("e2", "card", "recovered", due=world.clock()),
    )
    await world.pass_time(5)
    assert replies(world, old) == ["before"]  # what people discussed under it stays
    assert replies(world, new) == ["after"]
    assert world.slack.texts()[-1] == "recovered"
    assert await world.ts_of() == new
    assert not world.alarms


async def test_a_reply_that_slack_puts_in_the_channel_is_deleted_and_said_again_under_the_new_card(world):
    old = await world.stands()
    world.slack.person_deletes(old)
    await world.queue(message("second", thread_of="card", due=world.clock()))
    await world.pass_time(8)
    new = await world.ts_of()
    assert world.slack.texts() == ["card"]
    assert replies(world, new) == ["second"]
    await world.queue(message("third", thread_of="card", due=world.clock()))
    await world.pass_time(5)
    assert replies(world, new) == ["second", "third"]
    assert world.slack.texts() == ["card"]


async def test_what_is_said_again_is_what_its_last_edit_showed(world):
    old = await world.stands()
    await world.queue(edit("e1", "card", "acknowledged", due=world.clock()))
    await world.pass_time(4)
    world.slack.person_deletes(old)
    await world.queue(message("reminder", thread_of="card", due=world.clock()))
    await world.pass_time(8)
    assert world.slack.texts() == ["acknowledged"]


async def test_reply_and_edit_that_meet_the_same_loss_say_the_card_once(world):
    old = await world.stands()
    world.slack.person_deletes(old)
    await world.queue(
        message("r1", thread_of="card", due=world.clock()),
        message("r2", thread_of="card", due=world.clock()),
        edit("e", "card", "two failures", due=world.clock()),
    )
    await world.pass_time(12)
    assert world.slack.texts() == ["two failures"]
    assert replies(world, await world.ts_of()) == ["r1", "r2"]


async def test_an_older_edit_that_was_under_way_does_not_come_after_a_newer_one(world):
    old = await world.stands()
    world.slack.person_deletes(old)
    world.slack.gates["edit C1"] = asyncio.Event()
    await world.queue(edit("e1", "card", "older", due=world.clock()))
    await world.delivery._begin(world.clock())
    await world.queue(message("r", thread_of="card", due=world.clock()))
    await world.delivery._begin(world.clock())
    while await world.state("card") == "sent":  # noqa: ASYNC110  the store has no events
        await asyncio.sleep(0)
    await world.queue(edit("e2", "card", "newer", due=world.clock()))
    world.slack.gates.pop("edit C1").set()
    await world.pass_time(10)
    assert world.slack.texts() == ["newer"]


@pytest.mark.parametrize("error", ["cant_delete_message", "missing_scope", "channel_not_found"])
async def test_a_loose_reply_that_cannot_be_deleted_stays_and_is_not_doubled(world, error):
    old = await world.stands()
    world.slack.person_deletes(old)
    world.slack.faults["delete"] = [SlackRefused(error)]
    await world.queue(message("second", thread_of="card", due=world.clock()))
    await world.pass_time(10)
    assert sorted(world.slack.texts()) == ["card", "second"]
    assert replies(world, await world.ts_of()) == []
    assert await world.state("second") == "sent"


@pytest.mark.parametrize("trouble", [SlackLimited(3), SlackUnreachable("x"), SlackRefused("invalid_auth"), Lost()])
async def test_a_loose_reply_whose_deletion_fails_is_deleted_later(world, trouble):
    old = await world.stands()
    world.slack.person_deletes(old)
    world.slack.faults["delete"] = [trouble if isinstance(trouble, Exception) else SlackUnreachable("x")]
    await world.queue(message("second", thread_of="card", due=world.clock()))
    await world.pass_time(15)
    assert world.slack.texts() == ["card"]
    assert replies(world, await world.ts_of()) == ["second"]


@pytest.mark.parametrize("fault", [Lost(), Vanished(), Late(5), Late(25)])
async def test_a_reply_whose_answer_is_lost_is_found_wherever_slack_put_it(world, fault):
    old = await world.stands()
    world.slack.person_deletes(old)
    world.slack.faults["post"] = [fault]
    await world.queue(message("second", thread_of="card", due=world.clock()))
    await world.pass_time(90)
    assert world.slack.texts() == ["card"]
    assert replies(world, await world.ts_of()) == ["second"]


@pytest.mark.parametrize("fault", [Lost(), Vanished(), Late(5), Late(25)])
async def test_a_card_said_again_whose_answer_is_lost_is_there_once(world, fault):
    old = await world.stands()
    world.slack.fixed[old] = "edit_window_closed"
    world.slack.faults["post"] = [fault]
    await world.queue(edit("e", "card", "now", due=world.clock()), message("r", thread_of="card", due=START))
    world.slack.person_deletes("none")
    await world.pass_time(90)
    assert world.slack.texts() == ["card", "now"]
    assert world.slack.standing().count("card~1") == 1


async def test_the_restart_in_the_middle_says_it_once(world):
    old = await world.stands()
    world.slack.person_deletes(old)
    await world.queue(message("second", thread_of="card", due=world.clock()))
    current = await world.store.start_sending(PostId("second"), world.clock())  # and the process dies in the call
    with pytest.raises(Exception, match="outside of its thread"):
        await world.slack.post("C1", current.new.body, id="second", thread=old)
    world.delivery = world.new_delivery()
    await world.pass_time(20)
    assert world.slack.texts() == ["card"]
    assert replies(world, await world.ts_of()) == ["second"]


async def test_a_copy_of_the_lost_card_that_arrived_late_is_deleted(world):
    world.slack.faults["post"] = [Late(8)]
    await world.queue(message("card"))
    await world.pass_time(6)
    world.slack.person_deletes(await world.ts_of())
    await world.queue(edit("e", "card", "now", due=world.clock()))
    await world.pass_time(60)
    assert world.slack.texts() == ["now"]
    assert world.duplicates == 1


# ── what is over, and what is no card ──


def incident(phase=Phase.OPEN, **more):
    ended = START if phase in {Phase.RECOVERED, Phase.CLOSED} else None
    return on_one_card(
        id=IncidentId("i1"),
        flow_id=FlowId(3377),
        flow_name="daily",
        channel="C1",
        phase=phase,
        opened_at=START,
        post=PostId("card"),
        owners=(UserName("maya.chen"),),
        ended_at=ended,
        **more,
    )


async def becomes(world, phase, *posts):
    """Write the incident as it is now, with what is said about it, as the watcher does."""
    changes = ChangeSet(incidents=(incident(phase),), posts=posts)
    await world.store.observe((), (), lambda _known: changes)


@pytest.mark.parametrize("reply_first", [True, False])
@pytest.mark.parametrize("phase", [Phase.RECOVERED, Phase.CLOSED])
async def test_a_recovery_whose_card_is_gone_is_told_by_one_message(world, phase, reply_first):
    old = await world.stands()
    await becomes(world, Phase.OPEN)
    world.slack.person_deletes(old)
    now = world.clock()
    later = now + timedelta(seconds=4)
    await becomes(
        world,
        phase,
        message("recovered", thread_of="card", due=now if reply_first else later),
        edit("green", "card", "green", due=later if reply_first else now),
    )
    await world.pass_time(15)
    assert world.slack.texts() == ["recovered"]
    assert await world.state("recovered") == "sent"
    await becomes(world, Phase.OPEN, edit("again", "card", "open again", due=world.clock()))
    await world.pass_time(5)
    assert world.slack.texts() == ["recovered", "open again"]
    found = await world.store.incident_of_thread("C1", await world.ts_of())
    assert found is not None


async def test_a_card_that_takes_no_edit_and_is_over_keeps_its_thread(world):
    old = await world.stands()
    world.slack.fixed[old] = "edit_window_closed"
    now = world.clock()
    await becomes(
        world,
        Phase.RECOVERED,
        edit("green", "card", "green", due=now),
        message("recovered", thread_of="card", due=now + timedelta(seconds=4)),
    )
    await world.pass_time(10)
    assert world.slack.texts() == ["card"]
    assert replies(world, old) == ["recovered"]


async def test_what_is_said_in_the_old_thread_still_belongs_to_the_incident(world):
    old = await world.stands()
    await becomes(world, Phase.OPEN)
    world.slack.fixed[old] = "edit_window_closed"
    await world.queue(edit("e", "card", "now", due=world.clock()))
    await world.pass_time(3)
    for ts in (old, await world.ts_of()):
        assert (await world.store.incident_of_thread("C1", ts)).id == "i1"
    assert (await world.store.lost_message("C1", old)).ts == await world.ts_of()
    assert await world.store.lost_message("C1", "1.1") is None


async def test_a_card_that_nothing_is_known_of_comes_back_with_its_next_edit(world):
    old = await world.stands()
    await in_transaction(world.store, lambda db: db.execute("UPDATE posts SET body = '{}'"))
    world.slack.person_deletes(old)
    await world.queue(message("second", thread_of="card", due=world.clock()))
    await world.pass_time(5)
    assert world.slack.texts() == ["second"]
    await world.queue(edit("e", "card", "two failures", due=world.clock()))
    await world.pass_time(5)
    assert world.slack.texts() == ["second", "two failures"]


async def test_a_progress_message_in_a_thread_is_said_again_in_that_thread(world):
    card = await world.stands()
    await world.queue(message("run", thread_of="card", lane=Lane.ANSWER, user="U1", due=world.clock()))
    await world.pass_time(2)
    world.slack.person_deletes(await world.ts_of("run"))
    await world.queue(edit("e", "run", "2 of 3 tasks", lane=Lane.ANSWER, due=world.clock()))
    await world.pass_time(3)
    assert replies(world, card) == ["2 of 3 tasks"]


async def test_an_answer_to_a_persons_message_that_is_gone_stays_in_the_channel(world):
    await world.queue(message("answer", lane=Lane.ANSWER, thread="555.5", user="U1"))
    await world.pass_time(10)
    assert world.slack.texts() == ["answer"]
    assert await world.state("answer") == "sent"


async def test_an_archived_channel_has_lost_nothing(world):
    old = await world.stands("card")
    world.slack.fixed[old] = "is_inactive"

    async def archived(channel):
        return Channel(channel, member=True, archived=True)

    world.slack.channel = archived
    await world.queue(edit("e", "card", "now", due=world.clock()))
    await world.pass_time(3)
    assert world.slack.texts() == ["card"]
    assert await world.store.lost_message("C1", old) is None


@pytest.mark.parametrize("trouble", [SlackLimited(5), SlackUnreachable("x"), SlackRefused("missing_scope")])
async def test_where_slack_does_not_tell_of_the_channel_the_card_is_lost(world, trouble):
    old = await world.stands()
    world.slack.fixed[old] = "is_inactive"
    world.slack.faults["channel"] = [trouble]
    await world.queue(edit("e", "card", "now", due=world.clock()))
    await world.pass_time(3)
    assert world.slack.texts() == ["card", "now"]


async def test_a_bot_that_was_removed_from_the_channel_has_lost_nothing(world):
    old = await world.stands()
    world.slack.fixed[old] = "is_inactive"
    world.slack.faults["channel"] = [SlackRefused("not_in_channel")]
    await world.queue(edit("e", "card", "now", due=world.clock()))
    await world.pass_time(3)
    assert await world.store.lost_message("C1", old) is None


async def test_a_lost_card_whose_channel_closed_meanwhile_goes_to_the_default_channel(world):
    old = await world.stands()
    world.slack.person_deletes(old)
    await world.queue(edit("e", "card", "now", due=world.clock()))
    world.slack.faults["post"] = [SlackRefused("channel_not_found")]
    await world.pass_time(5)
    assert "now" in world.slack.texts(DEFAULT)

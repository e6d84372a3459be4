"""Deliveries whose outcome is unclear, and those that a stop or a start meets half-way."""

import asyncio
import logging

import pytest
from delivery_fakes import (
    DEFAULT,
    START,
    Always,
    Late,
    Lost,
    SlackLimited,
    SlackRefused,
    SlackUnclear,
    SlackUnreachable,
    Vanished,
    edit,
    ephemeral,
    file,
    message,
    until,
)


@pytest.mark.parametrize("fault", [Lost(), Vanished()])
async def test_a_lost_answer_is_looked_up_and_the_message_is_there_once(world, fault):
    world.slack.faults["post"] = [fault]
    await world.queue(message("a"), message("reply", thread_of="a"), message("b"))
    await world.pass_time(2)
    assert await world.state("a") == "unclear"
    assert "b" in world.slack.standing()  # another conversation does not wait
    await world.pass_time(6)
    assert world.slack.standing() == ["a", "b", "reply"]
    assert world.slack.calls.count("find C1") == 1


async def test_one_look_settles_all_that_is_unclear_in_a_channel(world):
    world.slack.faults["post"] = [Lost(), Vanished(), Lost()]
    await world.queue(message("a"), message("b"), message("c"))
    await world.pass_time(2)
    world.delivery = world.new_delivery()
    await world.pass_time(8)
    assert world.slack.standing() == ["a", "b", "c"]
    assert world.slack.calls.count("find C1") == 1


@pytest.mark.parametrize("seconds", [5, 10, 25, 40])
async def test_a_first_try_that_arrives_late_is_deleted(world, seconds):
    world.slack.faults["post"] = [Late(seconds)]
    await world.queue(message("a"), message("reply", thread_of="a"))
    await world.pass_time(60)
    assert world.slack.standing() == ["a", "reply"]
    assert world.duplicates == 1
    (standing,) = [each for each in world.slack.messages if each.id == "a"]
    assert world.slack.texts(thread=standing.ts) == ["reply"]


async def test_two_copies_that_a_look_finds_become_one(world):
    world.slack.faults["post"] = [Late(4), Lost()]
    await world.queue(message("a"))
    await world.pass_time(60)
    assert world.slack.standing() == ["a"]
    assert world.duplicates == 1


async def test_a_double_is_deleted_even_where_deleting_fails_at_first(world, caplog):
    world.slack.faults["post"] = [Late(5)]
    world.slack.faults["delete"] = [SlackUnreachable("x"), SlackLimited(3), SlackRefused("cant_delete_message")]
    await world.queue(message("a"))
    await world.pass_time(60)
    assert "cannot be deleted" in caplog.text
    assert world.slack.standing() == ["a"]
    assert world.duplicates == 1


@pytest.mark.parametrize("fault", [SlackLimited(4), SlackUnreachable("x"), Lost(), SlackRefused("fatal_error")])
async def test_a_look_that_fails_is_done_again_and_nothing_is_sent_unseen(world, fault):
    world.slack.faults["post"] = [Lost()]
    world.slack.faults["find"] = [fault if not isinstance(fault, Lost) else SlackLimited(1)]
    await world.queue(message("a"))
    await world.pass_time(12)
    assert world.slack.standing() == ["a"]
    assert await world.state("a") == "sent"


async def test_where_looking_is_not_allowed_an_alarm_says_so_and_nothing_is_doubled(world):
    world.slack.faults["post"] = [Lost()]
    world.slack.faults["find"] = [SlackRefused("missing_scope", "needed: channels:history")] * 3
    await world.queue(message("a"))
    await world.pass_time(5)
    assert [alarm.name for alarm in world.alarms] == ["look"]
    assert await world.state("a") == "unclear"
    await world.pass_time(20)
    assert world.slack.standing() == ["a"]
    assert world.alarms[-1].over


async def test_what_became_unclear_in_a_channel_that_closed_goes_to_the_default_channel(world):
    world.slack.faults["post"] = [Vanished()]
    await world.queue(message("a"))
    await world.tick()
    world.slack.closed["C1"] = "channel_not_found"
    await world.pass_time(8)
    assert "a" in world.slack.texts(DEFAULT)


async def test_an_unclear_edit_is_sent_again(world):
    await world.queue(message("m"))
    await world.tick()
    world.slack.faults["edit"] = [Vanished()]
    await world.queue(edit("e", "m"))
    await world.pass_time(5)
    assert world.slack.texts() == ["changed"]


class During:
    """A fault that every call meets for so many seconds."""

    def __init__(self, world, seconds, fault):
        self._clock, self._end, self._fault = world.clock, world.clock.after(seconds), fault

    def pop(self, _place):
        return self._fault if self._clock() < self._end else None


@pytest.mark.parametrize("look", [None, SlackRefused("missing_scope")])
async def test_an_unclear_private_answer_is_tried_once_more_where_slack_answers(world, look):
    world.slack.faults |= {"ephemeral": [Vanished()], "find": During(world, 60, look)}
    await world.queue(ephemeral("w"))
    await world.pass_time(5)
    assert world.slack.ephemerals == [("C1", "U1", "w")]
    assert await world.state("w") == "sent"


@pytest.mark.parametrize("fault", [None, Lost(), Vanished(), Late(9)])
async def test_a_private_answer_that_is_unclear_twice_becomes_a_message_that_can_be_looked_up(world, fault):
    world.slack.faults |= {"ephemeral": [Vanished(), Vanished()], "post": [fault]}
    await world.queue(ephemeral("w", response_url="https://hooks.example/1"))
    await world.pass_time(60)
    assert world.slack.calls.count("ephemeral C1") == 2
    assert [(each.channel, each.id) for each in world.slack.messages] == [("D1", "w")]
    assert await world.state("w") == "sent"


@pytest.mark.parametrize("trouble", [SlackUnclear("time-out"), SlackLimited(7), SlackUnreachable("down")])
async def test_in_the_middle_of_an_outage_the_second_try_waits_for_its_end(world, trouble):
    """Both tries within seconds would be lost in it, and the outcome of a command with them."""
    unclear = SlackUnclear("time-out")
    world.slack.faults |= {"ephemeral": During(world, 30, unclear), "find": During(world, 30, trouble)}
    await world.queue(*(ephemeral(f"w{number}", f"U{number}") for number in range(3)))
    await world.pass_time(29)
    assert world.slack.calls.count("ephemeral C1") == 3
    await world.pass_time(31)
    assert sorted(world.slack.ephemerals) == [("C1", f"U{number}", f"w{number}") for number in range(3)]
    assert world.slack.messages == []


async def test_a_private_answer_that_an_outage_made_too_old_is_given_up(world):
    unclear = SlackUnclear("time-out")
    world.slack.faults |= {each: During(world, 4000, unclear) for each in ("ephemeral", "find", "post")}
    await world.queue(ephemeral("w"))
    await world.pass_time(5000, step=20)
    assert (world.slack.ephemerals, world.slack.messages) == ([], [])
    assert await world.state("w") == "given up"


@pytest.mark.parametrize("fault", [Lost(), Vanished(), Late(9)])
@pytest.mark.parametrize("error", ["user_not_in_channel", "is_archived", "no_permission"])
@pytest.mark.parametrize("channel", ["C1", DEFAULT])
async def test_a_private_answer_sent_as_a_message_is_looked_up_there_and_is_there_once(world, channel, error, fault):
    world.slack.faults["ephemeral"] = [SlackRefused(error)]
    world.slack.faults["post"] = [fault]
    await world.queue(ephemeral("w", channel=channel, response_url="https://hooks.example/1"))
    await world.pass_time(60)
    assert [(each.channel, each.id) for each in world.slack.messages] == [("D1", "w")]
    assert await world.state("w") == "sent"
    assert world.alarms == []


@pytest.mark.parametrize("fault", [Lost(), Vanished()])
async def test_an_unclear_file_is_settled_by_its_id(world, fault):
    world.slack.faults["upload"] = [fault]
    world.slack.faults["shared"] = [SlackUnreachable("x"), SlackRefused("file_not_found"), None]
    await world.queue(file("f"))
    await world.pass_time(40)
    assert [shown for _, _, shown in world.slack.files.values()].count(True) == 1
    assert await world.state("f") == "sent"


async def test_a_file_that_stays_unclear_is_given_up_in_the_end(world):
    world.slack.faults["upload"] = [Vanished()] * 9
    await world.queue(file("f"))
    await world.pass_time(200)
    assert len(world.slack.files) == 3
    assert world.slack.texts("D1") == [TOLD]
    assert await world.state("f") == "sent"


TOLD = "I couldn't upload `task.log`. Slack did not confirm the upload. Ask for the file again."


async def test_what_is_said_in_the_place_of_a_file_is_looked_up_as_a_message(world):
    world.slack.faults["upload"] = [Vanished()] * 9
    world.slack.faults["post"] = [Lost()]
    await world.queue(file("f"))
    await world.pass_time(200)
    assert world.slack.texts("D1") == [TOLD]
    assert [each for each in world.slack.calls if each.startswith("delete")] == []


async def test_a_file_of_which_slack_never_says_whether_it_is_there_ends_and_its_asker_is_told(world):
    world.slack.faults["upload"] = [Vanished()]
    world.slack.faults["shared"] = Always(lambda: SlackUnreachable("x"))
    await world.queue(file("f"))
    await world.pass_time(42 * 60, step=30)
    assert world.slack.texts("D1") == [TOLD]
    assert await world.state("f") == "sent"


async def test_a_file_whose_upload_broke_before_it_had_an_id_is_uploaded_again(world):
    await world.store.queue([file("f")])
    await world.store.start_sending("f", START)  # and the process died
    await world.pass_time(10)
    assert len(world.slack.files) == 1


async def test_after_a_restart_what_was_being_sent_is_looked_up(world, caplog):
    caplog.set_level(logging.INFO)
    await world.queue(message("a"), message("b", "C2"))
    for id_ in ("a", "b"):
        await world.store.start_sending(id_, START)
    await world.slack.post("C1", {"text": "a"}, id="a")
    await world.pass_time(6)
    assert world.slack.standing() == ["a", "b"]
    assert "2 posts were being sent" in caplog.text


async def test_closing_waits_for_what_is_under_way_and_begins_nothing_more(world):
    world.slack.gates["C1"] = gate = asyncio.Event()
    await world.queue(message("a"))
    ticking = asyncio.create_task(world.tick())
    await until(lambda: world.slack.calls)
    closing = asyncio.create_task(world.delivery.close())
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(closing, ticking)
    assert await world.state("a") == "sent"
    await world.queue(message("b", "C2"))
    await world.tick()
    assert world.slack.standing() == ["a"]
    await world.delivery.close()


async def test_what_closing_cuts_off_is_looked_up_at_the_next_start(world):
    world.slack.gates["C1"] = asyncio.Event()
    await world.queue(message("a"))
    ticking = asyncio.create_task(world.tick())
    await until(lambda: world.slack.calls)
    await world.delivery.close(seconds=0)
    await ticking
    assert await world.state("a") == "sending"
    world.slack.gates.clear()
    world.delivery = world.new_delivery()
    await world.pass_time(5)
    assert world.slack.standing() == ["a"]


async def test_run_delivers_when_it_is_woken_and_by_itself(world):
    world.store.on_queued = world.delivery.wake
    running = asyncio.create_task(world.delivery.run())
    await world.queue(message("a"))
    await until(lambda: world.slack.standing() == ["a"])
    world.slack.gates["C1"] = gate = asyncio.Event()
    world.clock.now = world.clock.after(1)
    await world.queue(message("b"), message("c", "C2"))
    await until(lambda: "c" in world.slack.standing())
    gate.set()
    await until(lambda: world.slack.standing() == ["a", "b", "c"])
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await world.delivery.close()

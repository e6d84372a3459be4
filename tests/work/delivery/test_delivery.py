"""The delivery, as the people in the channels see it."""

import asyncio
from datetime import timedelta
from itertools import pairwise

import pytest
from delivery_fakes import (
    DEFAULT,
    START,
    SlackLimited,
    SlackRefused,
    SlackUnreachable,
    edit,
    ephemeral,
    file,
    message,
    until,
)
from endings import STEPS, ends_though_woken

from bot.core.outbox.posts import Lane

# ── in order, in time ──


async def test_what_is_due_is_sent_and_what_is_not_waits(world):
    await world.queue(message("now"), message("later", "C2", due=START + timedelta(seconds=5)))
    await world.tick()
    assert world.slack.standing() == ["now"]
    assert await world.state("now") == "sent"
    await world.pass_time(5)
    assert world.slack.standing() == ["later", "now"]
    assert world.late == [("alert", 0.0), ("alert", 0.0)]


@pytest.mark.parametrize(
    ("slow", "waits_for_turn"),
    [("to_look_up", False), ("next_due", True)],
    ids=["its time comes", "its turn in the channel comes"],
)
async def test_what_may_go_a_moment_after_the_look_at_the_outbox_goes_at_once(world, monkeypatch, slow, waits_for_turn):
    class Slow:
        looks = 0

        def __getattr__(self, name):
            if name == slow and self.looks == 0:
                self.looks, world.clock.now = 1, world.clock.after(1)
            return getattr(world.store, name)

    if waits_for_turn:
        await world.queue(message("before"))
        await world.tick()
    await world.queue(message("a", due=world.clock.after(0 if waits_for_turn else 1)))
    monkeypatch.setattr(world.delivery, "_store", Slow())
    timeout, pauses = asyncio.timeout, []
    monkeypatch.setattr(asyncio, "timeout", lambda seconds: pauses.append(seconds) or timeout(seconds))
    running = asyncio.create_task(world.delivery.run())
    await until(lambda: "a" in world.slack.standing())
    running.cancel()
    await world.delivery.close()
    assert min(pauses) == 0.01


async def test_what_waits_for_its_turn_in_one_channel_delays_no_other_channel(world):
    await world.queue(message("first"), message("second"), message("other", "C2", due=world.clock.after(0.25)))
    await world.tick()
    assert await world.delivery._pause(world.clock(), world.steady()) == 0.25


async def test_a_thread_reads_in_order_under_its_first_message(world):
    await world.queue(message("first"), message("r1", thread_of="first"), message("r2", thread_of="first"))
    await world.pass_time(3)
    assert world.slack.texts() == ["first"]
    (first,) = [each for each in world.slack.messages if each.id == "first"]
    assert world.slack.texts(thread=first.ts) == ["r1", "r2"]


async def test_one_channel_gets_one_message_per_second_and_others_do_not_wait_for_it(world):
    await world.queue(*(message(f"a{n}") for n in range(5)), *(message(f"b{n}", "C2") for n in range(2)))
    await world.pass_time(6, step=0.1)
    for channel, count in (("C1", 5), ("C2", 2)):
        at = world.slack.posted[channel]
        assert len(at) == count
        assert at[0] == START.timestamp()
        assert all(0.99 <= later - earlier <= 1.11 for earlier, later in pairwise(at))


async def test_lanes_take_turns_in_a_busy_channel(world):
    await world.knows("C1")
    lanes = {"alert": Lane.ALERT, "answer": Lane.ANSWER, "house": Lane.HOUSEKEEPING}
    await world.queue(*(message(f"{name}{n}", lane=lane) for name, lane in lanes.items() for n in range(3)))
    await world.pass_time(5)
    assert world.slack.texts() == ["alert0", "answer0", "alert1", "answer1", "alert2", "house0"]


async def test_replies_answers_and_housekeeping_take_turns(world):
    await world.knows("C1")
    lanes = {"reply": Lane.ALERT, "answer": Lane.ANSWER, "house": Lane.HOUSEKEEPING}
    await world.queue(
        *(message(f"{name}{n}", lane=lane, thread=f"{n}.{name}") for name, lane in lanes.items() for n in range(3))
    )
    await world.pass_time(5)
    said = [each.text for each in world.slack.messages]
    assert said == ["reply0", "answer0", "reply1", "answer1", "house0", "reply2"]


async def test_the_first_message_of_a_newly_broken_flow_waits_for_no_backlog_of_replies(world):
    await world.knows("C1")
    await world.queue(*(message(f"r{n}", thread=f"{n}.0") for n in range(24)))
    await world.queue(message("good news", lane=Lane.HOUSEKEEPING, thread="0.0"))
    await world.pass_time(2)
    await world.queue(message("first", due=world.clock.after(1.5)))
    turns = len(world.slack.messages)
    await world.pass_time(4, until=lambda: "first" in world.slack.standing())
    (first,) = [each for each in world.slack.messages if each.id == "first"]
    assert world.slack.messages.index(first) - turns <= 2, "one that goes while it is held, one whose turn it was"


async def test_however_many_flows_break_replies_answers_and_housekeeping_are_not_shut_out(world):
    await world.knows("C1")
    await world.queue(*(message(f"first{n}") for n in range(40)))
    await world.queue(message("reply", thread="1.0"), message("answer", lane=Lane.ANSWER))
    await world.queue(message("house", lane=Lane.HOUSEKEEPING))
    await world.pass_time(8)
    said = [each.text for each in world.slack.messages]
    assert {"reply", "answer", "house"} <= set(said)
    assert said[:6:2] == ["first0", "first1", "first2"]


async def test_a_dead_channel_holds_up_no_other_channel_and_no_other_lane(world):
    world.slack.gates["C1"] = asyncio.Event()
    await world.queue(*(message(f"dead{n}", thread=f"{n}.0") for n in range(30)), message("alive", "C2"))
    running = asyncio.create_task(world.delivery.run())
    await until(lambda: "alive" in world.slack.standing())
    for seconds in range(1, 40):
        world.clock.now = world.clock.after(1)
        await world.queue(message(f"more{seconds}", f"C{seconds + 2}", due=world.clock()))
        world.delivery.wake()
        await until(lambda n=seconds: f"more{n}" in world.slack.standing())
    assert 0 < world.slack.calls.count("post C1") <= 3
    world.slack.gates.pop("C1").set()
    running.cancel()
    await world.delivery.close()


async def test_edits_do_not_count_against_the_channel_but_come_every_three_seconds_at_most(world):
    await world.queue(message("m"), message("n"))
    await world.tick()
    await world.queue(edit("e1", "m", "1"))
    await world.tick()
    assert world.slack.texts() == ["1"]
    await world.queue(edit("e2", "m", "2"))
    await world.pass_time(2)
    assert world.slack.texts() == ["1", "n"]
    await world.queue(edit("e3", "m", "3"))
    await world.pass_time(1)
    assert world.slack.texts() == ["3", "n"]
    assert world.slack.messages[0].texts == ["1", "3"]


async def test_private_answers_by_response_url_do_not_count_against_the_channel(world):
    await world.queue(
        message("m"), *(ephemeral(f"w{n}", f"U{n}", response_url="https://hooks.example/x") for n in range(3))
    )
    await world.tick()
    assert world.slack.texts() == ["m"]
    assert sorted(world.slack.ephemerals) == [("C1", f"U{n}", f"w{n}") for n in range(3)]


async def test_a_private_answer_without_a_response_url_takes_its_turn_in_the_channel(world):
    await world.knows("C1")
    await world.queue(message("m"), ephemeral("w"))
    await world.tick()
    assert (world.slack.texts(), world.slack.ephemerals) == (["m"], [])
    await world.pass_time(1)
    assert world.slack.ephemerals == [("C1", "U1", "w")]


# ── waiting ──


async def test_slack_is_asked_no_sooner_than_it_said(world):
    world.slack.faults["post"] = [SlackLimited(7)]
    await world.queue(message("a"), message("r", thread="9.0"), message("b", "C2"))
    await world.pass_time(6.5)
    assert world.slack.standing() == ["b"]
    await world.pass_time(2)
    assert world.slack.standing() == ["a", "b", "r"]


async def test_a_limit_on_edits_holds_all_edits_and_no_message(world):
    await world.queue(message("m"), message("n", "C2"))
    await world.tick()
    world.slack.faults["edit"] = [SlackLimited(20)]
    await world.queue(edit("e1", "m"), edit("e2", "n"), message("o", "C3"))
    await world.pass_time(19)
    assert world.slack.calls.count("edit C2") + world.slack.calls.count("edit C1") <= 2
    assert "o" in world.slack.standing()
    await world.pass_time(4)
    assert world.slack.texts("C1") == ["changed"]


async def test_what_cannot_reach_slack_is_tried_less_and_less_often_and_then_goes(world):
    world.slack.faults["post"] = [SlackUnreachable("no route")] * 6
    await world.queue(message("a"), message("b", "C2"), message("c", "C3"))
    tried = []
    for _ in range(70):
        before = len(world.slack.calls)
        await world.pass_time(1, step=1)
        tried += [world.clock.now - START] * (len(world.slack.calls) - before)
    assert world.slack.standing() == ["a", "b", "c"]
    assert len(world.slack.calls) == 9  # three at once, then one after 1, 2, 4 s, then all
    assert [(alarm.name, alarm.over) for alarm in world.alarms] == [("slack", False), ("slack", True)]
    assert "Slack can't be reached" in str(world.alarms[0].sentence)


async def test_an_answer_that_is_too_late_is_given_up_and_an_alert_never(world):
    world.slack.faults["post"] = [SlackUnreachable("no route")] * 100
    await world.queue(message("alert"), message("answer", "C2", lane=Lane.ANSWER))
    world.slack.closed["C2"] = "missing_scope"
    for _ in range(20):
        await world.pass_time(600, step=300)
    world.slack.faults.clear()
    await world.pass_time(900, step=60)
    assert world.slack.standing() == ["alert"]
    assert await world.state("answer") == "given up"


# ── refusals ──


async def test_what_a_bad_channel_refuses_goes_to_the_default_channel_which_is_told_once(world):
    world.slack.closed["C1"] = "is_archived"
    await world.queue(message("a"), message("reply", thread_of="a"), message("b"))
    await world.pass_time(8)
    told = (
        "⚠️ I can't post in <#C1>. The channel is archived. Unarchive it, or ask a flowbot admin to set "
        "another channel. Until then its messages are posted here."
    )
    (first,) = [each for each in world.slack.messages if each.id == "a"]
    top = world.slack.texts(DEFAULT)
    assert sorted(top) == sorted([told, "a", "b"])
    assert world.slack.texts(DEFAULT, first.ts) == ["reply"]
    again = world.new_delivery()
    await world.queue(message("c"))
    for _ in range(3):
        await again.tick(world.clock())
        world.clock.now = world.clock.after(1)
    assert len(world.slack.texts(DEFAULT)) == 4  # no second telling after a restart


async def test_a_fixed_channel_is_reported_again_when_it_breaks_again(world):
    world.slack.closed["C1"] = "not_in_channel"
    await world.queue(message("a"))
    await world.pass_time(3)
    world.slack.closed.clear()
    await world.queue(message("b"))
    await world.pass_time(3)
    assert world.slack.texts("C1") == ["b"]
    world.slack.closed["C1"] = "not_in_channel"
    await world.queue(message("c"))
    await world.pass_time(3)
    assert len([text for text in world.slack.texts(DEFAULT) if "/invite @flowbot" in text]) == 2


async def test_where_the_default_channel_takes_nothing_alerts_wait_for_it(world):
    world.slack.closed[DEFAULT] = "not_in_channel"
    await world.queue(message("a", DEFAULT), message("b"))
    await world.pass_time(60)
    assert world.slack.standing() == ["b"]
    assert [alarm.name for alarm in world.alarms] == ["default channel"]
    world.slack.closed.clear()
    await world.pass_time(300, step=10)
    assert world.slack.standing() == ["a", "b", "notice-a-back"]
    assert world.alarms[-1].over


async def test_a_direct_message_never_ends_in_a_channel(world):
    world.slack.closed["U1"] = "messages_tab_disabled"
    await world.queue(message("secret", "U1"), ephemeral("w", channel="C9"), file("f"))
    world.slack.closed["C9"] = "user_not_in_channel"
    await world.pass_time(5)
    assert world.slack.standing() == []
    assert [await world.state(id_) for id_ in ("secret", "w", "f")] == ["given up"] * 3


async def test_an_answer_goes_to_its_asker_where_the_channel_does_not_take_it(world):
    world.slack.closed["C1"] = "not_in_channel"
    await world.queue(message("answer", lane=Lane.ANSWER, user="U7"))
    await world.pass_time(3)
    assert world.slack.texts("D7") == ["answer"]
    assert world.slack.texts(DEFAULT) == []


async def test_a_locked_thread_is_left_for_its_channel(world):
    world.slack.faults["post"] = [SlackRefused("restricted_action_thread_locked")]
    await world.queue(message("r", thread="9.0"))
    await world.pass_time(2)
    assert world.slack.texts("C1") == ["r"]


async def test_refused_blocks_go_as_words_and_refused_words_are_given_up(world, caplog):
    world.slack.faults["post"] = [SlackRefused("invalid_blocks", "/blocks/0")]
    await world.queue(message("a", body={"text": "FAIL 3377", "blocks": [{"type": "?"}]}))
    await world.pass_time(1)
    assert world.slack.texts() == ["FAIL 3377"]
    assert "invalid_blocks /blocks/0" in caplog.text
    world.slack.faults["post"] = [SlackRefused("some_new_word")]
    await world.queue(message("b", lane=Lane.HOUSEKEEPING), message("c", lane=Lane.HOUSEKEEPING))
    await world.pass_time(3)
    assert world.slack.texts() == ["FAIL 3377", "c"]
    assert await world.state("b") == "given up"


async def test_what_tells_of_a_failure_first_is_never_given_up_whatever_slack_says_of_it(world):
    world.slack.faults["post"] = [SlackRefused("some_new_word")] * 20
    await world.queue(message("a", body={"text": "FAIL 3377", "blocks": [{"type": "?"}]}), message("b", "C2"))
    await world.pass_time(86400, step=150)
    assert world.slack.standing() == ["a", "b"]


async def test_replies_of_a_message_that_was_given_up_go_to_the_channel(world):
    world.slack.faults["post"] = [SlackRefused("no_text")]
    await world.queue(message("first"), message("reply", thread_of="first"), edit("e", "first"))
    await world.pass_time(3)
    assert world.slack.texts() == ["changed"] or world.slack.texts() == ["reply"]
    assert await world.state("reply") == "sent"


async def test_a_bad_token_stops_everything_until_it_is_fixed(world):
    world.slack.faults["post"] = [SlackRefused("token_revoked")] * 2
    await world.queue(message("a"), message("b", "C2"))
    await world.pass_time(15)
    assert len(world.slack.calls) == 2
    assert [alarm.name for alarm in world.alarms] == ["slack"]
    assert "The token was revoked. Reinstall the app" in str(world.alarms[0].sentence)
    await world.pass_time(60)
    assert world.slack.standing() == ["a", "b"]
    assert [alarm.over for alarm in world.alarms] == [False, True]


async def test_a_missing_scope_stops_only_what_needs_it(world):
    world.slack.faults["upload"] = [SlackRefused("missing_scope", "needed: files:write")] * 2
    await world.queue(file("f1"), file("f2", "U2"), message("m"))
    await world.pass_time(10)
    assert world.slack.standing() == ["m"]
    assert [alarm.name for alarm in world.alarms] == ["slack file"]
    await world.pass_time(60)
    assert len(world.slack.files) == 2


async def test_an_edit_of_a_deleted_message_says_it_once_more(world):
    await world.queue(message("m"))
    await world.tick()
    world.slack.messages.clear()
    await world.queue(edit("e", "m"))
    await world.pass_time(1)
    assert world.slack.texts() == ["changed"]
    assert ("edit", "lost") in world.outcomes


async def test_a_file_that_slack_refuses_is_told_in_its_place(world):
    world.slack.faults["upload"] = [SlackRefused("invalid_arguments")]
    await world.queue(file("f"))
    await world.pass_time(3)
    assert world.slack.texts("D1") == [
        "I couldn't upload `task.log`. Slack refused it (`invalid_arguments`). Ask a flowbot admin to check the log."
    ]


async def test_a_bug_while_sending_is_an_alarm_and_the_post_still_arrives(world, caplog):
    world.slack.faults["post"] = [ZeroDivisionError("oops")]
    await world.queue(message("a"), message("b"))
    await world.pass_time(8)
    assert world.slack.standing() == ["a", "b"]
    assert [alarm.name for alarm in world.alarms] == ["bug"]
    assert "oops" in caplog.text


# ── the end ──


@pytest.mark.parametrize("steps", STEPS)
async def test_it_ends_when_told_in_the_moment_in_which_it_is_woken(world, steps):
    await ends_though_woken(world.delivery, steps)

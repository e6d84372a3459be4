"""Reminders: when an incident asks for attention again, and what it is after that."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from incident_cards import changed
from incident_makers import KNOWN, MAYA, NOW, OWNER, failure, incident
from incident_picture import as_sent

from bot.core.incident import lifecycle
from bot.core.incident.groups import IncidentGroup, Occasion
from bot.core.incident.lifecycle import Transition
from bot.core.incident.model import Phase
from bot.core.incident.reminders import (
    MAX_REMINDERS,
    next_reminder,
    reminders_restarted,
    step,
    storm_reminders_due,
    unacknowledged,
)
from bot.core.outbox.posts import PostId
from bot.messages.cards import incident_groups
from bot.messages.cards import incident_replies as replies
from bot.messages.cards.incident import RenderContext

EVERY = timedelta(minutes=30)
TAKEN = lifecycle.acknowledge(incident(), MAYA, NOW)[0]


def minutes(count):
    return NOW + timedelta(minutes=count)


def test_what_nobody_takes_is_called_less_and_less_often_and_then_no_more():
    waiting, called = incident(), []
    for minute in range(4 * 24 * 60):
        waiting, reason = step(waiting, EVERY, minutes(minute))
        if reason is Transition.REMINDED:
            called.append(minute)
    assert called == [30, 90, 210, 450, 930, 1890]
    assert len(called) == MAX_REMINDERS
    assert next_reminder(waiting, EVERY) is None


def test_what_was_missed_while_the_bot_was_down_is_told_once():
    late, reason = step(incident(), EVERY, minutes(600))
    assert reason is Transition.REMINDED
    assert step(late, EVERY, minutes(601)) == (late, Transition.NOTHING)


def test_who_took_it_is_asked_a_quarter_of_an_hour_before_the_promise_ends():
    assert step(TAKEN, EVERY, minutes(224)) == (TAKEN, Transition.NOTHING)
    asked, reason = step(TAKEN, EVERY, minutes(225))
    assert (reason, asked.phase) == (Transition.ACK_EXPIRING, Phase.ACKNOWLEDGED)
    assert step(asked, EVERY, minutes(239)) == (asked, Transition.NOTHING)
    free, reason = step(asked, EVERY, minutes(240))
    assert (reason, free.phase, free.acked_by) == (Transition.ACK_EXPIRED, Phase.OPEN, None)
    assert next_reminder(free, EVERY) == minutes(270)


def test_a_short_promise_ends_without_a_question():
    short = lifecycle.acknowledge(incident(), MAYA, NOW, minutes(20))[0]
    assert step(short, EVERY, minutes(19))[1] is Transition.NOTHING
    assert step(short, EVERY, minutes(20))[1] is Transition.ACK_EXPIRED


def test_a_promise_that_ended_while_the_bot_was_down_lapses_at_once():
    assert step(TAKEN, EVERY, minutes(500))[1] is Transition.ACK_EXPIRED


@pytest.mark.parametrize("phase", [Phase.RECOVERED, Phase.CLOSED])
def test_what_has_ended_is_quiet(phase):
    assert next_reminder(incident(phase=phase), EVERY) is None


def test_what_stands_under_another_message_is_not_called_by_itself():
    assert next_reminder(incident(grouped=True), EVERY) is None


def test_a_promise_for_what_stands_under_another_message_ends_too():
    taken = lifecycle.acknowledge(incident(grouped=True), MAYA, NOW)[0]
    asked, reason = step(taken, EVERY, minutes(225))
    assert reason is Transition.ACK_EXPIRING
    free, reason = step(asked, EVERY, minutes(240))
    assert (reason, free.phase, free.acked_by) == (Transition.ACK_EXPIRED, Phase.OPEN, None)
    assert next_reminder(free, EVERY) is None


STORM = IncidentGroup(PostId("p9"), "C0DATAOPS1", Occasion.STORM, NOW, NOW)


def test_a_storm_is_called_to_mind_by_the_same_times():
    numbers = [storm_reminders_due(STORM, EVERY, minutes(minute)) for minute in range(4 * 24 * 60)]
    assert [numbers.index(number) for number in range(1, MAX_REMINDERS + 1)] == [30, 90, 210, 450, 930, 1890]
    assert max(numbers) == MAX_REMINDERS
    assert storm_reminders_due(replace(STORM, occasion=Occasion.FIRST_START), EVERY, minutes(5000)) == 0


def test_a_storm_is_called_for_what_nobody_took_and_has_no_thread():
    waits = incident(grouped=True)
    assert unacknowledged([waits, incident(), changed(TAKEN, grouped=True)]) == (waits,)


def test_what_is_said_of_a_storm():
    one = incident_groups.storm_reminder([incident(grouped=True)], ["S0ONCALL01"], {OWNER: MAYA}, "p7", command="/flow")
    assert texts(one) == (
        "STILL OPEN · 1 incident of the alert storm",
        (
            "⏰ 1 incident of the alert storm is still open and nobody is on it.\n"
            "<!subteam^S0ONCALL01>, <@U0MAYA00001>, who can take it?\n"
            "List them with `/flow incidents unacked`. Acknowledge one with `/flow ack FLOW`."
        ),
        ["1|p7|incidents unacked", "1|p7|incidents mine"],
    )
    many = texts(incident_groups.storm_reminder([incident(grouped=True)] * 1200, (), {}, "p7", command="/flow"))
    assert many[1].startswith("⏰ 1,200 incidents of the alert storm are still open and nobody is on them.\nList them")


def test_what_got_its_thread_late_is_called_by_that_time():
    assert next_reminder(incident(told_at=minutes(120)), EVERY) == minutes(150)


def test_an_acknowledgement_without_an_end_never_lapses():
    assert next_reminder(incident(phase=Phase.ACKNOWLEDGED, acked_by=MAYA), EVERY) is None


def test_taking_and_giving_back_count_the_calls_afresh():
    late = incident(reminder_count=3, reminded_at=NOW)
    taken = reminders_restarted(late, lifecycle.acknowledge(late, MAYA, NOW)[0], minutes(5))
    assert (taken.reminder_count, taken.reminded_at) == (0, minutes(5))
    renewed = lifecycle.acknowledge(step(TAKEN, EVERY, minutes(225))[0], MAYA, minutes(226))[0]
    assert reminders_restarted(TAKEN, renewed, minutes(226)).reminder_count == 0
    back = reminders_restarted(TAKEN, lifecycle.unack(TAKEN)[0], minutes(60))
    assert next_reminder(back, EVERY) == minutes(90)
    assert reminders_restarted(late, late, minutes(5)) is late


@given(st.lists(st.integers(0, 100_000), min_size=1, max_size=30))
def test_whenever_it_is_looked_at_nothing_is_said_twice(moments):
    waiting = TAKEN
    for moment in sorted(moments):
        waiting, reason = step(waiting, EVERY, minutes(moment))
        assert step(waiting, EVERY, minutes(moment))[1] is Transition.NOTHING
        assert waiting.phase is Phase.OPEN or reason is not Transition.ACK_EXPIRED


def texts(card):
    body = as_sent(card)
    return body["text"], body["blocks"][0]["text"]["text"], [each["value"] for each in body["blocks"][1]["elements"]]


def test_what_is_said():
    """Read aloud: what, for how long, who is asked, and what to press."""
    broken = incident(failure(**KNOWN))
    render_context = RenderContext({OWNER: MAYA})
    assert texts(replies.reminder(broken, ["S0ONCALL01"], render_context, "p7", minutes(30))) == (
        "STILL OPEN · daily-energy-report · task transform",
        (
            "⏰ *daily-energy-report* has been failing for 30 min and nobody is on it. "
            "<!subteam^S0ONCALL01>, <@U0MAYA00001>, who can take it?"
        ),
        ["1|p7|ack 3377", "1|p7|rerun 3377-2026112100", "1|p7|log 3377-2026112100"],
    )
    alone = texts(replies.reminder(broken, (), RenderContext(), "p7", minutes(90)))
    assert alone[1].endswith("for 1 h 30 min and nobody is on it.")
    assert texts(replies.ack_expiring(TAKEN, "p8"))[:2] == (
        "ACKNOWLEDGEMENT EXPIRES SOON · daily-energy-report",
        (
            "⏰ <@U0MAYA00001>, your acknowledgement of *daily-energy-report* expires at "
            "<!date^1795266000^{date_short_pretty} {time}|2026-11-21 13:00 UTC>. Still on it?"
        ),
    )
    assert texts(replies.ack_expired(TAKEN, "p9"))[:2] == (
        "OPEN AGAIN · daily-energy-report",
        "⏰ <@U0MAYA00001>'s acknowledgement of *daily-energy-report* expired without a recovery. Nobody is on it now.",
    )


def test_a_group_that_is_none_mentions_nobody():
    said = replies.reminder(incident(), ["<!channel>"], RenderContext(), "p7", minutes(30))
    assert "&lt;!channel&gt;" in as_sent(said)["blocks"][0]["text"]["text"]


@pytest.mark.parametrize("phase", [Phase.OPEN, Phase.ACKNOWLEDGED])
def test_nobody_is_reminded_of_a_flow_that_is_gone(phase):
    gone = replace(TAKEN if phase is Phase.ACKNOWLEDGED else incident(), gone=True)
    assert next_reminder(gone, EVERY) is None
    assert unacknowledged([changed(gone, grouped=True)]) == ()


def test_what_is_said_of_a_flow_that_is_gone():
    text, line, offers = texts(replies.gone(incident(), "p7"))
    assert text == "FLOW GONE · daily-energy-report"
    assert line.startswith(
        "EnOS no longer shows me *daily-energy-report*. It was deleted, or my EnOS user can't see it any more."
    )
    assert offers == ["1|p7|close 3377"]

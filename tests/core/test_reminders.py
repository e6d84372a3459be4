"""Reminders: what becomes of an acknowledgement, and what is said of an incident that is still open."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from incident_cards import changed
from incident_makers import MAYA, NOW, incident
from incident_picture import as_sent

from bot.core.incident import lifecycle
from bot.core.incident.lifecycle import Transition
from bot.core.incident.model import Phase
from bot.core.incident.reminders import (
    called,
    next_reminder,
    reminders_restarted,
    step,
    unacknowledged,
)
from bot.messages.cards import incident_replies as replies

TAKEN = lifecycle.acknowledge(incident(), MAYA, NOW)[0]


def minutes(count):
    return NOW + timedelta(minutes=count)


def test_a_step_of_the_escalation_is_counted():
    once, reason = called(incident(), minutes(30))
    assert (once.reminder_count, once.reminded_at, reason) == (1, minutes(30), Transition.REMINDED)
    assert step(once, minutes(999)) == (once, Transition.NOTHING)


def test_who_took_it_is_asked_a_quarter_of_an_hour_before_the_promise_ends():
    assert step(TAKEN, minutes(224)) == (TAKEN, Transition.NOTHING)
    asked, reason = step(TAKEN, minutes(225))
    assert (reason, asked.phase) == (Transition.ACK_EXPIRING, Phase.ACKNOWLEDGED)
    assert step(asked, minutes(239)) == (asked, Transition.NOTHING)
    free, reason = step(asked, minutes(240))
    assert (reason, free.phase, free.acked_by) == (Transition.ACK_EXPIRED, Phase.OPEN, None)
    assert free.reminded_at == minutes(240)


def test_a_short_promise_ends_without_a_question():
    short = lifecycle.acknowledge(incident(), MAYA, NOW, minutes(20))[0]
    assert step(short, minutes(19))[1] is Transition.NOTHING
    assert step(short, minutes(20))[1] is Transition.ACK_EXPIRED


def test_a_promise_that_ended_while_the_bot_was_down_lapses_at_once():
    assert step(TAKEN, minutes(500))[1] is Transition.ACK_EXPIRED


@pytest.mark.parametrize("phase", [Phase.RECOVERED, Phase.CLOSED])
def test_what_has_ended_is_quiet(phase):
    assert next_reminder(incident(phase=phase)) is None


def test_a_promise_for_what_stands_under_another_message_ends_too():
    taken = lifecycle.acknowledge(incident(grouped=True), MAYA, NOW)[0]
    asked, reason = step(taken, minutes(225))
    assert reason is Transition.ACK_EXPIRING
    free, reason = step(asked, minutes(240))
    assert (reason, free.phase, free.acked_by) == (Transition.ACK_EXPIRED, Phase.OPEN, None)
    assert next_reminder(free) is None


def test_a_storm_is_called_for_what_nobody_took_and_has_no_thread():
    waits = incident(grouped=True)
    assert unacknowledged([waits, incident(), changed(TAKEN, grouped=True)]) == (waits,)


def test_an_acknowledgement_without_an_end_never_lapses():
    assert next_reminder(incident(phase=Phase.ACKNOWLEDGED, acked_by=MAYA)) is None


def test_taking_and_giving_back_count_the_calls_afresh():
    late = incident(reminder_count=3, reminded_at=NOW)
    taken = reminders_restarted(late, lifecycle.acknowledge(late, MAYA, NOW)[0], minutes(5))
    assert (taken.reminder_count, taken.reminded_at) == (0, minutes(5))
    renewed = lifecycle.acknowledge(step(TAKEN, minutes(225))[0], MAYA, minutes(226))[0]
    assert reminders_restarted(TAKEN, renewed, minutes(226)).reminder_count == 0
    back = reminders_restarted(TAKEN, lifecycle.unack(TAKEN)[0], minutes(60))
    assert (back.reminder_count, back.reminded_at) == (0, minutes(60))
    assert reminders_restarted(late, late, minutes(5)) is late


@given(st.lists(st.integers(0, 100_000), min_size=1, max_size=30))
def test_whenever_it_is_looked_at_nothing_is_said_twice(moments):
    waiting = TAKEN
    for moment in sorted(moments):
        waiting, reason = step(waiting, minutes(moment))
        assert step(waiting, minutes(moment))[1] is Transition.NOTHING
        assert waiting.phase is Phase.OPEN or reason is not Transition.ACK_EXPIRED


def texts(card):
    body = as_sent(card)
    return body["text"], body["blocks"][0]["text"]["text"], [each["value"] for each in body["blocks"][1]["elements"]]


def test_what_is_said():
    """Read aloud: what, for how long, who is asked, and what to press."""
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


@pytest.mark.parametrize("phase", [Phase.OPEN, Phase.ACKNOWLEDGED])
def test_nobody_is_reminded_of_a_flow_that_is_gone(phase):
    gone = replace(TAKEN if phase is Phase.ACKNOWLEDGED else incident(), gone=True)
    assert next_reminder(gone) is None
    assert unacknowledged([changed(gone, grouped=True)]) == ()


def test_what_is_said_of_a_flow_that_is_gone():
    text, line, offers = texts(replies.gone(incident(), "p7"))
    assert text == "FLOW GONE · daily-energy-report"
    assert line.startswith(
        "EnOS no longer shows me *daily-energy-report*. It was deleted, or my EnOS user can't see it any more."
    )
    assert offers == ["1|p7|close 3377"]

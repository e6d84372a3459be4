"""An incident moves from one person to another: taken over at once, or asked for and accepted."""

from dataclasses import replace
from datetime import timedelta

import pytest
from incident_makers import JONAS, MAYA, NOW, incident

from bot.core.command.parse import say
from bot.core.command.requests import Close, FlowRef
from bot.core.errors import Refusal
from bot.core.incident import handover, lifecycle, reminders
from bot.core.incident.handover import Lapse, Offer, OfferKind, OfferState
from bot.core.incident.lifecycle import ACK_DURATION, Transition
from bot.core.incident.model import Ask, IncidentId, OfferId, Phase
from bot.core.incident.resolution import Resolution
from bot.core.people.model import Person
from bot.core.text.message import rendered

ALEX = Person("T0DEMO0001", "U0ALEX00001")
LATER = NOW + timedelta(minutes=10)
OPEN = incident()
HELD = lifecycle.acknowledge(OPEN, MAYA, NOW, note="looking at the source table")[0]
CLOSED = lifecycle.close(HELD, MAYA, NOW)[0]
GREEN = lifecycle.recovered(HELD, "3377-2026112200", NOW)[0]
OFFER = Offer(OfferId("0ffe"), OfferKind.ASSIGN, (IncidentId("i1"),), MAYA, JONAS, NOW, NOW + handover.OFFER_LASTS)
OTHER_OFFER = replace(OFFER, id=OfferId("0ffe2"), to=ALEX)
ASKED = handover.ask(HELD, OFFER)[0]


def refused(act, *arguments, **named):
    with pytest.raises(Refusal) as caught:
        act(*arguments, **named)
    return caught.value


# ── take over ──


def test_what_another_person_has_moves_at_once():
    new, reason = handover.take(HELD, JONAS, LATER)
    assert reason is Transition.TAKEN_OVER
    assert (new.phase, new.acked_by, new.acked_at) == (Phase.ACKNOWLEDGED, JONAS, LATER)
    assert new.ack_until == LATER + ACK_DURATION
    assert new.taken_from == MAYA
    assert new.note == "looking at the source table"


def test_it_moves_for_as_long_as_is_said():
    assert handover.take(HELD, JONAS, LATER, LATER + timedelta(hours=2))[0].ack_until == LATER + timedelta(hours=2)
    refusal = refused(handover.take, HELD, JONAS, LATER, NOW)
    assert (refusal.reason, "`take 3377 for 2h`" in str(refusal)) == ("promise_past", True)


@pytest.mark.parametrize("seen", ["", MAYA.user])
def test_what_nobody_has_is_acknowledged(seen):
    new, reason = handover.take(OPEN, JONAS, LATER, seen=seen)
    assert (reason, new.acked_by, new.taken_from) == (Transition.ACKNOWLEDGED, JONAS, None)


def test_ones_own_is_renewed_when_typed_and_answered_kindly_when_pressed():
    new, reason = handover.take(HELD, MAYA, LATER)
    assert (reason, new.ack_until) == (Transition.RENEWED, LATER + ACK_DURATION)
    refusal = refused(handover.take, HELD, MAYA, LATER, seen=MAYA.user)
    assert refusal.reason == "yours_already"
    assert "You already have this incident until" in str(refusal)
    assert "`take 3377 for 4h`" in str(refusal)
    refusal = refused(handover.take, replace(HELD, ack_until=None), MAYA, LATER, seen=MAYA.user)
    assert "You already have this incident. " in str(refusal)


@pytest.mark.parametrize(
    ("seen", "after"),
    [
        (ALEX.user, timedelta(seconds=1)),  # the card that was pressed showed another person
        (ALEX.user, timedelta(hours=1)),
        ("", timedelta(seconds=1)),  # typed while another was faster
        ("", timedelta(seconds=-1)),  # and the clock was set back
    ],
)
def test_the_second_of_two_is_told_who_has_it_and_can_take_it_knowingly(seen, after):
    refusal = refused(handover.take, HELD, JONAS, NOW + after, seen=seen)
    assert refusal.reason == "taken_just_now"
    assert "<@U0MAYA00001> acknowledged this incident" in rendered(refusal.message)
    assert "Nothing was changed." in str(refusal)
    ((_, command),) = refusal.offers
    assert command == "take 3377 from <@U0MAYA00001>"
    assert handover.take(HELD, JONAS, NOW + after, seen=MAYA.user)[1] is Transition.TAKEN_OVER


def test_who_has_it_for_long_need_not_be_named():
    assert handover.take(HELD, JONAS, NOW + handover.JUST_NOW)[1] is Transition.TAKEN_OVER
    assert handover.take(replace(HELD, acked_at=None), JONAS, NOW, seen=MAYA.user)[1] is Transition.TAKEN_OVER


@pytest.mark.parametrize(
    "act",
    [
        lambda old: handover.take(old, JONAS, LATER),
        lambda old: handover.ask(old, OFFER),
    ],
)
@pytest.mark.parametrize(("old", "reason", "way"), [(CLOSED, "closed", "`reopen 3377`"), (GREEN, "recovered", "`show")])
def test_what_has_ended_does_not_move(act, old, reason, way):
    refusal = refused(act, old)
    assert (refusal.reason, way in str(refusal)) == (reason, True)


def test_whoever_is_refused_an_acknowledgement_can_take_it_over():
    refusal = refused(lifecycle.acknowledge, HELD, JONAS, LATER)
    assert "`take 3377`" in str(refusal)
    assert [command for _, command in refusal.offers] == ["take 3377 from <@U0MAYA00001>"]
    assert lifecycle.take_over(OPEN)[1] == "take 3377"


def test_a_reminder_that_waits_is_not_true_for_the_next_person():
    new = handover.take(HELD, JONAS, NOW + handover.JUST_NOW, HELD.ack_until)[0]
    assert not reminders.same_acknowledgement(HELD, new)


# ── ask, accept, and what ends it ──


@pytest.mark.parametrize("old", [OPEN, HELD])
def test_who_is_asked_stands_on_the_incident_and_nothing_moves(old):
    new, reason = handover.ask(old, OFFER)
    assert reason is Transition.ASKED
    assert new.ask == Ask(OFFER.id, MAYA, JONAS)
    assert replace(new, ask=None) == old
    assert handover.is_part_of(new, OFFER)


def test_nobody_is_asked_for_what_they_have():
    refusal = refused(handover.ask, HELD, replace(OFFER, by=JONAS, to=MAYA))
    assert (refusal.reason, "is already on it" in str(refusal)) == ("theirs_already", True)


@pytest.mark.parametrize(("old", "by", "former"), [(HELD, MAYA, MAYA), (HELD, ALEX, MAYA), (OPEN, ALEX, ALEX)])
def test_accepted_it_is_theirs_and_says_from_whom(old, by, former):
    offer = replace(OFFER, by=by)
    new, reason = handover.accept(handover.ask(old, offer)[0], offer, LATER)
    assert reason is Transition.TAKEN_OVER
    assert (new.acked_by, new.taken_from, new.ask) == (JONAS, former, None)
    assert (new.acked_at, new.ack_until) == (LATER, LATER + ACK_DURATION)


def test_released_it_stays_where_it_was():
    assert handover.release(ASKED, OFFER) == (HELD, Transition.ASK_ENDED)


ELSEWHERE = {  # what becomes of it while somebody is asked, and what the buttons then answer
    "recovered": (lifecycle.recovered(ASKED, "3377-2026112200", LATER)[0], "recovered"),
    "closed": (lifecycle.close(ASKED, MAYA, LATER)[0], "closed this incident"),
    "replaced": (handover.ask(ASKED, OTHER_OFFER)[0], "A newer request to <@U0ALEX00001> replaced this one."),
    "taken over": (handover.take(ASKED, ALEX, LATER)[0], "<@U0ALEX00001> is on it now."),
    "acknowledged": (lifecycle.acknowledge(handover.ask(OPEN, OFFER)[0], ALEX, LATER)[0], "is on it now."),
    "nobody": (OPEN, "This request no longer applies"),
}


@pytest.mark.parametrize(("now", "why"), ELSEWHERE.values(), ids=ELSEWHERE)
def test_what_happens_elsewhere_ends_the_offer(now, why):
    assert not handover.is_part_of(now, OFFER)
    assert handover.accept(now, OFFER, LATER) == (now, Transition.NOTHING)
    assert handover.release(now, OFFER) == (now, Transition.NOTHING)
    refusal = refused(handover.refuse_left_out, now, OFFER)
    assert refusal.reason == "offer_over"
    assert why in rendered(refusal.message)
    assert ("`take 3377`" in str(refusal)) is lifecycle.is_live(now)


def test_what_is_still_offered_is_not_refused():
    handover.refuse_left_out(ASKED, OFFER)


@pytest.mark.parametrize(
    "now",
    [
        lifecycle.unack(ASKED)[0],
        lifecycle.acknowledge(ASKED, MAYA, LATER)[0],
        reminders.step(ASKED, NOW + ACK_DURATION)[0],
    ],
    ids=["handed back", "renewed", "expired"],
)
def test_the_question_stands_while_its_asker_hands_back_renews_or_forgets(now):
    """Somebody else taking it is then all the more welcome."""
    assert handover.accept(now, OFFER, LATER)[0].acked_by == JONAS


def test_after_a_close_and_a_reopen_nobody_is_asked():
    assert lifecycle.reopen(lifecycle.close(ASKED, MAYA, LATER)[0])[0].ask is None


# ── who may answer ──


def test_only_the_person_who_was_asked_answers():
    handover.refuse_answer(OFFER, JONAS, LATER)
    for other in (MAYA, ALEX):
        refusal = refused(handover.refuse_answer, OFFER, other, LATER)
        assert (refusal.reason, "`take 2809`" in str(refusal)) == ("not_asked", True)


def test_only_the_person_who_asked_withdraws():
    handover.refuse_withdrawal(OFFER, MAYA, LATER)
    assert refused(handover.refuse_withdrawal, OFFER, JONAS, LATER).reason == "not_the_asker"


def test_nobody_asks_themselves():
    handover.refuse_self(MAYA, JONAS, "take 3377")
    refusal = refused(handover.refuse_self, MAYA, MAYA, "take 3377")
    assert (refusal.reason, "`take 3377`" in str(refusal)) == ("asked_oneself", True)


ENDED = {
    OfferState.ACCEPTED: "already accepted this",
    OfferState.DECLINED: "already declined this",
    OfferState.WITHDRAWN: "withdrew this request",
    OfferState.EXPIRED: "because nobody answered it",
    OfferState.UNREACHABLE: "is not active",
    OfferState.OVER: "no longer applies",
}


@pytest.mark.parametrize(("state", "why"), ENDED.items(), ids=[each.value for each in ENDED])
def test_buttons_of_an_offer_that_has_ended_say_how(state, why):
    offer = handover.ended(OFFER, state, LATER)
    for act, person in ((handover.refuse_answer, JONAS), (handover.refuse_withdrawal, MAYA)):
        refusal = refused(act, offer, person, LATER)
        assert (refusal.reason, why in str(refusal)) == (f"offer_{state.value}", True)
        assert ("`incidents mine`" if state is OfferState.ACCEPTED else "`take 2809`") in str(refusal)


def test_after_its_time_it_has_expired_even_before_that_was_said():
    assert refused(handover.refuse_answer, OFFER, JONAS, OFFER.until).reason == "offer_expired"
    assert refused(handover.refuse_answer, replace(OFFER, until=LATER), JONAS, LATER).reason == "offer_expired"


def test_an_offer_too_old_to_know_is_refused_with_a_way_out():
    assert "`incidents`" in str(handover.unknown_offer())


@pytest.mark.parametrize(
    ("left", "at", "active", "reason"),
    [
        (1, LATER, True, Lapse.NOT_YET),
        (1, OFFER.until, True, Lapse.UNANSWERED),
        (2, OFFER.until + timedelta(days=1), True, Lapse.UNANSWERED),  # flowbot was away
        (1, LATER, False, Lapse.UNREACHABLE),
        (1, OFFER.until, False, Lapse.UNREACHABLE),
        (0, LATER, True, Lapse.NOTHING_LEFT),
        (0, OFFER.until, False, Lapse.NOTHING_LEFT),
    ],
)
def test_when_an_offer_ends_by_itself(left, at, active, reason):
    assert handover.lapse(OFFER, left, at, active=active) is reason
    assert (reason in handover.END_OF) is (reason is not Lapse.NOT_YET)


# ── closed as what ──


def test_a_close_says_as_what():
    new, reason = lifecycle.close(HELD, MAYA, LATER, "known bug", Resolution.EXPECTED)
    assert (reason, new.resolution, new.note) == (Transition.CLOSED, Resolution.EXPECTED, "known bug")
    assert lifecycle.reopen(new)[0].resolution is None


def test_what_is_closed_can_be_said_later_and_corrected():
    new, reason = lifecycle.close(CLOSED, JONAS, LATER, resolution=Resolution.FIXED)
    assert (reason, new.resolution, new.ended_by) == (Transition.RESOLVED, Resolution.FIXED, MAYA)
    again, _ = lifecycle.close(new, JONAS, LATER, "the same as 2809", Resolution.DUPLICATE)
    assert (again.resolution, again.note) == (Resolution.DUPLICATE, "the same as 2809")
    assert refused(lifecycle.close, again, JONAS, LATER, resolution=Resolution.DUPLICATE).reason == "closed"
    assert refused(lifecycle.close, again, JONAS, LATER).reason == "closed"


def test_as_what_it_is_closed_is_said_in_chinese_too():
    assert say(Close(FlowRef(id=3377), resolution=Resolution.FIXED), "zh") == "关闭 3377 结果 已修复"

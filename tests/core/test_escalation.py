"""Escalation: who is called about an incident that nobody has acknowledged, when, and why nobody is."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from incident_makers import MAYA, NOW, incident

from bot.core.incident import lifecycle, reminders
from bot.core.incident.escalation import (
    MAX_STEPS,
    CallReason,
    Plan,
    calling,
    course_of,
    course_of_storm,
    decide,
    may_be_due,
    most_of,
    told_directly,
)
from bot.core.incident.groups import IncidentGroup, Occasion
from bot.core.incident.model import IncidentCard, Phase
from bot.core.outbox.posts import PostId
from bot.core.people.on_call import EMPTY, SILENT, OnCallGroup
from bot.core.routing.mentions import Permission, Permit

EVERY = timedelta(minutes=30)
OWNER = "U0MAYA00001"
FIRST = OnCallGroup("S0FIRST001", frozenset({"U0A", "U0B"}))
SECOND = OnCallGroup("S0SECOND01", frozenset({"U0C"}))
NOBODY = OnCallGroup("S0EMPTY001", word=EMPTY)
REFUSED = OnCallGroup("S0GONE0001", word="no_such_subteam")
SILENCE = OnCallGroup("S0SILENT01", word=SILENT)
MANY = tuple(OnCallGroup(f"S{number}", frozenset({"U0A"})) for number in range(1, 10))
OTHER_CARD = IncidentCard("C0FINANCE1", PostId("p2"), told_at=NOW)


def minutes(count):
    return NOW + timedelta(minutes=count)


def plan(*groups, pagerduty=False, owners=(OWNER,)):
    return Plan(EVERY, groups, pagerduty, owners)


def allowed(waiting, *permits):
    """What the channels of its cards allow: all that is not said is allowed."""
    given = [*permits, *[Permit()] * len(waiting.threads)]
    return list(zip(waiting.threads, given, strict=False))


def night(plan, until=4 * 24 * 60, waiting=None):
    """Look each minute; return whom each step calls, by its minute."""
    waiting, history, called = waiting or incident(), [], {}
    for minute in range(until):
        decision = decide(course_of(waiting, history), plan, allowed(waiting), minutes(minute))
        if decision.is_due:
            step = decision.step
            history.append(step)
            waiting, _ = reminders.called(waiting, minutes(minute))
            called[minute] = " ".join(filter(None, [step.reason.value, step.group, *step.owners]))
    return called


NIGHTS = [
    (
        "Without a group and without PagerDuty, the owners are reminded, less and less often.",
        plan(),
        dict.fromkeys((30, 90, 210, 450, 930, 1890), f"owners {OWNER}"),
    ),
    (
        "The owners and the first group are called first, then the owners alone.",
        plan(FIRST),
        {30: f"group S0FIRST001 {OWNER}"} | dict.fromkeys((90, 210, 450, 930, 1890), f"owners {OWNER}"),
    ),
    (
        "The second group is called as long after the first as that was after the alert.",
        plan(FIRST, SECOND),
        {30: f"group S0FIRST001 {OWNER}", 60: "group S0SECOND01"}
        | dict.fromkeys((120, 240, 480, 960), f"owners {OWNER}"),
    ),
    (
        "PagerDuty is the step after the last group.",
        plan(FIRST, SECOND, pagerduty=True),
        {30: f"group S0FIRST001 {OWNER}", 60: "group S0SECOND01", 90: "pagerduty"}
        | dict.fromkeys((150, 270, 510), f"owners {OWNER}"),
    ),
    (
        "Where no group is set, PagerDuty is called first, together with the owners.",
        plan(pagerduty=True),
        {30: f"pagerduty {OWNER}"} | dict.fromkeys((90, 210, 450, 930, 1890), f"owners {OWNER}"),
    ),
    (
        "A group in which nobody is active is passed over at once: the same step calls the next.",
        plan(NOBODY, SECOND),
        {30: f"group S0SECOND01 {OWNER}"} | dict.fromkeys((90, 210, 450, 930, 1890), f"owners {OWNER}"),
    ),
    (
        "Where the last groups are passed over, the pauses double from there on.",
        plan(FIRST, NOBODY),
        {30: f"group S0FIRST001 {OWNER}"} | dict.fromkeys((60, 120, 240, 480, 960), f"owners {OWNER}"),
    ),
    (
        "So is a group that Slack refuses to show.",
        plan(FIRST, REFUSED, SECOND),
        {30: f"group S0FIRST001 {OWNER}", 60: "group S0SECOND01"}
        | dict.fromkeys((120, 240, 480, 960), f"owners {OWNER}"),
    ),
    (
        "Where all groups are passed over, the first step calls PagerDuty.",
        plan(NOBODY, REFUSED, pagerduty=True),
        {30: f"pagerduty {OWNER}"} | dict.fromkeys((90, 210, 450, 930, 1890), f"owners {OWNER}"),
    ),
    (
        "A group is called while Slack does not answer who is in it.",
        plan(SILENCE),
        {30: f"group S0SILENT01 {OWNER}"} | dict.fromkeys((90, 210, 450, 930, 1890), f"owners {OWNER}"),
    ),
    (
        "A group that is named twice is called once.",
        plan(FIRST, FIRST, owners=()),
        {30: "group S0FIRST001"} | dict.fromkeys((90, 210, 450, 930, 1890), "owners"),
    ),
    (
        "However many groups there are, each is called, and PagerDuty after the last of them.",
        plan(*MANY, pagerduty=True, owners=()),
        {30 * step: f"group S{step}" for step in range(1, 10)} | {300: "pagerduty"},
    ),
    (
        "Six groups leave a step for PagerDuty, and then none for a reminder.",
        plan(*MANY[:6], pagerduty=True, owners=()),
        {30 * step: f"group S{step}" for step in range(1, 7)} | {210: "pagerduty"},
    ),
    (
        "Of many groups that are passed over, the step is not made up for by a reminder.",
        plan(*MANY[:5], NOBODY, REFUSED, SILENCE, owners=()),
        {30 * step: f"group S{step}" for step in range(1, 6)} | {180: "group S0SILENT01"},
    ),
]


@pytest.mark.parametrize(("sentence", "whom", "called"), NIGHTS, ids=[each[0] for each in NIGHTS])
def test_whom_a_night_calls_and_when(sentence, whom, called):
    assert night(whom) == called, sentence


def quiet(count):
    return Permit(Permission.QUIET_HOURS, minutes(count))


TAKEN = lifecycle.acknowledge(incident(), MAYA, NOW)[0]
TWO_CARDS = replace(incident(), cards=(incident().home, OTHER_CARD))
OFF, NO_MENTIONS, DIRECT = (
    Permit(each) for each in (Permission.REMINDERS_OFF, Permission.MENTIONS_OFF, Permission.DIRECT_MESSAGE)
)


@pytest.mark.parametrize(
    ("sentence", "permits", "expected"),
    [
        ("The first board calls.", (Permit(), Permit()), 0),
        ("One that may mention people goes before it.", (NO_MENTIONS, Permit()), 1),
        ("One that may remind goes before one that may not.", (OFF, DIRECT), 1),
        ("Where none may, the first one waits.", (OFF, quiet(400)), 0),
    ],
)
def test_which_of_several_storms_calls_about_an_incident(sentence, permits, expected):
    assert calling(tuple(zip(TWO_CARDS.cards, permits, strict=True))) == TWO_CARDS.cards[expected], sentence


REASONS = [
    ("Nobody is called before it is due.", incident(), (), 29, (CallReason.NOT_DUE, 30)),
    ("The first group is called when it is due.", incident(), (), 30, (CallReason.GROUP, 30)),
    (
        "During quiet hours nobody is called until they end.",
        incident(),
        (quiet(400),),
        31,
        (CallReason.QUIET_HOURS, 400),
    ),
    ("Quiet hours that end before the step do not matter.", incident(), (quiet(20),), 5, (CallReason.NOT_DUE, 30)),
    (
        "Quiet hours that last longer than the step are the reason before it.",
        incident(),
        (quiet(60),),
        5,
        (CallReason.QUIET_HOURS, 60),
    ),
    (
        "Where reminders are off, nobody is called at any time.",
        incident(),
        (OFF,),
        31,
        (CallReason.REMINDERS_OFF, None),
    ),
    (
        "Of two quiet channels the one that ends first counts.",
        TWO_CARDS,
        (quiet(400), quiet(90)),
        31,
        (CallReason.QUIET_HOURS, 90),
    ),
    (
        "Of two, one of which never allows it, the other's end counts.",
        TWO_CARDS,
        (OFF, quiet(90)),
        31,
        (CallReason.QUIET_HOURS, 90),
    ),
    ("One channel that allows it is enough.", TWO_CARDS, (quiet(400),), 31, (CallReason.GROUP, 30)),
    ("A channel without mentions is reminded.", incident(), (NO_MENTIONS,), 31, (CallReason.GROUP, 30)),
    ("Somebody's own watch is reminded.", incident(), (DIRECT,), 31, (CallReason.GROUP, 30)),
    (
        "Nobody is called about what is snoozed.",
        incident(),
        (Permit(Permission.SNOOZED, minutes(90)),),
        31,
        (CallReason.SNOOZED, 90),
    ),
    (
        "Nor where somebody is on the cause.",
        incident(),
        (Permit(Permission.CAUSE_ACKNOWLEDGED),),
        31,
        (CallReason.CAUSE_ACKNOWLEDGED, None),
    ),
    ("Nobody is called while somebody is on it.", TAKEN, (), 31, (CallReason.ACKNOWLEDGED, 240)),
    ("Nobody is called for a flow that is gone.", replace(incident(), gone=True), (), 31, (CallReason.GONE, None)),
    ("Nobody is called for what has recovered.", incident(phase=Phase.RECOVERED), (), 31, (CallReason.ENDED, None)),
    ("Nobody is called for what was closed.", incident(phase=Phase.CLOSED), (), 31, (CallReason.ENDED, None)),
    ("What is listed in a storm is not called about alone.", incident(grouped=True), (), 31, (CallReason.LISTED, None)),
    (
        "After six steps nobody is called any more.",
        incident(reminder_count=6, reminded_at=NOW),
        (),
        9999,
        (CallReason.ALL_CALLED, None),
    ),
    ("What got its thread late counts from then.", incident(told_at=minutes(120)), (), 149, (CallReason.NOT_DUE, 150)),
    (
        "Of an older version only the number of reminders is known.",
        incident(reminder_count=2, reminded_at=NOW),
        (),
        30,
        (CallReason.GROUP, 30),
    ),
]


@pytest.mark.parametrize(
    ("sentence", "waiting", "permits", "minute", "expected"), REASONS, ids=[each[0] for each in REASONS]
)
def test_why_somebody_is_called_or_nobody(sentence, waiting, permits, minute, expected):
    reason, until = expected
    decision = decide(course_of(waiting, ()), plan(FIRST, SECOND), allowed(waiting, *permits), minutes(minute))
    assert (decision.reason, decision.until) == (reason, until if until is None else minutes(until)), sentence
    assert decision.is_due is (reason is CallReason.GROUP)


PLACES = [
    ("The first card mentions, all show the step.", (), ("C0DATAOPS1", "C0FINANCE1"), "C0DATAOPS1"),
    ("A quiet channel shows nothing, the next mentions.", (quiet(90),), ("C0FINANCE1",), "C0FINANCE1"),
    ("One without mentions shows it, the next mentions.", (NO_MENTIONS,), ("C0DATAOPS1", "C0FINANCE1"), "C0FINANCE1"),
    ("Where none mentions, it is shown.", (NO_MENTIONS, DIRECT), ("C0DATAOPS1", "C0FINANCE1"), None),
]


@pytest.mark.parametrize(("sentence", "permits", "shown", "mentions"), PLACES, ids=[each[0] for each in PLACES])
def test_where_a_step_is_shown_and_where_it_mentions(sentence, permits, shown, mentions):
    decision = decide(course_of(TWO_CARDS, ()), plan(FIRST), allowed(TWO_CARDS, *permits), minutes(30))
    assert tuple(card.channel for card in decision.shown_in) == shown, sentence
    assert (decision.mentions_in and decision.mentions_in.channel) == mentions


def test_a_step_says_whom_it_passed_over_and_the_next_does_not_go_back_to_them():
    first = decide(course_of(incident(), ()), plan(NOBODY, FIRST, SECOND), allowed(incident()), minutes(30)).step
    assert first.passed_over == (("S0EMPTY001", EMPTY),)
    later, _ = reminders.called(incident(), minutes(30))
    filled = OnCallGroup(NOBODY.id, frozenset({"U0Z"}))
    second = decide(course_of(later, [first]), plan(filled, FIRST, SECOND), allowed(later), minutes(60)).step
    assert second.group == "S0SECOND01"


def test_the_step_after_handing_back_is_the_first_again():
    once, _ = reminders.called(incident(), minutes(30))
    history = [decide(course_of(incident(), ()), plan(FIRST), allowed(incident()), minutes(30)).step]
    taken, _ = lifecycle.acknowledge(once, MAYA, minutes(40))
    back = reminders.reminders_restarted(taken, lifecycle.unack(taken)[0], minutes(60))
    decision = decide(course_of(back, history), plan(FIRST), allowed(back), minutes(90))
    assert (decision.step.number, decision.step.group, decision.until) == (1, "S0FIRST001", minutes(90))


def test_an_expired_acknowledgement_counts_from_its_end():
    free, _ = reminders.step(TAKEN, minutes(240))
    assert decide(course_of(free, ()), plan(FIRST), allowed(free), minutes(241)).until == minutes(270)


def test_what_comes_next_is_known_before_it_is_due():
    decision = decide(course_of(incident(), ()), plan(FIRST), allowed(incident()), minutes(1))
    assert (decision.step.group, decision.step.owners) == ("S0FIRST001", (OWNER,))


def test_what_cannot_be_due_is_not_looked_at_closer():
    assert not may_be_due(incident(), plan(), minutes(29))
    assert may_be_due(incident(), plan(), minutes(30))
    assert not may_be_due(TAKEN, plan(), minutes(60))
    assert not may_be_due(incident(reminder_count=MAX_STEPS), plan(*MANY[:6]), minutes(9999))
    assert may_be_due(incident(reminder_count=MAX_STEPS), plan(*MANY[:6], pagerduty=True), minutes(9999))


MESSAGES = [
    ("Who is called and does not read the channel hears of it.", FIRST, (), (OWNER, "U0A", "U0B")),
    ("Who reads the channel does not.", FIRST, (OWNER, "U0B"), ("U0A",)),
    ("One message for somebody who is an owner and on call.", OnCallGroup(FIRST.id, frozenset({OWNER})), (), (OWNER,)),
    ("Of a group that Slack does not show, only the owners.", OnCallGroup(FIRST.id, word=SILENT), (), (OWNER,)),
    (
        "At most twenty.",
        OnCallGroup(FIRST.id, frozenset(f"U{number:02}" for number in range(40))),
        (),
        (OWNER, *(f"U{number:02}" for number in range(19))),
    ),
]


@pytest.mark.parametrize(("sentence", "group", "readers", "told"), MESSAGES, ids=[each[0] for each in MESSAGES])
def test_who_hears_of_a_step_by_direct_message(sentence, group, readers, told):
    whom = plan(group)
    step = decide(course_of(incident(), ()), whom, allowed(incident()), minutes(30)).step
    assert told_directly(step, whom, readers) == told, sentence


def test_owners_hear_of_a_step_that_calls_no_group():
    step = decide(course_of(incident(), ()), plan(), allowed(incident()), minutes(30)).step
    assert told_directly(step, plan(FIRST), ()) == (OWNER,)


# ── storms ──

STORM = IncidentGroup(PostId("p9"), "C0DATAOPS1", Occasion.STORM, NOW, NOW)
CARD = (IncidentCard("C0DATAOPS1", PostId("p9")), Permit())


def test_a_storm_is_escalated_as_a_whole_by_the_same_times():
    history, called = [], {}
    for minute in range(4 * 24 * 60):
        decision = decide(course_of_storm(STORM, history), plan(FIRST, SECOND), [CARD], minutes(minute))
        if decision.is_due:
            history.append(decision.step)
            called[minute] = decision.step.group
    assert called == {30: "S0FIRST001", 60: "S0SECOND01", 120: "", 240: "", 480: "", 960: ""}


def test_a_first_start_calls_nobody():
    first_start = replace(STORM, occasion=Occasion.FIRST_START)
    assert decide(course_of_storm(first_start, ()), plan(FIRST), [CARD], minutes(999)).reason is CallReason.LISTED


def test_what_came_back_to_a_storm_waits_as_long_as_any():
    back = incident(grouped=True, reminded_at=minutes(100))
    never = incident(grouped=True)
    assert course_of_storm(STORM, (), [back]).since == minutes(100)
    assert course_of_storm(STORM, (), [back, never]).since == NOW


@given(st.lists(st.integers(0, 100_000), min_size=1, max_size=30))
def test_whenever_it_is_looked_at_no_step_calls_twice(moments):
    waiting, history = incident(), []
    whom = plan(FIRST, NOBODY, SECOND, pagerduty=True)
    for moment in sorted(moments):
        decision = decide(course_of(waiting, history), whom, allowed(waiting), minutes(moment))
        if decision.is_due:
            history.append(decision.step)
            waiting, _ = reminders.called(waiting, minutes(moment))
        assert not decide(course_of(waiting, history), whom, allowed(waiting), minutes(moment)).is_due
    assert [step.number for step in history] == list(range(1, len(history) + 1))
    groups = [step.group for step in history if step.group]
    assert groups == ["S0FIRST001", "S0SECOND01"][: len(groups)]


@pytest.mark.parametrize(
    ("sentence", "permissions", "most"),
    [
        ("one incident that may be mentioned is enough", ["quiet hours", "mentioned"], "mentioned"),
        ("else one that may be reminded of", ["quiet hours", "mentions off"], "mentions off"),
        ("else it is as the first says", ["quiet hours", "snoozed"], "quiet hours"),
        ("of none at all everything is allowed", [], "mentioned"),
    ],
)
def test_what_a_channel_allows_about_several(sentence, permissions, most):
    permits = [Permit(Permission(each)) for each in permissions]
    assert most_of(permits).permission is Permission(most), sentence

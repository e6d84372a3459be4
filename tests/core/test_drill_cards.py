"""The card of a sample failure, the answer to who asked for it, and what ``show`` says of places."""

from dataclasses import replace
from datetime import time, timedelta

import pytest
from incident_makers import JONAS, NOW, OTHER, OWNER
from languages import ALL

from bot.core.flow.model import FlowId
from bot.core.incident.escalation import CallReason, Plan
from bot.core.incident.model import IncidentCard, Snooze, SnoozeId
from bot.core.outbox.blocks import rendered
from bot.core.outbox.posts import PostId
from bot.core.people.on_call import EMPTY, OnCallGroup
from bot.core.routing.expected_calls import ExpectedCall, expected_calls, expected_in
from bot.core.routing.mentions import Permission
from bot.core.routing.places import UNWATCHED, DrillPlace, Place, PlaceReason, samples_of
from bot.core.routing.prefs import Prefs
from bot.core.routing.quiet import QuietHours
from bot.core.routing.rules import RoutingRules
from bot.core.routing.watch import Failure, Filters, Watch
from bot.core.text.message import msg
from bot.messages.cards import answers, drill, places
from bot.messages.cards.drill import Unposted

ALERTS, GRID, PERSON = "C0DATAOPS1", "C0GRIDOPS1", "U0JONAS0001"
ENDS = NOW + timedelta(hours=8)
HALF = timedelta(minutes=30)
GROUPS = (
    OnCallGroup("S0FIRST001", frozenset({"U1"})),
    OnCallGroup("S0NOBODY01", word=EMPTY),
    OnCallGroup("S0LAST0001", frozenset({"U2"})),
)
PLAN = Plan(HALF, GROUPS, pagerduty=True, owners=(OWNER,))
ALLOWED = RoutingRules().permits(Failure(UNWATCHED, ""), [IncidentCard(ALERTS, PostId(""))])
ALL_DAY = expected_calls(PLAN, NOW, ALLOWED)
CALLS = ALL_DAY.calls
NAMED = {"S0LAST0001": "@last-line"}
NAMES = ("PagerDuty", "webhook", "Alex Kim", *NAMED.values())
WATCHED, LOST = PlaceReason.WATCHED, PlaceReason.CHANNEL_LOST

PLACES = {
    "no watch": DrillPlace(ALERTS, (Place(ALERTS, PlaceReason.NO_WATCH_MATCHES),)),
    "watched": DrillPlace(
        GRID,
        (
            Place(GRID, WATCHED, (1, 3)),
            Place(GRID, WATCHED, (2,), Permission.QUIET_HOURS, ENDS),
            Place(GRID, WATCHED, (4,), Permission.MENTIONS_OFF),
        ),
        (OWNER, OTHER),
    ),
    "lost": DrillPlace(ALERTS, (Place(ALERTS, LOST, (1,)), Place(ALERTS, LOST, (2, 3)))),
    "a person": DrillPlace(PERSON, (Place(PERSON, WATCHED, (5,), Permission.DIRECT_MESSAGE),)),
}


@pytest.mark.parametrize("language", ALL)
@pytest.mark.parametrize("name", PLACES)
def test_a_sample_failure(golden, name, language):
    golden(drill.card(PLACES[name], [ALL_DAY], ("webhook",), "Alex Kim", NAMED), language, NAMES)


@pytest.mark.parametrize("language", ALL)
def test_a_sample_failure_where_nobody_can_be_called(golden, language):
    lonely = DrillPlace(ALERTS, (Place(ALERTS, PlaceReason.NO_WATCH_MATCHES),), (OWNER,))
    alone = expected_calls(Plan(HALF), NOW, ALLOWED)
    golden(drill.card(lonely, [replace(alone, calls=alone.calls[:1])], (), "", NAMED), language)


# ── what the channels allow ──

QUIET = QuietHours(time(8), time(17), "UTC")  # NOW is at nine
NIGHT = QuietHours(time(9, 15), time(17), "UTC")
WATCHES = (
    Watch(1, GRID, Filters(flow=FlowId(1)), JONAS, NOW),
    Watch(2, GRID, Filters(flow=FlowId(2), quiet=QUIET), JONAS, NOW),
    Watch(3, GRID, Filters(flow=FlowId(3), quiet=NIGHT), JONAS, NOW),
    Watch(4, PERSON, Filters(flow=FlowId(3)), JONAS, NOW),
    Watch(5, GRID, Filters(flow=FlowId(5)), JONAS, NOW),
    Watch(6, GRID, Filters(flow=FlowId(6), quiet=QUIET), JONAS, NOW),
)
SNOOZE = Snooze(SnoozeId("s1"), FlowId(5), "report", JONAS, NOW, NOW + timedelta(hours=2), "TICKET-17")
OFF = {GRID: Prefs(reminders=False)}


def expected(*numbers, prefs=None, snoozes=(SNOOZE,)):
    """What a drill in the channel expects of the watches with these numbers."""
    rules = RoutingRules(tuple(each for each in WATCHES if each.id in numbers), prefs or {})
    samples = samples_of(GRID, rules, ALERTS, {})
    return expected_in(GRID, samples, rules, ALERTS, (), snoozes, PLAN, NOW)


def minutes(calls):
    return [call.after // timedelta(minutes=1) for call in calls.calls]


SCHEDULES = {
    "The steps of a channel that is never quiet come one after the other.": (
        expected(1),
        [((1,), [30, 60, 90, 150, 270, 510], None)],
    ),
    "In quiet hours the first step waits for their end, and the others count from it.": (
        expected(2),
        [((2,), [480, 510, 540, 600, 720, 960], None)],
    ),
    "A step that quiet hours begin before waits, too.": (
        expected(3),
        [((3,), [480, 510, 540, 600, 720, 960], None)],
    ),
    "What a person watches in direct messages is called about at once, and not shown in the quiet channel.": (
        expected(3, 4),
        [((3,), [30, 60, 90, 150, 270, 510], None)],
    ),
    "Where reminders are off, nobody is called.": (
        expected(2, prefs=OFF),
        [((2,), [], CallReason.REMINDERS_OFF)],
    ),
    "Where they are off, others may still be called, and it is not shown.": (
        expected(3, 4, prefs=OFF),
        [((3,), [30, 60, 90, 150, 270, 510], None)],
    ),
    "What is snoozed calls nobody before that ends.": (
        expected(5),
        [((5,), [150, 180, 210, 270, 390, 630], None)],
    ),
    "Watches whose steps are the same are told together.": (
        expected(1, 2, 6),
        [((1,), [30, 60, 90, 150, 270, 510], None), ((2, 6), [480, 510, 540, 600, 720, 960], None)],
    ),
}


@pytest.mark.parametrize("sentence", SCHEDULES)
def test_who_would_be_called_when(golden, sentence):
    found, wanted = SCHEDULES[sentence]
    assert [(each.watches, minutes(each), each.nobody) for each in found] == wanted, sentence
    for language in ALL:
        golden(drill.card(PLACES["watched"], found, (), "Alex Kim", NAMED), language, NAMES)


def test_a_group_without_a_known_name_is_shown_by_its_id():
    assert "`S0LAST0001`" in str(rendered(drill.card(PLACES["watched"], [ALL_DAY], (), "", {})))


def test_an_escalation_that_is_not_here_is_not_expected_here():
    rules = RoutingRules(WATCHES[:2])
    samples = samples_of(GRID, rules, ALERTS, {})
    assert expected_in(ALERTS, samples, rules, ALERTS, (), (), PLAN, NOW) == ()


def test_what_no_watch_matches_is_told_apart_from_what_a_watch_sends(golden):
    rules = RoutingRules((replace(WATCHES[1], channel=ALERTS),))
    samples = samples_of(ALERTS, rules, ALERTS, {})
    found = expected_in(ALERTS, samples, rules, ALERTS, (), (), PLAN, NOW)
    assert [each.watches for each in found] == [(), (2,)]
    for language in ALL:
        golden(drill.card(PLACES["no watch"], found, (), "Alex Kim", NAMED), language, NAMES)


def test_a_reminder_that_waits_for_the_end_of_quiet_hours(golden):
    rules = RoutingRules(WATCHES[1:2])
    samples = samples_of(GRID, rules, ALERTS, {})
    owned = replace(PLACES["watched"], ways=(Place(GRID, WATCHED, (2,), Permission.SNOOZED),))
    (found,) = expected_in(GRID, samples, rules, ALERTS, (), (), Plan(HALF), NOW)
    for language in ALL:
        golden(drill.card(owned, [replace(found, calls=found.calls[:2])], (), "Alex Kim", NAMED), language, NAMES)


def test_a_drill_is_marked_in_three_ways_and_cannot_be_pressed():
    body = rendered(drill.card(PLACES["watched"], [ALL_DAY], (), "Alex Kim", NAMED))
    (bar,) = body["attachments"]
    assert body["text"].startswith("DRILL")
    assert "DRILL" in body["blocks"][0]["text"]["text"]
    assert bar["color"] == "#0969da"
    kinds = {block["type"] for block in (*body["blocks"], *bar["blocks"])}
    assert kinds == {"section", "context"}
    assert "<@" not in str(body)


ANSWERS = {
    "posted": ([PLACES["no watch"], PLACES["watched"]], []),
    "not everywhere": ([PLACES["lost"]], [Unposted(GRID, msg("The channel is archived."))]),
    "nowhere": ([], [Unposted(ALERTS, msg("The app is not in the channel."))]),
    "many": ([DrillPlace(GRID, (Place(GRID, WATCHED, (number,)),)) for number in range(1, 34)], []),
}


@pytest.mark.parametrize("language", ALL)
@pytest.mark.parametrize("name", ANSWERS)
def test_what_who_asked_is_told(golden, name, language):
    golden(drill.answer("drill", "p1", *ANSWERS[name]), language)


REASONS = [
    Place(GRID, WATCHED, tuple(range(1, 13))),
    Place(ALERTS, LOST, (1,)),
    Place(ALERTS, LOST, (1, 2)),
    Place(GRID, PlaceReason.LOST),
    Place(GRID, PlaceReason.STAYS),
    *(Place(ALERTS, PlaceReason.NO_WATCH_MATCHES, (), each) for each in Permission),
    Place(ALERTS, PlaceReason.NO_WATCH_MATCHES, (), Permission.QUIET_HOURS, ENDS),
]


@pytest.mark.parametrize("language", ALL)
def test_why_it_goes_where(golden, language):
    golden(answers.told("", places.cards_in(REASONS[:6])), language)
    golden(answers.told("", places.next_in(REASONS[6:])), language)
    golden(answers.told("", places.next_in(REASONS)), language)


def test_groups_are_called_one_after_the_other_then_pagerduty_then_the_owners_with_growing_pauses():
    assert CALLS[:4] == (
        ExpectedCall(1, HALF, (OWNER,), "S0FIRST001", calls_owners=True),
        ExpectedCall(2, 2 * HALF, (), "S0LAST0001"),
        ExpectedCall(3, 3 * HALF, (), pagerduty=True),
        ExpectedCall(4, 5 * HALF, (OWNER,), calls_owners=True),
    )
    assert [(each.number, each.after / HALF) for each in CALLS[4:]] == [(5, 9), (6, 17)]

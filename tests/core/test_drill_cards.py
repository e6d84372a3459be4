"""The card of a sample failure, the answer to who asked for it, and what ``show`` says of places."""

from datetime import timedelta

import pytest
from incident_makers import NOW, OTHER, OWNER
from languages import ALL

from bot.core.incident.escalation import Plan
from bot.core.outbox.blocks import rendered
from bot.core.people.on_call import EMPTY, OnCallGroup
from bot.core.routing.expected_calls import ExpectedCall, expected_calls
from bot.core.routing.mentions import Permission
from bot.core.routing.places import DrillPlace, Place, PlaceReason
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
CALLS = expected_calls(Plan(HALF, GROUPS, pagerduty=True, owners=(OWNER,)), NOW)
NAMES = ("PagerDuty", "webhook", "Alex Kim")
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
    golden(drill.card(PLACES[name], CALLS, ("webhook",), "Alex Kim"), language, NAMES)


@pytest.mark.parametrize("language", ALL)
def test_a_sample_failure_where_nobody_can_be_called(golden, language):
    lonely = DrillPlace(ALERTS, (Place(ALERTS, PlaceReason.NO_WATCH_MATCHES),), (OWNER,))
    golden(drill.card(lonely, expected_calls(Plan(HALF), NOW)[:1], (), ""), language)


def test_a_drill_is_marked_in_three_ways_and_cannot_be_pressed():
    body = rendered(drill.card(PLACES["watched"], CALLS, (), "Alex Kim"))
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

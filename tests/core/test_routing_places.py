"""Why a failure goes where it goes, and where a drill goes; each case begins with the sentence it proves."""

from datetime import UTC, datetime, time, timedelta

import pytest
from incident_cards import changed
from incident_makers import JONAS, NOW, OTHER, OWNER, failure, incident

from bot.core.flow.model import FlowId
from bot.core.incident.model import IncidentCard, Snooze, SnoozeId
from bot.core.outbox.posts import PostId
from bot.core.routing import places
from bot.core.routing.mentions import Permission
from bot.core.routing.places import DrillPlace, KnownFlow, Place, PlaceReason
from bot.core.routing.prefs import Prefs
from bot.core.routing.quiet import QuietHours
from bot.core.routing.rules import RoutingRules
from bot.core.routing.watch import Failure, Filters, Watch

ALERTS, GRID, FINANCE, PERSON = "C0DATAOPS1", "C0GRIDOPS1", "C0FINANCE1", "U0JONAS0001"
DAY = QuietHours(time(8), time(17), "UTC")  # NOW is at nine
ENDS = datetime(2026, 11, 21, 17, tzinfo=UTC)
ONE = Failure(FlowId(3377), "daily-energy-report", (OWNER,))
WATCHED, NO_WATCH, CHANNEL_LOST = PlaceReason.WATCHED, PlaceReason.NO_WATCH_MATCHES, PlaceReason.CHANNEL_LOST
LOST, STAYS = PlaceReason.LOST, PlaceReason.STAYS
QUIET, OFF, DIRECT = Permission.QUIET_HOURS, Permission.MENTIONS_OFF, Permission.DIRECT_MESSAGE


def watch(number, channel=GRID, **filters):
    return Watch(number, channel, Filters(**filters), JONAS, NOW)


@pytest.mark.parametrize(
    ("sentence", "watches", "lost", "expected"),
    [
        ("without a watch it is the alert channel", [], [], [Place(ALERTS, NO_WATCH)]),
        ("a watch sends it elsewhere", [watch(1)], [], [Place(GRID, WATCHED, (1,))]),
        ("two of them are one place", [watch(1), watch(2, after=1)], [], [Place(GRID, WATCHED, (1, 2))]),
        ("a watch for the third failure waits", [watch(1, after=3)], [], [Place(ALERTS, NO_WATCH)]),
        ("a lost channel's failures have a named reason", [watch(4)], [GRID], [Place(ALERTS, CHANNEL_LOST, (4,))]),
        ("quiet hours have an end", [watch(1, quiet=DAY)], [], [Place(GRID, WATCHED, (1,), QUIET, ENDS)]),
        (
            "in direct messages nobody is mentioned",
            [watch(1, PERSON)],
            [],
            [Place(ALERTS, NO_WATCH), Place(PERSON, WATCHED, (1,), DIRECT)],
        ),
    ],
)
def test_where_the_next_failure_goes(sentence, watches, lost, expected):
    found = places.next_failure(ONE, RoutingRules(tuple(watches)), ALERTS, lost, NOW)
    assert list(found) == expected, sentence


def test_where_mentions_are_off_that_is_the_reason():
    rules = RoutingRules(prefs={ALERTS: Prefs(mentions=False)})
    assert places.next_failure(ONE, rules, ALERTS, (), NOW) == (Place(ALERTS, NO_WATCH, (), OFF),)


@pytest.mark.parametrize(
    ("sentence", "watches", "lost", "expected"),
    [
        ("its card is there because no watch matches", [], [], [Place(ALERTS, NO_WATCH), Place(GRID, STAYS)]),
        (
            "a card stays whose watch is gone",
            [watch(1, ALERTS)],
            [],
            [Place(ALERTS, WATCHED, (1,)), Place(GRID, STAYS)],
        ),
        ("or because of a watch", [watch(2)], [], [Place(ALERTS, STAYS), Place(GRID, WATCHED, (2,))]),
        (
            "a card is in a channel that is lost",
            [watch(2)],
            [GRID],
            [Place(ALERTS, CHANNEL_LOST, (2,)), Place(GRID, LOST)],
        ),
        (
            "quiet hours of its watch hold",
            [watch(2, quiet=DAY)],
            [],
            [Place(ALERTS, STAYS), Place(GRID, WATCHED, (2,), QUIET, ENDS)],
        ),
        (
            "the newest failure decides which watches match",
            [watch(2, after=2), watch(3, after=3)],
            [],
            [Place(ALERTS, STAYS), Place(GRID, WATCHED, (2,))],
        ),
    ],
)
def test_why_a_card_is_where_it_is(sentence, watches, lost, expected):
    twice = incident(failure(), failure("3377-2026112200"))
    both = changed(twice, cards=(*twice.cards, IncidentCard(GRID, PostId("p2"))))
    assert list(places.of_cards(both, RoutingRules(tuple(watches)), ALERTS, lost, NOW)) == expected, sentence


def test_a_snooze_is_why_nobody_is_mentioned():
    snooze = Snooze(SnoozeId("s1"), FlowId(3377), "report", JONAS, NOW, NOW + timedelta(hours=2), "TICKET-17")
    one = changed(incident(), snooze=snooze)
    (card,) = places.of_cards(one, RoutingRules(), ALERTS, (), NOW)
    (then,) = places.next_failure(ONE, RoutingRules(), ALERTS, (), NOW, is_snoozed=True)
    assert (card.mention, then.mention) == (Permission.SNOOZED, Permission.SNOOZED)


REPORT = {FlowId(3377): KnownFlow("daily-energy-report", (OWNER, OTHER))}


def drilled(here, *watches, lost=(), known=REPORT):
    return list(places.drill(here, RoutingRules(watches), ALERTS, lost, NOW, known))


@pytest.mark.parametrize(
    ("sentence", "here", "watches", "expected"),
    [
        ("without a watch it is the alert channel", ALERTS, [], [DrillPlace(ALERTS, (Place(ALERTS, NO_WATCH),))]),
        ("a channel without watches hears of nothing", GRID, [watch(1, FINANCE)], []),
        (
            "what no watch is about goes where a watch of everything is",
            ALERTS,
            [watch(1, FINANCE), watch(2, glob="meter-*")],
            [DrillPlace(FINANCE, (Place(FINANCE, WATCHED, (1,)),))],
        ),
        (
            "a channel with watches, and all others that hear of the same",
            GRID,
            [
                watch(1, flow=3377),
                watch(2, FINANCE, owner=OTHER),
                watch(3, FINANCE, glob="*energy*"),
                watch(4, FINANCE, flow=9),
            ],
            [
                DrillPlace(GRID, (Place(GRID, WATCHED, (1,)),), (OWNER, OTHER)),
                DrillPlace(FINANCE, (Place(FINANCE, WATCHED, (2, 3)),), (OWNER, OTHER)),
            ],
        ),
        (
            "a glob is matched by a name that it is about",
            GRID,
            [watch(1, glob="meter-*-day"), watch(2, FINANCE, glob="METER*")],
            [
                DrillPlace(GRID, (Place(GRID, WATCHED, (1,)),)),
                DrillPlace(FINANCE, (Place(FINANCE, WATCHED, (2,)),)),
            ],
        ),
        (
            "a watch for the third failure is about the third",
            GRID,
            [watch(1, after=3), watch(2, FINANCE, after=4)],
            [DrillPlace(GRID, (Place(GRID, WATCHED, (1,)),))],
        ),
        (
            "an owner's name is known from the watch",
            GRID,
            [watch(1, owner=OWNER)],
            [DrillPlace(GRID, (Place(GRID, WATCHED, (1,)),), (OWNER,))],
        ),
        (
            "several watches of a channel are one place, with a way for each that differs",
            GRID,
            [watch(1, flow=5), watch(2, flow=6, quiet=DAY), watch(3, flow=7), watch(4, FINANCE, flow=7)],
            [
                DrillPlace(GRID, (Place(GRID, WATCHED, (1, 3)), Place(GRID, WATCHED, (2,), QUIET, ENDS))),
                DrillPlace(FINANCE, (Place(FINANCE, WATCHED, (4,)),)),
            ],
        ),
        (
            "the alert channel hears of its own watches and of what no watch matches",
            ALERTS,
            [watch(1, ALERTS, flow=5)],
            [DrillPlace(ALERTS, (Place(ALERTS, NO_WATCH), Place(ALERTS, WATCHED, (1,))))],
        ),
        (
            "a person's own watches go to the alert channel as well",
            PERSON,
            [watch(1, PERSON, flow=5)],
            [
                DrillPlace(ALERTS, (Place(ALERTS, NO_WATCH),)),
                DrillPlace(PERSON, (Place(PERSON, WATCHED, (1,), DIRECT),)),
            ],
        ),
    ],
)
def test_where_a_drill_goes(sentence, here, watches, expected):
    assert drilled(here, *watches) == expected, sentence


def test_a_drill_along_a_lost_channel_goes_to_the_alert_channel():
    assert drilled(GRID, watch(1), lost=[GRID]) == [DrillPlace(ALERTS, (Place(ALERTS, CHANNEL_LOST, (1,)),))]


def test_a_flow_that_enos_does_not_show_has_the_name_it_had_when_it_was_watched():
    told = Watch(1, GRID, Filters(flow=FlowId(9)), JONAS, NOW, "meter-import")
    found = drilled(GRID, told, watch(2, FINANCE, glob="meter-*"))
    assert [each.channel for each in found] == [GRID, FINANCE]

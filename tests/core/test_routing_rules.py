"""What the watches and preferences of a moment mean for one incident; each case begins with the sentence it proves."""

from datetime import UTC, datetime, time

import pytest
from incident_makers import JONAS, NOW, failure, incident

from bot.core.routing.mentions import Permission, Permit
from bot.core.routing.prefs import Prefs
from bot.core.routing.quiet import QuietHours
from bot.core.routing.rules import RoutingRules
from bot.core.routing.watch import Filters, Watch

ALERTS, GRID = "C0DATAOPS1", "C0GRIDOPS1"
NIGHT = QuietHours(time(22), time(7), "UTC")
LONG = QuietHours(time(20), time(9), "UTC")
ONE = incident()


def watch(number, channel=GRID, **filters):
    return Watch(number, channel, Filters(**filters), JONAS, NOW)


def at(hour, minute=0, day=21):
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def test_the_newest_failure_is_the_nth_in_a_row():
    rules = RoutingRules((watch(1, after=2),))
    twice = incident(failure(), failure("3377-2026112200"))
    assert [route.channel for route in rules.routes(ONE, ALERTS)] == [ALERTS]
    assert [route.channel for route in rules.routes(twice, ALERTS)] == [GRID]


def test_preferences_hold_for_their_channel_alone():
    rules = RoutingRules(prefs={GRID: Prefs(mentions=False)})
    assert rules.mention(ONE, GRID, NOW) is Permission.MENTIONS_OFF
    assert rules.mention(ONE, ALERTS, NOW) is Permission.MENTIONED


@pytest.mark.parametrize(
    ("sentence", "watches", "now", "ended"),
    [
        ("after the night it has ended at seven", [watch(1, quiet=NIGHT)], at(7, 5), at(7)),
        ("at the very end too", [watch(1, quiet=NIGHT)], at(7), at(7)),
        ("in the night it has not ended", [watch(1, quiet=NIGHT)], at(23), None),
        ("in the afternoon it is still that of the morning", [watch(1, quiet=NIGHT)], at(15), at(7)),
        ("a channel without quiet hours was never quiet", [watch(1)], at(7, 5), None),
        ("nor one of whose watches one has none", [watch(1, quiet=NIGHT), watch(2)], at(7, 5), None),
        ("two that overlap are quiet together only", [watch(1, quiet=NIGHT), watch(2, quiet=LONG)], at(10), at(7)),
        ("and not while one of them is", [watch(1, quiet=LONG), watch(2, quiet=LONG)], at(8), None),
        ("a watch of another flow does not count", [watch(1, flow=2809, quiet=NIGHT)], at(7, 5), None),
        ("nor one of another channel", [watch(1, ALERTS, quiet=NIGHT)], at(7, 5), None),
    ],
)
def test_when_quiet_hours_have_ended(sentence, watches, now, ended):
    assert RoutingRules(tuple(watches)).quiet_ended(ONE, GRID, now) == ended, sentence


def test_where_nobody_is_mentioned_anyway_nothing_has_ended():
    rules = RoutingRules((watch(1, quiet=NIGHT),), {GRID: Prefs(mentions=False)})
    assert rules.quiet_ended(ONE, GRID, at(7, 5)) is None


def test_when_it_will_be_quiet_no_longer():
    assert RoutingRules((watch(1, quiet=NIGHT),)).quiet_ends(ONE, GRID, at(23)) == at(7, day=22)
    assert RoutingRules((watch(1, quiet=NIGHT),)).quiet_ends(ONE, GRID, at(12)) == at(12)


def test_the_last_end_of_quiet_hours_that_follow_each_other_is_none():
    always = QuietHours(time(7), time(7), "UTC")
    assert always.last_end(at(12)) is None


@pytest.mark.parametrize(
    ("sentence", "day", "hour"),
    [
        ("an end that the clock shows twice is the second of the two", 25, 1),
        ("on the day before it comes once", 24, 0),
    ],
)
def test_the_last_end_over_a_change_of_the_clock(sentence, day, hour):
    berlin = QuietHours(time(22), time(2), "Europe/Berlin")
    end = berlin.last_end(datetime(2026, 10, day, 12, tzinfo=UTC))
    assert end == datetime(2026, 10, day, hour, tzinfo=UTC), sentence


@pytest.mark.parametrize(
    ("sentence", "prefs", "of", "expected"),
    [
        ("reminders that are off stay off", Prefs(reminders=False), ONE, Permit(Permission.REMINDERS_OFF)),
        ("quiet hours say until when", Prefs(), ONE, Permit(Permission.QUIET_HOURS, at(7, day=22))),
        (
            "quiet hours are quiet also where nobody is mentioned",
            Prefs(mentions=False),
            ONE,
            Permit(Permission.QUIET_HOURS, at(7, day=22)),
        ),
        ("after them they are reminded without mentions", Prefs(mentions=False), None, Permit(Permission.MENTIONS_OFF)),
        ("of no incident it is never quiet", Prefs(), None, Permit()),
    ],
)
def test_whether_people_are_reminded_in_the_night(sentence, prefs, of, expected):
    rules = RoutingRules((watch(1, quiet=NIGHT),), {GRID: prefs})
    assert rules.permit(of, GRID, at(23)) == expected, sentence


def test_a_persons_own_quiet_hours_hold_in_their_direct_messages():
    rules = RoutingRules((watch(1, "U0JONAS0001", quiet=NIGHT),))
    assert rules.permit(ONE, "U0JONAS0001", at(23)) == Permit(Permission.QUIET_HOURS, at(7, day=22))
    assert rules.permit(ONE, "U0JONAS0001", at(12)) == Permit(Permission.DIRECT_MESSAGE)

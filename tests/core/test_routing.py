"""Where a failure goes, and whether it mentions people there: each case begins with the sentence it proves."""

from dataclasses import replace
from datetime import UTC, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.flow.model import FlowId, UserName
from bot.core.people.model import Person
from bot.core.routing.mentions import Permission, mentions, quiet_ends
from bot.core.routing.prefs import DEFAULTS, Prefs
from bot.core.routing.quiet import QuietHours
from bot.core.routing.routes import Route, RouteReason, routes
from bot.core.routing.watch import Failure, Filters, Watch, glob_matches, is_same, matches, meant

ALERTS, OPS, FINANCE, MAYA = "C0ALERTS", "C0OPS", "C0FIN", "U0MAYA"
NIGHT = QuietHours(time(22), time(7), "UTC")
NOON, MIDNIGHT = datetime(2026, 11, 21, 12, tzinfo=UTC), datetime(2026, 11, 22, 0, tzinfo=UTC)
FAILURE = Failure(FlowId(3377), "meter-import-Hourly", (UserName("maya.chen"), UserName("jonas.weber")))


def watch(id_=1, channel=OPS, **filters):
    return Watch(id_, channel, Filters(**filters), Person("T1", MAYA), NOON)


@pytest.mark.parametrize(
    ("sentence", "glob", "name", "expected"),
    [
        ("a star is any characters", "meter-*", "meter-import", True),
        ("a star is also none", "meter-*", "meter-", True),
        ("the whole name counts, not its beginning", "meter", "meter-import", False),
        ("nor its end", "*import", "meter-import-2", False),
        ("capitals do not matter", "METER-*Y", "meter-Energy", True),
        ("several stars, in their order", "*a*b*", "xxaxxbxx", True),
        ("not in another order", "*b*a*", "xxaxxbxx", False),
        ("a part is not used twice", "ab*ba", "aba", False),
        ("nor by a part between the stars", "a*b*b", "ab", False),
        ("a name may hold what other globs mean", "x[1]?*", "x[1]?y", True),
        ("which means nothing here", "x?", "xy", False),
        ("one star alone is every name", "*", "", True),
        ("without a star it is the name", "a.b", "A.B", True),
        ("many stars cost no time", "*a" * 50 + "b", "a" * 5000, False),
    ],
)  # fmt: skip
def test_names(sentence, glob, name, expected):
    assert glob_matches(glob, name) is expected, sentence


@pytest.mark.parametrize(
    ("sentence", "filters", "failure", "expected"),
    [
        ("without filters every failure", {}, FAILURE, True),
        ("by its flow", {"flow": 3377}, FAILURE, True),
        ("not by another flow", {"flow": 2809}, FAILURE, False),
        ("by any of its owners", {"owner": "jonas.weber"}, FAILURE, True),
        ("not by somebody else", {"owner": "alex.kim"}, FAILURE, False),
        ("by its name", {"glob": "*-hourly"}, FAILURE, True),
        ("all filters must hold", {"owner": "jonas.weber", "glob": "turbine-*"}, FAILURE, False),
        ("the first failure is not the third", {"after": 3}, FAILURE, False),
        ("the third is", {"after": 3}, replace(FAILURE, in_a_row=3), True),
        ("and so are those after it", {"after": 3}, replace(FAILURE, in_a_row=7), True),
        ("quiet hours filter nothing", {"quiet": NIGHT}, FAILURE, True),
    ],
)
def test_what_a_watch_is_about(sentence, filters, failure, expected):
    assert matches(watch(**filters), failure) is expected, sentence


WATCHED, NONE, LOST = RouteReason.WATCHED, RouteReason.NO_WATCH_MATCHES, RouteReason.CHANNEL_LOST


@pytest.mark.parametrize(
    ("sentence", "watches", "lost", "expected"),
    [
        ("nobody watches: the alert channel", [], (), [(ALERTS, (), NONE)]),
        ("somebody watches something else", [watch(flow=1)], (), [(ALERTS, (), NONE)]),
        ("a channel that watches has it alone", [watch()], (), [(OPS, (1,), WATCHED)]),
        (
            "one route a channel, however many of its watches match",
            [watch(1), watch(2, owner="maya.chen"), watch(3, FINANCE)], (),
            [(OPS, (1, 2), WATCHED), (FINANCE, (3,), WATCHED)],
        ),
        (
            "the channel of the oldest watch is first: it is the home",
            [watch(9, OPS), watch(2, FINANCE)], (),
            [(FINANCE, (2,), WATCHED), (OPS, (9,), WATCHED)],
        ),
        ("an after that is not reached does not count", [watch(after=2)], (), [(ALERTS, (), NONE)]),
        (
            "the alert channel may watch",
            [watch(1, ALERTS), watch(2)], (),
            [(ALERTS, (1,), WATCHED), (OPS, (2,), WATCHED)],
        ),
        ("a lost channel's failures go to the alert channel", [watch()], (OPS,), [(ALERTS, (1,), LOST)]),
        (
            "also where another channel has them",
            [watch(1), watch(2, FINANCE)], (OPS,),
            [(FINANCE, (2,), WATCHED), (ALERTS, (1,), LOST)],
        ),
        (
            "but once, where it watches them itself",
            [watch(1), watch(2, ALERTS)], (OPS,),
            [(ALERTS, (2,), WATCHED)],
        ),
        ("a lost alert channel waits", [watch(1, ALERTS)], (ALERTS,), [(ALERTS, (1,), WATCHED)]),
        (
            "a person's own watch takes it from no channel, and is no home",
            [watch(1, MAYA), watch(2, MAYA)], (),
            [(ALERTS, (), NONE), (MAYA, (1, 2), WATCHED)],
        ),
        ("it is beside the channels", [watch(1, MAYA), watch(2)], (), [(OPS, (2,), WATCHED), (MAYA, (1,), WATCHED)]),
        ("a person whom nothing reaches", [watch(1, MAYA)], (MAYA,), [(ALERTS, (), NONE)]),
    ],
)  # fmt: skip
def test_where_a_failure_goes(sentence, watches, lost, expected):
    assert routes(FAILURE, watches, ALERTS, lost=lost) == tuple(Route(*each) for each in expected), sentence


def test_ten_thousand_flows_of_one_watch_have_one_route_each():
    every = watch(glob="*")
    failures = [replace(FAILURE, flow_id=FlowId(n), flow_name=f"flow {n}") for n in range(10_000)]
    assert {routes(each, [every], ALERTS) for each in failures} == {(Route(OPS, (1,), WATCHED),)}


QUIET, LOUD = watch(1, quiet=NIGHT), watch(2)


@pytest.mark.parametrize(
    ("sentence", "channel", "watches", "prefs", "now", "more", "expected"),
    [
        ("people are mentioned", OPS, [LOUD], DEFAULTS, NOON, {}, Permission.MENTIONED),
        ("also without a watch", ALERTS, [], DEFAULTS, MIDNIGHT, {}, Permission.MENTIONED),
        ("not in quiet hours", OPS, [QUIET], DEFAULTS, MIDNIGHT, {}, Permission.QUIET_HOURS),
        ("but outside of them", OPS, [QUIET], DEFAULTS, NOON, {}, Permission.MENTIONED),
        ("one watch that is not quiet is enough", OPS, [QUIET, LOUD], DEFAULTS, MIDNIGHT, {}, Permission.MENTIONED),
        (
            "another channel's watch makes no noise here",
            OPS, [QUIET, replace(LOUD, channel=FINANCE)], DEFAULTS, MIDNIGHT, {}, Permission.QUIET_HOURS,
        ),
        ("not where they are off", OPS, [LOUD], Prefs(mentions=False), NOON, {}, Permission.MENTIONS_OFF),
        ("on is as ever", OPS, [LOUD], Prefs(mentions=True), NOON, {}, Permission.MENTIONED),
        ("nobody in a direct message", MAYA, [], DEFAULTS, NOON, {}, Permission.DIRECT_MESSAGE),
        ("not while it is snoozed", OPS, [LOUD], DEFAULTS, NOON, {"is_snoozed": True}, Permission.SNOOZED),
        (
            "not while somebody has its cause",
            OPS, [LOUD], DEFAULTS, NOON, {"is_cause_acknowledged": True}, Permission.CAUSE_ACKNOWLEDGED,
        ),
    ],
)  # fmt: skip
def test_who_is_mentioned(sentence, channel, watches, prefs, now, more, expected):
    assert mentions(channel, watches, prefs, now, **more) is expected, sentence


def test_a_channel_is_quiet_until_the_first_of_its_watches_is_not():
    early = watch(2, quiet=QuietHours(time(23), time(5), "UTC"))
    assert quiet_ends(OPS, [QUIET, early], MIDNIGHT) == datetime(2026, 11, 22, 5, tzinfo=UTC)
    assert quiet_ends(OPS, [QUIET, LOUD], MIDNIGHT) == MIDNIGHT
    assert quiet_ends(OPS, [], MIDNIGHT) == MIDNIGHT


@pytest.mark.parametrize(
    ("sentence", "prefs", "expected"),
    [
        ("what is not set is as ever", DEFAULTS, (True, True, False)),
        ("each can be turned off", Prefs(mentions=False, reminders=False, replies="thread"), (False, False, False)),
        ("and on", Prefs(mentions=True, reminders=True, replies="channel"), (True, True, True)),
    ],
)
def test_what_preferences_mean(sentence, prefs, expected):
    assert (prefs.may_mention, prefs.may_remind, prefs.replies_in_channel) == expected, sentence


# ── which watch is meant ──

ALL, FLOW = watch(1), watch(2, flow=3377)
THIRD = watch(3, flow=3377, after=3, quiet=NIGHT)
GLOB = watch(4, glob="Meter-*", owner="maya.chen")
THERE = (ALL, FLOW, THIRD, GLOB)


@pytest.mark.parametrize(
    ("sentence", "there", "named", "expected"),
    [
        ("all of its filters", THERE, Filters(flow=3377), (FLOW,)),
        ("some of them, where no other has them", THERE, Filters(after=3), (THIRD,)),
        ("several may have them", (FLOW, THIRD), Filters(flow=3377, after=2), ()),
        ("then all are meant", (THIRD, replace(THIRD, id=9)), Filters(flow=3377), (THIRD, replace(THIRD, id=9))),
        ("no filter: the one without", THERE, Filters(), (ALL,)),
        ("or the only one", (THIRD,), Filters(), (THIRD,)),
        ("a name in other capitals", THERE, Filters(glob="meter-*"), (GLOB,)),
        ("hours, in whatever zone", THERE, Filters(quiet=replace(NIGHT, zone="Asia/Shanghai")), (THIRD,)),
        ("by an owner", THERE, Filters(owner="maya.chen"), (GLOB,)),
        ("nothing like it", THERE, Filters(flow=1), ()),
    ],
)
def test_which_watch_somebody_means(sentence, there, named, expected):
    assert meant(there, named) == expected, sentence


def test_two_watches_are_the_same_whatever_their_capitals_but_not_in_two_zones():
    assert is_same(Filters(glob="A*"), Filters(glob="a*"))
    assert not is_same(Filters(quiet=NIGHT), Filters(quiet=replace(NIGHT, zone="Asia/Shanghai")))
    assert not is_same(Filters(), Filters(after=2))


@given(st.text("aB-*", max_size=9), st.text("abB-", max_size=9))
def test_a_glob_matches_what_a_regular_expression_would(glob, name):
    import re

    expression = ".*".join(map(re.escape, glob.split("*")))
    assert glob_matches(glob, name) is bool(re.fullmatch(expression, name, re.IGNORECASE))

"""What flowbot learns of a flow's runs: how long they take, and by when they are usually done."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from past_runs import DAILY, DAY, HOUR, MINUTE, TODAY, days, past

from bot.core.flow.model import MANUAL, TEMPORARY
from bot.core.flow.status import Status
from bot.core.history.usual import Kind, habits, teaches, usual_duration, usual_time

UTC_CLOCK = timedelta()


def usual(runs, fire=TODAY, freq=DAILY, offset=UTC_CLOCK):
    known = habits(runs, freq, offset)
    return known and usual_time(known, fire)


def on_mondays(minutes, others=30):
    return lambda at: minutes if at.weekday() == 0 else others


@pytest.mark.parametrize(
    ("case", "run", "expected"),
    [
        ("the schedule's run succeeded", past(TODAY), True),
        ("it failed", past(TODAY, status=Status.FAIL), False),
        ("it runs", past(TODAY, None, Status.RUNNING), False),
        ("its end is printed in a zone nobody knows", replace(past(TODAY), ended_at=None), False),
        ("somebody triggered it: its id has seconds", past(TODAY, digits=14), False),
        ("somebody ran it by hand", past(TODAY, kind=MANUAL), False),
        ("somebody ran it for a while", past(TODAY, kind=TEMPORARY), False),
        ("it ran under the schedule of last week", past(TODAY, freq="0 0 3 * * ? *"), False),
    ],
)
def test_a_run_teaches(case, run, expected):
    assert teaches(run, DAILY) is expected, case


def test_nothing_is_learned_from_fewer_than_ten_runs():
    assert usual(days(9)) is None
    assert usual_duration(days(9)) is None
    assert usual(days(10)) is not None
    assert usual_duration(days(10)).runs == 10


def test_runs_by_hand_at_odd_hours_change_nothing():
    odd = [past(TODAY - DAY * n + 7 * HOUR, 300, digits=14, kind=MANUAL) for n in range(5)]
    assert usual([*odd, *days(20)]) == usual(days(20))
    assert usual_duration([*odd, *days(20)]) == usual_duration(days(20))


def test_the_duration_has_its_evidence():
    found = usual_duration(days(30, lambda at: 20 + at.day % 3))
    assert (found.typical, found.longest, found.runs) == (21 * MINUTE, 22 * MINUTE, 30)


def test_a_run_that_took_far_longer_than_all_others_is_no_habit():
    runs = [past(TODAY - DAY, 900), *days(29, until=TODAY - 2 * DAY)]
    assert usual_duration(runs).longest == 30 * MINUTE
    assert usual(runs).margin == usual(days(30)).margin


def test_the_usual_time_has_its_evidence():
    found = usual(days(40, lambda at: 30 if at.day % 15 else 55))
    assert found.delay == 35 * MINUTE  # 31, rounded up to five
    assert (found.done, found.runs, found.kind) == (28, 30, Kind.ALL)


@pytest.mark.parametrize(
    ("case", "minutes", "delay", "margin"),
    [
        ("it takes a minute: a quarter of an hour at least", 1, 2, 15),
        ("it takes half an hour: until twice the longest", 30, 35, 27),
        ("it takes two hours", 119, 120, 120),
    ],
)
def test_the_margin(case, minutes, delay, margin):
    found = usual(days(20, minutes))
    assert (found.delay, found.margin) == (delay * MINUTE, margin * MINUTE), case


def test_a_margin_is_at_most_three_usual_delays_unless_the_flow_needs_longer_at_times():
    calm = days(30, lambda at: 150 if at.day in {10, 3} else 70)
    assert usual(calm).margin == 225 * MINUTE
    told_once = days(30, lambda at: 400 if at.day == 10 else 70)
    assert usual(told_once).margin == 525 * MINUTE  # up to twice the latest moment: it would have been told


def test_the_same_lateness_is_not_told_twice_though_the_run_ends_after_the_next_one_has_begun():
    """A run that took twenty hours was told; one that takes a day is not: nobody is told before the next is done."""
    told_once = days(30, lambda at: 20 * 60 if at.day == 10 else 230)
    found = usual(told_once)
    assert found.delay == 235 * MINUTE
    assert DAY + HOUR < found.delay + found.margin < DAY + found.delay


def test_a_run_that_somebody_started_again_in_the_console_teaches_nothing():
    again = past(TODAY - DAY, 30, lag=3 * HOUR)
    assert usual([again, *days(20, until=TODAY - 2 * DAY)]) == usual(days(20, until=TODAY - 2 * DAY))


def test_a_clock_change_moves_the_trigger_time_and_the_usual_time_with_it():
    before = days(20, until=datetime.fromisoformat("2026-10-24T00:00:00+00:00"), freq="0 0 2 * * ? *")
    after = days(20, until=datetime.fromisoformat("2026-11-17T01:00:00+00:00"), freq="0 0 2 * * ? *")
    found = usual([*after, *before], TODAY - HOUR)
    assert found.delay == usual(after, TODAY - HOUR).delay
    assert found.runs == 30


MONDAY, SATURDAY, FIRST, LAST = (
    datetime.fromisoformat(f"{day}T02:00:00+00:00") for day in ("2026-11-23", "2026-11-21", "2026-12-01", "2026-11-30")
)


@pytest.mark.parametrize(
    ("case", "minutes", "fire", "kind", "delay"),
    [
        ("every day is alike", 30, TODAY, Kind.ALL, 35),
        ("Mondays take longer: a Monday", on_mondays(120), MONDAY, Kind.SAME_WEEKDAY, 125),
        ("Mondays take longer: a Wednesday", on_mondays(120), TODAY, Kind.SIMILAR, 35),
        ("weekends take longer", lambda at: 120 if at.weekday() > 4 else 30, SATURDAY, Kind.WEEKENDS, 125),
        (
            "weekends take longer: a working day",
            lambda at: 120 if at.weekday() > 4 else 30,
            TODAY,
            Kind.WORKING_DAYS,
            35,
        ),
        ("the last day of a month", lambda at: 90 if at.day == 31 else 30, LAST, Kind.ALL, 35),
    ],
)
def test_days_of_one_kind(case, minutes, fire, kind, delay):
    found = usual(days(90, minutes), fire)
    assert (found.kind, found.delay) == (kind, delay * MINUTE), case


def test_a_heavy_month_end_makes_other_days_not_late():
    heavy = days(90, lambda at: 90 if 1 in {at.day, (at + DAY).day} else 30)
    assert usual(heavy).margin == usual(days(90)).margin
    assert usual(heavy, LAST).margin > usual(heavy).margin


def test_the_end_of_a_month_is_known_once_the_flow_was_seen_on_one():
    assert usual(days(15), LAST) is None
    assert usual(days(60), LAST).delay == 35 * MINUTE


def test_too_few_days_of_a_kind():
    assert usual(days(45, on_mondays(120)), MONDAY) is None  # six Mondays
    assert usual(days(20, on_mondays(120)), MONDAY).kind is Kind.ALL  # three: too few to be a kind of their own


def test_a_flow_that_starts_often_has_its_next_run_to_make_up_for_it():
    every_hour = days(200, 5, every=HOUR, until=TODAY - HOUR)
    found = usual(every_hour)
    assert (found.kind, found.margin) == (Kind.ALL, HOUR + 15 * MINUTE)
    at_night = days(300, lambda at: 40 if at.hour < 4 else 5, every=HOUR, until=TODAY - HOUR)
    assert (usual(at_night).kind, usual(at_night).delay) == (Kind.SIMILAR, 45 * MINUTE)

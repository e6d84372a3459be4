"""When an alarm ends, and when a failure is healed."""

from datetime import timedelta

import pytest
from incident_makers import NOW, failure, incident, ran, row

from bot.core.flow.status import Status
from bot.core.incident import recovery
from bot.core.incident.lifecycle import Transition
from bot.core.incident.model import Phase

DAY = "3377-2026111800"
LATER = "2026-11-21 10:00:00"


def good(id_, end=LATER, cycle="D", graph=None, **more):
    return row(id_, Status.SUCCESS, end, cycle=cycle, graph=graph or ran(), **more)


@pytest.mark.parametrize(
    ("failed", "success", "cycle", "same"),
    [
        (DAY, DAY, "D", True),
        (DAY, "3377-20261118000000", "D", True),
        (DAY, "3377-20261118001300", "D", True),  # the minute was taken, the next free one
        (DAY, "3377-20261119000000", "D", False),
        (DAY, "3377-20261117235900", "D", False),
        (DAY, "3378-20261118000000", "D", False),
        (DAY, "3377-2026111801", "D", False),  # scheduled for another hour of that day
        (DAY, "3377-202611180000", "D", True),
        ("3377-2026111806", "3377-20261118063500", "H", True),
        ("3377-2026111806", "3377-20261118070000", "H", False),
        ("3377-2026111806", "3377-20261118063500", "", True),
        ("3377-202611180630", "3377-20261118063000", "mi", True),
        ("3377-202611180630", "3377-20261118063100", "mi", False),
        ("3377-20261118", "3377-20261118120000", "", True),
        ("3377-20261118", "3377-20261119000000", "", False),
        ("3377-odd", "3377-20261118000000", "D", False),
        (DAY, "3377-odd", "D", False),
    ],
)
def test_a_run_stands_for_the_same_trigger_time(failed, success, cycle, same):
    assert recovery.same_time(failed, success, cycle) is same


@pytest.mark.parametrize(
    ("case", "success", "backfills"),
    [
        ("the instance itself", good(DAY), True),
        ("a run of all that had failed", good("3377-20261118000100", graph=ran(1, 2, 3)), True),
        ("a run that left a failed task out", good("3377-20261118000100", graph=ran(2, 3)), False),
        ("a run whose tasks are not known", good("3377-20261118000100"), False),
        ("a run of another day", good("3377-20261119000100", graph=ran(1, 2, 3)), False),
        ("a run that ended before", good(DAY, end="2026-11-18 01:00:00"), False),
        ("a run that did not end well", row(DAY, Status.CANCEL, LATER), False),
    ],
)
def test_only_a_full_run_for_the_same_time_heals(case, success, backfills):
    assert recovery.backfills(success, failure(DAY, failed_tasks=(1, 2), end="2026-11-18 02:00:00")) is backfills, case


def test_where_the_failed_tasks_are_not_known_no_other_run_heals():
    assert not recovery.backfills(good("3377-20261118000100", graph=ran(1, 2)), failure(DAY, end=""))


def test_a_success_whose_tasks_are_not_read_yet_might_heal():
    open_ = incident(failure(DAY, failed_tasks=(1,), end="2026-11-18 02:00:00"))
    assert recovery.might_backfill(good("3377-20261118000100"), open_)
    assert not recovery.might_backfill(good(DAY), open_)
    assert not recovery.might_backfill(good("3377-20261119000100"), open_)
    assert not recovery.might_backfill(good("3377-20261118000100", end="2026-11-18 01:00:00"), open_)


@pytest.mark.parametrize(
    ("case", "success", "reason", "phase"),
    [
        ("of the next day", good("3377-2026112200"), Transition.RECOVERED, Phase.RECOVERED),
        ("of the day before", good("3377-2026112000"), Transition.NOTHING, Phase.OPEN),
        (
            "of the next day, ended before",
            good("3377-2026112200", end="2026-11-20 00:00:00"),
            Transition.NOTHING,
            Phase.OPEN,
        ),
        ("of the same instance", good("3377-2026112100"), Transition.RECOVERED, Phase.RECOVERED),
        ("of another flow", good("3378-2026112200"), Transition.NOTHING, Phase.OPEN),
        ("no success at all", row("3377-2026112200", Status.RUNNING, ""), Transition.NOTHING, Phase.OPEN),
        (
            "an id nobody reads, printed as later",
            good("3377-x", trigger="2026-11-22 08:00:00"),
            Transition.RECOVERED,
            Phase.RECOVERED,
        ),
        (
            "an id nobody reads, printed as earlier",
            good("3377-x", trigger="2026-11-20 08:00:00"),
            Transition.NOTHING,
            Phase.OPEN,
        ),
    ],
)
def test_a_later_success_ends_the_alarm(case, success, reason, phase):
    new, why = recovery.after_success(incident(), success, NOW)
    assert (why, new.phase) == (reason, phase), case


def test_the_same_instance_heals_and_a_later_one_does_not():
    assert recovery.after_success(incident(), good("3377-2026112100"), NOW)[0].occurrences[0].backfilled
    assert not recovery.after_success(incident(), good("3377-2026112200"), NOW)[0].occurrences[0].backfilled


def test_where_an_end_is_unknown_only_what_was_triggered_after_the_failure_was_seen_is_later():
    open_ = incident(failure(end="", at=NOW))
    assert recovery.after_success(open_, good("3377-2026112108"), NOW)[1] is Transition.NOTHING
    assert recovery.after_success(open_, good("3377-2026112110"), NOW)[1] is Transition.RECOVERED


def test_the_alarm_stands_while_a_newer_failure_is_left_and_ends_with_the_last():
    two = incident(failure(DAY, end="2026-11-18 02:00:00"), failure())
    one, reason = recovery.after_success(two, good(DAY), NOW)
    assert (reason, one.phase) == (Transition.BACKFILLED, Phase.OPEN)
    none, reason = recovery.after_success(one, good("3377-2026112100"), NOW)
    assert (reason, none.phase) == (Transition.RECOVERED, Phase.RECOVERED)


def test_a_good_run_after_the_alarm_ended_heals_without_another_recovery():
    green, _ = recovery.after_success(incident(), good("3377-2026112200"), NOW)
    new, reason = recovery.after_success(green, good("3377-2026112100"), NOW + timedelta(hours=1))
    assert reason is Transition.BACKFILLED
    assert new.ended_at == NOW
    assert recovery.after_success(new, good("3377-2026112100"), NOW) == (new, Transition.NOTHING)

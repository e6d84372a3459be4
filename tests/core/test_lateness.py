"""What is late, and what is not: history first, then one look at EnOS."""

from dataclasses import replace
from datetime import timedelta

import pytest
from past_runs import DAILY, DAY, HOUR, MINUTE, TODAY, days, past

from bot.core.flow.model import MANUAL, Flow, FlowId, Instance, InstanceId
from bot.core.flow.status import Status
from bot.core.history.background import UsualDuration
from bot.core.history.lateness import (
    Due,
    Reason,
    Verdict,
    confirm,
    confirm_running,
    judge,
    judge_due,
    judge_running,
    missing_instance,
)
from bot.core.history.usual import habits

BEFORE = days(40)  # half an hour each: late from 02:35 and 27 minutes on
FIRES = [TODAY - DAY * n for n in range(5, -2, -1)]
DEADLINE = TODAY + 62 * MINUTE
PAST = DEADLINE + MINUTE
RUNS, FAILED, CANCELED = Status.RUNNING, Status.FAIL, Status.CANCEL


def judged(runs, now=PAST, read_since=PAST, fires=FIRES):
    return judge(runs, habits(runs, DAILY, timedelta()), fires, read_since, now)


@pytest.mark.parametrize(
    ("case", "todays", "now", "expected"),
    [
        ("no run, and its time has not come", [], TODAY + HOUR, Reason.DONE),
        ("no run, and its time has come", [], PAST, Reason.LATE),
        ("it runs, and its time has come", [past(TODAY, None, RUNS)], PAST, Reason.LATE),
        ("it waits, and its time has come", [past(TODAY, None, Status.WAIT)], PAST, Reason.LATE),
        ("it is done", [past(TODAY)], PAST, Reason.DONE),
        ("it was done late", [past(TODAY, 61)], PAST, Reason.DONE),
        ("it has failed", [past(TODAY, status=FAILED)], PAST, Reason.FAILED),
        (
            "it has failed, and a person started it again",
            [past(TODAY, status=FAILED), past(TODAY + MINUTE, 5, digits=14)],
            PAST,
            Reason.DONE,
        ),
        ("somebody canceled it", [past(TODAY, status=CANCELED)], PAST, Reason.ENDED_BY_A_PERSON),
        ("somebody skipped it", [past(TODAY, status=Status.SKIP)], PAST, Reason.ENDED_BY_A_PERSON),
        ("a person has run it by hand since", [past(TODAY + 5 * MINUTE, 5, digits=14, kind=MANUAL)], PAST, Reason.DONE),
        ("tomorrow's run is planned already", [past(TODAY + DAY, None, Status.INIT)], PAST, Reason.LATE),
        (
            "tomorrow's run has begun, today's is missing",
            [past(TODAY + DAY, None, RUNS)],
            TODAY + DAY + MINUTE,
            Reason.LATE,
        ),
    ],
)
def test_a_daily_flow(case, todays, now, expected):
    assert judged([*todays, *BEFORE], now, now).reason is expected, case


def test_what_is_late_has_its_run_its_time_and_the_next_deadline():
    run = past(TODAY, None, RUNS)
    found = judged([run, *BEFORE])
    assert (found.run, found.due.fire, found.due.by) == (run, TODAY, TODAY + 35 * MINUTE)
    assert (found.due.deadline, found.again) == (DEADLINE, DEADLINE + DAY)
    assert judged(BEFORE).run is None


@pytest.mark.parametrize(
    ("case", "runs", "read_since", "fires", "expected"),
    [
        ("nine runs", days(9), PAST, FIRES, Reason.HISTORY_TOO_SHORT),
        ("no run at all", [], PAST, FIRES, Reason.HISTORY_TOO_SHORT),
        ("no run has ever succeeded", days(40, status=FAILED), PAST, FIRES, Reason.HISTORY_TOO_SHORT),
        ("two years of missing data", days(40, until=TODAY - 730 * DAY), PAST, FIRES, Reason.WAS_OFF),
        ("its schedule was off for a week until now", days(40, until=TODAY - 8 * DAY), PAST, FIRES, Reason.WAS_OFF),
        ("history was read before the deadline", BEFORE, DEADLINE - MINUTE, FIRES, Reason.READ_TOO_OLD),
        ("history was never read to its end", BEFORE, None, FIRES, Reason.READ_TOO_OLD),
        ("the schedule fires no more", BEFORE, PAST, [], Reason.NOT_DUE),
        ("it is the schedule's first time", BEFORE, PAST, FIRES[-2:], Reason.WAS_OFF),
        ("it fires tomorrow for the first time", BEFORE, PAST, FIRES[-1:], Reason.NOT_DUE),
    ],
)
def test_any_doubt_is_silence(case, runs, read_since, fires, expected):
    assert judged(runs, read_since=read_since, fires=fires).reason is expected, case


def test_a_day_of_which_too_little_is_known():
    few = days(12)  # back to the sixth of November: no first day of a month
    first = TODAY.replace(month=12, day=1)
    assert judged(few, first + HOUR, first + HOUR, [first - DAY, first, first + DAY]).reason is Reason.HISTORY_TOO_SHORT
    ahead = judged(few, TODAY + MINUTE, TODAY, [TODAY - DAY, TODAY, first])
    assert ahead.again == DEADLINE


def test_a_promise_has_no_margin():
    due = Due(TODAY, TODAY + 20 * MINUTE, TODAY + 20 * MINUTE)
    around = (TODAY - DAY, TODAY + DAY)
    now = due.deadline + MINUTE
    assert judge_due(due, around, [past(TODAY, None, RUNS), *BEFORE], now, now).reason is Reason.LATE
    assert judge_due(due, (None, None), [past(TODAY, None, RUNS), *BEFORE], now, now).reason is Reason.LATE
    assert judge_due(due, (None, None), BEFORE, now, now).reason is Reason.WAS_OFF


# ── one look at EnOS ──

FLOW = Flow(FlowId(3377), "daily-energy-report", active=True, freq=DAILY)
DUE = Due(TODAY, TODAY + 35 * MINUTE, DEADLINE)


def shown(status, at=TODAY, digits=10):
    id_ = f"3377-{at:%Y%m%d%H%M%S}"[: 5 + digits]
    return Instance(InstanceId(id_), FlowId(3377), "daily-energy-report", status)


@pytest.mark.parametrize(
    ("case", "run", "flow", "runs", "expected"),
    [
        ("still no run", None, FLOW, [], Reason.LATE),
        ("still at work", RUNS, FLOW, [shown(RUNS)], Reason.LATE),
        ("it has succeeded meanwhile", RUNS, FLOW, [shown(Status.SUCCESS)], Reason.DONE),
        ("a person has run it meanwhile", None, FLOW, [shown(Status.SUCCESS, TODAY + MINUTE, 14)], Reason.DONE),
        ("it has failed meanwhile", RUNS, FLOW, [shown(FAILED)], Reason.FAILED),
        ("somebody has canceled it meanwhile", RUNS, FLOW, [shown(CANCELED)], Reason.ENDED_BY_A_PERSON),
        ("it has begun meanwhile", None, FLOW, [shown(RUNS)], Reason.NOT_AS_IN_HISTORY),
        ("it is gone", RUNS, FLOW, [], Reason.NOT_AS_IN_HISTORY),
        ("a run of yesterday tells nothing", None, FLOW, [shown(Status.SUCCESS, TODAY - DAY)], Reason.LATE),
        ("the schedule was switched off", None, replace(FLOW, active=False), [], Reason.DISABLED),
        ("the schedule was changed today", None, replace(FLOW, freq="0 0 9 * * ? *"), [], Reason.SCHEDULE_CHANGED),
        ("EnOS does not show the flow", None, None, [], Reason.UNREADABLE),
        ("EnOS does not list its runs", None, FLOW, None, Reason.UNREADABLE),
    ],
)
def test_one_look_at_enos(case, run, flow, runs, expected):
    found = Verdict(Reason.LATE, DUE, run and past(TODAY, None, run))
    assert confirm(found, DAILY, flow, runs).reason is expected, case


def test_the_id_of_a_run_that_does_not_exist_is_like_those_of_the_others():
    assert missing_instance(FlowId(3377), TODAY, BEFORE, DAILY) == "3377-2026111802"
    assert missing_instance(FlowId(3377), TODAY, days(10, digits=8), DAILY) == "3377-20261118"
    assert missing_instance(FlowId(3377), TODAY, [], DAILY) == "3377-202611180200"


# ── LONG ──

USUAL = UsualDuration(30 * MINUTE, 40 * MINUTE, 30)  # far longer: from two hours on


@pytest.mark.parametrize(
    ("case", "run", "usual", "after", "expected"),
    [
        ("three times the longest have passed", past(TODAY, None, RUNS), USUAL, 121, Reason.LONG),
        ("not yet", past(TODAY, None, RUNS), USUAL, 119, Reason.NOT_DUE),
        ("it runs again", past(TODAY, None, Status.RERUN), USUAL, 121, Reason.LONG),
        (
            "short runs have half an hour more",
            past(TODAY, None, RUNS),
            UsualDuration(MINUTE, MINUTE, 30),
            32,
            Reason.LONG,
        ),
        ("it waits", past(TODAY, None, Status.WAIT), USUAL, 121, Reason.NOT_DUE),
        ("nobody knows when it began", past(TODAY, None, RUNS, started_at=None), USUAL, 121, Reason.NOT_DUE),
        ("a person started it", past(TODAY, None, RUNS, digits=14), USUAL, 121, Reason.NOT_DUE),
        ("nothing is known of the flow", past(TODAY, None, RUNS), None, 121, Reason.HISTORY_TOO_SHORT),
        ("nine runs are known", past(TODAY, None, RUNS), replace(USUAL, runs=9), 121, Reason.HISTORY_TOO_SHORT),
    ],
)
def test_a_run_that_is_far_longer_than_ever(case, run, usual, after, expected):
    now = TODAY + MINUTE * (after + 1)
    assert judge_running(run, usual, now, now).reason is expected, case


def test_history_must_have_been_read_since():
    run, now = past(TODAY, None, RUNS), TODAY + 3 * HOUR
    assert judge_running(run, USUAL, TODAY + 2 * HOUR, now).reason is Reason.READ_TOO_OLD
    assert judge_running(run, USUAL, None, now).reason is Reason.READ_TOO_OLD


def test_one_look_at_the_run():
    found = Verdict(Reason.LONG, DUE, past(TODAY, None, RUNS))
    assert confirm_running(found, shown(RUNS)).reason is Reason.LONG
    assert confirm_running(found, shown(Status.SUCCESS)).reason is Reason.NOT_AS_IN_HISTORY
    assert confirm_running(found, None).reason is Reason.UNREADABLE

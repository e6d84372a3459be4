"""When a flow will be done, along the flows that it waits for; and when that cannot be said."""

import pytest
from past_runs import DAY, HOUR, MINUTE, TODAY, days, past

from bot.core.flow.model import FlowId
from bot.core.flow.status import Status
from bot.core.history import promise
from bot.core.history.background import FlowRef
from bot.core.history.promise import CannotSay, Estimate, Known, Promise, estimate, judge_promise, run_of

REPORT, IMPORT, METER = (FlowRef(FlowId(id_), name) for id_, name in ((3377, "report"), (2107, "import"), (9, "meter")))
START = TODAY - HOUR  # of the import; the report is triggered an hour later
RUNS = Status.RUNNING


def imports(*todays, upstream=(), minutes=50, count=30):
    past_runs = days(count, minutes, until=START - DAY, flow=2107)
    return Known(IMPORT, START, (*todays, *past_runs), upstream)


def reports(*todays, upstream=(IMPORT,), minutes=30, count=30):
    return Known(REPORT, TODAY, (*todays, *days(count, minutes)), upstream)


def foreseen(*known, now):
    return estimate(REPORT, {each.flow.id: each for each in known}, now)


def test_nothing_has_begun():
    found = foreseen(reports(), imports(), now=START - HOUR)
    assert found == Estimate(TODAY + 30 * MINUTE, TODAY + 30 * MINUTE)


def test_all_is_as_usual():
    done = past(START, 50, flow=2107)
    found = foreseen(reports(past(TODAY, None, RUNS)), imports(done), now=TODAY + 10 * MINUTE)
    assert (found.end, found.behind) == (TODAY + 31 * MINUTE, None)


def test_a_flow_that_it_waits_for_runs_late():
    slow = past(START, None, RUNS, flow=2107, lag=40 * MINUTE)
    found = foreseen(reports(), imports(slow), now=TODAY)
    assert found.end == START + 40 * MINUTE + 50 * MINUTE + 30 * MINUTE
    assert (found.behind.flow, found.behind.late) == (IMPORT, 39 * MINUTE)


def test_the_first_flow_that_is_late_is_why():
    meter = Known(
        METER,
        START - HOUR,
        (past(START - HOUR, None, RUNS, flow=9, lag=2 * HOUR), *days(20, 10, until=START - HOUR - DAY, flow=9)),
        (),
    )
    found = foreseen(reports(), imports(upstream=(METER,)), meter, now=START)
    assert (found.behind.flow, found.behind.late) == (METER, 119 * MINUTE)
    assert found.end == START + HOUR + (10 + 50 + 30) * MINUTE


def test_it_takes_longer_itself():
    found = foreseen(reports(past(TODAY, None, RUNS)), imports(past(START, 50, flow=2107)), now=TODAY + 2 * HOUR)
    assert (found.end, found.soonest) == (TODAY + 2 * HOUR, TODAY + 2 * HOUR)
    assert (found.behind.flow, found.behind.late) == (REPORT, 89 * MINUTE)


def test_it_has_not_been_started_in_time():
    found = foreseen(reports(), imports(past(START, 50, flow=2107)), now=TODAY + 20 * MINUTE)
    assert found.end == TODAY + 50 * MINUTE


def test_a_flow_that_it_waits_for_was_done_late():
    late = past(START, 100, flow=2107)
    found = foreseen(reports(past(TODAY, None, RUNS)), imports(late), now=TODAY + 50 * MINUTE)
    assert (found.end, found.behind.flow) == (START + 131 * MINUTE, IMPORT)


def test_it_is_done():
    found = foreseen(reports(past(TODAY, 20)), imports(), now=TODAY + HOUR)
    assert (found.end, found.is_over) == (TODAY + 21 * MINUTE, True)
    unread = past(TODAY, None, Status.SUCCESS)
    assert foreseen(reports(unread), imports(), now=TODAY + HOUR).end == TODAY + HOUR


def test_a_flow_that_waits_for_nothing():
    assert foreseen(reports(upstream=()), now=TODAY - HOUR).end == TODAY + 30 * MINUTE


@pytest.mark.parametrize(
    ("case", "known", "why", "about"),
    [
        ("nobody may see the flow it waits for", [reports()], CannotSay.UNKNOWN_FLOW, IMPORT),
        ("nothing is known of itself", [imports()], CannotSay.UNKNOWN_FLOW, REPORT),
        ("its graph was never read", [reports(upstream=None)], CannotSay.NO_GRAPH, REPORT),
        ("the other's graph was never read", [reports(), imports(upstream=None)], CannotSay.NO_GRAPH, IMPORT),
        ("the other's schedule is unknown", [reports(), Known(IMPORT, None)], CannotSay.NO_SCHEDULE, IMPORT),
        ("nine runs are known", [reports(count=9), imports()], CannotSay.HISTORY_TOO_SHORT, REPORT),
        ("nine runs of the other are known", [reports(), imports(count=9)], CannotSay.HISTORY_TOO_SHORT, IMPORT),
        ("they wait for each other", [reports(), imports(upstream=(REPORT,))], CannotSay.CYCLE, REPORT),
        ("it waits for itself", [reports(upstream=(REPORT,))], CannotSay.CYCLE, REPORT),
        ("it has failed", [reports(past(TODAY, status=Status.FAIL)), imports()], CannotSay.FAILED, REPORT),
        (
            "the other has failed",
            [reports(), imports(past(START, status=Status.FAIL, flow=2107))],
            CannotSay.FAILED,
            IMPORT,
        ),
    ],
)
def test_cannot_say(case, known, why, about):
    found = foreseen(*known, now=TODAY)
    assert (found.why, found.about) == (why, about), case
    assert judge_promise(found, TODAY + HOUR) is Promise.CANNOT_SAY


def test_too_many_flows_are_on_the_way(monkeypatch):
    monkeypatch.setattr(promise, "_MOST_FLOWS", 1)
    found = foreseen(reports(), imports(), now=TODAY)
    assert found.why is CannotSay.TOO_MANY


def test_a_flow_on_two_ways_is_estimated_once():
    both = reports(upstream=(IMPORT, METER))
    meter = Known(METER, START, days(20, 55, until=START - DAY, flow=9), (IMPORT,))
    assert foreseen(both, imports(), meter, now=START).end == TODAY + 30 * MINUTE


@pytest.mark.parametrize(
    ("case", "found", "expected"),
    [
        ("even a quick run ends too late", Estimate(TODAY + 2 * HOUR, TODAY + 61 * MINUTE), Promise.WILL_BREAK),
        ("a quick run would be in time", Estimate(TODAY + 2 * HOUR, TODAY + HOUR), Promise.ON_TIME),
        ("it is done", Estimate(TODAY, TODAY, is_over=True), Promise.KEPT),
        ("it was done too late", Estimate(TODAY + 2 * HOUR, TODAY + 2 * HOUR, is_over=True), Promise.KEPT),
        ("nothing is known", Estimate(), Promise.CANNOT_SAY),
    ],
)
def test_a_promise_for_an_hour_later(case, found, expected):
    assert judge_promise(found, TODAY + HOUR) is expected, case


def test_the_run_of_a_trigger_time():
    failed, again = past(TODAY, status=Status.FAIL), past(TODAY + MINUTE, 5, digits=14)
    assert run_of([again, failed], TODAY) == again
    assert run_of([past(TODAY + MINUTE, None, RUNS, digits=14), failed], TODAY).status == RUNS
    assert run_of(days(3), TODAY) is None
    planned = past(TODAY + DAY, None, Status.INIT)
    assert run_of([planned, failed], TODAY) == failed
    assert run_of([planned], TODAY) is None


def test_a_past_run_whose_upstream_run_is_not_known_teaches_nothing():
    gaps = Known(IMPORT, START, days(9, until=START - DAY, flow=2107), ())
    failed = days(21, status=Status.FAIL, until=START - 10 * DAY, flow=2107)
    found = foreseen(reports(), Known(IMPORT, START, (past(START, 50, flow=2107), *gaps.runs, *failed), ()), now=TODAY)
    assert (found.why, found.about) == (CannotSay.HISTORY_TOO_SHORT, REPORT)


def test_ids_may_hold_no_more_than_the_hour():
    """The import is triggered later in the hour than the report: the report waits for the import of the day before."""
    later = [past(TODAY - DAY * n, 20, flow=2107, lag=50 * MINUTE) for n in range(1, 32)]
    found = foreseen(reports(), Known(IMPORT, TODAY - DAY, later, ()), now=TODAY)
    assert found.end == TODAY + 30 * MINUTE

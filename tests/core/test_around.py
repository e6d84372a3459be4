"""What past runs, the schedule and earlier incidents tell about a failure."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from incident_makers import JONAS, NOW, failure, incident

from bot.core.errors import Refusal
from bot.core.flow.model import MANUAL, FlowId, InstanceId
from bot.core.flow.run import Run
from bot.core.flow.status import Status
from bot.core.history.around import next_run, took
from bot.core.history.background import MetBefore
from bot.core.history.met_before import met_before, who_ended
from bot.core.history.runbook import LONGEST, address, checked
from bot.core.history.runs import PastRun
from bot.core.incident.model import Phase
from bot.core.incident.resolution import Resolution

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
SIX = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
DAILY = "0 0 6 * * ?"


def run(days_ago=0, minutes=20, status=Status.SUCCESS, freq=DAILY, **more):
    at = SIX - days_ago * DAY
    id_ = InstanceId(f"3377-{at:%Y%m%d%H%M}")
    made = PastRun(id_, FlowId(3377), at, int(status), at, at + minutes * MINUTE, freq=freq)
    return replace(made, **more)


RUNS = [run(each) for each in range(12)]


def test_how_long_a_run_took():
    failed = run(0, 180, Status.FAIL)
    assert took([failed], failed.instance) == 180 * MINUTE
    assert took([failed], InstanceId("3377-20261120")) is None
    assert took([replace(failed, ended_at=None)], failed.instance) is None
    assert took([replace(failed, started_at=None)], failed.instance) is None


UTC_ONLY, TOMORROW = timedelta(), SIX + DAY


def test_the_next_run():
    assert next_run(RUNS, UTC_ONLY, SIX + 30 * MINUTE) == TOMORROW
    assert next_run([run(0, status=Status.FAIL), *RUNS[1:]], UTC_ONLY, SIX + 30 * MINUTE) == TOMORROW


@pytest.mark.parametrize(
    ("runs", "now"),
    [
        ([], SIX),
        ([run(freq="")], SIX),
        ([run(freq="every day")], SIX),
        ([run(kind=MANUAL)], SIX),
        (RUNS[:1], SIX),  # in which zone it fires is not known from one run
        (RUNS[2:], SIX + 30 * MINUTE),  # it did not run today: it may be off
        ([run(instance=InstanceId("3377-20261121060000")), *RUNS[1:]], SIX + 30 * MINUTE),  # only by hand today
    ],
)
def test_no_next_run_is_said_where_it_is_not_certain(runs, now):
    assert next_run(runs, UTC_ONLY, now) is None


def test_a_run_that_may_not_have_been_read_yet_is_not_missing():
    assert next_run(RUNS[1:], UTC_ONLY, SIX + 5 * MINUTE) == TOMORROW


def at_half_past(days_ago=0, **more):
    """A run that the schedule starts at half past six; its id holds the hour alone."""
    hour = SIX - days_ago * DAY
    id_ = InstanceId(f"3377-{hour:%Y%m%d%H}")
    return run(days_ago, instance=id_, freq="0 30 6 * * ?", **more)


@pytest.mark.parametrize(
    ("missing", "after", "said"),
    [(0, 90 * MINUTE, SIX + DAY + 30 * MINUTE), (1, 90 * MINUTE, None), (1, 35 * MINUTE, SIX + DAY + 30 * MINUTE)],
    ids=["it ran today", "it did not, so it may be off", "today's run may not have been read yet"],
)
def test_the_next_run_of_a_flow_whose_ids_hold_no_minutes(missing, after, said):
    assert next_run([at_half_past(each) for each in range(missing, 12)], UTC_ONLY, SIX + after) == said


def test_where_ids_do_not_tell_two_runs_of_an_hour_apart_it_is_said_until_the_second_is_due():
    twice = [replace(each, freq="0 0,30 6 * * ?") for each in map(at_half_past, range(12))]
    assert next_run(twice, UTC_ONLY, SIX + 20 * MINUTE) == SIX + 30 * MINUTE
    assert next_run(twice, UTC_ONLY, SIX + 90 * MINUTE) is None


# ── met before ──

RERUN = Run(InstanceId("3377-2026112100"), FlowId(3377), "", str(JONAS), "p", NOW, "C", verb="rerun")
ENDED = {"ended_at": NOW + 20 * MINUTE, "phase": Phase.RECOVERED}


@pytest.mark.parametrize(
    ("ended", "by", "ending"),
    [
        (incident(recovered_by="3377-2026112200", **ENDED), None, "itself"),
        (incident(failure("3377-2026112100"), recovered_by="3377-2026112100", **ENDED), RERUN, "rerun"),
        (incident(recovered_by="3377-20261121003000", **ENDED), replace(RERUN, verb="trigger"), "run"),
        (incident(recovered_by="3377-20261121003000", **ENDED), None, "enos"),
        (incident(**ENDED | {"phase": Phase.CLOSED}), None, "closed"),
        *((incident(**ENDED | {"phase": Phase.CLOSED, "resolution": each}), None, each.value) for each in Resolution),
    ],
)
def test_what_ended_it_the_last_time(ended, by, ending):
    assert met_before(ended, by, 3, "jonas.weber") == MetBefore(NOW, ending, "jonas.weber", 20 * MINUTE, 3)


def test_an_end_that_is_not_known():
    assert met_before(incident(phase=Phase.RECOVERED), None, 1, "").after is None


def test_who_ended_it():
    assert who_ended(incident(phase=Phase.CLOSED, ended_by=JONAS), None) == str(JONAS)
    assert who_ended(incident(phase=Phase.CLOSED), RERUN) == ""
    assert who_ended(incident(phase=Phase.RECOVERED), RERUN) == str(JONAS)
    assert who_ended(incident(phase=Phase.RECOVERED), None) == ""


# ── runbooks ──


def test_a_runbook_is_one_line():
    assert checked(" call the\n grid team\x00 ") == "call the grid team�"
    with pytest.raises(Refusal) as refused:
        checked("\u200b \n")
    assert refused.value.reason == "no_text"
    assert checked("x" * LONGEST) == "x" * LONGEST
    with pytest.raises(Refusal) as refused:
        checked("x" * (LONGEST + 1))
    assert refused.value.reason == "too_long"


@pytest.mark.parametrize("text", ["https://wiki.test/a?b=c#d", "http://wiki.test"])
def test_an_address(text):
    assert address(text) == text
    assert address(f"see {text}") == address(f"{text}|x") == address("ftp://x") == ""

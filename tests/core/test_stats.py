"""Figures of a period: each from incidents alone, by tables, and by laws for any of them."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from incident_makers import JONAS, MAYA, NOW, failure, incident

from bot.core.flow.model import FlowId, InstanceId
from bot.core.flow.status import Status
from bot.core.history.background import Background
from bot.core.history.stats import Bucket, Delays, End, WorstFlow, ended_by, figures
from bot.core.incident import handover, lifecycle
from bot.core.incident.model import Phase
from bot.core.incident.resolution import Resolution

BERLIN = ZoneInfo("Europe/Berlin")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MIDNIGHT = datetime(2026, 11, 21, tzinfo=BERLIN)


def one(opened=NOW, flow=3377, name="daily", failures=1, **more):
    seen = tuple(failure(f"{flow}-2026112{number}00", at=opened + number * HOUR) for number in range(failures))
    made = incident(occurrences=seen)
    return replace(made, flow_id=FlowId(flow), flow_name=name, opened_at=opened, **more)


def recovered(after, **more):
    return one(phase=Phase.RECOVERED, ended_at=NOW + after, recovered_by=InstanceId("3377-2026112200"), **more)


def of(*incidents, since=MIDNIGHT, until=MIDNIGHT + DAY):
    return figures(incidents, since, until, BERLIN)


def test_nothing_failed():
    found = of()
    assert (found.failures, found.incidents, found.live, found.worst, found.ends) == (0, 0, 0, (), ())
    assert (found.to_acknowledge, found.to_recover) == (None, None)
    assert found.buckets == (Bucket(date(2026, 11, 21), 0),)


def test_a_failure_counts_on_the_day_of_the_asker():
    late = datetime(2026, 11, 20, 23, 30, tzinfo=ZoneInfo("UTC"))  # half past midnight in Berlin
    found = of(one(late), one(late - HOUR), since=MIDNIGHT - DAY)
    assert found.buckets == (Bucket(date(2026, 11, 20), 1), Bucket(date(2026, 11, 21), 1))


def test_a_period_is_half_open():
    assert of(one(MIDNIGHT), one(MIDNIGHT + DAY), one(MIDNIGHT - timedelta(seconds=1))).failures == 1


def test_a_failure_of_an_older_incident_counts_but_the_incident_does_not():
    found = of(one(MIDNIGHT - HOUR, failures=3))
    assert (found.failures, found.incidents) == (2, 0)


def test_a_late_run_is_an_incident_but_no_failure():
    late = replace(one(), occurrences=(failure(status=1001, at=NOW),))
    found = of(late)
    assert (found.failures, found.incidents, found.live) == (0, 1, 1)


@pytest.mark.parametrize(("days", "weekly", "bars"), [(31, False, 31), (32, True, 5), (91, True, 14)])
def test_a_long_period_is_shown_in_weeks_from_monday_on(days, weekly, bars):
    found = of(one(), since=MIDNIGHT - (days - 1) * DAY)
    assert (found.weekly, len(found.buckets)) == (weekly, bars)
    assert sum(each.failures for each in found.buckets) == 1
    if weekly:
        assert all(each.first.weekday() == 0 for each in found.buckets)


@pytest.mark.parametrize(
    ("minutes", "median", "ninetieth"),
    [([5], 5, 5), ([1, 9], 5, 9), ([1, 2, 60], 2, 60), (range(1, 11), 5.5, 9), (range(1, 21), 10.5, 18), ([-3], 0, 0)],
)
def test_how_long_it_took(minutes, median, ninetieth):
    found = of(*(recovered(timedelta(minutes=each)) for each in minutes)).to_recover
    assert found == Delays(len(minutes), timedelta(minutes=median), timedelta(minutes=ninetieth))


def test_the_first_acknowledgement_counts_not_a_later_one():
    taken, _ = lifecycle.acknowledge(one(), MAYA, NOW + 5 * timedelta(minutes=1))
    taken, _ = handover.take(taken, JONAS, NOW + 3 * HOUR, seen="")
    assert taken.acked_at == NOW + 3 * HOUR
    back, _ = lifecycle.unack(taken)
    assert of(back).to_acknowledge.median == timedelta(minutes=5)


def test_an_acknowledgement_of_before_the_first_was_kept_counts():
    old = one(phase=Phase.ACKNOWLEDGED, acked_by=MAYA, acked_at=NOW + HOUR, background=Background())
    assert of(old).to_acknowledge.median == HOUR
    taken, _ = handover.take(old, JONAS, NOW + 2 * HOUR, seen="")
    assert of(taken).to_acknowledge.median == HOUR
    renewed, _ = lifecycle.acknowledge(old, MAYA, NOW + 2 * HOUR)
    assert of(renewed).to_acknowledge.median == HOUR


def test_the_worst_flows_come_first_by_their_newest_names():
    many = [one(flow=number, name=f"flow {number}") for number in range(1, 8)]
    found = of(*many, one(NOW + HOUR, flow=7, name="renamed"), one(NOW - HOUR, flow=7, name="older"))
    assert found.worst[0] == WorstFlow(FlowId(7), "renamed", 3)
    assert [each.id for each in found.worst[1:]] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("made", "end"),
    [
        (one(), None),
        (one(phase=Phase.ACKNOWLEDGED), None),
        (recovered(HOUR), End.ITSELF),
        (replace(recovered(HOUR), recovered_by=None), End.ITSELF),
        (replace(recovered(HOUR), recovered_by=InstanceId("3377-2026112000")), End.RERUN),
        (replace(recovered(HOUR), recovered_by=InstanceId("3377-20261120001500")), End.RERUN),
        (
            replace(
                recovered(HOUR),
                occurrences=(failure("3377-2026112000", status=1001),),
                recovered_by=InstanceId("3377-2026112000"),
            ),
            End.ITSELF,
        ),
        (one(phase=Phase.CLOSED), End.CLOSED),
        *((one(phase=Phase.CLOSED, resolution=each), End(each.value)) for each in Resolution),
    ],
)
def test_how_an_incident_ended(made, end):
    assert ended_by(made) is end


def test_what_ended_most_comes_first():
    found = of(recovered(HOUR), one(phase=Phase.CLOSED), one(phase=Phase.CLOSED), one())
    assert found.ends == ((End.CLOSED, 2), (End.ITSELF, 1))
    assert found.live == 1


@given(st.lists(st.tuples(st.integers(-5000, 5000), st.integers(1, 4), st.sampled_from(Phase)), max_size=20))
def test_the_bars_add_up_to_the_failures(facts):
    made = [one(MIDNIGHT + each * HOUR, failures=count, phase=phase) for each, count, phase in facts]
    found = of(*made, since=MIDNIGHT - 100 * DAY, until=MIDNIGHT + 100 * DAY)
    assert sum(each.failures for each in found.buckets) == found.failures
    assert found.live + sum(count for _, count in found.ends) == found.incidents
    assert Status.FAIL < 0  # so that none of these is one of flowbot's own

"""Simulated quarters: hardly a false alarm, and nearly every miss is told. The large simulation is in the bench."""

from bench.quarters import DAILY, HABITS, MONTHLY, WEEKLY, many


def test_daily_flows():
    found = [many(11, DAILY, [habit], 2) for habit in HABITS[:-1]]
    assert max(each.most_false_late for each in found) <= 1
    assert max(each.most_false_long for each in found) <= 1
    assert sum(each.told for each in found) >= 0.95 * sum(each.misses for each in found) > 0


def test_weekly_flows():
    found = many(12, WEEKLY, ["plain"], 10)
    assert found.most_false_late <= 1
    assert found.told >= 0.9 * found.misses > 0


def test_of_a_monthly_flow_too_little_is_known():
    found = many(13, MONTHLY, ["plain"], 3)
    assert (found.false_late, found.false_long, found.told, found.misses) == (0, 0, 0, 0)
    assert found.unknown > 0

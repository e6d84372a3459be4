"""The clocks: what is paced by the steady one, and what happens when the wall clock steps."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.ops.clocks import TOLD_FOR, Steady, Steps
from bot.ops.scheduler import Clockwork

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Times:
    """A machine's two clocks."""

    def __init__(self):
        self.wall, self.monotonic = NOW, 1000.0

    def pass_by(self, seconds):
        self.wall += timedelta(seconds=seconds)
        self.monotonic += seconds


@pytest.fixture
def times():
    return Times()


@pytest.fixture
def steady(times):
    return Steady(times.wall, lambda: times.monotonic)


@pytest.fixture
def steps(times, steady):
    return Steps(steady, lambda: times.wall)


def test_the_steady_clock_knows_nothing_of_steps(times, steady):
    times.pass_by(10)
    times.wall -= HOUR
    times.pass_by(5)
    assert steady() == NOW + timedelta(seconds=15)


def test_a_clock_that_goes_on_has_not_stepped(times, steps):
    for _ in range(5):
        times.pass_by(1)
        times.wall += timedelta(milliseconds=200)  # it is being drawn right
        assert steps.look() is None
    assert steps.told is None


@pytest.mark.parametrize("by", [-HOUR, HOUR, timedelta(seconds=-45), timedelta(days=3650)])
def test_a_step_is_seen_once(times, steps, by):
    times.pass_by(1)
    times.wall += by
    assert steps.look().by == by
    times.pass_by(1)
    assert steps.look() is None


def test_a_step_of_more_than_a_minute_is_told_for_a_day(times, steps):
    times.wall -= timedelta(seconds=59)
    assert steps.look() is not None
    assert steps.told is None
    times.wall -= timedelta(seconds=60)
    steps.look()
    assert steps.told.by == timedelta(seconds=-60)
    times.pass_by(TOLD_FOR.total_seconds())
    assert steps.told is None


async def test_a_job_that_would_wait_for_the_old_time_runs_in_its_turn():
    came = asyncio.Event()

    async def job() -> None:
        came.set()

    works = Clockwork()
    works.every(60, "job", job, first_in=3600.0 + 0.05)  # what the scheduler's times are after an hour was put back
    works.start()
    works.put_back(HOUR)
    await asyncio.wait_for(came.wait(), 20)
    await works.stop(1)

"""The clocks: what is paced by the steady one, and what happens when the wall clock steps."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.ops.clocks import RECENT_FOR, ClockJumps, SteadyClock
from bot.ops.scheduler import Scheduler

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
    return SteadyClock(times.wall, lambda: times.monotonic)


@pytest.fixture
def clock_jumps(times, steady):
    return ClockJumps(steady, lambda: times.wall)


def test_the_steady_clock_does_not_jump(times, steady):
    times.pass_by(10)
    times.wall -= HOUR
    times.pass_by(5)
    assert steady() == NOW + timedelta(seconds=15)


def test_a_clock_that_runs_has_not_jumped(times, clock_jumps):
    for _ in range(5):
        times.pass_by(1)
        times.wall += timedelta(milliseconds=200)  # it is being drawn right
        assert clock_jumps.check() is None
    assert clock_jumps.recent is None


@pytest.mark.parametrize("by", [-HOUR, HOUR, timedelta(seconds=-45), timedelta(days=3650)])
def test_a_jump_is_noticed_once(times, clock_jumps, by):
    times.pass_by(1)
    times.wall += by
    assert clock_jumps.check().by == by
    times.pass_by(1)
    assert clock_jumps.check() is None


def test_a_jump_of_more_than_a_minute_is_shown_for_a_day(times, clock_jumps):
    times.wall -= timedelta(seconds=59)
    assert clock_jumps.check() is not None
    assert clock_jumps.recent is None
    times.wall -= timedelta(seconds=60)
    clock_jumps.check()
    assert clock_jumps.recent.by == timedelta(seconds=-60)
    times.pass_by(RECENT_FOR.total_seconds())
    assert clock_jumps.recent is None


async def test_a_job_that_would_wait_for_the_old_time_runs_in_its_turn():
    came = asyncio.Event()

    async def job() -> None:
        came.set()

    works = Scheduler()
    works.every(60, "job", job, first_in=3600.0 + 0.05)  # what the scheduler's times are after an hour was put back
    works.start()
    works.shift_back(HOUR)
    await asyncio.wait_for(came.wait(), 20)
    await works.stop(1)

"""The clock of the demo's story."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

from bot.sim.demo.clock import StoryClock

TOKYO = timedelta(hours=9)
AT_ONCE = timedelta(seconds=5)


def test_the_clock_is_ahead_in_all_that_share_its_file(tmp_path):
    first, second = StoryClock(tmp_path / "clock"), StoryClock(tmp_path / "clock")
    first.ahead(3600)
    assert abs(second.wall() - datetime.now(UTC) - timedelta(hours=1)) < AT_ONCE
    assert abs(first() - second()) < AT_ONCE.total_seconds()


def test_the_clock_goes_ahead_to_a_time_of_day_and_never_by_a_day(tmp_path):
    clock = StoryClock(tmp_path / "clock")
    for hour, minute in ((21, 0), (2, 0), (1, 59)):
        before = clock.wall()
        clock.until(hour, minute, TOKYO)
        shown = clock.wall() + TOKYO
        assert (shown.hour, shown.minute) == (hour, minute)
        assert timedelta() <= clock.wall() - before < timedelta(days=1)


def test_flowbot_runs_with_the_clock_and_its_commands_are_as_ever(tmp_path):
    StoryClock(tmp_path / "clock")
    command = [sys.executable, "-m", "bot.sim.demo.clock", str(tmp_path / "clock"), "--version"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("flowbot, version")

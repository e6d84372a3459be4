"""The bench: a figure says whether it is within its budget, and none of them can hang."""

import asyncio
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from bench import __main__ as bench
from bench.lines import Line, percentile, ratio
from bench.plain import plain_loop
from bench.platform import FLOWS, fill
from bench.watching import now, watcher
from bot.sim import serve

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(("measured", "said"), [(0.5, "within"), (1.3, "within"), (1.31, "MISSED")])
def test_a_figure_is_shown_with_its_budget(measured, said):
    line = str(Line("ack, p99", measured, 1.3, "x", "more"))
    assert line.split() == ["ack,", "p99", f"{measured:g}", "x", "budget", "1.3", said, "more"]


def test_a_ratio_is_the_median_of_the_runs():
    assert ratio([(1.0, 2.0), (9.0, 1.0), (3.0, 3.0)]) == 1.0


def test_a_percentile_is_one_of_the_values():
    values = [float(number) for number in range(1, 101)]
    assert (percentile(values, 0.5), percentile(values, 0.99)) == (51.0, 100.0)
    assert percentile([7.0], 0.99) == 7.0


def test_what_is_printed_is_passed_on():
    assert bench.measure([sys.executable, "-c", "print('a figure')"], 30) == "a figure"


def test_what_fails_says_why():
    said = bench.measure([sys.executable, "-c", "raise RuntimeError('the sides differ')"], 30)
    assert said == "not measured: RuntimeError: the sides differ"
    assert bench.measure([sys.executable, "-c", ""], 30) == "not measured: it said nothing"


def test_what_hangs_is_ended_with_all_that_it_started(tmp_path):
    started = tmp_path / "pid"
    child = f"import os, pathlib, time; pathlib.Path({str(started)!r}).write_text(str(os.getpid())); time.sleep(600)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    for seconds in (3, 9, 27, 81):  # until both have begun within it, however busy the machine is
        assert (
            bench.measure([sys.executable, "-c", parent], seconds) == f"not measured: it took longer than {seconds} s"
        )
        if started.exists():
            break
    state = Path(f"/proc/{started.read_text()}/stat")
    until = time.monotonic() + 60
    while time.monotonic() < until and _lives(state):
        pass
    assert not _lives(state)


def test_the_exit_code_tells_only_of_what_could_not_be_measured(monkeypatch, capsys):
    said = {"idle": "idle poll  9 requests  MISSED", "ack": "not measured: it said nothing"}
    monkeypatch.setattr(bench, "measure", lambda command, _seconds: said[command[-2]])
    assert bench.main(["1", "idle"]) == 0
    assert bench.main(["1", "idle", "ack"]) == 1
    assert "ack: not measured: it said nothing" in capsys.readouterr().out


def _lives(state):
    try:
        return state.read_text().split()[2] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_every_figure_has_a_deadline():
    names = subprocess.run(
        [sys.executable, "-c", "from bench.figures import FIGURES; print(*FIGURES)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout.split()
    assert set(names) == set(bench.DEADLINES)


async def test_both_sides_of_a_sweep_read_the_same_and_the_watcher_keeps_it():
    running = await serve.start(serve.demo_world())
    fill(running.world.platform, FLOWS // 2)
    calls = Counter()
    try:
        async with watcher(running.enos_url, calls) as (monitor, store):
            await monitor.poll(now())
            _, rows = await plain_loop(running.enos_url)
            kept = await store.incidents(limit=10_000)
            assert sum(len(each.occurrences) for each in kept) == FLOWS // 2 <= rows
            assert calls["flowInstances.search"] >= FLOWS // 2 / 50
            for _ in range(2):  # a reading of many pages is made sure of
                await monitor.poll(now())
            await asyncio.wait_for(monitor.wait_until_idle(), 30)
            calls.clear()
            await monitor.poll(now())
            assert calls == {"flowInstances.search": 3}
    finally:
        await running.stop()

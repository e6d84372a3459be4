"""Figures of the monitor: requests of an idle poll, and sweeps of 10,000 instances."""

import contextlib
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.lines import Line, ratio
from bench.plain import KEYS, keeper, plain_loop
from bench.platform import pretend_enos
from bot.core.text.mask import DEFAULT
from bot.enos.client import EnosClient
from bot.ops.new_ids import new_id
from bot.store.store import Store
from bot.work.monitor.monitor import Monitor
from bot.work.monitor.settings import MonitorSettings

INSTANCES = 10_000
SLOW = 0.01  # seconds that a page takes on a platform that is asked over a network
SWEEP = timedelta(minutes=11)  # after this time a poll is a sweep


class Nobody:
    """No owner is linked to a person."""

    async def people_of(self, _owners):
        return {}


def now() -> datetime:
    return datetime.now(UTC)


@contextlib.asynccontextmanager
async def watcher(url: str, calls: Counter) -> AsyncIterator[tuple[Monitor, Store]]:
    """Yield a monitor with a database of its own; ``calls`` counts its requests by action."""
    enos = EnosClient(url, *KEYS, clock=now, on_call=lambda action, *_: calls.update([action]))
    with tempfile.TemporaryDirectory() as folder:
        async with Store.open(Path(folder) / "bench.db") as store:
            monitor = Monitor(enos, store, Nobody(), now, new_id, MonitorSettings(channel="C0DATAOPS1"), mask=DEFAULT)
            try:
                yield monitor, store
            finally:
                await monitor.stop()
                await enos.close()


async def idle(_runs: int) -> list[Line]:
    """Requests of a poll with nothing new, the window full."""
    calls: Counter[str] = Counter()
    async with pretend_enos(INSTANCES) as url, watcher(url, calls) as (monitor, _):
        for _ in range(3):  # the first reads all, the others make sure of it
            await monitor.poll(now())
            await monitor.wait_until_idle()
        calls.clear()
        await monitor.poll(now())
    return [Line("idle poll", calls.total(), 3, "requests", f"with {INSTANCES:,} known failures in the window")]


async def sweep(runs: int) -> list[Line]:
    """A sweep of known instances: what happens every ten minutes."""
    pairs, calls = [], Counter[str]()
    async with pretend_enos(INSTANCES) as url, watcher(url, calls) as (monitor, _):
        await monitor.poll(now())
        await monitor.wait_until_idle()
        for run in range(runs + 1):
            calls.clear()
            started = time.monotonic()
            await monitor.poll(now() + SWEEP * (run + 1))
            ours = time.monotonic() - started
            plain, rows = await plain_loop(url)
            _same_work(calls, rows)
            pairs.append((ours, plain))
    return [Line(f"sweep of {INSTANCES:,} known instances", ratio(pairs[1:]), 1.0, "x", _seconds(pairs))]


async def first_sweep(runs: int) -> list[Line]:
    """The first sweep, with a new database: every instance is read, compared, and stored."""
    at_once = await _first_sweeps(runs, 0.0)
    slower = await _first_sweeps(runs, SLOW)
    about = f"first sweep, {INSTANCES:,} new failures"
    writing = f"; {await _plain_and_kept():.2f} s where it also writes each page"
    return [
        Line(about, ratio(at_once), 1.0, "x", _seconds(at_once) + writing),
        Line(f"  … {1000 * SLOW:.0f} ms a page", ratio(slower), 1.0, "x", _seconds(slower)),
    ]


async def _plain_and_kept() -> float:
    """The seconds of a plain loop that writes each page to disk: what writing alone costs."""
    async with pretend_enos(INSTANCES) as url:
        await plain_loop(url)
        with tempfile.TemporaryDirectory() as folder:
            return (await plain_loop(url, keeper(Path(folder) / "plain.db")))[0]


async def _first_sweeps(runs: int, pause: float) -> list[tuple[float, float]]:
    pairs = []
    async with pretend_enos(INSTANCES, pause) as url:
        await plain_loop(url)  # the platform prints each row once, and remembers
        for _ in range(runs):
            calls: Counter[str] = Counter()
            async with watcher(url, calls) as (monitor, store):
                started = time.monotonic()
                await monitor.poll(now())
                ours = time.monotonic() - started
                plain, rows = await plain_loop(url)
                _same_work(calls, rows)
                known = sum(len(each.occurrences) for each in await store.incidents(limit=100_000))
                if known < INSTANCES:
                    raise RuntimeError(f"only {known} of {INSTANCES} failures were stored")
                pairs.append((ours, plain))
    return pairs


def _same_work(calls: Counter[str], rows: int) -> None:
    pages = calls["flowInstances.search"]
    if rows < INSTANCES or pages < INSTANCES / 50:
        raise RuntimeError(f"the sides did not read the same: {pages} pages and {rows} rows")


def _seconds(pairs: list[tuple[float, float]]) -> str:
    ours, plain = zip(*pairs, strict=True)
    return f"{sorted(ours)[len(ours) // 2]:.2f} s, plain loop {sorted(plain)[len(plain) // 2]:.2f} s"

"""Figures of the database: a poll, a command and a burst of failures on PostgreSQL, against SQLite in the same run.

All databases are on one disk, and each commit reaches it. A third side is SQLite with a write-ahead log, which flowbot
uses where SQLite is new enough: it is shown, not counted.
"""

import asyncio
import contextlib
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from bench.entered import broken, started
from bench.lines import Line, milliseconds, ratio
from bench.soak.pretend import CHANNEL, Enos, Nobody, Slack
from bench.watching import now
from bench.world import MAYA, ROOT, world
from bot.core.text.mask import DEFAULT
from bot.ops.new_ids import new_id
from bot.store.sqlite import SqliteDatabase
from bot.store.store import Store
from bot.work.delivery.delivery import Delivery
from bot.work.monitor.monitor import Monitor
from bot.work.monitor.settings import MonitorSettings

sys.path.append(f"{ROOT}/tests")
import postgres  # the tests' cluster

BUDGET = 2.0  # times as long as on SQLite
KNOWN, BURST = 200, 1000  # failures
POLLS, NEWS = 10, 5  # polls of a run, and failures that each of those with news sees
COMMANDS, WARMING = 4, 6  # of a run, and before the first: a statement is prepared when it has been used five times
SPACING = 1.1  # seconds: flowbot sends one message a second to a channel
SETTLED = 1.5  # seconds until a delivery has sent what it begins with

Times = tuple[float, float, float]  # on PostgreSQL, on SQLite, and there with a write-ahead log
Each = TypeVar("Each")


@dataclass(frozen=True)
class Server:
    """The address of a database on PostgreSQL."""

    url: str


@dataclass
class Counted:
    """How often stores began a transaction, and waited for PostgreSQL in one."""

    transactions: int = 0
    trips: int = 0

    def count(self, store: Store) -> None:
        store._transact = self._counting(store._transact, "transactions")  # type: ignore[method-assign]
        for name in ("_run", "executemany"):
            setattr(store._db, name, self._counting(getattr(store._db, name), "trips"))

    def _counting(self, act: Callable[..., Any], name: str) -> Callable[..., Any]:
        def counted(*args: Any, **kwargs: Any) -> Any:
            setattr(self, name, getattr(self, name) + 1)
            return act(*args, **kwargs)

        return counted

    def of(self, number: int) -> str:
        each = self.trips / max(1, self.transactions)
        return f"{self.transactions / number:.0f} transactions of {each:.1f} round trips"


@contextlib.asynccontextmanager
async def stores() -> AsyncIterator[tuple[Store, Store, Store]]:
    """New databases: PostgreSQL's, which this replica leads, SQLite's, and SQLite's with a write-ahead log."""
    address = Server(postgres.new_address())
    try:
        with tempfile.TemporaryDirectory() as folder:
            async with (
                Store.open(address) as ours,
                Store.open(Path(folder) / "flowbot.db") as theirs,
                Store.open(Path(folder) / "wal.db") as other,
            ):
                await ours.join("bench", "0")
                await ours.lead()
                await other._run(lambda: _use_wal(other))
                yield ours, theirs, other
    finally:
        postgres.drop(address.url)


def _use_wal(store: Store) -> None:
    assert isinstance(store._db, SqliteDatabase)
    store._db.execute("PRAGMA journal_mode = wal")


async def postgres_figures(runs: int) -> list[Line]:
    """All of them."""
    folder, server = postgres.begin(postgres.DURABLE)
    postgres.use(folder)
    try:
        return [*await _polls(runs), *await _bursts(runs), *await _commands(runs)]
    finally:
        postgres.end(server)


def _line(name: str, times: Sequence[Times], more: str = "") -> Line:
    ours, theirs, other = (milliseconds(sorted(side)[len(side) // 2]) for side in zip(*times, strict=True))
    of = f"{ours}, SQLite {theirs}, with a write-ahead log {other}{more}"
    return Line(name, ratio([each[:2] for each in times]), BUDGET, "x", of)


async def _on_each(sides: Sequence[Each], act: Callable[[Each], Awaitable[float]]) -> Times:
    ours, theirs, other = [await act(side) for side in sides]
    return ours, theirs, other


# ── polls ──


class Watched:
    """A monitor with a database, an EnOS in memory, and a delivery to a Slack in memory."""

    def __init__(self, store: Store, **settings: int) -> None:
        self.store, self.enos, self.slack, self.failures = store, Enos(), Slack(now), 0
        self.monitor = Monitor(
            self.enos, store, Nobody(), now, new_id, MonitorSettings(channel=CHANNEL, **settings), mask=DEFAULT
        )
        self.delivery = Delivery(store, self.slack, now, default_channel=CHANNEL, on_alarm=lambda _alarm: None)
        store.on_queued = self.delivery.wake

    def fail(self, count: int) -> None:
        """Let so many flows fail that have not failed before."""
        for number in range(self.failures, self.failures + count):
            self.enos.put(1000 + number, now() - timedelta(minutes=5))
        self.failures += count

    async def poll(self, news: int = 0) -> float:
        """The seconds of a poll; what follows from it has ended."""
        self.fail(news)
        began = time.monotonic()
        await self.monitor.poll(now())
        taken = time.monotonic() - began
        await self.monitor.wait_until_idle()
        return taken

    async def polls(self, news: int = 0) -> float:
        """The seconds of a poll, on average."""
        return sum([await self.poll(news) for _ in range(POLLS)]) / POLLS


async def _polls(runs: int) -> list[Line]:
    """A poll without news, and one with some failures."""
    idle, news, counted = list[Times](), list[Times](), Counted()
    async with stores() as all_:
        sides = [Watched(store, storm=0) for store in all_]  # no message that lists them all is drawn each time
        for side in sides:
            await side.poll(KNOWN)
            await side.poll()
        await _on_each(sides, Watched.polls)  # as above
        counted.count(all_[0])
        for _ in range(runs):
            idle.append(await _on_each(sides, Watched.polls))
        said = f"; {counted.of(runs * POLLS)}"
        for _ in range(runs):
            news.append(await _on_each(sides, lambda side: side.polls(NEWS)))
    return [_line("idle poll, PostgreSQL", idle, said), _line(f"  … with {NEWS} failures", news)]


# ── a burst ──


async def _bursts(runs: int) -> list[Line]:
    """Many failures in one poll: until all are written, and until Slack has the first message."""
    written, told = list[Times](), list[Times]()
    for _ in range(runs):
        async with stores() as all_:
            (a, x), (b, y), (c, z) = [await _burst(Watched(store)) for store in all_]
        written.append((a, b, c))
        told.append((x, y, z))
    return [_line(f"{BURST:,} failures in a poll", written), _line("  … to the first message", told)]


async def _burst(side: Watched) -> tuple[float, float]:
    await side.poll()
    delivering = asyncio.create_task(side.delivery.run())
    try:
        await asyncio.sleep(SETTLED)
        before, began, at = len(side.slack.messages), time.monotonic(), now().timestamp()
        side.fail(BURST)
        await side.monitor.poll(now())
        written = time.monotonic() - began
        for _ in range(1000):
            if new := list(side.slack.messages.values())[before:]:
                return written, new[0].at - at
            await asyncio.sleep(0.01)
        raise RuntimeError("Slack got no message")
    finally:
        delivering.cancel()
        await asyncio.gather(delivering, return_exceptions=True)
        await side.delivery.close()
        await side.monitor.stop()


# ── commands ──


class Asked:
    """A flowbot with simulators of its own, in which an incident is acknowledged and handed back in turn."""

    def __init__(self, store: Store, workspace) -> None:
        self.store, self.workspace = store, workspace
        self.said = 0
        self._queued = asyncio.Event()
        wake = store.on_queued
        store.on_queued = lambda: (self._queued.set(), wake())

    async def command(self) -> tuple[float, float]:
        """The seconds until the answer is queued, and until it is in Slack."""
        self.said += 1
        answers = self._answers()
        self._queued.clear()
        began = time.monotonic()
        saying = self.workspace.say(MAYA, CHANNEL, f"/flow {'ack' if self.said % 2 else 'unack'} 2809")
        await self._queued.wait()
        queued = time.monotonic() - began
        await self.workspace.until(lambda: self._answers() > answers, timeout=30)
        sent = time.monotonic() - began
        await saying
        return queued, sent

    def _answers(self) -> int:
        return sum(
            call.method in ("response", "chat.postMessage", "chat.postEphemeral") for call in self.workspace.calls
        )


async def _commands(runs: int) -> list[Line]:
    """A command that changes something: until its answer is queued, and until it is in Slack."""
    queued, sent, counted = list[Times](), list[Times](), Counted()
    async with contextlib.AsyncExitStack() as stack:
        sides = [await _asked(stack, store) for store in await stack.enter_async_context(stores())]
        for run in range(WARMING + runs * COMMANDS):
            if run == WARMING:
                counted.count(sides[0].store)
            times = [await side.command() for side in sides]
            if run >= WARMING:
                queued.append(tuple(a for a, _ in times))
                sent.append(tuple(b for _, b in times))
            await asyncio.sleep(SPACING)
        said = f"; {counted.of(runs * COMMANDS)}"
    return [_line("command, to its queued answer", queued, said), _line("  … to its message", sent)]


async def _asked(stack: contextlib.AsyncExitStack, store: Store) -> Asked:
    running = await stack.enter_async_context(world())
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    app = await stack.enter_async_context(started(running, folder, store))
    workspace = running.world.workspace
    await broken(app, running.world.platform, workspace)
    return Asked(store, workspace)

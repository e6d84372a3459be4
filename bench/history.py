"""Figures of history: what it takes on disk, and what it asks of EnOS while nothing happens."""

import sqlite3
import tempfile
from collections import Counter
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from bench.lines import Line
from bench.plain import KEYS
from bench.platform import pretend_enos
from bench.watching import INSTANCES, now
from bot.enos.client import EnosClient
from bot.store.history import MOST_RUNS
from bot.store.store import Store
from bot.work.monitor.history import HistoryReader

FLOWS, DAYS = 10_000, 90
DAILY = ((FLOWS, 1),)  # flows, and runs of each in a day
MIXED = ((FLOWS - 1000, 1), (900, 24), (100, 144))
MEBIBYTE = 1 << 20

# Runs of a day, in the order of their times: so they come, and so their pages fill.
_DAY = """
    WITH RECURSIVE run (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM run WHERE n + 1 < :runs),
                   flow (id) AS (SELECT :first UNION ALL SELECT id + 1 FROM flow WHERE id + 1 < :first + :flows)
    INSERT INTO past_runs
    SELECT id, :day + n * (86400 / :runs) + id * 60 % (86400 / :runs), iif(:runs > 24, 12, 10), 1, 1, 1 + id % 300, 5,
           60 + abs(random() % 3600)
    FROM run CROSS JOIN flow
"""
_TRIM = """
    DELETE FROM past_runs WHERE flow_id >= :first AND triggered_at < :oldest
"""


async def history(_runs: int) -> list[Line]:
    """Ninety days on disk, and an idle tick."""
    return [
        _size(f"{FLOWS:,} daily flows, {DAYS} days", DAILY),
        _size("  … 1,000 of them hourly or faster", MIXED),
        await _idle(),
    ]


def _size(about: str, shares: tuple[tuple[int, int], ...]) -> Line:
    """The size of a database that holds the history of so many flows."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.db"
        Store.open(path).close()
        empty = path.stat().st_size
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            db.execute("PRAGMA synchronous = off")
            db.execute("BEGIN")
            _fill(db, shares)
            db.execute("COMMIT")
            (rows,) = db.execute("SELECT count(*) FROM past_runs").fetchone()
        size = path.stat().st_size - empty
    return Line(about, size / MEBIBYTE, None, "MiB", f"{rows:,} runs, {size / rows:.0f} bytes each")


def _fill(db: sqlite3.Connection, shares: tuple[tuple[int, int], ...]) -> None:
    db.executemany(
        "INSERT INTO schedules VALUES (?, ?)", [(n, f"0 {n % 60} {n % 24} * * ? *{n}") for n in range(1, 301)]
    )
    db.executemany(
        "INSERT INTO past_flows VALUES (?, ?, ?)", [(1000 + n, f"a flow's name {n}", n) for n in range(FLOWS)]
    )
    db.executemany("INSERT INTO dependencies VALUES (?, ?)", [(1000 + n, 999 + n) for n in range(1, FLOWS)])
    for day in range(DAYS):
        first = 1000
        for flows, runs in shares:
            at = 1_790_000_000 // 86400 * 86400 + day * 86400
            db.execute(_DAY, {"first": first, "flows": flows, "runs": runs, "day": at})
            if runs * DAYS > MOST_RUNS:
                db.execute(_TRIM, {"first": first, "oldest": at - 86400 * (MOST_RUNS // runs)})
            first += flows


async def _idle() -> Line:
    """Requests of a tick with nothing new."""
    calls: Counter[str] = Counter()
    async with pretend_enos(INSTANCES) as url:
        enos = EnosClient(url, *KEYS, clock=now, on_call=lambda action, *_: calls.update([action]))
        with tempfile.TemporaryDirectory() as folder:
            async with Store.open(Path(folder) / "bench.db") as store:
                reader = HistoryReader(enos, store, now, zone=timedelta)
                for _ in range(2):
                    await reader.tick(now())
                calls.clear()
                await reader.tick(now())
                await reader.stop()
        await enos.close()
    return Line("idle tick of history", calls.total(), 3, "requests", f"with {INSTANCES:,} runs in the window")

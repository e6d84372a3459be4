"""A day of polls in a virtual clock, with 100,000 known instances: flat memory, flat poll time, a bounded file."""

import asyncio
import statistics
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from bench.soak.lines import memory, must
from bench.soak.pretend import CHANNEL, START, Enos, HandClock, Nobody, Slack
from bot.core.flow.status import Status
from bot.ops.new_ids import new_id
from bot.store.store import Store
from bot.work.delivery.delivery import Delivery
from bot.work.monitor.monitor import Monitor
from bot.work.monitor.settings import MonitorSettings

KNOWN, FLOWS = 100_000, 200
FAILED = 10  # of a hundred; the others have not ended, and are listed by every sweep
POLL, HOURS = 30, 24
FAILURES_AN_HOUR = 20
MEMORY, POLL_TIME = 1.15, 1.5  # at most: last hour compared with the first
FILE = 12_000  # bytes at most for each failure told, of which the words are kept for two days


def fill(enos: Enos) -> None:
    """All were triggered within the last two days, so that they stay in the window to the end."""
    for number in range(KNOWN):
        status = Status.FAIL if number // FLOWS % 100 < FAILED else Status.RUNNING
        enos.put(1000 + number % FLOWS, START - timedelta(minutes=1 + 5 * (number // FLOWS)), status)


async def soak() -> str:
    clock, enos = HandClock(), Enos()
    slack = Slack(clock)
    fill(enos)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "flowbot.db"
        async with Store.open(path) as store:
            await asyncio.wrap_future(store._database_thread.submit(lambda: hurry(store)))
            delivery = Delivery(store, slack, clock, default_channel=CHANNEL, on_alarm=lambda _alarm: None)
            settings = MonitorSettings(channel=CHANNEL)
            monitor = Monitor(enos, store, Nobody(), clock, new_id, settings, mask=str)
            hours = [
                await an_hour(hour, clock, enos, store, monitor, delivery) + (size(path),) for hour in range(HOURS)
            ]
            told = sum(len(each.occurrences) for each in await store.incidents(live=False, limit=100_000))
            await monitor.stop()
    wanted = KNOWN * FAILED // 100 + HOURS * FAILURES_AN_HOUR
    must(told == wanted, f"{told:,} of {wanted:,} failures are told at the end")
    must(not slack.limited, f"Slack had to ask to wait {slack.limited} times")
    (first_memory, first_poll, first_size), (last_memory, last_poll, last_size) = hours[0], hours[-1]
    grown = last_memory / first_memory, last_poll / first_poll
    each = (last_size - first_size) / ((HOURS - 1) * FAILURES_AN_HOUR)
    words = (
        f"24 h of polls, {KNOWN:,} known: last hour to first: memory x{grown[0]:.2f} ({last_memory:.0f} MiB), "
        f"poll x{grown[1]:.2f} ({1000 * last_poll:.1f} ms), file x{last_size / first_size:.2f} "
        f"({last_size / 1e6:.0f} MB, {each / 1000:.1f} kB for each failure told)"
    )
    must(grown[0] <= MEMORY and grown[1] <= POLL_TIME and each <= FILE, words)
    return words


async def an_hour(hour, clock, enos, store, monitor, delivery) -> tuple[float, float]:
    """The memory at its end, and the median of its polls' seconds."""
    times = []
    for number in range(3600 // POLL):
        if number % (3600 // POLL // FAILURES_AN_HOUR) == 0:
            happens(enos, clock, hour, number)
        started = time.process_time()
        await monitor.poll(clock())
        times.append(time.process_time() - started)
        await monitor.wait_until_idle()
        if number % 4 == 0:
            await monitor.follow(clock())
        for _ in range(3):
            await delivery.tick(clock())
            clock.pass_by(POLL / 3)
    await store.prune(clock())
    return memory(), statistics.median(times)


def happens(enos: Enos, clock: HandClock, hour: int, number: int) -> None:
    """A flow fails again, or one that has failed succeeds."""
    flow = 1000 + (hour * 7 + number) % FLOWS
    enos.put(flow, clock() - timedelta(minutes=2), Status.FAIL, ended=clock())


def hurry(store: Store) -> None:
    """Do not wait for the disk 100,000 times: its size counts here, not its speed."""
    store._db.conn.execute("PRAGMA synchronous = off")


def size(path: Path) -> int:
    return path.stat().st_size

"""EnOS with past runs, a store and a reader of history."""

from datetime import UTC, datetime, timedelta

from memory_enos import MemoryEnos
from watched_store import WatchedStore

from bot.core.flow.model import FlowId
from bot.core.flow.status import Status
from bot.work.monitor.history import HistoryReader

START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


class World:
    """A reader with a platform, a store and a clock in hand."""

    def __init__(self, *, enos=None, store=None):
        self.enos = enos or MemoryEnos()
        self.store = store or WatchedStore()
        self.now = self.steady = START
        self.busy, self.reachable, self.pauses = False, True, 0
        self.start()

    def start(self):
        """Start the process, again where one was killed."""
        self.reader = HistoryReader(
            self.enos,
            self.store,
            lambda: self.steady,
            zone=timedelta,
            is_busy=lambda: self.busy,
            is_reachable=lambda: self.reachable,
            pause=self.pause,
        )

    async def pause(self, seconds):
        self.pauses += 1
        self.steady += timedelta(seconds=seconds)

    def pass_time(self, by):
        self.now += by
        self.steady += by

    async def tick(self, after=2 * MINUTE):
        self.pass_time(after)
        self.enos.calls.clear()
        await self.reader.tick(self.now)
        return len(self.enos.calls)

    async def past(self, seconds=300):
        """Let ``seconds`` pass, with a look at the past in each; return the number of requests."""
        self.enos.calls.clear()
        for _ in range(seconds):
            self.pass_time(timedelta(seconds=1))
            await self.reader.read_past(self.now)
        return len(self.enos.calls)

    async def settle(self):
        await self.tick()
        await self.past()
        await self.tick()

    async def runs(self, flow=1):
        return {run.instance: run for run in await self.store.past_runs(FlowId(flow), limit=10_000)}

    def ran(self, at, flow=1, status=Status.SUCCESS, **more):
        """A run, triggered at a time, that ended after a minute, unless it has not."""
        end = f"{at + MINUTE:%Y-%m-%d %H:%M:%S}" if status in {Status.SUCCESS, Status.FAIL} else ""
        id_ = f"{flow}-{at:%Y%m%d%H%M}"
        self.enos.put(id_, status, start=f"{at:%Y-%m-%d %H:%M:%S}", end=end, freq="0 0 * * * ?", **more)
        return id_

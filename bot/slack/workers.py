"""How much is worked on at once: so many jobs run, so many wait, and more are refused.

bolt and the sdk start a task for each envelope and know no limit (slack_sdk 3.47.0), so a platform that hangs
would fill the memory with waiting commands.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

Job = Callable[[], Awaitable[None]]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Load:
    """What the workers have to do."""

    running: int
    waiting: int
    oldest_seconds: float  # how long the longest running job has been running


class Workers:
    """Runs jobs, a bounded number of them. A job tells its failures itself; one that does not is logged."""

    def __init__(self, running: int, waiting: int, clock: Callable[[], float]) -> None:
        self.most_running = running
        self.most_waiting = waiting
        self.clock = clock
        self._running: dict[asyncio.Task[None], float] = {}
        self._waiting: deque[Job] = deque()
        self._open = True

    def has_room(self) -> bool:
        """Whether one more job would be taken now."""
        return self._open and (len(self._running) < self.most_running or len(self._waiting) < self.most_waiting)

    def submit(self, job: Job) -> bool:
        """Run a job, now or when its turn comes. False where there is no room; the job is then not run."""
        if not self.has_room():
            return False
        if len(self._running) < self.most_running:
            self._start(job)
        else:
            self._waiting.append(job)
        return True

    def load(self) -> Load:
        """Return what is running and waiting."""
        oldest = min(self._running.values(), default=self.clock())
        return Load(len(self._running), len(self._waiting), max(0.0, self.clock() - oldest))

    async def drain(self, seconds: float) -> int:
        """Take no more, let what was taken end, and cancel what has not ended in time. Return how many."""
        self._open = False
        try:
            async with asyncio.timeout(seconds):
                while self._running:
                    await asyncio.wait(set(self._running))
        except TimeoutError:
            pass
        left = len(self._running) + len(self._waiting)
        self._waiting.clear()
        unfinished = list(self._running)
        for task in unfinished:
            task.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)
        return left

    def _start(self, job: Job) -> None:
        task = asyncio.ensure_future(_run(job))
        self._running[task] = self.clock()
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._running[task]
        if self._waiting:
            self._start(self._waiting.popleft())


async def _run(job: Job) -> None:
    try:
        await job()
    except Exception:
        log.exception("A job failed without saying so")

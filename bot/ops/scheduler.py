"""The scheduler. Each job is one ``async def``; what it raises is logged, and the next run still comes.

APScheduler 3's defaults would drop a run that is a second late and report an un-awaited coroutine as success; both
are prevented here. It runs on the wall clock: after that is put back, ``shift_back`` corrects its times.
"""

import asyncio
import contextlib
import inspect
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, timedelta

from bot.absent import absent
from bot.core.errors import Failure
from bot.ops.clocks import wall

# What APScheduler finds its plugins and the machine's time zone with, and what runs jobs in pools of threads and of
# processes. Jobs run on the event loop here, and in UTC.
with absent("importlib.metadata", "tzlocal", "apscheduler.executors.pool"):
    from apscheduler.schedulers.asyncio import AsyncIOScheduler
    from apscheduler.triggers.interval import IntervalTrigger

log = logging.getLogger(__name__)

Job = Callable[[], Awaitable[None]]


class Scheduler:
    """Runs jobs at intervals, each at most once at a time."""

    def __init__(self) -> None:
        self._scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )
        self._running: set[asyncio.Task[None]] = set()

    def every(self, seconds: float, name: str, job: Job, *, first_in: float = 0.0) -> None:
        """Run ``job`` at intervals, first after ``first_in`` seconds. Raises TypeError unless it is ``async def``."""
        if not inspect.iscoroutinefunction(job):
            raise TypeError(f"the job {name} must be an async def: anything else would never be awaited")

        async def run() -> None:
            # In a task of its own, which the scheduler's shutdown does not cancel.
            work = asyncio.create_task(run_logged(name, job))
            self._running.add(work)
            work.add_done_callback(self._running.discard)
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.shield(work)

        self._scheduler.add_job(
            run,
            IntervalTrigger(seconds=seconds, timezone=UTC),
            id=name,
            replace_existing=True,
            next_run_time=wall() + timedelta(seconds=first_in),
        )

    def shift_back(self, by: timedelta) -> None:
        """Move the next runs by as much as the wall clock was put back, so that they do not wait for the old time."""
        for job in self._scheduler.get_jobs():
            if job.next_run_time is not None:
                job.modify(next_run_time=job.next_run_time - by)

    def start(self) -> None:
        """Start; to be called inside the running loop."""
        self._scheduler.start()

    async def stop(self, seconds: float) -> None:
        """Start no more runs, and let running ones end within ``seconds``."""
        if not self._scheduler.running:
            return
        self._scheduler.pause()
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=seconds)
            for work in late:
                work.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        self._scheduler.shutdown(wait=False)
        await asyncio.sleep(0)  # the shutdown itself runs one turn of the loop later


async def run_logged(name: str, job: Job) -> None:
    """Do a job; what it raises is logged."""
    try:
        await job()
    except Failure as failure:
        log.warning("The job %s failed: %s", name, failure)
    except Exception:
        log.exception("The job %s hit a bug", name)

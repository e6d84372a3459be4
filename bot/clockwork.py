"""Clockwork: the scheduler. Each job is one ``async def``; what it raises is logged, and the next run still comes.

APScheduler 3's defaults would drop a run that is a second late and report an un-awaited coroutine as success, so
both are excluded here.
"""

import inspect
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.core.errors import Failure

log = logging.getLogger(__name__)

Job = Callable[[], Awaitable[None]]


class Clockwork:
    """Runs jobs at intervals, each at most once at a time."""

    def __init__(self) -> None:
        self._scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )

    def every(self, seconds: float, name: str, job: Job, *, first_in: float = 0.0) -> None:
        """Run ``job`` every so many seconds, first after ``first_in``. Raises TypeError unless it is ``async def``."""
        if not inspect.iscoroutinefunction(job):
            raise TypeError(f"the job {name} must be an async def: anything else would never be awaited")

        async def guarded() -> None:
            try:
                await job()
            except Failure as failure:
                log.warning("%s: %s", name, failure)
            except Exception:
                log.exception("%s failed", name)

        self._scheduler.add_job(
            guarded,
            "interval",
            seconds=seconds,
            id=name,
            replace_existing=True,
            next_run_time=datetime.now(UTC) + timedelta(seconds=first_in),
        )

    def start(self) -> None:
        """Begin; to be called inside the running loop."""
        self._scheduler.start()

    def stop(self) -> None:
        """Begin no more runs. Those under way go on until their journeys are closed."""
        if self._scheduler.running:
            self._scheduler.pause()
            self._scheduler.shutdown(wait=False)

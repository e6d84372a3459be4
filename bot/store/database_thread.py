"""One thread that does everything to one connection, one unit of work after another.

A connection shared between threads loses rows, and an ``await`` inside a transaction lets strangers into it;
so the units queue up here, and the event loop never waits for a disk.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

Result = TypeVar("Result")
_Job = tuple[Callable[[], Any], "Future[Any]"]


class DatabaseThread:
    """The thread. A unit that was handed in is done whole, even where its caller stopped waiting."""

    def __init__(self, name: str) -> None:
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
        self._thread.start()

    async def run(self, unit: Callable[[], Result]) -> Result:
        """Do the unit on the thread and return what it returns, or raise what it raises."""
        return await asyncio.shield(asyncio.wrap_future(self.submit(unit)))

    def submit(self, unit: Callable[[], Result]) -> "Future[Result]":
        """Hand a unit in. Raises RuntimeError after ``stop``."""
        if self._closed:
            raise RuntimeError("the store is closed")
        future: Future[Result] = Future()
        self._jobs.put((unit, future))
        return future

    def run_waiting_jobs(self) -> None:
        """Do what was handed in meanwhile: for a long unit, between two of its steps."""
        while True:
            try:
                job = self._jobs.get_nowait()
            except Empty:
                return
            if job is None:  # stop: not before the long unit ends
                self._jobs.put(None)
                return
            _do(job)

    def stop(self) -> None:
        """Do what was handed in, then end the thread. Blocks until it has ended."""
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
        self._thread.join()

    def _serve(self) -> None:
        while (job := self._jobs.get()) is not None:
            _do(job)


def _do(job: _Job) -> None:
    unit, future = job
    try:
        result = unit()
    except BaseException as error:  # noqa: BLE001  it belongs to the caller, whatever it is
        future.set_exception(error)
    else:
        future.set_result(result)

"""How tasks stay alive: asyncio holds tasks weakly, and neither bolt nor the sdk keeps what it starts.

A task that waits for something only it refers to can be collected in the middle of its work ("Task was
destroyed but it is pending"). With this factory a task lives until it is done.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, cast


class KeptTasks:
    """A task factory that holds each task until it is done."""

    def __init__(self) -> None:
        self.alive: set[asyncio.Task[Any]] = set()

    def __call__(
        self, loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any], **options: Any
    ) -> asyncio.Task[Any]:
        """Make a task of the coroutine and hold it."""
        task = asyncio.Task(coroutine, loop=loop, **options)
        self.alive.add(task)
        task.add_done_callback(self.alive.discard)
        return task


def keep_tasks(loop: asyncio.AbstractEventLoop) -> KeptTasks:
    """Let the loop keep its tasks from now on; asking twice changes nothing."""
    present: object = loop.get_task_factory()
    if isinstance(present, KeptTasks):
        return present
    kept = KeptTasks()
    loop.set_task_factory(cast("Any", kept))  # typeshed wants options it does not name
    return kept

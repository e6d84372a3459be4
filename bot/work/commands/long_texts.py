"""Work on a text that may be a megabyte long, without blocking the event loop."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")

LONG = 20_000  # characters that are worked on in the loop itself, which takes some milliseconds


async def without_blocking(work: Callable[[str], Result], text: str) -> Result:
    """The result of the pure function ``work``, run in a thread where the text is long."""
    if len(text) <= LONG:
        return work(text)
    return await asyncio.to_thread(work, text)

"""Work on a text that may be a megabyte long, so that nobody waits for it."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")

LONG = 20_000  # characters that are gone through at once; it takes some milliseconds


async def without_blocking(work: Callable[[str], Result], text: str) -> Result:
    """Return what pure ``work`` makes of the text: in a thread where it is long, while the loop goes on."""
    if len(text) <= LONG:
        return work(text)
    return await asyncio.to_thread(work, text)

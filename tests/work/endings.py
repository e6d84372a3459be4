"""A loop that is told to end in the moment in which it is woken."""

import asyncio
import contextlib

STEPS = range(6)  # of the event loop, from the waking to the end: more than a wake-up takes


async def ends_though_woken(delivery, steps):
    """Fails where the end is lost: the loop would run on, and whoever waits for it would wait for ever."""
    running = asyncio.create_task(delivery.run())
    while not delivery._woken._waiters:  # noqa: ASYNC110 - the loop says nothing when it begins to wait
        await asyncio.sleep(0)
    delivery.wake()
    for _ in range(steps):
        await asyncio.sleep(0)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        async with asyncio.timeout(20):
            await running
    assert running.cancelled()

"""A pretend EnOS in a process of its own, so that its work is not measured: ``python -m bench.platform COUNT PAUSE``.

COUNT failed runs of 500 flows, each of three tasks, all inside the watcher's window; a search takes PAUSE seconds more
than it must. Prints its address.
"""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

from bot.sim import serve

FLOWS = 500


def fill(platform, count: int) -> None:
    now = datetime.now(UTC)
    for number in range(FLOWS):
        first = 500_000 + 10 * number
        tasks = [(first, "extract"), (first + 1, "transform"), (first + 2, "load")]
        platform.add_flow(9000 + number, f"flow-{number}", owners=["maya.chen"], tasks=tasks)
    for number in range(count):
        at = now - timedelta(minutes=10 * (number // FLOWS), seconds=30)
        platform.add_past(9000 + number % FLOWS, at, "FAIL" if number % 2 else "TIMEOUT", took=5, triggered=True)


@contextlib.asynccontextmanager
async def pretend_enos(count: int, pause: float = 0.0) -> AsyncIterator[str]:
    """Serve a platform with ``count`` failed runs; yield its address."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.platform", str(count), str(pause), stdout=asyncio.subprocess.PIPE
    )
    try:
        yield (await process.stdout.readline()).decode().strip()
    finally:
        process.kill()
        await process.wait()


async def main(count: int, pause: float) -> None:
    running = await serve.start(serve.demo_world())
    running._ticking.cancel()  # nothing changes: a row that leaves a list while it is read hides the next one
    fill(running.world.platform, count)
    if pause:
        running.world.platform.faults.arm("slow", action="flowInstances/search", seconds=pause, calls=10**9)
    print(running.enos_url, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))

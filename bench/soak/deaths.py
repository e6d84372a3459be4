"""The tests of deaths with all that could happen: the gate has a sample of it.

Their state machine for many more histories, their nights with a death at one statement after the other, deliveries with
a death at each statement, readings that break off after each page.
"""

import asyncio
import os
import sys
from pathlib import Path

from bench.soak.lines import must

HISTORIES = 600
TESTS = (
    "test_killed_anywhere",
    "test_killed_at_night",
    "test_killed_in_many_channels",
    "test_killed_while_asking",
    "test_killed_while_many",
    "test_killed_at_nine",
    "test_asking_crashes",
    "test_backfill_crashes",
    "test_handover_crashes",
    "test_retry_crashes",
    "test_bridge_crashes",
    "test_delivery_crashes",
    "test_replica_crashes",
    "test_monitor_interrupted",
)
ROOT = Path(__file__).resolve().parents[2]


async def soak() -> str:
    await asyncio.gather(*(held(f"tests/work/crashes/{name}.py") for name in TESTS))
    return (
        f"{HISTORIES:,} histories, nights and deliveries with a death at one statement after the other, readings that "
        "break off after each page: the promise held in all"
    )


async def held(*tests: str, **environ: str) -> None:
    """Run the tests of some files with all that could happen."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--show-capture=no", "--tb=short"),
        *tests,
        cwd=ROOT,
        env=os.environ | {"FLOWBOT_HISTORIES": str(HISTORIES)} | environ,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        told = (await process.communicate())[0].decode()
    finally:
        if process.returncode is None:  # the other file's tests have failed
            process.kill()
    must(process.returncode == 0 and " passed" in told, told[-4000:])

"""The tests' state machine for many more histories, and their nights with a death at one statement after the other."""

import asyncio
import os
import sys
from pathlib import Path

from bench.soak.lines import must

HISTORIES = 600
ROOT = Path(__file__).resolve().parents[2]


async def soak() -> str:
    await asyncio.gather(*(held(f"tests/work/{name}.py") for name in ("test_killed_anywhere", "test_killed_at_night")))
    return f"{HISTORIES:,} histories, and nights with a death at one statement after the other: the promise held in all"


async def held(tests: str) -> None:
    """Run the tests of a file with all that could happen."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--show-capture=no", "--tb=short", tests),
        cwd=ROOT,
        env=os.environ | {"FLOWBOT_HISTORIES": str(HISTORIES)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        told = (await process.communicate())[0].decode()
    finally:
        if process.returncode is None:  # the other file's tests have failed
            process.kill()
    must(process.returncode == 0 and " passed" in told, told[-4000:])

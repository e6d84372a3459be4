"""The state machine of the tests, for many more histories, and its nights with a death at every single statement."""

import asyncio
import os
import re
import sys
from pathlib import Path

from bench.soak.lines import must

HISTORIES = 600
ROOT = Path(__file__).resolve().parents[2]


async def soak() -> str:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--show-capture=no", "--tb=short"),
        *("tests/work/test_killed_anywhere.py", "tests/work/test_killed_at_night.py"),
        cwd=ROOT,
        env=os.environ | {"FLOWBOT_HISTORIES": str(HISTORIES)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told = (await process.communicate())[0].decode()
    must(process.returncode == 0, told[-4000:])
    passed = re.search(r"(\d+) passed", told)
    must(passed is not None, told[-4000:])
    return f"{HISTORIES:,} histories, and nights with a death at each of their statements: the promise held in all"

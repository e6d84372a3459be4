"""The laws and tables of the tests: many more examples of each law than the gate tries, and every point of a table."""

import asyncio

from bench.soak.deaths import ROOT, held

TIMES = 10  # the examples of the gate
PROCESSES = 2
WORDS = ("hypothesis", "mark.many", "thorough")  # in the files that hold them


async def soak() -> str:
    tests = sorted(set((ROOT / "tests").rglob("test_*.py")) - set((ROOT / "tests/work/crashes").iterdir()))
    files = [str(each) for each in tests if any(word in each.read_text("utf-8") for word in WORDS)]
    await asyncio.gather(*(held(*files[n::PROCESSES], FLOWBOT_TIMES=str(TIMES)) for n in range(PROCESSES)))
    return f"each law with {TIMES} times the examples of the gate, and whole tables, of {len(files)} files"

"""``python -m bench.soak [NAME …]``: keep at it for a while; print a line for each part.

Each part runs in a process of its own, which is ended when its time is up. The exit code is 1 where a promise broke, or
where it could not be told in time.
"""

import asyncio
import sys
import time
from importlib import import_module

from bench.__main__ import measure

PARTS = {  # name: the most seconds it may take
    "killed": 420,
    "replicas": 1800,
    "day": 900,
    "storm": 150,
    "words": 600,
    "slack": 240,
    "deaths": 900,
    "mutants": 300,
    "laws": 1500,
    "journeys": 900,
}


def main(arguments: list[str]) -> int:
    """Run parts and print; return the exit code."""
    unknown = [name for name in arguments if name not in PARTS]
    if unknown:
        print(f"There is no part {unknown[0]}. There are: {', '.join(PARTS)}.")
        return 2
    broken = False
    for name in arguments or PARTS:
        started = time.monotonic()
        said = measure([sys.executable, "-m", "bench.soak.__main__", "--part", name], PARTS[name])
        broken |= not said.startswith("held")
        print(f"{name:<9}{said}  ({time.monotonic() - started:.0f} s)", flush=True)
    return int(broken)


def part(name: str) -> int:
    """Run one part in this process; print its line."""
    from bench.soak.lines import BrokenError

    try:
        print(f"held: {asyncio.run(import_module(f'bench.soak.{name}').soak())}")
    except BrokenError as broken:
        print(f"BROKEN: {broken}")
    return 0


if __name__ == "__main__":
    sys.exit(part(sys.argv[2]) if sys.argv[1:2] == ["--part"] else main(sys.argv[1:]))

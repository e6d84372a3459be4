"""Figures of views: how soon the home is there while EnOS hangs, and how long a search takes while somebody types."""

import asyncio
import random
import time
from statistics import median

from bench.lines import Line, milliseconds
from bench.world import MAYA, measured, world
from bot.core.flow.known import known_flow, search

FLOWS = 5000  # of one person
_WORDS = ("turbine", "daily", "energy", "report", "wind", "solar", "billing", "能源", "日报", "全站", "风机", "月报")
_TYPED = ("t", "tur", "turbine report", "能源", "maya", "3", "30001", "nothing like it", "")


async def home(runs: int) -> list[Line]:
    """From opening the home to a view, with EnOS hanging; and from EnOS's answer to the flows in it."""
    waits, truths = [], []
    for _ in range(runs):
        async with world() as running, measured(running, "bot", FLOWBOT_POLL_SECONDS="2") as _:
            workspace, faults = running.world.workspace, running.world.platform.faults
            await asyncio.sleep(2)
            faults.arm("slow", seconds=5.0)
            began = time.monotonic()
            workspace.interactions.open_home(MAYA)
            await workspace.until(lambda ws=workspace: ws.modals.home(MAYA), timeout=10)
            waits.append(time.monotonic() - began)
            await workspace.until(
                lambda ws=workspace: "daily-energy-report" in str(ws.modals.home(MAYA).content), timeout=60
            )
            truths.append(time.monotonic() - began)
    said = f"{max(waits):.2f} s at most; with the flows of an EnOS that takes 5 s a call: {median(truths):.1f} s"
    return [Line("home open, EnOS hanging", median(waits), 1.0, "s", said)]


async def typing(_runs: int) -> list[Line]:
    """The longest search in the flow cache of one person."""
    names = random.Random(1)
    flows = [
        known_flow(30_000 + n, "-".join(names.sample(_WORDS, 4)) + f"-{n}", editable=True, owners=("maya.chen",))
        for n in range(FLOWS)
    ]
    waits = []
    for typed in _TYPED:
        began = time.perf_counter()
        search(flows, typed, 100)
        waits.append(time.perf_counter() - began)
    return [Line("search while typing, 5,000 flows", max(waits), 0.3, "s", f"{milliseconds(median(waits))} on average")]

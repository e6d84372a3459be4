"""One function for each figure; each returns its numbers."""

import asyncio
import json
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from bench.world import CHANNEL, MAYA, measured, memory, world
from bot.core.flows import KINDS, Search
from bot.core.mask import DEFAULT
from bot.enos import calls, signature
from bot.enos.calls import By
from bot.enos.client import EnosClient
from bot.ids import new_id
from bot.sim.serve import Running
from bot.store.store import Store
from bot.work.watch import Watch
from bot.work.watch_settings import WatchSettings

KEYS = (
    "a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d",
    "f0e1d2c3-b4a5-4968-8776-655443322110",
    "o15000000000001",
    "u15432100000000001",
)


FLOWS = 500


async def acks(module: str, count: int) -> list[float]:
    """Return seconds from a slash command to its ack; flowbot's EnOS hangs meanwhile."""
    async with world() as running:
        hang = {"FLOWBOT_POLL_SECONDS": "2"} if module == "bot" else {}
        async with measured(running, module, **hang):
            running.world.platform.faults.arm("slow", seconds=120.0)
            times = []
            for _ in range(count):
                answer = await running.world.workspace.say(MAYA, CHANNEL, "/flow failed today")
                times.append(answer.seconds)
            running.world.platform.faults.clear()
            return times


async def start_and_memory(module: str) -> tuple[float, float]:
    """Return seconds to the first hello, and MiB after a few idle seconds."""
    async with world() as running, measured(running, module) as (pid, seconds):
        await asyncio.sleep(4)
        return seconds, memory(pid)


async def watcher(running: Running, folder: str) -> tuple[Watch, EnosClient, Store]:
    """Return a watcher of this world with a database of its own."""
    enos = EnosClient(running.enos_url, *KEYS, clock=lambda: datetime.now(UTC))
    store = Store.open(Path(folder) / "bench.db")
    settings = WatchSettings(channel=CHANNEL, sweep_minutes=10)

    class Nobody:
        async def people_of(self, _owners):
            return {}

    return Watch(enos, store, Nobody(), lambda: datetime.now(UTC), new_id, settings, mask=DEFAULT), enos, store


async def idle_poll() -> int:
    """Return the requests of a poll with nothing open and nothing new, the window holding the demo's history."""
    async with world() as running:
        with tempfile.TemporaryDirectory() as folder:
            watch, enos, store = await watcher(running, folder)
            for second in range(3):
                await watch.poll(datetime.now(UTC) + timedelta(seconds=second))
            before = len(running.world.platform.calls)
            await watch.poll(datetime.now(UTC) + timedelta(seconds=5))
            requests = len(running.world.platform.calls) - before
            await watch.stop()
            await enos.close()
            store.close()
            return requests


async def sweeps(instances: int) -> tuple[float, float]:
    """Return seconds of a full sweep by flowbot, and of the plain loop over the same pages."""
    async with world() as running:
        platform = running.world.platform
        now = datetime.now(UTC)
        for number in range(FLOWS):
            platform.add_flow(9000 + number, f"flow-{number}", owners=["maya.chen"], tasks=[(500 + number, "load")])
        for number in range(instances):
            at = now - timedelta(minutes=10 * (number // FLOWS), seconds=30)
            status = "FAIL" if number % 2 else "TIMEOUT"
            platform.add_past(9000 + number % FLOWS, at, status, took=5, triggered=True)
        with tempfile.TemporaryDirectory() as folder:
            watch, enos, store = await watcher(running, folder)
            await watch.poll(now)
            await watch.settled()
            started = time.monotonic()
            await watch.poll(datetime.now(UTC) + timedelta(minutes=11))
            ours = time.monotonic() - started
            await watch.stop()
            await enos.close()
            store.close()
        return ours, await plain_loop(running)


async def plain_loop(running: Running) -> float:
    """Read the same pages one after another through httpx and json, graphs unparsed."""
    key, secret, org, user = KEYS
    now = int(time.time() * 1000)
    async with httpx.AsyncClient(base_url=running.enos_url, trust_env=False) as client:
        stamp = now + 7
        answer = await client.post(
            "/apim-token-service/v2.0/token/get",
            json={"appKey": key, "encryption": signature.encryption(key, stamp, secret), "timestamp": stamp},
        )
        token = answer.json()["data"]["accessToken"]
        started = time.monotonic()
        for kind in KINDS:
            terms = Search(kind=kind, since=now - 72 * 3_600_000, until=now + 86_400_000, statuses=(-1, 7))
            number = 1
            while True:
                call = calls.search_instances(terms, number, "update_time", By(user, org))
                body = call.body or b""
                moment = int(time.time() * 1000)
                headers = {
                    "apim-accesstoken": token,
                    "apim-timestamp": str(moment),
                    "apim-signature": signature.signature(token, call.query, body, moment, secret),
                    "content-type": "application/json;charset=UTF-8",
                }
                page = await client.post(call.path, params=dict(call.query), content=body, headers=headers)
                rows = json.loads(page.content)["data"]["flowInsts"]
                if len(rows) < 50:
                    break
                number += 1
        return time.monotonic() - started


def percentile(values: list[float], share: float) -> float:
    """Return the value below which this share lies."""
    return statistics.quantiles(values, n=100)[int(share * 100) - 1]

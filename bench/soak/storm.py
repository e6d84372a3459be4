"""1,000 flows fail within a minute, in real time: nothing lost, nothing doubled, no 429 provoked, told at once."""

import asyncio
import itertools
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.soak.lines import must
from bench.soak.pretend import CHANNEL, Enos, Nobody, Slack
from bot.ops.new_ids import new_id
from bot.store.store import Store
from bot.work.delivery.delivery import Delivery
from bot.work.monitor.monitor import Monitor
from bot.work.monitor.settings import MonitorSettings

FLOWS, MINUTE, POLL = 1000, 60.0, 10.0
FIRST = 2.0  # seconds from the end of the poll that shows it
REST = 60.0  # seconds until all is told


def now() -> datetime:
    return datetime.now(UTC)


async def soak() -> str:
    enos, slack = Enos(), Slack(now)
    with tempfile.TemporaryDirectory() as folder:
        async with Store.open(Path(folder) / "flowbot.db") as store:
            delivery = Delivery(store, slack, now, default_channel=CHANNEL, on_alarm=lambda _alarm: None)
            store.on_queued = delivery.wake
            monitor = Monitor(enos, store, Nobody(), now, new_id, MonitorSettings(channel=CHANNEL), mask=str)
            await monitor.poll(now())
            delivering = asyncio.create_task(delivery.run())
            await asyncio.sleep(3)
            before = len(slack.messages)
            ends = await breaks(enos, monitor)
            await rests(store, monitor)
            incidents = await store.incidents(live=False, limit=5000)
            told = [await is_posted(store, slack, each) for each in incidents]
            delivering.cancel()
            await asyncio.gather(delivering, return_exceptions=True)
            await monitor.stop()
            await delivery.close()
    counted = Counter(each.flow_id for each in incidents)
    must(len(counted) == FLOWS and counted.total() == FLOWS, f"{counted.total()} incidents of {len(counted)} flows")
    must(all(told), f"{told.count(False)} incidents stand nowhere in Slack")
    twice = [id_ for id_, count in Counter(each.id for each in slack.messages.values()).items() if count > 1]
    must(not twice, f"{len(twice)} messages stand twice")
    must(not slack.limited, f"Slack had to ask to wait {slack.limited} times")
    first = sorted(each.at for each in slack.messages.values())[before] - ends
    must(first <= FIRST, f"the first message came {first:.1f} s after its poll")
    posts = sorted(at for at, method in slack.calls if method == "post")
    closest = min((b - a for a, b in itertools.pairwise(posts)), default=0.0)
    return (
        f"{FLOWS:,} flows within a minute: each an incident that stands, {len(slack.messages) - before} messages, "
        f"none twice, no 429 (closest posts {closest:.2f} s), first {first:+.1f} s after its poll"
    )


async def breaks(enos: Enos, monitor: Monitor) -> float:
    """Let the flows fail evenly over a minute while polls continue: when the first poll that saw any had ended."""
    began, broken, ended = time.monotonic(), 0, 0.0
    due = itertools.count(1)
    next_poll = POLL * next(due)
    while broken < FLOWS or ended == 0.0:
        passed = time.monotonic() - began
        while broken < min(FLOWS, int(FLOWS * passed / MINUTE)):
            enos.put(3000 + broken, now() - timedelta(minutes=5))
            broken += 1
        if passed >= next_poll:
            next_poll = POLL * next(due)
            await monitor.poll(now())
            ended = ended or now().timestamp()
        await asyncio.sleep(0.05)
    await monitor.poll(now())
    return ended


async def rests(store: Store, monitor: Monitor) -> None:
    """Wait until nothing waits to be posted."""
    end = time.monotonic() + REST
    while time.monotonic() < end:
        await monitor.follow(now())
        await monitor.wait_until_idle()
        counts = await store.post_counts()
        if not counts.keys() & {"queued", "sending", "unclear"}:
            return
        await asyncio.sleep(1)
    must(False, f"posts still wait {REST:.0f} s later: {counts}")


async def is_posted(store: Store, slack: Slack, incident) -> bool:
    """Whether an incident's message is there: its own first one, or the one that lists it."""
    for post in {incident.home.post, incident.home.listed_in} - {""}:
        found = await store.post(post)
        if found is not None and found.ts in slack.messages:
            return True
    return False

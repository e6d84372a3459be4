"""1,000 flows fail within a minute, in three channels, in real time: nothing lost or doubled, no 429, told at once.

Then all of them are acknowledged.
"""

import asyncio
import itertools
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.soak.lines import must
from bench.soak.pressing import acknowledges_all
from bench.soak.pretend import CHANNEL, Enos, Message, Nobody, Slack
from bot.core.incident.model import Incident
from bot.core.outbox.posts import PostId
from bot.core.people.model import Person
from bot.core.routing.watch import Filters, Watch
from bot.ops.new_ids import new_id
from bot.store.store import Store
from bot.work.delivery.delivery import Delivery
from bot.work.monitor.monitor import Monitor
from bot.work.monitor.settings import MonitorSettings

FLOWS, MINUTE, POLL = 1000, 60.0, 10.0
FIRST = 2.0  # seconds from the end of the poll that shows it
REST = 60.0  # seconds until all is told
MESSAGES = 20  # at most in each channel: a storm is one message and its replies, not one for each flow
WATCHES = {CHANNEL: "*", "C0GRID0001": "flow-*", "C0ENERGY01": "FLOW-3*"}  # channel: a glob of every flow's name
PERSON = Person("T0DEMO0001", "U0MAYA00001")


def now() -> datetime:
    return datetime.now(UTC)


async def soak() -> str:
    enos, slack = Enos(), Slack(now)
    with tempfile.TemporaryDirectory() as folder:
        async with Store.open(Path(folder) / "flowbot.db") as store:
            delivery = Delivery(store, slack, now, default_channel=CHANNEL, on_alarm=lambda _alarm: None)
            store.on_queued = delivery.wake
            for channel, glob in WATCHES.items():
                await store.add_watch(Watch(0, channel, Filters(glob=glob), PERSON, now()), lambda _: ())
            monitor = Monitor(enos, store, Nobody(), now, new_id, MonitorSettings(channel=CHANNEL), mask=str)
            await monitor.poll(now())
            delivering = asyncio.create_task(delivery.run())
            await asyncio.sleep(3)
            before = set(slack.messages)
            ends = await breaks(enos, monitor)
            await rests(store, monitor)
            incidents = await store.incidents(live=False, limit=5000)
            untold = {channel: await untold_in(channel, store, slack, incidents) for channel in WATCHES}
            pressed = await acknowledges_all(enos, store, slack, monitor, FLOWS, lambda: rests(store, monitor))
            delivering.cancel()
            await asyncio.gather(delivering, return_exceptions=True)
            await monitor.stop()
            await delivery.close()
    counted = Counter(each.flow_id for each in incidents)
    must(len(counted) == FLOWS and counted.total() == FLOWS, f"{counted.total()} incidents of {len(counted)} flows")
    for channel, count in untold.items():
        must(not count, f"{count} incidents stand nowhere in {channel}")
    twice = [id_ for id_, count in Counter(each.id for each in slack.messages.values()).items() if count > 1]
    must(not twice, f"{len(twice)} messages stand twice")
    must(not slack.limited, f"Slack had to ask to wait {slack.limited} times")
    said = [
        told(channel, [each for ts, each in slack.messages.items() if ts not in before], ends) for channel in WATCHES
    ]
    closest = min(b - a for each in slack.posted.values() for a, b in itertools.pairwise(each))
    return (
        f"{FLOWS:,} flows within a minute: each an incident that stands in {len(WATCHES)} channels, none twice, "
        f"no 429 (closest posts of one channel {closest:.2f} s); {', '.join(said)}; {pressed}"
    )


def told(channel: str, messages: list[Message], ends: float) -> str:
    """What came to a channel, and how long after the first poll that saw a failure had ended."""
    mine = [each for each in messages if each.channel == channel]
    must(mine, f"nothing came to {channel}")
    must(len(mine) <= MESSAGES, f"{len(mine)} messages in {channel}")
    first = min(each.at for each in mine) - ends
    must(first <= FIRST, f"the first message in {channel} came {first:.1f} s after its poll")
    return f"{len(mine)} messages in {channel}, the first {first:+.1f} s after its poll"


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


async def untold_in(channel: str, store: Store, slack: Slack, incidents: Iterable[Incident]) -> int:
    """How many incidents have no message in a channel: neither a first one of their own nor one that lists them."""
    stands: dict[str, bool] = {"": False}
    untold = 0
    for each in incidents:
        card = each.card_in(channel)
        posts = {card.post, card.listed_in} if card is not None else {""}
        for post in posts - stands.keys():
            found = await store.post(PostId(post))
            there = slack.messages.get(found.ts) if found is not None else None
            stands[post] = there is not None and there.channel == channel
        untold += not any(stands[post] for post in posts)
    return untold

"""1,000 flows fail within a minute, in real time: nothing lost, nothing doubled, no 429 provoked, told at once.

Then somebody on call presses **Acknowledge all** until nothing is left: one message for each press, few edits.
"""

# ruff: noqa: ARG002  it takes whatever the protocols hand it

import asyncio
import itertools
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.soak.lines import must
from bench.soak.pretend import CHANNEL, Enos, Nobody, Slack
from bot.core.health.promise import BotStatus, Judgement
from bot.core.incident.bulk import LIMIT
from bot.core.incident.groups import Occasion
from bot.core.incident.model import Phase
from bot.core.people.model import IncomingMessage, Origin, Person, Profile, Surface
from bot.core.text.mask import DEFAULT
from bot.ops.new_ids import new_id
from bot.store.store import Store
from bot.work.commands.context import AnswerSettings, Services
from bot.work.commands.dispatcher import Dispatcher
from bot.work.commands.incident_actions import IncidentActions
from bot.work.delivery.delivery import Delivery
from bot.work.monitor.monitor import Monitor
from bot.work.monitor.settings import MonitorSettings

SAM = Person("T1", "U1")
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
            pressed = await acknowledges_all(enos, store, slack, monitor)
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
        f"none twice, no 429 (closest posts {closest:.2f} s), first {first:+.1f} s after its poll; {pressed}"
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


class Pressed(Slack):
    """The same Slack, with the one person of ``SAM`` in it, who is on call."""

    async def profile(self, user, *, team=""):
        return Profile(SAM)

    async def group(self, group):
        return frozenset({SAM.user})


async def acknowledges_all(enos: Enos, store: Store, slack: Slack, monitor: Monitor) -> str:
    """Press until nothing is open: how long each press took, and what it cost in messages and edits."""
    (storm,) = [each for each in await store.incident_groups() if each.occasion is Occasion.STORM]
    board = await store.post(storm.post)
    dispatcher = Dispatcher(services(enos, store, monitor))
    before, edits = len(slack.messages), sum(method == "edit" for _, method in slack.calls)
    took = []
    for number in range(-(-FLOWS // LIMIT)):
        begun = time.monotonic()
        origin = Origin(Surface.BUTTON, CHANNEL, message=board.ts)
        await dispatcher.answer(IncomingMessage(f"press {number}", "ack all", SAM, origin, now(), f"{storm.post}"))
        took.append(time.monotonic() - begun)
    await rests(store, monitor)
    grouped = await store.grouped(storm.post)
    must(all(each.phase is Phase.ACKNOWLEDGED for each in grouped), "somebody's press left incidents open")
    messages = len(slack.messages) - before
    edited = sum(method == "edit" for _, method in slack.calls) - edits
    must(messages == len(took), f"{len(took)} presses made {messages} messages")
    own = sum(bool(each.threads) for each in grouped)
    must(edited <= own + 1 + sum(took) / 3 + len(took), f"{edited} edits, {own} incidents have cards of their own")
    return f"{len(grouped):,} acknowledged by {len(took)} presses, at most {max(took):.1f} s each, {edited} edits"


def services(enos: Enos, store: Store, monitor: Monitor) -> Services:
    """What the dispatcher works with."""
    return Services(
        enos=enos,
        slack=Pressed(now),
        store=store,
        owners=Nobody(),
        incident_actions=IncidentActions(store, Nobody(), new_id, wake=monitor.incident_changed),
        clock=now,
        steady=now,
        new_id=new_id,
        answer_settings=AnswerSettings(CHANNEL, frozenset(), ("S1",), UTC, "/flow", DEFAULT, (-1, 7)),
        schedule_words=lambda _language: str,
        status=lambda: BotStatus(Judgement(())),
        platform_zone=lambda: None,
        wake=lambda: None,
    )


async def is_posted(store: Store, slack: Slack, incident) -> bool:
    """Whether an incident's message is there: its own first one, or the one that lists it."""
    for post in {incident.home.post, incident.home.listed_in} - {""}:
        found = await store.post(post)
        if found is not None and found.ts in slack.messages:
            return True
    return False

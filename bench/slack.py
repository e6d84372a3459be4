"""Figures of the whole program against the pretend Slack: acks, start, memory, and from failure to thread."""

import asyncio
import random
import time
from functools import partial

from bench.lines import Line, milliseconds, percentile, ratio
from bench.world import CHANNEL, MAYA, measured, memory, world
from bot.sim.slack.inputs import elements

COMMANDS = 300  # for each side of a run; fewer than flowbot takes before it says that it is busy
FORMS, WAITING = 50, 60  # more than the commands that are worked on at once
OWNED = 5000  # flows of one person
FAILURES = 40
POLL = 1.0  # seconds
SPACING = 1.2  # seconds: flowbot sends one message a second to a channel
REPLIES, NEWLY = 24, 3
SETTLED = 4.0  # seconds until a program is idle


async def acks(module: str) -> list[float]:
    """Seconds from each slash command to its ack; flowbot's EnOS hangs meanwhile."""
    async with world() as running, measured(running, module, FLOWBOT_POLL_SECONDS="2"):
        if module == "bot":
            running.world.platform.faults.arm("slow", seconds=120.0)
        times = []
        for _ in range(COMMANDS):
            answer = await running.world.workspace.say(MAYA, CHANNEL, "/flow failed today")
            if not answer.acked:
                raise RuntimeError(f"a command was not acked: {answer.why}")
            times.append(answer.seconds)
        return times


async def ack(runs: int) -> list[Line]:
    """A command's ack with EnOS hanging, against a bare app."""
    ours, bare = [], []
    for _ in range(runs):
        ours.append(await acks("bot"))
        bare.append(await acks("bench.bare"))
    lines = []
    for name, share in (("p99", 0.99), ("p50", 0.5)):
        pairs = [(percentile(a, share), percentile(b, share)) for a, b in zip(ours, bare, strict=True)]
        us, them = (sorted(side)[len(side) // 2] for side in zip(*pairs, strict=True))
        more = f"{milliseconds(us)}, bare {milliseconds(them)}"
        lines.append(Line(f"ack, EnOS hanging, {name}", ratio(pairs), 1.3, "x", more))
    return lines


async def forms(_runs: int) -> list[Line]:
    """From a command that lacks words to its open form, with EnOS hanging and as many commands waiting for it."""
    async with world() as running, measured(running, "bot", FLOWBOT_POLL_SECONDS="2"):
        workspace = running.world.workspace
        running.world.platform.faults.arm("slow", seconds=120.0)
        for _ in range(WAITING):
            await workspace.say(MAYA, CHANNEL, "/flow failed today")
        taken = [await _opened(workspace) for _ in range(FORMS)]
    more = f"p50 {milliseconds(percentile(taken, 0.5))}, {FORMS} forms, {WAITING} commands waiting"
    return [Line("a form open, EnOS hanging, p99", percentile(taken, 0.99), 1.0, "s", more)]


async def _opened(workspace) -> float:
    before, since = workspace.modals.top(MAYA), time.monotonic()
    said = workspace.say(MAYA, CHANNEL, "/flow snooze")
    await workspace.until(lambda: workspace.modals.top(MAYA) not in (None, before), timeout=30)
    taken = time.monotonic() - since
    await said
    return taken


async def choosing(_runs: int) -> list[Line]:
    """From a letter typed into the field of flows to its choices, for somebody with many flows; EnOS hangs."""
    async with world() as running, measured(running, "bot", FLOWBOT_POLL_SECONDS="300"):
        platform, workspace = running.world.platform, running.world.workspace
        for number in range(OWNED):
            platform.add_flow(20_000 + number, f"site {number % 97} load {number}", owners=["maya.chen"], tasks=[])
        acts, taken = workspace.modal_acts, []
        await asyncio.sleep(SETTLED)
        view = await _form(workspace)
        last = partial(acts.load_options, MAYA, view, *_flows_of(view), f"load {OWNED // 2}")
        for _ in range(200):  # until the list was read for the first time
            if (await last())["options"]:
                break
            await asyncio.sleep(0.2)
        platform.faults.arm("slow", seconds=120.0)
        for typed in [f"site {number}"[:length] for number in range(10) for length in range(1, 7)]:
            since = time.monotonic()
            offered = await acts.load_options(MAYA, view, *_flows_of(view), typed)
            taken.append(time.monotonic() - since)
            if not offered["options"]:
                raise RuntimeError(f"nothing was offered for {typed}")
    more = f"p50 {milliseconds(percentile(taken, 0.5))}, {OWNED:,} flows, EnOS hanging"
    return [Line("choices of the trigger form, p99", percentile(taken, 0.99), 0.3, "s", more)]


async def _form(workspace):
    """Open the form that triggers a flow."""
    await workspace.say(MAYA, CHANNEL, "/flow trigger")
    return await workspace.until(
        lambda: next((each for each in [workspace.modals.top(MAYA)] if each and _flows_of(each)), None), timeout=30
    )


def _flows_of(view) -> tuple[str, str] | None:
    """The ids of the field of flows."""
    found = ((block["block_id"], element["action_id"]) for block, element in elements(view.content["blocks"]))
    return next((each for each in found if each[1] == "field:flow"), None)


async def start(runs: int) -> list[Line]:
    """Start to the first hello, and memory when idle, against a bare app."""
    hellos, sizes = [], []
    for _ in range(runs):
        (our_hello, our_size), (bare_hello, bare_size) = await started("bot"), await started("bench.bare")
        hellos.append((our_hello, bare_hello))
        sizes.append((our_size, bare_size))
    us, them = (sorted(side)[len(side) // 2] for side in zip(*hellos, strict=True))
    ours, bare = (sorted(side)[len(side) // 2] for side in zip(*sizes, strict=True))
    return [
        Line("start to first hello", ratio(hellos), 2.0, "x", f"{us:.2f} s, bare {them:.2f} s; the database is open"),
        Line("idle memory", ratio(sizes), 1.5, "x", f"{ours:.1f} MiB resident, bare {bare:.1f} MiB"),
    ]


async def started(module: str) -> tuple[float, float]:
    async with world() as running, measured(running, module) as (pid, seconds):
        await asyncio.sleep(SETTLED)
        return seconds, memory(pid)


async def telling(_runs: int) -> list[Line]:
    """From a failure that EnOS shows to its thread in Slack, less one poll."""
    settings = {"FLOWBOT_POLL_SECONDS": str(POLL), "FLOWBOT_STORM": "0"}  # else many in a minute become one message
    async with world() as running, measured(running, "bot", **settings):
        platform, workspace = running.world.platform, running.world.workspace
        flows = [f"bench-{number:03}" for number in range(FAILURES)]
        for number, name in enumerate(flows):
            platform.add_flow(9000 + number, name, owners=["maya.chen"], tasks=[(500_000 + number, "load")])
        await asyncio.sleep(SETTLED)  # the first start has told what was broken before
        waits = []
        for number, name in enumerate(flows):
            platform.add_past(9000 + number, time.time() - 6, "FAIL", took=5, failed=[500_000 + number], triggered=True)
            waits.append(asyncio.create_task(_told(workspace, name, time.monotonic())))
            await asyncio.sleep(SPACING + random.uniform(0, 0.2))  # at any moment of a poll
        taken = await asyncio.gather(*waits)
    p99, p50 = percentile(taken, 0.99) - POLL, percentile(taken, 0.5) - POLL
    return [Line("failure to thread, p99 less a poll", p99, 2.0, "s", f"p50 {p50:.2f} s, {FAILURES} failures")]


async def backlog(_runs: int) -> list[Line]:
    """From a failure that EnOS shows to its first message while many replies wait in the channel, less one poll."""
    settings = {"FLOWBOT_POLL_SECONDS": str(POLL), "FLOWBOT_STORM": "0"}
    async with world() as running, measured(running, "bot", **settings):
        platform, workspace = running.world.platform, running.world.workspace
        noisy = [_flow(platform, number) for number in range(REPLIES)]
        await asyncio.sleep(SETTLED)
        for number, name in enumerate(noisy):
            _breaks(platform, number, ago=60)
            await _told(workspace, name, time.monotonic())
        said = _replies(workspace)
        for number in range(REPLIES):
            _breaks(platform, number, ago=6)
        await workspace.until(lambda: _replies(workspace) > said, timeout=30)
        taken = []
        for number in range(REPLIES, REPLIES + NEWLY):
            name = _flow(platform, number)
            _breaks(platform, number, ago=6)
            taken.append(await _told(workspace, name, time.monotonic()))
        left = REPLIES - (_replies(workspace) - said)
    if left <= 0:
        raise RuntimeError("no reply waited any more: the channel was not busy")
    more = f"{NEWLY} failures, {REPLIES} replies before them, {left} after"
    return [Line("first message amid replies, less a poll", max(taken) - POLL, 4.0, "s", more)]


def _flow(platform, number: int) -> str:
    name = f"bench-{number:03}"
    platform.add_flow(9000 + number, name, owners=["maya.chen"], tasks=[(500_000 + number, "load")])
    return name


def _breaks(platform, number: int, ago: float) -> None:
    platform.add_past(9000 + number, time.time() - ago, "FAIL", took=5, failed=[500_000 + number], triggered=True)


def _replies(workspace) -> int:
    return sum(each.thread_ts not in {None, each.ts} for each in workspace.everything(CHANNEL))


async def _told(workspace, name: str, since: float) -> float:
    await workspace.until(
        lambda: any(name in workspace.shown(each) for each in workspace.messages(CHANNEL)), timeout=30
    )
    return time.monotonic() - since

"""Three real processes on one PostgreSQL: killed, stopped and cut off while failures burst in and people ask.

The simulators, the server and what people do live on. Whatever happens, each failure has one thread and each question
that flowbot took has one answer.
"""

import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import psycopg

from bench.soak.lines import must
from bench.soak.replica_world import ANEW, CHANNEL, ReplicaProcess, ReplicaWorld, replica_world
from bench.soak.wire import Wire
from tests.postgres import Cluster, address

REPLICAS, KILLS, TROUBLES = 3, 50, 5  # TROUBLES: how often each other thing happens
FROZEN = 30.0  # seconds
AWAY = 3.0  # seconds without a server
LOST = 5  # one leader of so many loses the answer to a message
WITHIN = 10.0  # seconds from the death of a leader to the first message of the next one
REST = 120.0  # seconds until all is told
LATE = 25.0  # seconds in which a late double would be there


class Trouble:
    """What happens to the replicas, and how long the first message then takes."""

    def __init__(self, world: ReplicaWorld, cluster: Cluster, stack: AsyncExitStack) -> None:
        self.world, self.cluster, self._stack = world, cluster, stack
        self.chance = random.Random()
        self.wires: dict[int, Wire] = {}
        self.kills: list[float] = []
        self.others: list[float] = []
        self.unwritten = 0  # questions that were acknowledged in the moment of a kill, and not written down any more

    async def start(self) -> ReplicaProcess:
        """One more replica, with a wire of its own to the server."""
        wire = await self._stack.enter_async_context(self.world.wire())
        made = await self.world.start(url=wire.url, wait=False)
        self.wires[made.pid] = wire
        return made

    def happens(self, failures: int = 2) -> None:
        """Flows fail, and people ask."""
        for _ in range(failures):
            self.world.breaks()
            self.world.asks()

    async def first_message(self, gone: ReplicaProcess, since: float) -> float:
        """Seconds until another leader has sent its first message."""
        await self.world.leads(gone)
        elected = time.time()
        await self.world.until(lambda: self.world.first_after(elected) < REST)
        return elected + self.world.first_after(elected) - since

    async def kill(self, number: int) -> None:
        """The leader is killed in a burst, and another process takes its place."""
        self.happens()
        if number % LOST == 0:
            await self.world.slack.fault("lost", method="chat.postMessage", channel=CHANNEL, times=1)
        await asyncio.sleep(self.chance.uniform(0, 2))
        leader = await self.world.leads()
        since = time.time()
        await leader.kill()
        self.happens(1)
        another = await self.start()
        self.kills.append(await self.first_message(leader, since))
        await self.ready(another)

    async def freeze(self, _number: int) -> None:
        """The leader stands still for a while, and wakes."""
        self.happens()
        leader = await self.world.leads()
        before, since = leader.says(ANEW), time.time()
        leader.freeze()
        self.others.append(await self.first_message(leader, since))
        while time.time() < since + FROZEN:
            self.happens(1)
            await asyncio.sleep(3)
        leader.wake()
        await self.world.until(lambda: leader.says(ANEW) > before)
        await self.ready(leader)

    async def cut(self, number: int) -> None:
        """The leader does not reach the server any more, which hears no end of its connections."""
        self.happens()
        leader = await self.world.leads()
        before, since = leader.says(ANEW), time.time()
        self.wires[leader.pid].cut()
        self.others.append(await self.first_message(leader, since))
        self.happens()
        self.wires[leader.pid].mend(broken=number % 2 == 0)
        await self.world.until(lambda: leader.says(ANEW) > before)
        await self.ready(leader)

    async def restart(self, number: int) -> None:
        """The server is away for a while; every other time it had crashed."""
        self.happens()
        self.cluster.stop("immediate" if number % 2 else "fast")
        await asyncio.sleep(AWAY)
        self.world.breaks()  # who asks now is told that the database is away
        self.cluster.start()
        for each in self.world.replicas:
            if each.is_there:
                await self.ready(each)

    async def ready(self, replica: ReplicaProcess) -> None:
        """Wait until a replica says that it can do its work."""
        await self.world.until(lambda: replica.address or not replica.is_there)
        must(replica.is_there, f"a replica ended by itself: {replica.log.read_text('utf-8')[-2000:]}")
        await self.world.is_ready(replica, 200)


@asynccontextmanager
async def troubled() -> AsyncIterator[Trouble]:
    """The server, the simulators, and no replica yet; all ends with the block."""
    cluster = Cluster()
    try:
        cluster.start()
        url = address("postgres", cluster.folder)
        with psycopg.connect(url, autocommit=True) as connection:  # what was committed outlives a crash
            connection.execute("ALTER SYSTEM SET synchronous_commit = on")
            connection.execute("SELECT pg_reload_conf()")
        with tempfile.TemporaryDirectory(prefix="flowbot-") as folder:
            async with AsyncExitStack() as stack, replica_world(Path(folder), url) as world:
                yield Trouble(world, cluster, stack)
        cluster.stop()
    finally:
        cluster.remove()


async def soak() -> str:
    async with troubled() as trouble:
        world = trouble.world
        for each in [await trouble.start() for _ in range(REPLICAS)]:
            await trouble.ready(each)
        await world.watches()
        world.link_people()
        for number in range(KILLS):
            await trouble.kill(number)
        trouble.unwritten = world.unwritten()
        for number in range(TROUBLES):
            for act in (trouble.freeze, trouble.cut, trouble.restart):
                await act(number)
        return await told(trouble)


async def told(trouble: Trouble) -> str:
    """What is to be seen at the end."""
    world, began = trouble.world, time.monotonic()
    with suppress(TimeoutError):
        await world.until(world.is_settled, REST)
    waited = time.monotonic() - began
    await asyncio.sleep(LATE)
    untold, unanswered, twice = world.untold(), world.unanswered(), world.doubles()
    must(not untold, f"{len(untold)} failures are lost: {untold}")
    must(len(unanswered) == world.unwritten(), f"of {unanswered} {world.unwritten()} were not written down")
    must(not twice, f"{len(twice)} are there twice: {twice}")
    must(world.closest() > 0.5, f"two messages of one channel within {world.closest():.2f} s")
    must(not world.limited("chat.postMessage"), "Slack had to ask to wait")
    must(max(trouble.kills) < WITHIN, f"a new leader's first message took {max(trouble.kills):.1f} s")
    return (
        f"{len(trouble.kills)} leaders killed, {TROUBLES} stopped for {FROZEN:.0f} s, {TROUBLES} cut off, "
        f"{TROUBLES} restarts of PostgreSQL: {len(world.flows)} failures and {len(world.asked)} questions, 0 lost, "
        f"0 doubled ({world.undelivered()} questions reached nobody, and Slack said so; {world.sorry()} times somebody "
        f"was told to try again; {trouble.unwritten} were acknowledged in the moment of a kill, and not written down; "
        f"{len(world.repeated())} answers that one person sees were sent once more), all told after {waited:.0f} s; "
        f"the first message of the new leader {spread(trouble.kills)} after a kill, {spread(trouble.others)} after it "
        f"was stopped or cut off; closest messages of one channel {world.closest():.2f} s, no 429"
    )


def spread(seconds: list[float]) -> str:
    """The least, the middle and the most."""
    return f"{min(seconds):.1f} / {statistics.median(seconds):.1f} / {max(seconds):.1f} s"

"""The real program, killed 50 times while failures burst in, against simulators that live on."""

import asyncio
import random
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.soak.lines import must
from bot.sim import serve
from bot.sim.demo import demo

KILLS = 50
FLOWS_EACH = 2  # that fail in the life of each process
LOST = 5  # one process of this many loses the answer to a message
LONGEST_LIFE = 3.0  # seconds, once it is connected
RUSHED = 4  # one of this many is killed while it still starts
REST = 120.0  # seconds until all is told, after the last kill
SETTINGS = {"FLOWBOT_POLL_SECONDS": "0.7", "FLOWBOT_STORM": "1000", "FLOWBOT_LOG_LEVEL": "error"}


class Crashes:
    """The simulators, and the process of the moment."""

    def __init__(self, running, folder: Path) -> None:
        self.running, self.folder = running, folder
        self.slack, self.enos = running.world.workspace, running.world.platform
        self.settings = demo.environment(running, folder) | SETTINGS
        self.flows: list[tuple[str, str]] = []  # name, and the id of the run that failed
        self.chance = random.Random()
        self.process = None
        self.log = (folder / "bot.log").open("ab")

    async def start(self) -> None:
        self.process = await demo.flowbot(
            self.settings, self.folder, "run", out=asyncio.subprocess.DEVNULL, log=self.log
        )

    async def connected(self) -> None:
        await demo.connected(self.running, self.process)

    async def kill(self) -> None:
        self.process.kill()
        await self.process.wait()

    def breaks(self) -> None:
        """A flow of its own fails, as the schedule started it some hours ago."""
        number = 700_000 + len(self.flows)
        name = f"burst-{len(self.flows):03}"
        self.enos.add_flow(number, name, owners=["maya.chen"], tasks=[(10 * number, "load")], active=False, cycle="H")
        at = datetime.now(UTC) - timedelta(hours=self.chance.randrange(1, 40))
        run = self.enos.add_past(number, at, "FAIL", took=5, failed=[10 * number], triggered=True)
        run.updated = time.time()  # it fails now, whenever it began
        self.flows.append((name, run.id))

    def cards(self) -> Counter[str]:
        """How often each flow's first message is in the channel."""
        shown = [self.slack.shown(each) for each in self.slack.messages(demo.CHANNEL) if each.by_app]
        return Counter(name for text in shown for name, _ in self.flows if name in text and "Last good run" in text)

    def doubles(self) -> list[str]:
        """Posts that are there twice, by the IDs they carry."""
        every = [each for each in self.slack.everything(demo.CHANNEL) if each.by_app and each.metadata]
        ids = Counter(each.metadata["event_payload"]["id"] for each in every if each.only_for is None)
        return [id_ for id_, count in ids.items() if count > 1]

    def limited(self) -> int:
        return sum(1 for call in self.slack.calls if call.answer and call.answer.get("error") == "ratelimited")


async def soak() -> str:
    running = await serve.start(demo.demo_world())
    with tempfile.TemporaryDirectory() as folder:
        crashes = Crashes(running, Path(folder))
        try:
            return await told(crashes)
        finally:
            if crashes.process is not None and crashes.process.returncode is None:
                await crashes.kill()
            crashes.log.close()
            await running.stop()


async def told(crashes: Crashes) -> str:
    await crashes.start()
    await crashes.connected()
    await crashes.slack.until(
        lambda: any(
            "flowbot is watching" in crashes.slack.shown(each) for each in crashes.slack.messages(demo.CHANNEL)
        ),
        timeout=30,
    )
    rushed = 0
    for number in range(KILLS):
        for _ in range(FLOWS_EACH):
            crashes.breaks()
        if number % LOST == 0:
            await crashes.slack.fault("lost", method="chat.postMessage", channel=demo.CHANNEL, times=1)
        await asyncio.sleep(crashes.chance.uniform(0, LONGEST_LIFE))
        await crashes.kill()
        await crashes.start()
        if number % RUSHED == 0:
            rushed += 1
            await asyncio.sleep(crashes.chance.uniform(0, 1.5))
        else:
            await crashes.connected()
    await crashes.connected()
    waited = await rests(crashes)
    cards = crashes.cards()
    lost = [name for name, _ in crashes.flows if name not in cards]
    must(
        not lost, f"{len(lost)} of {len(crashes.flows)} failures were not told {REST:.0f} s after the last kill: {lost}"
    )
    must(max(cards.values()) == 1 and not crashes.doubles(), f"told twice: {cards.most_common(3)} {crashes.doubles()}")
    return (
        f"killed {KILLS} times ({rushed} while starting), {len(crashes.flows)} failures: each told once, "
        f"{waited:.0f} s after the last kill; asked to wait {crashes.limited()} times"
    )


async def rests(crashes: Crashes) -> float:
    """Wait until each failure is posted and nothing is there twice, and a little longer: the seconds it took."""
    began = time.monotonic()
    while time.monotonic() - began < REST:
        if len(crashes.cards()) == len(crashes.flows) and not crashes.doubles():
            taken = time.monotonic() - began
            await asyncio.sleep(25)  # a late double would be there now
            return taken
        must(crashes.process.returncode is None, "the bot ended by itself")
        await asyncio.sleep(1)
    return REST

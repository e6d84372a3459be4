"""Replicas as processes of their own: against both simulators, which live on, and one PostgreSQL database."""

import asyncio
import itertools
import json
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from aiohttp import ClientConnectionError, ClientSession

from bench.soak.wire import Wire
from bot.sim import serve
from bot.sim.demo import demo
from bot.sim.serve import Running
from bot.sim.slack.deliveries import ActResult
from bot.sim.slack.socket import Connection

CHANNEL, ELSEWHERE = demo.CHANNEL, "C0GENERAL1"
MAYA, JONAS, ALEX = "U0MAYA00001", "U0JONAS0001", "U0ALEX00001"
PATIENCE = 60.0  # seconds until what should happen counts as not happening: a ceiling for a machine that is busy
SETTINGS = {
    "FLOWBOT_POLL_SECONDS": "0.7",
    "FLOWBOT_STORM": "1000",
    "FLOWBOT_LOG_LEVEL": "info",
    "FLOWBOT_LOG_FORMAT": "json",
}
PROGRAM = ("-m", "bot")
RUNS = "flowbot is running"
STARTS_OVER = "drops everything and starts over"

_BUSY = ("The promise is broken", "flowbot has been blocked")
_LINKS = "INSERT INTO links VALUES (%s, %s, %s, 1) ON CONFLICT DO NOTHING"
_DOUBTFUL = "SELECT count(*) FROM posts WHERE kind = 'whisper' AND doubts > 0"
_LEADER = "SELECT r.name FROM replication JOIN replicas r ON r.id = replication.leader"

Found = TypeVar("Found")


class ReplicaProcess:
    """One process, which may be killed and started again."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self.process, self.log, self.pid = process, log, process.pid

    @property
    def is_there(self) -> bool:
        """Whether it has not ended."""
        return self.process.returncode is None

    def says(self, words: str) -> int:
        """How often its log says so."""
        return self.log.read_text("utf-8").count(words)

    @property
    def address(self) -> str:
        """Where its health is."""
        found = re.findall(r"Its health is at ([^\s\"]+)", self.log.read_text("utf-8"))
        return found[-1] if found else ""

    def complaints(self) -> list[str]:
        """The errors in its log, but for those that only say how busy the machine is."""
        told = [json.loads(line) for line in self.log.read_text("utf-8").splitlines() if line.startswith("{")]
        bad = [each for each in told if each["level"] in {"error", "critical"} or "exception" in each]
        return [json.dumps(each) for each in bad if not each["event"].startswith(_BUSY)]

    async def kill(self) -> None:
        """End it without a word."""
        self.process.kill()
        await self.process.wait()

    def freeze(self) -> None:
        """Stop it where it is: its connections stay."""
        self.process.send_signal(signal.SIGSTOP)

    def wake(self) -> None:
        """Let a stopped one go on."""
        self.process.send_signal(signal.SIGCONT)

    async def stop(self) -> int:
        """Ask it to end; return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE):
            return await self.process.wait()


class ReplicaWorld:
    """The simulators, the database, and the processes that share it."""

    def __init__(self, running: Running, folder: Path, url: str) -> None:
        self.running, self.folder, self.url = running, folder, url
        self.slack, self.enos = running.world.workspace, running.world.platform
        self.settings = demo.environment(running, folder) | SETTINGS
        self.replicas: list[ReplicaProcess] = []
        self.flows: dict[str, str] = {}  # by name, the id of the run that failed
        self.asked: dict[str, ActResult] = {}  # by the word that its answer repeats, what a person said
        self._numbers, self._begun = itertools.count(1), itertools.count(1)
        self._looks: psycopg.Connection[Any] | None = None
        self._sockets: dict[Connection, ReplicaProcess] = {}  # whose each is

    # ── the processes ──

    async def start(
        self, *, url: str = "", program: Sequence[str] = (), wait: bool = True, **settings: str
    ) -> ReplicaProcess:
        """Start one more; ``wait`` until it hears Slack."""
        path = self.folder / f"replica-{next(self._begun)}.log"
        environ = self.settings | {"FLOWBOT_DATABASE": url or self.url, "PYTHONPATH": demo._ROOT} | settings
        with path.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, *(program or PROGRAM), "run"), env=environ, cwd=self.folder, stdout=log, stderr=log
            )
        made = ReplicaProcess(process, path)
        self.replicas.append(made)
        if wait:
            await self.runs(made)
        return made

    async def runs(self, *replicas: ReplicaProcess, times: int = 1) -> None:
        """Wait until these hear Slack, each begun so many times."""
        await self.until(lambda: all(each.says(RUNS) >= times or not each.is_there for each in replicas))
        gone = [each.log.read_text("utf-8") for each in replicas if not each.is_there]
        assert not gone, gone
        await self.until(lambda: len(self._unowned()) >= 2 * len(replicas))
        self._sockets |= {each: replicas[0] for each in self._unowned() if len(replicas) == 1}

    def _unowned(self) -> list[Connection]:
        return [each for each in self.slack.sockets.connections if each not in self._sockets]

    def takes(self, *replicas: ReplicaProcess) -> None:
        """Slack sends what comes to these, in turn; to any where none is named."""
        hub, turns = self.slack.sockets, itertools.cycle(replicas)

        def choose(connections: Sequence[Connection]) -> Connection:
            taker = next(turns)
            its = [each for each in connections if self._sockets.get(each) is taker]
            return its[0] if its else hub.state.random.choice(connections)  # it has started over

        hub.choose = choose if replicas else hub.state.random.choice

    async def is_ready(self, replica: ReplicaProcess, status: int, words: str = "") -> None:
        """Wait until its ``/readyz`` answers so."""
        async with ClientSession() as session, asyncio.timeout(PATIENCE):
            while True:
                with suppress(ClientConnectionError):  # it is starting over
                    async with session.get(f"{replica.address}/readyz") as answer:
                        if answer.status == status and words in await answer.text():
                            return
                await asyncio.sleep(0.1)

    def wire(self) -> Wire:
        """Another way to the database, which can be cut."""
        return Wire(self.folder / f"wire-{next(self._begun)}", self.url)

    async def watches(self) -> None:
        """Wait until flowbot has said what is broken already, so that each new failure has a thread."""
        await self.until(lambda: self.hears(CHANNEL, "flowbot is watching"))

    async def close(self) -> None:
        """End them all."""
        for each in self.replicas:
            if each.is_there:
                each.wake()
                await each.kill()
        if self._looks is not None:
            self._looks.close()

    async def until(self, look: Callable[[], Found], seconds: float = PATIENCE) -> Found:
        """Wait until something is so, in Slack or elsewhere."""
        return await self.slack.until(look, seconds)

    # ── the database ──

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """What the database says; nothing where it does not answer."""
        try:
            return self._connected().execute(sql, values).fetchall()  # type: ignore[arg-type]
        except psycopg.errors.UndefinedTable:  # nobody has made the tables yet
            return []
        except psycopg.OperationalError:
            return []

    def _connected(self) -> psycopg.Connection[Any]:
        if self._looks is None or self._looks.closed:
            self._looks = psycopg.connect(self.url, autocommit=True)
        return self._looks

    def leader(self) -> ReplicaProcess | None:
        """The process that leads, as the database says."""
        for (name,) in self.rows(_LEADER):
            return next((each for each in self.replicas if name.endswith(f"process {each.pid}")), None)
        return None

    async def leads(self, *others: ReplicaProcess) -> ReplicaProcess:
        """Wait until somebody leads who is not one of ``others``."""

        def look() -> ReplicaProcess | None:
            found = self.leader()
            return found if found not in others else None

        found = await self.until(look)
        assert found is not None
        return found

    def link_people(self) -> None:
        """Link the demo's people to their EnOS users."""
        for line in demo.PEOPLE.splitlines()[1:]:
            self._connected().execute(_LINKS, line.split(","))

    # ── what happens ──

    def flow(self, number: int, *, owners: Sequence[str] = ("maya.chen",), active: bool = False) -> None:
        """Add a flow whose runs last a moment."""
        self.enos.add_flow(
            number, f"flow-{number}", owners=list(owners), tasks=[(1, "load")], seconds=0.1, active=active, cycle="H"
        )

    def breaks(self) -> str:
        """A flow of its own fails, as the schedule started it some hours ago; its name."""
        number = 700_000 + next(self._numbers)
        name = f"burst-{number}"
        self.enos.add_flow(number, name, owners=["maya.chen"], tasks=[(10 * number, "load")], active=False, cycle="H")
        at = datetime.now(UTC) - timedelta(hours=1 + number % 30)
        run = self.enos.add_past(number, at, "FAIL", took=5, failed=[10 * number], triggered=True)
        run.updated = time.time()  # it fails now, whenever it began
        self.flows[name] = run.id
        return name

    def asks(self, who: str = MAYA) -> ActResult:
        """A person asks for a flow that there is not: the answer repeats its number."""
        word = str(800_000 + next(self._numbers))
        self.asked[word] = self.slack.say(who, ELSEWHERE, f"/flow show {word}")
        return self.asked[word]

    async def taken(self) -> None:
        """Wait until flowbot has written down all that was said."""
        await self.until(lambda: self.rows("SELECT count(*) FROM deliveries") == [(len(self.asked),)])

    # ── what is seen ──

    def hears(self, channel: str, words: str) -> list[str]:
        """What flowbot said in a channel with these words."""
        every = [self.slack.shown(each) for each in self.slack.everything(channel) if each.by_app]
        return [text for text in every if words in text]

    def ended(self, flow: int) -> bool:
        """Whether a flow has a run, and all that were started have ended."""
        runs = self.enos.instances(flow)
        return bool(runs) and not self.rows("SELECT 1 FROM runs WHERE flow_id = %s AND state <> 'ended'", [flow])

    def cards(self) -> Counter[str]:
        """How often each flow's first message is in the channel."""
        shown = [self.slack.shown(each) for each in self.slack.messages(CHANNEL) if each.by_app]
        firsts = [text for text in shown if "Last successful run" in text]
        return Counter(name for text in firsts for name in re.findall(r"burst-\d+", text))

    def answers(self) -> Counter[str]:
        """How often each question was answered."""
        return Counter(word for text in self._private() for word in set(re.findall(r"\b8\d{5}\b", text)))

    def unwritten(self) -> int:
        """How many questions were acknowledged to Slack, and never written down."""
        written = sum(count for (count,) in self.rows("SELECT count(*) FROM deliveries"))
        return max(0, sum(map(self._took, self.asked.values())) - written)

    def sorry(self) -> int:
        """How often a question got the sentence that flowbot can't take it now."""
        return sum("Nothing was changed. Try again" in each for each in self._private())

    def _private(self) -> list[str]:
        seen = [each for who in (MAYA, ALEX) for each in self.slack.ephemerals(who, ELSEWHERE)]
        seen += [each for who in (MAYA, ALEX) for each in self.slack.everything(self.slack.dm(who).id)]
        return [self.slack.shown(each) for each in seen if each.by_app]

    def untold(self) -> list[str]:
        """The failures without a thread."""
        cards = self.cards()
        return [name for name in self.flows if name not in cards]

    def unanswered(self) -> list[str]:
        """The questions that flowbot took and did not answer."""
        answers = self.answers()
        return [word for word, act in self.asked.items() if word not in answers and self._took(act)]

    @staticmethod
    def _took(act: Any) -> bool:
        return not act.answer.done() or act.answer.result().acked

    def doubles(self) -> list[str]:
        """What is there twice: posts by the IDs they carry, threads of a flow, answers that were not sent once more."""
        ids: Counter[str] = Counter()
        for channel in self.slack.channels:
            every = [each for each in self.slack.everything(channel) if each.by_app and each.metadata]
            ids.update(each.metadata["event_payload"]["id"] for each in every if each.only_for is None)
        twice = [what for what, count in (ids + self.cards()).items() if count > 1]
        doubtful = sum(count for (count,) in self.rows(_DOUBTFUL))
        return twice + self.repeated()[doubtful:]

    def repeated(self) -> list[str]:
        """Whose answer is there twice: what one person alone sees can't be looked up, and goes again in doubt."""
        return [word for word, count in self.answers().items() if count > 1]

    def posted(self) -> list[tuple[float, str]]:
        """When each message came, and to which channel."""
        return [
            (each.at, str(each.arguments["channel"]))
            for each in self.slack.calls
            if each.method == "chat.postMessage" and (each.answer or {}).get("ok")
        ]

    def first_after(self, then: float) -> float:
        """Seconds from then to the first message in a channel."""
        return min((at - then for at, _ in self.posted() if at > then), default=float("inf"))

    def closest(self) -> float:
        """Seconds between the two closest messages of any one channel."""
        times: dict[str, list[float]] = {}
        for at, channel in self.posted():
            times.setdefault(channel, []).append(at)
        return min((b - a for each in times.values() for a, b in itertools.pairwise(each)), default=float("inf"))

    def limited(self, method: str) -> int:
        """How often Slack asked to wait with calls of a method."""
        every = (each for each in self.slack.calls if each.method == method and each.answer)
        return sum(each.answer.get("error") == "ratelimited" for each in every if each.answer)

    def undelivered(self) -> int:
        """How many questions no replica took; Slack has said so to who asked."""
        return sum(not self._took(act) for act in self.asked.values())

    def told(self) -> str:
        """What is to be known where something is wrong."""
        lines = [
            f"untold {self.untold()}, unanswered {self.unanswered()} but for {self.sorry()}, twice {self.doubles()}"
        ]
        for channel in self.slack.channels:
            every = [each for each in self.slack.everything(channel) if each.by_app]
            lines += [f"{channel}: {self.slack.shown(each)[:300]}" for each in every[-8:]]
        lines += [str(row) for row in self.rows("SELECT id, channel, state, why FROM posts WHERE state <> 'sent'")]
        for each in self.replicas:
            lines += [f"── {each.pid} ──", each.log.read_text("utf-8")[-1500:]]
        return "\n".join(lines)

    async def settled(self, seconds: float = PATIENCE) -> None:
        """Wait until all is told."""
        await self.until(self.is_settled, seconds)

    def is_settled(self) -> bool:
        """Whether each failure has a thread and each question an answer or a no, and nothing waits to be sent."""
        waiting = self.rows("SELECT count(*) FROM posts WHERE state IN ('queued', 'sending', 'unclear')")
        return waiting == [(0,)] and not self.untold() and len(self.unanswered()) <= self.sorry()


@asynccontextmanager
async def replica_world(folder: Path, url: str) -> AsyncIterator[ReplicaWorld]:
    """The simulators and a database, without a replica yet."""
    running = await serve.start(demo.demo_world())
    world = ReplicaWorld(running, folder, url)
    try:
        yield world
    except Exception as problem:
        problem.add_note(world.told())
        raise
    finally:
        await world.close()
        with suppress(ConnectionError):
            await running.stop()

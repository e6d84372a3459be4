"""The edge under test: the real bolt and sdk against a small Slack on a local socket."""

import asyncio
import gc
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import aiohttp
import pytest
from fake_slack import PATIENCE, FakeSlack, Time

from bot.core.people.model import Said
from bot.slack.gateway import Outside, SlackEdge, Way
from bot.slack.listeners import Room
from bot.slack.poster import Poster
from bot.slack.sockets import Timing

NOW = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)
TIMING = Timing(attempt=2.0, pause=0.0, longest_pause=0.0, ping=2.0, watch=3600.0, down=60.0, silent=600.0, close=0.2)


class Ears:
    """Remembers what was said; may hang, may fail."""

    def __init__(self, slack: FakeSlack) -> None:
        self.slack = slack
        self.said: list[Said] = []
        self.hold = asyncio.Event()
        self.hold.set()
        self.failure: Exception | None = None
        self.noted: list[str] = []
        self.known: set[str] = set()  # words that were noted before
        self.note_failure: Exception | None = None

    async def note(self, said: Said) -> bool:
        """Note that it arrived; False for what was known."""
        if self.note_failure:
            raise self.note_failure
        self.noted.append(said.text)
        return said.text not in self.known

    async def __call__(self, said: Said) -> None:
        self.said.append(said)
        await self.slack.happened()
        await self.hold.wait()
        if self.failure:
            raise self.failure

    @property
    def words(self) -> list[str]:
        return [said.text for said in self.said]


class Stage:
    """Makes edges and stops them."""

    def __init__(self, slack: FakeSlack) -> None:
        self.slack = slack
        self.ears = Ears(slack)
        self.time = Time()
        self.environment: dict[str, str] = {}
        self.edges: list[SlackEdge] = []

    def edge(self, way: Way | None = None, **more: object) -> SlackEdge:
        edge = SlackEdge(
            "xoxb-demo",
            way or Way(app_token="xapp-demo"),
            "/flow",
            self.ears,
            api_url=self.slack.api_url,
            note=self.ears.note,
            timing=more.pop("timing", TIMING),
            room=more.pop("room", Room()),
            outside=Outside(lambda: NOW, self.time, self.time.sleep, self.environment),
        )
        self.edges.append(edge)
        return edge

    async def connected(self, way: Way | None = None, **more: object) -> SlackEdge:
        """Return an edge all of whose sockets stand."""
        edge = self.edge(way, **more)
        await edge.start()
        await self.all_connected(edge)
        return edge

    async def all_connected(self, edge: SlackEdge) -> None:
        """Wait until both sides agree that all sockets stand."""
        async with asyncio.timeout(PATIENCE):
            while (await edge.health()).connected < edge.way.connections:  # noqa: ASYNC110  the library tells nobody
                await asyncio.sleep(0)

    async def served(self, **more: object) -> SlackEdge:
        """Return an edge in HTTP mode."""
        edge = self.edge(Way(signing_secret="demo-signing-secret", listen=("127.0.0.1", 0)), **more)
        await edge.start()
        return edge


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    fake = FakeSlack()
    await fake.start()
    yield fake
    await fake.stop()


@pytest.fixture
async def stage(slack: FakeSlack) -> AsyncIterator[Stage]:
    made = Stage(slack)
    yield made
    made.ears.hold.set()
    for edge in made.edges:
        await edge.stop(2.0)
    gc.collect()


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
async def poster(slack: FakeSlack, time: Time) -> AsyncIterator[Poster]:
    timeout = aiohttp.ClientTimeout(total=2.5, connect=2.0, sock_read=2.0)  # a busy machine answers within
    async with aiohttp.ClientSession(timeout=timeout) as session:
        yield Poster("xoxb-demo", api_url=slack.api_url, session=session, environment={}, clock=time, sleep=time.sleep)

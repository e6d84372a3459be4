"""The gateway under test: the real bolt and sdk against a small Slack on a local socket."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from functools import partial

import aiohttp
import pytest
from fake_slack import PATIENCE, FakeSlack, Time

from bot.core.people.model import IncomingMessage
from bot.core.text.language import EN
from bot.slack.gateway import ConnectionSettings, Runtime, SlackGateway
from bot.slack.listeners import Capacity
from bot.slack.poster import Poster
from bot.slack.sockets import Timing

NOW = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)
TIMING = Timing(attempt=2.0, pause=0.0, longest_pause=0.0, ping=2.0, watch=3600.0, down=60.0, silent=600.0, close=0.2)


class Receiver:
    """Remembers the messages it receives; may hang, may fail."""

    def __init__(self, slack: FakeSlack) -> None:
        self.slack = slack
        self.said: list[IncomingMessage] = []
        self.hold = asyncio.Event()
        self.hold.set()
        self.failure: Exception | None = None
        self.recorded: list[str] = []
        self.known: set[str] = set()  # words that were noted before
        self.record_failure: Exception | None = None

    async def record_arrival(self, said: IncomingMessage) -> bool:
        """Note that a message arrived; False for a known one."""
        if self.record_failure:
            raise self.record_failure
        self.recorded.append(said.text)
        return said.text not in self.known

    async def __call__(self, said: IncomingMessage) -> None:
        self.said.append(said)
        await self.slack.happened()
        await self.hold.wait()
        if self.failure:
            raise self.failure

    @property
    def words(self) -> list[str]:
        return [said.text for said in self.said]


class Stage:
    """Makes gateways and stops them."""

    def __init__(self, slack: FakeSlack) -> None:
        self.slack = slack
        self.receiver = Receiver(slack)
        self.time = Time()
        self.environment: dict[str, str] = {}
        self.gateways: list[SlackGateway] = []

    def gateway(self, connection: ConnectionSettings | None = None, **more: object) -> SlackGateway:
        gateway = SlackGateway(
            "xoxb-demo",
            connection or ConnectionSettings(app_token="xapp-demo"),
            "/flow",
            self.receiver,
            api_url=self.slack.api_url,
            language=more.pop("language", EN),
            record_arrival=self.receiver.record_arrival,
            timing=more.pop("timing", TIMING),
            capacity=more.pop("capacity", Capacity()),
            runtime=Runtime(lambda: NOW, self.time, self.time.sleep, self.environment),
        )
        self.gateways.append(gateway)
        return gateway

    async def connected(self, connection: ConnectionSettings | None = None, **more: object) -> SlackGateway:
        """A gateway all of whose sockets are open."""
        gateway = self.gateway(connection, **more)
        await gateway.start()
        await self.all_connected(gateway)
        return gateway

    async def all_connected(self, gateway: SlackGateway) -> None:
        """Wait until both sides agree that all sockets are open."""
        async with asyncio.timeout(PATIENCE):
            while (await gateway.health()).connected < gateway.connection.connections:  # noqa: ASYNC110  the library tells nobody
                await asyncio.sleep(0)

    async def served(self, **more: object) -> SlackGateway:
        """A gateway in HTTP mode."""
        gateway = self.gateway(
            ConnectionSettings(signing_secret="demo-signing-secret", listen=("127.0.0.1", 0)), **more
        )
        await gateway.start()
        return gateway


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
    made.receiver.hold.set()
    for gateway in made.gateways:
        await gateway.stop(2.0)
    gc.collect()


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
async def poster_of(slack: FakeSlack, time: Time) -> AsyncIterator[Callable[..., Poster]]:
    """Makes posters with more arguments."""
    timeout = aiohttp.ClientTimeout(total=2.5, connect=2.0, sock_read=2.0)  # a busy machine answers within
    async with aiohttp.ClientSession(timeout=timeout) as session:
        common = {"api_url": slack.api_url, "session": session, "environment": {}, "clock": time, "sleep": time.sleep}
        yield partial(Poster, "xoxb-demo", **common)


@pytest.fixture
def poster(poster_of: Callable[..., Poster]) -> Poster:
    return poster_of()

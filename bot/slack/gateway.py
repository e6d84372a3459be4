"""All of Slack in one object: requests come in through listeners, and everything goes out through the poster."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import field
from datetime import UTC, datetime

from bot.core.errors import Refusal
from bot.core.forms.model import FormAsked
from bot.core.people.model import IncomingMessage
from bot.core.text.language import EN
from bot.core.text.message import Text, msg, rendered
from bot.core.values import dataclass
from bot.ops.listener import Listener
from bot.slack import http_mode, preflight
from bot.slack.calls import OnCall, Sleep, new_session, web_client
from bot.slack.directory import Identity, OnListEnd
from bot.slack.listeners import Capacity, Listeners, Load, RecordArrival, RequestCounts, keep_tasks
from bot.slack.poster import Poster
from bot.slack.sockets import FreshUrlClient, Socket, Sockets, Timing
from bot.slack.views import SlackViews

SLACK_URL = "https://slack.com/api/"


@dataclass(frozen=True, slots=True)
class GatewayHealth:
    """The state of the connections and the work: for ``status``, ``/readyz`` and the metrics."""

    wanted: int  # sockets; 0 in HTTP mode
    connected: int
    reconnects: int
    last_envelope_age: float | None  # seconds; None before the first, and in HTTP mode
    load: Load
    counts: RequestCounts
    app_connections: int = 0  # connections of this app that Slack counts, other programs' included

    @property
    def ready(self) -> bool:
        """Whether people's messages can arrive."""
        return self.connected > 0 or self.wanted == 0


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """How Slack's requests come in: by sockets with an app token, or by HTTP with a signing secret."""

    app_token: str = field(default="", repr=False)
    signing_secret: str = field(default="", repr=False)
    listen: tuple[str, int] = ("127.0.0.1", 3000)  # HTTP mode only; port 0 takes any
    connections: int = 2  # Slack allows 10 for one app


@dataclass(frozen=True, slots=True)
class Runtime:
    """Clocks, waiting, the environment, and what is called after each call and at the end of each list."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    monotonic: Callable[[], float] = time.monotonic
    sleep: Sleep = asyncio.sleep
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    on_call: OnCall = lambda _method, _outcome, _seconds: None
    on_list_end: OnListEnd = lambda _listed, _why: None
    is_fenced: bool = False  # each call asks the fence (``core/outbox/fence.py``)


class SlackGateway:
    """Everything that touches Slack. To be made inside the running event loop."""

    def __init__(  # noqa: PLR0913  what a gateway is made of; all but the first four by name
        self,
        bot_token: str,
        connection: ConnectionSettings,
        command: str,
        on_message: Callable[[IncomingMessage], Awaitable[None]],
        *,
        api_url: str = SLACK_URL,
        language: str = EN,
        record_arrival: RecordArrival | None = None,
        timing: Timing | None = None,
        capacity: Capacity | None = None,
        runtime: Runtime | None = None,
    ) -> None:
        if not (connection.app_token or connection.signing_secret):
            raise Refusal(
                "no_way_in",
                msg("No connection to Slack is set up."),
                msg("Set SLACK_APP_TOKEN or SLACK_SIGNING_SECRET."),
            )
        self.connection, self.timing = connection, timing or Timing()
        self.runtime = runtime or Runtime()
        self._session = new_session(is_fenced=self.runtime.is_fenced)
        self.poster = Poster(
            bot_token,
            api_url=api_url,
            session=self._session,
            environment=self.runtime.environment,
            clock=self.runtime.monotonic,
            sleep=self.runtime.sleep,
            on_call=self.runtime.on_call,
            on_list_end=self.runtime.on_list_end,
            language=language,
        )
        self.views = SlackViews(self.poster.calls)
        self._client = web_client(api_url, self._session, self.runtime.environment, on_call=self.runtime.on_call)
        self.listeners = Listeners(
            command=command,
            on_message=on_message,
            record_arrival=record_arrival or _always_new,
            notify=self._notify,
            now=self.runtime.now,
            clock=self.runtime.monotonic,
            capacity=capacity or Capacity(),
            language=language,
        )
        self._app = self.listeners.bolt(self._client, bot_token, connection.signing_secret)
        self._accepting = asyncio.Event()
        self._sockets: Sockets | None = None
        self._server: Listener | None = None

    async def preflight(self) -> Identity:
        """Check the tokens and return who the bot is.

        Raises ``Refusal`` with what to correct, ``SlackDown`` where Slack could not be asked.
        """
        identity = await preflight.identify(self.poster.calls.client)
        if self.connection.app_token:
            await preflight.may_connect(self._client, self.connection.app_token)
        self.poster.me = identity
        return identity

    def report_calls(self, on_call: OnCall) -> None:
        """Call this after each call from now on, as the runtime's ``on_call`` until now."""
        self._client.on_call = on_call
        self.poster.report_calls(on_call)

    def connect(self) -> None:
        """Connect in the background, after the preflight. What Slack sends waits for ``start``, and so does its ack.

        Without sockets there is nothing to connect.
        """
        keep_tasks(asyncio.get_running_loop())
        if self.connection.app_token and self._sockets is None:
            self._sockets = self._made()
            self._sockets.start()

    async def start(self) -> None:
        """Begin to receive. In Socket Mode the connections are made in the background."""
        self.listeners.me = self.poster.me or await self.preflight()
        self.connect()
        self._accepting.set()
        if not self.connection.app_token:
            served = http_mode.events_app(self._app, self.connection.signing_secret)
            self._server = Listener(served, shutdown_timeout=1.0)
            await self._server.start(*self.connection.listen)

    async def stop_receiving(self, deadline: float) -> int:
        """Receive nothing more, and let what was received be answered within ``deadline`` seconds.

        The poster still works. Returns how many jobs did not end in time.
        """
        sockets, self._sockets = self._sockets, None
        server, self._server = self._server, None
        if sockets is not None:
            await sockets.stop()
        if server is not None:
            await server.cleanup()
        return await self.listeners.drain(deadline)

    async def stop(self, deadline: float) -> int:
        """Stop receiving, then close what the poster needs. Returns how many jobs did not end in time."""
        left = await self.stop_receiving(deadline)
        await self._session.close()
        return left

    async def health(self) -> GatewayHealth:
        """The state now."""
        sockets = self._sockets
        return GatewayHealth(
            wanted=len(sockets.sockets) if sockets else 0,
            connected=await sockets.connected() if sockets else 0,
            reconnects=sockets.reconnects() if sockets else 0,
            last_envelope_age=sockets.last_envelope_age() if sockets else None,
            load=self.listeners.workers.load(),
            counts=self.listeners.counts,
            app_connections=sockets.app_connections() if sockets else 0,
        )

    @property
    def address(self) -> str:
        """Where HTTP mode listens, ``http://host:port``; empty in Socket Mode."""
        return self._server.address if self._server is not None else ""

    def _made(self) -> Sockets:
        sockets = tuple(
            Socket(
                self._app,
                FreshUrlClient(
                    app_token=self.connection.app_token,
                    web_client=self._client,
                    timing=self.timing,
                    environment=self.runtime.environment,
                    clock=self.runtime.monotonic,
                    sleep=self.runtime.sleep,
                ),
                self.listeners.counts,
                self._accepting,
            )
            for _ in range(self.connection.connections)
        )
        return Sockets(sockets, self.timing, self.runtime.monotonic, self.runtime.sleep)

    async def _notify(self, received: IncomingMessage | FormAsked, sentence: Text) -> None:
        origin, language = received.origin, await self.poster.language(received.by.user)
        await self.poster.notify(
            origin.channel,
            received.by.user,
            {"text": rendered(sentence, language)},
            thread=origin.thread,
            response_url=origin.response_url,
        )


async def _always_new(_message: IncomingMessage) -> bool:
    """A message counts as new where nothing stores messages."""
    return True

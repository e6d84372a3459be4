"""How the bot stays connected: two sockets, a fresh address for each attempt, and a watchdog.

A socket's address is a ticket that Slack takes once and soon; the stock client (slack_sdk 3.47.0) offers the
same one again and again when a handshake fails, and closes the old socket before it opens the new one, so that one
socket alone leaves gaps. A socket can also be alive and silent for hours.

    connecting ──► connected ──► (closed, disconnect frame, no pong, silent) ──► connecting
         ▲             │
         └── pause ◄───┴─ refused handshake: the ticket is thrown away
"""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aiohttp
from slack_bolt.adapter.socket_mode.async_internals import send_async_response
from slack_bolt.adapter.socket_mode.internals import build_headers
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.network.proxies import proxy_for
from bot.core.outbox.conversations import SlackFailure, SlackLimited
from bot.core.values import dataclass
from bot.slack.calls import Sleep, translated
from bot.slack.listeners import RequestCounts
from bot.slack.redacted import library_log, redact

log = logging.getLogger(__name__)

SOCKET_MODE_OFF = "link_disabled"  # Socket Mode was switched off for the app
LONGEST_CONTROL = 500  # characters of a frame that is no envelope


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds."""

    attempt: float = 20.0  # one attempt to connect
    pause: float = 1.0  # after the first failed attempt; doubled after each further one
    longest_pause: float = 30.0
    ping: float = 10.0  # between pings; a dead peer is noticed after about twice this
    watch: float = 30.0  # between checks of the watchdog
    down: float = 60.0  # without a connection until the watchdog starts one itself
    silent: float = 600.0  # without any frame but pongs until a socket is renewed
    close: float = 2.0  # to wait for the other side to close


class FreshUrlClient(SocketModeClient):
    """The stock client, but each attempt has its own address and a time-out."""

    def __init__(
        self,
        *,
        app_token: str,
        web_client: AsyncWebClient,
        timing: Timing,
        environment: Mapping[str, str],
        clock: Callable[[], float],
        sleep: Sleep,
    ) -> None:
        super().__init__(app_token=app_token, web_client=web_client, logger=library_log(), ping_interval=timing.ping)
        self.timing, self.environment, self.clock, self.pause = timing, environment, clock, sleep
        self.connections = 0  # how often a connection was made
        self.last_frame = clock()  # of the application: a hello, an envelope; not a pong
        self.connecting = False
        self.greeted = False  # whether this connection has said hello
        self.app_connections = 0  # connections of this app that Slack counted at the last hello, this one included

    async def connect(self) -> None:
        """Connect, with as many attempts as it takes."""
        self.connecting = True
        failures = 0
        try:
            while not self.closed:
                try:
                    async with asyncio.timeout(self.timing.attempt):
                        await self._attempt()
                except Exception as problem:  # noqa: BLE001  whatever it is, the next attempt is the answer
                    self.wss_uri = None  # the ticket is spent
                    grown = min(self.timing.longest_pause, self.timing.pause * 2 ** min(failures, 10))
                    wait = max(grown, problem.seconds) if isinstance(problem, SlackLimited) else grown
                    failures += 1
                    log.warning("No connection to Slack (%s). Next attempt in %g s.", _reason(problem), wait)
                    if not self.closed:
                        _log_bug(problem)
                    await self.pause(wait)
                else:
                    return
        finally:
            self.connecting = False

    async def connect_to_new_endpoint(self, force: bool = False) -> None:  # noqa: FBT001, FBT002  the library's
        """Connect again, unless that is already going on. The library's own takes a lock that it may fail to get."""
        if not self.connecting and (force or not await self.is_connected()):
            await self.connect()

    async def issue_new_wss_url(self) -> str:
        """A socket's address. Raises the four failures of a call; the library's own sleeps over a 429."""
        with translated():
            answer = await self.web_client.apps_connections_open(app_token=self.app_token)
            return str(answer["url"])

    async def end(self) -> None:
        """Close for good."""
        await super().close()  # type: ignore[no-untyped-call]
        tasks = (self.message_processor, self.current_session_monitor, self.message_receiver)
        await asyncio.gather(*(task for task in tasks if task is not None), return_exceptions=True)

    async def enqueue_message(self, message: str) -> None:
        """Note that a frame came, then let the stock client queue it."""
        self.last_frame = self.clock()
        if not self.greeted or SOCKET_MODE_OFF in message[:LONGEST_CONTROL]:
            frame = _frame(message)
            # Any frame of the application counts: a socket that brings envelopes works.
            self.greeted = self.greeted or frame.get("type") not in (None, "disconnect")
            if frame.get("type") == "hello":
                count = frame.get("num_connections")
                self.app_connections = count if isinstance(count, int) else 1
            if frame.get("type") == "disconnect" and frame.get("reason") == SOCKET_MODE_OFF:
                log.error("Socket Mode is switched off for this app. Switch it on in the app's settings.")
        await super().enqueue_message(message)

    async def _attempt(self) -> None:
        """Close the old connection and connect once, as the stock ``connect`` does, but for its inner loop."""
        self.auto_reconnect_enabled = self.greeted = False
        if self.current_session is not None:
            await self.current_session.close()
        if self.aiohttp_client_session.closed and not self.closed:
            self.aiohttp_client_session = aiohttp.ClientSession()
        if self.wss_uri is None:
            self.wss_uri = await self.issue_new_wss_url()
        self.current_session = await self.aiohttp_client_session.ws_connect(
            self.wss_uri,
            autoping=False,
            heartbeat=self.ping_interval,
            proxy=proxy_for(self.wss_uri, self.environment),
            timeout=aiohttp.ClientWSTimeout(ws_close=self.timing.close),
        )
        self.wss_uri = None  # spent: whoever connects next asks for another
        self.auto_reconnect_enabled = self.default_auto_reconnect_enabled
        self.stale = False
        self.last_ping_pong_time = None
        await self.current_session.ping(f"sdk-ping-pong:{time.time()}".encode())
        _end(self.current_session_monitor)
        self.current_session_monitor = asyncio.ensure_future(self.monitor_current_session())
        _end(self.message_receiver)
        self.message_receiver = asyncio.ensure_future(self.receive_messages())
        self.connections += 1
        self.last_frame = self.clock()


class Socket:
    """One connection and its envelopes. Each is acked, whatever bolt answers."""

    def __init__(self, app: AsyncApp, client: FreshUrlClient, counts: RequestCounts, accepting: asyncio.Event) -> None:
        self.app = app
        self.accepting = accepting  # until then an envelope waits, and is not acked
        self.client = client
        self.counts = counts
        self.last_envelope: float | None = None
        self.down_since: float | None = None
        self._answering: set[asyncio.Task[Any]] = set()
        client.message_listeners.append(self.check)
        client.socket_mode_request_listeners.append(self.handle)

    async def check(self, client: AsyncBaseSocketModeClient, frame: Mapping[str, Any], _raw: str | None = None) -> None:
        """Ack an envelope that the library drops: one without a type, or without a payload that can be read."""
        envelope, readable = frame.get("envelope_id"), isinstance(frame.get("payload"), dict | str)
        if envelope and not ("type" in frame and readable):
            self.counts.unknown += 1
            log.warning("An envelope of type %s has no readable content", frame.get("type"))
            await client.send_socket_mode_response({"envelope_id": envelope})

    async def handle(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        """Let bolt answer an envelope, and ack it."""
        start = time.time()
        self.last_envelope = self.client.clock()
        await self.accepting.wait()
        task = asyncio.current_task()
        self._answering |= {task} if task else set()
        try:
            try:
                response = await self.app.async_dispatch(
                    AsyncBoltRequest(
                        mode="socket_mode",
                        body=request.payload,
                        headers=build_headers(request),
                        context={"delivery": request.envelope_id},
                    )
                )
                if response.status != 200:
                    log.error("bolt answered an envelope of type %s with %s", request.type, response.status)
                    response = BoltResponse(status=200, body="")
            except Exception:  # noqa: BLE001  bolt reads nested keys that a payload may lack
                library_log().exception("bolt could not read an envelope of type %s", request.type)
                response = BoltResponse(status=200, body="")
            await send_async_response(client, request, response, start)
        except Exception as problem:  # noqa: BLE001  a lost ack: Slack sends events again, keys tell repeats
            log.warning("An envelope could not be acknowledged: %s", _reason(problem))
            _log_bug(problem)
        finally:
            self._answering -= {task} if task else set()

    async def stop(self) -> None:
        """Let the envelopes that have come be acked, then close."""
        if self._answering:
            await asyncio.wait(set(self._answering), timeout=self.client.timing.close)
        await self.client.end()


class Sockets:
    """The connections together, and the watchdog over them."""

    def __init__(self, sockets: tuple[Socket, ...], timing: Timing, clock: Callable[[], float], sleep: Sleep) -> None:
        self.sockets = sockets
        self.timing, self.clock, self.sleep = timing, clock, sleep
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Start connecting, and watching. Does not wait: incidents are reported without sockets too."""
        for socket in self.sockets:
            self._spawn(socket.client.connect())
        self._spawn(self._watch())

    async def stop(self) -> None:
        """Close the connections: nothing more is received."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(socket.stop() for socket in self.sockets), return_exceptions=True)

    async def connected(self) -> int:
        """How many connections are open and have said hello."""
        return sum([await each.client.is_connected() and each.client.greeted for each in self.sockets])

    def app_connections(self) -> int:
        """How many connections Slack counts for this app, whoever made them, as of its last hello."""
        return max((socket.client.app_connections for socket in self.sockets), default=0)

    def reconnects(self) -> int:
        """How often a connection was made again."""
        return sum(max(0, socket.client.connections - 1) for socket in self.sockets)

    def last_envelope_age(self) -> float | None:
        """Seconds since the last envelope; None before the first."""
        times = [socket.last_envelope for socket in self.sockets if socket.last_envelope is not None]
        return self.clock() - max(times) if times else None

    async def check(self) -> None:
        """Renew what is down for long, and one socket that is silent for long: the other stays connected."""
        now, renewed = self.clock(), False
        for socket in self.sockets:
            client = socket.client
            if await client.is_connected():
                socket.down_since = None
                if not renewed and now - client.last_frame >= self.timing.silent:
                    renewed = True
                    await self._renew(socket, "silent")
            elif socket.down_since is None:
                socket.down_since = now
            elif not client.connecting and now - socket.down_since >= self.timing.down:
                await self._renew(socket, "down")

    async def _renew(self, socket: Socket, why: str) -> None:
        log.info("A socket is %s. flowbot renews it.", why)
        try:
            async with asyncio.timeout(self.timing.attempt * 2):
                await socket.client.connect_to_new_endpoint(force=True)
        except TimeoutError:
            log.warning("A socket could not be renewed yet. The next check tries again.")

    async def _watch(self) -> None:
        while True:
            await self.sleep(self.timing.watch)
            await self.check()

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _end(task: "asyncio.Future[None] | None") -> None:
    """Cancel a task of the former connection, unless it is the one that reconnects, which ends by itself."""
    if task is not None and task is not asyncio.current_task():
        task.cancel()


def _frame(message: str) -> Mapping[str, Any]:
    try:
        frame = json.loads(message)
    except (ValueError, RecursionError):
        return {}
    return frame if isinstance(frame, dict) else {}


def _log_bug(problem: Exception) -> None:
    """Log the traceback of what is neither Slack's answer nor the network's doing."""
    if not isinstance(problem, SlackFailure | aiohttp.ClientError | OSError):
        library_log().error("A connection to Slack hit a bug", exc_info=problem)


def _reason(problem: BaseException) -> str:
    return redact(f"{type(problem).__name__}: {problem}".partition("\n")[0])

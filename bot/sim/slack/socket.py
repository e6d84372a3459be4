"""Socket Mode as Slack offers it: one-time addresses, hello, envelopes to one of the connections, acknowledgements.

https://docs.slack.dev/apis/events-api/using-socket-mode (January 2026).
"""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from bot.sim.slack.model import DeliveryResult, Envelope, Json
from bot.sim.slack.state import KEPT, WorkspaceState

CONNECTIONS = 10
TICKET_SECONDS = 30.0

_REFUSING = frozenset({"refuse", "gone"})
_DUPLICATE = frozenset({"duplicate"})
_REDELIVERED = frozenset({"redelivered"})


@dataclass(eq=False)
class Connection:
    """One open socket; nothing is sent or read on a mute one."""

    socket: web.WebSocketResponse
    request: web.Request
    mute: bool = False


@dataclass
class _Pending:
    connection: Connection
    acknowledged: asyncio.Future[Json] = field(repr=False)


class SocketHub:
    """The sockets of the app. ``acks_anywhere``: an acknowledgement counts on another socket than the delivery.

    ``choose`` takes the socket for each delivery: Slack spreads them over all.
    """

    def __init__(self, state: WorkspaceState) -> None:
        self.state = state
        self.connections: list[Connection] = []
        self.handshakes = 0
        self.acks_anywhere = True
        self.choose: Callable[[Sequence[Connection]], Connection] = state.random.choice
        self.scheme = "ws"  # "wss" where a TLS proxy is in front of it
        self.log: deque[Envelope] = deque(maxlen=KEPT)  # what was delivered, oldest first
        self._tickets: dict[str, float] = {}
        self._pending: dict[str, _Pending] = {}

    # ── connecting ───────────────────────────────────────────────────────────

    def new_url(self, host: str) -> str:
        """Issue an address for one connection, valid for 30 seconds."""
        ticket = self.state.new_id("", 24).lower()
        self._tickets[ticket] = self.state.clock()
        return f"{self.scheme}://{host}/link/?ticket={ticket}&app_id={self.state.app.id}"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one socket until it is closed."""
        self.handshakes += 1
        if self.state.faults.take(_REFUSING):
            self.state.wake()
            raise web.HTTPServiceUnavailable
        issued = self._tickets.pop(request.query.get("ticket", ""), None)
        if issued is None or self.state.clock() - issued > TICKET_SECONDS or self.state.closed:
            raise web.HTTPForbidden
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        connection = Connection(socket, request)
        if len(self.connections) >= CONNECTIONS:
            await self._send(connection, {"type": "disconnect", "reason": "too_many_websockets", "debug_info": {}})
            await socket.close()
            return socket
        self.connections.append(connection)
        await self._send(connection, self._hello())
        self.state.wake()
        try:
            await self._listen(connection)
        finally:
            self._forget(connection)
        return socket

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self.connections),
            "connection_info": {"app_id": self.state.app.id},
            "debug_info": {"host": "sim", "build_number": 1, "approximate_connection_time": 3600},
        }

    def _forget(self, connection: Connection) -> None:
        if connection in self.connections:
            self.connections.remove(connection)
        self.state.wake()

    async def _listen(self, connection: Connection) -> None:
        async for message in connection.socket:
            if connection.mute:
                continue
            if message.type is WSMsgType.PING:
                await self._quietly(connection.socket.pong(message.data))
            elif message.type is WSMsgType.TEXT:
                self._acknowledge(connection, message.data)

    def _acknowledge(self, connection: Connection, data: str) -> None:
        try:
            frame = json.loads(data)
        except ValueError:
            return
        pending = self._pending.get(str(frame.get("envelope_id"))) if isinstance(frame, dict) else None
        if pending is None or pending.acknowledged.done():
            return
        if self.acks_anywhere or pending.connection is connection:
            payload = frame.get("payload")
            pending.acknowledged.set_result(payload if isinstance(payload, dict) else {})

    # ── delivering ───────────────────────────────────────────────────────────

    async def send(self, envelope: Envelope, seconds: float) -> DeliveryResult:
        """Deliver to one connection and wait for the acknowledgement, at most ``seconds``."""
        if not self.connections:
            return DeliveryResult(acked=False, why="connection_failed")
        loop = asyncio.get_running_loop()
        started = loop.time()
        connection = self.choose(self.connections)
        pending = _Pending(connection, loop.create_future())
        self._pending[envelope.id] = pending
        self.log.append(envelope)
        try:
            await self._send(connection, self._frame(envelope))
            if self.state.faults.take(_DUPLICATE) and self.connections:
                await self._send(self.choose(self.connections), self._frame(envelope))
            async with asyncio.timeout(seconds):
                payload = await pending.acknowledged
        except TimeoutError:
            return DeliveryResult(acked=False, why="timeout", seconds=loop.time() - started)
        finally:
            del self._pending[envelope.id]
        return DeliveryResult(
            acked=True, payload=payload if envelope.takes_payload else {}, seconds=loop.time() - started
        )

    def _frame(self, envelope: Envelope) -> Json:
        frame: Json = {
            "envelope_id": envelope.id,
            "type": envelope.kind,
            "accepts_response_payload": envelope.takes_payload,
            "payload": envelope.payload,
        }
        if envelope.kind == "events_api":
            again = envelope.attempt == 0 and self.state.faults.take(_REDELIVERED) is not None
            frame["retry_attempt"] = 1 if again else envelope.attempt
            frame["retry_reason"] = "timeout" if again else envelope.reason
        return frame

    async def _send(self, connection: Connection, frame: Json) -> None:
        if not connection.mute:
            await self._quietly(connection.socket.send_json(frame))

    async def _quietly(self, sending: Any) -> None:
        try:
            await sending
        except ConnectionError:
            self.state.wake()

    # ── breaking ─────────────────────────────────────────────────────────────

    async def disconnect(self, reason: str) -> None:
        """Announce the end to every connection, then close it."""
        for connection in list(self.connections):
            await self._send(connection, {"type": "disconnect", "reason": reason, "debug_info": {"host": "sim"}})
            if reason != "warning":
                await self._close(connection)

    async def close(self) -> None:
        """Close every connection with 1001."""
        for connection in list(self.connections):
            await self._close(connection)

    async def _close(self, connection: Connection) -> None:
        self._forget(connection)
        await self._quietly(connection.socket.close(code=1001))

    def drop(self) -> None:
        """Cut every connection without a close frame."""
        for connection in list(self.connections):
            self._forget(connection)
            if connection.request.transport is not None:
                connection.request.transport.abort()

    def mute(self) -> None:
        """Leave every connection open, but send and read nothing on it any more."""
        for connection in list(self.connections):
            connection.mute = True
        self.state.wake()

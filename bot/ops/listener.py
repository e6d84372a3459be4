"""A web server that strangers can reach: no number of them uses up the process's descriptors, memory or log.

    accepted ──► asking ──whole request──► answered ──► closed
                   └─ too slow, or the oldest of too many ──► cut off

A connection brings one request, within a time that covers everything, and is closed. Where there are more connections
than the cap, the oldest that still asks is cut off, so that whoever sends a whole request at once is always answered.
aiohttp 3.14.5 itself has no cap, and waits an hour for the first byte.
"""

import asyncio
import logging
import resource
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from bot.ops.rare_log import RareLogFilter

CAP = 100  # connections at once
SECONDS = 20.0  # for one request and its answer; Slack gives up after 3
BACKLOG = 32  # how many asyncio accepts at once, before any of them can be refused
HEADERS, HEADER = 64, 8190  # how many of one request, and bytes of one
SHARE = 8  # a listener takes at most this part of the descriptors

log = logging.getLogger(__name__)
log.addFilter(RareLogFilter())
_library = log.getChild("library")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Listener:
    """Serves an application. To be created inside the running event loop."""

    def __init__(
        self, app: web.Application, *, cap: int = CAP, seconds: float = SECONDS, shutdown_timeout: float = 5.0
    ) -> None:
        self._seconds = seconds
        self._cap = max(4, min(cap, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // SHARE))
        app.middlewares.insert(0, self._read_whole_request)
        self._runner = web.AppRunner(
            app,
            access_log=None,
            shutdown_timeout=shutdown_timeout,
            logger=_library,
            max_headers=HEADERS,
            max_field_size=HEADER,
            max_line_size=HEADER,
        )
        self._open: dict[asyncio.BaseTransport, _Connection] = {}  # oldest first
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> None:
        """Begin to listen. Raises OSError."""
        await self._runner.setup()
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._new_protocol, host, port, backlog=BACKLOG)

    @property
    def address(self) -> str:
        """Where it listens, ``http://host:port``; empty before ``start`` and after ``cleanup``."""
        if self._server is None or not self._server.sockets:
            return ""
        host, port = self._server.sockets[0].getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._open)

    async def cleanup(self) -> None:
        """Stop listening, let the requests that are being answered end, and cut off the rest."""
        if self._server is not None:
            self._server.close()
        for each in list(self._open.values()):
            if each.asking:
                each.cut()
        await self._runner.cleanup()
        for each in list(self._open.values()):
            each.cut()

    def admit(self, connection: "_Connection", transport: asyncio.BaseTransport) -> bool:
        """Whether a connection may stay; where there are too many, the oldest that asks is cut off for it."""
        if len(self._open) >= self._cap:
            log.warning(
                "%s connections at once at %s. flowbot closes the oldest unfinished requests.", self._cap, self.address
            )
            oldest = next((each for each in self._open.values() if each.asking), None)
            if oldest is None:
                return False
            oldest.cut()
        self._open[transport] = connection
        return True

    def forget(self, transport: asyncio.BaseTransport) -> None:
        """Forget a connection."""
        self._open.pop(transport, None)

    def _new_protocol(self) -> asyncio.Protocol:
        if self._runner.server is None:  # stopped between an accept and here
            return asyncio.Protocol()
        return _Connection(self, self._runner.server(), self._seconds)

    @web.middleware
    async def _read_whole_request(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Read the whole request first: until then its connection counts as one that asks."""
        try:
            await _read(request)
            connection = self._open.get(request.transport) if request.transport is not None else None
            if connection is not None:
                connection.asking = False
            response = await handler(request)
        except web.HTTPException as refusal:
            refusal.force_close()
            raise
        response.force_close()
        return response


async def _read(request: web.Request) -> None:
    try:
        await request.read()
    except (ConnectionError, web.RequestPayloadError):  # cut off meanwhile, or an unreadable body
        raise web.HTTPBadRequest from None


class _Connection(asyncio.Protocol):
    """One connection: aiohttp's own, with a cap and a time limit."""

    def __init__(self, listener: Listener, inner: asyncio.Protocol, seconds: float) -> None:
        self.asking = True
        self._listener, self._inner, self._seconds = listener, inner, seconds
        self._transport: asyncio.Transport | None = None
        self._end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  create_server makes no others
        if not self._listener.admit(self, transport):
            transport.abort()
            return
        self._transport = transport
        self._end = asyncio.get_running_loop().call_later(self._seconds, self.cut)
        self._inner.connection_made(transport)

    def cut(self) -> None:
        """Close it at once."""
        if self._transport is not None:
            self._listener.forget(self._transport)
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received()

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport is None:  # it was refused
            return
        self._listener.forget(self._transport)
        if self._end is not None:
            self._end.cancel()
        self._transport = None
        self._inner.connection_lost(exc)


_CLIENT_ERRORS = (HttpProcessingError, web.RequestPayloadError, ConnectionError)


class _RedactingFilter(logging.Filter):
    """Removes what strangers sent from aiohttp's log lines: it quotes the bytes that it could not read.

    Where a client leaves amid a request, or sends what cannot be unpacked, the line is a warning: not our error.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and isinstance(record.exc_info[1], _CLIENT_ERRORS):
            record.msg, record.args = "A request could not be read: %s", (type(record.exc_info[1]).__name__,)
            record.exc_info = record.exc_text = None
            record.levelno, record.levelname = logging.WARNING, "WARNING"
        return True


_library.addFilter(_RedactingFilter())
_library.addFilter(RareLogFilter())

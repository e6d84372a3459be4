"""Sending: the only file of ``bot.enos`` that uses httpx.

Works around what httpx 0.28.1 and httpcore 1.0.9 do wrong (all reproduced):

* A cancelled request can leave its pool slot busy for ever (encode/httpcore #1093), so every request runs in its
  own task behind a gate: a cancelled caller abandons it, httpcore never sees a cancel. A request that outlives its
  time even so (headers that drip) is cancelled, and its pool is thrown away with it.
* They have no limit of total time or size: both are enforced here. Compressed answers are refused (a small one can
  unpack to gigabytes).
* Nothing is sent again on a stale keep-alive connection: what changes something uses a fresh connection each time.

Errors of httpx become, once, one of: Unreachable (never sent), NoResponse (sent, no whole answer), BadResponse.
"""

import asyncio
import functools
import logging
import os
import ssl
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any
from urllib.parse import urlsplit

import httpx

from bot.core.network.proxies import proxy_for
from bot.core.text.message import msg
from bot.core.values import dataclass
from bot.enos.calls import Call, Kind
from bot.enos.errors import BadResponse, NoResponse, Unreachable, Untrusted
from bot.enos.responses import Reply

CAP = 16 << 20  # bytes of one answer; a page of 50 with large graphs is under 1 MiB, a log at most 4 MiB
READS, MUTATIONS = 8, 4  # connections at once
CONNECT, KEEP, GRACE = 3.0, 15.0, 10.0  # seconds

HEADERS = {
    "accept": "application/json",
    "accept-encoding": "identity",
    "connection": "keep-alive",
    "content-type": "application/json;charset=UTF-8",
    "user-agent": "flowbot",
}

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)


@dataclass(slots=True)
class _Request:
    """A request that was not answered yet. ``may_have_arrived``: it may have reached the server."""

    may_have_arrived: bool = False
    abandoned: bool = False


@dataclass(eq=False, slots=True)
class _Pool:
    """Connections; ``retired`` pools are closed when their last request has ended."""

    transport: (
        httpx.AsyncBaseTransport
    )  # httpx's client around it follows redirects and keeps cookies: neither is wanted
    users: int = 0
    retired: bool = False


@dataclass(eq=False, slots=True)
class _GatedPool:
    """A gate and the pool behind it."""

    gate: asyncio.Semaphore
    keep: int
    pool: _Pool
    limit: int = field(default=READS)


class Transport:
    """Sends signed calls to one address. ``total``: seconds that one call may take, all included."""

    def __init__(
        self, url: str, *, total: float = 20.0, cap: int = CAP, http: httpx.AsyncBaseTransport | None = None
    ) -> None:
        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.WARNING)  # their INFO shows full addresses, user ids included
        self.total, self._cap, self._http = total, cap, http
        self._base = url.rstrip("/")
        self._gated_pools = {
            Kind.READ: _GatedPool(asyncio.Semaphore(READS), READS, self._pool(READS, READS), READS),
            Kind.MUTATION: _GatedPool(asyncio.Semaphore(MUTATIONS), 0, self._pool(MUTATIONS, 0), MUTATIONS),
        }
        self._tasks: set[asyncio.Task[Reply]] = set()
        self._closing: set[asyncio.Task[None]] = set()
        self._closed = False
        self.may_change: Callable[[], bool] | None = None  # asked before each change is sent; None: always
        self.last_date = ""  # of the newest answer

    async def send(self, call: Call, headers: Mapping[str, str]) -> Reply:
        """The whole answer. Follows no redirect, repeats nothing.

        Raises Unreachable, NoResponse or BadResponse.
        """
        if self._closed:
            raise Unreachable(msg("flowbot is shutting down"))
        request = _Request()
        task = asyncio.create_task(self._send(call, headers, request))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            done, _ = await asyncio.wait({task}, timeout=self.total + 0.05)
        except asyncio.CancelledError:
            self._abandon(call.kind, task, request)
            raise
        if not done:
            self._abandon(call.kind, task, request)
            raise self._timed_out(request)
        if task.cancelled():  # by close(): the caller gets a failure, and is not cancelled
            raise self._timed_out(request)
        return task.result()

    @property
    def is_busy(self) -> bool:
        """Whether a request is under way, or waits for its turn."""
        return bool(self._tasks)

    async def close(self) -> None:
        """Wait for open requests, at most the total time, then close all connections."""
        self._closed = True
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=self.total)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, *self._closing, return_exceptions=True)
        for gated_pool in self._gated_pools.values():
            await gated_pool.pool.transport.aclose()

    async def _send(self, call: Call, headers: Mapping[str, str], request: _Request) -> Reply:
        clock = asyncio.get_running_loop().time
        end = clock() + self.total
        gated_pool = self._gated_pools[call.kind]
        async with gated_pool.gate:
            if request.abandoned or clock() >= end:  # the caller has given up: what was not sent must not be sent
                raise self._timed_out(request)
            pool = gated_pool.pool
            pool.users += 1
            try:
                return await self._read(pool.transport, call, headers, request, end)
            except httpx.HTTPError as error:
                raise _translated(error, self.total) from error
            finally:
                pool.users -= 1
                if pool.retired and pool.users == 0:
                    self._close(pool)

    async def _read(
        self, transport: httpx.AsyncBaseTransport, call: Call, headers: Mapping[str, str], request: _Request, end: float
    ) -> Reply:
        clock = asyncio.get_running_loop().time
        body = bytearray()
        connect = min(CONNECT, self.total)
        http_request = httpx.Request(
            call.method,
            _parsed(self._base + call.target),
            content=call.body,
            headers={**HEADERS, **headers},
            extensions={"timeout": {"connect": connect, "pool": connect, "read": self.total, "write": self.total}},
        )
        if call.kind is Kind.MUTATION and self.may_change is not None:
            http_request.extensions["trace"] = self._ask
        request.may_have_arrived = True  # failures to connect have types of their own
        reply = await transport.handle_async_request(http_request)
        self.last_date = reply.headers.get("date", "")
        try:
            if reply.headers.get("content-encoding", "identity").lower() not in ("", "identity"):
                raise BadResponse(msg("it sent a compressed answer"), worth_retrying=False)
            async for part in reply.aiter_raw():
                body += part
                if len(body) > self._cap:
                    raise BadResponse(msg("it sent more than {n} MiB", n=self._cap >> 20), worth_retrying=False)
                if clock() > end:
                    raise self._timed_out(request)
        finally:
            await reply.aclose()
        return Reply(reply.status_code, bytes(body), reply.headers.get("retry-after", ""))

    async def _ask(self, step: str, _info: Mapping[str, Any]) -> None:
        """Ask, with the connection at hand, whether a change may still be sent. Raises Unreachable."""
        if step.endswith("send_request_headers.started") and self.may_change is not None and not self.may_change():
            raise Unreachable(msg("another part of flowbot may have taken over"))

    def _pool(self, limit: int, keep: int) -> _Pool:
        if self._http is not None:
            return _Pool(self._http)
        return _Pool(connections(self._base, limit, keep))

    def _abandon(self, kind: Kind, task: asyncio.Task[Reply], request: _Request) -> None:
        """Let the request end by itself; if it does not within its time once more, cancel it and retire its pool."""
        request.abandoned = True
        loop = asyncio.get_running_loop()
        timer = loop.call_later(self.total + GRACE, self._cut, kind, task)
        task.add_done_callback(lambda _: timer.cancel())
        task.add_done_callback(lambda task: task.cancelled() or task.exception())  # else asyncio logs it as lost

    def _cut(self, kind: Kind, task: asyncio.Task[Reply]) -> None:
        gated_pool = self._gated_pools[kind]
        old, gated_pool.pool = gated_pool.pool, self._pool(gated_pool.limit, gated_pool.keep)
        old.retired = True
        task.cancel()
        if old.users == 0:
            self._close(old)

    def _close(self, pool: _Pool) -> None:
        closing = asyncio.create_task(pool.transport.aclose())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    def _timed_out(self, request: _Request) -> NoResponse | Unreachable:
        if request.may_have_arrived:
            return NoResponse(self.total)
        return Unreachable(msg("no connection within {n} s", n=f"{self.total:g}"))


def connections(url: str, limit: int, keep: int) -> httpx.AsyncHTTPTransport:
    """Connections to one address, by the proxy and with the certificates that the environment names."""
    limits = httpx.Limits(max_connections=limit, max_keepalive_connections=keep, keepalive_expiry=KEEP)
    named = proxy_for(url, os.environ)
    secure = "https" in {urlsplit(url).scheme, urlsplit(named or "").scheme}
    certificates = _trusted() if secure else _trusting_none()
    proxy = httpx.Proxy(named, ssl_context=certificates if named.startswith("https:") else None) if named else None
    return httpx.AsyncHTTPTransport(verify=certificates, limits=limits, proxy=proxy)


_CHECK_ADDRESS = msg("If this lasts, an operator should check ENOS_API_URL.")
_PROXY_REFUSED = msg("the proxy refused")
_parsed = functools.lru_cache(64)(httpx.URL)  # all pages of a search share one address


@functools.cache
def _trusted() -> ssl.SSLContext:
    """The certificates to trust; built once, since that takes as long as all the rest of a client.

    As everywhere in flowbot, these are what OpenSSL finds: ``SSL_CERT_FILE`` and ``SSL_CERT_DIR``, or the machine's
    own and those that come with httpx. httpx by itself would not trust what the machine trusts.
    """
    if os.environ.get("SSL_CERT_FILE") or os.environ.get("SSL_CERT_DIR"):
        return ssl.create_default_context()
    context = httpx.create_ssl_context(trust_env=False)
    context.set_default_verify_paths()
    return context


def _trusting_none() -> ssl.SSLContext:
    """Trusts no certificate: plain http, which is for loopback only, needs none."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _translated(error: httpx.HTTPError, total: float) -> NoResponse | Unreachable:
    if isinstance(error, _NEVER_SENT):
        return _never_sent(error)
    return NoResponse(total if isinstance(error, httpx.TimeoutException) else None)


def _certificate(error: BaseException | None) -> ssl.SSLCertVerificationError | None:
    """OpenSSL's error about a certificate, where it caused this error."""
    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    return error


def _never_sent(error: httpx.HTTPError) -> Unreachable:
    words = str(error).lower()
    if certificate_error := _certificate(error):
        return Untrusted(certificate_error.verify_message, certificate_error.verify_code)
    if "certificate" in words:
        return Unreachable(
            msg("its certificate can't be verified"),
            msg("If this lasts, an operator should check ENOS_API_URL and SSL_CERT_FILE."),
        )
    if "name or service" in words or "getaddrinfo" in words or "name resolution" in words or "nodename" in words:
        return Unreachable(msg("its host name is not known"), _CHECK_ADDRESS)
    if isinstance(error, httpx.UnsupportedProtocol):
        return Unreachable(msg("its address is not valid"), _CHECK_ADDRESS)
    if isinstance(error, httpx.ProxyError):
        if words.startswith("407"):
            return Unreachable(
                msg("the proxy needs a user and a password"),
                msg("If this lasts, an operator should check the user and the password in HTTPS_PROXY."),
            )
        status = words[:3]
        refused = msg("the proxy refused, HTTP {status}", status=status) if status.isdecimal() else _PROXY_REFUSED
        return Unreachable(refused)
    if isinstance(error, httpx.TimeoutException):
        return Unreachable(msg("no connection in time"))
    if "ssl" in words:
        return Unreachable(
            msg("no TLS at its address"),
            msg(
                "If this lasts, an operator should check ENOS_API_URL, and whether HTTPS_PROXY must begin with http://."
            ),
        )
    return Unreachable(msg("the connection failed"))

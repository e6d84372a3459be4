"""A small gateway on loopback that checks every signature by itself; it shares no code with the client."""

import asyncio
import gzip
import hashlib
import json
import socket
import struct
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from aiohttp import web

KEY = "a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d"
SECRET = "f0e1d2c3-b4a5-4968-8776-655443322110"
ORG, USER = "o15000000000001", "u15432100000000001"
PREFIX = "/batch-processing-service/v2.1"


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self):
        self.ms = 1_763_700_000_000

    def __call__(self):
        return datetime.fromtimestamp(self.ms / 1000, UTC)

    def forward(self, seconds):
        self.ms += int(seconds * 1000)


@dataclass
class Asked:
    action: str
    method: str
    query: dict
    body: object
    raw: bytes
    token: str


@dataclass
class Gateway:
    clock: Clock
    answers: dict = field(default_factory=dict)  # action -> function(query, body) or a value for data
    faults: list = field(default_factory=list)  # (action or "*", coroutine function), each used once
    asked: list = field(default_factory=list)
    signs: list = field(default_factory=list)  # token calls: "get" or "refresh"
    life: int = 7200
    turn_away: str = "401"  # how a stale token is told
    live: dict = field(default_factory=dict)  # token -> ends at, seconds
    used: set = field(default_factory=set)
    wrong: list = field(default_factory=list)  # what the client got wrong: must stay empty
    sign_fault: object = None
    status_key: str = "status"
    connections: set = field(default_factory=set)
    release: asyncio.Event = field(default_factory=asyncio.Event)

    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def arrived(self, count):
        while len(self.asked) < count:
            self.news.clear()
            await self.news.wait()

    def now(self):
        return self.clock.ms / 1000

    def actions(self):
        return [asked.action for asked in self.asked]

    def expire_tokens(self):
        self.live.clear()

    async def token(self, request):
        body, what = await request.json(), request.match_info["what"]
        self.signs.append(what)
        if self.sign_fault is not None:
            fault = self.sign_fault(what)
            if fault is not None:
                return fault
        digest = hashlib.sha256(f"{body['appKey']}{body['timestamp']}{SECRET}".encode()).hexdigest()
        if body["appKey"] != KEY:
            return self._told(1002, "appKey unknown")
        if body["encryption"] != digest:
            return self._told(1003, "encryption wrong")
        if digest in self.used:
            return self._told(1001, "encryption used")
        self.used.add(digest)
        alive = next((token for token, ends in self.live.items() if ends > self.now()), None)
        if what == "refresh":
            if body["accessToken"] not in self.live:
                return self._told(1204, "refresh failed")
            alive = None
        if alive is None:
            alive = f"APIM-TOKEN-{len(self.used):04d}"
            self.live[alive] = self.now() + self.life
        data = {"accessToken": alive, "expire": int(self.live[alive] - self.now())}
        return web.json_response({self.status_key: 0, "msg": "SUCCESS", "business": "apim-token-service", "data": data})

    def _told(self, code, msg):
        return web.json_response({self.status_key: code, "msg": msg, "data": None})

    async def call(self, request):
        raw = await request.read()
        query = dict(parse_qsl(request.rel_url.raw_query_string, keep_blank_values=True))
        if "+" in request.rel_url.raw_query_string:
            self.wrong.append("a blank was sent as plus")
        token = request.headers.get("apim-accesstoken", "")
        stamp = request.headers.get("apim-timestamp", "")
        signed = token + "".join(key + query[key] for key in sorted(query)) + raw.decode() + stamp + SECRET
        if hashlib.sha256(signed.encode()).hexdigest() != request.headers.get("apim-signature"):
            self.wrong.append(f"signature of {query.get('action')}")
        if abs(int(stamp or 0) / 1000 - self.now()) > 900:
            self.wrong.append("timestamp")
        self.connections.add(request.transport)
        action = query.get("action", "")
        self.asked.append(Asked(action, request.method, query, json.loads(raw) if raw else None, raw, token))
        self.news.set()
        for index, (wanted, fault) in enumerate(self.faults):
            if wanted in ("*", action):
                del self.faults[index]
                answer = await fault(self, request)
                if answer is not None:
                    return answer
                break
        if self.live.get(token, 0) <= self.now():
            return self._stale()
        found = self.answers.get(action)
        if callable(found):
            found = found(query, self.asked[-1].body)
        if isinstance(found, web.Response):
            return found
        return ok(found)

    def _stale(self):
        if self.turn_away == "401":
            return web.json_response({"status": 1203, "msg": "expired"}, status=401)
        if self.turn_away == "bare 401":
            return web.Response(status=401)
        if self.turn_away == "apim":
            return web.json_response({"apim_status": 4011, "apim_refreshtoken": "x"})
        return web.json_response({"code": 1203, "msg": "expired", "data": None})


def ok(data):
    return web.json_response({"code": 0, "msg": "OK", "data": data})


def told(code, msg, status=200):
    return web.json_response({"code": code, "msg": msg, "data": None}, status=status)


# faults: coroutine functions of gateway and request; one that returns None lets the call continue


def answering(make):
    async def fault(_gateway, _request):
        return make()

    return fault


def html(status=200):
    page = "<!DOCTYPE html><html><body>Maintenance</body></html>"
    return answering(lambda: web.Response(text=page, content_type="text/html", status=status))


def garbage():
    return answering(lambda: web.Response(text='{"code": 0, "data": {"flowIn', content_type="application/json"))


def broken(status=500):
    return answering(lambda: web.Response(text="", status=status))


def throttled(seconds="7", status=429):
    headers = {"Retry-After": seconds} if seconds else {}
    return answering(lambda: web.Response(status=status, headers=headers))


def refused(code, msg, status=200):
    return answering(lambda: told(code, msg, status))


def zipped():
    body = gzip.compress(b'{"code": 0, "data": ""}')
    return answering(
        lambda: web.Response(body=body, headers={"Content-Encoding": "gzip", "Content-Type": "application/json"})
    )


def oversize(size):
    async def fault(_gateway, request):
        reply = web.StreamResponse()
        await reply.prepare(request)
        for _ in range(size >> 16):
            await reply.write(b" " * (1 << 16))
        return reply

    return fault


async def silent(gateway, _request):
    """Nothing comes until the test ends."""
    await gateway.release.wait()
    return web.Response()


async def dripping(gateway, request):
    """A byte at a time, for ever."""
    reply = web.StreamResponse()
    await reply.prepare(request)
    while not gateway.release.is_set():
        await reply.write(b" ")
        await asyncio.sleep(0.02)
    return reply


async def reset(_gateway, request):
    """The call took effect; then the connection is reset."""
    handle = request.transport.get_extra_info("socket")
    handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.transport.abort()
    return web.Response()


async def expire(gateway, _request):
    """The token ends while the call is on its way."""
    gateway.expire_tokens()


async def start(gateway):
    app = web.Application(client_max_size=1 << 24)
    app.router.add_post("/apim-token-service/v2.0/token/{what}", gateway.token)
    app.router.add_route("*", PREFIX + "/{resource}", gateway.call)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]
    return runner, f"http://127.0.0.1:{port}"

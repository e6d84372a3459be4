"""A small Slack for the gateway's tests: Web API, sockets and response_urls, with a memory and with faults."""

import asyncio
import itertools
import json
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer

TEAM, BOT_USER, BOT, APP = "T0DEMO0001", "U0FLOWBOT1", "B0FLOWBOT1", "A0FLOWBOT1"
SCOPES = (
    "commands,chat:write,app_mentions:read,im:history,im:write,channels:history,groups:history,"
    "channels:read,groups:read,users:read,usergroups:read,files:write,files:read"
)
PATIENCE = 60.0  # seconds that a test waits for what must come


@dataclass
class Fault:
    """What happens instead of an answer, or after the call took effect."""

    status: int = 200
    json: Any = None
    text: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "text/html"
    cut: bool = False  # the connection is cut
    hang: bool = False  # no answer ever
    after: bool = False  # only after the call took effect


def refusal(error: str, **more: Any) -> Fault:
    return Fault(json={"ok": False, "error": error, **more})


@dataclass
class Call:
    method: str
    arguments: dict[str, Any]
    token: str
    query: bool  # whether the arguments came in the query


class FakeSlack:
    """Knows nothing of flowbot."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.faults: dict[str, deque[Fault]] = defaultdict(deque)
        self.answers: dict[str, Any] = {}
        self.messages: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.ephemerals: list[dict[str, Any]] = []
        self.stored: dict[str, bytes] = {}
        self.scopes = SCOPES
        self.page = 1000  # messages of one page, whatever is asked for
        self.tickets: list[str] = []
        self.handshakes: list[str] = []
        self.refused_handshakes = 0
        self.says_hello = True
        self.sockets: list[web.WebSocketResponse] = []
        self._open: list[web.WebSocketResponse] = []
        self.acks: list[dict[str, Any]] = []
        self.mute = False  # sockets answer no ping
        self._changed = asyncio.Condition()
        self._ids = itertools.count(1)
        self._hung = asyncio.Event()
        routes = web.Application(client_max_size=10**8)
        routes.router.add_route("*", "/api/{method}", self._api)
        routes.router.add_get("/link", self._link)
        routes.router.add_post("/commands/{id}", self._response_url)
        routes.router.add_post("/upload/{file}", self._upload)
        self._server = TestServer(routes)

    async def start(self) -> None:
        await self._server.start_server(access_log=None)

    async def stop(self) -> None:
        self._hung.set()
        for socket in self.sockets:
            await socket.close()
        await self._server.close()

    @property
    def root(self) -> str:
        return str(self._server.make_url("")).rstrip("/")

    @property
    def api_url(self) -> str:
        return f"{self.root}/api/"

    @property
    def response_url(self) -> str:
        return f"{self.root}/commands/{next(self._ids)}"

    def fail(self, name: str, *faults: Fault) -> None:
        """Let the next calls of a method (or ``response_url``, ``upload``) meet these."""
        self.faults[name].extend(faults)

    def called(self, method: str) -> list[dict[str, Any]]:
        return [call.arguments for call in self.calls if call.method == method]

    async def until(self, holds: Callable[[], Any]) -> None:
        """Wait until something is true; checked whenever anything happens here."""
        async with asyncio.timeout(PATIENCE), self._changed:
            await self._changed.wait_for(holds)

    async def happened(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    # sockets
    @property
    def live(self) -> list[web.WebSocketResponse]:
        return [socket for socket in self.sockets if socket in self._open and not socket.closed]

    async def send(self, frame: dict[str, Any]) -> None:
        await self.live[-1].send_str(json.dumps(frame))

    async def deliver(self, kind: str, payload: dict[str, Any], envelope: str = "") -> dict[str, Any]:
        """Send an envelope and return its ack."""
        envelope = envelope or f"envelope-{next(self._ids)}"
        before = sum(ack["envelope_id"] == envelope for ack in self.acks)
        await self.send(
            {
                "type": kind,
                "envelope_id": envelope,
                "payload": payload,
                "accepts_response_payload": kind != "events_api",
            }
        )
        await self.until(lambda: sum(ack["envelope_id"] == envelope for ack in self.acks) > before)
        return next(ack for ack in reversed(self.acks) if ack["envelope_id"] == envelope)

    async def _link(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query["ticket"]
        self.handshakes.append(ticket)
        used = self.handshakes.count(ticket) > 1
        if self.refused_handshakes or used or ticket not in self.tickets:
            self.refused_handshakes = max(0, self.refused_handshakes - 1)
            await self.happened()
            return web.Response(status=409 if used else 503)
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        self.sockets.append(socket)
        self._open.append(socket)
        if self.says_hello:
            await socket.send_str(json.dumps({"type": "hello", "num_connections": len(self.live)}))
        await self.happened()
        try:
            async for message in socket:
                if message.type is WSMsgType.PING and not self.mute:
                    await socket.pong(message.data)
                elif message.type is WSMsgType.TEXT:
                    self.acks.append(json.loads(message.data))
                    await self.happened()
        finally:
            self._open.remove(socket)
            await self.happened()
        return socket

    # the Web API
    async def _api(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        arguments: dict[str, Any] = dict(request.query)
        if request.content_type == "application/json":
            arguments |= await request.json()
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        self.calls.append(Call(method, arguments, token, bool(request.query)))
        await self.happened()
        return await self._met(request, method, lambda: self._answer(method, arguments))

    async def _met(self, request: web.Request, name: str, effect: Callable[[], web.Response]) -> web.StreamResponse:
        fault = self.faults[name].popleft() if self.faults[name] else None
        if fault is None:
            return effect()
        if fault.after:
            effect()
        if fault.cut:
            assert request.transport is not None
            request.transport.abort()
        if fault.hang:
            await self._hung.wait()
        if fault.json is not None:
            return web.json_response(fault.json, status=fault.status, headers=fault.headers)
        return web.Response(
            text=fault.text or "", status=fault.status, headers=fault.headers, content_type=fault.content_type
        )

    def _answer(self, method: str, arguments: dict[str, Any]) -> web.Response:
        if method in self.answers:
            told = self.answers[method]
            told = told(arguments) if callable(told) else told
        else:
            told = getattr(self, "_" + method.replace(".", "_"))(arguments)
        headers = {"x-oauth-scopes": self.scopes} if method == "auth.test" else {}
        return web.json_response({"ok": True, **told}, headers=headers)

    def _auth_test(self, _: Any) -> dict[str, Any]:
        return {
            "url": "https://demo.slack.com/",
            "team": "Demo",
            "team_id": TEAM,
            "user": "flowbot",
            "user_id": BOT_USER,
            "bot_id": BOT,
        }

    def _users_info(self, arguments: dict[str, Any]) -> dict[str, Any]:
        return {"user": {"id": arguments["user"], "team_id": TEAM, "profile": {}}}

    def _apps_connections_open(self, _: Any) -> dict[str, Any]:
        self.tickets.append(f"ticket{next(self._ids)}")
        return {"url": f"{self.root.replace('http', 'ws')}/link?ticket={self.tickets[-1]}&app_id={APP}"}

    def _chat_postMessage(self, arguments: dict[str, Any]) -> dict[str, Any]:  # noqa: N802  Slack's name
        place = arguments["channel"]
        place = f"D{place[1:]}" if place.startswith("U") else place
        ts = f"{1_800_000_000 + next(self._ids)}.000100"
        message = {"ts": ts, "bot_id": BOT, "user": BOT_USER, **arguments, "channel": place}
        self.messages[place].append(message)
        return {"channel": place, "ts": ts, "message": message}

    def _chat_postEphemeral(self, arguments: dict[str, Any]) -> dict[str, Any]:  # noqa: N802  Slack's name
        self.ephemerals.append(arguments)
        return {"message_ts": "1.1"}

    def _chat_update(self, arguments: dict[str, Any]) -> dict[str, Any]:
        message = next(each for each in self.messages[arguments["channel"]] if each["ts"] == arguments["ts"])
        message |= arguments
        return {"channel": arguments["channel"], "ts": arguments["ts"]}

    def _chat_delete(self, arguments: dict[str, Any]) -> dict[str, Any]:
        kept = [each for each in self.messages[arguments["channel"]] if each["ts"] != arguments["ts"]]
        self.messages[arguments["channel"]] = kept
        return {}

    def _conversations_open(self, arguments: dict[str, Any]) -> dict[str, Any]:
        return {"channel": {"id": f"D{arguments['users'][1:]}"}}

    def _conversations_history(self, arguments: dict[str, Any]) -> dict[str, Any]:
        runtime = [each for each in self.messages[arguments["channel"]] if not each.get("thread_ts")]
        return self._page(list(reversed(runtime)), arguments)

    def _conversations_replies(self, arguments: dict[str, Any]) -> dict[str, Any]:
        thread = arguments["ts"]
        inside = [each for each in self.messages[arguments["channel"]] if thread in (each["ts"], each.get("thread_ts"))]
        return self._page(inside, arguments)

    def _page(self, messages: list[dict[str, Any]], arguments: dict[str, Any]) -> dict[str, Any]:
        oldest = float(arguments.get("oldest", 0))
        latest = float(arguments.get("latest", "inf"))
        messages = [
            each for each in messages if oldest < float(each["ts"]) < latest or each["ts"] == arguments.get("ts")
        ]
        start, limit = int(arguments.get("cursor", 0)), min(int(arguments["limit"]), self.page)
        shown = messages[start : start + limit]
        if arguments.get("include_all_metadata") != "1":
            shown = [{**each, "metadata": {"event_type": "hidden"}} for each in shown]
        more = str(start + limit) if len(messages) > start + limit else ""
        return {"messages": shown, "has_more": bool(more), "response_metadata": {"next_cursor": more}}

    def _files_getUploadURLExternal(self, _: Any) -> dict[str, Any]:  # noqa: N802  Slack's name
        file = f"F{next(self._ids):08d}"
        return {"upload_url": f"{self.root}/upload/{file}", "file_id": file}

    def _files_completeUploadExternal(self, arguments: dict[str, Any]) -> dict[str, Any]:  # noqa: N802  Slack's name
        for file in json.loads(arguments["files"]):
            self.answers["files.info"] = {"file": {"id": file["id"], "shares": {"public": {"C1": [{}]}}}}
        return {"files": []}

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        data = await request.read()

        def keep() -> web.Response:
            self.stored[request.match_info["file"]] = data
            return web.Response(text=f"OK - {len(data)}")

        return await self._met(request, "upload", keep)

    async def _response_url(self, request: web.Request) -> web.StreamResponse:
        said = await request.json()
        self.calls.append(Call("response_url", said, "", query=False))
        await self.happened()

        def show() -> web.Response:
            self.ephemerals.append(said)
            return web.Response(text="ok")

        return await self._met(request, "response_url", show)


def slash(text: str, **more: Any) -> dict[str, Any]:
    """A slash command's payload."""
    return {
        "command": "/flow",
        "text": text,
        "user_id": "U0MAYA00001",
        "user_name": "maya",
        "channel_id": "C0DATAOPS1",
        "channel_name": "data-ops",
        "team_id": TEAM,
        "api_app_id": APP,
        "trigger_id": "trigger-1",
        "response_url": "https://hooks.slack.com/commands/T0/1/secret",
        **more,
    }


def event_of(event: dict[str, Any], event_id: str = "Ev1", **more: Any) -> dict[str, Any]:
    """An Events API payload."""
    return {
        "type": "event_callback",
        "team_id": TEAM,
        "api_app_id": APP,
        "event_id": event_id,
        "event_time": 1_800_000_000,
        "authorizations": [{"team_id": TEAM, "user_id": BOT_USER, "is_bot": True, "enterprise_id": None}],
        "event": event,
        **more,
    }


def mention(text: str, **more: Any) -> dict[str, Any]:
    """An app_mention event."""
    return {
        "type": "app_mention",
        "user": "U0MAYA00001",
        "text": text,
        "ts": "1800000000.000200",
        "channel": "C0DATAOPS1",
        "event_ts": "1800000000.000200",
        **more,
    }


def pressed(value: str | None, **more: Any) -> dict[str, Any]:
    """A block_actions payload of a button on a message."""
    return {
        "type": "block_actions",
        "team": {"id": TEAM, "domain": "demo"},
        "user": {"id": "U0MAYA00001", "team_id": TEAM},
        "api_app_id": APP,
        "trigger_id": "trigger-2",
        "container": {"type": "message", "message_ts": "1800000000.000300", "channel_id": "C0DATAOPS1"},
        "channel": {"id": "C0DATAOPS1", "name": "data-ops"},
        "message": {"ts": "1800000000.000300"},
        "response_url": "https://hooks.slack.com/actions/T0/1/secret",
        "actions": [
            {"type": "button", "action_id": "say:0", "block_id": "b1", "action_ts": "1.2"}
            | ({} if value is None else {"value": value})
        ],
        **more,
    }


class Time:
    """A clock that a test moves. Waiting costs nothing, and is remembered."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        if seconds >= 3600:  # the watchdog's pause in these tests
            await asyncio.Event().wait()
        await asyncio.sleep(0)

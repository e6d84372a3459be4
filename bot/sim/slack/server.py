"""The pretend Slack as a web server: the Web API under /api/, Socket Mode at /link, response_urls, uploads.

It understands JSON, form and query encodings, counts calls against the limits, and breaks as the faults say.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from bot.sim.slack.faults import Fault
from bot.sim.slack.methods import Method, MethodCall
from bot.sim.slack.methods_channels import CHANNELS
from bot.sim.slack.methods_chat import CHAT
from bot.sim.slack.methods_files import FILES
from bot.sim.slack.methods_people import PEOPLE
from bot.sim.slack.methods_views import VIEWS
from bot.sim.slack.model import Json, RecordedMethodCall, SlackError
from bot.sim.slack.state import KEPT
from bot.sim.slack.workspace import Workspace

METHODS: dict[str, Method] = {**CHAT, **CHANNELS, **PEOPLE, **VIEWS, **FILES}
LARGEST_UPLOAD = 64 * 1024 * 1024

_BEFORE = frozenset({"slow", "gone", "reset", "ratelimited", "http_500", "http_503", "html", "error"})
_AFTER = frozenset({"lost", "lost_500", "late", "silence"})


@dataclass(frozen=True, kw_only=True)
class _Reply:
    body: Json
    status: int = 200
    retry_after: int = 0


def slack_app(workspace: Workspace) -> web.Application:
    """Build the application. The caller sets ``workspace.state.base_url``, else the first request does."""
    app = web.Application(client_max_size=LARGEST_UPLOAD)
    server = _SlackServer(workspace)
    app.add_routes(
        [
            web.route("*", "/api/{method}", server.call),
            web.get("/link", workspace.deliveries.sockets.handle),
            web.get("/link/", workspace.deliveries.sockets.handle),
            web.post("/response/{id}", server.respond),
            web.post("/upload/{id}", server.upload),
            web.get("/files/{id}/{rest:.*}", server.download),
        ]
    )
    return app


class _SlackServer:
    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._state = workspace.state

    # ── the Web API ──────────────────────────────────────────────────────────

    async def call(self, request: web.Request) -> web.StreamResponse:
        """Answer one Web API call."""
        self._state.base_url = self._state.base_url or str(request.url.origin())
        method = request.match_info["method"]
        try:
            arguments = await _arguments(request)
        except SlackError as error:
            return web.json_response({"ok": False, "error": error.word})
        token = _token(request, arguments)

        async def perform() -> _Reply:
            return self._perform(method, arguments, token, request.host)

        return await self._answered(request, method, arguments, perform)

    def _perform(self, method: str, arguments: Json, token: str, host: str) -> _Reply:
        found = METHODS.get(method)
        if found is None:
            return _Reply(body={"ok": False, "error": "unknown_method", "req_method": method})
        try:
            self._authenticate(found, token)
            call = MethodCall(self._workspace, arguments, host)
            if found.scope:
                call.needs_scope(found.scope)
            wait = self._wait(method, arguments)
            if wait:
                return _Reply(body={"ok": False, "error": "ratelimited"}, status=429, retry_after=wait)
            return _Reply(body={"ok": True, **found.perform(call)})
        except SlackError as error:
            return _Reply(body={"ok": False, "error": error.word, **error.more})

    def _wait(self, method: str, arguments: Json) -> int:
        now = self._state.clock()
        if method == "chat.postMessage":
            return self._state.rate_limits.wait_for_post(str(arguments.get("channel")), now)
        return self._state.rate_limits.wait_for_call(method, now)

    def _authenticate(self, method: Method, token: str) -> None:
        app = self._state.app
        if not token:
            raise SlackError("not_authed")
        if token not in {app.bot_token, app.app_token}:
            raise SlackError("invalid_auth")
        if not app.installed:
            raise SlackError("account_inactive")
        if (token == app.app_token) != method.app_token:
            raise SlackError("not_allowed_token_type")

    # ── response_urls and files ──────────────────────────────────────────────

    async def respond(self, request: web.Request) -> web.StreamResponse:
        """Let the app use a response_url."""
        try:
            arguments = await _arguments(request)
        except SlackError as error:
            return web.json_response({"ok": False, "error": error.word}, status=400)

        async def perform() -> _Reply:
            url_id = request.match_info["id"]
            known = self._state.response_urls.get(url_id)
            limits = self._state.rate_limits
            wait = limits.wait_for_response(known.channel, self._state.clock()) if known else 0
            if wait:
                return _Reply(body={"ok": False, "error": "ratelimited"}, status=429, retry_after=wait)
            try:
                self._workspace.responses.use_response_url(url_id, arguments)
            except SlackError as error:
                gone = error.word in {"invalid_url", "expired_url", "used_url"}
                return _Reply(body={"ok": False, "error": error.word, **error.more}, status=404 if gone else 400)
            return _Reply(body={"ok": True})

        return await self._answered(request, "response", arguments, perform)

    async def upload(self, request: web.Request) -> web.StreamResponse:
        """Store the bytes of a file."""
        content = await request.read()
        file = self._state.files.get(request.match_info["id"])
        if file is None or file.complete or len(content) != file.length:
            return web.Response(status=400, text="bad upload")

        async def perform() -> _Reply:
            file.content = content
            return _Reply(body={"ok": True, "file": file.id})

        return await self._answered(request, "upload", {"file": file.id}, perform)

    async def download(self, request: web.Request) -> web.StreamResponse:
        """Serve a file's bytes to anyone who knows its id."""
        file = self._state.files.get(request.match_info["id"])
        if file is None or file.content is None:
            raise web.HTTPNotFound
        return web.Response(body=file.content, content_type="text/plain", charset="utf-8")

    # ── answers and faults ───────────────────────────────────────────────────

    async def _answered(
        self, request: web.Request, method: str, arguments: Json, perform: Callable[[], Awaitable[_Reply]]
    ) -> web.StreamResponse:
        channel = str(arguments.get("channel") or arguments.get("channel_id") or "") or None
        ts = str(arguments.get("ts") or "") or None
        faults = self._state.faults
        before = faults.take(_BEFORE, method, channel, ts)
        if before is not None and before.name == "slow":
            await asyncio.sleep(before.seconds)
            before = faults.take(_BEFORE - {"slow"}, method, channel, ts)
        if before is not None:
            return self._broken(request, method, arguments, before)
        after = faults.take(_AFTER, method, channel, ts)
        reply = await perform()
        if after is None:
            return self._respond(method, arguments, reply)
        return await self._after(request, method, arguments, reply, after)

    def _broken(self, request: web.Request, method: str, arguments: Json, fault: Fault) -> web.StreamResponse:
        match fault.name:
            case "ratelimited":
                reply = _Reply(body={"ok": False, "error": "ratelimited"}, status=429, retry_after=int(fault.seconds))
            case "http_500":
                reply = _Reply(body={"ok": False, "error": "internal_error"}, status=500)
            case "http_503":
                reply = _Reply(body={"ok": False, "error": "service_unavailable"}, status=503)
            case "error":
                reply = _Reply(body={"ok": False, "error": fault.error})
            case "html":
                self._record(method, arguments, None, 502)
                return web.Response(status=502, text="<html><body>Bad gateway</body></html>", content_type="text/html")
            case _:
                self._record(method, arguments, None, 0)
                return _cut(request)
        return self._respond(method, arguments, reply)

    async def _after(
        self, request: web.Request, method: str, arguments: Json, reply: _Reply, fault: Fault
    ) -> web.StreamResponse:
        match fault.name:
            case "late":
                await asyncio.sleep(fault.seconds)
                return self._respond(method, arguments, reply)
            case "lost_500":
                return self._respond(method, arguments, _Reply(body={"ok": False, "error": "fatal_error"}, status=500))
            case "silence":
                self._record(method, arguments, None, 0)
                while not self._state.closed and request.transport is not None:
                    await self._state.next_change()
                return _cut(request)
            case _:
                self._record(method, arguments, None, 0)
                return _cut(request)

    def _respond(self, method: str, arguments: Json, reply: _Reply) -> web.Response:
        self._record(method, arguments, reply.body, reply.status)
        headers = {"x-oauth-scopes": ",".join(sorted(self._state.app.scopes))}
        if reply.retry_after:
            headers["Retry-After"] = str(reply.retry_after)
        return web.json_response(reply.body, status=reply.status, headers=headers)

    def _record(self, method: str, arguments: Json, answer: Json | None, status: int) -> None:
        at = self._state.clock()
        if len(self._state.calls) >= KEPT:
            del self._state.calls[: KEPT // 2]
        call = RecordedMethodCall(method=method, arguments=arguments, answer=answer, status=status, at=at)
        self._state.calls.append(call)
        self._state.wake()


def _cut(request: web.Request) -> web.StreamResponse:
    """Break the connection under the request; the answer returned goes nowhere."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _arguments(request: web.Request) -> Json:
    arguments: Json = dict(request.query)
    if request.content_type == "application/json":
        body = await request.read()
        try:
            read = json.loads(body or b"{}")
        except ValueError:
            raise SlackError("invalid_json") from None
        if not isinstance(read, dict):
            raise SlackError("json_not_object")
        return arguments | read
    form = await request.post()
    return arguments | {key: value for key, value in form.items() if isinstance(value, str)}


def _token(request: web.Request, arguments: Json) -> str:
    header = request.headers.get("Authorization", "")
    given = str(arguments.pop("token", "") or "")
    return header.removeprefix("Bearer ").strip() if header.startswith("Bearer ") else given

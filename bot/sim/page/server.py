"""The demo page's server: its files, what keeps it safe, and the control routes of both simulators."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.sim.enos.controls import platform_routes
from bot.sim.enos.platform import Platform
from bot.sim.receivers import Receivers
from bot.sim.slack.controls import workspace_routes
from bot.sim.slack.workspace import Workspace

PAGE = Path(__file__).parent / "static"

# Nothing is loaded from anywhere else, nothing is evaluated, and no text can be turned into markup.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
SAFE = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
}
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})


def page_app(platform: Platform, workspace: Workspace, receivers: Receivers) -> web.Application:
    """Build the application that serves the page at / and lets it control the simulators."""
    controls = _PageControls(platform, workspace, receivers)
    return site([*controls.routes(), *platform_routes(platform), *workspace_routes(workspace)])


def site(routes: Iterable[web.RouteDef]) -> web.Application:
    """Build an application that serves the page's files, and answers these routes only to the page itself."""
    app = web.Application(middlewares=[_own_page_only])
    app.add_routes([web.get("/", _file), web.get(r"/{name:[a-z_]+\.(?:css|js|svg)}", _file), *routes])
    app.on_response_prepare.append(_make_safe)
    return app


async def _file(request: web.Request) -> web.Response:
    path = PAGE / request.match_info.get("name", "index.html")
    headers = {"Content-Type": _TYPES[path.suffix], "Cache-Control": "no-cache"}
    return web.Response(body=_content(path), headers=headers)


def _content(path: Path) -> bytes:
    """Read a file of the page; they are few and small, so they are not cached. Raises HTTPNotFound."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise web.HTTPNotFound from None


async def _make_safe(_request: web.Request, response: web.StreamResponse) -> None:
    for name, value in SAFE.items():
        response.headers.setdefault(name, value)


@web.middleware
async def _own_page_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse requests of other sites in the visitor's browser, and host names that are not this machine's."""
    host = request.host.rsplit(":", 1)[0] if not request.host.endswith("]") else request.host
    origin = request.headers.get("Origin")
    if host not in _LOOPBACK or (origin is not None and origin != f"{request.scheme}://{request.host}"):
        return web.json_response({"ok": False, "error": "Only the demo's own page may do that."}, status=403)
    return await handler(request)


class _PageControls:
    """What the page needs besides the simulators' own routes.

    It is Slack's faults, files, recovery without a run, and what arrived at PagerDuty and the webhook.
    """

    def __init__(self, platform: Platform, workspace: Workspace, receivers: Receivers) -> None:
        self._platform = platform
        self._workspace = workspace
        self._receivers = receivers

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/sim/page/faults", self.faults),
            web.get("/sim/page/file/{id}", self.file),
            web.get("/sim/page/arrived", self.arrived),
            web.post("/sim/page/flow/{id}/mend", self.recover),
        ]

    async def faults(self, _request: web.Request) -> web.Response:
        """List Slack's faults that are active."""
        active = self._workspace.state.faults.active
        faults: list[dict[str, Any]] = [
            {"name": one.name, "method": one.method, "times": one.times, "seconds": one.seconds} for one in active
        ]
        return web.json_response({"faults": faults})

    async def arrived(self, _request: web.Request) -> web.Response:
        """Show what arrived at PagerDuty and at the webhook."""
        return web.json_response(self._receivers.arrived())

    async def file(self, request: web.Request) -> web.Response:
        """Serve an uploaded file, as text or as a picture, to a person who sees a channel that it is shared in."""
        state = self._workspace.state
        file = state.files.get(request.match_info["id"])
        person = request.query.get("as", "")
        places = [state.channels[one] for one in file.shares] if file and person in state.people else []
        if file is None or not any(state.sees(person, place) for place in places):
            raise web.HTTPNotFound
        fresh = {"Cache-Control": "no-store"}
        if file.is_picture:
            return web.Response(body=file.content, content_type="image/png", headers=fresh)
        text = (file.content or b"").decode("utf-8", "replace")
        return web.Response(text=text, content_type="text/plain", headers=fresh)

    async def recover(self, request: web.Request) -> web.Response:
        """Let a flow's runs succeed again without starting one: the next is the visitor's rerun."""
        name = request.match_info["id"]
        if not name.isdecimal() or int(name) not in self._platform.flows:
            return web.json_response({"error": f"There is no flow {name}."}, status=404)
        self._platform.recover(int(name))
        return web.json_response({"flow": int(name)})

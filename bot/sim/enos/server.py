"""The platform as a web server: the gateway, and behind it every action of the batch API v2.1."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from aiohttp import web

from bot.sim.enos import definitions, exchange, instances
from bot.sim.enos import flows as enos_flows
from bot.sim.enos.action_call import ActionCall
from bot.sim.enos.faults import HttpReply, PlatformFault, respond_under, throttled
from bot.sim.enos.gateway import EXPIRED, MEANINGS, GatewayRefusal, json_of
from bot.sim.enos.model import Denied, User
from bot.sim.enos.platform import Platform, RecordedRequest
from bot.sim.enos.printer import Printer
from bot.sim.enos.texts import text_of

TOKENS = "/apim-token-service/v2.0/token"
SERVICE = "/batch-processing-service/v2.1"

_NOBODY = User("", "", "")  # the time actions do not ask who calls


def current_time(call: ActionCall) -> Any:
    """Get Current Time."""
    return call.printer.numbers(int(call.now * 1000) + call.platform.switches.skew_ms)


def time_zone(call: ActionCall) -> Any:
    """Get Timezone."""
    return {"timezone": call.platform.switches.server_zone}


# The index: resource and action, with the method each is called by. Deleting really is a GET.
ACTIONS: Mapping[tuple[str, str], tuple[str, Callable[[ActionCall], Any]]] = {
    ("flowInstances", "search"): ("POST", instances.search),
    ("flowInstances", "get"): ("GET", instances.get),
    ("flowInstances", "cancel"): ("POST", instances.cancel),
    ("flows", "get"): ("GET", enos_flows.get),
    ("flows", "getMyFlow"): ("GET", enos_flows.get_my_flow),
    ("flows", "search"): ("POST", enos_flows.search),
    ("flows", "trigger"): ("POST", enos_flows.trigger),
    ("flows", "triggerFromTask"): ("POST", enos_flows.trigger_from_task),
    ("flows", "updateAndTrigger"): ("POST", enos_flows.update_and_trigger),
    ("flows", "enable"): ("POST", enos_flows.enable),
    ("flows", "disable"): ("POST", enos_flows.disable),
    ("flows", "loadForEdit"): ("GET", enos_flows.load_for_edit),
    ("flows", "save"): ("POST", definitions.save),
    ("flows", "import"): ("POST", exchange.import_),
    ("flows", "export"): ("GET", exchange.export),
    ("flows", "delete"): ("GET", definitions.delete),
    ("taskInstances", "get"): ("GET", instances.get_task),
    ("taskInstances", "getLog"): ("GET", instances.get_log),
    ("directories", "listWorkFlowDirs"): ("GET", definitions.list_directories),
    ("directories", "create"): ("POST", definitions.create_directory),
    ("time", "getCurrentTime"): ("GET", current_time),
    ("time", "getTimeZone"): ("GET", time_zone),
}


def enos_app(platform: Platform) -> web.Application:
    """Build the gateway and batch service of a platform, ready to be served."""
    server = _EnosServer(platform)
    app = web.Application(client_max_size=16 << 20)
    app.router.add_post(TOKENS + "/{action:get|refresh}", server.token)
    app.router.add_route("*", SERVICE + "/{resource}", server.service)
    app.router.add_route("*", "/{path:.*}", server.nowhere)
    return app


@dataclass(frozen=True, slots=True)
class _ParsedRequest:
    """A request as it was read; ``now`` is epoch seconds."""

    call: RecordedRequest
    query: Mapping[str, str]
    headers: Mapping[str, str]
    raw: bytes
    now: float


class _EnosServer:
    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._printer = Printer(platform.switches)
        self._second = 0
        self._in_second = 0

    # ── requests ────────────────────────────────────────────────────────────
    async def token(self, request: web.Request) -> web.StreamResponse:
        """Answer the token service."""
        parsed = await self._read(request, "token", request.match_info["action"])
        return await self._answer(request, parsed, partial(self._token, parsed))

    async def service(self, request: web.Request) -> web.StreamResponse:
        """Answer the batch service."""
        parsed = await self._read(request, request.match_info["resource"], request.query.get("action", ""))
        return await self._answer(request, parsed, partial(self._service, parsed))

    async def nowhere(self, request: web.Request) -> web.StreamResponse:
        """Answer for a path that the gateway does not route."""
        parsed = await self._read(request, request.path, request.query.get("action", ""))
        return await self._answer(request, parsed, lambda: _status(99404, "No such API", http=404))

    async def _read(self, request: web.Request, resource: str, action: str) -> _ParsedRequest:
        raw = await request.read()
        now = self._platform.tick()
        query: dict[str, str] = {}
        for name, value in parse_qsl(request.rel_url.raw_query_string, keep_blank_values=True):
            query.setdefault(name, value)
        call = RecordedRequest(
            now, resource, action, request.method, query.get("userId", ""), query.get("orgId", ""), query, json_of(raw)
        )
        self._platform.record(call)
        return _ParsedRequest(call, query, request.headers, raw, now)

    async def _answer(
        self, request: web.Request, parsed: _ParsedRequest, work: Callable[[], HttpReply]
    ) -> web.StreamResponse:
        call = parsed.call
        fault = self._platform.faults.take(call.resource, call.action)
        if fault is None:
            response: web.StreamResponse = self._rate_limited(parsed) or work().response()
        else:
            call.outcome = fault.name
            response = await respond_under(fault, request, self._work_under(fault, work))
        call.status = 0 if fault is not None and _unreadable(fault) else response.status
        return response

    def _work_under(self, fault: PlatformFault, work: Callable[[], HttpReply]) -> Callable[[], HttpReply]:
        """Choose what the platform does under a fault that it answers itself."""
        if fault.name == "internal":
            return partial(self._denied, Denied(62109, "internal"))
        if fault.name == "expired":
            self._platform.gateway.expire()
        return work

    def _rate_limited(self, parsed: _ParsedRequest) -> web.Response | None:
        """Answer 429 once the calls of this second are used up; None before."""
        rate = self._platform.switches.rate
        if not rate:
            return None
        if int(parsed.now) != self._second:
            self._second, self._in_second = int(parsed.now), 0
        self._in_second += 1
        if self._in_second <= rate:
            return None
        parsed.call.outcome = "429"
        return throttled(1)

    # ── the gateway ─────────────────────────────────────────────────────────
    def _platform_time(self, parsed: _ParsedRequest) -> float:
        return parsed.now + self._platform.switches.skew_ms / 1000

    def _token(self, parsed: _ParsedRequest) -> HttpReply:
        gateway = self._platform.gateway
        act = gateway.get if parsed.call.action == "get" else gateway.refresh
        word = self._platform.switches.token_status
        try:
            granted = act(parsed.call.body, self._platform_time(parsed))
        except GatewayRefusal as refusal:
            parsed.call.outcome = str(refusal.status)
            return _json({word: refusal.status, "msg": str(refusal), "business": "apim-token-service", "data": None})
        parsed.call.outcome = "OK"
        return _json({word: 0, "msg": "SUCCESS", "business": "apim-token-service", "data": granted})

    def _service(self, parsed: _ParsedRequest) -> HttpReply:
        try:
            self._platform.gateway.check(parsed.headers, parsed.query, parsed.raw, self._platform_time(parsed))
            data = self._perform(parsed)
        except GatewayRefusal as refusal:
            parsed.call.outcome = parsed.call.outcome or str(refusal.status)
            return self._refused(refusal)
        except Denied as denied:
            parsed.call.outcome = parsed.call.outcome or str(denied.code)
            return self._denied(denied)
        parsed.call.outcome = parsed.call.outcome or "OK"
        envelope = (
            {"code": 0, "msg": "OK"} if self._platform.switches.success == "code" else {"status": 0, "msg": " Success"}
        )
        return _json(self._with_id(envelope | {"data": data}))

    def _refused(self, refusal: GatewayRefusal) -> HttpReply:
        style = self._platform.switches.auth_failure
        if style == "apim" and refusal.status == EXPIRED:
            return _json({"apim_status": 4011, "apim_refreshtoken": "sim"})
        if style == "code":
            return _json({"code": refusal.status, "msg": MEANINGS[refusal.status], "data": None})
        return _status(refusal.status, MEANINGS[refusal.status], http=401 if style == "401" else 200)

    def _denied(self, denied: Denied) -> HttpReply:
        switches = self._platform.switches
        http = 404 if denied.code == 404 else int(switches.error_status)
        envelope = {"code": denied.code, "msg": text_of(denied, switches.texts), "data": None}
        return _json(self._with_id(envelope), http)

    def _with_id(self, envelope: dict[str, Any]) -> dict[str, Any]:
        return envelope | ({"requestId": str(uuid.uuid4())} if self._platform.switches.request_id else {})

    # ── the service ─────────────────────────────────────────────────────────
    def _perform(self, parsed: _ParsedRequest) -> Any:
        """Do what is asked, checking in the order: action, user, body, object, right, lock, rule."""
        call, platform = parsed.call, self._platform
        known = ACTIONS.get((call.resource, call.action))
        if known is None or known[0] != call.method or self._lacks(call.action):
            raise self._no_such(call)
        if call.resource == "time":
            return known[1](self._action_call(parsed, _NOBODY))
        user = platform.users.get(call.user_id)
        if user is None or user.org != call.org_id:
            raise Denied(62101, "who")
        return known[1](self._action_call(parsed, user))

    def _lacks(self, action: str) -> bool:
        return action in {each.strip() for each in self._platform.switches.missing_actions.split(",")}

    def _no_such(self, call: RecordedRequest) -> Denied:
        if not call.action:
            return Denied(99400, "no_action")
        code = int(self._platform.switches.unknown_action)
        return Denied(code, "action", action=call.action)

    def _action_call(self, parsed: _ParsedRequest, user: User) -> ActionCall:
        platform = self._platform
        if self._printer.switches is not platform.switches:
            self._printer = Printer(platform.switches)
        return ActionCall(platform, self._printer, user, parsed.query, parsed.call.body, platform.tick())


def _json(value: object, http: int = 200) -> HttpReply:
    return HttpReply(msgspec.json.encode(value), http)


def _status(status: int, message: str, *, http: int) -> HttpReply:
    return _json({"status": status, "msg": message, "business": "apim-gateway"}, http)


def _unreadable(fault: PlatformFault) -> bool:
    """Whether the client gets no answer that it can read."""
    return fault.name in {"gone", "half"} or (fault.name == "lost" and fault.style != "504")

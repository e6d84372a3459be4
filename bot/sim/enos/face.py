"""The platform's face on a socket: the gateway, and behind it every action of the batch API v2.1."""

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
from bot.sim.enos.ask import Ask
from bot.sim.enos.faults import Fault, Reply, struck, throttled
from bot.sim.enos.gate import EXPIRED, MEANINGS, Shut, json_of
from bot.sim.enos.model import Denied, User
from bot.sim.enos.platform import Call, Platform
from bot.sim.enos.replies import Printer
from bot.sim.enos.texts import text_of

TOKENS = "/apim-token-service/v2.0/token"
SERVICE = "/batch-processing-service/v2.1"

_NOBODY = User("", "", "")  # the time actions do not ask who calls


def current_time(ask: Ask) -> Any:
    """Get Current Time."""
    return ask.printer.numbers(int(ask.now * 1000) + ask.platform.switches.skew_ms)


def time_zone(ask: Ask) -> Any:
    """Get Timezone."""
    return {"timezone": ask.platform.switches.server_zone}


# The index: resource and action, with the method each is called by. Deleting really is a GET.
ACTIONS: Mapping[tuple[str, str], tuple[str, Callable[[Ask], Any]]] = {
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
    """Return the gateway and batch service of a platform, ready to be served."""
    face = _Face(platform)
    app = web.Application(client_max_size=16 << 20)
    app.router.add_post(TOKENS + "/{action:get|refresh}", face.token)
    app.router.add_route("*", SERVICE + "/{resource}", face.service)
    app.router.add_route("*", "/{path:.*}", face.nowhere)
    return app


@dataclass(frozen=True, slots=True)
class _Request:
    """A request, read."""

    call: Call
    query: Mapping[str, str]
    headers: Mapping[str, str]
    raw: bytes
    now: float


class _Face:
    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._printer = Printer(platform.switches)
        self._second = 0
        self._in_second = 0

    # ── requests ────────────────────────────────────────────────────────────
    async def token(self, request: web.Request) -> web.StreamResponse:
        """Answer the token service."""
        asked = await self._read(request, "token", request.match_info["action"])
        return await self._answer(request, asked, partial(self._token, asked))

    async def service(self, request: web.Request) -> web.StreamResponse:
        """Answer the batch service."""
        asked = await self._read(request, request.match_info["resource"], request.query.get("action", ""))
        return await self._answer(request, asked, partial(self._service, asked))

    async def nowhere(self, request: web.Request) -> web.StreamResponse:
        """Answer for a path that the gateway does not route."""
        asked = await self._read(request, request.path, request.query.get("action", ""))
        return await self._answer(request, asked, lambda: _status(99404, "No such API", http=404))

    async def _read(self, request: web.Request, resource: str, action: str) -> _Request:
        raw = await request.read()
        now = self._platform.tick()
        query: dict[str, str] = {}
        for name, value in parse_qsl(request.rel_url.raw_query_string, keep_blank_values=True):
            query.setdefault(name, value)
        call = Call(
            now, resource, action, request.method, query.get("userId", ""), query.get("orgId", ""), query, json_of(raw)
        )
        self._platform.record(call)
        return _Request(call, query, request.headers, raw, now)

    async def _answer(self, request: web.Request, asked: _Request, work: Callable[[], Reply]) -> web.StreamResponse:
        call = asked.call
        fault = self._platform.faults.take(call.resource, call.action)
        if fault is None:
            response: web.StreamResponse = self._paced(asked) or work().response()
        else:
            call.outcome = fault.name
            response = await struck(fault, request, self._under(fault, work))
        call.status = 0 if fault is not None and _unheard(fault) else response.status
        return response

    def _under(self, fault: Fault, work: Callable[[], Reply]) -> Callable[[], Reply]:
        """Return what the platform does under a fault that it answers itself."""
        if fault.name == "internal":
            return partial(self._denied, Denied(62109, "internal"))
        if fault.name == "expired":
            self._platform.gate.expire()
        return work

    def _paced(self, asked: _Request) -> web.Response | None:
        """Return "slow down" once the calls of this second are used up."""
        rate = self._platform.switches.rate
        if not rate:
            return None
        if int(asked.now) != self._second:
            self._second, self._in_second = int(asked.now), 0
        self._in_second += 1
        if self._in_second <= rate:
            return None
        asked.call.outcome = "429"
        return throttled(1)

    # ── the gateway ─────────────────────────────────────────────────────────
    def _clock(self, asked: _Request) -> float:
        return asked.now + self._platform.switches.skew_ms / 1000

    def _token(self, asked: _Request) -> Reply:
        gate = self._platform.gate
        act = gate.get if asked.call.action == "get" else gate.refresh
        word = self._platform.switches.token_status
        try:
            granted = act(asked.call.body, self._clock(asked))
        except Shut as shut:
            asked.call.outcome = str(shut.status)
            return _json({word: shut.status, "msg": str(shut), "business": "apim-token-service", "data": None})
        asked.call.outcome = "OK"
        return _json({word: 0, "msg": "SUCCESS", "business": "apim-token-service", "data": granted})

    def _service(self, asked: _Request) -> Reply:
        try:
            self._platform.gate.check(asked.headers, asked.query, asked.raw, self._clock(asked))
            data = self._perform(asked)
        except Shut as shut:
            asked.call.outcome = asked.call.outcome or str(shut.status)
            return self._shut(shut)
        except Denied as denied:
            asked.call.outcome = asked.call.outcome or str(denied.code)
            return self._denied(denied)
        asked.call.outcome = asked.call.outcome or "OK"
        envelope = (
            {"code": 0, "msg": "OK"} if self._platform.switches.success == "code" else {"status": 0, "msg": " Success"}
        )
        return _json(self._with_id(envelope | {"data": data}))

    def _shut(self, shut: Shut) -> Reply:
        style = self._platform.switches.auth_failure
        if style == "apim" and shut.status == EXPIRED:
            return _json({"apim_status": 4011, "apim_refreshtoken": "sim"})
        if style == "code":
            return _json({"code": shut.status, "msg": MEANINGS[shut.status], "data": None})
        return _status(shut.status, MEANINGS[shut.status], http=401 if style == "401" else 200)

    def _denied(self, denied: Denied) -> Reply:
        switches = self._platform.switches
        http = 404 if denied.code == 404 else int(switches.error_status)
        envelope = {"code": denied.code, "msg": text_of(denied, switches.texts), "data": None}
        return _json(self._with_id(envelope), http)

    def _with_id(self, envelope: dict[str, Any]) -> dict[str, Any]:
        return envelope | ({"requestId": str(uuid.uuid4())} if self._platform.switches.request_id else {})

    # ── the service ─────────────────────────────────────────────────────────
    def _perform(self, asked: _Request) -> Any:
        """Do what is asked, checking in the order: action, user, body, object, right, lock, rule."""
        call, platform = asked.call, self._platform
        known = ACTIONS.get((call.resource, call.action))
        if known is None or known[0] != call.method or self._lacks(call.action):
            raise self._no_such(call)
        if call.resource == "time":
            return known[1](self._ask(asked, _NOBODY))
        user = platform.users.get(call.user_id)
        if user is None or user.org != call.org_id:
            raise Denied(62101, "who")
        return known[1](self._ask(asked, user))

    def _lacks(self, action: str) -> bool:
        return action in {each.strip() for each in self._platform.switches.missing_actions.split(",")}

    def _no_such(self, call: Call) -> Denied:
        if not call.action:
            return Denied(99400, "no_action")
        code = int(self._platform.switches.unknown_action)
        return Denied(code, "action", action=call.action)

    def _ask(self, asked: _Request, user: User) -> Ask:
        platform = self._platform
        if self._printer.switches is not platform.switches:
            self._printer = Printer(platform.switches)
        return Ask(platform, self._printer, user, asked.query, asked.call.body, platform.tick())


def _json(value: object, http: int = 200) -> Reply:
    return Reply(msgspec.json.encode(value), http)


def _status(status: int, message: str, *, http: int) -> Reply:
    return _json({"status": status, "msg": message, "business": "apim-gateway"}, http)


def _unheard(fault: Fault) -> bool:
    """Whether the client gets no answer that it can read."""
    return fault.name in {"gone", "half"} or (fault.name == "lost" and fault.style != "504")

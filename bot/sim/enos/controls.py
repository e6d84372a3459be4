"""The control routes of the platform: what the demo page shows of it, and the levers that make things fail."""

from collections.abc import Awaitable, Callable
from heapq import nlargest
from typing import Any

from aiohttp import web

from bot.sim.enos.faults import KINDS
from bot.sim.enos.gate import json_of
from bot.sim.enos.model import Flow, Instance, Status
from bot.sim.enos.platform import Platform

_NEWEST = 50
_LAST_RUNS = 5


class Mistaken(Exception):  # noqa: N818  an answer to whoever pulls a lever wrongly, not an error of the simulator
    """What was asked cannot be done; the sentence says why."""

    def __init__(self, sentence: str, http: int = 400) -> None:
        super().__init__(sentence)
        self.http = http


def platform_routes(platform: Platform) -> list[web.RouteDef]:
    """Return the routes under /sim/platform. All speak JSON; a mistake answers ``{"error": sentence}``."""
    levers = _Levers(platform)
    return [
        web.get("/sim/platform", _guarded(levers.show)),
        web.get("/sim/platform/calls", _guarded(levers.calls)),
        web.post("/sim/platform/flow/{id}/{lever}", _guarded(levers.flow)),
        web.post("/sim/platform/instance/{id}/{lever}", _guarded(levers.instance)),
        web.post("/sim/platform/user/{id}/{lever}", _guarded(levers.user)),
        web.post("/sim/platform/fault", _guarded(levers.fault)),
        web.post("/sim/platform/switch", _guarded(levers.switch)),
    ]


_Lever = Callable[[web.Request, dict[str, Any]], Any]


def _guarded(lever: _Lever) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return web.json_response(lever(request, await _body(request)))
        except Mistaken as mistaken:
            return web.json_response({"error": str(mistaken)}, status=mistaken.http)
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=400)

    return answer


async def _body(request: web.Request) -> dict[str, Any]:
    raw = await request.read()
    body = json_of(raw) if raw else {}
    if not isinstance(body, dict):
        raise Mistaken("The body must be a JSON object.")
    return body


class _Levers:
    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def show(self, _request: web.Request, _body: dict[str, Any]) -> dict[str, Any]:
        """Return what a panel needs: flows, newest instances, users, faults, switches, version."""
        platform = self._platform
        now = platform.tick()
        newest = nlargest(_NEWEST, platform.runs.all.values(), key=lambda each: (each.updated, each.serial))
        return {
            "version": platform.version,
            "now": now,
            "next_change": platform.next_change(),
            "flows": [_flow(platform, flow) for flow in platform.flows.values()],
            "instances": [_instance(each) for each in newest],
            "users": [{"id": each.id, "name": each.name, "locked": each.locked} for each in platform.users.values()],
            "faults": [each.table() for each in platform.faults.armed],
            "fault_names": KINDS,
            "switches": platform.switches.table(),
        }

    def calls(self, request: web.Request, _body: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the newest recorded calls; ``action`` narrows, ``limit`` is 200 unless told."""
        action = request.query.get("action", "")
        calls = self._platform.called(action) if action else self._platform.calls
        return [
            {
                "at": each.at, "resource": each.resource, "action": each.action, "method": each.method,
                "userId": each.user_id, "body": _redacted(each.resource, each.body), "status": each.status,
                "outcome": each.outcome,
            }
            for each in calls[-int(request.query.get("limit", "200")) :]
        ]  # fmt: skip

    def flow(self, request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
        """Break, mend, run, lock or unlock a flow."""
        flow = self._flow(request)
        lever = request.match_info["lever"]
        if lever not in {"fail", "timeout", "recover", "run", "lock", "unlock"}:
            raise Mistaken(f"A flow cannot be told to {lever}: fail, timeout, recover, run, lock or unlock it.", 404)
        started: Instance | None = None
        if lever in {"lock", "unlock"}:
            self._platform.edit(flow.id, locked=lever == "lock")
        elif not flow.shape.tasks:
            raise Mistaken(f"Flow {flow.id} has no tasks, so it cannot run.")
        else:
            self._plan(flow, lever, body)
            started = self._platform.start_scheduled(flow.id)
        return {"flow": _flow(self._platform, flow), "instance": _instance(started) if started else None}

    def _plan(self, flow: Flow, lever: str, body: dict[str, Any]) -> None:
        if lever == "recover":
            self._platform.recover(flow.id)
        if lever not in {"fail", "timeout"}:
            return
        task = body.get("task")
        lines = body.get("lines") or ()
        self._platform.fail(
            flow.id,
            None if task is None else int(task),
            Status.TIMEOUT if lever == "timeout" else Status.FAIL,
            lines=lines.splitlines() if isinstance(lines, str) else [str(line) for line in lines],
        )

    def _flow(self, request: web.Request) -> Flow:
        name = request.match_info["id"]
        flow = self._platform.flows.get(int(name)) if name.isdecimal() else None
        if flow is None:
            raise Mistaken(f"There is no flow {name}.", 404)
        return flow

    def instance(self, request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
        """Rerun or cancel an instance as the console does: ``rerun`` keeps its id."""
        name, lever = request.match_info["id"], request.match_info["lever"]
        if name not in self._platform.runs.all:
            raise Mistaken(f"There is no instance {name}.", 404)
        if lever == "rerun":
            task = body.get("task")
            self._platform.rerun(name, None if task is None else int(task))
        elif lever == "cancel":
            self._platform.cancel(name)
        else:
            raise Mistaken(f"An instance cannot be told to {lever}: rerun or cancel it.", 404)
        return {"instance": _instance(self._platform.instance(name))}

    def user(self, request: web.Request, _body: dict[str, Any]) -> dict[str, Any]:
        """Lock or unlock a user."""
        name, lever = request.match_info["id"], request.match_info["lever"]
        user = self._platform.users.get(name)
        if user is None:
            raise Mistaken(f"There is no user {name}.", 404)
        if lever not in {"lock", "unlock"}:
            raise Mistaken(f"A user cannot be told to {lever}: lock or unlock them.", 404)
        user.locked = lever == "lock"
        self._platform.changed()
        return {"id": user.id, "name": user.name, "locked": user.locked}

    def fault(self, _request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
        """Arm a fault, or clear them: all with ``none``, those of one name with ``clear``."""
        faults = self._platform.faults
        if "clear" in body:
            faults.clear(str(body["clear"]))
        else:
            faults.arm(str(body.get("name", "")), **{key: value for key, value in body.items() if key != "name"})
        return {"faults": [each.table() for each in faults.armed]}

    def switch(self, _request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
        """Change a switch."""
        self._platform.switch(str(body.get("name", "")), body.get("value"))
        return {"switches": self._platform.switches.table()}


def _redacted(resource: str, body: Any) -> Any:
    """Return a body as a panel may show it: what proves an application's identity stays out."""
    if resource != "token" or not isinstance(body, dict):
        return body
    return {key: "…" if key in {"encryption", "accessToken"} else value for key, value in body.items()}


def _flow(platform: Platform, flow: Flow) -> dict[str, Any]:
    running = platform.runs.running(flow.id)
    return {
        "id": flow.id,
        "name": flow.name,
        "owners": list(flow.owners),
        "active": flow.active,
        "locked": flow.locked,
        "cycle": flow.cycle,
        "freq": flow.freq,
        "tasks": [{"id": task.id, "name": task.name} for task in flow.shape.tasks],
        "failing": None if flow.plan is None else {"kind": flow.plan.kind.name, "tasks": sorted(flow.plan.tasks)},
        "running": None if running is None else running.id,
        "last_runs": [_instance(each) for each in _begun(platform, flow)],
    }


def _begun(platform: Platform, flow: Flow) -> list[Instance]:
    """Return the instances of a flow that began last, newest first."""
    begun = (each for each in platform.runs.of_flow(flow.id) if each.start is not None)
    return nlargest(_LAST_RUNS, begun, key=lambda each: (each.start, each.serial))


def _instance(instance: Instance) -> dict[str, Any]:
    shown = instance.tasks if instance.runs is not None else {}
    return {
        "id": instance.id,
        "flow": instance.flow.id,
        "flow_name": instance.flow.name,
        "status": instance.status.name,
        "trigger": instance.trigger,
        "start": instance.start,
        "end": instance.end,
        "tasks": [
            {"id": run.task.id, "name": run.task.name, "status": run.status.name, "runs": run.number}
            for run in shown.values()
        ],
    }

"""The control routes of the platform: what the demo page shows of it, and what makes things fail."""

from collections.abc import Awaitable, Callable
from heapq import nlargest
from typing import Any

from aiohttp import web

from bot.sim.enos.faults import KINDS
from bot.sim.enos.gateway import json_of
from bot.sim.enos.model import Flow, Instance, Status
from bot.sim.enos.platform import Platform

_NEWEST = 50
_LAST_RUNS = 5


class ControlError(Exception):
    """What the page asked for cannot be done; the sentence says why, ``http`` is the status of the answer."""

    def __init__(self, sentence: str, http: int = 400) -> None:
        super().__init__(sentence)
        self.http = http


def platform_routes(platform: Platform) -> list[web.RouteDef]:
    """List the routes under /sim/platform. All speak JSON; what cannot be done answers ``{"error": sentence}``."""
    controls = _PlatformControls(platform)
    return [
        web.get("/sim/platform", _handler(controls.show)),
        web.get("/sim/platform/calls", _handler(controls.calls)),
        web.post("/sim/platform/flow/{id}/{command}", _handler(controls.flow)),
        web.post("/sim/platform/instance/{id}/{command}", _handler(controls.instance)),
        web.post("/sim/platform/user/{id}/{command}", _handler(controls.user)),
        web.post("/sim/platform/fault", _handler(controls.fault)),
        web.post("/sim/platform/switch", _handler(controls.switch)),
    ]


_Control = Callable[[web.Request, dict[str, Any]], Any]


def _handler(command: _Control) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return web.json_response(command(request, await _body(request)))
        except ControlError as error:
            return web.json_response({"error": str(error)}, status=error.http)
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=400)

    return answer


async def _body(request: web.Request) -> dict[str, Any]:
    raw = await request.read()
    body = json_of(raw) if raw else {}
    if not isinstance(body, dict):
        raise ControlError("The body must be a JSON object.")
    return body


class _PlatformControls:
    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def show(self, _request: web.Request, _body: dict[str, Any]) -> dict[str, Any]:
        """Show what the panel needs: flows, newest instances, users, faults, switches, version."""
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
        """Show the newest recorded calls; ``?action=`` narrows them, ``?limit=`` is 200 by default."""
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
        """Let a flow fail or recover and run it, or run, lock or unlock it."""
        flow = self._flow(request)
        command = request.match_info["command"]
        if command not in {"fail", "timeout", "recover", "run", "lock", "unlock"}:
            raise ControlError(
                f"A flow has no action {command}. It has: fail, timeout, recover, run, lock, unlock.", 404
            )
        started: Instance | None = None
        if command in {"lock", "unlock"}:
            self._platform.edit(flow.id, locked=command == "lock")
        elif not flow.shape.tasks:
            raise ControlError(f"Flow {flow.id} has no tasks. It cannot run.")
        else:
            self._set_failure_plan(flow, command, body)
            started = self._platform.start_scheduled(flow.id)
        return {"flow": _flow(self._platform, flow), "instance": _instance(started) if started else None}

    def _set_failure_plan(self, flow: Flow, command: str, body: dict[str, Any]) -> None:
        if command == "recover":
            self._platform.recover(flow.id)
        if command not in {"fail", "timeout"}:
            return
        task = body.get("task")
        lines = body.get("lines") or ()
        self._platform.fail(
            flow.id,
            None if task is None else int(task),
            Status.TIMEOUT if command == "timeout" else Status.FAIL,
            lines=lines.splitlines() if isinstance(lines, str) else [str(line) for line in lines],
        )

    def _flow(self, request: web.Request) -> Flow:
        name = request.match_info["id"]
        flow = self._platform.flows.get(int(name)) if name.isdecimal() else None
        if flow is None:
            raise ControlError(f"There is no flow {name}.", 404)
        return flow

    def instance(self, request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
        """Rerun or cancel an instance as the console does: ``rerun`` keeps its id."""
        name, command = request.match_info["id"], request.match_info["command"]
        if name not in self._platform.runs.all:
            raise ControlError(f"There is no run {name}.", 404)
        if command == "rerun":
            task = body.get("task")
            self._platform.rerun(name, None if task is None else int(task))
        elif command == "cancel":
            self._platform.cancel(name)
        else:
            raise ControlError(f"A run has no action {command}. It has: rerun, cancel.", 404)
        return {"instance": _instance(self._platform.instance(name))}

    def user(self, request: web.Request, _body: dict[str, Any]) -> dict[str, Any]:
        """Lock or unlock a user."""
        name, command = request.match_info["id"], request.match_info["command"]
        user = self._platform.users.get(name)
        if user is None:
            raise ControlError(f"There is no user {name}.", 404)
        if command not in {"lock", "unlock"}:
            raise ControlError(f"A user has no action {command}. It has: lock, unlock.", 404)
        user.locked = command == "lock"
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
    """Hide what proves an application's identity, so that the panel may show a body."""
    if resource != "token" or not isinstance(body, dict):
        return body
    return {key: "…" if key in {"encryption", "accessToken"} else value for key, value in body.items()}


def _flow(platform: Platform, flow: Flow) -> dict[str, Any]:
    running = platform.runs.running(flow.id)
    plan = flow.failure_plan
    return {
        "id": flow.id,
        "name": flow.name,
        "owners": list(flow.owners),
        "active": flow.active,
        "locked": flow.locked,
        "cycle": flow.cycle,
        "freq": flow.freq,
        "tasks": [{"id": task.id, "name": task.name} for task in flow.shape.tasks],
        "failing": None if plan is None else {"kind": plan.kind.name, "tasks": sorted(plan.tasks)},
        "running": None if running is None else running.id,
        "last_runs": [_instance(each) for each in _last_begun(platform, flow)],
    }


def _last_begun(platform: Platform, flow: Flow) -> list[Instance]:
    """Find the instances of a flow that began last, newest first."""
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

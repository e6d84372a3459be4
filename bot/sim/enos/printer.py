"""Writes flows and instances as the JSON structs of the API, under every setting of the switches.

Sources: the structs of Get Flow, Get Flow Instance, List Flow Instances, Get Task Instance, Export Flow and
List Workflow Directories (Batch Processing API v2.1).
"""

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from bot.sim.enos.model import (
    BROKEN,
    Flow,
    FlowLink,
    Instance,
    Shape,
    Status,
    Task,
    TaskRun,
)
from bot.sim.enos.switches import Switches, offset

RUN_MODE = {
    "taskMode": 1, "cpu": 0.5, "memory": 1, "maxParallel": 0, "keyType": 0, "datasourceId": 0,
    "path": "", "content": "",
}  # fmt: skip

# The keys that the mixed sample of List Flow Instances writes in snake case.
_MIXED = {"doAs": "do_as", "taskName": "task_name", "taskId": "task_id"}
_SNAKE = _MIXED | {
    "alertMode": "alert_mode", "instId": "inst_id", "taskInstId": "task_inst_id", "nodeId": "node_id",
    "flowId": "flow_id", "flowName": "flow_name", "flowInstId": "flow_inst_id", "isVirtual": "is_virtual",
    "startTime": "start_time", "syncType": "sync_type", "cycleGap": "cycle_gap",
}  # fmt: skip


class Printer:
    """Writes structs under one setting of the switches."""

    def __init__(self, switches: Switches) -> None:
        self.switches = switches
        self._zone = zone = offset(switches.server_zone)
        self._trigger_zone = zone if switches.trigger_zone == "server" else timedelta()
        self._run_zone = zone if switches.run_zone == "server" else timedelta()

    # ── whole answers ───────────────────────────────────────────────────────
    def single(self, fields: dict[str, Any]) -> Any:
        """Wrap the data of a single read: the object, or a list of it."""
        return [fields] if self.switches.data == "list" else fields

    def numbers(self, value: Any) -> Any:
        """Turn whole numbers into floats, where the switch says so."""
        return _floats(value) if self.switches.floats else value

    # ── flows ───────────────────────────────────────────────────────────────
    def flow(self, flow: Flow, *, edit: bool, read: bool, user_locked: bool) -> dict[str, Any]:
        """Write a Flow struct, as Get Flow prints it for one user."""
        return {
            "flowId": flow.id, "flowName": flow.name, "active": int(flow.active), "creator": flow.creator,
            "createTime": _precise(flow.created), "updateUser": flow.updated_by or flow.creator,
            "updateTime": _precise(flow.updated), "freq": flow.freq, "cycle": flow.cycle,
            "parameters": self._parameters(flow.parameters), "owner": self._names(flow.owners),
            "visitor": self._names(flow.visitors), "doAs": flow.do_as, "alertMode": flow.alert_mode,
            "graph": self._graph(self._flow_graph(flow), listed=False), "entry": 0, "type": flow.kind,
            "syncType": 1, "desc": flow.description, "startTime": flow.start_date, "virtual": False,
            "locked": flow.locked, "hasEditPri": edit, "hasReadPri": read, "isUserLocked": user_locked,
        }  # fmt: skip

    def flow_name(self, flow: Flow) -> dict[str, Any]:
        """Write an element of Search Flow."""
        return {"flowId": self._id(flow.id, sample=str), "flowName": flow.name}

    def my_flow(self, flow: Flow, *, edit: bool) -> dict[str, Any]:
        """Write an element of Get My Flow."""
        return self.flow_name(flow) | {"editable": edit, "cycle": flow.cycle}

    def _flow_graph(self, flow: Flow) -> dict[str, Any]:
        return {
            "queue": flow.queue, "cycle": flow.cycle, "desc": flow.description, "doAs": flow.do_as,
            "freq": flow.freq, "visitors": self._names(flow.visitors),
            "tasks": [
                {"taskName": task.name, "taskId": self._id(task.id, sample=str), **_place(index), "nodeId": task.node}
                for index, task in enumerate(flow.shape.tasks)
            ],
            "type": flow.kind, "creator": flow.creator, "flows": [self._link(link) for link in flow.shape.links],
            "alertMode": flow.alert_mode, "relations": _relations(flow.shape), "name": flow.name,
            "startTime": flow.start_date, "active": int(flow.active), "parameters": pairs_text(flow.parameters),
            "owners": self._names(flow.owners),
        }  # fmt: skip

    def _link(self, link: FlowLink) -> dict[str, Any]:
        return {
            "flowId": self._id(link.flow_id, sample=str), "flowName": link.name, "nodeId": link.node,
            "isVirtual": link.virtual, **_place(0),
        }  # fmt: skip

    # ── instances ───────────────────────────────────────────────────────────
    def row(self, instance: Instance, *, edit: bool, read: bool) -> bytes:
        """Write an element of List Flow Instances as JSON; the bytes are cached until the instance changes."""
        key = (self, edit, read)
        row = instance.rows.get(key)
        if row is None:
            fields = self._instance(instance, listed=True) | {
                "hasEditPri": edit, "hasReadPri": read, "isCancelled": instance.cancelled,
            }  # fmt: skip
            row = instance.rows[key] = msgspec.json.encode(self.numbers(fields))
        return row

    def instance(self, instance: Instance, *, edit: bool, read: bool) -> dict[str, Any]:
        """Write a FlowInstance struct, as Get Flow Instance prints it."""
        return self._instance(instance, listed=False) | {
            "alertMode": instance.flow.alert_mode,
            "calDt": f"{datetime.fromtimestamp(instance.trigger - 86400, UTC) + self._zone:%Y-%m-%d}",
            "hasEditPri": edit,
            "hasReadPri": read,
        }

    def _instance(self, instance: Instance, *, listed: bool) -> dict[str, Any]:
        flow = instance.flow
        return {
            "instanceId": instance.id, "flowId": flow.id, "flowName": flow.name, "freq": flow.freq,
            "cycle": flow.cycle, "parameters": self._parameters(instance.parameters), "doAs": flow.do_as,
            "graph": self._graph(self._instance_graph(instance, listed=listed), listed=listed),
            "status": int(instance.status), "statusDesc": instance.status.name,
            "triggerTime": _plain(instance.trigger, self._trigger_zone),
            "startTime": _plain(instance.start, self._run_zone),
            "endTime": _plain(instance.end, self._run_zone),
            "timestamp": _precise(instance.created), "virtual": False, "owner": self._names(flow.owners),
        }  # fmt: skip

    def _instance_graph(self, instance: Instance, *, listed: bool) -> dict[str, Any]:
        flow = instance.flow
        if listed:  # a list has no task states, so the runs of past instances need not be inferred
            tasks = [self._node(instance, task, index) for index, task in enumerate(instance.shape.tasks)]
        else:
            runs = instance.tasks
            tasks = [
                self._node(instance, task, index) | {"status": self._state(instance, runs[task.id]).name}
                for index, task in enumerate(instance.shape.tasks)
            ]
        return {
            "creator": flow.creator, "freq": flow.freq, "alertMode": flow.alert_mode,
            "owners": self._names(flow.owners), "cycle": flow.cycle, "doAs": flow.do_as,
            "flows": [self._link(link) | {"flowInstId": "", "status": "NONE"} for link in instance.shape.links],
            "name": flow.name, "instId": instance.id, "id": flow.id, "relations": _relations(instance.shape),
            "parameters": pairs_text(instance.parameters), "tasks": tasks,
        }  # fmt: skip

    def _node(self, instance: Instance, task: Task, index: int) -> dict[str, Any]:
        return {
            "taskName": task.name, "taskInstId": f"{task.id}-{instance.suffix}", **_place(index),
            "taskId": self._id(task.id, sample=int), "nodeId": task.node,
        }  # fmt: skip

    def _state(self, instance: Instance, run: TaskRun) -> Status:
        """Choose a task's printed state: one that a failure kept from running is INIT, or SKIP by the switch."""
        kept = run.status is Status.INIT and instance.status in BROKEN
        return Status[self.switches.behind] if kept else run.status

    def task(self, instance: Instance, run: TaskRun) -> dict[str, Any]:
        """Write a TaskInstance struct."""
        task, status = run.task, self._state(instance, run)
        made = datetime.fromtimestamp(instance.created, UTC) + timedelta(hours=8)
        return {
            "instanceId": f"{task.id}-{instance.suffix}", "taskId": task.id, "taskName": task.name,
            "cycle": instance.flow.cycle, "status": int(status), "runNum": run.number, "type": 7,
            "syncType": None, "freq": None, "ifPre": int(instance.triggered), "stsDesc": status.name,
            "recallNum": run.recalls, "triggerTime": _plain(instance.trigger, self._trigger_zone),
            "timeout": int(task.limit), "recallLimit": task.retries, "recallInterval": int(task.pause),
            "startTime": _plain(run.start, self._run_zone), "endTime": _plain(run.end, self._run_zone),
            "timeStamp": f"{made:%a %b %d %H:%M:%S} CST {made:%Y}", "isTimeout": run.status is Status.TIMEOUT,
            "flowInstId": instance.id, "doAs": instance.flow.do_as, "alert": False, "runMode": compact(RUN_MODE),
            "cmd": task.command, "hasResourceBefore": False, "resourceName": "", "fileName": "",
            "resourceVersion": "",
        }  # fmt: skip

    # ── pieces ──────────────────────────────────────────────────────────────
    def _names(self, names: Iterable[str]) -> str:
        match self.switches.owners:
            case "semicolons":
                return "".join(f";{name}" for name in names) + ";"
            case "padded":
                return " " + " ; ".join(names)
            case _:
                return ";".join(names)

    def _parameters(self, parameters: tuple[tuple[str, str], ...]) -> Any:
        match self.switches.parameters:
            case "array":
                return [{"key": key, "value": value} for key, value in parameters]
            case "object":
                return dict(parameters)
            case _:
                return pairs_text(parameters)

    def _id(self, number: int, *, sample: Callable[[int], int | str]) -> int | str:
        match self.switches.ids:
            case "number":
                return number
            case "string":
                return str(number)
            case _:
                return sample(number)

    def _graph(self, graph: dict[str, Any], *, listed: bool) -> Any:
        switches = self.switches
        if switches.keys == "snake":
            graph = _renamed(graph, _SNAKE)
        elif switches.keys == "mixed" and listed:
            graph = _renamed(graph, _MIXED)
        if switches.graph == "object":
            return graph
        text = compact(self.numbers(graph))
        return text.replace('"', '"\\"', 3) if switches.graph == "broken" else text


def _floats(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _floats(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_floats(each) for each in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {names.get(key, key): _renamed(each, names) for key, each in value.items()}
    return [_renamed(each, names) for each in value] if isinstance(value, list) else value


def compact(value: Any) -> str:
    """Write JSON without blanks, as in the platform's strings."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def pairs_text(parameters: tuple[tuple[str, str], ...]) -> str:
    """Write parameters as the JSON string that the platform stores."""
    return compact([{"key": key, "value": value} for key, value in parameters])


def _relations(shape: Shape) -> list[dict[str, Any]]:
    return [
        {"cycleGap": each.gap, "rerun": each.rerun, "source": each.source, "target": each.target}
        for each in shape.relations
    ]


def _place(index: int) -> dict[str, float]:
    return {"x": 0.002 + 0.15 * (index % 3), "y": 0.002 + 0.1 * (index // 3)}


def _plain(at: float | None, zone: timedelta) -> str | None:
    """Format as ``yyyy-MM-dd HH:mm:ss``; None for what has not happened."""
    return None if at is None else f"{datetime.fromtimestamp(at, UTC) + zone:%Y-%m-%d %H:%M:%S}"


def _precise(at: float) -> str:
    """Format as ``yyyy-MM-dd HH:mm:ss.S``, in UTC as the samples seem to be."""
    moment = datetime.fromtimestamp(at, UTC)
    return f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 100_000}"

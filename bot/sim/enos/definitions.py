"""The actions that change what flows and folders there are: save, delete, directories."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from bot.sim.enos.action_call import ActionCall, pairs, whole
from bot.sim.enos.cron import read
from bot.sim.enos.model import (
    CYCLES,
    Denied,
    Flow,
    FlowLink,
    Relation,
    Shape,
    Task,
)
from bot.sim.enos.platform import Directory

_MANDATORY = ("type", "name", "freq", "cycle", "alertMode", "doAs", "owners", "visitors", "startTime", "active")


def save(call: ActionCall) -> Any:
    """Save Flow: replace a flow's definition."""
    flow = call.flow(call.whole("id"))
    call.must_own(flow)
    if call.user.locked:
        raise Denied(62105, "locked_user")
    for name in _MANDATORY:
        call.field(name)
    fields = call.fields()
    shape = _saved_shape(call, flow, fields)
    freq, cycle = checked_schedule(str(fields["freq"]), str(fields["cycle"]))
    call.platform.edit(
        flow.id,
        kind=call.whole("type"),
        alert_mode=call.whole("alertMode"),
        active=bool(call.whole("active")),
        name=str(fields["name"]),
        freq=freq,
        cycle=cycle,
        do_as=str(fields["doAs"]),
        owners=names_of(fields["owners"]),
        visitors=names_of(fields["visitors"]),
        start_date=str(fields["startTime"]),
        shape=shape,
        parameters=pairs(fields.get("parameters", "[]")),
        description=call.text("desc"),
        queue=call.text("queue"),
        updated=call.now,
        updated_by=call.user.name,
    )
    return {"flowId": flow.id}


def checked_schedule(freq: str, cycle: str) -> tuple[str, str]:
    """Check a cron expression and a cycle, and return them unchanged. Raises Denied."""
    try:
        read(freq)
    except ValueError as error:
        raise Denied(62102, "validation") from error
    if cycle not in CYCLES:
        raise Denied(62102, "validation")
    return freq, cycle


def names_of(value: object) -> tuple[str, ...]:
    """Split an owner field into its names: joined by ``;``, perhaps with blanks."""
    return tuple(name.strip() for name in str(value or "").split(";") if name.strip())


def _saved_shape(call: ActionCall, flow: Flow, fields: Mapping[str, Any]) -> Shape:
    """Read the graph of a save: known tasks by id, other flows, relations by node."""
    tasks = tuple(_known_task(flow, each) for each in objects(fields.get("tasks")))
    links = tuple(
        FlowLink(other.id, other.name)
        for other in (call.flow(whole(each.get("flowId"))) for each in objects(fields.get("flows")))
    )
    relations = tuple(
        Relation(
            str(each.get("source")),
            str(each.get("target")),
            str(each.get("cycleGap", "D0")),
            rerun=bool(each.get("rerun", True)),
        )
        for each in objects(fields.get("relations"))
    )
    return checked_graph(Shape(tasks, links, relations))


def _known_task(flow: Flow, node: Mapping[str, Any]) -> Task:
    task = flow.shape.by_id.get(whole(node.get("taskId")))
    if task is None:
        raise Denied(62102, "no_flow")
    return task


def objects(value: object) -> list[Mapping[str, Any]]:
    """Read an optional array of objects. Raises Denied for anything else."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise Denied(62102, "body")
    return value


def checked_graph(shape: Shape) -> Shape:
    """Check that every relation leads to a task of the graph and none goes in a circle. Raises Denied."""
    targets = {task.node for task in shape.tasks}
    sources = targets | {link.node for link in shape.links}
    if any(each.source not in sources or each.target not in targets for each in shape.relations):
        raise Denied(62102, "validation")
    try:
        _ = shape.order
    except ValueError as error:
        raise Denied(62102, "validation") from error
    return shape


def delete(call: ActionCall) -> Any:
    """Delete Flow, with all its instances."""
    flow = call.queried_flow()
    call.must_own(flow)
    platform = call.platform
    if any(link.flow_id == flow.id for other in platform.flows.values() for link in other.shape.links):
        raise Denied(62104, "relied_on")
    platform.schedule.stop(flow, call.now)
    instances = platform.runs.of_flow(flow.id)
    if any(instance.end is None for instance in instances):
        platform.schedule.start(flow, call.now)
        raise Denied(62104, "running")
    for instance in instances:
        platform.runs.remove(instance)
    del platform.flows[flow.id]
    platform.changed()
    return ""


def list_directories(call: ActionCall) -> Any:
    """List Workflow Directories: the whole tree, files included."""
    return call.printer.numbers([_folder(call, each) for each in _under(call, "")])


def _under(call: ActionCall, parent: str) -> Iterable[Directory]:
    return (each for each in call.platform.directories.values() if each.parent == parent)


def _folder(call: ActionCall, directory: Directory) -> dict[str, Any]:
    files = [
        {"title": flow.name, "type": 1, "key": flow.id, "editable": call.edits(flow), "isDirectory": False}
        for flow in call.platform.flows.values()
        if flow.directory == directory.id and flow.org == call.user.org
    ]
    folders = [_folder(call, each) for each in _under(call, directory.id)]
    return {
        "title": directory.title,
        "type": 1,
        "key": directory.id,
        "isDirectory": True,
        "children": [*folders, *files],
    }


def create_directory(call: ActionCall) -> Any:
    """Create Directory."""
    name, parent = call.text("dirName").strip(), call.text("parentId").strip()
    if not name:
        raise Denied(62102, "dir_name")
    if not parent:
        raise Denied(62102, "parent_id")
    if parent not in call.platform.directories:
        raise Denied(62102, "no_parent")
    if any(each.title == name for each in _under(call, parent)):
        raise Denied(62102, "dir_taken")
    made = hashlib.sha256(f"{parent}/{name}".encode()).hexdigest()[:32]
    call.platform.directories[made] = Directory(made, name, parent)
    call.platform.changed()
    return {"dirId": made}

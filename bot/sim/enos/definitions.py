"""The actions that change what flows and folders there are: save, delete, directories."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from bot.sim.enos.ask import Ask, pairs, whole
from bot.sim.enos.cron import read
from bot.sim.enos.model import (
    CYCLES,
    Denied,
    Flow,
    Link,
    Relation,
    Shape,
    Task,
)
from bot.sim.enos.platform import Directory

_MANDATORY = ("type", "name", "freq", "cycle", "alertMode", "doAs", "owners", "visitors", "startTime", "active")


def save(ask: Ask) -> Any:
    """Save Flow: replace a flow's definition."""
    flow = ask.flow(ask.whole("id"))
    ask.must_own(flow)
    if ask.user.locked:
        raise Denied(62105, "locked_user")
    for name in _MANDATORY:
        ask.field(name)
    fields = ask.fields()
    shape = _saved_shape(ask, flow, fields)
    freq, cycle = checked_schedule(str(fields["freq"]), str(fields["cycle"]))
    ask.platform.edit(
        flow.id,
        kind=ask.whole("type"),
        alert_mode=ask.whole("alertMode"),
        active=bool(ask.whole("active")),
        name=str(fields["name"]),
        freq=freq,
        cycle=cycle,
        do_as=str(fields["doAs"]),
        owners=names_of(fields["owners"]),
        visitors=names_of(fields["visitors"]),
        start_date=str(fields["startTime"]),
        shape=shape,
        parameters=pairs(fields.get("parameters", "[]")),
        description=ask.text("desc"),
        queue=ask.text("queue"),
        updated=ask.now,
        updated_by=ask.user.name,
    )
    return {"flowId": flow.id}


def checked_schedule(freq: str, cycle: str) -> tuple[str, str]:
    """Return the two as they are if they can be understood. Raises Denied."""
    try:
        read(freq)
    except ValueError as error:
        raise Denied(62102, "validation") from error
    if cycle not in CYCLES:
        raise Denied(62102, "validation")
    return freq, cycle


def names_of(value: object) -> tuple[str, ...]:
    """Return the names of an owner field: joined by ``;``, perhaps padded."""
    return tuple(name.strip() for name in str(value or "").split(";") if name.strip())


def _saved_shape(ask: Ask, flow: Flow, fields: Mapping[str, Any]) -> Shape:
    """Return the graph that a save describes: known tasks by id, other flows, relations by node."""
    tasks = tuple(_known_task(flow, each) for each in objects(fields.get("tasks")))
    links = tuple(
        Link(other.id, other.name)
        for other in (ask.flow(whole(each.get("flowId"))) for each in objects(fields.get("flows")))
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
    return sound(Shape(tasks, links, relations))


def _known_task(flow: Flow, node: Mapping[str, Any]) -> Task:
    task = flow.shape.by_id.get(whole(node.get("taskId")))
    if task is None:
        raise Denied(62102, "no_flow")
    return task


def objects(value: object) -> list[Mapping[str, Any]]:
    """Return an optional array of objects. Raises Denied for anything else."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise Denied(62102, "body")
    return value


def sound(shape: Shape) -> Shape:
    """Return the graph if every relation leads to a task of it and none goes in a circle."""
    targets = {task.node for task in shape.tasks}
    sources = targets | {link.node for link in shape.links}
    if any(each.source not in sources or each.target not in targets for each in shape.relations):
        raise Denied(62102, "validation")
    try:
        _ = shape.order
    except ValueError as error:
        raise Denied(62102, "validation") from error
    return shape


def delete(ask: Ask) -> Any:
    """Delete Flow, with all its instances."""
    flow = ask.queried_flow()
    ask.must_own(flow)
    platform = ask.platform
    if any(link.flow_id == flow.id for other in platform.flows.values() for link in other.shape.links):
        raise Denied(62104, "relied_on")
    platform.schedule.stop(flow, ask.now)
    instances = platform.runs.of_flow(flow.id)
    if any(instance.end is None for instance in instances):
        platform.schedule.start(flow, ask.now)
        raise Denied(62104, "running")
    for instance in instances:
        platform.runs.forget(instance)
    del platform.flows[flow.id]
    platform.changed()
    return ""


def list_directories(ask: Ask) -> Any:
    """List Workflow Directories: the whole tree, files included."""
    return ask.printer.numbers([_folder(ask, each) for each in _under(ask, "")])


def _under(ask: Ask, parent: str) -> Iterable[Directory]:
    return (each for each in ask.platform.directories.values() if each.parent == parent)


def _folder(ask: Ask, directory: Directory) -> dict[str, Any]:
    files = [
        {"title": flow.name, "type": 1, "key": flow.id, "editable": ask.edits(flow), "isDirectory": False}
        for flow in ask.platform.flows.values()
        if flow.directory == directory.id and flow.org == ask.user.org
    ]
    folders = [_folder(ask, each) for each in _under(ask, directory.id)]
    return {
        "title": directory.title,
        "type": 1,
        "key": directory.id,
        "isDirectory": True,
        "children": [*folders, *files],
    }


def create_directory(ask: Ask) -> Any:
    """Create Directory."""
    name, parent = ask.text("dirName").strip(), ask.text("parentId").strip()
    if not name:
        raise Denied(62102, "dir_name")
    if not parent:
        raise Denied(62102, "parent_id")
    if parent not in ask.platform.directories:
        raise Denied(62102, "no_parent")
    if any(each.title == name for each in _under(ask, parent)):
        raise Denied(62102, "dir_taken")
    made = hashlib.sha256(f"{parent}/{name}".encode()).hexdigest()[:32]
    ask.platform.directories[made] = Directory(made, name, parent)
    ask.platform.changed()
    return {"dirId": made}

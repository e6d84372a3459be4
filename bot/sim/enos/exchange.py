"""The actions Export Flow and Import Flow."""

from collections.abc import Mapping
from typing import Any

from bot.sim.enos.action_call import ActionCall, pairs, whole
from bot.sim.enos.definitions import checked_graph, checked_schedule, names_of, objects
from bot.sim.enos.model import (
    PERIODIC,
    Denied,
    Flow,
    FlowLink,
    Relation,
    Shape,
    Task,
)
from bot.sim.enos.printer import RUN_MODE, compact, pairs_text

_FIRST_FREE = 9000


def export(call: ActionCall) -> Any:
    """Export Flow: tasks are given by name, other flows as links."""
    flow = call.queried_flow()
    names = {task.node: task.name for task in flow.shape.tasks}
    relations = [each for each in flow.shape.relations if each.source in names]
    link_relations = [each for each in flow.shape.relations if each.source not in names]
    exported = {
        "name": flow.name, "cycle": flow.cycle, "cron": flow.freq, "parameters": pairs_text(flow.parameters),
        "alertMode": flow.alert_mode, "submitter": flow.do_as, "owners": ";".join(flow.owners),
        "visitors": ";".join(flow.visitors), "type": flow.kind, "syncType": 1, "desc": flow.description,
        "startTime": flow.start_date, "tasks": [_exported(task) for task in flow.shape.tasks],
        "flowLinks": [{"linkId": link.node, "sourceFlowName": link.name} for link in flow.shape.links],
        "taskLinks": [],
        "relations": [
            {"sourceTaskName": names[each.source], "targetTaskName": names[each.target], "rerun": each.rerun}
            for each in relations
        ],
        "linkRelations": [
            {"linkId": each.source, "targetTaskName": names[each.target], "rerun": each.rerun}
            for each in link_relations
        ],
    }  # fmt: skip
    return call.printer.numbers(exported)


def _exported(task: Task) -> dict[str, Any]:
    return {
        "name": task.name, "resource": "default", "type": "COMMAND", "syncType": 1, "cmd": task.command,
        "submitter": "", "filePackage": "", "cron": "", "priorityLevel": 0, "timeout": int(task.limit),
        "retryLimit": task.retries, "retryInterval": int(task.pause), "successCode": "0", "asLink": False,
        "runMode": compact(RUN_MODE),
    }  # fmt: skip


def import_(call: ActionCall) -> Any:
    """Import Flow: a new flow from an export, owned by the user who imports it unless the export names owners."""
    name, directory = call.text("flowName").strip(), call.text("dirId")
    described = call.fields().get("flowJson")
    if not name:
        raise Denied(62102, "flow_name")
    if not isinstance(described, dict):
        raise Denied(62102, "parameter")
    if directory not in call.platform.directories:
        raise Denied(62102, "no_directory")
    if any(flow.name == name for flow in call.platform.flows.values()):
        raise Denied(62102, "name_taken")
    freq, cycle = checked_schedule(str(described.get("cron", "")), str(described.get("cycle", "")))
    flow = Flow(
        _free_id(call),
        name,
        names_of(described.get("owners")) or (call.user.name,),
        call.user.org,
        shape=_imported(call, described),
        visitors=names_of(described.get("visitors")),
        kind=whole(described.get("type", PERIODIC)),
        cycle=cycle,
        freq=freq,
        parameters=pairs(described.get("parameters", "[]")),
        description=call.text("desc"),
        do_as=str(described.get("submitter", "")),
        alert_mode=whole(described.get("alertMode", 0)),
        start_date=str(described.get("startTime", "")),
        directory=directory,
        created=call.now,
        updated=call.now,
    )
    call.platform.put_flow(flow)
    return {"flowId": call.printer.numbers(flow.id)}


def _free_id(call: ActionCall) -> int:
    """Choose the id asked for if no flow has it, else the next free one."""
    asked = call.fields().get("flowId")
    if asked is not None and whole(asked) not in call.platform.flows:
        return whole(asked)
    return max([_FIRST_FREE, *call.platform.flows]) + 1


def _imported(call: ActionCall, described: Mapping[str, Any]) -> Shape:
    """Read the graph of an export; its tasks get new ids."""
    first = max([_FIRST_FREE, *(task for flow in call.platform.flows.values() for task in flow.shape.by_id)]) + 1
    tasks = tuple(_task(first + index, each) for index, each in enumerate(objects(described.get("tasks"))))
    nodes = {task.name: task.node for task in tasks}
    flows = {flow.name: flow.id for flow in call.platform.flows.values()}
    links: dict[str, FlowLink] = {}
    for each in objects(described.get("flowLinks")):
        other = str(each.get("sourceFlowName"))
        if other not in flows:
            raise Denied(62102, "validation")
        links[str(each.get("linkId"))] = FlowLink(flows[other], other)
    ends = [(nodes.get(str(each.get("sourceTaskName")), ""), each) for each in objects(described.get("relations"))] + [
        (links[str(each.get("linkId"))].node if str(each.get("linkId")) in links else "", each)
        for each in objects(described.get("linkRelations"))
    ]
    relations = tuple(
        Relation(source, nodes.get(str(each.get("targetTaskName")), ""), rerun=bool(each.get("rerun", True)))
        for source, each in ends
    )
    return checked_graph(Shape(tasks, tuple(links.values()), relations))


def _task(task_id: int, described: Mapping[str, Any]) -> Task:
    return Task(
        task_id,
        str(described.get("name")),
        command=str(described.get("cmd", "")),
        limit=whole(described.get("timeout", 300)),
        retries=whole(described.get("retryLimit", 0)),
        pause=whole(described.get("retryInterval", 0)),
    )

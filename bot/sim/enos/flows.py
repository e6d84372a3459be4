"""The actions on flows that read and run them."""

from operator import attrgetter
from typing import Any

from bot.sim.enos.action_call import ActionCall, pairs
from bot.sim.enos.instances import page_of, sorters_of
from bot.sim.enos.model import Denied, Flow

_SORTS = {"create_time": "created", "update_time": "updated", "start_time": "start_date"}
_PLACEHOLDER = "2791-19700101000000"  # what the return sample of Trigger Flow prints


def get(call: ActionCall) -> Any:
    """Get Flow, as the user sees it."""
    flow = call.queried_flow()
    return call.printer.numbers(call.printer.single(_printed(call, flow)))


def _printed(call: ActionCall, flow: Flow) -> dict[str, Any]:
    return call.printer.flow(flow, edit=call.edits(flow), read=call.reads(flow), user_locked=call.user.locked)


def load_for_edit(call: ActionCall) -> Any:
    """Load Flow For Edit: the flow with its queue."""
    flow = call.queried_flow()
    return call.printer.numbers(call.printer.single(_printed(call, flow) | {"queue": flow.queue}))


def _fitting(call: ActionCall, expression: object) -> list[Flow]:
    if not isinstance(expression, str):
        raise Denied(62102, "body")
    needle = expression.casefold()
    return [
        flow
        for flow in call.platform.flows.values()
        if flow.org == call.user.org and (needle in str(flow.id) or needle in flow.name.casefold())
    ]


def get_my_flow(call: ActionCall) -> Any:
    """Get My Flow: the flows related to the user."""
    mine = [flow for flow in _fitting(call, call.query.get("expression", "")) if call.reads(flow)]
    return call.printer.numbers([call.printer.my_flow(flow, edit=call.edits(flow)) for flow in mine])


def search(call: ActionCall) -> Any:
    """Search Flow: one page of the flows of the whole organization."""
    pagination = call.field("pagination")
    number, size = page_of(call, pagination)
    found = _fitting(call, call.fields().get("expression") or "")
    for field, descending in reversed(sorters_of(pagination)):
        if field not in _SORTS:
            raise Denied(62102, "flow_sorter")
        found.sort(key=attrgetter(_SORTS[field]), reverse=descending)
    page = found[number * size : number * size + size]
    return call.printer.numbers([call.printer.flow_name(flow) for flow in page])


def trigger(call: ActionCall) -> Any:
    """Trigger Flow: run all tasks."""
    flow_id, at = call.whole("flowId"), call.moment("triggerTime")
    flow = call.flow(flow_id, "not_created")
    call.must_move(flow)
    return _started(call, flow, at)


def trigger_from_task(call: ActionCall) -> Any:
    """Trigger Flow From Task: run the task and all that is downstream of it."""
    flow_id, task, at = call.whole("flowId"), call.whole("taskId"), call.moment("triggerTime")
    flow = call.flow(flow_id, "not_created")
    call.must_move(flow)
    if flow.shape.tasks and task not in flow.shape.by_id:
        raise Denied(62102, "not_created")
    return _started(call, flow, at, task=task)


def update_and_trigger(call: ActionCall) -> Any:
    """Update And Trigger Flow: run all tasks once with other parameters."""
    flow_id, at, sent = call.whole("flowId"), call.moment("triggerTime"), pairs(call.field("parameters"))
    flow = call.flow(flow_id, "not_created")
    call.must_move(flow)
    merged = call.platform.switches.parameters_update == "merge"
    parameters = tuple((dict(flow.parameters) | dict(sent)).items()) if merged else sent
    return _started(call, flow, at, parameters=parameters)


def _started(
    call: ActionCall,
    flow: Flow,
    at: float,
    *,
    task: int | None = None,
    parameters: tuple[tuple[str, str], ...] | None = None,
) -> Any:
    instance = call.platform.start(flow, at, task=task)
    if parameters is not None:
        instance.parameters = parameters
    placeholder = call.platform.switches.triggered_id == "placeholder"
    return {"flowInstanceId": _PLACEHOLDER if placeholder else instance.id}


def enable(call: ActionCall) -> Any:
    """Enable Flow: scheduling on."""
    return _scheduling(call, active=True)


def disable(call: ActionCall) -> Any:
    """Disable Flow: scheduling off."""
    return _scheduling(call, active=False)


def _scheduling(call: ActionCall, *, active: bool) -> str:
    flow = call.flow(call.whole("flowId"))
    call.must_move(flow)
    if flow.active is not active:
        call.platform.edit(flow.id, active=active, updated=call.now, updated_by=call.user.name)
    return ""

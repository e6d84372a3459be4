"""The actions on flows that read and run them."""

from operator import attrgetter
from typing import Any

from bot.sim.enos.ask import Ask, pairs
from bot.sim.enos.instances import page_of, sorters_of
from bot.sim.enos.model import Denied, Flow

_SORTS = {"create_time": "created", "update_time": "updated", "start_time": "start_date"}
_PLACEHOLDER = "2791-19700101000000"  # what the return sample of Trigger Flow prints


def get(ask: Ask) -> Any:
    """Get Flow, as the user sees it."""
    flow = ask.queried_flow()
    return ask.printer.numbers(ask.printer.single(_printed(ask, flow)))


def _printed(ask: Ask, flow: Flow) -> dict[str, Any]:
    return ask.printer.flow(flow, edit=ask.edits(flow), read=ask.reads(flow), user_locked=ask.user.locked)


def load_for_edit(ask: Ask) -> Any:
    """Load Flow For Edit: the flow with its queue."""
    flow = ask.queried_flow()
    return ask.printer.numbers(ask.printer.single(_printed(ask, flow) | {"queue": flow.queue}))


def _fitting(ask: Ask, expression: object) -> list[Flow]:
    if not isinstance(expression, str):
        raise Denied(62102, "body")
    needle = expression.casefold()
    return [
        flow
        for flow in ask.platform.flows.values()
        if flow.org == ask.user.org and (needle in str(flow.id) or needle in flow.name.casefold())
    ]


def get_my_flow(ask: Ask) -> Any:
    """Get My Flow: the flows related to the user."""
    mine = [flow for flow in _fitting(ask, ask.query.get("expression", "")) if ask.reads(flow)]
    return ask.printer.numbers([ask.printer.my_flow(flow, edit=ask.edits(flow)) for flow in mine])


def search(ask: Ask) -> Any:
    """Search Flow: one page of the flows of the whole organization."""
    pagination = ask.field("pagination")
    number, size = page_of(ask, pagination)
    found = _fitting(ask, ask.fields().get("expression") or "")
    for field, descending in reversed(sorters_of(pagination)):
        if field not in _SORTS:
            raise Denied(62102, "flow_sorter")
        found.sort(key=attrgetter(_SORTS[field]), reverse=descending)
    page = found[number * size : number * size + size]
    return ask.printer.numbers([ask.printer.flow_name(flow) for flow in page])


def trigger(ask: Ask) -> Any:
    """Trigger Flow: run all tasks."""
    flow_id, at = ask.whole("flowId"), ask.moment("triggerTime")
    flow = ask.flow(flow_id, "not_created")
    ask.must_move(flow)
    return _started(ask, flow, at)


def trigger_from_task(ask: Ask) -> Any:
    """Trigger Flow From Task: run the task and all that is downstream of it."""
    flow_id, task, at = ask.whole("flowId"), ask.whole("taskId"), ask.moment("triggerTime")
    flow = ask.flow(flow_id, "not_created")
    ask.must_move(flow)
    if flow.shape.tasks and task not in flow.shape.by_id:
        raise Denied(62102, "not_created")
    return _started(ask, flow, at, task=task)


def update_and_trigger(ask: Ask) -> Any:
    """Update And Trigger Flow: run all tasks once with other parameters."""
    flow_id, at, sent = ask.whole("flowId"), ask.moment("triggerTime"), pairs(ask.field("parameters"))
    flow = ask.flow(flow_id, "not_created")
    ask.must_move(flow)
    merged = ask.platform.switches.parameters_update == "merge"
    parameters = tuple((dict(flow.parameters) | dict(sent)).items()) if merged else sent
    return _started(ask, flow, at, parameters=parameters)


def _started(
    ask: Ask, flow: Flow, at: float, *, task: int | None = None, parameters: tuple[tuple[str, str], ...] | None = None
) -> Any:
    instance = ask.platform.start(flow, at, task=task)
    if parameters is not None:
        instance.parameters = parameters
    placeholder = ask.platform.switches.triggered_id == "placeholder"
    return {"flowInstanceId": _PLACEHOLDER if placeholder else instance.id}


def enable(ask: Ask) -> Any:
    """Enable Flow: scheduling on."""
    return _scheduling(ask, active=True)


def disable(ask: Ask) -> Any:
    """Disable Flow: scheduling off."""
    return _scheduling(ask, active=False)


def _scheduling(ask: Ask, *, active: bool) -> str:
    flow = ask.flow(ask.whole("flowId"))
    ask.must_move(flow)
    if flow.active is not active:
        ask.platform.edit(flow.id, active=active, updated=ask.now, updated_by=ask.user.name)
    return ""

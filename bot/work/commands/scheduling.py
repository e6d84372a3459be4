"""Scheduling: enable, disable and cancel. Each answer offers the reverse; disable and cancel ask once."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace

from bot.core.command.requests import Cancel, Disable, Enable
from bot.core.errors import Offer, Refused, TemporaryFailure, Unclear
from bot.core.flow.graph import ended
from bot.core.flow.model import Flow, FlowId, InstanceId
from bot.core.flow.status import name_of
from bot.core.people.model import ASKED
from bot.core.text.escape import code, mention
from bot.messages.cards import answers, flows
from bot.work.commands import targets
from bot.work.commands.context import Answer, CommandContext, Services


async def enable(services: Services, context: CommandContext, request: Enable) -> Answer:
    """Turn scheduling on."""
    flow = await targets.owned_flow(
        services, context, await targets.flow_id(services, context, request.flow, exact=True)
    )
    if flow.active:
        raise _already(flow, "on", ("Disable", f"disable {flow.id}"))
    lost = await _switch_schedule(services, context, flow, services.enos.enable)
    text = f"{mention(context.incoming.by.user)} turned scheduling of {_named(flow)} on{lost}."
    return _changed(context, flow.id, text, ("Disable", f"disable {flow.id}"), request="enable", result=str(flow.id))


async def disable(services: Services, context: CommandContext, request: Disable) -> Answer:
    """Turn scheduling off, after a question."""
    flow = await targets.owned_flow(
        services, context, await targets.flow_id(services, context, request.flow, exact=True)
    )
    if not flow.active:
        raise _already(flow, "off", ("Enable", f"enable {flow.id}"))
    if not request.confirmed:
        text = (
            f"Turn scheduling of {_named(flow)} off? No new runs start by themselves until somebody enables it "
            "again; runs that are under way go on."
        )
        return _question(context, text, ("Turn scheduling off", f"disable {flow.id} confirmed"))
    lost = await _switch_schedule(services, context, flow, services.enos.disable)
    text = f"{mention(context.incoming.by.user)} turned scheduling of {_named(flow)} off{lost}."
    return _changed(context, flow.id, text, ("Enable", f"enable {flow.id}"), request="disable", result=str(flow.id))


async def cancel(services: Services, context: CommandContext, request: Cancel) -> Answer:
    """Ask EnOS to cancel a run, after a question."""
    instance = await targets.instance(services, context, request.instance)
    flow = await targets.owned_flow(services, context, instance.flow_id)
    run = f"run {code(instance.id)} of {_named(flow)}"
    show = ("Show", f"show {instance.id}")
    if ended(instance):
        text = f"R{run[1:]} has ended already, with {name_of(instance.status)}, so there is nothing left to stop."
        raise targets.FormattedRefusal("already_ended", text, [show])
    if not request.confirmed:
        text = (
            f"Stop {run}, now {name_of(instance.status)}? "
            "What it has handed to the big-data back end already goes on there."
        )
        return _question(context, text, ("Stop the run", f"cancel {instance.id} confirmed"))
    await _record_call(services, context, {"act": "cancel", "instance": instance.id})
    lost = ""
    try:
        await services.enos.cancel(instance.id, as_user=context.link.user_id)
    except Unclear:
        lost = f" EnOS's answer was lost, and {await _state(services, context, instance.id)}."
    text = f"{mention(context.incoming.by.user)} asked EnOS to stop {run}.{lost} It may take a moment."
    return _changed(context, flow.id, text, show, request="cancel", result=instance.id)


async def _state(services: Services, context: CommandContext, instance: InstanceId) -> str:
    try:
        found = await services.enos.instance(instance, as_user=context.link.user_id)
    except TemporaryFailure:
        return "how the run stands could not be read"
    return f"the run is {name_of(found.status)} now" if found else "EnOS does not show the run now"


async def _switch_schedule(
    services: Services, context: CommandContext, flow: Flow, act: Callable[..., Awaitable[None]]
) -> str:
    """Make the call, and read the flow again after a lost answer. Returns what to add to the sentence."""
    user = context.link.user_id
    await _record_call(services, context, {"act": "switch", "flow": flow.id, "active": not flow.active})
    try:
        await act(flow.id, as_user=user)
    except Unclear as unclear:
        try:
            now = await services.enos.flow(flow.id, as_user=user)
        except TemporaryFailure:
            raise unclear from None  # it may have been done
        if now.active is flow.active:
            raise Refused(
                "not_switched",
                f"EnOS's answer was lost, and flow {flow.id} shows its scheduling unchanged.",
                "Ask again if you still want it.",
            ) from None
        return " (EnOS's answer was lost, but the flow shows it)"
    return ""


async def _record_call(services: Services, context: CommandContext, what: dict[str, object]) -> None:
    """Write what is needed to look the call up, in case this process ends before EnOS answers.

    Done right before the call. Raises ``Refused`` where the link that the call is made by has changed.
    """
    if context.attempt is not None:
        written = json.dumps(what | {"user": context.link.user_id})
        await services.store.set_attempt_detail(context.attempt, written, linked=replace(context.link, verified=True))


def _named(flow: Flow) -> str:
    return flows.flow_name(flow.id, flow.name)


def _already(flow: Flow, state: str, offer: Offer) -> targets.FormattedRefusal:
    text = f"Scheduling of {_named(flow)} is {state} already, so nothing was changed."
    return targets.FormattedRefusal("already_so", text, [offer])


def _question(context: CommandContext, text: str, offer: Offer) -> Answer:
    return Answer(answers.told(context.words, text, post=context.post, offers=[offer]), private=True, outcome=ASKED)


def _changed(context: CommandContext, flow: FlowId, text: str, offer: Offer, *, request: str, result: str) -> Answer:
    body = answers.told(context.words, text, post=context.post, offers=[offer])
    return Answer(body, public=True, in_incident=context.about(flow), request=request, result=result)

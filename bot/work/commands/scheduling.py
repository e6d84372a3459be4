"""Scheduling: enable, disable and cancel. Each answer offers the reverse; disable and cancel ask once."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace

from bot.core.command.requests import Cancel, Disable, Enable
from bot.core.errors import Offer, Refusal, TemporaryFailure, Unclear
from bot.core.flow.graph import ended
from bot.core.flow.model import Flow, FlowId, InstanceId
from bot.core.people.model import ASKED
from bot.core.text.escape import Markup, code, mention
from bot.core.text.message import Text, dots, msg, sentences
from bot.messages.cards import answers, flows, runs
from bot.work.commands import targets
from bot.work.commands.context import Answer, CommandContext, Services


async def enable(services: Services, context: CommandContext, request: Enable) -> Answer:
    """Enable a schedule."""
    flow = await targets.owned_flow(
        services, context, await targets.flow_id(services, context, request.flow, exact=True)
    )
    if flow.active:
        text = msg("The schedule of {flow} is already on. Nothing was changed.", flow=_named(flow))
        raise Refusal("already_so", text, offers=[_disable(flow)])
    unsure = await _switch_schedule(services, context, flow, services.enos.enable)
    done = msg("{person} enabled the schedule of {flow}.", person=_asker(context), flow=_named(flow))
    return _changed(
        context,
        flow.id,
        sentences(done, unsure),
        _disable(flow),
        headline=dots(msg("Schedule enabled"), _named(flow)),
        request="enable",
        result=str(flow.id),
    )


async def disable(services: Services, context: CommandContext, request: Disable) -> Answer:
    """Disable a schedule, after a question."""
    flow = await targets.owned_flow(
        services, context, await targets.flow_id(services, context, request.flow, exact=True)
    )
    if not flow.active:
        text = msg("The schedule of {flow} is already off. Nothing was changed.", flow=_named(flow))
        raise Refusal("already_so", text, offers=[_enable(flow)])
    if not request.confirmed:
        question = msg(
            "Disable the schedule of {flow}? No new runs will start until somebody enables it. "
            "Current runs keep running.",
            flow=_named(flow),
        )
        return _question(context, question, (_disable(flow)[0], f"disable {flow.id} confirmed"))
    unsure = await _switch_schedule(services, context, flow, services.enos.disable)
    done = msg("{person} disabled the schedule of {flow}.", person=_asker(context), flow=_named(flow))
    return _changed(
        context,
        flow.id,
        sentences(done, unsure),
        _enable(flow),
        headline=dots(msg("Schedule disabled"), _named(flow)),
        request="disable",
        result=str(flow.id),
    )


async def cancel(services: Services, context: CommandContext, request: Cancel) -> Answer:
    """Ask EnOS to cancel a run, after a question."""
    instance = await targets.instance(services, context, request.instance)
    flow = await targets.owned_flow(services, context, instance.flow_id)
    run, named = code(instance.id), _named(flow)
    show: Offer = (runs.VIEW_RUN, f"show {instance.id}")
    if ended(instance):
        status = flows.status_word(instance.status)
        text = msg("Run {run} of {flow} has already ended ({status}).", run=run, flow=named, status=status)
        raise Refusal("already_ended", text, offers=[show])
    if not request.confirmed:
        question = msg(
            "Cancel run {run} of {flow}? Work already handed to the big-data cluster continues.", run=run, flow=named
        )
        return _question(context, question, (msg("Cancel run"), f"cancel {instance.id} confirmed"))
    await _record_call(services, context, {"act": "cancel", "instance": instance.id})
    then: Text = msg("It may take a moment.")
    try:
        await services.enos.cancel(instance.id, as_user=context.link.user_id)
    except Unclear:
        then = await _state(services, context, instance.id)
    asked = msg("{person} asked EnOS to cancel run {run} of {flow}.", person=_asker(context), run=run, flow=named)
    done = sentences(asked, then)
    headline = dots(msg("Cancel requested"), named, run)
    return _changed(context, flow.id, done, show, headline=headline, request="cancel", result=instance.id)


async def _state(services: Services, context: CommandContext, instance: InstanceId) -> Text:
    """What is known of a run after a lost answer."""
    try:
        found = await services.enos.instance(instance, as_user=context.link.user_id)
    except TemporaryFailure:
        return msg("EnOS did not confirm, and I could not read the run's status.")
    if found is None:
        return msg("EnOS did not confirm, and does not show the run now.")
    return msg("EnOS did not confirm. The run's status now: {status}.", status=flows.status_word(found.status))


async def _switch_schedule(
    services: Services, context: CommandContext, flow: Flow, act: Callable[..., Awaitable[None]]
) -> Text | None:
    """Make the call, and read the flow again after a lost answer. Returns what to add to the answer."""
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
            raise Refusal(
                "not_switched",
                msg(
                    "EnOS did not confirm, and the schedule of {flow} has not changed. Try again if you still want it.",
                    flow=_named(flow),
                ),
            ) from None
        return msg("EnOS did not confirm, but the flow shows the change.")
    return None


async def _record_call(services: Services, context: CommandContext, what: dict[str, object]) -> None:
    """Write what is needed to look the call up, in case this process ends before EnOS answers.

    Done right before the call. Raises ``Refusal`` where the link that the call is made by has changed.
    """
    if context.attempt is not None:
        written = json.dumps(what | {"user": context.link.user_id})
        await services.store.set_attempt_detail(context.attempt, written, linked=replace(context.link, verified=True))


def _asker(context: CommandContext) -> Markup:
    return mention(context.incoming.by.user)


def _named(flow: Flow) -> Markup:
    return flows.flow_name(flow.id, flow.name)


def _enable(flow: Flow) -> Offer:
    return msg("Enable schedule"), f"enable {flow.id}"


def _disable(flow: Flow) -> Offer:
    return msg("Disable schedule"), f"disable {flow.id}"


def _question(context: CommandContext, text: Text, offer: Offer) -> Answer:
    return Answer(answers.told(context.words, text, post=context.post, offers=[offer]), private=True, outcome=ASKED)


def _changed(
    context: CommandContext, flow: FlowId, text: Text, offer: Offer, *, headline: Text, request: str, result: str
) -> Answer:
    body = answers.told(context.words, text, headline=headline, post=context.post, offers=[offer])
    return Answer(body, public=True, in_incident=context.about(flow), request=request, result=result)

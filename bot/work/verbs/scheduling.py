"""Scheduling: enable, disable and cancel. Each answer carries its reverse; what stops something asks once."""

from collections.abc import Awaitable, Callable

from bot.core.cards import answers
from bot.core.errors import Refused, Unclear
from bot.core.escape import code, mention
from bot.core.flows import Flow, FlowId, UserId
from bot.core.requests import Cancel, Disable, Enable
from bot.core.status import is_finished, name_of
from bot.work import finding
from bot.work.asking import Answer, Ask, Rooms


async def enable(rooms: Rooms, ask: Ask, request: Enable) -> Answer:
    """Turn scheduling on."""
    flow = await finding.owned_flow(rooms, ask, request.flow)
    done = await _switched(rooms, ask, flow, active=True)
    was = " It was on already." if flow.active else ""
    text = f"{mention(ask.person.user)} turned scheduling of {finding.in_words(flow)} on{done}.{was}"
    return _changed(ask, text, ("Disable", f"disable {flow.id}"), request="enable", answer=str(flow.id))


async def disable(rooms: Rooms, ask: Ask, request: Disable) -> Answer:
    """Turn scheduling off, after asking once."""
    flow = await finding.owned_flow(rooms, ask, request.flow)
    if not request.confirmed:
        text = (
            f"Turn scheduling of {finding.in_words(flow)} off? No new runs will start by themselves until it is "
            "enabled again; runs that go on are not stopped."
        )
        return _question(ask, text, ("Turn scheduling off", f"disable {flow.id} confirmed"))
    done = await _switched(rooms, ask, flow, active=False)
    was = "" if flow.active else " It was off already."
    text = f"{mention(ask.person.user)} turned scheduling of {finding.in_words(flow)} off{done}.{was}"
    return _changed(ask, text, ("Enable", f"enable {flow.id}"), request="disable", answer=str(flow.id))


async def cancel(rooms: Rooms, ask: Ask, request: Cancel) -> Answer:
    """Ask EnOS to stop a run, after asking once."""
    instance = await finding.instance(rooms, ask, request.instance)
    flow = await finding.owned_flow(rooms, ask, instance.flow_id)
    if is_finished(instance.status):
        raise Refused(
            "finished",
            f"Run {instance.id} has ended already, with {name_of(instance.status)}; there is nothing to cancel.",
        )
    if not request.confirmed:
        text = (
            f"Stop run {code(instance.id)} of {finding.in_words(flow)}, now {name_of(instance.status)}? "
            "Work that was handed to the big-data back end already goes on there."
        )
        return _question(ask, text, ("Stop the run", f"cancel {instance.id} confirmed"))
    lost = ""
    try:
        await rooms.enos.cancel(instance.id, as_user=ask.link.user_id)
    except Unclear:
        after = await rooms.enos.instance(instance.id, as_user=ask.link.user_id)
        state = name_of(after.status) if after else "unknown"
        lost = f" EnOS's answer was lost; the run is {state} now."
    text = (
        f"{mention(ask.person.user)} asked EnOS to stop run {code(instance.id)} of {finding.in_words(flow)}.{lost} "
        "It may take a moment."
    )
    offer = ("Show", f"show {instance.id}")
    return _changed(ask, text, offer, request="cancel", answer=instance.id)


async def _switched(rooms: Rooms, ask: Ask, flow: Flow, *, active: bool) -> str:
    """Make the call; after a lost answer read back what is true. Return what to add to the sentence."""
    act: Callable[..., Awaitable[None]] = rooms.enos.enable if active else rooms.enos.disable
    which: FlowId = flow.id
    user: UserId = ask.link.user_id
    try:
        await act(which, as_user=user)
    except Unclear:
        if (await rooms.enos.flow(which, as_user=user)).active is not active:
            raise Refused(
                "not_switched",
                "EnOS's answer was lost, and the flow's scheduling is unchanged.",
                "Ask again if you still want it.",
            ) from None
        return " (EnOS's answer was lost; the flow shows it)"
    return ""


def _question(ask: Ask, text: str, offer: answers.OFFER) -> Answer:
    return Answer(answers.told(ask.words, text, post=ask.post, offers=[offer]), private=True, outcome="asked_back")


def _changed(ask: Ask, text: str, offer: answers.OFFER, *, request: str, answer: str) -> Answer:
    body = answers.told(ask.words, text, post=ask.post, offers=[offer])
    return Answer(
        body,
        public=True,
        in_incident=ask.incident,
        settlement=ask.settled(request=request, answer=answer),
    )

"""Snoozes: begin, end and list them. A change is said in the threads of the flow's incidents, else where asked."""

from dataclasses import replace

from bot.core.command.parse import in_words
from bot.core.command.requests import ALL, SUCCESS, FlowRef, Snooze, Snoozes, Unsnooze
from bot.core.errors import Refusal, TemporaryFailure
from bot.core.flow.model import FlowId, UserName
from bot.core.incident import model, snoozes
from bot.core.incident.lifecycle import is_live
from bot.core.incident.model import Incident, IncidentCard, IncidentId, Phase, SnoozeId
from bot.core.outbox.posts import PostId
from bot.core.text.escape import code, mention_channel
from bot.core.text.likeness import likeness
from bot.core.text.mask import without_secrets
from bot.core.text.message import Text, lines, msg, sentences
from bot.messages.cards import answers, flows
from bot.messages.cards import snoozes as cards
from bot.work.commands import incidents, targets
from bot.work.commands.context import Answer, CommandContext, Services, posts_for
from bot.work.commands.incident_targets import RECENT
from bot.work.commands.listing import left_out, listed, on_page
from bot.work.commands.responders import authorize
from bot.work.commands.snooze_actions import all_message


async def snooze(services: Services, context: CommandContext, request: Snooze) -> Answer:
    """Call nobody about a flow, or about any, for a while."""
    snoozes.needs_reason(_about_thread(context, request))
    until = snoozes.ends_at(_about_thread(context, request), context.now, context.zone)
    because = without_secrets(request.because, services.answer_settings.mask)
    new = model.Snooze(
        id=SnoozeId(services.new_id()),
        flow_id=None,
        flow_name="",
        by=context.incoming.by,
        at=context.now,
        until=until,
        because=because,
        until_success=request.until == SUCCESS,
    )
    if request.scope == ALL:
        return await _begin_all(services, context, new)
    flow = await targets.flow_id(services, context, request.flow, exact=True)
    incident = await _shown_incident(services, context, flow)
    linked = await authorize(services, context, incident, needs_link=True)
    new = replace(new, flow_id=flow, flow_name=incident.flow_name)
    said = lines(cards.snoozed(new), None if is_live(incident) and incident.id else _next_failure(incident))
    answer = Answer(answers.told(context.words, said, post=context.post), public=True)
    told_in = await services.incident_actions.snoozes.begin(
        new,
        attempt_result=context.attempt_result(services.clock(), linked=linked),
        words=context.words,
        elsewhere=await posts_for(services, context, answer),
    )
    return await _ended(
        services, context, told_in, msg("You snoozed {flow}.", flow=flows.flow_name(flow, incident.flow_name))
    )


async def unsnooze(services: Services, context: CommandContext, request: Unsnooze) -> Answer:
    """End a snooze before its time."""
    active = [each for each in await services.store.snoozes() if snoozes.is_active(each, services.clock())]
    if request.scope == ALL:
        return await _end_all(services, context, next((each for each in active if each.flow_id is None), None))
    found = next((each for each in active if _is_about(each, context, request.flow)), None)
    flow = found.flow_id if found else await targets.flow_id(services, context, request.flow, exact=True)
    if flow is None:
        raise LookupError("a snooze of all flows is about no flow")
    linked = None
    if found is None or found.by != context.incoming.by:
        known = await _newest(services, context, flow) or _without_incident(services, context, flow)
        linked = await authorize(services, context, known)
    if found is None:
        raise _not_snoozed(flow, is_all=any(each.flow_id is None for each in active))
    said = sentences(cards.ended_by(found, context.incoming.by), msg("The next failure notifies people again."))
    answer = Answer(answers.told(context.words, said, post=context.post), public=True)
    told_in = await services.incident_actions.snoozes.end(
        found,
        context.incoming.by,
        context.now,
        attempt_result=context.attempt_result(services.clock(), linked=linked),
        words=context.words,
        elsewhere=await posts_for(services, context, answer),
    )
    return await _ended(services, context, told_in, msg("You ended the snooze of {flow}.", flow=cards.name(found)))


async def list_snoozes(services: Services, context: CommandContext, request: Snoozes) -> Answer:
    """List what is snoozed, as far as EnOS shows it to the asker; each with its button."""
    active = [each for each in await services.store.snoozes() if snoozes.is_active(each, context.now)]
    of_flows = {each.id: each for each in active if each.flow_id is not None}
    seen, unchecked = await services.flow_access.visible_incidents(
        services.enos,
        context.link,
        [_as_incident(services, context, each) for each in of_flows.values()],
        context.now,
        services.answer_settings.alert_statuses,
    )
    shown = [each for each in active if each.flow_id is None] + [of_flows[SnoozeId(each.id)] for each in seen]
    nothing = msg("Nothing is snoozed.") if not unchecked else msg("Nothing is snoozed that I could check.")
    card = listed(
        context,
        request,
        [cards.in_list(each) for each in shown],
        msg("Snoozed: {n}", n=len(shown)),
        nothing,
        notes=left_out(unchecked),
        accessories=[cards.end_button(shown[at], context.post, at) for at in on_page(request, len(shown))],
    )
    return Answer(card)


# ── all flows ──


async def _begin_all(services: Services, context: CommandContext, new: model.Snooze) -> Answer:
    told = PostId(f"{new.id}-began")
    body = cards.all_begins(new, told)
    answer = _told_there(services, context, msg("You snoozed all flows until {time}.", time=new.until))
    there = all_message(services.answer_settings.channel, body, told, context.now)
    await services.incident_actions.snoozes.begin(
        new,
        attempt_result=context.attempt_result(services.clock()),
        words=context.words,
        elsewhere=[there, *await posts_for(services, context, answer)],
    )
    services.wake()
    return replace(answer, queued=True)


async def _end_all(services: Services, context: CommandContext, found: model.Snooze | None) -> Answer:
    if found is None:
        raise Refusal("not_snoozed", msg("There is no snooze of all flows."), msg("Nothing was changed."))
    open_now = len(await services.store.incidents(live=True, limit=incidents.MOST_INCIDENTS))
    body = cards.all_over(open_now, context.incoming.by)
    answer = _told_there(services, context, msg("You ended the snooze of all flows."))
    there = all_message(services.answer_settings.channel, body, PostId(f"{found.id}-over"), context.now)
    await services.incident_actions.snoozes.end(
        found,
        context.incoming.by,
        context.now,
        attempt_result=context.attempt_result(services.clock()),
        words=context.words,
        elsewhere=[there, *await posts_for(services, context, answer)],
    )
    services.wake()
    return replace(answer, queued=True)


def _told_there(services: Services, context: CommandContext, done: Text) -> Answer:
    """The private answer to what the alert channel is told."""
    there = msg("I posted this in {channel}.", channel=mention_channel(services.answer_settings.channel))
    return Answer(answers.told(context.words, sentences(done, there), post=context.post), private=True)


# ── one flow ──


def _about_thread(context: CommandContext, request: Snooze) -> Snooze:
    """The request with the flow of the thread, so that a command that is offered works anywhere."""
    if request.flow is None and request.scope != ALL and context.incident is not None:
        return replace(request, flow=FlowRef(context.incident.flow_id))
    return request


async def _shown_incident(services: Services, context: CommandContext, flow: FlowId) -> Incident:
    """The flow's newest incident, else one that says as much of the flow as EnOS shows the asker.

    Raises Refusal where EnOS shows them no such flow. Where EnOS does not answer, what is known must do: people on call
    can snooze then, too.
    """
    known = await _newest(services, context, flow)
    if context.about(flow) is not None and known is not None:
        return known
    try:
        shown = await services.enos.flow(flow, as_user=context.as_user)
    except TemporaryFailure:
        if known is None:
            raise
        return known
    return known or _without_incident(services, context, flow, shown.name, shown.owners)


async def _newest(services: Services, context: CommandContext, flow: FlowId) -> Incident | None:
    found = await services.store.incidents(live=False, flow=flow, since=context.now - RECENT, limit=1)
    return found[0] if found else None


def _without_incident(
    services: Services, context: CommandContext, flow: FlowId, name: str = "", owners: tuple[UserName, ...] = ()
) -> Incident:
    """What rights are checked of, for a flow without an incident: people of the alert channel are on call for it."""
    card = IncidentCard(services.answer_settings.channel, PostId(""))
    return Incident(IncidentId(""), flow, name, Phase.CLOSED, context.now, (card,), owners=owners)


def _is_about(snooze: model.Snooze, context: CommandContext, flow: FlowRef | None) -> bool:
    if snooze.flow_id is None:
        return False
    if flow is None:
        return context.incident is not None and context.incident.flow_id == snooze.flow_id
    if flow.id is not None:
        return flow.id == snooze.flow_id
    return likeness(flow.name) == likeness(snooze.flow_name)


def _next_failure(incident: Incident) -> Text:
    """What a snooze means for a flow that does not fail now."""
    holds = msg("The snooze applies to its next failure.")
    if incident.phase is Phase.RECOVERED and incident.ended_at is not None:
        return sentences(msg("The flow recovered {time}.", time=incident.ended_at), holds)
    return sentences(msg("The flow is not failing now."), holds)


def _not_snoozed(flow: FlowId, *, is_all: bool) -> Refusal:
    if is_all:
        return Refusal(
            "all_snoozed",
            msg("Flow {flow} has no snooze of its own. All flows are snoozed.", flow=code(str(flow))),
            msg("A flowbot admin can end that with {command}.", command=in_words("unsnooze all")),
        )
    return Refusal(
        "not_snoozed",
        msg("Flow {flow} is not snoozed. Nothing was changed.", flow=code(str(flow))),
        msg("{command} lists what is snoozed.", command=in_words("snoozes")),
    )


async def _ended(services: Services, context: CommandContext, told_in: tuple[Incident, ...], done: Text) -> Answer:
    """The answer where threads say it; where there is none, it is queued already."""
    services.wake()
    if not told_in:
        return Answer(None, queued=True)
    return await incidents.answer(services, context, told_in[0], done)


def _as_incident(services: Services, context: CommandContext, snooze: model.Snooze) -> Incident:
    """A snooze as what is checked for whether somebody may see it: its maker always may."""
    seen = _without_incident(services, context, snooze.flow_id or FlowId(0), snooze.flow_name)
    return replace(seen, id=IncidentId(snooze.id), acked_by=snooze.by)

"""Incidents: list, acknowledge, hand back, close and reopen. Every change is shown in the incident's thread."""

import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import cast

from bot.core.command.parse import in_words
from bot.core.command.requests import (
    Ack,
    Close,
    FlowRef,
    Incidents,
    Reopen,
    Thread,
    Unack,
)
from bot.core.command.rights import Caller, Denial, may_respond
from bot.core.errors import Refusal, TemporaryFailure
from bot.core.flow.ids import flow_of
from bot.core.flow.model import FlowId, InstanceId, UserName
from bot.core.incident.lifecycle import is_live, reference
from bot.core.incident.model import Incident, Phase
from bot.core.outbox.conversations import SLACK_FAILURES, SlackRefused
from bot.core.outbox.pointers import post_presence
from bot.core.outbox.posts import is_direct
from bot.core.people.model import AttemptResult, Link, Surface
from bot.core.text.escape import EMPTY, Markup, code, mention, visible
from bot.core.text.likeness import likeness, unmarked
from bot.core.text.mask import without_secrets
from bot.core.text.message import Text, dots, layout, link, msg, plural, sentences
from bot.messages.cards import answers, flows
from bot.messages.symbols import PHASES
from bot.work.commands import targets, unmatched
from bot.work.commands.context import Answer, CommandContext, Services, acted, link_to, sees_thread
from bot.work.commands.listing import filter_line, left_out, listed, on_page
from bot.work.commands.people import proof

log = logging.getLogger(__name__)

OwnersRead = Callable[[Services, CommandContext, FlowId, Sequence[UserName]], Awaitable[targets.FlowOwners]]
IncidentRequest = Ack | Unack | Close | Reopen | Thread
MOST_INCIDENTS = 5000  # incidents that are read for a list
_RECENT = timedelta(days=14)  # how far back an ended incident is found by its flow


async def incidents(services: Services, context: CommandContext, request: Incidents) -> Answer:
    """List what is open, since when and who has acknowledged it, with a link to each thread."""
    flow = await targets.flow_id(services, context, request.flow, exact=False) if request.flow else None
    owner = await targets.owner_name(services, context, request.owner)
    live = await services.store.incidents(live=True, flow=flow, limit=MOST_INCIDENTS)
    wanted = [each for each in live if _wanted(each, context, request.scope) and (not owner or owner in each.owners)]
    statuses = services.answer_settings.alert_statuses
    shown, unchecked = await services.flow_access.visible_incidents(
        services.enos, context.link, wanted, context.now, statuses
    )
    places = on_page(request, len(shown))  # an alert storm leaves a thousand: links are asked for one page only
    rows = [await _row(services, context, each) if place in places else EMPTY for place, each in enumerate(shown)]
    title, nothing = _heads(request.scope, len(shown), all_checked=not unchecked)
    if not (shown or unchecked):  # what EnOS hides is answered like what does not exist
        nothing = await unmatched.check_names(services, context, request, unmatched.NameFilter(flow, owner), nothing)
    if flow is not None:
        request = replace(request, flow=FlowRef(flow))
    filters = filter_line(flow, owner)
    return Answer(listed(context, request, rows, title, nothing, filters=filters, notes=left_out(unchecked)))


def _heads(scope: str, count: int, *, all_checked: bool) -> tuple[Text, Text]:
    """The title of the list, and the sentence where it has no rows."""
    if scope == "unacked":
        nothing = (
            msg("No unacknowledged incidents.")
            if all_checked
            else msg("No unacknowledged incidents that I could check.")
        )
        return msg("Unacknowledged incidents: {n}", n=count), nothing
    if scope == "mine":
        nothing = (
            msg("You have no open incidents.") if all_checked else msg("You have no open incidents that I could check.")
        )
        return msg("Your open incidents: {n}", n=count), nothing
    nothing = msg("No open incidents.") if all_checked else msg("No open incidents that I could check.")
    return msg("Open incidents: {n}", n=count), nothing


async def ack(services: Services, context: CommandContext, request: Ack) -> Answer:
    """Acknowledge an incident for a while."""
    incident, result = await _permitted(services, context, request)
    until = context.now + request.duration if request.duration else None
    await services.incident_actions.acknowledge(
        incident.id,
        context.incoming.by,
        context.now,
        until=until,
        note=without_secrets(request.because, services.answer_settings.mask),
        attempt_result=result,
        words=context.words,
    )
    return await _answer(services, context, incident, msg("You acknowledged {flow}.", flow=_named(incident)))


async def unack(services: Services, context: CommandContext, request: Unack) -> Answer:
    """Hand an incident back."""
    incident, result = await _permitted(services, context, request)
    await services.incident_actions.unack(
        incident.id, context.incoming.by, context.now, attempt_result=result, words=context.words
    )
    return await _answer(services, context, incident, msg("You handed {flow} back.", flow=_named(incident)))


async def close(services: Services, context: CommandContext, request: Close) -> Answer:
    """Close an incident without a recovery."""
    incident, result = await _permitted(services, context, request, needs_link=True)
    await services.incident_actions.close(
        incident.id,
        context.incoming.by,
        context.now,
        because=without_secrets(request.because, services.answer_settings.mask),
        attempt_result=result,
        words=context.words,
    )
    return await _answer(services, context, incident, msg("You closed {flow}.", flow=_named(incident)))


async def reopen(services: Services, context: CommandContext, request: Reopen) -> Answer:
    """Reopen a closed incident."""
    incident, result = await _permitted(services, context, request, needs_link=True)
    await services.incident_actions.reopen(
        incident.id, context.incoming.by, context.now, attempt_result=result, words=context.words
    )
    return await _answer(services, context, incident, msg("You reopened {flow}.", flow=_named(incident)))


async def thread(services: Services, context: CommandContext, request: Thread) -> Answer:
    """Open a thread for an incident that is only listed in a group's message."""
    incident, result = await _permitted(services, context, request)
    await services.incident_actions.open_thread(
        incident.id, context.incoming.by, context.now, attempt_result=result, words=context.words
    )
    services.wake()
    text = msg(
        "You opened a thread for {flow}. In a moment, its message is the newest one in {channel}.",
        flow=_named(incident),
        channel=Markup(f"<#{incident.home.channel}>"),
    )
    return Answer(answers.told(context.words, text, post=context.post), private=True)


async def _permitted(
    services: Services, context: CommandContext, request: IncidentRequest, *, needs_link: bool = False
) -> tuple[Incident, AttemptResult | None]:
    """The incident that is meant, where the asker may change it, and what ends the attempt as the change is written."""
    incident = await _target(services, context, request.flow, request.instance)
    linked = await authorize(services, context, incident, needs_link=needs_link)
    return incident, context.attempt_result(services.clock(), linked=linked)


async def _target(
    services: Services, context: CommandContext, flow: FlowRef | None, instance: InstanceId | None
) -> Incident:
    """The incident that is meant: by flow, by instance, or that of the thread; live ones first.

    EnOS is asked only where the incidents do not know the name: so they can be acknowledged while EnOS is down, and by
    people on call without a link.
    """
    if flow is None and instance is None:
        if context.incident is None:
            raise Refusal(
                "no_target",
                msg(
                    "Which incident? Name its flow, for example {command}.",
                    command=in_words(f"{context.row.verb} 2809"),
                ),
                msg("See the open ones with {command}.", command=in_words("incidents")),
            )
        return context.incident
    if context.incident is not None and _is_about(context.incident, flow, instance):
        return context.incident
    which = flow.id if flow is not None else flow_of(instance) if instance else None
    recent = await services.store.incidents(live=False, flow=which, since=context.now - _RECENT)
    matching = [each for each in recent if _is_about(each, flow, instance)] or _alike(recent, flow)
    if not matching and flow is not None and flow.id is None and context.as_user is not None:
        flow = FlowRef(await targets.flow_id(services, context, flow, exact=True))
        matching = list(await services.store.incidents(live=False, flow=flow.id, since=context.now - _RECENT))
    live = [each for each in matching if is_live(each)]
    if live or matching:
        return (live or matching)[0]
    raise _no_incident(flow, instance)


async def _not_there(services: Services, context: CommandContext) -> Refusal:
    """The refusal where no such incident exists; it names only what the asker named. May raise another refusal."""
    request = cast("IncidentRequest", context.request)
    flow = request.flow
    if flow is not None and flow.id is None:
        flow = FlowRef(await targets.flow_id(services, context, flow, exact=True))
    return _no_incident(flow, request.instance)


def _no_incident(flow: FlowRef | None, instance: InstanceId | None) -> Refusal:
    days = _RECENT.days
    if flow is None:
        unknown = msg("I found no incident of run {run} in the last {days} days.", run=code(str(instance)), days=days)
    else:
        named = code(str(flow.id or visible(flow.name)))
        unknown = msg("I found no incident of flow {flow} in the last {days} days.", flow=named, days=days)
    return Refusal(
        "no_incident",
        sentences(unknown, msg("Nothing was changed.")),
        msg("See the open ones with {command}.", command=in_words("incidents")),
    )


def _is_about(incident: Incident, flow: FlowRef | None, instance: InstanceId | None) -> bool:
    if flow is not None:
        return flow.id == incident.flow_id or (flow.id is None and incident.flow_name in (flow.typed, flow.name))
    return any(each.instance == instance for each in incident.occurrences)


def _alike(incidents: Sequence[Incident], flow: FlowRef | None) -> list[Incident]:
    """The incidents of the one flow whose name looks like this; none where several flows' names do."""
    if flow is None or flow.id is not None:
        return []
    found = [each for each in incidents if likeness(each.flow_name) in {likeness(flow.name), unmarked(flow.name)}]
    return found if len({each.flow_id for each in found}) == 1 else []


async def authorize(
    services: Services,
    context: CommandContext,
    incident: Incident,
    *,
    needs_link: bool = False,
    read_owners: OwnersRead = targets.current_owners,
) -> Link | None:
    """Check at this moment that the asker may: on call, an owner as EnOS says now, or handing back their own.

    Where EnOS does not show the flow any more, its last known owners count, and the person who has acknowledged it.
    Returns the link that must be unchanged when the change is written; None where it does not depend on one.
    """
    caller = context.caller
    if not services.answer_settings.oncall and caller.link is not None:
        caller = await _with_channel_members(services, context, incident)
    is_holder = incident.acked_by == context.incoming.by
    needed = caller.link if needs_link else None
    if (
        may_respond(caller, (), needs_link=needs_link, holds=is_holder and isinstance(context.request, Unack))
        is Denial.NONE
    ):
        return needed and replace(needed, verified=False)  # for people on call an unproven link is enough
    flow_owners = targets.FlowOwners(incident.owners)
    if caller.link is not None:
        flow_owners = await read_owners(services, context, incident.flow_id, incident.owners)
        await _record_gone(services, incident, flow_owners)
    reason = may_respond(caller, flow_owners.names, needs_link=needs_link, holds=is_holder and flow_owners.gone)
    if reason is Denial.NOT_VERIFIED and await _is_proven_now(services, context, incident, flow_owners):
        reason = Denial.NONE
    if reason is not Denial.NONE:
        raise await _refusal(services, replace(context, caller=caller), incident, reason, flow_owners)
    if caller.link is not None and caller.link.user_name in flow_owners.names:
        return replace(context.link, verified=True)
    return needed and replace(needed, verified=False)


async def _record_gone(services: Services, incident: Incident, flow_owners: targets.FlowOwners) -> None:
    """Say once in the thread that EnOS does not show the flow any more; note where it does again."""
    if flow_owners.gone:
        await services.incident_actions.gone(incident.id, services.clock())
    elif flow_owners.now and incident.gone:
        await services.incident_actions.shown_again(incident.id)


async def _is_proven_now(
    services: Services, context: CommandContext, incident: Incident, flow_owners: targets.FlowOwners
) -> bool:
    """Whether the asker's link is proven now: by this flow, or by any other where EnOS does not show this one."""
    if flow_owners.unread is None:
        flow = await services.enos.flow(incident.flow_id, as_user=context.as_user)
        return await targets.verified(services, context, flow)
    if isinstance(flow_owners.unread, TemporaryFailure):
        return False
    verified, _ = await proof(services, context.link)
    if verified and not await services.store.mark_proven(context.link):
        raise targets.link_changed()
    return verified


async def _refusal(
    services: Services, context: CommandContext, incident: Incident, reason: Denial, flow_owners: targets.FlowOwners
) -> Refusal:
    """Why not. It does not say "you may not" where something could not be read, or EnOS hides the flow from them."""
    # Everybody in the channel sees the card that was pressed, so nothing is given away about it.
    pressed = context.incident is not None and context.incident.id == incident.id
    if flow_owners.hidden and not pressed and reason is not Denial.NOT_LINKED:
        return await _not_there(services, context)
    if (
        flow_owners.unread is not None
        and not (flow_owners.now or flow_owners.gone)
        and reason is not Denial.ON_CALL_UNREAD
    ):
        return Refusal(
            "owners_unread",
            sentences(
                msg("I could not read who owns this flow, so I can't tell whether you may do this."),
                msg("Nothing was changed."),
                flow_owners.unread.message,
            ),
            msg("People on call can still do it."),
        )
    return await targets.denial(services, context, reason, flow_owners.names, _named(incident))


async def _with_channel_members(services: Services, context: CommandContext, incident: Incident) -> Caller:
    """The caller where the members of the incident's channels are on call.

    Where the bot may not list the members, somebody who writes in that channel counts as one.
    """
    then: Text | None = None
    for channel in [card.channel for card in incident.cards]:
        try:
            if context.incoming.by.user in await _readers(services, channel):
                return replace(context.caller, on_call=True)
        except SlackRefused as refused:
            log.warning("Slack did not list the members of %s: %s", channel, refused)
            if context.incoming.origin.channel == channel:
                return replace(context.caller, on_call=True)
            then = msg("Run the command in that channel.")
        except SLACK_FAILURES as failure:
            log.warning("Slack did not list the members of %s: %s", channel, failure)
            then = msg("Try again in a minute.")
    if then is None:
        return context.caller
    unread = msg("Slack did not tell me who is in the incident's channel, so I can't tell whether you may do this.")
    return replace(context.caller, unread=sentences(unread, then))


async def _readers(services: Services, channel: str) -> Collection[str]:
    """Who reads what is posted in a place: the members of a channel, or the person of direct messages."""
    return (channel,) if is_direct(channel) else await services.slack.members(channel)


async def _answer(services: Services, context: CommandContext, incident: Incident, done: Text) -> Answer:
    """Tell the asker where the change is shown. In the incident's own thread the reply is already the answer."""
    services.wake()
    if sees_thread(context, incident) and context.incoming.origin.surface in {
        Surface.BUTTON,
        Surface.MENTION,
    }:
        return Answer(None, queued=True)
    with acted(partial(_done_unseen, done)):
        first = post_presence(await services.store.post(incident.home.post))
        where = answers.says_so(first, incident.home.channel, await _link(services, incident))
    return Answer(answers.told(context.words, sentences(done, where), post=context.post), private=True)


def _done_unseen(done: Text, reason: str) -> Text:
    """What was done, where the database failed right after it."""
    unavailable = msg(
        "Then flowbot's database was not available ({reason}), so I can't say where it is shown.", reason=reason
    )
    return sentences(done, unavailable, msg("See the open ones with {command}.", command=in_words("incidents")))


def _named(incident: Incident) -> Markup:
    return flows.flow_name(incident.flow_id, incident.flow_name)


def _wanted(incident: Incident, context: CommandContext, scope: str) -> bool:
    if scope == "unacked":
        return incident.phase is Phase.OPEN
    if scope == "mine":
        mine = context.caller.link is not None and context.caller.link.user_name in incident.owners
        return mine or incident.acked_by == context.incoming.by
    return True


async def _row(services: Services, context: CommandContext, incident: Incident) -> Text:
    """One incident in a list: what failed, since when, who is on it, and where its thread is."""
    last = incident.occurrences[-1] if incident.occurrences else None
    task = flows.short(last.failed_task_name) if last else ""
    failures = len(incident.occurrences)
    address = await _link(services, incident)
    thread: Text | None = None
    if not incident.threads:
        thread = dots(
            link(address, msg("Open list")) if address else None,
            msg("{command} opens a thread", command=in_words(f"thread {reference(incident)}")),
        )
    elif address:
        thread = link(address, msg("Open thread"))
    return dots(
        layout("{mark} {flow}", mark=PHASES[incident.phase], flow=_named(incident)),
        msg("task {task}", task=code(task)) if task else None,
        msg("open for {duration}", duration=context.now - incident.opened_at),
        plural("{n} failure", "{n} failures", failures) if failures > 1 else None,
        _on_it(incident),
        thread,
    )


def _on_it(incident: Incident) -> Text:
    if incident.phase is not Phase.ACKNOWLEDGED or incident.acked_by is None:
        return msg("not acknowledged")
    person = mention(incident.acked_by.user)
    if incident.ack_until is None:
        return msg("acknowledged by {person}", person=person)
    return msg("acknowledged by {person} until {time}", person=person, time=incident.ack_until)


async def _link(services: Services, incident: Incident) -> str:
    return await link_to(services, await services.store.post(incident.home.post))

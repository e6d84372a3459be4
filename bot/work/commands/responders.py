"""Who may act on an incident at this moment: its flow's owners as EnOS says now, and people on call."""

import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace

from bot.core.command.requests import Unack
from bot.core.command.rights import Caller, Denial, may_respond
from bot.core.errors import Refusal, TemporaryFailure
from bot.core.flow.model import FlowId, FlowName, UserName
from bot.core.incident.model import Incident
from bot.core.outbox.conversations import SLACK_FAILURES, SlackRefused
from bot.core.outbox.posts import is_direct
from bot.core.people.model import Link
from bot.core.text.message import Text, msg, sentences
from bot.work.commands import targets
from bot.work.commands.context import CommandContext, Services
from bot.work.commands.incident_targets import not_there
from bot.work.commands.people import proof

log = logging.getLogger(__name__)

OwnersRead = Callable[[Services, CommandContext, FlowId, Sequence[UserName]], Awaitable[targets.FlowOwners]]


async def authorize(
    services: Services,
    context: CommandContext,
    incident: Incident,
    *,
    needs_link: bool = False,
    known: bool = False,
    read_owners: OwnersRead = targets.current_owners,
) -> Link | None:
    """Check at this moment that the asker may: on call, an owner as EnOS says now, or handing back their own.

    Where EnOS does not show the flow any more, its last known owners count, and the person who has acknowledged it.
    ``known``: they know of the incident, so that nothing is given away about it.
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
        raise await _refusal(services, replace(context, caller=caller), incident, reason, flow_owners, known=known)
    if caller.link is not None and caller.link.user_name in flow_owners.names:
        return replace(context.link, verified=True)
    return needed and replace(needed, verified=False)


async def _record_gone(services: Services, incident: Incident, flow_owners: targets.FlowOwners) -> None:
    """Say once in the thread that EnOS does not show the flow any more; note where it does again."""
    if flow_owners.gone and incident.id:
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
    services: Services,
    context: CommandContext,
    incident: Incident,
    reason: Denial,
    flow_owners: targets.FlowOwners,
    *,
    known: bool,
) -> Refusal:
    """Why not. It does not say "you may not" where something could not be read, or EnOS hides the flow from them."""
    # Everybody in the channel sees the card that was pressed, so nothing is given away about it.
    pressed = context.incident is not None and context.incident.id == incident.id
    if flow_owners.hidden and not (pressed or known) and reason is not Denial.NOT_LINKED:
        return await not_there(services, context)
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
    flow = FlowName(incident.flow_id, incident.flow_name)
    return await targets.denial(services, context, reason, flow_owners.names, flow)


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

"""What a refusal offers to somebody who may not: to ask an owner."""

from collections.abc import Collection

from bot.core.command.parse import say
from bot.core.command.requests import Ask
from bot.core.errors import Refusal
from bot.core.flow.model import FlowId
from bot.core.incident import asking as steps
from bot.core.incident.asking import Askable
from bot.core.people.model import Person, Surface
from bot.core.text.mask import STARS, Mask, without_secrets
from bot.messages.cards import asking as cards
from bot.work.commands.context import CommandContext, Services


def with_ask(
    services: Services, context: CommandContext, refusal: Refusal, flow: FlowId, people: Collection[Person]
) -> Refusal:
    """The refusal of a command about a flow, with the button that asks its owners; or why there is none."""
    if context.caller.link is None or context.quiet or context.offer is not None:
        return refusal
    command = "" if context.incoming.origin.surface is Surface.RULE else _exact(context, flow)
    hides = holds_secret(command, services.answer_settings.mask)
    reason = steps.askable(command, len(people), holds_secret=hides)
    if reason is Askable.YES:
        return Refusal(
            refusal.reason,
            refusal.sentence,
            refusal.way_out,
            (*refusal.offers, (cards.ASK_AN_OWNER, say(Ask(command)))),
        )
    why = cards.cannot_ask(reason)
    return refusal if why is None else Refusal(refusal.reason, refusal.message, why, refusal.offers)


def _exact(context: CommandContext, flow: FlowId) -> str:
    """The command with all that its place and its time said; empty where owners cannot be asked for it."""
    incident = context.about(flow)
    instance = incident.occurrences[-1].instance if incident is not None and incident.occurrences else None
    try:
        request = steps.exact(context.request, flow, instance, context.now, context.zone)
    except Refusal:  # of its time
        return ""
    return "" if request is None else say(request)


def holds_secret(command: str, mask: Mask) -> bool:
    """Whether a command holds what may not be shown to others, or has lost it."""
    return STARS in command or without_secrets(command, mask) != command

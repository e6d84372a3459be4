"""What ``show`` says of where a flow's failures go, and why."""

from bot.core.flow.model import Flow
from bot.core.incident.model import Incident
from bot.core.incident.snoozes import snooze_of
from bot.core.outbox import blocks
from bot.core.outbox.blocks import Block
from bot.core.outbox.posts import is_direct
from bot.core.routing import places
from bot.core.routing.places import Place
from bot.core.routing.watch import Failure
from bot.messages.cards import places as cards
from bot.work.commands.context import CommandContext, Services


async def of_flow(services: Services, context: CommandContext, flow: Flow) -> list[Block]:
    """Where the next failure of a flow without a live incident would go."""
    rules, alert_channel = await services.store.routing_rules(), services.answer_settings.channel
    failure = Failure(flow.id, flow.name, flow.owners)
    is_snoozed = snooze_of(flow.id, context.now, await services.store.snoozes()) is not None
    found = places.next_failure(failure, rules, alert_channel, services.lost(), context.now, is_snoozed=is_snoozed)
    return [blocks.section(cards.next_in(_for(context, found)))]


async def of_incident(services: Services, context: CommandContext, incident: Incident) -> list[Block]:
    """Where a live incident has its cards."""
    rules, alert_channel = await services.store.routing_rules(), services.answer_settings.channel
    found = places.of_cards(incident, rules, alert_channel, services.lost(), context.now)
    shown = _for(context, found)
    return [blocks.section(cards.cards_in(shown))] if shown else []


def _for(context: CommandContext, found: tuple[Place, ...]) -> list[Place]:
    """The places that the asker may know of: other people's direct messages are their own."""
    asker = context.incoming.by.user
    return [each for each in found if not is_direct(each.channel) or each.channel == asker]

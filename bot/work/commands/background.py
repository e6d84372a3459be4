"""What ``show`` says of what is known around a flow, or around one of its runs that failed."""

from dataclasses import replace

from bot.core.flow.model import FlowId, InstanceId
from bot.core.history import around, causes
from bot.core.history.background import Background
from bot.core.history.usual import usual_duration
from bot.core.incident.model import Incident
from bot.core.outbox import blocks
from bot.core.outbox.blocks import Block
from bot.core.text.message import layout, lines, msg
from bot.messages.cards import background as cards
from bot.work.commands.context import CommandContext, Services
from bot.work.monitor.background import LIVE, RUNS, read_flows


async def known(
    services: Services,
    context: CommandContext,
    flow: FlowId,
    incident: Incident | None,
    instance: InstanceId | None = None,
) -> list[Block]:
    """A block with all that is known and its evidence; none where nothing is.

    ``incident`` is the live one of the flow, or of the run.
    """
    store, reason = services.store, None
    if incident is None:
        runs = await store.past_runs(flow, RUNS)
        waiting = await store.downstream(flow)
        found = Background(
            usual=usual_duration(runs),
            took=around.took(runs, instance) if instance else None,
            next_run=around.next_run(runs, services.platform_zone(), context.now),
            waiting=waiting[: cards.LISTED],
            waiting_count=len(waiting),
        )
    else:
        found = incident.background
        live = await store.incidents(live=True, limit=LIVE)
        reason = causes.cause_of(incident, await read_flows(store, live, {flow})).reason
    found = await _shown_to(services, context, found)
    said = cards.in_full(found, await store.runbook(flow), reason)
    title = layout("*{label}*", label=msg("What I know"))
    return [blocks.section(lines(title, *said))] if said else []


async def _shown_to(services: Services, context: CommandContext, found: Background) -> Background:
    """The same, naming only flows that EnOS shows to the asker; the others are counted."""
    named = {each.id for each in found.waiting} | {each.flow.id for each in found.consequences}
    if not named or context.as_user is None:  # without a link, as the bot's own user
        return found
    access = services.flow_access
    seen, _ = await access.visible_flows(services.enos, context.as_user, named, services.clock())
    waiting = tuple(each for each in found.waiting if each.id in seen)
    consequences = tuple(each for each in found.consequences if each.flow.id in seen)
    return replace(found, waiting=waiting, consequences=consequences)

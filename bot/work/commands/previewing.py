"""Previewing: trigger and rerun show what they would start, where a button says them, or the words ask for it.

The button of a preview starts it. It says which preview was seen; where that is not true any more, what changed is
said, and it is asked again. The plan is that of the real start, with the same refusals.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from bot.core.command.parse import say
from bot.core.command.requests import FlowRef, Rerun, Trigger, When
from bot.core.flow.model import InstanceId, Parameter
from bot.core.flow.preview import Preview, Seen, differences, parts, seen
from bot.core.people.model import ASKED, DONE
from bot.core.text.message import Text
from bot.core.text.shown_times import minute_in_utc
from bot.core.values import dataclass
from bot.messages.cards import flows
from bot.messages.cards import previews as cards
from bot.work.commands import starting
from bot.work.commands.context import Answer, CommandContext, Services, fit_into_buttons
from bot.work.commands.starting import PlannedStart


@dataclass(frozen=True, slots=True)
class Shown:
    """A preview as it is shown, with the command that starts it."""

    preview: Preview
    command: str
    changed: list[Text] | None = None  # since it was shown before; None where nothing did, or it was not
    seen: Seen | None = None  # what it says


async def preview(services: Services, context: CommandContext, request: Trigger | Rerun) -> Answer:
    """Show what would be started; or start it, where the asker has seen just that."""
    begin = partial(_shown_or_started, request)
    if isinstance(request, Trigger):
        return await starting.trigger(services, context, request, begin)
    return await starting.rerun(services, context, request, begin=begin)


async def look(services: Services, context: CommandContext, request: Trigger) -> Shown:
    """What it would start, for a form. Raises what the start would raise."""
    found: list[Shown] = []

    async def begin(services: Services, context: CommandContext, start: PlannedStart) -> Answer:
        found.append(await looked_at(request, services, context, start))
        return Answer(None)

    await starting.trigger(services, context, request, begin)
    return found[0]


async def _shown_or_started(
    request: Trigger | Rerun, services: Services, context: CommandContext, start: PlannedStart
) -> Answer:
    shown = await looked_at(request, services, context, start)
    if request.seen and not request.dry_run and shown.changed is None:
        return await starting.started(services, context, start)
    label = cards.TRIGGER if isinstance(request, Trigger) else cards.RERUN
    offers = await fit_into_buttons(services, context, [(label, shown.command)])
    card = cards.card(shown.preview, context.words, context.post, offers, shown.changed, context.now)
    return Answer(card, private=True, outcome=ASKED if context.changes else DONE)


async def looked_at(
    request: Trigger | Rerun, services: Services, context: CommandContext, start: PlannedStart
) -> Shown:
    """What the start would do, and what changed since the preview that the request names. Refuses like the start."""
    await starting.free_instance(services, context, start)
    found = await _preview(services, start)
    status = None if start.of is None else start.of.status
    now = seen(start.flow, found, fingerprint(services), status)
    changed = None
    if request.seen:
        before = await services.store.stashed(request.seen)
        changed = None if before == now.kept() else cards.since(Seen.read(before), now)
    kept = await services.store.stash(now.kept(), context.now)
    return Shown(found, _command(request, start, kept), changed, now)


async def _preview(services: Services, start: PlannedStart) -> Preview:
    flow, of = start.flow, start.of
    at = datetime.fromtimestamp(start.at_ms // 1000, UTC)
    runs, skips = parts(flow, start.task)
    found = differences(flow, start.changes, services.answer_settings.mask)
    known = {each.key for each in flow.parameters}
    return Preview(
        flow=flow.id,
        name=flow.name,
        runs=runs,
        skips=skips,
        start=next((each for each in runs if each.id == start.task), None),
        of=None if of is None else of.id,
        at=None if start.is_now else at,
        moved=start.details.moved,
        data_date=(of.data_date if of is not None else "") or flows.day_before(at, services.platform_zone()),
        differences=found,
        kept=len(known.difference(each.key for each in found)),
        is_on=flow.active,
        waiting=await services.store.downstream(flow.id),
    )


def fingerprint(services: Services) -> Callable[[Parameter], str]:
    """What is kept in place of a parameter's value."""
    return lambda parameter: services.seal.fingerprint(InstanceId(""), [parameter])[-16:]


def _command(request: Trigger | Rerun, start: PlannedStart, kept: str) -> str:
    """The command that starts it: with ids, and the moment itself, so that it means the same later."""
    if isinstance(request, Rerun):
        instance = request.instance if start.of is None else start.of.id
        return say(replace(request, instance=instance, dry_run=False, seen=kept))
    at = datetime.fromtimestamp(start.at_ms // 1000, UTC)
    when = None if start.is_now else When(minute_in_utc(at))
    flow = FlowRef(start.flow.id)
    return say(replace(request, flow=flow, when=when, parameters=start.changes, dry_run=False, seen=kept))

"""Incidents: list, acknowledge, hand back, close and reopen. Every change is shown in the incident's thread."""

from dataclasses import replace
from functools import partial

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
from bot.core.incident.lifecycle import failures, reference
from bot.core.incident.model import Incident, Phase
from bot.core.outbox.pointers import post_presence
from bot.core.people.model import AttemptResult, Surface
from bot.core.shell import rows as data
from bot.core.text.escape import EMPTY, Markup, code, mention
from bot.core.text.mask import without_secrets
from bot.core.text.message import Text, dots, layout, link, msg, plural, sentences
from bot.messages.cards import answers, flows, lateness
from bot.messages.cards.incident import mark
from bot.work.commands import targets, unmatched
from bot.work.commands.context import Answer, CommandContext, Services, acted, link_to, sees_thread
from bot.work.commands.incident_targets import IncidentRequest, named, named_incident
from bot.work.commands.listing import filter_line, left_out, listed, on_page
from bot.work.commands.responders import authorize

MOST_INCIDENTS = 5000  # incidents that are read for a list


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
    card = listed(context, request, rows, title, nothing, filters=filters, notes=left_out(unchecked))
    return Answer(card, rows=[data.of_incident(each) for each in shown])


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
    return await answer(services, context, incident, msg("You acknowledged {flow}.", flow=named(incident)))


async def unack(services: Services, context: CommandContext, request: Unack) -> Answer:
    """Hand an incident back."""
    incident, result = await _permitted(services, context, request)
    await services.incident_actions.unack(
        incident.id, context.incoming.by, context.now, attempt_result=result, words=context.words
    )
    return await answer(services, context, incident, msg("You handed {flow} back.", flow=named(incident)))


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
        resolution=request.resolution,
    )
    return await answer(services, context, incident, msg("You closed {flow}.", flow=named(incident)))


async def reopen(services: Services, context: CommandContext, request: Reopen) -> Answer:
    """Reopen a closed incident."""
    incident, result = await _permitted(services, context, request, needs_link=True)
    await services.incident_actions.reopen(
        incident.id, context.incoming.by, context.now, attempt_result=result, words=context.words
    )
    return await answer(services, context, incident, msg("You reopened {flow}.", flow=named(incident)))


async def thread(services: Services, context: CommandContext, request: Thread) -> Answer:
    """Open a thread for an incident that is only listed in a group's message."""
    incident, result = await _permitted(services, context, request)
    await services.incident_actions.open_thread(
        incident.id, context.incoming.by, context.now, attempt_result=result, words=context.words
    )
    services.wake()
    text = msg(
        "You opened a thread for {flow}. In a moment, its message is the newest one in {channel}.",
        flow=named(incident),
        channel=Markup(f"<#{incident.home.channel}>"),
    )
    return Answer(answers.told(context.words, text, post=context.post), private=True)


async def _permitted(
    services: Services, context: CommandContext, request: IncidentRequest, *, needs_link: bool = False
) -> tuple[Incident, AttemptResult | None]:
    """The incident that is meant, where the asker may change it, and what ends the attempt as the change is written."""
    incident = await named_incident(services, context, request.flow, request.instance)
    linked = await authorize(services, context, incident, needs_link=needs_link)
    return incident, context.attempt_result(services.clock(), linked=linked)


async def answer(services: Services, context: CommandContext, incident: Incident, done: Text) -> Answer:
    """Tell the asker where the change is shown. In the incident's own thread the reply is already the answer."""
    services.wake()
    if sees_thread(context, incident) and context.incoming.origin.surface in {
        Surface.BUTTON,
        Surface.FORM,
        Surface.MENTION,
        Surface.SHORTCUT,
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
    failed = len(failures(incident))
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
        layout("{mark} {flow}", mark=mark(incident), flow=named(incident)),
        msg("task {task}", task=code(task)) if task else lateness.detail(incident, last) if last else None,
        msg("open for {duration}", duration=context.now - incident.opened_at),
        plural("{n} failure", "{n} failures", failed) if failed > 1 else None,
        _on_it(incident),
        msg("snoozed until {time}", time=incident.snooze.until) if incident.snooze else None,
        _asked(incident),
        thread,
    )


def _on_it(incident: Incident) -> Text:
    if incident.phase is not Phase.ACKNOWLEDGED or incident.acked_by is None:
        return msg("not acknowledged")
    person = mention(incident.acked_by.user)
    if incident.ack_until is None:
        return msg("acknowledged by {person}", person=person)
    return msg("acknowledged by {person} until {time}", person=person, time=incident.ack_until)


def _asked(incident: Incident) -> Text | None:
    return msg("{person} was asked to take it", person=mention(incident.ask.to.user)) if incident.ask else None


async def _link(services: Services, incident: Incident) -> str:
    return await link_to(services, await services.store.post(incident.home.post))

"""Incidents: what is open, and taking, giving back, closing and reopening it. What changed stands in its thread."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import cast

from bot.core.command.requests import (
    Ack,
    Close,
    FlowRef,
    Incidents,
    Reopen,
    Thread,
    Unack,
)
from bot.core.command.rights import Reason, Standing, responds
from bot.core.command.words import visible
from bot.core.errors import Outage, Refused
from bot.core.flow.ids import flow_of
from bot.core.flow.model import InstanceId
from bot.core.incident.lifecycle import is_live, reference
from bot.core.incident.model import Incident, Phase
from bot.core.outbox.conversations import SlackRefused
from bot.core.outbox.pointers import pointed
from bot.core.outbox.posts import PostId
from bot.core.people.model import Link, Surface
from bot.core.text.escape import code, mention
from bot.core.text.likeness import likeness, unmarked
from bot.core.text.sealed import without_secrets
from bot.core.text.shown_times import duration
from bot.messages.cards import answers, flows
from bot.work.commands import moved, targets, unmatched, visibility
from bot.work.commands.context import Answer, Ask, Rooms
from bot.work.commands.listing import left_out, listed, on_page
from bot.work.commands.people import proof
from bot.work.commands.reply import SLACK_FAILURES

log = logging.getLogger(__name__)

OfIncident = Ack | Unack | Close | Reopen | Thread
MOST = 5000  # incidents that are read for a list
_RECENT = timedelta(days=14)  # how far back an ended incident is found by its flow
_TITLES = {
    "open": ("Open incidents", "No incident is open"),
    "unacked": ("Unacknowledged incidents", "No incident is without somebody who has it"),
    "mine": ("Your incidents", "You have no open incident"),
}


async def incidents(rooms: Rooms, ask: Ask, request: Incidents) -> Answer:
    """List what is open, since when, who has it, with a link to each thread."""
    flow = await targets.flow_id(rooms, ask, request.flow, exact=False) if request.flow else None
    owner = await targets.owner_name(rooms, ask, request.owner)
    live = await rooms.store.incidents(live=True, flow=flow, limit=MOST)
    wanted = [each for each in live if _wanted(each, ask, request.scope) and (not owner or owner in each.owners)]
    statuses = rooms.manners.alert_statuses
    shown, unchecked = await rooms.sight.of(rooms.enos, ask.link, wanted, ask.now, statuses)
    places = on_page(request, len(shown))  # a storm leaves a thousand: only those shown are looked up
    lines = [await _line(rooms, ask, each) if place in places else "" for place, each in enumerate(shown)]
    title, none = _TITLES.get(request.scope, _TITLES["open"])
    of = f" of flow {code(str(flow))}" if flow is not None else ""
    by = f" by {code(owner)}" if owner else ""
    nothing = f"{none}{of}{by} that I could check." if unchecked else f"{none}{of}{by}."
    if not (shown or unchecked):  # whatever EnOS hides is told like what is not there
        nothing = await unmatched.checked(rooms, ask, request, unmatched.Names(flow, owner), nothing)
    if flow is not None:
        request = replace(request, flow=FlowRef(flow))
    return Answer(listed(ask, request, lines, f"*{title}*{of}{by}", nothing, notes=left_out(unchecked)))


async def ack(rooms: Rooms, ask: Ask, request: Ack) -> Answer:
    """Take an incident, with a promise."""
    incident = await _meant(rooms, ask, request.flow, request.instance)
    linked = await _allow(rooms, ask, incident)
    until = ask.now + request.duration if request.duration else None
    settle = ask.settled(rooms.clock(), linked=linked)
    await rooms.desk.acknowledge(
        incident.id,
        ask.person,
        ask.now,
        until=until,
        note=without_secrets(request.because, rooms.manners.mask),
        settle=settle,
        words=ask.words,
    )
    return await _told(rooms, ask, incident, "You have it")


async def unack(rooms: Rooms, ask: Ask, request: Unack) -> Answer:
    """Give an incident back."""
    incident = await _meant(rooms, ask, request.flow, request.instance)
    linked = await _allow(rooms, ask, incident)
    settle = ask.settled(rooms.clock(), linked=linked)
    await rooms.desk.unack(incident.id, ask.person, ask.now, settle=settle, words=ask.words)
    return await _told(rooms, ask, incident, "You gave it back")


async def close(rooms: Rooms, ask: Ask, request: Close) -> Answer:
    """End an incident without a recovery."""
    incident = await _meant(rooms, ask, request.flow, request.instance)
    linked = await _allow(rooms, ask, incident, needs_link=True)
    settle = ask.settled(rooms.clock(), linked=linked)
    await rooms.desk.close(
        incident.id,
        ask.person,
        ask.now,
        because=without_secrets(request.because, rooms.manners.mask),
        settle=settle,
        words=ask.words,
    )
    return await _told(rooms, ask, incident, "You closed it")


async def reopen(rooms: Rooms, ask: Ask, request: Reopen) -> Answer:
    """Undo a close."""
    incident = await _meant(rooms, ask, request.flow, request.instance)
    linked = await _allow(rooms, ask, incident, needs_link=True)
    settle = ask.settled(rooms.clock(), linked=linked)
    await rooms.desk.reopen(incident.id, ask.person, ask.now, settle=settle, words=ask.words)
    return await _told(rooms, ask, incident, "You reopened it")


async def thread(rooms: Rooms, ask: Ask, request: Thread) -> Answer:
    """Give an incident that is told under another message a thread of its own."""
    incident = await _meant(rooms, ask, request.flow, request.instance)
    linked = await _allow(rooms, ask, incident)
    settle = ask.settled(rooms.clock(), linked=linked)
    await rooms.desk.open_thread(incident.id, ask.person, ask.now, settle=settle, words=ask.words)
    rooms.wake()
    named = flows.flow_name(incident.flow_id, incident.flow_name)
    channel = f"<#{incident.channel}>"
    text = f"You opened a thread for {named}. Its message is the newest in {channel}, in a moment."
    return Answer(answers.told(ask.words, text, post=ask.post), private=True)


async def _meant(rooms: Rooms, ask: Ask, flow: FlowRef | None, instance: InstanceId | None) -> Incident:
    """Return the incident that is meant: by flow, by instance, or that of the thread; live ones first.

    What the incidents know needs no EnOS: taking one works while EnOS is away, and for who is on call without a link.
    """
    if flow is None and instance is None:
        if ask.incident is None:
            raise Refused(
                "no_target",
                "I do not know which incident you mean: none is named, and this is not the thread of one.",
                f"`incidents` lists them; then say `{ask.row.verb} 2809`",
            )
        return ask.incident
    if ask.incident is not None and _names(ask.incident, flow, instance):
        return ask.incident
    which = flow.id if flow is not None else flow_of(instance) if instance else None
    recent = await rooms.store.incidents(live=False, flow=which, since=ask.now - _RECENT)
    matching = [each for each in recent if _names(each, flow, instance)] or _alike(recent, flow)
    if not matching and flow is not None and flow.id is None and ask.as_user is not None:
        flow = FlowRef(await targets.flow_id(rooms, ask, flow, exact=True))
        matching = list(await rooms.store.incidents(live=False, flow=flow.id, since=ask.now - _RECENT))
    live = [each for each in matching if is_live(each)]
    if live or matching:
        return (live or matching)[0]
    raise _no_incident(flow, instance)


async def _not_there(rooms: Rooms, ask: Ask) -> Refused:
    """Return, or raise, the refusal that is told where there is no such incident: about what the asker named only."""
    request = cast("OfIncident", ask.request)
    flow = request.flow
    if flow is not None and flow.id is None:
        flow = FlowRef(await targets.flow_id(rooms, ask, flow, exact=True))
    return _no_incident(flow, request.instance)


def _no_incident(flow: FlowRef | None, instance: InstanceId | None) -> Refused:
    named = f"run {instance}" if flow is None else f"flow {flow.id or visible(flow.name)}"
    return Refused(
        "no_incident",
        f"I know of no incident of {named} within {_RECENT.days} days, so nothing was changed.",
        "`incidents` lists what is open.",
    )


def _names(incident: Incident, flow: FlowRef | None, instance: InstanceId | None) -> bool:
    if flow is not None:
        return flow.id == incident.flow_id or (flow.id is None and incident.flow_name in (flow.typed, flow.name))
    return any(each.instance == instance for each in incident.occurrences)


def _alike(incidents: Sequence[Incident], flow: FlowRef | None) -> list[Incident]:
    """Return the incidents of the one flow whose name looks like this; none where it may be one of several."""
    if flow is None or flow.id is not None:
        return []
    found = [each for each in incidents if likeness(each.flow_name) in {likeness(flow.name), unmarked(flow.name)}]
    return found if len({each.flow_id for each in found}) == 1 else []


async def _allow(rooms: Rooms, ask: Ask, incident: Incident, *, needs_link: bool = False) -> Link | None:
    """Check the right at this moment: on call, an owner as EnOS says now, or who has it and gives it back.

    Where EnOS shows the flow no more, what was last known counts: its owners, and who has acknowledged it. Return
    the link that must stand still when it is done; None where it does not depend on one.
    """
    standing = ask.standing
    if not rooms.manners.oncall and standing.link is not None:
        standing = await _in_channel(rooms, ask, incident.channel)
    has_it = incident.acked_by == ask.person
    needed = standing.link if needs_link else None
    if responds(standing, (), needs_link=needs_link, holds=has_it and isinstance(ask.request, Unack)) is Reason.MAY:
        return needed and replace(needed, proven=False)  # an unproven link is good enough for who is on call
    owned = targets.Owned(incident.owners)
    if standing.link is not None:
        owned = await targets.owners_now(rooms, ask, incident.flow_id, incident.owners)
        await _noted(rooms, incident, owned)
    reason = responds(standing, owned.names, needs_link=needs_link, holds=has_it and owned.gone)
    if reason is Reason.NOT_PROVEN and await _proves(rooms, ask, incident, owned):
        reason = Reason.MAY
    if reason is not Reason.MAY:
        raise await _refusal(rooms, replace(ask, standing=standing), incident, reason, owned)
    if standing.link is not None and standing.link.user_name in owned.names:
        return ask.proven_link
    return needed and replace(needed, proven=False)


async def _noted(rooms: Rooms, incident: Incident, owned: targets.Owned) -> None:
    """Say once in the thread that EnOS shows the flow no more; take in that it does again."""
    if owned.gone:
        await rooms.desk.gone(incident.id, rooms.clock())
    elif owned.now and incident.gone:
        await rooms.desk.shown_again(incident.id)


async def _proves(rooms: Rooms, ask: Ask, incident: Incident, owned: targets.Owned) -> bool:
    """Whether the asker's link is proven now: by this flow, or by another where EnOS does not show this one."""
    if owned.unread is None:
        flow = await rooms.enos.flow(incident.flow_id, as_user=ask.as_user)
        return await targets.proven(rooms, ask, flow)
    if isinstance(owned.unread, Outage):
        return False
    proven, _ = await proof(rooms, ask.link)
    if proven and not await rooms.store.prove(ask.link):
        raise targets.link_changed()
    return proven


async def _refusal(rooms: Rooms, ask: Ask, incident: Incident, reason: Reason, owned: targets.Owned) -> Refused:
    """Return why not. What could not be read is not told as "you may not", nor what EnOS hides from the asker."""
    pressed = ask.incident is not None and ask.incident.id == incident.id  # its card is for all in the channel
    if owned.hidden and not pressed and reason is not Reason.NOT_LINKED:
        return await _not_there(rooms, ask)
    if owned.unread is not None and not (owned.now or owned.gone) and reason is not Reason.ON_CALL_UNREAD:
        return targets.Shown(
            "owners_unread",
            f"I could not read who owns this flow now, so I can't tell whether you may do this. Nothing was changed. "
            f"{answers.ticked(str(owned.unread))} People on call can do it meanwhile.",
        )
    named = flows.flow_name(incident.flow_id, incident.flow_name)
    return await targets.denied(rooms, ask, reason, owned.names, named)


async def _in_channel(rooms: Rooms, ask: Ask, channel: str) -> Standing:
    """Return how the asker stands where members of a channel are on call.

    Where the bot may not list them, it is those who speak there.
    """
    try:
        return replace(ask.standing, on_call=ask.person.user in await rooms.slack.members(channel))
    except SlackRefused as refused:
        log.warning("the members of %s are not known: %s", channel, refused)
        if ask.said.where.channel == channel:
            return replace(ask.standing, on_call=True)
        then = "Say it in that channel."
    except SLACK_FAILURES as failure:
        log.warning("the members of %s are not known: %s", channel, failure)
        then = "Try again in a minute."
    unread = "Slack did not tell me who is in the incident's channel, so I can't tell whether you may do this."
    return replace(ask.standing, unread=f"{unread} {then}")


async def _told(rooms: Rooms, ask: Ask, incident: Incident, done: str) -> Answer:
    """Say where it is told, where the asker does not see it; in the incident's thread the reply is the answer."""
    rooms.wake()
    if visibility.sees(ask, incident) and ask.said.where.surface in {Surface.BUTTON, Surface.MENTION}:
        return Answer(None, queued=True)
    first = pointed(await rooms.store.post(PostId(incident.post)))
    where = answers.says_so(first, incident.channel, await _link(rooms, incident))
    text = f"{done}: {flows.flow_name(incident.flow_id, incident.flow_name)}. {where}"
    return Answer(answers.told(ask.words, text, post=ask.post), private=True)


def _wanted(incident: Incident, ask: Ask, scope: str) -> bool:
    if scope == "unacked":
        return incident.phase is Phase.OPEN
    if scope == "mine":
        mine = ask.standing.link is not None and ask.standing.link.user_name in incident.owners
        return mine or incident.acked_by == ask.person
    return True


async def _line(rooms: Rooms, ask: Ask, incident: Incident) -> str:
    last = incident.occurrences[-1] if incident.occurrences else None
    state = f"{flows.mark(last.status)} " if last else ""
    link = await _link(rooms, incident)
    who = "not acknowledged"
    if incident.phase is Phase.ACKNOWLEDGED and incident.acked_by is not None:
        until = f" until {flows.moment(incident.ack_until)}" if incident.ack_until else ""
        who = f"{mention(incident.acked_by.user)} has it{until}"
    count = f", {len(incident.occurrences)} failures" if len(incident.occurrences) > 1 else ""
    task = f" · {code(flows.short(last.failed_task_name))}" if last and last.failed_task_name else ""
    thread = f" · <{link}|thread>" if link else ""
    if incident.gathered:
        listed_in = f"in <{link}|this list>" if link else "in a list"
        thread = f" · {listed_in}; {code(f'thread {reference(incident)}')} opens a thread"
    return (
        f"{state}{flows.flow_name(incident.flow_id, incident.flow_name)}{task} — open for "
        f"{duration(ask.now - incident.opened_at)}{count}, {who}{thread}"
    )


async def _link(rooms: Rooms, incident: Incident) -> str:
    return await moved.link_to(rooms, await rooms.store.post(PostId(incident.post)))

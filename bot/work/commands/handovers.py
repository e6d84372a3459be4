"""Take over, assign and hand over incidents; accept and decline that, and withdraw it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from bot.core.command.parse import in_words
from bot.core.command.requests import Accept, Assign, Decline, Handover, Take, Withdraw
from bot.core.command.rights import Caller, Denial, may_use_bot
from bot.core.errors import Failure, Refusal
from bot.core.incident import handover as steps
from bot.core.incident.handover import Offer, OfferKind, OfferState, is_part_of
from bot.core.incident.lifecycle import reference
from bot.core.incident.model import Incident, IncidentId, OfferId
from bot.core.people.model import Link, Person, Profile
from bot.core.text.escape import mention
from bot.core.text.message import Text, lines, msg, plural, sentences
from bot.messages.cards import answers, incident_words
from bot.messages.cards import handover as cards
from bot.work.commands import asking, targets
from bot.work.commands.context import Answer, CommandContext, Services
from bot.work.commands.incident_targets import named, named_incident
from bot.work.commands.incidents import MOST_INCIDENTS, answer
from bot.work.commands.offer_actions import absent, nothing_to_hand_over
from bot.work.commands.responders import authorize
from bot.work.mentioned_in import mentioned_in

Result = TypeVar("Result")
_AT_ONCE = 4  # incidents of which EnOS is asked at a time who may act on them
_NOT_THEIRS = {Denial.NOT_LINKED.value, Denial.NOT_RESPONDER.value, Denial.GUEST.value}


async def take(services: Services, context: CommandContext, request: Take) -> Answer:
    """Take over what somebody else has acknowledged."""
    incident = await named_incident(services, context, request.flow, request.instance)
    linked = await authorize(services, context, incident)
    by, now = context.incoming.by, context.now
    former = steps.holder(incident)
    others = [former.user] if former is not None and former != by else []
    await services.incident_actions.take(
        incident.id,
        by,
        now,
        until=now + request.duration if request.duration else None,
        seen=request.holder,
        tell=await absent(services.slack, incident, others),
        attempt_result=context.attempt_result(services.clock(), linked=linked),
        words=context.words,
    )
    flow = named(incident)
    done = msg("You took over {flow}.", flow=flow) if others else msg("You acknowledged {flow}.", flow=flow)
    return await answer(services, context, incident, done)


async def assign(services: Services, context: CommandContext, request: Assign) -> Answer:
    """Ask somebody to take an incident."""
    incident = await named_incident(services, context, request.flow, request.instance)
    linked = await authorize(services, context, incident, needs_link=True)
    to = Person(context.incoming.by.team, request.person)
    steps.refuse_self(context.incoming.by, to, f"take {reference(incident)}")
    offer = _offer(services, context, OfferKind.ASSIGN, to, [incident])
    steps.ask(incident, offer)  # what cannot be asked is refused before EnOS and Slack are asked about that person
    profile = await _colleague(services, to)
    if (why := await _why_not(services, context, profile, incident)) is not None:
        way = msg(
            "Ask an owner or somebody on call. {command} names the owners.",
            command=in_words(f"show {incident.flow_id}"),
        )
        raise Refusal("assignee", sentences(why, answers.NOTHING_CHANGED), way)
    tell = await absent(services.slack, incident, [to.user])
    attempt_result = context.attempt_result(services.clock(), linked=linked, answer=offer.id)
    where = await mentioned_in(services.slack.members, incident, to.user)
    await services.incident_actions.offers.ask(offer, incident, tell, attempt_result, context.words, mentions_in=where)
    done = msg("You asked {person} to take {flow}.", person=mention(to.user), flow=named(incident))
    return await answer(services, context, incident, done)


async def handover(services: Services, context: CommandContext, request: Handover) -> Answer:
    """Ask somebody to take all that the asker has acknowledged."""
    by, to = context.incoming.by, Person(context.incoming.by.team, request.person)
    steps.refuse_self(by, to, "incidents mine")
    live = await services.store.incidents(live=True, limit=MOST_INCIDENTS)
    mine = sorted((each for each in live if steps.holder(each) == by), key=lambda each: each.acked_at or context.now)
    if not mine:
        raise nothing_to_hand_over()
    profile = await _colleague(services, to)
    some, more = mine[: steps.MOST], len(mine) - steps.MOST
    whys = await _several(some, lambda each: _why_not(services, context, profile, each))
    left = [(each, why) for each, why in zip(some, whys, strict=True) if why is not None]
    fit = [each for each, why in zip(some, whys, strict=True) if why is None]
    if not fit:
        raise Refusal(
            "assignee",
            lines(
                msg("{person} may take none of your incidents. Nothing was changed.", person=mention(to.user)),
                *(incident_words.why_not(each, why) for each, why in left[: incident_words.LISTED]),
            ),
        )
    offer = _offer(services, context, OfferKind.HANDOVER, to, fit)
    attempt_result = context.attempt_result(services.clock(), answer=offer.id)
    offered = await services.incident_actions.offers.hand_over(offer, attempt_result)
    text = plural(
        "I asked {person} in a direct message to take your incident. Until they accept, it stays with you.",
        "I asked {person} in a direct message to take your {n} incidents. Until they accept, they stay with you.",
        len(offered),
        person=mention(to.user),
    )
    rest = (
        plural(
            "{n} more does not fit into one request. Run the command again when this one is answered.",
            "{n} more do not fit into one request. Run the command again when this one is answered.",
            more,
        )
        if more > 0
        else None
    )
    body = answers.told(
        context.words,
        lines(text, rest),
        post=context.post,
        extra=cards.left_out(left),
        offers=[(msg("Withdraw"), f"withdraw {offer.id}")],
    )
    return Answer(body, private=True)


async def accept(services: Services, context: CommandContext, request: Accept) -> Answer:
    """Take what one was asked to take."""
    offer, incidents = await _asked(services, request.offer)
    by = context.incoming.by
    steps.refuse_answer(offer, by, context.now)
    actions = services.incident_actions.offers
    if offer.kind is OfferKind.ASSIGN:
        (incident,) = incidents
        steps.refuse_left_out(incident, offer)
        linked = await authorize(services, context, incident, known=True)
        former = steps.holder(incident) or offer.by
        await actions.accept(
            offer.id,
            by,
            context.now,
            refused={},
            tell=await absent(services.slack, incident, {offer.by.user, former.user}),
            attempt_result=context.attempt_result(services.clock(), linked=linked, answer=offer.id),
            words=context.words,
        )
        return await answer(services, context, incident, msg("You took over {flow}.", flow=named(incident)))
    part = [each for each in incidents if is_part_of(each, offer)]
    found = await _several(part, lambda each: _may_accept(services, context, each))
    refused: dict[IncidentId, Text] = {
        each.id: one for each, one in zip(part, found, strict=True) if not isinstance(one, Link | None)
    }
    links = [one for one in found if isinstance(one, Link)]
    linked = max(links, key=lambda link: link.verified, default=None)
    attempt_result = context.attempt_result(services.clock(), linked=linked, answer=offer.id)
    moved = await actions.accept(offer.id, by, context.now, refused=refused, attempt_result=attempt_result)
    text = plural(
        "You took over {n} incident from {person}.",
        "You took over {n} incidents from {person}.",
        len(moved.incidents),
        person=mention(offer.by.user),
    )
    body = answers.told(context.words, text, post=context.post, extra=cards.left_out(moved.left))
    return Answer(body, private=True)


async def decline(services: Services, context: CommandContext, request: Decline) -> Answer:
    """Do not take, or do not run, what one was asked for."""
    if (command := await asking.command_offer(services, request.offer)) is not None:
        return await asking.decline(services, context, command)
    offer, incidents = await _asked(services, request.offer)
    by, now = context.incoming.by, context.now
    steps.refuse_answer(offer, by, now)
    asker = mention(offer.by.user)
    done = msg("You declined. I told {person}.", person=asker)
    return await _end(services, context, offer, incidents, OfferState.DECLINED, offer.by, done)


async def withdraw(services: Services, context: CommandContext, request: Withdraw) -> Answer:
    """Stop asking."""
    if (command := await asking.command_offer(services, request.offer)) is not None:
        return await asking.withdraw(services, context, command)
    offer, incidents = await _asked(services, request.offer)
    steps.refuse_withdrawal(offer, context.incoming.by, context.now)
    done = msg("You withdrew the request to {person}.", person=mention(offer.to.user))
    return await _end(services, context, offer, incidents, OfferState.WITHDRAWN, offer.to, done)


async def _end(
    services: Services,
    context: CommandContext,
    offer: Offer,
    incidents: Sequence[Incident],
    state: OfferState,
    other: Person,
    done: Text,
) -> Answer:
    """End an offer as one of the two wants it; ``other`` is told."""
    by, now = context.incoming.by, context.now
    check = steps.refuse_answer if state is OfferState.DECLINED else steps.refuse_withdrawal
    is_one = offer.kind is OfferKind.ASSIGN
    await services.incident_actions.offers.end(
        offer.id,
        state,
        now,
        check=lambda old: check(old, by, now),
        tell=await absent(services.slack, incidents[0], [other.user]) if is_one else (),
        attempt_result=context.attempt_result(services.clock(), answer=offer.id),
        words=context.words,
    )
    if is_one:
        return await answer(services, context, incidents[0], done)
    return Answer(answers.told(context.words, done, post=context.post), private=True)


def _offer(
    services: Services, context: CommandContext, kind: OfferKind, to: Person, incidents: Sequence[Incident]
) -> Offer:
    return Offer(
        id=OfferId(services.new_id()),
        kind=kind,
        incidents=tuple(each.id for each in incidents),
        by=context.incoming.by,
        to=to,
        asked_at=context.now,
        until=context.now + steps.OFFER_LASTS,
    )


async def _asked(services: Services, offer: str) -> tuple[Offer, tuple[Incident, ...]]:
    """An offer with its incidents. Raises Refusal where it is not known any more."""
    found = await services.store.offer(OfferId(offer))
    if found is None or not found[1]:
        raise steps.unknown_offer()
    return found


async def _colleague(services: Services, person: Person) -> Profile:
    """Who is asked. Raises Refusal for everybody but an active person of this workspace."""
    profile = await targets.mentioned_person(services, person)
    reason = may_use_bot(Caller(profile, await services.store.link(person)))
    if reason is Denial.NONE:
        return profile
    named_person = mention(person.user)
    why = {
        Denial.BOT: msg("{person} is an app, and only people can take incidents.", person=named_person),
        Denial.DEACTIVATED: msg("The account of {person} is deactivated.", person=named_person),
        Denial.STRANGER: msg("{person} is not in this workspace.", person=named_person),
        Denial.GUEST: msg("{person} is a guest who is not linked to an EnOS user.", person=named_person),
    }[reason]
    raise Refusal(
        f"assignee_{reason.value}",
        sentences(why, answers.NOTHING_CHANGED),
        msg("Ask an owner of the flow or somebody on call."),
    )


async def _why_not(services: Services, context: CommandContext, profile: Profile, incident: Incident) -> Text | None:
    """Why somebody may not take an incident; None where they may."""
    person = profile.person
    on_call, unread = await services.on_call.on_call_status(person.user)
    theirs = replace(
        context,
        incoming=replace(context.incoming, by=person, origin=replace(context.incoming.origin, channel="")),
        caller=Caller(profile, await services.store.link(person), on_call=on_call, unread=unread),
    )
    who, flow = mention(person.user), named(incident)
    try:
        await authorize(services, theirs, incident, known=True)
    except Failure as failure:
        reason = failure.reason if isinstance(failure, Refusal) else ""
        if reason in _NOT_THEIRS:
            return msg("{person} is neither an owner of {flow} nor on call.", person=who, flow=flow)
        if reason == Denial.NOT_VERIFIED.value:
            return msg("{person} owns {flow}, but their link to EnOS is not verified yet.", person=who, flow=flow)
        return msg("I can't tell now whether {person} may take {flow}.", person=who, flow=flow)
    return None


async def _may_accept(services: Services, context: CommandContext, incident: Incident) -> Link | Text | None:
    """The link that the asker's right depends on, if any; or why they may not take it."""
    try:
        return await authorize(services, context, incident, known=True)
    except Refusal as refused:
        return refused.sentence
    except Failure as failure:
        return failure.message


async def _several(incidents: Sequence[Incident], ask: Callable[[Incident], Awaitable[Result]]) -> list[Result]:
    """What is answered about each incident, in their order; a few are asked about at once."""
    limit = asyncio.Semaphore(_AT_ONCE)

    async def one(incident: Incident) -> Result:
        async with limit:
            return await ask(incident)

    return await asyncio.gather(*map(one, incidents))

"""Ask an owner to run a command, ask the flowbot admins to be linked, and answer either."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from bot.core.command.parse import parse, say
from bot.core.command.requests import Accept, Ask, LinkPerson
from bot.core.command.rights import Denial, Who, may_change
from bot.core.command.table import BY_REQUEST
from bot.core.errors import Failure, Refusal
from bot.core.flow.model import Flow, FlowId
from bot.core.incident import asking as steps
from bot.core.incident.handover import Offer, OfferKind, OfferState, refuse_withdrawal
from bot.core.incident.model import Incident, IncidentCard, OfferId
from bot.core.outbox.blocks import Card
from bot.core.outbox.posts import Lane, NewPost, PostId, PostKind, is_direct
from bot.core.people.model import Person
from bot.core.text.escape import EMPTY, code, mention
from bot.core.text.message import Text, msg, sentences
from bot.messages.cards import answers
from bot.messages.cards import asking as cards
from bot.work.commands.ask_offers import holds_secret
from bot.work.commands.context import Answer, CommandContext, Services, in_thread, posts_for, thread_of
from bot.work.commands.offer_actions import absent
from bot.work.delivery.reachability import reachable

# ── to run a command ──


async def ask(services: Services, context: CommandContext, request: Ask) -> Answer:
    """Ask the owners of a flow to run a command."""
    flow, command, who = await _wanted(services, context, request)
    names = await services.owners.people_of(flow.owners)
    users = sorted({each.user for each in names.values()})
    hides = holds_secret(command, services.answer_settings.mask)
    if (why := cards.cannot_ask(steps.askable(command, len(users), holds_secret=hides))) is not None:
        raise Refusal("cannot_ask", sentences(why, answers.NOTHING_CHANGED))
    incident = context.about(flow.id)
    card = _common_card(context, incident) if incident is not None else None
    near = reachable(users, await services.store.notes(), context.now)
    asked = users if card is not None else near
    if not asked:
        raise Refusal(
            "owners_unreachable",
            sentences(
                msg("I can't reach {people} by direct message.", people=cards.people(users)), answers.NOTHING_CHANGED
            ),
        )
    offer = replace(
        _offer(services, context, OfferKind.ASK, asked, command),
        until=context.now + steps.ASK_LASTS,
        incidents=(incident.id,) if incident is not None else (),
        flow_id=flow.id,
        flow_name=flow.name,
        zone=str(context.zone),
    )
    reason = cards.why_owner(offer, context.link.user_name) if who is Who.OWNER else cards.why_responder(offer)
    told: Collection[str] = near
    if incident is not None and card is not None:
        told = await absent(services.slack, replace(incident, cards=(card,)), near)
    questions = _directly(
        services, context, sorted(told), lambda post: cards.asked(offer, reason, post, direct=True), incident
    )
    if incident is not None and card is not None:
        id_ = PostId(services.new_id())
        body = cards.asked(offer, reason, id_)
        questions.append(in_thread(incident, card.channel, id_, body, context.now, ""))
    unlinked = [name for name in flow.owners if name not in names]
    unreached = [each for each in users if each not in asked]
    text = cards.sent(offer, unreached=unreached, unlinked=unlinked)
    return await _ask(services, context, offer, questions, lambda _newer: text)


def _common_card(context: CommandContext, incident: Incident) -> IncidentCard | None:
    """The card in whose thread owners are asked: not one in somebody's direct messages."""
    return next((each for each in (thread_of(context, incident), *incident.cards) if not is_direct(each.channel)), None)


async def _wanted(services: Services, context: CommandContext, request: Ask) -> tuple[Flow, str, Who]:
    """The flow, the exact command, and who may use its verb. Raises Refusal where the asker may do it themselves."""
    inner = parse(request.command, services.answer_settings.command)
    flow_id = steps.flow_meant(inner)
    try:
        exact = None if flow_id is None else steps.exact(inner, flow_id, None, context.now, context.zone)
    except Refusal as refused:  # of its time: what it offers are times, and no commands
        raise Refusal(refused.reason, refused.message) from refused
    if flow_id is None or exact is None:
        raise Refusal("not_askable", sentences(msg("I can't ask an owner for this command."), answers.NOTHING_CHANGED))
    command = say(exact)
    flow = await services.enos.flow(flow_id, as_user=context.link.user_id)
    if may_change(context.link, flow) is not Denial.NOT_OWNER:
        raise Refusal(
            "may_already",
            sentences(msg("You are an owner of this flow now, so you can do it yourself."), answers.NOTHING_CHANGED),
            offers=[(steps.RUN_IT, command)],
        )
    return flow, command, BY_REQUEST[type(exact)].who


# ── to be linked ──


async def ask_for_link(services: Services, context: CommandContext, request: LinkPerson) -> Answer:
    """Ask the flowbot admins to link the asker to an EnOS user."""
    by, admins = context.incoming.by, services.answer_settings.admins
    before = await services.store.link(by)
    if before is not None and (before.user_id, before.user_name) == (request.user_id, request.user_name):
        raise Refusal(
            "linked_already",
            sentences(msg("You are linked to this EnOS user already."), answers.NOTHING_CHANGED),
        )
    others = sorted(admins - {by.user})
    near = reachable(others, await services.store.notes(), context.now)
    if not near:
        raise Refusal("no_other_admin", sentences(_nobody(context, others), answers.NOTHING_CHANGED))
    command = say(LinkPerson(by.user, request.user_id, request.user_name))
    if holds_secret(command, services.answer_settings.mask):
        raise Refusal(
            "cannot_ask",
            sentences(msg("This looks like a secret, so I don't send it to anybody."), answers.NOTHING_CHANGED),
        )
    offer = replace(_offer(services, context, OfferKind.LINK, near, command), until=context.now + steps.LINK_LASTS)
    guest = context.caller.profile.guest
    questions = _directly(services, context, near, lambda post: cards.link_asked(offer, before, post, guest=guest))
    return await _ask(services, context, offer, questions, lambda newer: cards.link_sent(offer, is_newer=newer))


def _nobody(context: CommandContext, others: Sequence[str]) -> Text:
    """Why no admin can approve a request."""
    if others:
        return msg("I can't reach {people} by direct message. Ask them to link you.", people=cards.people(others))
    if context.caller.admin:
        return msg(
            "You are the only flowbot admin, and nobody approves their own request. Ask the person who operates "
            "flowbot to import your link with {command}, or to add another flowbot admin.",
            command=code("flowbot people import"),
        )
    return msg("No flowbot admin is set. Ask the person who operates flowbot to set one.")


# ── both ──


def _offer(services: Services, context: CommandContext, kind: OfferKind, users: Sequence[str], command: str) -> Offer:
    by = context.incoming.by
    return Offer(
        id=OfferId(services.new_id()),
        kind=kind,
        incidents=(),
        by=by,
        to=Person(by.team, users[0]),
        asked_at=context.now,
        until=context.now,
        command=command,
        others=tuple(users[1:]),
    )


def _directly(
    services: Services,
    context: CommandContext,
    users: Sequence[str],
    body: Callable[[PostId], Card],
    incident: Incident | None = None,
) -> list[NewPost]:
    """A question in each one's direct messages."""
    about = incident.id if incident is not None else ""
    ids = [PostId(services.new_id()) for _ in users]
    return [
        NewPost(id_, PostKind.MESSAGE, Lane.ANSWER, user, body(id_), context.now, user=user, incident=about)
        for id_, user in zip(ids, users, strict=True)
    ]


async def _ask(
    services: Services,
    context: CommandContext,
    offer: Offer,
    questions: Sequence[NewPost],
    text: Callable[[bool], Text],
) -> Answer:
    """Write the request and its questions, and answer the asker, at once."""
    offer = replace(
        offer,
        copies=tuple(each.id for each in questions),
        places=tuple(each.channel for each in questions),
    )
    offers = [(steps.WITHDRAW, f"withdraw {offer.id}")]
    to_asker = await posts_for(services, context, Answer(Card(EMPTY, ()), private=True))
    said = list[Card]()

    def posts(*, is_newer: bool) -> list[NewPost]:
        said.append(answers.told(context.words, text(is_newer), post=context.post, offers=offers))
        return [*(replace(each, body=said[-1]) for each in to_asker), *questions]

    linked = replace(context.caller.link, verified=False) if context.caller.link is not None else None
    result = context.attempt_result(services.clock(), linked=linked, answer=offer.id)
    await services.incident_actions.offers.asks.ask(offer, posts, result)
    return Answer(said[-1], private=True, queued=True)


# ── the answers ──


async def command_offer(services: Services, id_: str) -> Offer | None:
    """What somebody asks to have run; None where the offer is of another kind, or not known any more."""
    found = await services.store.offer(OfferId(id_))
    return found[0] if found is not None and found[0].is_command else None


async def resolved(services: Services, context: CommandContext, request: Accept) -> CommandContext:
    """Put the command that is asked for in the place of its acceptance: it is then done like any other."""
    offer = await command_offer(services, request.offer)
    if offer is None:
        return context
    by = context.incoming.by
    owns = offer.by == by and await _owns(services, context, offer)
    steps.refuse_run(offer, by, context.now, owns=owns)
    inner = steps.as_run(offer)
    return replace(
        context,
        offer=offer,
        request=inner,
        row=BY_REQUEST[type(inner)],
        words=offer.command,
        changes=True,
        zone=steps.meant_in(offer, context.zone),
    )


async def _owns(services: Services, context: CommandContext, offer: Offer) -> bool:
    """Whether the asker may do it themselves by now, as far as EnOS says."""
    link = context.caller.link
    if link is None or offer.kind is not OfferKind.ASK:
        return False
    try:
        flow = await services.enos.flow(FlowId(offer.flow_id), as_user=link.user_id)
    except Failure:
        return False
    return may_change(link, flow) is Denial.NONE


async def decline(services: Services, context: CommandContext, offer: Offer) -> Answer:
    """Do not run what one was asked for."""
    by, now, admin = context.incoming.by, context.now, context.caller.admin
    done = msg("You declined. I told {person}.", person=mention(offer.by.user))
    return await _end(
        services,
        context,
        offer,
        OfferState.DECLINED,
        lambda old: steps.refuse_decline(old, by, now, admin=admin),
        done,
    )


async def withdraw(services: Services, context: CommandContext, offer: Offer) -> Answer:
    """Stop asking."""
    by, now = context.incoming.by, context.now
    done = msg("You withdrew your request.")
    return await _end(services, context, offer, OfferState.WITHDRAWN, lambda old: refuse_withdrawal(old, by, now), done)


async def _end(
    services: Services,
    context: CommandContext,
    offer: Offer,
    state: OfferState,
    check: Callable[[Offer], None],
    done: Text,
) -> Answer:
    answer = Answer(answers.told(context.words, done, post=context.post), private=True)
    await services.incident_actions.offers.asks.end(
        offer.id,
        state,
        context.incoming.by,
        context.now,
        check=check,
        posts=await posts_for(services, context, answer),
        attempt_result=context.attempt_result(services.clock(), answer=offer.id),
    )
    return replace(answer, queued=True)

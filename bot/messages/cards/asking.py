"""What is said when somebody asks an owner to run a command, or the flowbot admins to be linked."""

from collections.abc import Mapping, Sequence

from bot.core.flow.model import FlowId, UserName
from bot.core.incident.asking import LINK_LASTS, Askable, shown, user_meant
from bot.core.incident.handover import Offer, OfferKind, OfferState
from bot.core.outbox import blocks
from bot.core.outbox.blocks import Card
from bot.core.people.model import Link
from bot.core.text.escape import code, mention
from bot.core.text.message import Message, Text, dots, layout, lines, listed, msg, sentences
from bot.messages.cards import answers, flows
from bot.messages.cards.runs import VIEW_RUN

ASK_AN_OWNER = msg("Ask an owner")
_LISTED = 5  # people
_HEADS: Mapping[OfferState, Message] = {
    OfferState.ACCEPTED: msg("DONE"),
    OfferState.DECLINED: msg("DECLINED"),
    OfferState.WITHDRAWN: msg("REQUEST WITHDRAWN"),
    OfferState.EXPIRED: msg("NO ANSWER"),
    OfferState.REPLACED: msg("REPLACED"),
}


# ── who is asked ──


def asked(offer: Offer, why: Text, post: str, *, direct: bool = False) -> Card:
    """The question whether an owner runs a command: in the incident's thread, or in their direct messages."""
    values = {"person": mention(offer.by.user), "command": shown(offer)}
    if direct:
        text = msg("{person} asks you to run {command}.", **values)
    else:
        text = msg("{people}, {person} asks you to run {command}.", people=people(offer.asked), **values)
    note = msg("It runs as you, with your rights. The audit names you both.")
    shown_lines = lines(text, why, note, _deadline(offer))
    card = Card(dots(msg("CAN YOU RUN IT?"), _about(offer)), [blocks.section(shown_lines)])
    return card.with_block(_buttons(offer, post, msg("Run it"), withdraw=not direct))


def why_owner(offer: Offer, user: UserName) -> Text:
    """Why the asker may not change a flow; ``user`` is theirs in EnOS."""
    return msg(
        "Only owners can change {flow}, and {person} ({user} in EnOS) is not one.",
        flow=_flow(offer),
        person=mention(offer.by.user),
        user=code(user),
    )


def why_responder(offer: Offer) -> Text:
    """Why the asker may not act on an incident."""
    return msg(
        "Only owners of {flow} and people on call can do this, and {person} is neither.",
        flow=_flow(offer),
        person=mention(offer.by.user),
    )


def link_asked(offer: Offer, before: Link | None, post: str, *, guest: bool) -> Card:
    """The question whether an admin links somebody; ``before`` is the link that they have."""
    values = {"person": mention(offer.by.user), "user": _what(offer)}
    text = lines(
        msg("{person} asks to be linked to {user}.", **values),
        msg("{person} is a guest of this workspace.", **values) if guest else None,
        msg(
            "They are linked to EnOS user {name} ({id}) now. This would replace that link.",
            name=code(before.user_name),
            id=code(before.user_id),
        )
        if before is not None
        else None,
        msg("Approve it only if you know that this EnOS user is theirs: they get its rights."),
        _deadline(offer),
    )
    card = Card(dots(msg("LINK REQUEST"), _about(offer)), [blocks.section(text)])
    return card.with_block(_buttons(offer, post, msg("Approve"), withdraw=False))


def _buttons(offer: Offer, post: str, label: Message, *, withdraw: bool) -> blocks.Block:
    row = [
        blocks.button(label, f"accept {offer.id}", post, index=0, style="primary"),
        blocks.button(msg("Decline"), f"decline {offer.id}", post, index=1),
    ]
    if withdraw:
        row.append(blocks.button(msg("Withdraw"), f"withdraw {offer.id}", post, index=2))
    return blocks.actions(*row)


def ended(offer: Offer, *, is_sure: bool = True) -> Card:
    """The question, once it has an answer or needs none. ``is_sure``: it is known that the command was done."""
    return Card(_head(offer), [blocks.section(_how(offer, is_sure=is_sure))])


def _how(offer: Offer, *, is_sure: bool) -> Text:
    asker, what = mention(offer.by.user), _what(offer)
    person = mention((offer.answered_by or offer.to).user)
    is_link = offer.kind is OfferKind.LINK
    match offer.state:
        case OfferState.ACCEPTED if not is_sure:
            return msg(
                "{person} pressed this for {asker}, and I don't know whether it was done: {what}. Check the state.",
                person=person,
                asker=asker,
                what=what,
            )
        case OfferState.ACCEPTED if is_link:
            return msg("{person} linked {asker} to {what}.", person=person, asker=asker, what=what)
        case OfferState.ACCEPTED:
            return msg("{person} ran this for {asker}: {what}", person=person, asker=asker, what=what)
        case OfferState.DECLINED if is_link:
            return msg("{person} declined to link {asker} to {what}.", person=person, asker=asker, what=what)
        case OfferState.DECLINED:
            return msg("{person} declined to run this for {asker}: {what}", person=person, asker=asker, what=what)
        case OfferState.EXPIRED if is_link:
            return msg(
                "⏰ Nobody answered within {duration}, so {asker} was not linked to {what}.",
                duration=offer.until - offer.asked_at,
                asker=asker,
                what=what,
            )
        case OfferState.EXPIRED:
            return msg(
                "⏰ Nobody answered {asker} within {duration}, so this was not run: {what}",
                asker=asker,
                duration=offer.until - offer.asked_at,
                what=what,
            )
        case OfferState.REPLACED:
            return msg("{asker} sent a newer request, which replaces this one.", asker=asker)
        case _:
            return msg("{asker} withdrew this request: {what}", asker=asker, what=what)


# ── who asks ──


def sent(offer: Offer, *, unreached: Sequence[str] = (), unlinked: Sequence[UserName] = ()) -> Text:
    """To the asker: whom of the owners the request has reached, and until when they may answer."""
    return lines(
        msg("I asked {people} to run {command}.", people=people(offer.asked), command=shown(offer)),
        msg("I can't reach {people} by direct message.", people=people(unreached)) if unreached else None,
        msg(
            "I could not ask {names}: nobody here is linked to them.",
            names=listed([code(flows.short(each)) for each in unlinked[:_LISTED]], len(unlinked)),
        )
        if unlinked
        else None,
        msg("The request is open until {time}. I'll tell you what comes of it.", time=offer.until),
    )


def link_sent(offer: Offer, *, is_newer: bool) -> Text:
    """To the asker: whom of the admins the request to be linked has reached."""
    return lines(
        msg("I asked {people} to link you to {user}.", people=people(offer.asked), user=_what(offer)),
        msg("This replaces your earlier request.") if is_newer else None,
        msg("They have {duration} to answer. I'll tell you what comes of it.", duration=LINK_LASTS),
    )


def told(offer: Offer, *, is_sure: bool = True, run: str = "", post: str = "") -> Card:
    """To the asker: what came of the request. ``run`` is what was started, if anything."""
    person, what = mention((offer.answered_by or offer.to).user), _what(offer)
    nothing = msg("Nothing was changed.")
    text: Text
    if offer.state is OfferState.ACCEPTED and is_sure:
        text = msg("{person} ran this for you: {what}", person=person, what=what)
    elif offer.state is OfferState.ACCEPTED:
        text = msg(
            "{person} ran this for you, and I don't know whether it was done: {what}. Check the state.",
            person=person,
            what=what,
        )
    elif offer.state is OfferState.DECLINED and offer.kind is OfferKind.LINK:
        text = msg("{person} declined to link you to {what}.", person=person, what=what)
    elif offer.state is OfferState.DECLINED:
        text = lines(msg("{person} declined to run this for you: {what}", person=person, what=what), nothing)
    else:
        duration = offer.until - offer.asked_at
        again = msg("You can ask again.")
        late = msg("⏰ Nobody answered your request within {duration}: {what}", duration=duration, what=what)
        text = lines(late, sentences(nothing, again))
    card = Card(_head(offer), [blocks.section(text)])
    row, _ = answers.offered([(VIEW_RUN, f"show {run}")] if run else [], post)
    return card.with_block(blocks.actions(*row)) if row else card


def cannot_ask(reason: Askable) -> Text | None:
    """Why a refusal has no button to ask an owner; None where there is nothing to say."""
    match reason:
        case Askable.HIDDEN:
            return msg("This command holds a secret, so I can't send it to an owner.")
        case Askable.TOO_LONG:
            return msg("This command is too long for me to send it to an owner.")
        case Askable.NO_OWNER:
            return msg("None of the owners is linked to a person here, so I can't ask them for you.")
        case _:
            return None


def people(users: Sequence[str]) -> Text:
    """Some people, mentioned."""
    return listed([mention(each) for each in users[:_LISTED]], len(users))


def _head(offer: Offer) -> Text:
    return dots(_HEADS.get(offer.state, _HEADS[OfferState.WITHDRAWN]), _about(offer))


def _about(offer: Offer) -> Text:
    """What a phone shows of it."""
    if offer.kind is OfferKind.LINK:
        user = user_meant(offer)
        return layout("{name}", name=flows.short(user.user_name)) if user is not None else msg("EnOS user")
    return layout("{name}", name=flows.short(offer.flow_name or str(offer.flow_id)))


def _what(offer: Offer) -> Text:
    """The command, or the EnOS user."""
    user = user_meant(offer) if offer.kind is OfferKind.LINK else None
    if user is None:
        return shown(offer)
    return msg("EnOS user {name} ({id})", name=code(user.user_name), id=code(user.user_id))


def _flow(offer: Offer) -> Text:
    return flows.flow_name(FlowId(offer.flow_id), offer.flow_name)


def _deadline(offer: Offer) -> Text:
    return msg("Without an answer by {time}, nothing changes.", time=offer.until)

"""What is said when an incident moves from one person to another, or when somebody is asked to take it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.core.incident.handover import Offer, OfferState, holder
from bot.core.incident.lifecycle import failures
from bot.core.incident.model import Ask, Incident
from bot.core.outbox import blocks
from bot.core.outbox.blocks import Block, Card
from bot.core.text.escape import mention
from bot.core.text.message import Message, Text, dots, layout, lines, listed, msg, plural, sentences
from bot.messages.cards import incident_words as words

LISTED = 20  # incidents of one message


# ── one incident ──


def taken_over(incident: Incident) -> Card:
    """The reply when somebody has taken over an acknowledgement."""
    who, flow, former = words.who(incident.acked_by), words.bold(incident), words.who(incident.taken_from)
    if incident.ack_until is None:
        text = msg("{person} took over {flow} from {other}.", person=who, flow=flow, other=former)
    else:
        text = msg(
            "{person} took over {flow} from {other}, until {time}.",
            person=who,
            flow=flow,
            other=former,
            time=incident.ack_until,
        )
    return _said(msg("TAKEN OVER"), incident, text, words.note(incident))


def asked(incident: Incident, offer: Offer, replaced: Ask | None, post: str, *, direct: bool = False) -> Card:
    """The question whether somebody takes an incident: in a thread of it, or to them alone (``direct``)."""
    text = msg(
        "{other}, {person} asks you to take {flow}.",
        other=mention(offer.to.user),
        person=mention(offer.by.user),
        flow=words.bold(incident),
    )
    earlier = None
    if replaced is not None:
        earlier = msg("This replaces the earlier request to {person}.", person=words.who(replaced.to))
    shown = lines(sentences(text, _until_then(incident)), earlier, _deadline(offer.until))
    head = dots(msg("CAN YOU TAKE IT?"), words.name(incident), words.detail(incident))
    return blocks.Card(head, [blocks.section(shown), _buttons(offer, post, withdraw=not direct)])


def asked_elsewhere(incident: Incident, offer: Offer, post: str) -> Card:
    """The same in the incident's other threads: nobody is mentioned twice."""
    text = msg("Somebody was asked to take {flow}. Its card says who.", flow=words.bold(incident))
    head = dots(msg("SOMEBODY WAS ASKED"), words.name(incident), words.detail(incident))
    return blocks.Card(
        head, [blocks.section(lines(text, _deadline(offer.until))), _buttons(offer, post, withdraw=True)]
    )


def _until_then(incident: Incident) -> Text:
    now_with = holder(incident)
    if now_with is None:
        return msg("Nobody is on it now.")
    return msg("Until then, {person} is on it.", person=words.who(now_with))


def _deadline(until: datetime) -> Text:
    return msg("Without an answer by {time}, nothing changes.", time=until)


def _buttons(offer: Offer, post: str, *, withdraw: bool) -> Block:
    row = [
        blocks.button(msg("Accept"), f"accept {offer.id}", post, index=0, style="primary"),
        blocks.button(msg("Decline"), f"decline {offer.id}", post, index=1),
    ]
    if withdraw:
        row.append(blocks.button(msg("Withdraw"), f"withdraw {offer.id}", post, index=2))
    return blocks.actions(*row)


def stays(incident: Incident, offer: Offer, state: OfferState) -> Card:
    """The reply when an incident stays where it was, and why."""
    now_with = holder(incident)
    still = msg("{person} is still on it.", person=words.who(now_with)) if now_with else msg("Nobody is on it now.")
    text = _why(offer, state, words.bold(incident))
    return _said(_HEADS[state], incident, sentences(text, still))


_HEADS: Mapping[OfferState, Message] = {
    OfferState.DECLINED: msg("DECLINED"),
    OfferState.WITHDRAWN: msg("REQUEST WITHDRAWN"),
    OfferState.EXPIRED: msg("NO ANSWER"),
    OfferState.UNREACHABLE: msg("NOT ACTIVE"),
}


def _why(offer: Offer, state: OfferState, flow: Text) -> Text:
    asker, asked_one = mention(offer.by.user), mention(offer.to.user)
    match state:
        case OfferState.DECLINED:
            return msg("{asker}, {person} declined to take {flow}.", asker=asker, person=asked_one, flow=flow)
        case OfferState.WITHDRAWN:
            return msg("{person} no longer asks {other} to take {flow}.", person=asker, other=asked_one, flow=flow)
        case OfferState.EXPIRED:
            return msg(
                "⏰ {asker}, {person} did not answer within {duration} whether they take {flow}.",
                asker=asker,
                person=asked_one,
                duration=offer.until - offer.asked_at,
                flow=flow,
            )
        case _:
            return msg(
                "{asker}, {person} can't take {flow}: their account is not active any more.",
                asker=asker,
                person=asked_one,
                flow=flow,
            )


def _said(state: Message, incident: Incident, *texts: Text | None) -> Card:
    """A reply without buttons; a phone shows the state and the flow."""
    return blocks.Card(dots(state, words.name(incident)), [blocks.section(lines(*texts))])


# ── several at once ──


def handover_asked(offer: Offer, incidents: Sequence[Incident], post: str) -> Card:
    """The question whether somebody takes all that another person has acknowledged."""
    text = plural(
        "{person} asks you to take {n} incident that they acknowledged.",
        "{person} asks you to take {n} incidents that they acknowledged.",
        len(incidents),
        person=mention(offer.by.user),
    )
    body = [blocks.section(text), blocks.section(_rows(incidents)), blocks.section(_deadline(offer.until))]
    return blocks.Card(_head(msg("CAN YOU TAKE IT?"), len(incidents)), [*body, _buttons(offer, post, withdraw=False)])


def _head(state: Message, number: int) -> Text:
    return dots(state, plural("{n} incident", "{n} incidents", number))


def _since(incident: Incident) -> Text:
    if not failures(incident):
        return msg("late since {time}", time=incident.opened_at)
    return msg("failing since {time}", time=incident.opened_at)


def _rows(incidents: Sequence[Incident]) -> Text:
    rows = [
        layout(
            "• {row}",
            row=dots(words.bold(each), words.detail(each), _since(each)),
        )
        for each in incidents[:LISTED]
    ]
    more = len(incidents) - len(rows)
    return lines(*rows, plural("… and {n} more.", "… and {n} more.", more) if more > 0 else None)


def handed_over(offer: Offer, moved: Sequence[Incident], left: Sequence[tuple[Incident, Text]]) -> Card:
    """To the person who asked: what has moved, and what has not."""
    text = plural(
        "{person} took over {n} incident from you.",
        "{person} took over {n} incidents from you.",
        len(moved),
        person=mention(offer.to.user),
    )
    return blocks.Card(_head(msg("TAKEN OVER"), len(moved)), [blocks.section(text), *left_out(left)])


def left_out(left: Sequence[tuple[Incident, Text]]) -> list[Block]:
    """What did not move with the rest, and why."""
    if not left:
        return []
    rows = [words.why_not(each, why) for each, why in left[:LISTED]]
    more = len(left) - len(rows)
    head = plural("{n} incident did not move:", "{n} incidents did not move:", len(left))
    shown = lines(head, *rows, plural("… and {n} more.", "… and {n} more.", more) if more > 0 else None)
    return [blocks.section(shown)]


def moved_together(offer: Offer, moved: Sequence[Incident]) -> Card:
    """The reply under a group's message, for those of its incidents that have moved."""
    names = listed([words.bold(each) for each in moved[: words.LISTED]], len(moved))
    text = msg(
        "{person} took over {flows} from {other}.",
        person=mention(offer.to.user),
        flows=names,
        other=mention(offer.by.user),
    )
    return blocks.Card(_head(msg("TAKEN OVER"), len(moved)), [blocks.section(text)])


def handover_stays(offer: Offer, state: OfferState) -> Card:
    """In direct messages, when a hand-over has come to nothing: to the person who asked, or who was asked."""
    asker, asked_one, all_stay = mention(offer.by.user), mention(offer.to.user), msg("Everything stays with you.")
    text: Text
    match state:
        case OfferState.DECLINED:
            text = sentences(msg("{person} declined to take your incidents.", person=asked_one), all_stay)
        case OfferState.WITHDRAWN:
            text = msg("{person} no longer asks you to take their incidents. You need not answer.", person=asker)
        case OfferState.EXPIRED:
            late = msg(
                "⏰ {person} did not answer within {duration} whether they take your incidents.",
                person=asked_one,
                duration=offer.until - offer.asked_at,
            )
            text = sentences(late, all_stay)
        case _:
            gone = msg("{person} can't take your incidents: their account is not active any more.", person=asked_one)
            text = sentences(gone, all_stay)
    return blocks.Card(_head(_HEADS[state], len(offer.incidents)), [blocks.section(text)])

"""An acknowledgement moves from one person to another: taken over at once, or offered and accepted.

    asked ──accept──────────────────────────────────────► it is theirs
      ├──decline, withdraw, silence for 30 minutes,
      │  the person who was asked is not active any more──► it stays where it was
      └──it ends, or somebody else takes it meanwhile─────► nothing is left of the offer

An incident says which offer it is part of (``Incident.ask``), so that what happens to it elsewhere ends the offer as
well. A second offer takes the place of the first. Pure; what cannot be done raises ``Refusal``.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum

from bot.core.command.parse import in_words
from bot.core.errors import Refusal
from bot.core.incident import lifecycle
from bot.core.incident.lifecycle import Step, Transition, is_live, reference
from bot.core.incident.model import Ask, Incident, IncidentId, OfferId, Phase
from bot.core.outbox.posts import PostId
from bot.core.people.model import Person
from bot.core.text.escape import EMPTY, mention
from bot.core.text.message import Text, ago, msg, sentences
from bot.core.values import dataclass

OFFER_LASTS = timedelta(minutes=30)
JUST_NOW = timedelta(minutes=1)  # who acknowledged it since then may have been faster than the person who types
MOST = 60  # incidents of one offer: with their cards and replies they fit into one transaction
NOTHING_CHANGED = msg("Nothing was changed.")


class OfferKind(Enum):
    """How an incident is offered. The values are what the database holds."""

    ASSIGN = "assign"  # one incident, asked in its thread
    HANDOVER = "handover"  # everything that a person has acknowledged, asked in direct messages
    ASK = "ask"  # a command that needs an owner: ``asking.py``
    LINK = "link"  # to be linked to an EnOS user: as well


class OfferState(Enum):
    """How an offer goes. The values are what the database holds."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    UNREACHABLE = "unreachable"  # who was asked is not active any more
    OVER = "over"  # nothing of it is left
    RUNNING = "running"  # a command that was asked for is being run
    REPLACED = "replaced"  # by a newer request


@dataclass(frozen=True, slots=True)
class Offer:
    """One person asks another to take incidents."""

    id: OfferId
    kind: OfferKind
    incidents: tuple[IncidentId, ...]
    by: Person
    to: Person
    asked_at: datetime
    until: datetime
    state: OfferState = OfferState.OPEN
    ended_at: datetime | None = None
    # of a command that is asked for
    command: str = ""
    flow_id: int = 0
    flow_name: str = ""
    zone: str = ""  # in which the asker meant it
    others: tuple[str, ...] = ()  # user ids of those who were asked besides ``to``
    copies: tuple[PostId, ...] = ()  # the messages that ask
    places: tuple[str, ...] = ()  # where they are, in the same order
    answered_by: Person | None = None
    attempt: int = 0  # the audit row of who runs it

    @property
    def asked(self) -> tuple[str, ...]:
        """The user ids of those who were asked."""
        return (self.to.user, *self.others)

    @property
    def is_command(self) -> bool:
        """Whether a command is asked for, and no incident moves."""
        return self.kind in {OfferKind.ASK, OfferKind.LINK}


def ended(offer: Offer, state: OfferState, now: datetime) -> Offer:
    """The offer after its end."""
    return replace(offer, state=state, ended_at=now)


def holder(incident: Incident) -> Person | None:
    """Who has acknowledged it, while that lasts."""
    return incident.acked_by if incident.phase is Phase.ACKNOWLEDGED else None


def is_part_of(incident: Incident, offer: Offer) -> bool:
    """Whether it is still offered by this offer."""
    return is_live(incident) and incident.ask is not None and incident.ask.offer == offer.id


# ── steps of an incident ──


def take(incident: Incident, by: Person, now: datetime, until: datetime | None = None, seen: str = "") -> Step:
    """Take it over at once; where nobody has it, acknowledge it; where it is one's own, renew it.

    ``seen`` is the user id of the person who had it on the card that was pressed; empty where it was typed. Raises
    Refusal where another person has it since, so that of two who press at once the second decides knowingly.
    """
    lifecycle.refuse_ended(incident, msg("There is nothing to take over."))
    expires = lifecycle.expiry(incident, "take", now, until)
    former = holder(incident)
    if former is None:
        return lifecycle.acknowledge(incident, by, now, until)
    if former == by:
        if seen:
            raise _own(incident)
        return lifecycle.acknowledge(incident, by, now, until)
    since = now - (incident.acked_at or now)
    if seen not in {"", former.user} or (not seen and since < JUST_NOW):
        raise Refusal(
            "taken_just_now",
            msg("{person} acknowledged this incident {ago}.", person=mention(former.user), ago=ago(since)),
            sentences(NOTHING_CHANGED, msg("You can still take it over from them.")),
            offers=[lifecycle.take_over(incident)],
        )
    return _moved(incident, by, now, expires, former), Transition.TAKEN_OVER


def ask(incident: Incident, offer: Offer) -> Step:
    """Ask somebody to take it. Raises Refusal where it has ended, or is theirs already."""
    lifecycle.refuse_ended(incident, msg("There is nothing to assign."))
    if holder(incident) == offer.to:
        raise Refusal(
            "theirs_already",
            msg("{person} is already on it. Nothing was changed.", person=mention(offer.to.user)),
        )
    return replace(incident, ask=Ask(offer.id, offer.by, offer.to)), Transition.ASKED


def accept(incident: Incident, offer: Offer, now: datetime) -> Step:
    """Move it to the person who was asked, where it is still offered to them."""
    if not is_part_of(incident, offer):
        return incident, Transition.NOTHING
    former = holder(incident) or offer.by
    return _moved(incident, offer.to, now, now + lifecycle.ACK_DURATION, former), Transition.TAKEN_OVER


def release(incident: Incident, offer: Offer) -> Step:
    """End what is asked; it stays where it is."""
    if not is_part_of(incident, offer):
        return incident, Transition.NOTHING
    return replace(incident, ask=None), Transition.ASK_ENDED


def _moved(incident: Incident, to: Person, now: datetime, until: datetime, former: Person) -> Incident:
    return replace(
        incident,
        phase=Phase.ACKNOWLEDGED,
        acked_by=to,
        acked_at=now,
        ack_until=until,
        taken_from=former,
        ask=None,
        background=lifecycle.acknowledged_at(incident, now),
    )


def _own(incident: Incident) -> Refusal:
    renew = msg("To keep it longer, use {command}.", command=in_words(f"take {reference(incident)} for 4h"))
    if incident.ack_until is None:
        return Refusal("yours_already", msg("You already have this incident."), renew)
    return Refusal("yours_already", msg("You already have this incident until {time}.", time=incident.ack_until), renew)


# ── who may answer an offer ──


def refuse_self(by: Person, to: Person, command: str) -> None:
    """Raise Refusal where somebody asks themselves; ``command`` is what they can do instead."""
    if by == to:
        raise Refusal(
            "asked_oneself",
            msg("You can't ask yourself. Nothing was changed."),
            msg("Use {command}.", command=in_words(command)),
        )


def refuse_answer(offer: Offer, by: Person, now: datetime) -> None:
    """Raise Refusal unless this person was asked, and the offer is open."""
    if by != offer.to:
        raise Refusal(
            "not_asked",
            msg("Only {person} can answer this. Nothing was changed.", person=mention(offer.to.user)),
            msg("To take an incident over yourself, use {command}.", command=in_words("take 2809")),
        )
    refuse_over(offer, now)


def refuse_withdrawal(offer: Offer, by: Person, now: datetime) -> None:
    """Raise Refusal unless this person asked, and the offer is open."""
    if by != offer.by:
        raise Refusal(
            "not_the_asker",
            msg("Only {person}, who asked, can withdraw this. Nothing was changed.", person=mention(offer.by.user)),
        )
    refuse_over(offer, now)


def refuse_over(offer: Offer, now: datetime) -> None:
    """Raise Refusal where an offer has ended; it says how, and what is still possible."""
    state, at = offer.state, offer.ended_at or offer.until
    if state is OfferState.OPEN and now >= offer.until:
        state = OfferState.EXPIRED  # it will be said within seconds
    if state is not OfferState.OPEN:
        way_out = EMPTY if offer.is_command else _way_out(state)
        raise Refusal(f"offer_{state.value}", sentences(_how(offer, state, at), NOTHING_CHANGED), way_out)


def _how(offer: Offer, state: OfferState, at: datetime) -> Text:
    asked, asker = mention((offer.answered_by or offer.to).user), mention(offer.by.user)
    match state:
        case OfferState.RUNNING:
            return msg("{person} is running this now.", person=asked)
        case OfferState.ACCEPTED if offer.is_command:
            return msg("{person} already did this {time}.", person=asked, time=at)
        case OfferState.REPLACED:
            return msg("A newer request of {person} replaced this one {time}.", person=asker, time=at)
        case OfferState.ACCEPTED:
            return msg("{person} already accepted this {time}.", person=asked, time=at)
        case OfferState.DECLINED:
            return msg("{person} already declined this {time}.", person=asked, time=at)
        case OfferState.WITHDRAWN:
            return msg("{person} withdrew this request {time}.", person=asker, time=at)
        case OfferState.EXPIRED:
            return msg("This request expired {time}, because nobody answered it.", time=at)
        case OfferState.UNREACHABLE:
            return msg(
                "This request ended {time}, because the account of {person} is not active.", person=asked, time=at
            )
        case _:
            return msg("This request no longer applies.")


def _way_out(state: OfferState) -> Text:
    if state is OfferState.ACCEPTED:
        return msg("`incidents mine` shows what you have.")
    return msg("To take an incident over now, use {command}.", command=in_words("take 2809"))


def why_left_out(incident: Incident) -> Text:
    """Why an incident is not part of an offer any more."""
    if not is_live(incident):
        return lifecycle.ended(incident)
    if incident.ask is not None:
        return msg("A newer request to {person} replaced this one.", person=mention(incident.ask.to.user))
    if (now_with := holder(incident)) is not None:
        return msg("{person} is on it now.", person=mention(now_with.user))
    return msg("This request no longer applies.")


def unknown_offer() -> Refusal:
    """The refusal of a button whose offer is not known any more."""
    return Refusal(
        "unknown_offer",
        msg("This request is too old, so I don't have it any more. Nothing was changed."),
        msg("`incidents` shows what is open."),
    )


def refuse_left_out(incident: Incident, offer: Offer) -> None:
    """Raise Refusal where an incident is not offered any more."""
    if is_part_of(incident, offer):
        return
    state = is_live(incident)
    way = msg("To take it over now, use {command}.", command=in_words(f"take {reference(incident)}")) if state else None
    raise Refusal("offer_over", sentences(why_left_out(incident), NOTHING_CHANGED, way))


# ── the end by itself ──


class Lapse(Enum):
    """Whether an offer ends by itself now, and why. The values are for the log."""

    NOT_YET = "not yet"
    NOTHING_LEFT = "nothing left"  # of what was offered: nothing is said
    UNANSWERED = "unanswered"
    UNREACHABLE = "unreachable"


def lapse(offer: Offer, left: int, now: datetime, *, active: bool) -> Lapse:
    """Whether an open offer ends at ``now``; ``left`` of its incidents are still offered."""
    if not left:
        return Lapse.NOTHING_LEFT
    if not active:
        return Lapse.UNREACHABLE
    return Lapse.UNANSWERED if now >= offer.until else Lapse.NOT_YET


END_OF = {
    Lapse.NOTHING_LEFT: OfferState.OVER,
    Lapse.UNANSWERED: OfferState.EXPIRED,
    Lapse.UNREACHABLE: OfferState.UNREACHABLE,
}

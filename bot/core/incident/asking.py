"""Commands that somebody asks others to run for them: an owner, or, to be linked, a flowbot admin.

    open ──Run it──► running ──done, or it may be──────────────► accepted
      ▲                └──refused, EnOS away──► open again
      ├──decline, withdraw, a newer request, silence──► it is not run

They are offers like those of ``handover.py``. The command is run as the one who presses, with their rights at that
moment. Pure; what cannot be done raises ``Refusal``.
"""

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, tzinfo
from enum import Enum
from typing import Any, cast
from zoneinfo import ZoneInfo

from bot.core.command.parse import parse
from bot.core.command.periods import resolve
from bot.core.command.requests import SUCCESS, Backfill, FlowRef, LinkPerson, Request, When
from bot.core.command.rights import Who
from bot.core.command.table import BY_REQUEST
from bot.core.errors import Refusal
from bot.core.flow.ids import flow_of
from bot.core.flow.model import FlowId, InstanceId
from bot.core.incident.handover import NOTHING_CHANGED, Offer, OfferKind, OfferState, ended, refuse_over
from bot.core.people.model import FREEING, Outcome, Person
from bot.core.text.escape import code, mention, visible
from bot.core.text.message import Text, layout, lines, listed, msg, sentences
from bot.core.text.shown_times import minute_in_utc

ASK_LASTS = timedelta(minutes=60)
LINK_LASTS = timedelta(hours=24)
A_DAY = timedelta(days=1)
MOST_ASKS = 3  # open ones of one person
MOST_LINKS = 5  # requests of one person in a day
LONGEST = 1500  # characters of a command that a message shows whole
_ALSO = frozenset({"close", "reopen", "snooze", "unsnooze"})  # what owners may, besides what only owners may
RUN_IT, WITHDRAW = msg("Run it"), msg("Withdraw")


class Askable(Enum):
    """Whether owners can be asked to run a command. The values are for the log."""

    YES = "yes"
    NEVER = "never"  # it is not one of those that need an owner
    HIDDEN = "holds a secret"  # which would be shown to others
    TOO_LONG = "too long"
    NO_OWNER = "no owner"  # none who is linked and active


def askable(command: str, owners: int, *, holds_secret: bool) -> Askable:
    """Whether this many owners can be asked for a command, which is empty where it needs no owner."""
    if not command:
        return Askable.NEVER
    if holds_secret:
        return Askable.HIDDEN
    if len(command) > LONGEST:
        return Askable.TOO_LONG
    return Askable.YES if owners else Askable.NO_OWNER


# ── which command ──


def exact(request: Request, flow: FlowId, instance: InstanceId | None, now: datetime, zone: tzinfo) -> Request | None:
    """The request with all that its place and its time said; None for one that owners cannot be asked for.

    ``instance`` is the run that is meant where none is named. Raises Refusal for a time that is none.
    """
    row, named = BY_REQUEST[type(request)], {each.name for each in fields(cast("Any", request))}
    is_for_owners = row.who is Who.OWNER or row.verb in _ALSO
    if not is_for_owners or any(getattr(request, name, None) for name in ("bulk", "scope", "dry_run")):
        return None
    # What the asker has confirmed, or seen, is not the owner's.
    values: dict[str, Any] = {
        each.name: each.default for each in fields(cast("Any", request)) if each.name in {"confirmed", "seen"}
    }
    if "flow" in named and getattr(request, "instance", None) is None:
        values["flow"] = FlowRef(flow)
    elif "instance" not in named:  # it names neither: a backfill that is paused, stopped or continued
        return None
    else:
        values["instance"] = getattr(request, "instance", None) or instance
        if values["instance"] is None:
            return None
    for name in ("when", "until"):
        time: When | None = getattr(request, name, None)
        if time is not None and time != SUCCESS:
            values[name] = When(minute_in_utc(resolve(time, now, zone)))
    if isinstance(request, Backfill) and request.begin and request.end:
        from bot.core.flow.backfill_times import days  # not before somebody asks for one

        first, last = days(request.begin, request.end, now, zone)
        values |= {"begin": str(first), "end": str(last)}
    changed: Request = replace(cast("Any", request), **values)
    return changed


def flow_meant(request: Request) -> FlowId | None:
    """The flow of an ``exact`` request; None where it names none by its id."""
    instance: InstanceId | None = getattr(request, "instance", None)
    if instance is not None:
        return flow_of(instance)
    flow: FlowRef | None = getattr(request, "flow", None)
    return None if flow is None else flow.id


def as_run(offer: Offer) -> Request:
    """What is run when an offer is accepted. Who presses has confirmed it."""
    request = parse(offer.command)
    if any(each.name == "confirmed" for each in fields(cast("Any", request))):
        return cast("Request", replace(cast("Any", request), confirmed=True))
    return request


def meant_in(offer: Offer, otherwise: tzinfo) -> tzinfo:
    """The zone in which the asker meant the times of a command."""
    if not offer.zone:
        return otherwise
    if offer.zone.startswith("UTC"):
        return datetime.strptime(offer.zone.removeprefix("UTC") or "+0000", "%z").tzinfo or UTC
    return ZoneInfo(offer.zone)


def user_meant(offer: Offer) -> LinkPerson | None:
    """The EnOS user that somebody asks to be linked to; None where that cannot be read any more."""
    try:
        request = parse(offer.command)
    except Refusal:
        return None
    return request if isinstance(request, LinkPerson) else None


def shown(offer: Offer) -> Text:
    """The command, as a sentence names it."""
    return code(visible(offer.command))


# ── who may ask, and how often ──


def refuse_more(offer: Offer, earlier: Sequence[Offer]) -> None:
    """Raise Refusal where the same is asked for already, or too much; ``earlier`` are the asker's requests."""
    waiting = [each for each in earlier if each.kind is OfferKind.ASK and _is_open(each, offer.asked_at)]
    if any(each.command == offer.command for each in waiting):
        same = next(each for each in waiting if each.command == offer.command)
        raise Refusal(
            "asked_already",
            sentences(
                msg("You already asked for this. The request is open until {time}.", time=same.until), NOTHING_CHANGED
            ),
            offers=[(WITHDRAW, f"withdraw {same.id}")],
        )
    if len(waiting) >= MOST_ASKS:
        rows = [layout("{n}. {command}", n=str(n), command=shown(each)) for n, each in enumerate(waiting, 1)]
        raise Refusal(
            "too_many_asks",
            lines(
                sentences(
                    msg("You have {n} open requests, and more are not possible.", n=len(waiting)), NOTHING_CHANGED
                ),
                *rows,
                msg("Withdraw one, or wait for an answer."),
            ),
            offers=[(msg("Withdraw {n}", n=str(n)), f"withdraw {each.id}") for n, each in enumerate(waiting, 1)],
        )


def replaced(offer: Offer, earlier: Sequence[Offer]) -> tuple[Offer, ...]:
    """The asker's open requests to be linked, ended by a newer one. Raises Refusal where there were too many today."""
    mine = [each for each in earlier if each.kind is OfferKind.LINK]
    today = sorted(each.asked_at for each in mine if offer.asked_at - A_DAY < each.asked_at <= offer.asked_at)
    if len(today) >= MOST_LINKS:
        raise Refusal(
            "too_many_link_requests",
            sentences(
                msg("You asked to be linked {n} times in 24 hours, and more is not possible.", n=len(today)),
                NOTHING_CHANGED,
                msg("Try again {time}, or ask a flowbot admin directly.", time=today[-MOST_LINKS] + A_DAY),
            ),
        )
    now = offer.asked_at
    return tuple(ended(each, OfferState.REPLACED, now) for each in mine if each.state is OfferState.OPEN)


def _is_open(offer: Offer, now: datetime) -> bool:
    return offer.state is OfferState.RUNNING or (offer.state is OfferState.OPEN and now < offer.until)


# ── who may answer ──


def refuse_run(offer: Offer, by: Person, now: datetime, *, owns: bool = False) -> None:
    """Raise Refusal for the asker, and where the offer is not open. Whether they have the right is asked of EnOS.

    ``owns``: the asker may do it themselves by now.
    """
    refuse_over(offer, now)
    if by == offer.by:
        own = msg("You asked for this, so somebody else has to answer it.")
        if owns:
            now_theirs = msg("You may do it yourself now.")
            raise Refusal("own_request", sentences(own, now_theirs), offers=[(RUN_IT, offer.command)])
        raise Refusal("own_request", sentences(own, NOTHING_CHANGED), offers=[(WITHDRAW, f"withdraw {offer.id}")])


def refuse_decline(offer: Offer, by: Person, now: datetime, *, admin: bool) -> None:
    """Raise Refusal unless this person was asked, and the offer is open; ``admin``: they are a flowbot admin."""
    refuse_run(offer, by, now)
    asked = offer.asked
    if not (admin if offer.kind is OfferKind.LINK else by.user in asked):
        raise Refusal(
            "not_asked",
            sentences(
                msg("Only the people who were asked can answer this: {people}.", people=listed(map(mention, asked))),
                NOTHING_CHANGED,
            ),
        )


# ── how it goes on ──


def settled(offer: Offer, outcome: Outcome, now: datetime) -> Offer:
    """The offer after its command was run: where nothing was done, it is open again."""
    if outcome.ending in FREEING:
        return replace(offer, state=OfferState.OPEN, answered_by=None, attempt=0)
    return ended(offer, OfferState.ACCEPTED, now)


def is_due(offer: Offer, now: datetime) -> bool:
    """Whether an open offer of a command expires now."""
    return offer.state is OfferState.OPEN and now >= offer.until

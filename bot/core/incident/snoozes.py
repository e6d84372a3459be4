"""Snoozes: nobody is called about a flow, or about any, until a time or until its next success.

A flow has at most one snooze, and there is at most one of all flows. A flow's own one holds before that of all.

    snoozed ──► its time has come     open again if the flow still fails; else only who snoozed it hears of it
        │ │──► the flow succeeds      only ``until success``, and only after a failure: what has just recovered may be
        │ │                           snoozed for its next failure
        │ └──► a person ends it
        └────► somebody snoozes it in another way

An incident holds the snooze that its card shows. A tick compares it with what holds now, one incident in each
transaction: that says once that a snooze is over, whatever ended it.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from enum import Enum

from bot.core.command import requests
from bot.core.command.parse import in_words, say
from bot.core.command.periods import resolve
from bot.core.command.requests import ALL, SUCCESS, When
from bot.core.command.spelling import BLANK
from bot.core.errors import Refusal
from bot.core.flow.model import FlowId
from bot.core.incident.lifecycle import Step, Transition, is_live
from bot.core.incident.model import Incident, Phase, Snooze, SnoozeEnd
from bot.core.text.message import msg, sentences

LONGEST = timedelta(days=30)


class SnoozeReason(Enum):
    """Whether a flow is snoozed, and by what."""

    NOT_SNOOZED = "not snoozed"
    FLOW_SNOOZED = "flow snoozed"
    ALL_SNOOZED = "all flows snoozed"


def is_active(snooze: Snooze, at: datetime) -> bool:
    """Whether a snooze holds at a time; one whose time has come does not, even where that was not noted yet."""
    return snooze.end is None and at < snooze.until


def snooze_of(flow: FlowId, at: datetime, snoozes: Iterable[Snooze]) -> Snooze | None:
    """The snooze that holds for a flow: its own before that of all flows."""
    found = {each.flow_id: each for each in snoozes if is_active(each, at)}
    return found.get(flow) or found.get(None)


def is_snoozed(flow: FlowId, at: datetime, snoozes: Iterable[Snooze]) -> SnoozeReason:
    """Whether a flow is snoozed at a time, and by what."""
    found = snooze_of(flow, at, snoozes)
    if found is None:
        return SnoozeReason.NOT_SNOOZED
    return SnoozeReason.ALL_SNOOZED if found.flow_id is None else SnoozeReason.FLOW_SNOOZED


# ── what a person asks for ──


def ends_at(request: requests.Snooze, now: datetime, zone: tzinfo) -> datetime:
    """When a snooze ends at the latest (UTC).

    Raises Refusal where the request names no end or two; where it has passed, is more than 30 days ahead, does not
    exist or comes twice; and where all flows are to wait for a success.
    """
    if (request.duration is None) == (request.until is None):
        example = in_words(f"{_named(request)} for 2h because {BLANK}")
        what = msg("For how long? Name one end, a duration or a time, for example {command}.", command=example)
        raise Refusal("one_end", what, _NOT_SNOOZED)
    if request.until == SUCCESS:
        if request.scope == ALL:
            what = msg("A snooze of all flows needs a time, because no single success can end it.")
            raise Refusal("all_until_success", what, _NOT_SNOOZED)
        return now + LONGEST
    end = now + request.duration if request.duration else _resolved(request, request.until or SUCCESS, now, zone)
    if end <= now:
        example = in_words(f"{_named(request)} for 2h because {BLANK}")
        what = msg("{time} has already passed. Name a later time, for example {command}.", time=end, command=example)
        raise Refusal("passed", what, _NOT_SNOOZED)
    if end - now > LONGEST:
        what = msg("A snooze lasts 30 days at most, so that no failing flow is forgotten. Choose an earlier end.")
        raise Refusal("too_long", what, _NOT_SNOOZED)
    return end


_NOT_SNOOZED = msg("Nothing was snoozed.")


def _named(request: requests.Snooze) -> str:
    """The request without its end and its reason."""
    return say(replace(request, duration=None, until=None, because=""))


def _resolved(request: requests.Snooze, when: When, now: datetime, zone: tzinfo) -> datetime:
    try:
        return resolve(when, now, zone)
    except Refusal as refused:
        offers = [(label, say(replace(request, until=When(time)))) for label, time in refused.offers]
        if refused.reason == "passed":
            what = msg("{time} has already passed today ({zone}). Until tomorrow?", time=when.words, zone=str(zone))
            raise Refusal("passed", what, _NOT_SNOOZED, offers=offers[1:]) from None
        refused.offers = tuple(offers)
        raise


def needs_reason(request: requests.Snooze) -> None:
    """Raise Refusal where no reason is given; it offers the command with a place for it."""
    if request.because.strip(f"{BLANK}. "):
        return
    words = request if request.duration or request.until else replace(request, duration=timedelta(hours=2))
    raise Refusal(
        "no_reason",
        sentences(
            msg("A snooze needs a reason, so that others know why nobody is notified. A link to a ticket is enough."),
            _NOT_SNOOZED,
        ),
        msg("Send it with your reason at the end: {command}", command=in_words(say(replace(words, because=BLANK)))),
    )


# ── what becomes of snoozes and incidents ──


def ended(snooze: Snooze, end: SnoozeEnd, now: datetime) -> Snooze:
    """The snooze, ended."""
    return replace(snooze, end=end, ended_at=now)


def over(snoozes: Iterable[Snooze], now: datetime) -> tuple[Snooze, ...]:
    """Those whose time has come, ended."""
    return tuple(ended(each, SnoozeEnd.TIME, now) for each in snoozes if each.end is None and each.until <= now)


def ended_by(old: Incident, step: Transition, now: datetime) -> tuple[Snooze, ...]:
    """The snooze that ends with what became of an incident: one until success, with the recovery."""
    if step is not Transition.RECOVERED or old.snooze is None or not old.snooze.until_success:
        return ()
    return (ended(old.snooze, SnoozeEnd.SUCCESS, now),)


def compared(incident: Incident, snoozes: Iterable[Snooze], now: datetime) -> Step:
    """The incident under the snooze that holds now.

    Where none does any more, it is open again and reminders start again; an acknowledgement that lasts longer is kept.
    """
    holds = snooze_of(incident.flow_id, now, snoozes)
    if not is_live(incident) or _id(holds) == _id(incident.snooze):
        return incident, Transition.NOTHING
    if holds is not None:
        return replace(incident, snooze=holds), Transition.SNOOZED
    back = replace(incident, snooze=None, reminded_at=now, reminder_count=0)
    if incident.ack_until is not None and incident.ack_until <= now:
        back = replace(back, phase=Phase.OPEN, acked_by=None, acked_at=None, ack_until=None, note="")
    return back, Transition.SNOOZE_ENDED


def _id(snooze: Snooze | None) -> str:
    return "" if snooze is None else snooze.id

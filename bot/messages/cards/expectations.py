"""Promises, and when a flow is usually done: the answers to ``expect``, and what ``show`` says."""

from collections.abc import Mapping
from dataclasses import replace

from bot.core.errors import Offer
from bot.core.flow.model import FlowId
from bot.core.history.background import Lateness
from bot.core.history.expectations import EVERY_DAY, WORKING_DAYS, Expectation, Promised
from bot.core.history.lateness import Reason, Verdict
from bot.core.history.promise import CannotSay, Estimate
from bot.core.history.usual import LEAST
from bot.core.text.escape import mention
from bot.core.text.message import Message, Text, listed, msg, sentences
from bot.messages.cards import flows
from bot.messages.cards.lateness import usually

_DAYS = (
    msg("Monday"),
    msg("Tuesday"),
    msg("Wednesday"),
    msg("Thursday"),
    msg("Friday"),
    msg("Saturday"),
    msg("Sunday"),
)

# ── the answers ──


def promised(expected: Expectation, coming: Promised | None) -> Text:
    """What somebody promised."""
    values = {
        "person": mention(expected.person.user),
        "flow": flows.flow_name(expected.flow_id, expected.flow_name),
        "clock": _clock(expected),
        "zone": expected.zone,
    }
    if expected.days == EVERY_DAY:
        said = msg("{person} promised {flow} by {clock} every day ({zone}).", **values)
    elif expected.days == WORKING_DAYS:
        said = msg("{person} promised {flow} by {clock} from Monday to Friday ({zone}).", **values)
    else:
        days = listed(_DAYS[day] for day in expected.days)
        said = msg("{person} promised {flow} by {clock} on {days} ({zone}).", **values, days=days)
    return sentences(said, _next(coming))


def switched_off(expected: Expectation) -> Text:
    """That a flow is never called late."""
    return msg(
        "{person} switched this off for {flow}. I won't say that it is late, whatever I learned.",
        person=mention(expected.person.user),
        flow=flows.flow_name(expected.flow_id, expected.flow_name),
    )


def learned_again(person: str, flow: FlowId, name: str) -> Text:
    """That a flow is called late by what was learned."""
    return msg(
        "{person} promises nothing for {flow} any more. I say that it is late by what I learned.",
        person=mention(person),
        flow=flows.flow_name(flow, name),
    )


def reverse(expected: Expectation | None, flow: FlowId) -> Offer:
    """The button that takes an answer back."""
    if expected is None:
        return msg("Never late"), f"expect {flow} off"
    return msg("Use what you learned"), f"expect {flow} auto"


def _next(coming: Promised | None) -> Text | None:
    if coming is None:
        return None
    if coming.is_moved:
        return msg("On the next of these days the clock skips that time. There it is {time}.", time=coming.at)
    return msg("Next: {time}.", time=coming.at)


def _clock(expected: Expectation) -> str:
    return expected.by.isoformat("minutes") if expected.by else ""


# ── what ``show`` says ──


def on_time(
    verdict: Verdict, expected: Expectation | None, coming: Promised | None, estimate: Estimate | None
) -> Text | None:
    """When a flow is done, by promise or usually, and why it is not called late where that may be asked."""
    if expected is not None and expected.by is None:
        return switched_off(expected)
    if expected is not None:
        return sentences(promised(expected, coming), _estimate(estimate), _WHY.get(verdict.reason))
    usual = verdict.due.usual if verdict.due else None
    if verdict.due is None or usual is None:
        return _WHY.get(verdict.reason)
    evidence = Lateness(by=verdict.due.by, done=usual.done, runs=usual.runs, kind=usual.kind.value)
    margin = msg("I report it {duration} later.", duration=usual.margin)
    return sentences(usually(evidence), margin, _WHY.get(verdict.reason))


_WHY: Mapping[Reason, Message] = {
    Reason.NO_SCHEDULE: msg("I can't tell when its schedule starts it, so I can't say whether it is late."),
    Reason.HISTORY_TOO_SHORT: msg("I know too few runs to say when it is usually done. I need {n}.", n=LEAST),
    Reason.WAS_OFF: msg("The run before is missing, too. The schedule may have been off, so I don't call it late."),
    Reason.READ_TOO_OLD: msg("I have not read its newest runs yet."),
    Reason.ENDED_BY_A_PERSON: msg("Somebody canceled its newest run, so I don't call it late."),
    Reason.DISABLED: msg("Its schedule is off, so I don't call it late."),
    Reason.SCHEDULE_CHANGED: msg("Its schedule has changed, so I learn its times again."),
    Reason.NOT_AS_IN_HISTORY: msg("EnOS shows other runs than I know, so I look again in a minute."),
    Reason.SNOOZED: msg("It is snoozed, so I don't call it late."),
    Reason.FAILING_ALREADY: msg("It has an open incident already."),
    Reason.UNREADABLE: msg("EnOS did not say how its runs are doing, so I look again in a minute."),
}


def _estimate(found: Estimate | None) -> Text | None:
    if found is None or found.is_over:
        return None
    if found.why is not None:
        flow = flows.flow_name(found.about.id, found.about.name) if found.about else ""
        return replace(_CANNOT_SAY[found.why], values={"flow": flow})
    return msg("From what is running now, it will be done at about {time}.", time=found.end) if found.end else None


_CANNOT_SAY: Mapping[CannotSay, Message] = {
    CannotSay.UNKNOWN_FLOW: msg("I can't say when it will be done: I know nothing of {flow}, which it waits for."),
    CannotSay.NO_GRAPH: msg("I can't say when it will be done: I have not read the tasks of {flow} yet."),
    CannotSay.NO_SCHEDULE: msg("I can't say when it will be done: I can't tell when {flow} is started."),
    CannotSay.HISTORY_TOO_SHORT: msg("I can't say when it will be done: I know too few runs of {flow}."),
    CannotSay.CYCLE: msg("I can't say when it will be done: {flow} waits for itself."),
    CannotSay.TOO_MANY: msg("I can't say when it will be done: too many flows are on the way."),
    CannotSay.FAILED: msg("I can't say when it will be done: the run of {flow} has not succeeded."),
}

"""What is known around a failure: on its card in a few lines, in ``show`` with all of its evidence.

A card is read on a phone at night: it says what changes what the reader does next. What is not known is not said.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.core.history.background import Background, Cause, Consequence, FlowRef, MetBefore
from bot.core.history.causes import Breakage, CauseReason
from bot.core.history.met_before import Ending
from bot.core.history.runbook import Runbook, address
from bot.core.incident.lifecycle import is_live
from bot.core.incident.model import Incident, Phase
from bot.core.text.escape import code
from bot.core.text.message import Message, Text, layout, link, listed, msg, plural, sentences
from bot.messages.cards import flows, runbooks
from bot.messages.symbols import PHASES

NAMED = 2  # flows that a card names
LISTED = 10  # that ``show`` names


def on_card(incident: Incident) -> tuple[Text | None, ...]:
    """The lines of a card; after the incident has ended, only what still hangs on it."""
    known = incident.background
    if not is_live(incident):
        return (consequences(known),)
    return (
        cause(known.cause, is_called=incident.phase is Phase.OPEN and incident.snooze is None) if known.cause else None,
        consequences(known),
        waiting(known),
        same_error(known.met_before) if known.met_before else None,
        took(known),
        _next_run(known),
        runbooks.line(known.runbook),
    )


# ── cause and consequence ──


def cause(cause: Cause, *, is_called: bool = True) -> Text:
    """Which upstream flow probably is the cause, with a link to its card.

    ``is_called``: people are called about the consequence, unless somebody is on its cause.
    """
    flow = name(cause.flow)
    thread = link(cause.link, msg("Open thread")) if address(cause.link) else None
    return sentences(_because(cause, flow), _on_cause(cause) if is_called else None, thread)


def _because(cause: Cause, flow: Text) -> Text:
    if cause.what == Breakage.LATE.value:
        if cause.has_ended:
            return msg("Probably because {flow} was late. That has ended.", flow=flow)
        return msg("Probably because {flow} is late.", flow=flow)
    if cause.at is None:
        return msg("Probably because {flow} failed.", flow=flow)
    if cause.what == Breakage.TIMED_OUT.value:
        if cause.has_ended:
            return msg("Probably because {flow} timed out {time}. That has ended.", flow=flow, time=cause.at)
        return msg("Probably because {flow} timed out {time}.", flow=flow, time=cause.at)
    if cause.has_ended:
        return msg("Probably because {flow} failed {time}. That has ended.", flow=flow, time=cause.at)
    return msg("Probably because {flow} failed {time}.", flow=flow, time=cause.at)


def _on_cause(cause: Cause) -> Text | None:
    return msg("Somebody is on that, so nobody is notified about this.") if cause.is_acknowledged else None


def consequences(known: Background, most: int = NAMED) -> Text | None:
    """What is probably broken because of it, each with its state."""
    if not known.consequences:
        return _unnamed(known.consequence_count)
    shown = [_state(each) for each in known.consequences[:most]]
    return msg("Because of it: {flows}", flows=listed(shown, known.consequence_count))


def _unnamed(number: int) -> Text | None:
    """How many flows are broken because of it, of which none can be named."""
    if not number:
        return None
    return plural("Because of it, {n} flow has an incident.", "Because of it, {n} flows have incidents.", number)


def _state(consequence: Consequence) -> Text:
    return layout("{mark} {flow}", mark=_MARKS.get(consequence.phase, "⚫"), flow=bold(consequence.flow))


_MARKS: Mapping[str, str] = {phase.value: mark for phase, mark in PHASES.items()}


def waiting(known: Background, most: int = NAMED) -> Text | None:
    """Which flows wait for it."""
    if not known.waiting_count:
        return None
    if not known.waiting:
        return plural("{n} flow waits for it.", "{n} flows wait for it.", known.waiting_count)
    return plural(
        "{n} flow waits for it: {flows}.",
        "{n} flows wait for it: {flows}.",
        known.waiting_count,
        flows=listed([bold(each) for each in known.waiting[:most]], known.waiting_count),
    )


def name(flow: FlowRef) -> Text:
    """A flow: its id, and its name where that is known."""
    return flows.flow_name(flow.id, flow.name)


def bold(flow: FlowRef) -> Text:
    """A flow by its name, else by its id."""
    return flows.bold(flow.name) or code(str(flow.id))


# ── runs and errors ──


def _next_run(known: Background) -> Text | None:
    return msg("The schedule starts it again {time}.", time=known.next_run) if known.next_run else None


def took(known: Background) -> Text | None:
    """How long the failed run took, and runs usually take."""
    if known.usual is None:
        return None
    usual = plural(
        "Usually takes {duration} ({n} run).",
        "Usually takes {duration} ({n} runs).",
        known.usual.runs,
        duration=known.usual.typical,
    )
    return sentences(usual, None if known.took is None else msg("This run took {duration}.", duration=known.took))


def same_error(met: MetBefore) -> Text:
    """When it had the same error the last time, and what ended that. Nobody is mentioned."""
    ended = _ENDED.get(met.ended_by)
    if met.after is None or ended is None:
        return msg("The same error {time}.", time=met.at)
    person = code(met.person) if met.person else msg("somebody")
    return replace(ended, values={"time": met.at, "duration": met.after, "person": person})


_ENDED: Mapping[str, Message] = {
    Ending.BY_ITSELF.value: msg("The same error {time}: it recovered by itself after {duration}."),
    Ending.IN_ENOS.value: msg("The same error {time}: after {duration}, a run started in EnOS helped."),
    Ending.RETRIED.value: msg("The same error {time}: after {duration}, a rerun by a retry rule helped."),
    Ending.RERUN.value: msg("The same error {time}: after {duration}, a rerun by {person} helped."),
    Ending.RUN.value: msg("The same error {time}: after {duration}, a run started by {person} helped."),
    Ending.FIXED.value: msg("The same error {time}: {person} closed it as fixed."),
    Ending.EXPECTED.value: msg("The same error {time}: {person} closed it as expected."),
    Ending.DUPLICATE.value: msg("The same error {time}: {person} closed it as a duplicate."),
    Ending.UNNEEDED.value: msg("The same error {time}: {person} closed it as not needed."),
    Ending.CLOSED.value: msg("The same error {time}: {person} closed it."),
}


# ── show ──


def in_full(known: Background, runbook: Runbook | None, reason: CauseReason | None) -> list[Text]:
    """All that is known, for ``show``; ``reason``: why an upstream flow is taken to be the cause, or why none is."""
    said: Sequence[Text | None] = (
        cause(known.cause) if known.cause else None,
        _WHY.get(reason) if reason and not (known.cause and known.cause.has_ended) else None,
        consequences(known, LISTED),
        waiting(known, LISTED),
        took(known),
        msg("The longest of them took {duration}.", duration=known.usual.longest) if known.usual else None,
        _next_run(known),
        _in_full(known.met_before) if known.met_before else None,
        runbooks.told(runbook) if runbook else None,
    )
    return [each for each in said if each is not None]


def _in_full(met: MetBefore) -> Text:
    count = plural("It had this error {n} time before.", "It had this error {n} times before.", met.times)
    return sentences(same_error(met), count)


_WHY: Mapping[CauseReason, Message] = {
    CauseReason.UPSTREAM_BROKEN: msg(
        "That flow has an open incident, and nothing between the two has succeeded since it broke."
    ),
    CauseReason.UPSTREAM_FAILED: msg(
        "The last run of that flow did not succeed, and nothing between the two has succeeded since."
    ),
    CauseReason.UPSTREAM_BROKE_LATER: msg(
        "That flow broke later, but its run for the same time was due before, and nothing between the two "
        "has succeeded since."
    ),
    CauseReason.UPSTREAM_FINE: msg("The flows that it waits for are fine, so the cause is probably here."),
    CauseReason.OTHER_TIME: msg(
        "A flow that it waits for is broken, but broke at another time, so it is probably not the cause."
    ),
    CauseReason.CYCLE: msg("It waits for flows that wait for it, so I can't say which of them is the cause."),
    CauseReason.NOT_SEEN: msg("I have not seen runs of all flows that it waits for, so I can't say what the cause is."),
    CauseReason.NO_UPSTREAM: msg("It waits for no other flow, so the cause is probably here."),
}

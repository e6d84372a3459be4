"""The replies in an incident's thread: what happened to it, one message each.

They name the flow, since several incidents may share a thread after a first start.
"""

from collections.abc import Sequence
from datetime import timedelta

from bot.core.command.parse import in_words
from bot.core.flow.model import InstanceId
from bot.core.incident.lifecycle import failures, reference
from bot.core.incident.model import Incident, Occurrence, Phase
from bot.core.incident.resolution import Resolution
from bot.core.outbox import blocks
from bot.core.outbox.blocks import Card
from bot.core.people.model import Person
from bot.core.text.escape import code
from bot.core.text.message import Message, Text, dots, layout, lines, listed, msg, plural
from bot.messages.cards import incident_words as words
from bot.messages.cards.incident import headline
from bot.messages.symbols import PHASES


def failed_again(incident: Incident, failure: Occurrence, post: str) -> Card:
    """The reply for a further failure."""
    number, flow = len(failures(incident)), words.bold(incident)
    was_late = number == 1 and len(incident.occurrences) > 1
    if was_late:
        again: Text = msg("{flow} was late, and has now failed.", flow=flow)
    else:
        again = plural("{flow} failed again.", "{flow} failed again: {n} failures in a row.", number, flow=flow)
    first = layout("{mark} {again}", mark=words.mark(failure), again=again)
    body = [blocks.section(lines(first, words.failed(failure), words.error(failure)))]
    offers = words.run_buttons(incident, failure, words.RERUN, words.VIEW_LOG)
    if offers:
        body.append(
            blocks.actions(*(blocks.button(label, said, post, index=i) for i, (label, said) in enumerate(offers)))
        )
    state = words.state(failure) if was_late else msg("FAILED AGAIN")
    return blocks.Card(dots(state, words.name(incident), words.task(failure)), body)


def more_failures_counted(incident: Incident) -> Card:
    """The reply after which further failures of one read are only counted."""
    text = msg(
        "More runs of {flow} failed than I post one by one. The incident counts them all. List them with {command}.",
        flow=words.bold(incident),
        command=in_words(f"failed of {incident.flow_id}"),
    )
    return _said(msg("MORE FAILURES"), incident, text)


def acknowledged(incident: Incident) -> Card:
    """The reply to an acknowledgement, new or renewed."""
    who, flow = words.who(incident.acked_by), words.bold(incident)
    if incident.ack_until is None:
        text = msg("{person} acknowledged {flow}.", person=who, flow=flow)
    else:
        text = msg("{person} acknowledged {flow} until {time}.", person=who, flow=flow, time=incident.ack_until)
    return _said(msg("ACKNOWLEDGED"), incident, text, words.note(incident))


def handed_back(incident: Incident, by: Person) -> Card:
    """The reply when an incident is handed back."""
    text = msg("{person} handed {flow} back. Nobody is on it now.", person=words.who(by), flow=words.bold(incident))
    return _said(msg("HANDED BACK"), incident, text)


def still_open(incident: Incident, post: str, texts: Sequence[Text | None]) -> Card:
    """A reminder of an unacknowledged incident."""
    head = dots(msg("STILL OPEN"), words.name(incident), words.detail(incident))
    return offering(head, lines(*texts), incident, post)


def ack_expiring(incident: Incident, post: str, *, mentions: bool = True) -> Card:
    """The reply that asks whether the person who acknowledged it still works on it; in other threads, that it ends."""
    who, flow, at = words.who(incident.acked_by), words.bold(incident), incident.ack_until
    if at is None and mentions:
        text = msg("⏰ {person}, your acknowledgement of {flow} expires soon. Still on it?", person=who, flow=flow)
    elif at is None:
        text = msg("⏰ The acknowledgement of {flow} expires soon.", flow=flow)
    elif mentions:
        text = msg(
            "⏰ {person}, your acknowledgement of {flow} expires at {time}. Still on it?",
            person=who,
            flow=flow,
            time=at,
        )
    else:
        text = msg("⏰ The acknowledgement of {flow} expires at {time}.", flow=flow, time=at)
    return offering(
        dots(msg("ACKNOWLEDGEMENT EXPIRES SOON"), words.name(incident)), text, incident, post, msg("Keep going")
    )


def ack_expired(before: Incident, post: str, *, mentions: bool = True) -> Card:
    """The reply when an acknowledgement has expired and the incident is open again."""
    flow = words.bold(before)
    if mentions:
        text = msg(
            "⏰ {person}'s acknowledgement of {flow} expired without a recovery. Nobody is on it now.",
            person=words.who(before.acked_by),
            flow=flow,
        )
    else:
        text = msg("⏰ The acknowledgement of {flow} expired without a recovery. Nobody is on it now.", flow=flow)
    return offering(dots(msg("OPEN AGAIN"), words.name(before)), text, before, post)


def gone(incident: Incident, post: str) -> Card:
    """The reply where EnOS does not show the flow any more; deleted and hidden flows look the same."""
    text = msg(
        "EnOS no longer shows me {flow}. It was deleted, or my EnOS user can't see it any more. "
        "Reminders about this incident have stopped. Close it when nothing is left to do.",
        flow=words.bold(incident),
    )
    row = [blocks.button(msg("Close"), f"close {reference(incident)}", post, index=0)]
    head = dots(msg("FLOW GONE"), words.name(incident))
    return blocks.Card(head, [blocks.section(text), blocks.actions(*row)])


def thread_opened(incident: Incident, by: Person) -> Card:
    """The first reply in the new thread of a grouped incident."""
    text = msg(
        "{person} opened this thread for {flow}. Updates about the incident are posted here.",
        person=words.who(by),
        flow=words.bold(incident),
    )
    return _said(msg("THREAD OPENED"), incident, text)


def closed(incident: Incident) -> Card:
    """The reply when a person ends it."""
    text = msg(
        "{person} closed {flow}. The next failure opens a new incident.",
        person=words.who(incident.ended_by),
        flow=words.bold(incident),
    )
    return _said(msg("CLOSED"), incident, text, words.closed_as(incident), words.note(incident))


def resolved(incident: Incident, by: Person) -> Card:
    """The reply when somebody says as what a closed incident was closed."""
    return _said(msg("CLOSED"), incident, _marked(incident, words.who(by), words.bold(incident)), words.note(incident))


def _marked(incident: Incident, person: Text, flow: Text) -> Text:
    match incident.resolution:
        case Resolution.EXPECTED:
            return msg("{person} marked {flow} as expected.", person=person, flow=flow)
        case Resolution.DUPLICATE:
            return msg("{person} marked {flow} as a duplicate.", person=person, flow=flow)
        case Resolution.UNNEEDED:
            return msg("{person} marked {flow} as not needed.", person=person, flow=flow)
        case _:
            return msg("{person} marked {flow} as fixed.", person=person, flow=flow)


def reopened(incident: Incident, by: Person) -> Card:
    """The reply when a close is undone."""
    text = msg("{person} reopened {flow}.", person=words.who(by), flow=words.bold(incident))
    return _said(msg("REOPENED"), incident, text)


def recovered(incident: Incident, zone: timedelta | None = None, *, was_snoozed: bool = False) -> Card:
    """The reply when a later success has ended the alarm; ``was_snoozed``: and the snooze until then."""
    text = _recovered(incident, len(failures(incident)))
    ends = msg("🌙 The snooze ended with it.") if was_snoozed else None
    return blocks.Card(headline(incident, zone), [blocks.section(lines(_good(text, incident, zone), ends))])


def _recovered(incident: Incident, number: int) -> Text:
    flow, run = words.bold(incident), code(incident.recovered_by or "")
    lasted = (incident.ended_at or incident.opened_at) - incident.opened_at
    if not number:
        return msg(
            "{flow} recovered {duration} after I reported it: run {run} succeeded.", flow=flow, duration=lasted, run=run
        )
    return plural(
        "{flow} recovered after {duration} ({n} failure): run {run} succeeded.",
        "{flow} recovered after {duration} ({n} failures): run {run} succeeded.",
        number,
        flow=flow,
        duration=lasted,
        run=run,
    )


def late(incident: Incident, post: str) -> Card:
    """The reply when a promise that could not be kept has passed."""
    said = msg("{flow} is late now.", flow=words.bold(incident))
    first = layout("{mark} {text}", mark=words.mark(incident.occurrences[-1]), text=said)
    head = dots(msg("LATE"), words.name(incident), words.detail(incident))
    return offering(head, lines(first, words.happened(incident)), incident, post)


def backfilled(incident: Incident, instances: Sequence[InstanceId], zone: timedelta | None = None) -> Card:
    """The reply when failures are backfilled after the alarm had ended."""
    runs = listed([code(each) for each in instances[: words.LISTED]], len(instances))
    text = msg("{flow} now has a successful run for {runs}.", flow=words.bold(incident), runs=runs)
    return _said(msg("RERUN SUCCEEDED"), incident, _good(text, incident, zone))


def _good(text: Text, incident: Incident, zone: timedelta | None) -> Text:
    """Good news, and what is still missing."""
    said = layout("{mark} {text}", mark=PHASES[Phase.RECOVERED], text=text)
    return lines(said, words.missing_runs(incident, zone))


def _said(state: Message, incident: Incident, *texts: Text | None) -> Card:
    """A reply without buttons; a phone shows the state and the flow."""
    return blocks.Card(dots(state, words.name(incident)), [blocks.section(lines(*texts))])


def offering(head: Text, text: Text, incident: Incident, post: str, take: Text | None = None) -> Card:
    """A reply with the buttons for somebody who comes from a reminder."""
    newest = incident.occurrences[-1]
    offers = [
        (take or msg("Acknowledge"), f"ack {reference(incident)}"),
        *words.run_buttons(incident, newest, words.RERUN, words.VIEW_LOG),
    ]
    row = [
        blocks.button(label, said, post, index=index, style=None if index else "primary")
        for index, (label, said) in enumerate(offers)
    ]
    return blocks.Card(head, [blocks.section(text), blocks.actions(*row)])

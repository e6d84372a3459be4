"""The replies in an incident's thread: what happened to it, one message each.

They name the flow, since several incidents may share a thread after a first start.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.core.flow.model import InstanceId
from bot.core.flow.status import name_of
from bot.core.incident.lifecycle import reference
from bot.core.incident.model import Incident, Occurrence
from bot.core.outbox.card import Card
from bot.core.people.model import Person
from bot.core.text.escape import code, mention, mention_group, one_line
from bot.core.text.message import duration
from bot.messages import blocks
from bot.messages.cards import incident_words as words
from bot.messages.cards.incident import RenderContext


def failed_again(incident: Incident, failure: Occurrence, post: str) -> Card:
    """The reply for a further failure."""
    seen = sum(each.instance == failure.instance for each in incident.occurrences)
    again = " again" if seen > 1 else ""
    text = f"{name_of(failure.status)}{again} {words.name(incident)}{words.task(failure)}"
    lines = [f"🔴 *{name_of(failure.status)}{again}* · {words.bold(incident)} · {words.failed(failure)}."]
    if failure.error_line:
        lines.append(f"> {code(failure.error_line)}")
    if len(incident.occurrences) > 1:
        lines.append(f"{len(incident.occurrences)} failures in a row.")
    body = [blocks.section("\n".join(lines))]
    offers = words.run_buttons(failure, "Rerun", "Log")
    if offers:
        body.append(
            blocks.actions(*(blocks.button(label, said, post, index=i) for i, (label, said) in enumerate(offers)))
        )
    return blocks.body(text, body)


def more_failures_counted(incident: Incident) -> Card:
    """The reply after which further failures of one read are only counted."""
    return _line(
        f"More runs of {words.bold(incident)} failed than I tell one by one. Its incident counts them all; "
        f"`failed of {incident.flow_id}` lists them."
    )


def acknowledged(incident: Incident) -> Card:
    """The reply to an acknowledgement, new or renewed."""
    expires = words.at(" until", incident.ack_until)
    who, note = words.who(incident.acked_by), words.note(incident)
    return _line(f"{who} has acknowledged {words.bold(incident)}{expires}{note}.")


def handed_back(incident: Incident, by: Person) -> Card:
    """The reply when an incident is handed back."""
    return _line(f"{words.who(by)} gave {words.bold(incident)} back: nobody has it now.")


def reminder(
    incident: Incident, groups: Sequence[str], render_context: RenderContext, post: str, now: datetime
) -> Card:
    """The reminder of an unacknowledged incident; mentions on-call groups and linked owners."""
    newest = incident.occurrences[-1]
    people = [*map(mention_group, groups), *(mention(person.user) for person in render_context.people.values())]
    asked = f"\n{' '.join(people)}: who takes it?" if people else ""
    text = f"STILL OPEN · {name_of(newest.status)} {words.name(incident)}{words.task(newest)}"
    line = (
        f"⏰ {words.bold(incident)} has been failing for {duration(now - incident.opened_at)}, "
        f"and nobody has acknowledged it.{asked}"
    )
    return _offering(text, line, incident, post)


def ack_expiring(incident: Incident, post: str) -> Card:
    """The reply that asks whether the person who acknowledged it still works on it."""
    who, end = words.who(incident.acked_by), words.at("at", incident.ack_until)
    line = f"⏰ {who}, your promise for {words.bold(incident)} ends {end}. Then nobody has it, unless you take it on."
    return _offering(f"PROMISE ENDS SOON · {words.name(incident)}", line, incident, post, "Take it on")


def ack_expired(before: Incident, post: str) -> Card:
    """The reply when an acknowledgement has expired and the incident is open again."""
    line = (
        f"⏰ {words.who(before.acked_by)}'s promise for {words.bold(before)} has ended without a recovery: "
        "nobody has it now."
    )
    return _offering(f"OPEN AGAIN · {words.name(before)}", line, before, post)


def gone(incident: Incident, post: str) -> Card:
    """The reply where EnOS does not show the flow any more; deleted and hidden flows look the same."""
    line = (
        f"EnOS no longer shows me the flow {words.bold(incident)}. It was deleted, or my EnOS user may not see it any "
        "more. I stop the reminders about this incident. Close it when nothing is left to do."
    )
    row = [blocks.button("Close", f"close {reference(incident)}", post, index=0)]
    return blocks.body(f"FLOW GONE · {words.name(incident)}", [blocks.section(line), blocks.actions(*row)])


def thread_opened(incident: Incident, by: Person) -> Card:
    """The first reply in the new thread of a grouped incident."""
    return _line(f"{words.who(by)} opened a thread for {words.bold(incident)}: its further story stands in it.")


def closed(incident: Incident) -> Card:
    """The reply when a person ends it."""
    return _line(
        f"{words.who(incident.ended_by)} closed {words.bold(incident)}{words.note(incident)}. "
        "The next failure of this flow opens a new incident."
    )


def reopened(incident: Incident, by: Person) -> Card:
    """The reply when a close is undone."""
    return _line(f"{words.who(by)} reopened {words.bold(incident)}.")


def recovered(incident: Incident, zone: timedelta | None = None) -> Card:
    """The reply when a later success has ended the alarm."""
    count = len(incident.occurrences)
    failures = f"{count} failures" if count > 1 else "one failure"
    missing_runs = words.missing_runs(incident, zone)
    return _line(
        f"🟢 {words.bold(incident)} recovered: {code(incident.recovered_by or '')} succeeded{words.after(incident)}, "
        f"after {failures}." + (f"\n{missing_runs}" if missing_runs else "")
    )


def backfilled(incident: Incident, instances: Sequence[InstanceId], zone: timedelta | None = None) -> Card:
    """The reply when failures are backfilled after the alarm had ended."""
    runs = ", ".join(code(each) for each in instances[: words.LISTED])
    missing_runs = words.missing_runs(incident, zone)
    return _line(
        f"🟢 {words.bold(incident)}: there is a good run for {runs} now."
        + (f"\n{missing_runs}" if missing_runs else "")
    )


def _line(text: str) -> Card:
    return blocks.body(one_line(text), [blocks.section(text)])


def _offering(text: str, line: str, incident: Incident, post: str, take: str = "Acknowledge") -> Card:
    """A reply with the buttons for somebody who comes from a reminder."""
    offers = [(take, f"ack {reference(incident)}"), *words.run_buttons(incident.occurrences[-1], "Rerun", "Log")]
    row = [
        blocks.button(label, said, post, index=index, style=None if index else "primary")
        for index, (label, said) in enumerate(offers)
    ]
    return blocks.body(text, [blocks.section(line), blocks.actions(*row)])

"""The messages that list many incidents, a row for each: the first start, and storms."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from bot.core.flow.ids import is_instance
from bot.core.flow.model import UserName
from bot.core.incident import groups as storms
from bot.core.incident.groups import IncidentGroup, PhaseCounts
from bot.core.incident.lifecycle import is_live, reference
from bot.core.incident.model import Incident, Phase
from bot.core.outbox.card import Block, Card, fit
from bot.core.people.model import Person
from bot.core.text.escape import code, escape, mention, mention_group, one_line
from bot.core.text.shown_times import slack_date
from bot.messages import blocks
from bot.messages.cards import flows
from bot.messages.cards import incident_words as words
from bot.messages.cards.incident import headline

LISTED = 30  # more than this nobody reads, and Slack takes 50 blocks
_ROW = 300  # characters
_OWNERS = 3  # of one flow

_MARKS = {Phase.OPEN: "🔴", Phase.ACKNOWLEDGED: "🟠", Phase.RECOVERED: "🟢", Phase.CLOSED: "⚪"}

# ── a storm ──


def storm(
    group: IncidentGroup,
    incidents: Sequence[Incident],
    people: Mapping[UserName, Person],
    post: str,
    *,
    command: str,
    zone: timedelta | None = None,
) -> Card:
    """The one message of a storm, with the present state of its incidents.

    ``people`` are those owners who are linked, ``zone`` is that of the times EnOS prints.
    """
    count = storms.count_phases(incidents)
    lines = [_what(group, incidents), _counts(count)]
    later = group.joined - count.all
    if later > 0:
        lines.append(
            f"{later:,} of these went on into a later storm, and {'is' if later == 1 else 'are'} listed there."
        )
    names = storms.owners(incidents)
    if names:
        lines.append(_owners(group, names, people))
    if group.ended_at is None:
        lines.append(
            "This message counts them all, instead of a thread for each. Each can be taken here or with "
            f"{code(command + ' ack FLOW')}, and has a thread as soon as somebody opens it."
        )
    body: list[Block] = [blocks.section("\n".join(lines))]
    body += _rows(storms.worst_first(incidents), post, zone)
    say = code(f"{command} incidents open")
    more = f"… and {count.all - LISTED:,} more: {say} lists them all, " if count.all > LISTED else f"{say} lists them, "
    mine, theirs = code(f"{command} incidents mine"), code(f"{command} incidents by NAME")
    body.append(blocks.context(f"{more}{mine} yours, and {theirs} those of one owner."))
    offers = [("All that are open", "incidents open"), ("Mine", "incidents mine")]
    body.append(blocks.actions(*(blocks.button(label, say, post, index=i) for i, (label, say) in enumerate(offers))))
    return blocks.body(_storm_headline(group, count), body)


def more_owners(names: Sequence[UserName], people: Mapping[UserName, Person], *, command: str) -> Card:
    """The reply that mentions owners of a storm's flows whom its message has not mentioned."""
    shown = ", ".join(mention(people[name].user) for name in names)
    say = code(f"{command} incidents mine")  # the storm's message may be gone: this does not refer to it
    text = f"Flows of these owners are part of the storm too: {shown}. {say} lists yours."
    return blocks.body(one_line(text), [blocks.section(text)])


def storm_reminder(
    waiting: Sequence[Incident], groups: Sequence[str], people: Mapping[UserName, Person], post: str, *, command: str
) -> Card:
    """The reminder of a storm's unacknowledged incidents; mentions on-call groups and linked owners."""
    count, one = len(waiting), len(waiting) == 1
    linked = [people[name] for name in storms.owners(waiting) if name in people][: storms.MAX_MENTIONED]
    asked = [*map(mention_group, groups), *(mention(person.user) for person in linked)]
    state, them = ("is", "it") if one else ("are", "them")
    lines = [
        f"⏰ *{_incidents(count)}* of this storm {state} still open, and nobody has acknowledged {them}.",
        f"{' '.join(asked)}: who takes {them}?" if asked else "",
        f"{code(command + ' incidents unacked')} lists them, and {code(command + ' ack FLOW')} takes any.",
    ]
    offers = [("All of them", "incidents unacked"), ("Mine", "incidents mine")]
    row = [blocks.button(label, say, post, index=index) for index, (label, say) in enumerate(offers)]
    body = [blocks.section("\n".join(filter(None, lines))), blocks.actions(*row)]
    return blocks.body(f"STILL OPEN · {_incidents(count)} of the storm, taken by nobody", body)


def _storm_headline(group: IncidentGroup, count: PhaseCounts) -> str:
    """The one line that a phone shows."""
    state = "STORM" if group.ended_at is None else "Storm over"
    return f"{state} · {_incidents(group.joined)} · {_in_words(count)}"


def _what(group: IncidentGroup, incidents: Sequence[Incident]) -> str:
    since = min((incident.opened_at for incident in incidents), default=group.began_at)
    failures = sum(len(incident.occurrences) for incident in incidents)
    again = f", with {failures:,} failures in all" if failures > group.joined else ""
    began = f"{_incidents(group.joined)} began"
    if group.ended_at is None:
        return f"🌩️ *A storm:* {began} since {slack_date(since)}{again}."
    until = slack_date(group.last_at)
    return f"🌤️ *The storm is over.* {began} from {slack_date(since)} to {until}{again}."


def _incidents(number: int) -> str:
    return f"{number:,} {'incident' if number == 1 else 'incidents'}"


def _counts(count: PhaseCounts) -> str:
    parts = [
        f"🔴 *{count.open:,}* open",
        f"🟠 *{count.acknowledged:,}* acknowledged",
        f"🟢 *{count.recovered:,}* recovered",
        f"⚪ *{count.closed:,}* closed" if count.closed else "",
    ]
    return " · ".join(part for part in parts if part)


def _in_words(count: PhaseCounts) -> str:
    return f"{count.open:,} open, {count.acknowledged:,} acknowledged, {count.recovered:,} recovered"


def _owners(group: IncidentGroup, names: Sequence[UserName], people: Mapping[UserName, Person]) -> str:
    mentioned = [mention(people[name].user) for name in group.mentioned if name in people]
    others = len(names) - len(mentioned)
    if not mentioned and len(names) == 1:
        return "Owner: one, who is not linked yet."
    if not mentioned:
        return f"Owners: {len(names):,}, none of them linked yet."
    return f"Owners: {', '.join(mentioned)}" + (f" and {others:,} more." if others else ".")


# ── the first start ──


def first_start(
    grouped: Sequence[Incident], post: str, *, command: str, since: datetime, zone: timedelta | None = None
) -> Card:
    """The message of a newly created database: what it watches, and what is broken now, a row for each.

    ``grouped`` are its incidents, newest first, in their present state.
    """
    state = _broken_now(storms.count_phases(grouped).live) if grouped else "nothing is broken now"
    text = f"flowbot is watching · {state}"
    lines = [
        "*flowbot is watching.* From now on every flow that fails gets a message with a thread of its own here.",
        f"I have read the runs triggered since {slack_date(since)}: {state}.",
    ]
    body: list[Block] = [blocks.section("\n".join(lines)), *_rows(grouped, post, zone)]
    if len(grouped) > LISTED:
        body.append(
            blocks.context(f"… and {len(grouped) - LISTED} more: {code(command + ' incidents')} lists them all.")
        )
    body.append(blocks.context(f"{code(command + ' help')} shows what you may ask me."))
    return blocks.body(text, body)


def _broken_now(number: int) -> str:
    """How many of the listed flows are still broken."""
    if not number:
        return "no flow is broken any more"
    return f"{number:,} {'flow is' if number == 1 else 'flows are'} broken now"


# ── their rows ──


def _rows(incidents: Sequence[Incident], post: str, zone: timedelta | None) -> list[Block]:
    return [_row(incident, post, index, zone) for index, incident in enumerate(incidents[:LISTED])]


def _row(incident: Incident, post: str, index: int, zone: timedelta | None) -> Block:
    newest = incident.occurrences[-1]
    count = len(incident.occurrences)
    others = len(incident.owners) - _OWNERS
    parts = [
        f"{_MARKS[incident.phase]} *{headline(incident, zone)}*",
        code(newest.instance[:40]),
        flows.triggered(newest.instance, newest.trigger_time, zone),
        f"{count} failures" if count > 1 else "",
        f"{words.who(incident.acked_by)} has it" if incident.phase is Phase.ACKNOWLEDGED else "",
        f"owners {', '.join(map(escape, incident.owners[:_OWNERS]))}" + (f" and {others} more" if others > 0 else "")
        if incident.owners
        else "",
        "" if incident.grouped else "has a thread",
    ]
    shown = fit(" · ".join(part for part in parts if part), _ROW)
    return blocks.section(shown, accessory=blocks.menu(_options(incident), post, index))


def _options(incident: Incident) -> list[tuple[str, str]]:
    """What a person may do from the list, at most five."""
    of, newest = reference(incident), incident.occurrences[-1].instance
    options = []
    if incident.phase is Phase.OPEN:
        options.append(("Acknowledge", f"ack {of}"))
    if incident.phase is Phase.ACKNOWLEDGED:
        options.append(("Give it back", f"unack {of}"))
    if incident.grouped:
        options.append(("Open a thread", f"thread {of}"))
    if is_live(incident):
        if is_instance(newest):
            options += [("Rerun", f"rerun {newest}"), ("Log", f"log {newest}")]
        options.append(("Close", f"close {of}"))
    return [*options, ("Show the flow", f"show {incident.flow_id}")]

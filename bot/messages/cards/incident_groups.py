"""The messages that list many incidents, a row for each: the first start, and storms."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from bot.core.command.forms import USER_NAME
from bot.core.command.parse import in_words
from bot.core.command.shown import in_code
from bot.core.command.table import BY_VERB
from bot.core.flow.model import UserName
from bot.core.incident import groups as storms
from bot.core.incident.groups import IncidentGroup, PhaseCounts
from bot.core.incident.lifecycle import is_live, reference
from bot.core.incident.model import Incident, Phase
from bot.core.outbox import blocks
from bot.core.outbox.blocks import Block, Card
from bot.core.people.model import Person
from bot.core.text.escape import code, escape, mention
from bot.core.text.message import Text, dots, layout, lines, listed, msg, plural, sentences
from bot.messages.cards import flows
from bot.messages.cards import incident_words as words
from bot.messages.cards.incident import headline, mark
from bot.messages.symbols import PHASES

LISTED = 30  # more than this nobody reads, and Slack takes 50 blocks
_ROW = 300  # characters
_OWNERS = 3  # of one flow
_ACK, _INCIDENTS = BY_VERB["ack"], BY_VERB["incidents"]

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
    later = group.joined - count.all
    text = lines(
        layout("{mark} {heading}", mark=_mark(count), heading=_heading(group, incidents)),
        msg(
            "{open} open · {acked} acknowledged · {recovered} recovered · {closed} closed",
            open=count.open,
            acked=count.acknowledged,
            recovered=count.recovered,
            closed=count.closed,
        ),
        _in_later_storm(later) if later > 0 else None,
        _owners(group, storms.owners(incidents), people),
        _how_to_act(command) if group.ended_at is None else None,
    )
    rows = storms.worst_first(incidents)
    hints: list[Text | None] = [
        _more(rows, "incidents open", command)
        or msg("All open: {command}", command=in_words("incidents open", command)),
        msg("Yours: {command}", command=in_words("incidents mine", command)),
        msg("One owner's: {command}", command=in_code(_by_name, command)),
    ]
    body = [
        blocks.section(text),
        *_rows(rows, post, zone),
        blocks.context(*(hint for hint in hints if hint is not None)),
        _lists(post, (msg("All open"), "incidents open"), (msg("Mine"), "incidents mine")),
    ]
    return blocks.Card(_storm_headline(group, count), body)


def more_owners(names: Sequence[UserName], people: Mapping[UserName, Person], *, command: str) -> Card:
    """The reply that mentions owners of a storm's flows whom its message has not mentioned."""
    text = msg(  # the storm's message may be gone: this does not refer to it
        "The alert storm also affects flows of {owners}. List yours with {command}.",
        owners=listed(mention(people[name].user) for name in names),
        command=in_words("incidents mine", command),
    )
    return blocks.Card(msg("ALERT STORM · more owners"), [blocks.section(text)])


def storm_reminder(waiting: Sequence[Incident], post: str, texts: Sequence[Text | None], *, command: str) -> Card:
    """The reminder of a storm's unacknowledged incidents; ``texts`` say who is called."""
    count = len(waiting)
    text = lines(
        plural(
            "⏰ {n} incident of the alert storm is still open and nobody is on it.",
            "⏰ {n} incidents of the alert storm are still open and nobody is on them.",
            count,
        ),
        *texts,
        msg(
            "List them with {list}. Acknowledge one with {ack}.",
            list=in_words("incidents unacked", command),
            ack=in_code(_ACK.brief_in, command),
        ),
    )
    row = _lists(post, (msg("All unacknowledged"), "incidents unacked"), (msg("Mine"), "incidents mine"))
    head = plural(
        "STILL OPEN · {n} incident of the alert storm", "STILL OPEN · {n} incidents of the alert storm", count
    )
    return blocks.Card(head, [blocks.section(text), row])


def _storm_headline(group: IncidentGroup, count: PhaseCounts) -> Text:
    """The one line that a phone shows."""
    numbers = {"open": count.open, "acked": count.acknowledged, "recovered": count.recovered}
    if group.ended_at is None:
        return plural(
            "ALERT STORM · {n} incident · {open} open, {acked} acknowledged, {recovered} recovered",
            "ALERT STORM · {n} incidents · {open} open, {acked} acknowledged, {recovered} recovered",
            group.joined,
            **numbers,
        )
    return plural(
        "ALERT STORM OVER · {n} incident · {open} open, {acked} acknowledged, {recovered} recovered",
        "ALERT STORM OVER · {n} incidents · {open} open, {acked} acknowledged, {recovered} recovered",
        group.joined,
        **numbers,
    )


def _mark(count: PhaseCounts) -> str:
    """The symbol of the worst state in it."""
    if count.open:
        return PHASES[Phase.OPEN]
    return PHASES[Phase.ACKNOWLEDGED if count.acknowledged else Phase.RECOVERED]


def _heading(group: IncidentGroup, incidents: Sequence[Incident]) -> Text:
    since = min((incident.opened_at for incident in incidents), default=group.began_at)
    failures = sum(len(incident.occurrences) for incident in incidents)
    if group.ended_at is None:
        heading = plural(
            "Alert storm: {n} incident since {time}.",
            "Alert storm: {n} incidents since {time}.",
            group.joined,
            time=since,
        )
    else:
        heading = plural(
            "The alert storm is over: {n} incident from {begin} to {end}.",
            "The alert storm is over: {n} incidents from {begin} to {end}.",
            group.joined,
            begin=since,
            end=group.last_at,
        )
    again = msg("{failures} failures in all.", failures=failures) if failures > group.joined else None
    return sentences(layout("*{heading}*", heading=heading), again)


def _in_later_storm(number: int) -> Text:
    return plural(
        "{n} incident continued into a later alert storm and is listed there.",
        "{n} incidents continued into a later alert storm and are listed there.",
        number,
    )


def _how_to_act(command: str) -> Text:
    return sentences(
        msg("Too many for one thread each, so they are all listed here."),
        msg(
            "Acknowledge them from the list or with {command}.",
            command=in_code(_ACK.brief_in, command),
        ),
    )


def _owners(group: IncidentGroup, names: Sequence[UserName], people: Mapping[UserName, Person]) -> Text | None:
    if not names:
        return None
    mentioned = [mention(people[name].user) for name in group.mentioned if name in people]
    if mentioned:
        return msg("Owners: {owners}", owners=listed(mentioned, len(names)))
    return plural("The owner is not linked yet.", "None of the {n} owners are linked yet.", len(names))


def _lists(post: str, *offers: tuple[Text, str]) -> Block:
    """A row of buttons that list incidents."""
    return blocks.actions(*(blocks.button(label, say, post, index=i) for i, (label, say) in enumerate(offers)))


def _by_name(language: str) -> str:
    """The command that lists the incidents of an owner."""
    by = next(each for each in _INCIDENTS.clauses if each.word == "by")
    return " ".join((_INCIDENTS.word_in(language), by.word_in(language), USER_NAME.placeholder_in(language)))


def _more(incidents: Sequence[Incident], say: str, command: str) -> Text | None:
    """How many have no row here, of those that the command lists: they have not ended."""
    live = storms.count_phases(incidents[LISTED:]).live
    if not live:
        return None
    return plural(
        "… and {n} more open incident. List all with {command}.",
        "… and {n} more open incidents. List all with {command}.",
        live,
        command=in_words(say, command),
    )


# ── the first start ──


def first_start(
    grouped: Sequence[Incident], post: str, *, command: str, since: datetime, zone: timedelta | None = None
) -> Card:
    """The message of a newly created database: what it watches, and what is broken now, a row for each.

    ``grouped`` are its incidents, newest first, in their present state.
    """
    broken = storms.count_phases(grouped).live
    if broken:
        head = plural(
            "flowbot is watching · {n} flow is broken now", "flowbot is watching · {n} flows are broken now", broken
        )
        state = plural("{n} flow is broken now.", "{n} flows are broken now.", broken)
    else:
        head, state = msg("flowbot is watching · no flow is broken now"), msg("No flow is broken now.")
    text = lines(
        msg("*flowbot is watching.* From now on, every flow that fails gets a message and a thread of its own here."),
        sentences(msg("I checked the runs triggered since {time}.", time=since), state),
    )
    hints: list[Text | None] = [
        _more(grouped, "incidents", command),
        msg("What you can ask me: {command}", command=in_words("help", command)),
    ]
    return blocks.Card(
        head,
        [
            blocks.section(text),
            *_rows(grouped, post, zone),
            blocks.context(*(hint for hint in hints if hint is not None)),
        ],
    )


# ── their rows ──


def _rows(incidents: Sequence[Incident], post: str, zone: timedelta | None) -> list[Block]:
    return [_row(incident, post, index, zone) for index, incident in enumerate(incidents[:LISTED])]


def _row(incident: Incident, post: str, index: int, zone: timedelta | None) -> Block:
    newest = incident.occurrences[-1]
    count, names = len(incident.occurrences), incident.owners
    shown = dots(
        layout("{mark} *{headline}*", mark=mark(incident), headline=headline(incident, zone)),
        code(newest.instance[:40]),
        flows.triggered(newest.instance, newest.trigger_time, zone),
        plural("{n} failure", "{n} failures", count) if count > 1 else None,
        msg("{person} is on it", person=words.who(incident.acked_by)) if incident.phase is Phase.ACKNOWLEDGED else None,
        msg("Owners: {owners}", owners=listed(map(escape, names[:_OWNERS]), len(names))) if names else None,
        msg("has its own thread") if incident.threads else None,
    )
    return blocks.section(shown, accessory=blocks.menu(_options(incident), post, index), limit=_ROW)


def _options(incident: Incident) -> list[tuple[Text, str]]:
    """What a person may do from the list, at most five."""
    of = reference(incident)
    options: list[tuple[Text, str]] = []
    if incident.phase is Phase.OPEN:
        options.append((msg("Acknowledge"), f"ack {of}"))
    if incident.phase is Phase.ACKNOWLEDGED:
        options.append((msg("Hand back"), f"unack {of}"))
    if not incident.threads:
        options.append((msg("Open thread"), f"thread {of}"))
    if is_live(incident):
        options += words.run_buttons(incident.occurrences[-1], words.RERUN, words.VIEW_LOG)
        options.append((msg("Close"), f"close {of}"))
    return [*options, (msg("View flow"), f"show {incident.flow_id}")]

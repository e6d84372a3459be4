"""The board: the one message of an alert storm, with a row for each incident, and its further pages.

Where a workspace takes tables the rows are one, with a menu under it to act on a row; elsewhere each row has its own.
"""

import itertools
from collections.abc import Mapping, Sequence
from datetime import timedelta

from bot.core.command.buttons import form
from bot.core.command.forms import USER_NAME
from bot.core.command.parse import in_words, say
from bot.core.command.requests import Ack, Board, Bulk, Rerun
from bot.core.command.shown import in_code
from bot.core.command.table import BY_VERB
from bot.core.flow.model import FlowId, UserName
from bot.core.flow.run import Run
from bot.core.incident import board
from bot.core.incident import groups as storms
from bot.core.incident.groups import IncidentGroup, PhaseCounts
from bot.core.incident.lifecycle import failures, is_live, reference, take_over
from bot.core.incident.model import Incident, Phase
from bot.core.outbox import blocks
from bot.core.outbox.blocks import Block, Card, Element
from bot.core.people.model import Person
from bot.core.text.escape import code, escape, mention
from bot.core.text.message import Text, dots, layout, lines, listed, msg, plural, sentences
from bot.core.values import dataclass
from bot.messages.cards import flows, retry
from bot.messages.cards import incident_words as words
from bot.messages.cards.incident import headline, mark
from bot.messages.symbols import PHASES

LISTED = 30  # rows of a page: more than this nobody reads, and Slack takes 50 blocks
_ROW = 350  # characters
_OWNERS = 3  # of one flow
_ACTS = 3  # of a row, in the menu for all rows, which holds 100
_NAME = 40  # characters of a flow's name there
_ACK, _INCIDENTS = BY_VERB["ack"], BY_VERB["incidents"]
_NOTHING = layout("–")
_RERUNS = {
    board.Rerun.QUEUED: msg("rerun queued"),
    board.Rerun.RUNNING: msg("rerun running"),
    board.Rerun.SUCCEEDED: msg("rerun succeeded"),
    board.Rerun.FAILED: msg("rerun failed"),
    board.Rerun.UNKNOWN: msg("rerun result not known"),
}


def storm(
    group: IncidentGroup,
    incidents: Sequence[Incident],
    people: Mapping[UserName, Person],
    post: str,
    *,
    command: str,
    zone: timedelta | None = None,
    runs: Mapping[FlowId, Run] | None = None,
) -> Card:
    """The one message of a storm, with the present state of its incidents.

    ``people`` are those owners who are linked, ``zone`` is that of the times EnOS prints, ``runs`` are the newest ones
    that people started, by flow.
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
    listing = _Listing(group, storms.worst_first(incidents), 1, post, runs or {}, zone)
    hints: list[Text | None] = [
        more(listing.incidents, "incidents open", command)
        or msg("All open: {command}", command=in_words("incidents open", command)),
        msg("Yours: {command}", command=in_words("incidents mine", command)),
        msg("One owner's: {command}", command=in_code(_by_name, command)),
    ]
    under = [
        *_bulk(count, post),
        blocks.context(*(hint for hint in hints if hint is not None)),
        blocks.actions(
            *listing.pages(),
            *_buttons(post, (msg("All open"), "incidents open"), (msg("Mine"), "incidents mine")),
        ),
    ]
    return listing.card(_storm_headline(group, count), blocks.section(text), under)


def page(
    group: IncidentGroup,
    incidents: Sequence[Incident],
    number: int,
    post: str,
    *,
    said: str,
    zone: timedelta | None = None,
    runs: Mapping[FlowId, Run] | None = None,
) -> Card:
    """One page of a storm's list, for the person who asked for it with the command ``said``."""
    count = -(-max(1, len(incidents)) // LISTED)
    number = min(number, count)
    listing = _Listing(group, storms.worst_first(incidents), number, post, runs or {}, zone)
    title = plural("*Alert storm: {n} incident*", "*Alert storm: {n} incidents*", len(incidents))
    about = msg("Page {page} of {pages}", page=number, pages=count)
    pages = listing.pages()
    under = [
        *([blocks.actions(*pages)] if pages else []),
        blocks.context(layout("↳ {command}", command=blocks.typed(said))),
    ]
    return listing.card(dots(msg("ALERT STORM"), about), blocks.section(lines(title, about)), under)


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
    failed = sum(len(failures(incident)) for incident in incidents)
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
    again = msg("{failures} failures in all.", failures=failed) if failed > group.joined else None
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
    known = [name for name in dict.fromkeys((*group.mentioned, *names)) if name in people]
    if known:
        shown = [mention(people[name].user) if name in group.mentioned else code(name) for name in known]
        return msg("Owners: {owners}", owners=listed(shown[: storms.MAX_MENTIONED], max(len(names), len(known))))
    return plural("The owner is not linked yet.", "None of the {n} owners are linked yet.", len(names))


def lists(post: str, *offers: tuple[Text, str]) -> Block:
    """A row of buttons that list incidents."""
    return blocks.actions(*_buttons(post, *offers))


def _buttons(post: str, *offers: tuple[Text, str]) -> list[Element]:
    return [blocks.button(label, command, post, index=n) for n, (label, command) in enumerate(offers)]


def _by_name(language: str) -> str:
    """The command that lists the incidents of an owner."""
    by = next(each for each in _INCIDENTS.clauses if each.word == "by")
    return " ".join((_INCIDENTS.word_in(language), by.word_in(language), USER_NAME.placeholder_in(language)))


def more(incidents: Sequence[Incident], say: str, command: str) -> Text | None:
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


# ── its rows ──


@dataclass(frozen=True, slots=True)
class _Listing:
    """One page of rows, as a table and as a list."""

    group: IncidentGroup
    incidents: Sequence[Incident]  # all of them
    page: int
    post: str
    runs: Mapping[FlowId, Run]
    zone: timedelta | None

    def card(self, head: Text, top: Block, under: Sequence[Block]) -> Card:
        """The card with the rows between the two."""
        first = (self.page - 1) * LISTED
        shown = self.incidents[first : first + LISTED]
        listed_rows = [_row(each, self.post, n, self._in_list(each), self.zone) for n, each in enumerate(shown)]
        if not shown:
            return Card(head, [top, *under])
        table = blocks.table(
            (msg("Flow"), msg("Since"), msg("Owners"), msg("On it"), msg("Rerun")), list(map(self._in_table, shown))
        )
        options = list(itertools.chain.from_iterable(map(_named_options, shown)))
        menu = blocks.actions(blocks.select(msg("Act on a row"), options, self.post, 0))
        return Card(head, [top, menu, *under, table], fallback=[top, *listed_rows, *under])

    def pages(self) -> list[Element]:
        """The buttons that turn the page; none where there is one page."""
        turns = [(layout("‹"), self.page - 1), (layout("›"), self.page + 1)]
        return [
            blocks.button(sign, say(Board(number, self.group.post)), self.post, index=20 + n)
            for n, (sign, number) in enumerate(turns)
            if 1 <= number <= -(-len(self.incidents) // LISTED)
        ]

    def _in_list(self, incident: Incident) -> list[Text | None]:
        return [msg("since {time}", time=incident.opened_at), *_facts(incident), self._rerun(incident)]

    def _in_table(self, incident: Incident) -> tuple[Text, ...]:
        is_taken = incident.phase is Phase.ACKNOWLEDGED
        names = incident.owners
        return (
            layout("{mark} {headline}", mark=mark(incident), headline=headline(incident, self.zone)),
            layout("{time}", time=incident.opened_at),
            listed(map(escape, names[:_OWNERS]), len(names)) if names else _NOTHING,
            words.who(incident.acked_by) if is_taken else _NOTHING,
            self._rerun(incident) or _NOTHING,
        )

    def _rerun(self, incident: Incident) -> Text | None:
        if (planned := retry.waiting(incident)) is not None:
            return msg("reruns by itself at {time}", time=planned.due)
        state = board.rerun_of(incident, self.runs)
        return None if state is None else _RERUNS[state]


def _bulk(count: PhaseCounts, post: str) -> list[Block]:
    """The buttons for many at once, where there is something to do."""
    acks = (msg("Acknowledge all mine"), say(Ack(bulk=Bulk.MINE))), (msg("Acknowledge all"), say(Ack(bulk=Bulk.ALL)))
    offers = [*(acks if count.open else ()), (msg("Rerun all mine"), say(Rerun(bulk=Bulk.MINE)))]
    return [blocks.actions(*_buttons(post, *offers))] if count.live else []


def rows(incidents: Sequence[Incident], post: str, zone: timedelta | None) -> list[Block]:
    """The rows of a first start's list."""
    return [_row(each, post, n, _run_of(each, zone), zone) for n, each in enumerate(incidents[:LISTED])]


def _run_of(incident: Incident, zone: timedelta | None) -> list[Text | None]:
    newest = incident.occurrences[-1]
    run = code(newest.instance[:40]), flows.triggered(newest.instance, newest.trigger_time, zone)
    return [*run, *_facts(incident)]


def _row(
    incident: Incident, post: str, index: int, facts: Sequence[Text | None], zone: timedelta | None = None
) -> Block:
    shown = dots(
        layout("{mark} *{headline}*", mark=mark(incident), headline=headline(incident, zone)),
        *facts,
        msg("has its own thread") if incident.threads else None,
    )
    return blocks.section(shown, accessory=blocks.menu(_options(incident), post, index), limit=_ROW)


def _facts(incident: Incident) -> list[Text | None]:
    count, names = len(failures(incident)), incident.owners
    return [
        plural("{n} failure", "{n} failures", count) if count > 1 else None,
        msg("{person} is on it", person=words.who(incident.acked_by)) if incident.phase is Phase.ACKNOWLEDGED else None,
        msg("Owners: {owners}", owners=listed(map(escape, names[:_OWNERS]), len(names))) if names else None,
    ]


def _named_options(incident: Incident) -> list[tuple[Text, str]]:
    """What a person may do with a row, from the menu for all rows."""
    flow = incident.flow_name or str(incident.flow_id)
    named = flow if len(flow) <= _NAME else flow[: _NAME - 1] + "…"
    return [(layout("{act} · {flow}", act=label, flow=named), command) for label, command in _options(incident)[:_ACTS]]


def _options(incident: Incident) -> list[tuple[Text, str]]:
    """What a person may do from the list: what changes something, at most five; then what shows more, if it fits.

    Its thread has what does not fit.
    """
    of, newest = reference(incident), incident.occurrences[-1]
    acts: list[tuple[Text, str]] = []
    if incident.phase is Phase.OPEN:
        acts.append((msg("Acknowledge"), f"ack {of}"))
    acts += retry.in_menu(incident)
    if incident.phase is Phase.ACKNOWLEDGED:
        acts += [take_over(incident), (msg("Hand back"), f"unack {of}")]
    if not incident.threads:
        acts.append((msg("Open thread"), f"thread {of}"))
    shows: list[tuple[Text, str]] = []
    if is_live(incident):
        acts += [*words.run_buttons(incident, newest, words.RERUN), (msg("Close"), form(f"close {of}"))]
        shows += words.run_buttons(incident, newest, words.VIEW_LOG)
    shows.append((msg("View flow"), f"show {incident.flow_id}"))
    return [*acts, *shows[: blocks.MENU - len(acts)]]

"""The decision card of an incident, in each phase.

The first message always shows the present state, so it is made again at each change; ``post`` is the id of the
message or edit, which its buttons carry. Its ``text`` is one line: all that a phone shows.
"""

import re
from collections.abc import Mapping
from dataclasses import field
from datetime import timedelta
from typing import assert_never
from urllib.parse import quote

from bot.core.command.buttons import form
from bot.core.flow.model import InstanceId, UserName
from bot.core.flow.status import OWN, Status
from bot.core.flow.times import calibrate, trigger_moment
from bot.core.incident.lifecycle import failures, is_missing, not_backfilled, reference, take_over
from bot.core.incident.model import Incident, Occurrence, Phase
from bot.core.incident.resolution import Resolution
from bot.core.outbox import blocks
from bot.core.outbox.blocks import Card, Element
from bot.core.people.model import Person
from bot.core.text.escape import code
from bot.core.text.message import Joined, Message, Text, as_printed, dots, layout, lines, link, msg, plural
from bot.core.values import dataclass
from bot.messages.cards import background, flows, retry
from bot.messages.cards import incident_words as words
from bot.messages.symbols import PHASE_COLORS, PHASES, SNOOZED, STATUS_COLORS

_Button = tuple[Text, str, str | None]  # its label, command and style


@dataclass(frozen=True, slots=True)
class RenderContext:
    """What a card needs besides the incident."""

    people: Mapping[UserName, Person] = field(default_factory=dict)  # those owners who are linked
    console_url: str = ""  # {flow} and {instance} in it are filled in
    zone: timedelta | None = None  # of the times EnOS prints, if known


# ── the first message ──


def card(incident: Incident, post: str, render_context: RenderContext) -> Card:
    """The first message in the incident's present state."""
    newest = incident.occurrences[-1]
    body = [blocks.section(_what_happened(incident, newest), _fields(incident, render_context))]
    known = [line for line in background.on_card(incident) if line is not None]
    if known:
        body.append(blocks.section(lines(*known)))
    missing_runs = words.missing_runs(incident, render_context.zone)
    if missing_runs:
        body.append(blocks.section(missing_runs))
    body += retry.on_card(incident, post)
    body.append(blocks.actions(*_buttons(incident, newest, post, render_context)))
    body.append(blocks.context(*_footer(incident, newest, render_context)))
    head = [blocks.section(lines(_title(incident, newest), _owners(incident, render_context)))]
    return blocks.Card(headline(incident, render_context.zone), body, color(incident), head)


def color(incident: Incident) -> str:
    """The colour of the bar: by phase; a time-out, and what is only late, differ from a failure."""
    if incident.phase is Phase.OPEN and (newest := incident.occurrences[-1]).status in {Status.TIMEOUT, *OWN}:
        return STATUS_COLORS[newest.status]
    return PHASE_COLORS[incident.phase]


def mark(incident: Incident) -> str:
    """The symbol before its state: of the same colour, but for one that nobody is called about."""
    if incident.snooze is not None and incident.phase is Phase.OPEN:
        return SNOOZED
    return words.mark(incident.occurrences[-1]) if incident.phase is Phase.OPEN else PHASES[incident.phase]


def headline(incident: Incident, zone: timedelta | None = None) -> Text:
    """The one line that a phone shows, e.g. ``FAILED · daily-energy-report · task transform``.

    ``zone`` is that of the times EnOS prints.
    """
    missing = not_backfilled(incident) if incident.phase is Phase.RECOVERED else ()
    shown = _missing(missing, zone) if incident.phase is Phase.RECOVERED else words.detail(incident)
    return dots(_state(incident), words.name(incident), shown)


def _missing(missing: tuple[Occurrence, ...], zone: timedelta | None) -> Text | None:
    if not missing:
        return None
    if len(missing) == 1 and trigger_moment(missing[0].instance, missing[0].trigger_time, zone)[0]:
        return msg("no successful run for {time}", time=words.trigger_time(missing[0], zone))
    return plural("no successful run for {n} trigger time", "no successful run for {n} trigger times", len(missing))


def _state(incident: Incident) -> Message:
    match incident.phase:
        case Phase.OPEN if incident.snooze is not None:
            return msg("SNOOZED")
        case Phase.OPEN:
            return words.state(incident.occurrences[-1])
        case Phase.ACKNOWLEDGED:
            return msg("ACKNOWLEDGED")
        case Phase.RECOVERED:
            return msg("RECOVERED")
        case Phase.CLOSED:
            return msg("CLOSED")
        case _:
            assert_never(incident.phase)


def _title(incident: Incident, newest: Occurrence) -> Text:
    is_named = newest.failed_task_name and incident.phase is not Phase.RECOVERED
    return dots(
        layout("{mark} *{state}*", mark=mark(incident), state=_state(incident)),
        words.bold(incident),
        msg("task {task}", task=flows.bold(words.short(newest.failed_task_name))) if is_named else None,
    )


def _what_happened(incident: Incident, newest: Occurrence) -> Text:
    return lines(words.happened(incident), words.error(newest), *since_then(incident), *words.snoozed(incident))


def since_then(incident: Incident) -> tuple[Text | None, ...]:
    """What became of it: who has it, or how it ended."""
    ended = incident.ended_at
    match incident.phase:
        case Phase.ACKNOWLEDGED:
            return _on_it(incident), words.taken_from(incident), words.asked(incident), words.note(incident)
        case Phase.RECOVERED:
            run = code(incident.recovered_by or "")
            if ended is None:
                return (msg("Run {run} succeeded.", run=run),)
            return (msg("Run {run} succeeded. Recovered after {duration}.", run=run, duration=_lasted(incident)),)
        case Phase.CLOSED:
            person = words.who(incident.ended_by)
            closed_as, note = words.closed_as(incident), words.note(incident)
            if ended is None:
                return msg("{person} closed it.", person=person), closed_as, note
            return msg("{person} closed it {time}.", person=person, time=ended), closed_as, note
        case Phase.OPEN if incident.snooze is not None:
            return ()
        case Phase.OPEN if incident.is_cause_acknowledged:  # what is known around it says so
            return (words.asked(incident),)
        case Phase.OPEN:
            return msg("Nobody has acknowledged it yet."), words.asked(incident)
        case _:
            assert_never(incident.phase)


def _on_it(incident: Incident) -> Text:
    person = words.who(incident.acked_by)
    if incident.ack_until is None:
        return msg("{person} is on it.", person=person)
    return msg("{person} is on it until {time}.", person=person, time=incident.ack_until)


def _fields(incident: Incident, render_context: RenderContext) -> list[Joined]:
    good = incident.recovered_by or incident.last_success
    failed = failures(incident)
    first, newest = (failed or incident.occurrences)[0], incident.occurrences[-1]
    shown = [
        _field(msg("Run"), words.run(newest.instance, newest.trigger_time, render_context.zone)),
        _field(
            msg("Since"),
            layout("{time}", time=incident.opened_at),
            # its own card now shows the newest
            msg("First failed run: {run}", run=code(first.instance)) if first.instance != newest.instance else None,
        ),
        *([_field(msg("Failures in a row"), layout("{n}", n=len(failed)))] if failed else []),
        _field(msg("Last successful run"), words.run(InstanceId(good)) if good else msg("Unknown")),
    ]
    if incident.ended_at is not None:
        shown.append(_field(msg("Lasted"), layout("{duration}", duration=_lasted(incident))))
    return shown


def _field(label: Message, *values: Text | None) -> Joined:
    return lines(layout("*{label}*", label=label), *values)


def _lasted(incident: Incident) -> timedelta:
    return (incident.ended_at or incident.opened_at) - incident.opened_at


def _buttons(incident: Incident, newest: Occurrence, post: str, render_context: RenderContext) -> list[Element]:
    of = reference(incident)
    row: list[_Button] = []
    menu: list[tuple[Text, str]] = []  # of five places
    marks: list[tuple[Text, str]] = []
    match incident.phase:
        case Phase.OPEN:
            row.append((msg("Acknowledge"), f"ack {of}", "primary"))
            row += _plain(words.run_buttons(incident, newest, *_OF_RUN))
            menu += [(msg("Acknowledge for …"), form(f"ack {of}")), *_forms(incident, of)]
        case Phase.ACKNOWLEDGED:
            row += _plain([*words.run_buttons(incident, newest, *_OF_RUN), take_over(incident)])
            menu += [(msg("Hand back"), f"unack {of}"), *_forms(incident, of)]
        case Phase.RECOVERED:
            missing = not_backfilled(incident)
            for each in missing[-words.LISTED :]:
                date = words.trigger_time(each, render_context.zone)
                is_new = is_missing(incident, each)
                label = msg("Trigger {date}", date=date) if is_new else msg("Rerun {date}", date=date)
                row += [(label, said, None) for _, said in words.run_buttons(incident, each, words.RERUN)]
            menu += [(msg("Close"), form(f"close {of}"))] if missing else []
        case Phase.CLOSED:
            row.append((msg("Reopen"), f"reopen {of}", None))
            row += _plain(words.run_buttons(incident, newest, words.VIEW_LOG))
            if incident.resolution is None:
                marks += [(label, f"close {of} as {each.value}") for each, label in _MARKS.items()]
        case _:
            assert_never(incident.phase)
    menu.append((msg("View flow"), f"show {incident.flow_id}"))
    # of five places; the graph leads to the run
    is_live = incident.phase in {Phase.OPEN, Phase.ACKNOWLEDGED}
    menu += words.run_buttons(incident, newest, *(() if is_live else (words.VIEW_GRAPH, words.VIEW_RUN)))
    elements = [
        blocks.button(label, said, post, index=index, style=style) for index, (label, said, style) in enumerate(row)
    ]
    if marks:
        elements.append(blocks.select(msg("Mark as …"), marks, post, len(elements)))
    return [*elements, blocks.menu(menu, post, len(elements))]


def _forms(incident: Incident, of: str) -> list[tuple[Text, str]]:
    """What needs words."""
    return [
        (msg("Close"), form(f"close {of}")),
        words.snooze_offer(incident),
        (msg("Assign"), form(f"assign {of}")),
    ]


_OF_RUN = (words.RERUN, words.VIEW_LOG, words.VIEW_GRAPH)  # of those it has failed with
_MARKS: Mapping[Resolution, Message] = {
    Resolution.FIXED: msg("Mark as fixed"),
    Resolution.EXPECTED: msg("Mark as expected"),
    Resolution.DUPLICATE: msg("Mark as a duplicate"),
    Resolution.UNNEEDED: msg("Mark as not needed"),
}


def _plain(offers: list[tuple[Text, str]]) -> list[_Button]:
    return [(label, said, None) for label, said in offers]


def _footer(incident: Incident, newest: Occurrence, render_context: RenderContext) -> list[Text]:
    shown: list[Text] = [msg("Flow {flow}", flow=code(str(incident.flow_id)))]
    if newest.trigger_time:
        shown.append(msg("Trigger time in EnOS: {time}", time=_printed(newest, render_context.zone)))
    address = console(render_context.console_url, incident.flow_id, newest.instance)
    return [*shown, link(address, msg("Open in EnOS"))] if address else shown


def _printed(failure: Occurrence, zone: timedelta | None) -> Text:
    """The trigger time as EnOS prints it, with its zone where the run's id tells which one it is."""
    calibration = calibrate(failure.instance, failure.trigger_time, "", zone or timedelta())
    return as_printed(words.short(failure.trigger_time), calibration.trigger if calibration.certain else None)


def console(url: str, flow: int, instance: str) -> str:
    """The address of a run in the EnOS console, fit for a link; empty where none is set."""
    filled = url.replace("{flow}", str(flow)).replace("{instance}", quote(instance, safe="-"))
    return "" if re.search(r"[\s<>|]", filled) or len(filled) > blocks.URL_LIMIT else filled


def _owners(incident: Incident, render_context: RenderContext) -> Text:
    if not incident.owners:
        return msg("Owners: unknown")
    people = {} if incident.snooze is not None else render_context.people  # nobody is mentioned
    return msg("Owners: {owners}", owners=flows.owners(incident.owners, people))

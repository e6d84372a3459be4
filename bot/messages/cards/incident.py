"""The decision card of an incident, in each phase.

The first message always shows the present state, so it is rendered again at each change; ``post`` is the id of the
message or edit, which its buttons carry. Its ``text`` is one line: all that a phone shows.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import assert_never
from urllib.parse import quote

from bot.core.flow.model import InstanceId, UserName
from bot.core.flow.status import Status, name_of
from bot.core.flow.times import calibrate
from bot.core.incident.lifecycle import not_backfilled, reference
from bot.core.incident.model import Incident, Occurrence, Phase
from bot.core.outbox.card import Card, Element
from bot.core.people.model import Person
from bot.core.text.escape import code, escape
from bot.core.text.message import as_printed, duration
from bot.core.text.shown_times import slack_date
from bot.messages import blocks
from bot.messages.cards import flows
from bot.messages.cards import incident_words as words

RED, MAGENTA, ORANGE, GREEN, GREY = "#d1242f", "#bf3989", "#d4720b", "#1a7f37", "#6e7781"

_MARKS = {Phase.OPEN: "🔴", Phase.ACKNOWLEDGED: "🟠", Phase.RECOVERED: "🟢", Phase.CLOSED: "⚪"}
_COLORS = {Phase.OPEN: RED, Phase.ACKNOWLEDGED: ORANGE, Phase.RECOVERED: GREEN, Phase.CLOSED: GREY}


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
    body = [blocks.section("\n".join(_what_happened(incident, newest)), _fields(incident, render_context))]
    missing_runs = words.missing_runs(incident, render_context.zone)
    if missing_runs:
        body.append(blocks.section(missing_runs))
    body.append(blocks.actions(*_buttons(incident, newest, post, render_context)))
    body.append(blocks.context(*_footer(incident, newest, render_context)))
    head = [blocks.section(f"{_MARKS[incident.phase]} {_title(incident, newest)}\n{_owners(incident, render_context)}")]
    return blocks.body(headline(incident, render_context.zone), body, color(incident), head)


def color(incident: Incident) -> str:
    """The colour of the bar: by phase, and a time-out differs from a failure."""
    if incident.phase is Phase.OPEN and incident.occurrences[-1].status == Status.TIMEOUT:
        return MAGENTA
    return _COLORS[incident.phase]


def headline(incident: Incident, zone: timedelta | None = None) -> str:
    """The one line that a phone shows, e.g. ``FAIL daily-energy-report · task transform``.

    ``zone`` is that of the times EnOS prints.
    """
    newest = incident.occurrences[-1]
    line = f"{name_of(newest.status)} {words.name(incident)}{words.task(newest)}"
    match incident.phase:
        case Phase.ACKNOWLEDGED:
            return f"ACKNOWLEDGED · {line}"
        case Phase.RECOVERED:
            missing = not_backfilled(incident)
            still = f" · no good run for {words.labels(missing, zone)}" if missing else ""
            return f"RECOVERED {words.name(incident)}{still}"
        case Phase.CLOSED:
            return f"CLOSED · {line}"
        case Phase.OPEN:
            return line
        case _:
            assert_never(incident.phase)


def _title(incident: Incident, newest: Occurrence) -> str:
    state = name_of(newest.status) if incident.phase is Phase.OPEN else incident.phase.value.upper()
    task = f" · task {flows.bold(words.short(newest.failed_task_name))}" if newest.failed_task_name else ""
    was = "" if incident.phase is Phase.OPEN else f" · {name_of(newest.status)}"
    shown = "" if incident.phase is Phase.RECOVERED else was + task
    return f"*{state}* · {words.bold(incident)}{shown}"


def _what_happened(incident: Incident, newest: Occurrence) -> list[str]:
    lines = [f"{words.failed(newest)}."]
    if newest.error_line:
        lines.append(f"> {code(newest.error_line)}")
    match incident.phase:
        case Phase.ACKNOWLEDGED:
            expires = words.at(" until", incident.ack_until)
            lines.append(f"{words.who(incident.acked_by)} has it{expires}{words.note(incident)}.")
        case Phase.RECOVERED:
            lines.append(f"The run {code(incident.recovered_by or '')} succeeded{words.after(incident)}.")
        case Phase.CLOSED:
            closed = words.at("", incident.ended_at)
            lines.append(f"{words.who(incident.ended_by)} closed it{closed}{words.note(incident)}.")
        case Phase.OPEN:
            lines.append("Nobody has acknowledged it yet.")
        case _:
            assert_never(incident.phase)
    return lines


def _fields(incident: Incident, render_context: RenderContext) -> list[str]:
    count = len(incident.occurrences)
    good = incident.recovered_by or incident.last_success
    first, newest = incident.occurrences[0], incident.occurrences[-1]
    began = (
        f"\nfirst {code(first.instance)}" if first.instance != newest.instance else ""
    )  # its own card now shows the newest
    shown = [
        f"*Run*\n{words.run(newest.instance, newest.trigger_time, render_context.zone)}",
        f"*Since*\n{slack_date(incident.opened_at)}{began}",
        f"*Failures in a row*\n{count}",
        f"*Last good run*\n{words.run(InstanceId(good))}" if good else "*Last good run*\nnot known",
    ]
    ended = incident.ended_at
    return shown if ended is None else [*shown, f"*Lasted*\n{duration(ended - incident.opened_at)}"]


def _buttons(incident: Incident, newest: Occurrence, post: str, render_context: RenderContext) -> list[Element]:
    of = reference(incident)
    row: list[tuple[str, str, str | None]] = []
    menu: list[tuple[str, str]] = []
    match incident.phase:
        case Phase.OPEN:
            row.append(("Acknowledge", f"ack {of}", "primary"))
            row += _plain(words.run_buttons(newest, "Rerun", "Log"))
            menu.append(("Close", f"close {of}"))
        case Phase.ACKNOWLEDGED:
            row += _plain(words.run_buttons(newest, "Rerun", "Log"))
            menu += [("Give it back", f"unack {of}"), ("Close", f"close {of}")]
        case Phase.RECOVERED:
            missing = not_backfilled(incident)
            for each in missing[-words.LISTED :]:
                row += [
                    (f"Rerun {words.label(each, render_context.zone)}", said, None)
                    for _, said in words.run_buttons(each, "Rerun")
                ]
            menu += [("Close", f"close {of}")] if missing else []
        case Phase.CLOSED:
            row.append(("Reopen", f"reopen {of}", None))
            row += _plain(words.run_buttons(newest, "Log"))
        case _:
            assert_never(incident.phase)
    menu.append(("Show the flow", f"show {incident.flow_id}"))
    menu += [("Show this run", said) for _, said in words.run_buttons(newest, "Show")]
    elements = [
        blocks.button(label, said, post, index=index, style=style) for index, (label, said, style) in enumerate(row)
    ]
    return [*elements, blocks.menu(menu, post, len(elements))]


def _plain(offers: list[tuple[str, str]]) -> list[tuple[str, str, str | None]]:
    return [(label, said, None) for label, said in offers]


def _footer(incident: Incident, newest: Occurrence, render_context: RenderContext) -> list[str]:
    shown = [f"Flow {code(str(incident.flow_id))}"]
    if newest.trigger_time:
        shown.append(f"Trigger time in EnOS: {escape(_printed(newest, render_context.zone))}")
    address = console(render_context.console_url, incident.flow_id, newest.instance)
    return [*shown, f"<{address}|Open in EnOS>"] if address else shown


def _printed(failure: Occurrence, zone: timedelta | None) -> str:
    """The trigger time as EnOS prints it, with its zone where the run's id tells which one it is."""
    calibration = calibrate(failure.instance, failure.trigger_time, "", zone or timedelta())
    return as_printed(words.short(failure.trigger_time), calibration.trigger if calibration.certain else None)


def console(url: str, flow: int, instance: str) -> str:
    """The address of a run in the EnOS console, fit for a link; empty where none is set."""
    filled = url.replace("{flow}", str(flow)).replace("{instance}", quote(instance, safe="-"))
    return "" if re.search(r"[\s<>|]", filled) or len(filled) > blocks.URL_LIMIT else filled


def _owners(incident: Incident, render_context: RenderContext) -> str:
    return f"Owners: {flows.owners(incident.owners, render_context.people)}" if incident.owners else "Owners: not known"

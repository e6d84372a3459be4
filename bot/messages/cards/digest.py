"""The digest of a channel. Its rows are next to a colored bar, where a mention names a person and notifies nobody."""

from collections.abc import Sequence
from datetime import timedelta

from bot.core.command.parse import in_words
from bot.core.digest import Contents, Known, Recovery, WatchState, how_recovered
from bot.core.flow.status import OWN
from bot.core.history.runs import SlowRun
from bot.core.incident.lifecycle import is_missing, not_backfilled
from bot.core.incident.model import Incident, Phase, Snooze
from bot.core.incident.resolution import Resolution
from bot.core.outbox import blocks
from bot.core.outbox.blocks import Block, Card
from bot.core.text.escape import mention
from bot.core.text.message import Message, Text, dots, layout, lines, link, msg, plural, sentences
from bot.messages.cards import flows
from bot.messages.cards import incident_words as words
from bot.messages.cards.incident import mark
from bot.messages.symbols import GREEN, ORANGE, PHASES, RED

_TOGETHER = 6  # rows in one block, whose text is cut at 3,000 characters


def digest(
    shown: Contents, state: WatchState, known: Known, *, more: int, command: str, zone: timedelta | None = None
) -> Card:
    """The digest; ``more`` rows have no room. ``zone`` is that of the times EnOS prints."""
    body = [
        *_section(msg("Still open:"), [_open(each, known) for each in shown.open]),
        *_section(msg("Snoozed:"), [_snoozed(each, incident, known) for each, incident in shown.snoozed]),
        *_section(msg("Recovered:"), [_recovered(each, known) for each in shown.recovered]),
        *_section(msg("Closed:"), [_closed(each, known) for each in shown.closed]),
        *_section(msg("No successful run yet:"), [_missing(each, known, command, zone) for each in shown.missing]),
        *_section(msg("Slower than usual:"), [_slower(each) for each in shown.slower]),
    ]
    if more:
        rest = msg("… and {n} more. List what is open with {command}.", n=more, command=in_words("incidents", command))
        body.append(blocks.section(rest))
    head = [blocks.section(_summary(shown, state))]
    headline = dots(
        _headline(shown, state), msg("failures: {n}", n=shown.failures), msg("open incidents: {n}", n=shown.live)
    )
    return Card(headline, body, _color(shown, state), head) if body else Card(headline, head)


def _headline(shown: Contents, state: WatchState) -> Message:
    if not state.well:
        return msg("Something needs attention")
    return msg("All quiet") if shown.all_quiet else msg("Digest")


def _summary(shown: Contents, state: WatchState) -> Text:
    """Whether flowbot is well, and the day in numbers."""
    watching, total = state.watched or (0, 0)
    blind = total - watching
    return lines(
        sentences(
            _title(shown, state),
            msg("Watching {n} of {total} flows.", n=watching, total=total) if state.watched else None,
            _failures(shown),
            _open_now(shown),
        ),
        plural("I can't see failures of {n} flow.", "I can't see failures of {n} flows.", blind) if blind else None,
        None
        if state.is_reachable
        else msg("I can't reach EnOS now. Failures that I haven't seen yet will be in the next digest."),
        sentences(*state.troubles) if state.troubles else None,
    )


def _title(shown: Contents, state: WatchState) -> Message:
    if not state.well:
        return msg("⚠️ *Something needs attention.*")
    return msg("☀️ *All quiet.*") if shown.all_quiet else msg("☀️ *Digest.*")


def _failures(shown: Contents) -> Text:
    if not shown.failures:
        return msg("No failures since {time}.", time=shown.since)
    if shown.flows == 1:
        return plural(
            "Since {time}: {n} failure in 1 flow.",
            "Since {time}: {n} failures in 1 flow.",
            shown.failures,
            time=shown.since,
        )
    return msg(
        "Since {time}: {failures} failures in {flows} flows.",
        time=shown.since,
        failures=shown.failures,
        flows=shown.flows,
    )


def _open_now(shown: Contents) -> Text:
    if shown.acknowledged:
        return msg("Open: {open}, acknowledged: {acknowledged}.", open=shown.live, acknowledged=shown.acknowledged)
    return msg("Open: {open}.", open=shown.live) if shown.live else msg("No open incidents.")


def _color(shown: Contents, state: WatchState) -> str:
    """That of the worst state in it."""
    if not state.well or any(each.phase is Phase.OPEN for each in shown.open):
        return RED
    return ORANGE if shown.open else GREEN


# ── its rows ──


def _section(title: Text, rows: Sequence[Text]) -> list[Block]:
    """The rows about one thing under a title; nothing where there are none."""
    together = [rows[at : at + _TOGETHER] for at in range(0, len(rows), _TOGETHER)]
    heading = layout("*{title}*", title=title)
    return [blocks.section(lines(None if at else heading, *some)) for at, some in enumerate(together)]


def _row(symbol: str, incident: Incident, known: Known, *parts: Text | None) -> Text:
    """A line about an incident, with a link to its card in the digest's channel."""
    address = known.links.get(incident.id)
    named = layout("{mark} {flow}", mark=symbol, flow=words.bold(incident))
    return dots(named, *parts, link(address, msg("Open thread")) if address else None)


def _open(incident: Incident, known: Known) -> Text:
    newest = incident.occurrences[-1]
    state = words.state(newest) if newest.status in OWN else None  # what is in this list has failed, else
    return _row(mark(incident), incident, known, state, msg("since {time}", time=incident.opened_at), _on_it(incident))


def _on_it(incident: Incident) -> Text:
    if incident.phase is not Phase.ACKNOWLEDGED:
        return msg("nobody is on it")
    person = words.who(incident.acked_by)
    if incident.ack_until is None:
        return msg("{person} is on it", person=person)
    return msg("{person} is on it until {time}", person=person, time=incident.ack_until)


def _snoozed(snooze: Snooze, incident: Incident | None, known: Known) -> Text:
    reason = msg("Reason: {reason}", reason=words.short(snooze.because))
    if incident is not None:
        return _row(mark(incident), incident, known, _until(snooze), reason)
    named = msg("All flows") if snooze.flow_id is None else flows.flow_name(snooze.flow_id, snooze.flow_name)
    return dots(layout("• {flow}", flow=named), _until(snooze), reason)


def _until(snooze: Snooze) -> Text:
    person = mention(snooze.by.user)
    if snooze.until_success:
        return msg("snoozed by {person} until the next success", person=person)
    return msg("snoozed by {person} until {time}", person=person, time=snooze.until)


def _recovered(incident: Incident, known: Known) -> Text:
    return _row(PHASES[Phase.RECOVERED], incident, known, _how(incident, known))


def _how(incident: Incident, known: Known) -> Text:
    run = known.runs.get(incident.id)
    person = mention(run.by.partition(":")[2]) if run else None
    lasted = incident.ended_at - incident.opened_at if incident.ended_at else timedelta()
    match how_recovered(incident, run):
        case Recovery.BY_ITSELF:
            return msg("recovered by itself after {duration}", duration=lasted)
        case Recovery.RETRIED:
            return msg("recovered after {duration} with a rerun by a retry rule", duration=lasted)
        case Recovery.RERUN_BY_PERSON if person:
            return msg("recovered after {duration} with a rerun by {person}", duration=lasted, person=person)
        case Recovery.RUN_BY_PERSON if person:
            return msg("recovered after {duration} with a run started by {person}", duration=lasted, person=person)
        case _:
            return msg("recovered after {duration} with a run started in EnOS", duration=lasted)


def _closed(incident: Incident, known: Known) -> Text:
    return _row(PHASES[Phase.CLOSED], incident, known, _as(incident), words.note(incident))


def _as(incident: Incident) -> Text:
    """As what it was closed."""
    person = words.who(incident.ended_by)
    match incident.resolution:
        case Resolution.FIXED:
            return msg("closed by {person} as fixed", person=person)
        case Resolution.EXPECTED:
            return msg("closed by {person} as expected", person=person)
        case Resolution.DUPLICATE:
            return msg("closed by {person} as a duplicate", person=person)
        case Resolution.UNNEEDED:
            return msg("closed by {person} as not needed", person=person)
        case _:
            return msg("closed by {person}", person=person)


def _slower(run: SlowRun) -> Text:
    took = msg("{duration}, usually {usual}", duration=run.took, usual=run.usual)
    return dots(layout("• {flow}", flow=flows.flow_name(run.flow_id, run.flow_name)), took)


def _missing(incident: Incident, known: Known, command: str, zone: timedelta | None) -> Text:
    failures = not_backfilled(incident)
    newest = failures[-1]
    again: Text | None = None
    for _, said in words.run_buttons(incident, newest, words.RERUN):
        shown = in_words(said, command)
        if is_missing(incident, newest):
            again = msg("Trigger: {command}", command=shown)
        else:
            again = msg("Rerun: {command}", command=shown)
    named = layout("{flow}: {times}", flow=words.bold(incident), times=words.times(failures, zone))
    address = known.links.get(incident.id)
    return dots(layout("• {row}", row=named), again, link(address, msg("Open thread")) if address else None)

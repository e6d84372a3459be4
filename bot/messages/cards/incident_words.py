"""The messages that incident cards and replies share."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from bot.core.command.buttons import form
from bot.core.flow.ids import instance_moment, is_instance
from bot.core.flow.model import InstanceId
from bot.core.flow.status import OWN, Status
from bot.core.flow.times import trigger_moment
from bot.core.incident.lifecycle import is_missing, not_backfilled
from bot.core.incident.model import Incident, Occurrence, Phase, Snooze
from bot.core.incident.resolution import Resolution
from bot.core.people.model import Person
from bot.core.text.escape import code, escape, mention, one_line
from bot.core.text.message import Message, Text, as_printed, layout, lines, listed, msg, plural
from bot.core.text.shown_times import minute_in_utc
from bot.messages import symbols
from bot.messages.cards import flows, lateness

LISTED = 3  # runs named one by one
_NAME = 120  # characters of a name

Verb = tuple[Message, str]  # of a button about a run: its label, and the command's first word
RERUN: Verb = msg("Rerun"), "rerun"
VIEW_LOG: Verb = msg("View log"), "log"
VIEW_RUN: Verb = msg("View run"), "show"
VIEW_GRAPH: Verb = msg("View task graph"), "graph"
END_SNOOZE = msg("End snooze")


def short(text: str) -> str:
    """A text from outside on one line, cut to 120 characters."""
    line = one_line(text)
    return line if len(line) <= _NAME else line[: _NAME - 1] + "…"


def name(incident: Incident) -> Text:
    """The flow's name."""
    named = short(incident.flow_name)
    return escape(named) if named else msg("flow {flow}", flow=str(incident.flow_id))


def bold(incident: Incident) -> Text:
    """The flow's name in bold."""
    named = short(incident.flow_name)
    return flows.bold(named) if named else layout("*{flow}*", flow=name(incident))


def mark(failure: Occurrence) -> str:
    """The symbol of a failure that nobody has acknowledged."""
    return symbols.mark(failure.status) if failure.status in {Status.TIMEOUT, *OWN} else symbols.PHASES[Phase.OPEN]


def state(failure: Occurrence) -> Message:
    """How a run ended, as a heading."""
    if failure.status == Status.FAIL:
        return msg("FAILED")
    return msg("TIMED OUT") if failure.status == Status.TIMEOUT else flows.status_code(failure.status)


def task(failure: Occurrence) -> Text | None:
    """The failed task in a line without markup, if it is known."""
    named = short(failure.failed_task_name)
    return msg("task {task}", task=named) if named else None


def detail(incident: Incident) -> Text | None:
    """What a line without markup says of the newest failure: its task, or by when it should have been done."""
    newest = incident.occurrences[-1]
    return lateness.detail(incident, newest) or task(newest)


def happened(incident: Incident) -> Text:
    """What happened to the newest run."""
    newest = incident.occurrences[-1]
    return lateness.happened(incident, newest) if newest.status in OWN else failed(newest)


def failed(failure: Occurrence) -> Text:
    """What happened to a run."""
    run, total = code(short(failure.instance)), len(failure.failed_tasks)
    status = flows.status_code(failure.status)
    if not failure.failed_task_name:
        if failure.status == Status.FAIL:
            return msg("Run {run} failed.", run=run)
        if failure.status == Status.TIMEOUT:
            return msg("Run {run} timed out.", run=run)
        return msg("Run {run} ended with {status}.", run=run, status=status)
    first = flows.bold(short(failure.failed_task_name))
    if total > 1:
        return _in_several(failure.status, total, run=run, task=first)
    if failure.status == Status.TIMEOUT:
        return msg("Run {run} timed out in task {task}.", run=run, task=first)
    if failure.status != Status.FAIL:
        return msg("Run {run} ended with {status} in task {task}.", run=run, status=status, task=first)
    if not total:
        return msg("Run {run} failed in task {task}.", run=run, task=first)
    id_ = code(str(failure.failed_tasks[0]))
    return msg("Run {run} failed in task {task} ({task_id}).", run=run, task=first, task_id=id_)


def _in_several(status: int, total: int, *, run: Text, task: Text) -> Text:
    more = total - 1
    if status == Status.FAIL:
        return plural(
            "Run {run} failed in task {task} and {n} more task.",
            "Run {run} failed in task {task} and {n} more tasks.",
            more,
            run=run,
            task=task,
            total=total,
        )
    if status == Status.TIMEOUT:
        return plural(
            "Run {run} timed out in task {task} and {n} more task.",
            "Run {run} timed out in task {task} and {n} more tasks.",
            more,
            run=run,
            task=task,
            total=total,
        )
    return plural(
        "Run {run} ended with {status} in task {task} and {n} more task.",
        "Run {run} ended with {status} in task {task} and {n} more tasks.",
        more,
        run=run,
        status=flows.status_code(status),
        task=task,
        total=total,
    )


def error(failure: Occurrence) -> Text | None:
    """The first line of its error, quoted, if it is known."""
    return layout("> {error}", error=code(failure.error_line)) if failure.error_line else None


def run(instance: InstanceId, printed: str = "", zone: timedelta | None = None) -> Text:
    """A run and its trigger time; ``printed`` is EnOS's, ``zone`` that of the times EnOS prints."""
    return lines(code(short(instance)), flows.triggered(instance, printed, zone))


def trigger_time(failure: Occurrence, zone: timedelta | None) -> Text:
    """A run's trigger time in a sentence or on a button; its id where neither the id nor EnOS names a time."""
    at, exact = trigger_moment(failure.instance, failure.trigger_time, zone)
    if at is not None:
        return layout("{time}", time=at) if exact else msg("about {time}", time=at)
    printed = short(failure.trigger_time)
    return as_printed(printed, None) if printed else escape(short(failure.instance))


def times(failures: Sequence[Occurrence], zone: timedelta | None) -> Text:
    """The trigger times of several runs."""
    return listed([trigger_time(each, zone) for each in failures[-LISTED:]], len(failures))


def who(person: Person | None) -> Text:
    """A person, mentioned."""
    return mention(person.user) if person else msg("Somebody")


def note(incident: Incident) -> Text | None:
    """The reason that a person gave, if any."""
    return msg("Note: {note}", note=short(incident.note)) if incident.note else None


def snoozed(incident: Incident) -> tuple[Text | None, ...]:
    """By whom it is snoozed, until when and why; nothing where it is not."""
    return () if incident.snooze is None else (about_snooze(incident.snooze), reason(incident.snooze))


def about_snooze(snooze: Snooze) -> Text:
    """By whom something is snoozed, and until when."""
    person, until = mention(snooze.by.user), snooze.until
    if snooze.flow_id is None:
        return msg("🌙 {person} snoozed all flows until {time}.", person=person, time=until)
    if snooze.until_success:
        return msg("🌙 Snoozed by {person} until the next success, {time} at the latest.", person=person, time=until)
    return msg("🌙 Snoozed by {person} until {time}.", person=person, time=until)


def reason(snooze: Snooze) -> Text:
    """Why it is snoozed."""
    return msg("Reason: {reason}", reason=short(snooze.because))


def snooze_offer(incident: Incident) -> tuple[Text, str]:
    """The choice of a menu that snoozes the flow, or that ends its snooze; one of all flows ends for all."""
    if incident.snooze is None or incident.snooze.flow_id is None:
        return msg("Snooze"), form(f"snooze {incident.flow_id}")
    return END_SNOOZE, f"unsnooze {incident.flow_id}"


def asked(incident: Incident) -> Text | None:
    """Who is asked to take it, if anybody."""
    if incident.ask is None:
        return None
    return msg("{person} asked {other} to take it.", person=who(incident.ask.by), other=who(incident.ask.to))


def taken_from(incident: Incident) -> Text | None:
    """From whom it came to the person who has it."""
    if incident.phase is not Phase.ACKNOWLEDGED or incident.taken_from is None:
        return None
    return msg("It came from {person}.", person=who(incident.taken_from))


def closed_as(incident: Incident) -> Text | None:
    """As what a person closed it, where they said so."""
    return _CLOSED_AS[incident.resolution] if incident.phase is Phase.CLOSED and incident.resolution else None


def why_not(incident: Incident, why: Text) -> Text:
    """A row of a list of incidents with which something was not done."""
    return layout("• {flow}: {why}", flow=bold(incident), why=why)


def how_closed(incident: Incident) -> Text:
    """How a person closed it, behind a row of a list."""
    match incident.resolution:
        case Resolution.FIXED:
            return msg("closed as fixed")
        case Resolution.EXPECTED:
            return msg("closed as expected")
        case Resolution.DUPLICATE:
            return msg("closed as a duplicate")
        case Resolution.UNNEEDED:
            return msg("closed as not needed")
        case _:
            return msg("closed by a person")


_CLOSED_AS: Mapping[Resolution, Message] = {
    Resolution.FIXED: msg("Closed as fixed."),
    Resolution.EXPECTED: msg("Closed as expected."),
    Resolution.DUPLICATE: msg("Closed as a duplicate."),
    Resolution.UNNEEDED: msg("Closed as not needed."),
}


def missing_runs(incident: Incident, zone: timedelta | None) -> Text | None:
    """Which runs still lack a success although the alarm has ended."""
    missing = not_backfilled(incident) if incident.phase is Phase.RECOVERED else ()
    if not missing:
        return None
    if len(missing) == 1 and is_missing(incident, missing[0]):
        return msg(
            "{time} still has no successful run. Trigger it, or close the incident with a reason.",
            time=trigger_time(missing[0], zone),
        )
    named = [layout("{time} ({run})", time=trigger_time(each, zone), run=code(each.instance)) for each in missing]
    return plural(
        "{dates} still has no successful run. Rerun it, or close the incident with a reason.",
        "{dates} still have no successful run. Rerun them, or close the incident with a reason.",
        len(missing),
        dates=listed(named[-LISTED:], len(missing)),
    )


def run_buttons(incident: Incident, failure: Occurrence, *verbs: Verb) -> list[tuple[Text, str]]:
    """Buttons about a run, where a command can name its id.

    What has not failed is not rerun; where there is no run yet, one can be triggered.
    """
    if not is_instance(failure.instance):
        return []
    if is_missing(incident, failure):
        return [(msg("Trigger"), _trigger(incident, failure))] if RERUN in verbs else []
    offered = [each for each in verbs if each != RERUN or failure.status not in OWN]
    return [(label, f"{verb} {failure.instance}") for label, verb in offered]


def _trigger(incident: Incident, failure: Occurrence) -> str:
    late = incident.background.late
    at = (late and late.fire) or instance_moment(failure.instance)
    return f"trigger {incident.flow_id} at {minute_in_utc(at)}" if at else f"trigger {incident.flow_id}"

"""The words that incident cards and replies share; what comes from outside is escaped and short."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.core.flow.ids import is_instance
from bot.core.flow.model import InstanceId
from bot.core.flow.status import Status, name_of
from bot.core.flow.times import trigger_moment
from bot.core.incident.lifecycle import not_backfilled
from bot.core.incident.model import Incident, Occurrence, Phase
from bot.core.people.model import Person
from bot.core.text.escape import Markup, code, escape, mention, one_line
from bot.core.text.message import Text, as_printed, duration, listed
from bot.core.text.shown_times import in_utc, slack_date
from bot.messages.cards import flows

LISTED = 3  # runs named one by one
_NAME = 120  # characters of a name


def short(text: str) -> str:
    """A text from outside on one line, cut to 120 characters."""
    line = one_line(text)
    return line if len(line) <= _NAME else line[: _NAME - 1] + "…"


def name(incident: Incident) -> str:
    """The flow's name, escaped."""
    return escape(short(incident.flow_name) or f"flow {incident.flow_id}")


def bold(incident: Incident) -> Markup:
    """The flow's name in bold."""
    return flows.bold(short(incident.flow_name) or f"flow {incident.flow_id}")


def task(failure: Occurrence) -> str:
    """The failed task for a headline, if it is known."""
    return f" · task {escape(short(failure.failed_task_name))}" if failure.failed_task_name else ""


def failed(failure: Occurrence) -> str:
    """What happened to a run, e.g. ``Run 3377-… failed in task transform (108580)``."""
    verb = {int(Status.FAIL): "failed", int(Status.TIMEOUT): "timed out"}.get(
        failure.status, f"ended as {name_of(failure.status)}"
    )
    if not failure.failed_task_name:
        return f"Run {code(short(failure.instance))} {verb}"
    first = flows.bold(short(failure.failed_task_name))
    identity = f" ({code(str(failure.failed_tasks[0]))})" if failure.failed_tasks else ""
    others = len(failure.failed_tasks) - 1
    more = f" and {others} more {'task' if others == 1 else 'tasks'}" if others > 0 else ""
    return f"Run {code(short(failure.instance))} {verb} in task {first}{identity}{more}"


def run(instance: InstanceId, printed: str = "", zone: timedelta | None = None) -> str:
    """A run and its trigger time; ``printed`` is EnOS's, ``zone`` that of the times EnOS prints."""
    return "\n".join(part for part in (code(short(instance)), flows.triggered(instance, printed, zone)) if part)


def label(failure: Occurrence, zone: timedelta | None) -> str:
    """A run's trigger time for a button or a phone, as plain text: ``Nov 18, 06:00 UTC``."""
    at, exact = trigger_moment(failure.instance, failure.trigger_time, zone)
    if at is not None:
        return in_utc(at) if exact else f"about {in_utc(at)}"
    return as_printed(short(failure.trigger_time), None) if failure.trigger_time else short(failure.instance)


def labels(failures: Sequence[Occurrence], zone: timedelta | None) -> str:
    """The trigger times of several runs for a phone, escaped."""
    return _several([escape(label(each, zone)) for each in failures[-LISTED:]], len(failures), "; ")


def times(failures: Sequence[Occurrence], zone: timedelta | None) -> Text:
    """The trigger times of several runs."""
    return listed([_time(each, zone) for each in failures[-LISTED:]], len(failures))


def _time(failure: Occurrence, zone: timedelta | None) -> Text:
    return flows.triggered(failure.instance, failure.trigger_time, zone) or code(short(failure.instance))


def _several(shown: Sequence[str], count: int, between: str) -> str:
    more = f" and {count - len(shown)} more" if count > len(shown) else ""
    return between.join(shown) + more


def who(person: Person | None) -> str:
    """A person, mentioned."""
    return mention(person.user) if person else "Somebody"


def at(word: str, moment: datetime | None) -> str:
    """A moment with the word before it, if there is one."""
    return f"{word} {slack_date(moment)}" if moment else ""


def note(incident: Incident) -> str:
    """The reason that a person gave, if any."""
    return f": {escape(short(incident.note))}" if incident.note else ""


def after(incident: Incident) -> str:
    """How long the alarm lasted."""
    return f" {duration(incident.ended_at - incident.opened_at)} after the alarm began" if incident.ended_at else ""


def missing_runs(incident: Incident, zone: timedelta | None) -> str:
    """Which runs still lack a success although the alarm has ended."""
    missing = not_backfilled(incident) if incident.phase is Phase.RECOVERED else ()
    if not missing:
        return ""
    runs = _several([f"{_time(each, zone)} ({code(each.instance)})" for each in missing[-LISTED:]], len(missing), ", ")
    return f"*No good run for {runs}.* Rerun it, or close this with a reason."


def run_buttons(failure: Occurrence, *verbs: str) -> list[tuple[str, str]]:
    """Buttons about a run, where a command can name its id."""
    if not is_instance(failure.instance):
        return []
    return [(verb, f"{verb.lower()} {failure.instance}") for verb in verbs]

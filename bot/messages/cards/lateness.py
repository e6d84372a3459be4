"""What is said of a run that is missing, late, or far longer than ever, and of when its flow is usually done."""

from collections.abc import Mapping
from dataclasses import replace

from bot.core.flow.status import OWN, OwnStatus
from bot.core.history.background import Lateness
from bot.core.history.usual import Kind
from bot.core.incident.lifecycle import is_missing
from bot.core.incident.model import Incident, Occurrence
from bot.core.text.escape import code
from bot.core.text.message import Message, Text, msg, plural, sentences
from bot.messages.cards import flows


def detail(incident: Incident, occurrence: Occurrence) -> Text | None:
    """What a phone shows of it: since when, or by when."""
    late = incident.background.late
    if late is None or occurrence.status not in OWN or not late.clock:
        return None
    if occurrence.status == OwnStatus.LONG:
        return msg("running since {clock}", clock=late.clock)
    if late.expected is not None and not late.is_past:
        return msg("{clock} can't be kept", clock=late.clock)
    if late.promised:
        return msg("promised by {clock}", clock=late.clock)
    return msg("usually done by {clock}", clock=late.clock)


def happened(incident: Incident, occurrence: Occurrence) -> Text:
    """What happened, with the evidence."""
    late = incident.background.late or Lateness()
    if occurrence.status == OwnStatus.LONG:
        return sentences(_running(occurrence, late), _never_longer(late))
    if is_missing(incident, occurrence):
        return sentences(msg("Run {run} has not started.", run=code(occurrence.instance)), _by(late), _expected(late))
    return sentences(_running(occurrence, late), _by(late), _expected(late))


def _running(occurrence: Occurrence, late: Lateness) -> Text:
    run = code(occurrence.instance)
    if late.started_at is None:
        return msg("Run {run} is not done yet.", run=run)
    return msg("Run {run} has been running since {time}.", run=run, time=late.started_at)


def _never_longer(late: Lateness) -> Text | None:
    if late.longest is None:
        return None
    return plural(
        "It never took longer than {duration} in {n} run.",
        "It never took longer than {duration} in {n} runs.",
        late.runs,
        duration=late.longest,
    )


def _by(late: Lateness) -> Text | None:
    if late.by is None:
        return None
    return msg("It was promised by {time}.", time=late.by) if late.promised else usually(late)


def usually(late: Lateness) -> Text:
    """By when it is usually done, and how sure that is."""
    values = {"time": late.by or "", "done": late.done, "n": late.runs}
    return replace(_USUALLY.get(late.kind, _OF_ALL), values=values, number=late.runs)


_OF_ALL = plural(
    "Usually done by {time}: {done} of the last {n} run.",
    "Usually done by {time}: {done} of the last {n} runs.",
    1,
)
_USUALLY: Mapping[str, Message] = {
    Kind.WORKING_DAYS.value: plural(
        "Usually done by {time}: {done} of the last {n} run on a working day.",
        "Usually done by {time}: {done} of the last {n} runs on working days.",
        1,
    ),
    Kind.WEEKENDS.value: plural(
        "Usually done by {time}: {done} of the last {n} run on a weekend.",
        "Usually done by {time}: {done} of the last {n} runs on weekends.",
        1,
    ),
    Kind.SAME_WEEKDAY.value: plural(
        "Usually done by {time}: {done} of the last {n} run on this day of the week.",
        "Usually done by {time}: {done} of the last {n} runs on this day of the week.",
        1,
    ),
    Kind.SIMILAR.value: plural(
        "Usually done by {time}: {done} of the last {n} run at such times.",
        "Usually done by {time}: {done} of the last {n} runs at such times.",
        1,
    ),
}


def _expected(late: Lateness) -> Text | None:
    """When it will be done instead, and because of which flow."""
    if late.expected is None:
        return None
    if late.behind is None or late.behind_by is None:
        return msg("It will be about {time}.", time=late.expected)
    flow = flows.flow_name(late.behind.id, late.behind.name)
    return msg(
        "It will be about {time}: {flow} runs {duration} late.",
        time=late.expected,
        flow=flow,
        duration=late.behind_by,
    )

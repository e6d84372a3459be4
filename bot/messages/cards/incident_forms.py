"""The small forms of incidents: acknowledge, close, snooze and assign."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from bot.core.command.durations import duration_words, parse_duration
from bot.core.command.requests import SUCCESS
from bot.core.forms import fields
from bot.core.forms.model import Option, View
from bot.core.forms.saying import (
    ACK_DURATIONS,
    AS,
    HOW_LONG,
    LONGEST_NOTE,
    NOTE,
    SNOOZE_DURATIONS,
    TARGET,
    UNTIL,
    WHOM,
    shown_command,
)
from bot.core.incident.model import Incident
from bot.core.incident.resolution import Resolution
from bot.core.outbox import blocks
from bot.core.outbox.blocks import Block
from bot.core.text.message import Message, Text, duration, layout, lines, msg, verbatim
from bot.messages.cards import forms
from bot.messages.cards import incident_words as words
from bot.messages.cards.incident import headline, mark, since_then

TITLES: Mapping[str, Message] = {
    "ack": msg("Acknowledge"),
    "close": msg("Close incident"),
    "snooze": msg("Snooze flow"),
    "assign": msg("Assign incident"),
}
_SUBMITS: Mapping[str, Message] = {
    "ack": msg("Acknowledge"),
    "close": msg("Close"),
    "snooze": msg("Snooze"),
    "assign": msg("Assign"),
}
_MOST_TARGET = 300  # characters of a flow's name
_RESOLUTIONS: Sequence[tuple[Text, Resolution]] = (
    (msg("Fixed"), Resolution.FIXED),
    (msg("Expected"), Resolution.EXPECTED),
    (msg("A duplicate"), Resolution.DUPLICATE),
    (msg("Not needed"), Resolution.UNNEEDED),
)


def view(
    verb: str,
    values: Mapping[str, str],
    incident: Incident | None,
    state: Mapping[str, str],
    changed: Text | None = None,
) -> View:
    """The form of a verb. ``changed`` says what became of its incident while it was open."""
    body: list[Block] = [blocks.section(changed)] if changed is not None else []
    if incident is not None:
        body.append(blocks.section(layout("{mark} {headline}", mark=mark(incident), headline=headline(incident))))
    else:
        hint = msg("Its ID or name. Or the ID of a run.") if verb != "snooze" else msg("Its ID or name.")
        if len(values.get(TARGET, "")) > _MOST_TARGET:  # nothing is cut: a part of a name is another name
            values = {**values, TARGET: ""}
        body.append(
            fields.text(TARGET, msg("Flow"), initial=values.get(TARGET, ""), hint=hint, most=_MOST_TARGET),
        )
    body += _FIELDS[verb](values)
    if command := shown_command(verb, values):
        body.append(forms.says(command))
    return View(verb, TITLES[verb], body, submit=_SUBMITS[verb], state=state)


def has_changed(incident: Incident) -> Text:
    """What is said where an incident has changed while its form was open."""
    return lines(
        msg("⚠️ *This has changed while the form was open.* Nothing was done yet."),
        *since_then(incident),
        *words.snoozed(incident),
        msg("Press again if you still want it."),
    )


def _ack(values: Mapping[str, str]) -> list[Block]:
    choices = [_lasting(each) for each in ACK_DURATIONS]
    return [
        _how_long(msg("For how long?"), choices, values),
        _note(msg("Note"), values, msg("Others see it in the thread."), optional=True),
    ]


def _close(values: Mapping[str, str]) -> list[Block]:
    options = [(label, each.value) for label, each in _RESOLUTIONS]
    return [
        fields.choice(AS, msg("Close as"), options, initial=values.get(AS, ""), optional=True, reports=True),
        _note(msg("Note"), values, msg("Others see it in the thread."), optional=True),
    ]


def _snooze(values: Mapping[str, str]) -> list[Block]:
    choices = [*(_lasting(each) for each in SNOOZE_DURATIONS), (msg("Until its next success"), SUCCESS.words)]
    hint = msg("Instead of the choice above, for example “18:00” or “tomorrow 08:00”. At most 30 days.")
    return [
        _how_long(msg("For how long?"), choices, values),
        fields.text(UNTIL, msg("Or until"), initial=values.get(UNTIL, ""), hint=hint, optional=True, most=100),
        _note(msg("Reason"), values, msg("Others see it. A link to a ticket is enough."), optional=False),
    ]


def _assign(values: Mapping[str, str]) -> list[Block]:
    hint = msg("They get a message, and accept with a button. Until then nothing moves.")
    return [fields.person(WHOM, msg("Who should take it?"), initial=values.get(WHOM, ""), hint=hint)]


_FIELDS = {"ack": _ack, "close": _close, "snooze": _snooze, "assign": _assign}


def _lasting(span: timedelta) -> Option:
    return duration(span), duration_words(span)


def _how_long(label: Text, choices: Sequence[Option], values: Mapping[str, str]) -> Block:
    """The choice of a duration; one that was said and is not among them is one more."""
    said = values.get(HOW_LONG, "")
    if said and all(value != said for _, value in choices):
        span = parse_duration(said)
        choices = [(duration(span) if span else verbatim(said), said), *choices]
    return fields.choice(HOW_LONG, label, choices, initial=said, reports=True)


def _note(label: Text, values: Mapping[str, str], hint: Text, *, optional: bool) -> Block:
    initial = values.get(NOTE, "")[:LONGEST_NOTE]
    return fields.text(NOTE, label, initial=initial, hint=hint, lines=True, optional=optional, most=LONGEST_NOTE)

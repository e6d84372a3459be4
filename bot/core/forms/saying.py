"""What the small forms of incidents say: the command of what their fields hold, or what is wrong with a field."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from bot.core.command import requests
from bot.core.command.durations import duration_words, parse_duration
from bot.core.command.lacking import said
from bot.core.command.parse import parse, say
from bot.core.command.spelling import BLANK
from bot.core.errors import Refusal
from bot.core.forms.model import Errors
from bot.core.incident.lifecycle import ACK_DURATION
from bot.core.incident.resolution import Resolution
from bot.core.text.message import Joined, Text, msg

TARGET, HOW_LONG, UNTIL, NOTE, AS, WHOM = "target", "how_long", "until", "note", "as", "whom"  # names of fields
LONGEST_NOTE = 500  # characters
ACK_DURATIONS = tuple(timedelta(hours=hours) for hours in (0.5, 1, 2, 4, 8, 24))
SNOOZE_DURATIONS = tuple(timedelta(hours=hours) for hours in (1, 2, 4, 8, 24, 72, 168))
TARGETS = ("flow", "instance", "bulk", "scope")  # fields of requests


def filled(verb: str, words: str, target: str = "") -> dict[str, str]:
    """What the fields of a verb's form hold at first: what was said, with the ``target`` of the card it is about."""
    known = said(words) if words else None
    values = {TARGET: target or (known.part(*TARGETS) if known else "")}
    if verb != "assign":
        values[NOTE] = str(known.values.get("because", "")) if known else ""
    values |= {"ack": {HOW_LONG: duration_words(ACK_DURATION)}, "snooze": {HOW_LONG: "2h"}}.get(verb, {})
    if known is not None:
        found = {HOW_LONG: ("duration",), UNTIL: ("until",), AS: ("resolution",)}
        values |= {name: part for name, fields in found.items() if (part := known.part(*fields))}
        values |= {WHOM: str(known.values["person"])} if "person" in known.values else {}
    if values.get(UNTIL) == requests.SUCCESS.words:
        values |= {HOW_LONG: values.pop(UNTIL)}
    return values


def command_of(verb: str, values: Mapping[str, str]) -> str | Errors:
    """The command that the fields say; where they say none, what is wrong with which of them."""
    errors: dict[str, Text] = {}
    request: dict[str, Any] = {}
    try:
        request |= _target(verb, values.get(TARGET, ""))
    except Refusal as refused:
        errors[TARGET] = _sentence(refused)
    note = values.get(NOTE, "").strip()
    match verb:
        case "ack":
            request |= {"duration": parse_duration(values.get(HOW_LONG, "")), "because": note}
        case "close":
            named = values.get(AS, "")
            request |= {"resolution": Resolution(named) if named in _RESOLUTIONS else None, "because": note}
        case "assign":
            request |= {"person": values.get(WHOM, "")}
            if not request["person"]:
                errors[WHOM] = msg("Choose a person.")
        case _:
            if not note.strip(f"{BLANK}. "):
                errors[NOTE] = msg("Give a reason, so that others know why nobody is notified.")
            try:
                request |= _end(values) | {"because": note}
            except Refusal as refused:
                errors[UNTIL] = _sentence(refused)
    return Errors(errors) if errors else say(_REQUESTS[verb](**request))


def shown_command(verb: str, values: Mapping[str, str]) -> str:
    """The command as far as the fields say it, with … for a missing reason; empty where more is missing."""
    words = command_of(verb, values)
    if isinstance(words, str):
        return words
    return _with_blank(verb, values) if set(words.at) == {NOTE} else ""


def _with_blank(verb: str, values: Mapping[str, str]) -> str:
    return say(_REQUESTS[verb](**_target(verb, values.get(TARGET, "")), **_end(values), because=BLANK))


def _sentence(refused: Refusal) -> Text:
    """What is wrong, without the place in a command that nobody typed."""
    what = refused.message
    while isinstance(what, Joined):
        what = next(part for part in what.parts if part)
    return what


def _target(verb: str, text: str) -> dict[str, Any]:
    """What the command is about. Raises Refusal where the words name nothing, or more."""
    words = f"{verb} {text}"
    found = said(words)
    if found is None:
        parse(words)
    named = {name: found.values[name] for name in TARGETS if name in found.values} if found else {}
    if not named:
        raise Refusal("no_target", msg("Which flow? Write its ID or name, for example 3377."))
    return named


def _end(values: Mapping[str, str]) -> dict[str, Any]:
    """When a snooze ends. Raises Refusal for words that are no time."""
    until, how_long = values.get(UNTIL, "").strip(), values.get(HOW_LONG, "")
    if not until and (duration := parse_duration(how_long)):
        return {"duration": duration}
    found = parse(f"snooze {requests.ALL} until {until or how_long}")
    if not isinstance(found, requests.Snooze) or found.duration or found.because or found.until is None:
        raise Refusal("no_time", msg("I don't understand this time. Write for example “18:00” or “tomorrow 08:00”."))
    return {"until": found.until}


_RESOLUTIONS = {each.value for each in Resolution}
_REQUESTS: Mapping[str, Any] = {
    "ack": requests.Ack,
    "close": requests.Close,
    "assign": requests.Assign,
    "snooze": requests.Snooze,
}

"""A command as a shell hands it over, written as Slack would deliver it."""

import re
from collections.abc import Sequence

from bot.core.command import chinese

_PERSON = re.compile(r"(?<![\w@])@?([UW][A-Z0-9]{5,30})(?!\w)")
_BLANK = re.compile(r"\s")
_NOTE = frozenset({"because", *chinese.CLAUSES["because", "because"]})


def from_arguments(arguments: Sequence[str]) -> str:
    """The command that a shell split into these arguments.

    An argument with blanks is one word, as the shell meant it (``flowbot do trigger 3377 with "city=New York"``),
    unless it is the first: then the arguments are the command as it is typed. A note takes the rest as it is.
    """
    if not arguments or _BLANK.search(arguments[0]):
        return encoded(" ".join(arguments))
    words: list[str] = []
    in_note = False
    for argument in arguments:
        words.append(encoded(argument) if in_note or not _BLANK.search(argument) else _quoted(argument))
        in_note = in_note or argument.casefold() in _NOTE
    return " ".join(words)


def encoded(text: str) -> str:
    """A text as Slack delivers what a person typed: three characters encoded, and the ids of people as mentions.

    Source: docs.slack.dev, "Formatting message text".
    """
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _PERSON.sub(r"<@\1>", text)


def _quoted(argument: str) -> str:
    """One word with blanks in it; of KEY=VALUE the value is quoted."""
    key, equals, value = argument.partition("=")
    if not equals or _BLANK.search(key):
        key, equals, value = "", "", argument
    inner = encoded(value).replace('"', "&#34;")
    return f'{encoded(key)}{equals}"{inner}"'

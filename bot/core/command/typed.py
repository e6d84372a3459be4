"""Typed: a person's text as Slack delivers it, with Slack's own encodings undone.

A character that came out of an encoding is fixed: it is never syntax and never straightened. Besides Slack's
encodings there is ``&#34;`` for any character, so that ``spelling.py`` can say every name and value. Slack itself
never delivers a bare ``&``, so nobody's words are read that way by accident.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.core.text.legible import is_legible, legible

_ENCODED = re.compile(
    r"&(?:(?P<entity>amp|lt|gt)|#(?P<number>[0-9]{1,7}));"
    r"|<(?:@(?P<person>[UW][A-Z0-9]+)|(?P<special>[#!][^|<>\s]*)|(?P<url>[A-Za-z][A-Za-z0-9+.-]*:[^|<>\s]+))"
    r"(?:\|(?P<label>[^<>]*))?>"
)
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">"}


@dataclass(frozen=True, slots=True)
class Typed:
    """A text as the person typed it."""

    text: str
    fixed: tuple[bool, ...]  # for each character, whether it came out of an encoding
    people: Mapping[tuple[int, int], str] = field(default_factory=dict)  # start and end to Slack user id


def decode(text: str) -> Typed:
    """Return the text with Slack's encodings undone. Source: docs.slack.dev, "Formatting message text"."""
    text = legible(text)
    pieces: list[str] = []
    fixed: list[bool] = []
    people: dict[tuple[int, int], str] = {}
    done = 0
    for match in _ENCODED.finditer(text):
        before, meant = text[done : match.start()], _meant(match)
        pieces += (before, meant)
        fixed += [False] * len(before)
        if match["person"]:
            people[len(fixed), len(fixed) + len(meant)] = match["person"]
        fixed += [True] * len(meant)
        done = match.end()
    pieces.append(text[done:])
    fixed += [False] * (len(text) - done)
    return Typed("".join(pieces), tuple(fixed), people)


def _meant(match: re.Match[str]) -> str:
    """Return what the person typed, as far as Slack lets it be known."""
    label = _unescaped(match["label"] or "")
    if match["entity"]:
        return _ENTITIES[match["entity"]]
    if match["number"]:
        number = int(match["number"])
        return "\ufffd" if number > 0x10FFFF or not is_legible(chr(number)) else chr(number)
    if match["person"]:
        return f"@{label}" if label else match[0]
    if match["url"]:
        url = _unescaped(match["url"])
        address = url.partition(":")[2].strip("/")
        return label if label and label.strip("/") == address else url
    special: str = match["special"]
    if special in {"!here", "!channel", "!everyone"}:
        return f"@{special[1:]}"
    return (f"#{label}" if special[0] == "#" else label) if label else match[0]


def _unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")

"""What a terminal shows of an answer: Slack's markup undone, and rows in columns."""

import html
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from bot.core.command import buttons
from bot.core.outbox.blocks import Body, texts
from bot.core.text.escape import clean
from bot.core.text.message import SLACK_DATE

_LINK = re.compile(r"<(?P<url>(?:https?|mailto):[^<>|]*)(?:\|(?P<label>[^<>]*))?>")
_NAMED = re.compile(r"<(?:@|#|!subteam\^)(?P<id>\w+)(?:\|(?P<label>[^<>]*))?>")
_BOLD = re.compile(r"(?<![*A-Za-z0-9_])(?:\*([^*\n]+)\*|_([^_\n]+)_)(?![A-Za-z0-9_])")
_TICKS = re.compile(r"`([^`\n]+)`")
_GAP = "  "


def as_text(mrkdwn: str, names: Mapping[str, str] | None = None) -> str:
    """Mrkdwn without its marks; ``names`` are those of people, channels and groups, by their ids."""
    named = names or {}
    text = SLACK_DATE.sub(r"\1", mrkdwn)
    text = _LINK.sub(lambda found: " ".join(filter(None, (found["label"], f"({found['url']})"))), text)
    text = _NAMED.sub(lambda found: named.get(found["id"]) or found["label"] or found["id"], text)
    return clean(html.unescape(_TICKS.sub(r"\1", _BOLD.sub(r"\1\2", text))))


def ids(body: Body) -> frozenset[str]:
    """The people, channels and groups that a message names."""
    return frozenset(found["id"] for text in _shown(body) for found in _NAMED.finditer(text))


def paragraphs(body: Body, names: Mapping[str, str], *, only_notes: bool = False) -> list[str]:
    """What a message says, a text for each block, without its buttons and the command that it answers.

    ``only_notes``: its grey lines alone.
    """
    kept = [each for each in _blocks(body) if each["type"] == "context" or not only_notes]
    said = ([as_text(text, names) for text in texts(each) if not text.startswith("↳ ")] for each in kept)
    return ["\n".join(each) for each in said if any(map(str.strip, each))]


def next_commands(body: Body) -> list[tuple[str, str]]:
    """The label and the command of each button whose command is in its value; a form is none."""
    elements = [each for block in _blocks(body) for each in (*block.get("elements", ()), block.get("accessory", {}))]
    choices = [each for element in elements for each in element.get("options", (element,))]
    said = [(each, buttons.read(str(each.get("value", "")))[1]) for each in choices]
    return [
        (str(each["text"]["text"]), words)
        for each, words in said
        if words != buttons.OLD_BUTTON and buttons.referenced(words) is None and buttons.asked_form(words) is None
    ]


def columns(rows: Sequence[Mapping[str, str]]) -> list[str]:
    """Rows as lines, under their names; a wide character takes two places."""
    heading = {name: name.replace("_", " ") for row in rows for name in row}
    lines = [heading, *({name: clean(row.get(name) or "–") for name in heading} for row in rows)]
    widths = {name: max(map(_width, (line[name] for line in lines))) for name in heading}
    return [
        _GAP.join(line[name] + " " * (widths[name] - _width(line[name])) for name in heading).rstrip() for line in lines
    ]


def _blocks(body: Body) -> list[Mapping[str, Any]]:
    return [each for part in (body, *body.get("attachments", ())) for each in part.get("blocks", ())]


def _shown(body: Body) -> list[str]:
    return [text for block in _blocks(body) for text in texts(block)]


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)

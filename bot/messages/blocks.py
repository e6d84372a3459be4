"""The blocks that cards are built of: Slack's JSON, always within Slack's limits.

The builders take mrkdwn that is already escaped (``escape.py``) and cut what is too long with "…".
Source of all limits: docs.slack.dev, "Block Kit reference" and "chat.postMessage".
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.core.command import buttons
from bot.core.command.markup import decode
from bot.core.command.tokens import visible
from bot.core.text.escape import clean, code, plain
from bot.core.text.shown_times import SLACK_DATE

Block = dict[str, Any]
Element = dict[str, Any]

URL_LIMIT = 3000
_SECTION, _FIELD, _CONTEXT = 3000, 2000, 3000
_HEADER, _LABEL = 150, 75
_TEXT = 3900  # chat.update refuses more than 4,000 with msg_too_long
_BLOCKS, _CHARACTERS = 50, 13_000  # of one message; the second was observed, not documented


def fit(text: str, limit: int) -> str:
    """Mrkdwn of at most ``limit`` characters, cut with … and never inside ``&amp;`` or ``<…>``."""
    if len(text) <= limit:
        return text
    kept = text[: limit - 1]
    opened = kept.rfind("<")
    if opened > kept.rfind(">"):
        kept = kept[:opened]
    ampersand = kept.rfind("&", len(kept) - 5 if len(kept) > 5 else 0)
    if ampersand >= 0 and ";" not in kept[ampersand:]:
        kept = kept[:ampersand]
    return kept + "…"


def mrkdwn(text: str, limit: int = _SECTION) -> Element:
    """A text object in which Slack does not look for links and mentions of its own."""
    shown = text if len(text) <= limit else fit(text, limit)
    return {"type": "mrkdwn", "text": shown if text.strip() else "–", "verbatim": True}


def section(text: str, fields: Sequence[str] | None = None, accessory: Element | None = None) -> Block:
    """A paragraph, with up to ten short fields in two columns."""
    block: Block = {"type": "section", "text": mrkdwn(text)}
    if fields:
        block["fields"] = [mrkdwn(field, _FIELD) for field in fields[:10]]
    if accessory:
        block["accessory"] = accessory
    return block


def context(*texts: str) -> Block:
    """Small grey texts, at most ten."""
    return {"type": "context", "elements": [mrkdwn(text, _CONTEXT) for text in texts[:10] or ("",)]}


def actions(*elements: Element) -> Block:
    """A row of buttons and menus, at most 25."""
    return {"type": "actions", "elements": list(elements[:25])}


def header(text: str) -> Block:
    """A heading; ``text`` is plain, not mrkdwn."""
    return {"type": "header", "text": _label(text, _HEADER)}


def rich_pre(text: str) -> Block:
    """Preformatted text, in which Slack parses nothing; ``text`` is plain, and cleaned here."""
    text = clean(text)
    shown = text if len(text) <= _SECTION else text[: _SECTION - 1] + "…"
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_preformatted", "elements": [{"type": "text", "text": shown or " "}]}],
    }


def button(
    label: str,
    command: str,
    post: str,
    *,
    index: int,
    style: str | None = None,
) -> Element:
    """A button for a command. Raises ValueError over 2,000 characters of value: stash it first."""
    element: Element = {
        "type": "button",
        "text": _label(label, _LABEL),
        "action_id": f"say:{index}",
        "value": _carried(command, post, buttons.VALUE_LIMIT),
    }
    if style:
        element["style"] = style
    return element


def menu(options: Sequence[tuple[str, str]], post: str, index: int) -> Element:
    """The "…" menu: up to five (label, command). Raises ValueError over 150 characters a value."""
    return {
        "type": "overflow",
        "action_id": f"menu:{index}",
        "options": [
            {"text": _label(label, _LABEL), "value": _carried(command, post, buttons.OPTION_LIMIT)}
            for label, command in options[:5]
        ],
    }


def body(text: str, blocks: Sequence[Block], color: str | None = None, head: Sequence[Block] = ()) -> dict[str, Any]:
    """A message: ``text`` is what a phone shows; with ``color`` the blocks are next to a colored bar.

    In ``text`` Slack shows no dates: they become UTC. ``head`` is above the bar: mentions belong there, since Slack
    notifies nobody of a mention next to a bar.
    At most 50 blocks and 13,000 characters in all; rows of buttons are kept, texts at the end are left out.
    """
    short = SLACK_DATE.sub(r"\1", text) if text.strip() else "–"
    if len(short) > _TEXT:
        short = fit(short, _TEXT)
    above, below = ([*head, *blocks], list[Block]()) if color is None else (list(head), list(blocks))
    # What Python prints of the blocks is longer than what people read in them: most messages need no second look.
    if len(above) + len(below) > _BLOCKS or len(repr((above, below))) > _CHARACTERS:
        above = _capped(above)
        below = _capped(below, _BLOCKS - len(above), _CHARACTERS - sum(map(_weight, above)))
    message: dict[str, Any] = {"text": short}
    if above or color is None:
        message["blocks"] = above
    if color is not None:
        message["attachments"] = [{"color": color, "blocks": below, "fallback": short}]
    return message


def _label(text: str, limit: int) -> Element:
    return {"type": "plain_text", "text": plain(text, limit), "emoji": False}


def _carried(command: str, post: str, limit: int) -> str:
    carried = buttons.value(command, post)
    if len(carried) > limit:
        raise ValueError(f"a value holds at most {limit} characters: stash the words")
    return carried


def _capped(blocks: list[Block], most: int = _BLOCKS, characters: int = _CHARACTERS) -> list[Block]:
    if len(blocks) <= most and sum(map(_weight, blocks)) <= characters:
        return blocks
    notice = context("… The rest does not fit into one message.")
    rows = [place for place, block in enumerate(blocks) if block["type"] == "actions"][: most - 1]
    places = most - 1 - len(rows)
    room = characters - _weight(notice) - sum(_weight(blocks[place]) for place in rows)
    kept: list[Block] = []
    cut = False
    for place, block in enumerate(blocks):
        if place in rows:
            kept.append(block)
        elif not cut and block["type"] != "actions" and places > 0 and _weight(block) <= room:
            kept.append(block)
            places -= 1
            room -= _weight(block)
        elif not cut:
            cut = True
            kept.append(notice)
    return kept


def _weight(part: object) -> int:
    """The number of characters that people read in a block."""
    if isinstance(part, Mapping):
        own = sum(len(part[key]) for key in ("text", "alt_text") if isinstance(part.get(key), str))
        return own + sum(_weight(child) for child in part.values() if not isinstance(child, str))
    if isinstance(part, list):
        return sum(_weight(child) for child in part)
    return 0


def typed(words: str) -> str:
    """A command as a person types it, Slack's encodings undone; without what would reverse the line."""
    return code(visible(decode(words).text))

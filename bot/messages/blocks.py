"""The blocks that cards are built of: Slack's JSON, always within Slack's limits.

A card is a value without a language: its blocks hold messages (``core/text/message.py``). ``rendered`` makes of it
what Slack is sent, in the language of those who read it, and cuts what is too long with "…".
Source of all limits: docs.slack.dev, "Block Kit reference" and "chat.postMessage".
"""

from collections.abc import Sequence

from bot.core.command import buttons
from bot.core.command.markup import decode
from bot.core.command.tokens import visible
from bot.core.outbox.card import Block, Card, Element, Shown
from bot.core.text.escape import Markup, clean, code
from bot.core.text.message import Text

URL_LIMIT = 3000
_SECTION, _FIELD, _CONTEXT = 3000, 2000, 3000
_HEADER, _LABEL = 150, 75


def mrkdwn(text: Text, limit: int = _SECTION) -> Shown:
    """A text object with markup."""
    return Shown(text, limit)


def section(
    text: Text,
    fields: Sequence[Text] | None = None,
    accessory: Element | None = None,
    limit: int = _SECTION,
) -> Block:
    """A paragraph of at most ``limit`` characters, with up to ten short fields in two columns."""
    block: Block = {"type": "section", "text": mrkdwn(text, limit)}
    if fields:
        block["fields"] = [mrkdwn(field, _FIELD) for field in fields[:10]]
    if accessory:
        block["accessory"] = accessory
    return block


def context(*texts: Text) -> Block:
    """Small grey texts, at most ten."""
    return {"type": "context", "elements": [mrkdwn(text, _CONTEXT) for text in texts[:10] or (Markup(),)]}


def actions(*elements: Element) -> Block:
    """A row of buttons and menus, at most 25."""
    return {"type": "actions", "elements": list(elements[:25])}


def header(text: Text) -> Block:
    """A heading, which knows no markup."""
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
    label: Text,
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


def menu(options: Sequence[tuple[Text, str]], post: str, index: int) -> Element:
    """The "…" menu: up to five (label, command). Raises ValueError over 150 characters a value."""
    return {
        "type": "overflow",
        "action_id": f"menu:{index}",
        "options": [
            {"text": _label(label, _LABEL), "value": _carried(command, post, buttons.OPTION_LIMIT)}
            for label, command in options[:5]
        ],
    }


def body(text: Text, blocks: Sequence[Block], color: str | None = None, head: Sequence[Block] = ()) -> Card:
    """A card of these blocks."""
    return Card(text, tuple(blocks), color, tuple(head))


def _label(text: Text, limit: int) -> Shown:
    return Shown(text, limit, is_plain=True)


def _carried(command: str, post: str, limit: int) -> str:
    carried = buttons.value(command, post)
    if len(carried) > limit:
        raise ValueError(f"a value holds at most {limit} characters: stash the words")
    return carried


def typed(words: str) -> Markup:
    """A command as a person types it, Slack's encodings undone; without what would reverse the line."""
    return code(visible(decode(words).text))

"""Cards: messages before a language is chosen, the blocks they are built of, and what Slack is sent of them.

A card is Slack's JSON with messages (``core/text/message.py``) where that has text objects. It is rendered when it is
queued, in the language of those who read it; what is too long for Slack is cut with "…".
Source of all limits: docs.slack.dev, "Block Kit reference" and "chat.postMessage".
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.core.command import buttons
from bot.core.command.markup import decode
from bot.core.outbox.phone_line import phone_line
from bot.core.text import message
from bot.core.text.escape import Markup, clean, code, one_line, visible
from bot.core.text.escape import plain as one_plain_line
from bot.core.text.language import EN
from bot.core.text.message import Text, msg
from bot.core.text.rich_text import elements
from bot.core.values import dataclass

Body = Mapping[str, Any]  # Slack's JSON: {"text": …, "blocks": […]}
Block = dict[str, Any]
Element = dict[str, Any]

URL_LIMIT = 3000
MENU = 5  # options of the "…" menu
_BLOCKS, _CHARACTERS = 50, 13_000  # of one message; the second was observed, not documented
_SECTION, _FIELD, _CONTEXT = 3000, 2000, 3000
_HEADER, _LABEL = 150, 75
_ROWS, _COLUMNS, _CELLS = 100, 20, 10_000  # of a table: the first with its heading, the last characters in all cells
_REST = msg("… The rest does not fit into one message.")


@dataclass(frozen=True)
class Shown:
    """A text object of Slack's whose language is not chosen yet: mrkdwn, or plain text on one line."""

    text: Text
    limit: int
    is_plain: bool = False


@dataclass(frozen=True)
class Cell:
    """A table's cell whose language is not chosen yet: rich text, in which times, links, mentions and code work."""

    text: Text
    is_heading: bool = False

    def rendered(self, language: str) -> Element:
        """The cell in a language."""
        text = one_line(message.rendered(self.text, language))
        inline = elements(text or "–", is_bold=self.is_heading)
        return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": inline}]}


@dataclass(frozen=True)
class Card:
    """A message: ``text`` begins with what a phone shows (``phone_line.py``).

    With ``color`` the blocks are next to a colored bar.

    ``head`` is above the bar: mentions belong there, since Slack notifies nobody of a mention next to a bar.
    ``fallback`` says the same as ``blocks`` without a table: where those have one, it is what a workspace is shown that
    takes no tables.
    """

    text: Text
    blocks: Sequence[Block]
    color: str | None = None
    head: Sequence[Block] = ()
    fallback: Sequence[Block] = ()

    def with_block(self, block: Block) -> "Card":
        """The card with one more block at its end, with and without its table."""
        fallback = (*self.fallback, block) if self.fallback else ()
        return replace(self, blocks=(*self.blocks, block), fallback=fallback)


# ── what a card is built of ──


def section(
    text: Text,
    fields: Sequence[Text] | None = None,
    accessory: Element | None = None,
    limit: int = _SECTION,
) -> Block:
    """A paragraph of at most ``limit`` characters, with up to ten short fields in two columns."""
    block: Block = {"type": "section", "text": Shown(text, limit)}
    if fields:
        block["fields"] = [Shown(field, _FIELD) for field in fields[:10]]
    if accessory:
        block["accessory"] = accessory
    return block


def context(*texts: Text) -> Block:
    """Small grey texts, at most ten."""
    return {"type": "context", "elements": [Shown(text, _CONTEXT) for text in texts[:10] or (Markup(),)]}


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


def table(
    columns: Sequence[Text],
    rows: Sequence[Sequence[Text]],
    *,
    right: Collection[int] = (),
    wrapped: Collection[int] = (),
) -> Block:
    """A table under a heading row, for a card that has a ``fallback``; Slack shows it below the card's other blocks.

    ``right`` are the numbers of the columns that are aligned right, ``wrapped`` of those whose texts may take several
    lines. A message has one table at most. Where one is too large for Slack (100 rows with the heading, 20 columns,
    10,000 characters), the fallback is sent.
    """
    settings = [
        {"align": "right" if number in right else "left", "is_wrapped": number in wrapped}
        for number in range(len(columns))
    ]
    heading = [Cell(text, is_heading=True) for text in columns]
    body = [[Cell(text) for text in row] for row in rows]
    return {"type": "table", "rows": [heading, *body], "column_settings": settings}


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
    """The "…" menu of (label, command). Raises ValueError over five of them, or over 150 characters a value."""
    if len(options) > MENU:
        raise ValueError(f"a menu has at most {MENU} options")
    return {
        "type": "overflow",
        "action_id": f"menu:{index}",
        "options": [
            {"text": _label(label, _LABEL), "value": _carried(command, post, buttons.OPTION_LIMIT)}
            for label, command in options
        ],
    }


def select(placeholder: Text, options: Sequence[tuple[Text, str]], post: str, index: int) -> Element:
    """A menu that opens from one line: up to 100 (label, command). Raises ValueError over 150 characters a value."""
    return {
        "type": "static_select",
        "action_id": f"menu:{index}",
        "placeholder": _label(placeholder, _LABEL),
        "options": [
            {"text": _label(label, _LABEL), "value": _carried(command, post, buttons.OPTION_LIMIT)}
            for label, command in options[:100]
        ],
    }


def typed(words: str) -> Markup:
    """A command as a person types it, Slack's encodings undone; without what would reverse the line."""
    return code(visible(decode(words).text))


def _label(text: Text, limit: int) -> Shown:
    return Shown(text, limit, is_plain=True)


def _carried(command: str, post: str, limit: int) -> str:
    carried = buttons.value(command, post)
    if len(carried) > limit:
        raise ValueError(f"a value holds at most {limit} characters: stash the words")
    return carried


# ── what Slack is sent ──


def rendered(card: Card, language: str = EN) -> Body:
    """The card as Slack is sent it, in a language.

    At most 50 blocks and 13,000 characters in all; rows of buttons are kept, texts at the end are left out.
    What takes the place of a card with a table is its ``fallback``, of the same form.
    """
    if card.fallback:
        return _with_table(card, language)
    short = phone_line(card.text, language)
    head, blocks = in_language(card.head, language), in_language(card.blocks, language)
    above, below = ([*head, *blocks], list[Block]()) if card.color is None else (head, blocks)
    # What Python prints of the blocks is longer than what people read in them: most messages need no second look.
    if len(above) + len(below) > _BLOCKS or len(repr((above, below))) > _CHARACTERS:
        above = _capped(above, language)
        below = _capped(below, language, _BLOCKS - len(above), _CHARACTERS - sum(map(_weight, above)))
    sent: dict[str, Any] = {"text": short}
    if above or card.color is None:
        sent["blocks"] = above
    if card.color is not None:
        sent["attachments"] = [{"color": card.color, "blocks": below, "fallback": short}]
    return sent


def _with_table(card: Card, language: str) -> Body:
    """As ``rendered``, of a card with a table: with what takes its place; that alone where the table is too large."""
    bare = rendered(replace(card, blocks=card.fallback, fallback=()), language)
    shown = [*in_language(card.head, language), *in_language(card.blocks, language)]
    fits = len(shown) <= _BLOCKS and sum(map(_weight, shown)) <= _CHARACTERS and all(map(_table_fits, shown))
    return {**rendered(replace(card, fallback=()), language), "fallback": bare} if fits else bare


def in_language(part: Any, language: str) -> Any:
    """A part of a card with its texts in a language. In mrkdwn Slack looks for no links and mentions of its own."""
    if isinstance(part, Cell):
        return part.rendered(language)
    if isinstance(part, dict):
        return {name: in_language(each, language) for name, each in part.items()}
    if isinstance(part, list | tuple):
        return [in_language(each, language) for each in part]
    if not isinstance(part, Shown):
        return part
    if part.is_plain:
        line = one_plain_line(message.plain(part.text, language), part.limit)
        return {"type": "plain_text", "text": line, "emoji": False}
    text = message.rendered(part.text, language)
    shown = text if len(text) <= part.limit else fit(text, part.limit)
    return {"type": "mrkdwn", "text": shown if text.strip() else "–", "verbatim": True}


def _table_fits(block: Block) -> bool:
    """Whether Slack takes a block, if it is a table."""
    rows = block.get("rows", ())
    return len(rows) <= _ROWS and all(len(row) <= _COLUMNS for row in rows) and _weight(list(rows)) <= _CELLS


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


def _capped(blocks: list[Block], language: str, most: int = _BLOCKS, characters: int = _CHARACTERS) -> list[Block]:
    if len(blocks) <= most and sum(map(_weight, blocks)) <= characters:
        return blocks
    notice = {"type": "context", "elements": [in_language(Shown(_REST, _CONTEXT), language)]}
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
        own = sum(len(part[key]) for key in ("text", "alt_text", "fallback") if isinstance(part.get(key), str))
        return own + sum(_weight(child) for child in part.values() if not isinstance(child, str))
    if isinstance(part, list):
        return sum(_weight(child) for child in part)
    return 0


def as_words(body: Body, longest: int) -> str:
    """What Slack is sent as text alone, cut with …: its phone line, then what its blocks say."""
    lines = [str(body.get("text") or "")]
    for part in (body, *(body.get("attachments") or ())):
        for block in part.get("blocks") or ():
            lines += [line for line in texts(block) if line and line not in lines]
    return fit("\n".join(line for line in lines if line), longest)


def texts(part: Any) -> Iterator[str]:
    """Every text that a part shows, in its order; not buttons' labels, which say what to press."""
    if isinstance(part, list | tuple):
        for each in part:
            yield from texts(each)
    elif isinstance(part, Mapping) and part.get("type") not in ("button", "overflow", "static_select"):
        if isinstance(text := part.get("text"), str):
            yield text
        for name in ("text", "fields", "elements", "rows"):
            yield from texts(part.get(name))

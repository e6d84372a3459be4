"""What a message of flowbot's carries besides its sentences, which differ by language and change: the demo finds by it.

Buttons carry commands, cards a colour, and texts the data: ids, mentions and commands, which are the same everywhere.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bot.core.command import buttons
from bot.core.command.lacking import said
from bot.core.command.parse import parse
from bot.core.errors import Refusal
from bot.core.text.language import ZH
from bot.sim.slack.inputs import elements, options
from bot.sim.slack.model import Message

_DATA = re.compile(r"`[^`]*`|<([@#!][^<>]*|[^<>|]*)>")  # commands, ids, mentions, dates; the label of a link is words
ECHO = "↳ "  # before a command that an answer repeats
_HAN = re.compile(r"[㐀-鿿]")


@dataclass(frozen=True)
class Control:
    """A button, or an option of a menu."""

    block: str  # its ids in the message
    action: str
    option: dict[str, Any] | None  # of a menu
    label: str
    command: str


def controls(message: Message) -> Iterator[Control]:
    """All buttons and options of a message."""
    for block, element in elements(message.all_blocks):
        for each in options(element) or [element]:
            _, command = buttons.read(each.get("value", ""))
            option = None if each is element else each
            yield Control(block["block_id"], element["action_id"], option, each["text"]["text"], command)


def control(message: Message, command: str) -> Control | None:
    """The first button or option whose command is this one, or begins with it."""
    return next((each for each in controls(message) if f"{each.command} ".startswith(f"{command} ")), None)


def color(message: Message) -> str:
    """The colour of its bar; empty without one."""
    return next((str(each["color"]) for each in message.attachments if "color" in each), "")


def carries(message: Message, *data: str) -> bool:
    """Whether ids, mentions or commands are in what people read of it."""
    read = "\n".join(_texts(message.all_blocks))
    return all(each in read for each in data)


def canonical(message: Message) -> bool:
    """Whether all its buttons say English commands, or open their forms, in every language."""
    return all(each.command.isascii() and _is_said(each.command) for each in controls(message))


def speaks(message: Message, language: str) -> bool:
    """Whether its line for phones, its text and each of its labels are Chinese, or all are not, data left aside.

    The line for phones may be a command alone: that is data too.
    """
    phone = () if _is_command(message.text.removeprefix(ECHO)) else (message.text,)
    shown = (*phone, "\n".join(_texts(message.all_blocks)), *(each.label for each in controls(message)))
    return all(bool(_HAN.search(_DATA.sub(" ", text))) == (language == ZH) for text in shown)


def _is_said(words: str) -> bool:
    form = buttons.asked_form(words)
    return said(form[1]) is not None if form is not None else _is_command(words)


def _is_command(words: str) -> bool:
    try:
        parse(words)
    except Refusal:
        return False
    return True


def _texts(part: Any) -> Iterator[str]:
    """The texts of blocks, without those of buttons and menus."""
    if isinstance(part, list):
        for each in part:
            yield from _texts(each)
    elif isinstance(part, dict) and "action_id" not in part:
        if isinstance(part.get("text"), str):
            yield part["text"]
        for each in part.values():
            yield from _texts(each)

"""The phone line: what a notification shows of a message, and a screen reader reads first (Slack's ``text``).

It is the beginning of a text without its markup, on one line, and mentions nobody: Slack shows a mention there as an
ID where it does not know the name, and the message itself mentions people.
"""

import html
import re

from bot.core.text import message
from bot.core.text.message import SLACK_DATE, Text, msg

LIMIT = 80  # characters that people read
_MENTION = re.compile(r"<[@#!]")
_LINK = re.compile(r"<[^<>|]*\|([^<>]*)>")
_SENTENCE = re.compile(r"(?<=[.?!]) |(?<=[。？！])")
_ITALIC = re.compile(r"(?<!\w)_(?! )([^_]+)(?<! )_(?!\w)")
_UNKNOWN = msg("A message from flowbot")


def phone_line(text: Text, language: str) -> str:
    """The phone line of a text, escaped: as many of its first sentences as fit, cut with … where the first does not.

    A line of the text that begins with a mention is passed over for the next one.
    """
    shown = SLACK_DATE.sub(r"\1", message.rendered(text, language))
    for line in shown.splitlines():
        if begun := _beginning(line):
            return html.escape(begun, quote=False)
    return message.plain(_UNKNOWN, language)


def _beginning(line: str) -> str:
    """The sentences at the beginning of a line of mrkdwn that mention nobody and fit, unescaped."""
    begun = ""
    between = ""
    for sentence in _SENTENCE.split(line):
        if _MENTION.search(sentence):
            return begun
        bare = _ITALIC.sub(r"\1", _LINK.sub(r"\1", sentence).replace("`", "").replace("*", ""))
        more = f"{begun}{between}{' '.join(html.unescape(bare).removeprefix('> ').split())}"
        if len(more) > LIMIT:
            return begun or _cut(more)
        begun, between = more, "" if more.endswith(("。", "？", "！")) else " "
    return begun


def _cut(text: str) -> str:
    """The text up to its last space within the limit, where it has one in the second half."""
    kept = text[: LIMIT - 1]
    space = kept.rfind(" ")
    return (kept[:space] if space > LIMIT // 2 else kept).rstrip(" ·,，、") + "…"

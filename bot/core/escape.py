"""How text from outside is made harmless in Slack: the one place where it is escaped, and only once.

Slack reads ``<!channel>``, ``<@U…>`` and ``<url|label>`` in mrkdwn; escaped text can do none of it.
Source: docs.slack.dev, "Formatting message text" (exactly three characters are escaped).
"""

import re

from bot.core.legible import legible

_BREAK = re.compile("[\r\n\u2028\u2029]")
_PERSON = re.compile(r"[UW][A-Z0-9]{2,30}")
_GROUP = re.compile(r"S[A-Z0-9]{2,30}")
_LOOKALIKE = "ˋ"  # for a back-tick, which cannot be escaped


def escape(text: str) -> str:
    """Return mrkdwn that shows ``text`` and does nothing: no mention, no link."""
    return legible(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def code(text: str) -> str:
    """Return ``text`` escaped and in code ticks, on one line; nothing for an empty text."""
    line = one_line(text).replace("`", _LOOKALIKE)
    return f"`{escape(line)}`" if line else ""


def plain(text: str, limit: int) -> str:
    """Return ``text`` for a plain_text object: one line, never empty, cut with … to ``limit`` characters.

    Slack parses nothing in plain_text, so nothing is escaped.
    """
    line = one_line(legible(text)) or "–"
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def one_line(text: str) -> str:
    """Return the text without line breaks and outer blanks."""
    # Not one expression with \s* before the break: on a long run of blanks it would start anew at each of them.
    return " ".join(filter(None, map(str.strip, _BREAK.split(text))))


def mention(user: str) -> str:
    """Return the mention of a Slack user id; what is no such id is shown as text."""
    return f"<@{user}>" if _PERSON.fullmatch(user) else escape(user)


def mention_group(group: str) -> str:
    """Return the mention of a Slack user group id; what is no such id is shown as text."""
    return f"<!subteam^{group}>" if _GROUP.fullmatch(group) else escape(group)

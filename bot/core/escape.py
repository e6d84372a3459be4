"""How text from outside is made harmless in Slack: the one place where it is escaped, and only once.

Slack reads ``<!channel>``, ``<@U…>`` and ``<url|label>`` in mrkdwn; escaped text can do none of it.
Source: docs.slack.dev, "Formatting message text" (exactly three characters are escaped).
"""

import re

# Half a UTF-16 pair and NUL are no text: neither the database nor Slack could take them.
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")
_BREAKS = re.compile(r"\s*[\r\n\u2028\u2029]\s*")
_PERSON = re.compile(r"[UW][A-Z0-9]{2,30}")
_GROUP = re.compile(r"S[A-Z0-9]{2,30}")
_LOOKALIKE = "ˋ"  # for a back-tick, which cannot be escaped


def escape(text: str) -> str:
    """Return mrkdwn that shows ``text`` and does nothing: no mention, no link."""
    return _NO_TEXT.sub("�", text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def code(text: str) -> str:
    """Return ``text`` escaped and in code ticks, on one line; nothing for an empty text."""
    line = one_line(text).replace("`", _LOOKALIKE)
    return f"`{escape(line)}`" if line else ""


def plain(text: str, limit: int) -> str:
    """Return ``text`` for a plain_text object: one line, never empty, cut with … to ``limit`` characters.

    Slack parses nothing in plain_text, so nothing is escaped.
    """
    line = one_line(_NO_TEXT.sub("�", text)) or "–"
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def one_line(text: str) -> str:
    """Return the text without line breaks and outer blanks."""
    return _BREAKS.sub(" ", text).strip()


def mention(user: str) -> str:
    """Return the mention of a Slack user id; what is no such id is shown as text."""
    return f"<@{user}>" if _PERSON.fullmatch(user) else escape(user)


def mention_group(group: str) -> str:
    """Return the mention of a Slack user group id; what is no such id is shown as text."""
    return f"<!subteam^{group}>" if _GROUP.fullmatch(group) else escape(group)

"""Text from outside as text: what neither the database nor Slack can hold becomes �, and what does not end is cut.

Half a UTF-16 pair (a lone surrogate such as U+D83D) has no UTF-8, and NUL ends a text in SQLite: one such
sign in one name must not stop whatever else is written with it.
"""

import re

NO_TEXT = re.compile("[\x00\ud800-\udfff]")
SMALLEST, LARGEST = -(2**63), 2**63 - 1  # whole numbers that SQLite holds


def is_legible(text: str) -> bool:
    """Whether the database and Slack can hold this text as it is."""
    return NO_TEXT.search(text) is None


def legible(text: str, limit: int | None = None) -> str:
    """Return the text with � for each sign that is none, cut with … to ``limit`` characters."""
    if limit is not None and len(text) > limit:
        text = text[: limit - 1] + "…"
    return NO_TEXT.sub("�", text)

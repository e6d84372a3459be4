"""Greetings and thanks, which are passed over around a command."""

import re
from unicodedata import category

from bot.core.command.chinese import THANKS

GREETINGS = frozenset(
    (
        *("please", "pls", "plz", "kindly", "hi", "hey", "hello", "hallo", "dear", "there"),
        *("good", "morning", "afternoon", "evening", "ok", "okay", "can", "could", "would", "will", "you"),
        *("thanks", "thank", "thx", "请", "请问", "麻烦", "你好", "您好", THANKS),
    )
)
PARTING = frozenset(("please", "pls", "plz", "thanks", "thank", "you", "thx", THANKS))
# As Slack writes them, :wave:; the last colon may have been taken for a sentence's punctuation.
_EMOJI = re.compile(r"(?::[\w+'-]+:)*:[\w+'-]+:?")


def is_emoji(word: str) -> bool:
    """Whether a word is an emoji, or several, in Slack's names or as pictures."""
    if _EMOJI.fullmatch(word):
        return True
    kinds = {category(sign) for sign in word}
    return "So" in kinds and kinds <= {"So", "Sk", "Mn", "Me", "Cf"}

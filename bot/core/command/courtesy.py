"""Courtesy: words that people put before a command, or behind it, and that ask for nothing."""

import re
from unicodedata import category

WORDS = frozenset(
    (
        *("please", "pls", "plz", "kindly", "hi", "hey", "hello", "hallo", "dear", "there"),
        *("good", "morning", "afternoon", "evening", "ok", "okay", "can", "could", "would", "will", "you"),
        *("thanks", "thank", "thx", "请", "请问", "麻烦", "你好", "您好", "谢谢"),
    )
)
# Behind a command; "yesterday morning" asks for something.
THANKS = frozenset(("please", "pls", "plz", "thanks", "thank", "you", "thx", "谢谢"))
# As Slack writes them, :wave:; the last colon may have been taken for a sentence's punctuation.
_EMOJI = re.compile(r"(?::[\w+'-]+:)*:[\w+'-]+:?")


def is_courtesy(word: str) -> bool:
    """Whether a word in lower case greets, begs or thanks, or is an emoji."""
    return word in WORDS or is_emoji(word)


def is_thanks(word: str) -> bool:
    """Whether a word in lower case, behind a command, begs or thanks, or is an emoji."""
    return word in THANKS or is_emoji(word)


def is_emoji(word: str) -> bool:
    """Whether a word is an emoji, or several, in Slack's names or as pictures."""
    if _EMOJI.fullmatch(word):
        return True
    kinds = {category(sign) for sign in word}
    return "So" in kinds and kinds <= {"So", "Sk", "Mn", "Me", "Cf"}

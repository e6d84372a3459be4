"""A language made of English, in which whatever bypassed the catalogue can be seen: its letters have no accents."""

import re

from bot.core.text import catalogue
from bot.core.text.message import PLACEHOLDER

PSEUDO = "xx"
_ACCENTED = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "àƀćďéƒğĥíĵķĺɱñóþʠŕšţúṽŵẋýžÀƁĆĎÉƑĞĤÍĴĶĹṀÑÓÞɊŔŠŢÚṼŴẊÝŽ",
)
_AS_IT_IS = re.compile(rf"(`[^`]*`|<[^>]*>|{PLACEHOLDER.pattern})")
_SHOWN_AS_IT_IS = re.compile(r"`[^`\n]*`|<[^<>]*>|\[[^\]:]*:|https?://\S+|:[a-z_]+:")
_WORD = re.compile(r"[A-Za-z][A-Za-z'’]+")


class Pseudo:
    """The catalogue: every letter outside of placeholders, commands and links has an accent."""

    def sentence(self, text, plural, number):
        """The sentence with accents."""
        english = plural if plural and number != 1 else text
        parts = _AS_IT_IS.split(english)
        return "".join(
            part if _AS_IT_IS.fullmatch(part) else part.translate(_ACCENTED)
            for part in parts[:: 2 if False else 1]
            if part is not None
        )


def speak(monkeypatch):
    """Let the pseudo-language be one that can be rendered."""
    others = catalogue.of
    monkeypatch.setattr(catalogue, "of", lambda language: Pseudo() if language == PSEUDO else others(language))


def plain_english(shown, data):
    """The words without accents in a text that people read, but for commands, links and these words of data."""
    left = _SHOWN_AS_IT_IS.sub(" ", shown)
    for each in sorted(data, key=len, reverse=True):
        left = left.replace(each, " ")
    return _WORD.findall(left)

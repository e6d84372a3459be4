"""The languages in which golden files are drawn, and what of a message would be English in each of them.

One of them is made up: of English, with an accent on each letter that comes from the catalogue. A letter without one is
data, a command or a link, or has bypassed the catalogue.
"""

import re

from bot.core.text import catalogue
from bot.core.text.language import EN, ZH
from bot.core.text.message import PLACEHOLDER

PSEUDO = "xx"
ALL = (EN, ZH, PSEUDO)

_ACCENTED = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "àƀćďéƒğĥíĵķĺɱñóþʠŕšţúṽŵẋýžÀƁĆĎÉƑĞĤÍĴĶĹṀÑÓÞɊŔŠŢÚṼŴẊÝŽ",
)
_KEPT = re.compile(rf"`[^`]*`|<[^>]*>|{PLACEHOLDER.pattern}")
_DATA = re.compile(r"`[^`\n]*`|<[^<>]*\||<[^<>|]*>|https?://\S+|UTC[+-]?[\d:]*|\b\w+/\w+\b")
_WORD = re.compile(r"[A-Za-z]{2,}")


class Pseudo:
    """The catalogue of the language that is made up."""

    def sentence(self, text, plural, number):
        english, shown, end = plural if plural and number != 1 else text, [], 0
        for kept in _KEPT.finditer(english):
            shown += [english[end : kept.start()].translate(_ACCENTED), kept[0]]
            end = kept.end()
        return "".join((*shown, english[end:].translate(_ACCENTED)))


def speak_all(monkeypatch):
    """Let the language that is made up be one that can be rendered."""
    others = catalogue.of
    monkeypatch.setattr(catalogue, "of", lambda language: Pseudo() if language == PSEUDO else others(language))


def texts_of(part):
    """Every text of a message that people read; what its buttons do is not."""
    if isinstance(part, dict):
        for name, value in part.items():
            if isinstance(value, str) and name in {"text", "fallback", "title", "comment"}:
                yield value
            elif name not in {"value", "action_id", "color"}:
                yield from texts_of(value)
    elif isinstance(part, list | tuple):
        for each in part:
            yield from texts_of(each)


def without_phone_line(body):
    """What of a message is in the channel itself."""
    shown = [{**each, "fallback": ""} for each in body.get("attachments", ())]
    return {**body, "text": "", "attachments": shown}


def english_on_a_phone(body, data=()):
    """The words of a phone line that are neither from the catalogue nor data, which the message itself may show."""
    shown = _WORD.findall(" ".join([*texts_of(without_phone_line(body)), *data]))
    return sorted(set(_WORD.findall(body.get("text", ""))) - set(shown))


def english_words(body, data):
    """The words of a message that are not from the catalogue, but for these words of data."""
    left = " ".join(_DATA.sub(" ", text) for text in texts_of(body))
    for each in sorted(data, key=len, reverse=True):
        left = left.replace(each, " ")
    return sorted(set(_WORD.findall(left)))

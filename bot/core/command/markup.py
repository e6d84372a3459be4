"""Marks: what Slack and keyboards put around words, which is no part of them.

Slack writes what people see in bold, slanted, struck out, as code, as a quotation or as a list with signs in the text
(``*bold*``, ``_slanted_``, ``~struck~``, code ticks, ``>``, ``•``); a keyboard for Chinese writes letters, digits and
punctuation in full width; and a sentence ends with punctuation. Source: docs.slack.dev, "Formatting message text".

A sign is a mark only where Slack would show it as one: it stands before a word, and its counterpart behind one.
"""

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from unicodedata import category

from bot.core.text.escape import is_legible, legible

_ENCODED = re.compile(
    r"&(?:(?P<entity>amp|lt|gt)|#(?P<number>[0-9]{1,7}));"
    r"|<(?:@(?P<person>[UW][A-Z0-9]+)|(?P<special>[#!][^|<>\s]*)|(?P<url>[A-Za-z][A-Za-z0-9+.-]*:[^|<>\s]+))"
    r"(?:\|(?P<label>[^<>]*))?>"
)
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">"}


@dataclass(frozen=True, slots=True)
class Typed:
    """A text as the person typed it."""

    text: str
    fixed: tuple[bool, ...]  # for each character, whether it came out of an encoding
    people: Mapping[tuple[int, int], str] = field(default_factory=dict)  # start and end to Slack user id


def decode(text: str) -> Typed:
    """Return the text with Slack's encodings undone. Source: docs.slack.dev, "Formatting message text"."""
    text = legible(text)
    pieces: list[str] = []
    fixed: list[bool] = []
    people: dict[tuple[int, int], str] = {}
    done = 0
    for match in _ENCODED.finditer(text):
        before, meant = text[done : match.start()], _meant(match)
        pieces += (before, meant)
        fixed += [False] * len(before)
        if match["person"]:
            people[len(fixed), len(fixed) + len(meant)] = match["person"]
        fixed += [True] * len(meant)
        done = match.end()
    pieces.append(text[done:])
    fixed += [False] * (len(text) - done)
    return Typed("".join(pieces), tuple(fixed), people)


def _meant(match: re.Match[str]) -> str:
    """Return what the person typed, as far as Slack lets it be known."""
    label = _unescaped(match["label"] or "")
    if match["entity"]:
        return _ENTITIES[match["entity"]]
    if match["number"]:
        number = int(match["number"])
        return "\ufffd" if number > 0x10FFFF or not is_legible(chr(number)) else chr(number)
    if match["person"]:
        return f"@{label}" if label else match[0]
    if match["url"]:
        url = _unescaped(match["url"])
        address = url.partition(":")[2].strip("/")
        return label if label and label.strip("/") == address else url
    special: str = match["special"]
    if special in {"!here", "!channel", "!everyone"}:
        return f"@{special[1:]}"
    return (f"#{label}" if special[0] == "#" else label) if label else match[0]


def _unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


PAIRED = "*_~"
EQUALS = "=＝"
# Unicode's full-width forms of what stands on every keyboard, and the full stop and comma of Chinese and Japanese.
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3002: ".", 0xFF61: ".", 0xFF64: "、"}
_JOINERS = dict.fromkeys((0x200C, 0x200D, 0xFE0E, 0xFE0F))  # they change how a word looks, and never what an id is
_BULLETS = "•◦▪▫‣⁃●○■"
_BEFORE_WORDS = ">`" + _BULLETS + PAIRED
_LINE = re.compile(r"(?:[-–—*][^\S\n]+|[0-9]{1,2}[.)][^\S\n]+(?=\S))")
_SENTENCE = ".,;:!?、"
_DEEP = 5  # brackets and punctuation within each other that are taken away
_OPENING, _CLOSING = "([{（【", ")]}）】"
_BEHIND = (
    PAIRED + EQUALS + "`" + _SENTENCE + _CLOSING + "\"'”’»›」』》〉。，；：！？"
)  # what may follow on a closing mark


def folded(text: str) -> str:
    """Return a text with its full-width letters, digits and punctuation in the usual width."""
    return text.translate(_FULL_WIDTH)


def bare(word: str) -> str:
    """Return a word in the usual width, without the punctuation and the brackets of the sentence around it.

    Two full stops are no punctuation but the middle of a range; what is punctuation all through stays.
    """
    core = folded(word).translate(_JOINERS)
    for _ in range(_DEEP):
        shorter = core.rstrip(_SENTENCE)
        if ".." in core[len(shorter) :]:
            shorter = core
        shorter = _unbracketed(shorter)
        if shorter == core:
            break
        core = shorter
    return core or folded(word)


def unseen(sign: str) -> bool:
    """Whether nobody sees this: a blank, a control, or a sign of no width."""
    return sign.isspace() or category(sign) in {"Cc", "Cf"}


def _unbracketed(word: str) -> str:
    """Return a word without a pair of brackets around it, or without one that has no counterpart in it."""
    first, last = word[:1], word[-1:]
    opens = bool(first) and first in _OPENING
    closes = bool(last) and last in _CLOSING
    if opens and (closes or not any(each in _CLOSING for each in word)):
        return word[1:-1] if closes else word[1:]
    if closes and not any(each in _OPENING for each in word):
        return word[:-1]
    return word


class Marks:
    """The marks of one text. Those that close are known once the words before them have been read."""

    def __init__(self, typed: Typed) -> None:
        self._text, self._fixed = typed.text, typed.fixed
        self._opened: dict[int, int] = {}  # a mark that was passed over to the one that closes it
        self._closes: set[int] = set()
        self._begins: frozenset[int] | None = None
        self._ends: dict[str, list[int]] = {mark: self._endings(mark) for mark in PAIRED if mark in typed.text}

    def unwrapped(self) -> tuple[int, int]:
        """Return where the words begin and end inside the marks around the whole text."""
        start, end = 0, len(self._text)
        while True:
            inner = self._trimmed(start, end)
            shorter = self._unticked(*inner)
            if shorter == inner:
                shorter = self._unpaired(*inner)
            if shorter == inner:
                return start, end
            start, end = shorter

    def passed(self, at: int, end: int) -> int:
        """Return the place behind the mark that stands before a word here; ``at`` itself where there is none."""
        if at in self._closes or at in self._opened:
            return at + 1
        behind = self._line_mark(at, end)
        if behind == at and self._is(at, "`"):
            return self._open_ticks(at, end)
        if behind == at and (close := self._counterpart(at)) is not None and close < end:
            self._opened[at] = close
            self._closes.add(close)
            return at + 1
        return behind

    def closes(self, at: int) -> bool:
        """Whether a mark stands here whose counterpart was passed over."""
        return at in self._closes

    def around(self, start: int, end: int) -> tuple[int, int]:
        """Return the place of a word together with the pairs that stand around it alone."""
        while self._opened.get(start - 1) == end:
            start, end = start - 1, end + 1
        return start, end

    def beyond(self, start: int, end: int) -> int:
        """Return where a pair closes that opens right before a word and holds more than it; else 0."""
        close = self._opened.get(start - 1, 0)
        return close if close > end else 0

    def _is(self, at: int, signs: str) -> bool:
        return not self._fixed[at] and self._text[at] in signs

    def _endings(self, mark: str) -> list[int]:
        """Return where this mark may close: behind a word, and before a blank, punctuation or another mark."""
        text = self._text
        places = [at for at in range(1, len(text)) if self._is(at, mark) and not text[at - 1].isspace()]
        return [at for at in places if at + 1 == len(text) or unseen(text[at + 1]) or text[at + 1] in _BEHIND]

    def _counterpart(self, at: int) -> int | None:
        """Return where the mark that opens here closes, on the same line; None where it is no mark."""
        text, mark = self._text, self._text[at]
        if mark not in self._ends or self._fixed[at] or text[at + 1 : at + 2].isspace():
            return None
        ends = self._ends[mark]
        free = (close for close in ends[bisect_right(ends, at + 1) :] if close not in self._closes)
        close = next(free, None)
        return None if close is None or "\n" in text[at:close] else close

    def _line_mark(self, at: int, end: int) -> int:
        """Return the place behind a sign of a quotation or of a list, which stand where a line begins."""
        text = self._text
        listed = _LINE.match(text, at, end) if not self._fixed[at] else None
        if text[at] not in ">" + _BULLETS and not listed:
            return at
        if at not in self._line_beginnings():
            return at
        if listed and text[at].isdigit() and text[:at].strip():  # on a later line it may be an id
            return at
        return listed.end() if listed else at + 1

    def _line_beginnings(self) -> frozenset[int]:
        """Return the places before which a line holds nothing but marks and what nobody sees."""
        if self._begins is None:
            found, begins = [], True
            for at, each in enumerate(self._text):
                if begins:
                    found.append(at)
                begins = each == "\n" or (begins and (each in _BEFORE_WORDS or unseen(each)))
            self._begins = frozenset(found)
        return self._begins

    def _open_ticks(self, at: int, end: int) -> int:
        """Pass over code ticks; as many of them close the code."""
        size = 1
        while at + size < end and self._is(at + size, "`"):
            size += 1
        close = self._text.find("`" * size, at + size, end)
        if close >= 0:
            self._closes.update(range(close, close + size))
        return at + size

    def _trimmed(self, start: int, end: int) -> tuple[int, int]:
        """Return the span without blanks, what nobody sees, and the signs of a quotation or a list before it."""
        while start < end:
            behind = start + 1 if self._unseen(start) else self._line_mark(start, end)
            if behind == start:
                break
            start = behind
        while start < end and self._unseen(end - 1):
            end -= 1
        return start, end

    def _unseen(self, at: int) -> bool:
        return not self._fixed[at] and unseen(self._text[at])

    def _unticked(self, start: int, end: int) -> tuple[int, int]:
        for size in (3, 1):
            ticks = "`" * size
            inner = self._text[start + size : end - size]
            wrapped = self._text.startswith(ticks, start, end) and self._text.endswith(ticks, start, end)
            if wrapped and inner and "`" not in inner:
                return start + size, end - size
        return start, end

    def _unpaired(self, start: int, end: int) -> tuple[int, int]:
        if start < end and self._counterpart(start) == end - 1:
            return start + 1, end - 1
        return start, end

"""What Slack and keyboards add to a text: encodings in it, and marks around its words. Both are undone here.

    delivered ──decode──► as typed ──Marks──► where words begin and end

Slack encodes three characters, mentions and links. A character that came out of an encoding is never syntax and
never straightened. ``&#34;`` stands for any character as well, so that ``spelling.py`` can write every name and value.
Slack never delivers a bare ``&``, so nobody's words are read that way by accident.

Slack delivers what people see in bold, italics, struck out, as code, as a quotation or as a list with marks in the
text (``*bold*``, ``_italics_``, ``~struck~``, code ticks, ``>``, ``•``); a Chinese keyboard writes letters, digits and
punctuation in full width; and a sentence ends with punctuation. A character is a mark only where Slack shows it as
one: before a word, with its counterpart behind one. Source: docs.slack.dev, "Formatting message text".
"""

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import field

from bot.core.text.escape import NO_TEXT, legible
from bot.core.values import dataclass

PAIRED = "*_~"
EQUALS = "=＝"
# Unicode's full-width forms of what is on every keyboard, and the full stop and comma of Chinese and Japanese.
FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3002: ".", 0xFF61: ".", 0xFF64: "、"}

_ENCODED = re.compile(
    r"&(?:(?P<entity>amp|lt|gt)|#(?P<number>[0-9]{1,7}));"
    r"|<(?:@(?P<person>[UW][A-Z0-9]+)|(?P<special>[#!][^|<>\s]*)|(?P<url>[A-Za-z][A-Za-z0-9+.-]*:[^|<>\s]+))"
    r"(?:\|(?P<label>[^<>]*))?>"
)
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">"}

# Joiners and variants change how a word looks, and never what an id is.
_BARE = FULL_WIDTH | dict.fromkeys((0x200C, 0x200D, 0xFE0E, 0xFE0F))
_SENTENCE = ".,;:!?、"
_OPENING, _CLOSING = frozenset("([{（【"), frozenset(")]}）】")
_DEEP = 5  # brackets and punctuation within each other that are taken away

_BULLETS = "•◦▪▫‣⁃●○■"
# Blanks, and Unicode's categories Cc and Cf: controls and characters of no width.
_NOT_SEEN = (
    r"\s\x00-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u202a-\u202e"
    r"\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    r"\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f"
)
UNSEEN = re.compile(f"[{_NOT_SEEN}]+")
_LINE = rf"[>{_BULLETS}]|[-–—*][^\S\n]+|[0-9]{{1,2}}[.)][^\S\n]+(?=\S)"  # a quotation or a list, where a line begins
_LINE_MARK = re.compile(_LINE)
MARK = re.compile(rf"[{PAIRED}`]|{_LINE}")
_BEFORE_WORDS = re.compile(rf"(?:\A|(?<=\n))(?:(?!\n)[>`{_BULLETS}{PAIRED}{_NOT_SEEN}])*")  # in each line
_BEHIND = PAIRED + EQUALS + "`" + _SENTENCE + "".join(_CLOSING) + "\"'”’»›」』》〉。，；：！？"
_CLOSING_MARK = re.compile(rf"(?<=\S)[{PAIRED}](?=[{_NOT_SEEN}{re.escape(_BEHIND)}]|\Z)")
_TICKS = re.compile("`+")
_TICKED = re.compile(r"(```|`)([^`]+)\1")


@dataclass(frozen=True, slots=True)
class Typed:
    """A text as the person typed it."""

    text: str
    syntax: str  # the same, with a letter for each character that came out of an encoding: where syntax is looked for
    people: Mapping[tuple[int, int], str] = field(default_factory=dict)  # start and end to Slack user id


def decode(text: str) -> Typed:
    """The text with Slack's encodings undone. Source: docs.slack.dev, "Formatting message text"."""
    text = legible(text)
    pieces: list[str] = []
    syntax: list[str] = []
    people: dict[tuple[int, int], str] = {}
    done = length = 0
    for match in _ENCODED.finditer(text):
        before, meant = text[done : match.start()], _meant(match)
        pieces += (before, meant)
        syntax += (before, "x" * len(meant))
        start, length = length + len(before), length + len(before) + len(meant)
        if match["person"]:
            people[start, length] = match["person"]
        done = match.end()
    return Typed("".join([*pieces, text[done:]]), "".join([*syntax, text[done:]]), people)


def _meant(match: re.Match[str]) -> str:
    """What the person typed, as far as Slack lets it be known."""
    label = _unescaped(match["label"] or "")
    if match["entity"]:
        return _ENTITIES[match["entity"]]
    if match["number"]:
        number = int(match["number"])
        return "\ufffd" if number > 0x10FFFF or NO_TEXT.match(chr(number)) else chr(number)
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


def bare(word: str) -> str:
    """A word in the usual width, without the punctuation and the brackets of the sentence around it.

    Two full stops are not punctuation but the middle of a range. A word that is nothing but punctuation stays.
    """
    core = word.translate(_BARE)
    for _ in range(_DEEP):
        shorter = core.rstrip(_SENTENCE)
        if ".." in core[len(shorter) :]:
            shorter = core
        closes = shorter[-1:] in _CLOSING
        if shorter[:1] in _OPENING and (closes or _CLOSING.isdisjoint(shorter)):
            shorter = shorter[1:-1] if closes else shorter[1:]
        elif closes and _OPENING.isdisjoint(shorter):
            shorter = shorter[:-1]
        if shorter == core:
            break
        core = shorter
    return core or word.translate(FULL_WIDTH)


class Marks:
    """The marks of one text. Those that close are known once the words before them have been read."""

    def __init__(self, typed: Typed) -> None:
        self._text, self._syntax = typed.text, typed.syntax
        self.opened: dict[int, int] = {}  # a mark that was passed over to the one that closes it
        self.closing: set[int] = set()  # places of marks whose counterpart was passed over
        self._begins: set[int] | None = None  # places before which a line has only marks and what nobody sees
        self._ends: dict[str, list[int]] = {mark: [] for mark in PAIRED}  # where each may close
        for found in _CLOSING_MARK.finditer(typed.text):
            if typed.syntax[found.start()] == found[0]:
                self._ends[found[0]].append(found.start())

    def unwrapped(self) -> tuple[int, int]:
        """Where the words begin and end inside the marks around the whole text."""
        start, end = 0, len(self._text)
        while True:
            first, last = start, end
            while first < last:
                if unseen := UNSEEN.match(self._syntax, first, last):
                    first = unseen.end()
                elif MARK.match(self._text, first, last) and (inner := self._behind_line_mark(first, last)) > first:
                    first = inner
                else:
                    break
            while first < last and UNSEEN.match(self._syntax[last - 1]):
                last -= 1
            if ticked := _TICKED.fullmatch(self._text, first, last):
                start, end = ticked.span(2)
            elif first < last and self._syntax[first] in PAIRED and self._counterpart(first) == last - 1:
                start, end = first + 1, last - 1
            else:
                return start, end

    def passed(self, at: int, end: int) -> int:
        """The place behind the mark that is before a word here; ``at`` itself where there is none."""
        if at in self.closing or at in self.opened:
            return at + 1
        behind = self._behind_line_mark(at, end)
        if behind != at:
            return behind
        if ticks := _TICKS.match(self._syntax, at, end):  # as many of them close the code
            close = self._text.find(ticks[0], ticks.end(), end)
            if close >= 0:
                self.closing.update(range(close, close + len(ticks[0])))
            return ticks.end()
        close = self._counterpart(at)
        if at < close < end:
            self.opened[at] = close
            self.closing.add(close)
            return at + 1
        return at

    def _counterpart(self, at: int) -> int:
        """Where the mark that opens here closes, on the same line; -1 where it is not a mark."""
        text = self._text
        if text[at + 1 : at + 2].isspace():
            return -1
        ends = self._ends.get(self._syntax[at], [])
        free = (close for close in ends[bisect_right(ends, at + 1) :] if close not in self.closing)
        close = next(free, -1)
        return close if "\n" not in text[at : max(at, close)] else -1

    def _behind_line_mark(self, at: int, end: int) -> int:
        """The place behind the mark of a quotation or of a list; ``at`` where no line begins with one here."""
        text = self._text
        found = _LINE_MARK.match(text, at, end)
        if found is None:
            return at
        if self._begins is None:
            lines = _BEFORE_WORDS.finditer(text)
            self._begins = {place for line in lines for place in range(line.start(), line.end() + 1)}
        listed = found[0][-1].isspace()
        encoded = listed and self._syntax[at] != text[at]
        an_id = listed and text[at].isdigit() and text[:at].strip()  # on a later line it may be one
        return at if encoded or an_id or at not in self._begins else found.end()

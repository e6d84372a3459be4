"""Words: a person's text as Slack delivers it, decoded and cut into tokens that know their place.

    delivered ──decode──► as typed ──Cursor──► tokens
    Slack's own encodings are undone           outside of values smart punctuation is straightened

A character that came out of an encoding is fixed: it is never syntax and never straightened. Besides Slack's
encodings there is ``&#34;`` for any character, so that ``spelling.py`` can say every name and value. Slack itself
never delivers a bare ``&``, so nobody's words are read that way by accident.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.core.errors import Refused

LIMIT = 3000  # characters of one command
DOUBLE = '"“”„‟«»＂'
SINGLE = "'‘’‚‛‹›"
QUOTES = DOUBLE + SINGLE
# Bidirectional controls, zero-width blanks, soft hyphens, control characters: nobody sees them.
# Joiners (U+200C, U+200D) are left alone, for they change what is seen.
INVISIBLE = "".join(
    map(chr, [*range(1, 9), *range(14, 28), *range(127, 133), *range(134, 160), 0xAD, 0x61C, 0x180E])
) + ("\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff")
STRAIGHT = {
    **dict.fromkeys(DOUBLE, '"'),
    **dict.fromkeys(SINGLE, "'"),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    **dict.fromkeys("\u00a0\u2007\u202f", " "),
    **dict.fromkeys(INVISIBLE, ""),
}

_UPRIGHT = "\"'＂"  # as a keyboard types them; the others come in pairs
_MARKS = INVISIBLE + "`"
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")  # neither the database nor Slack could take these
_ENCODED = re.compile(
    r"&(?:(?P<entity>amp|lt|gt)|#(?P<number>[0-9]{1,7}));"
    r"|<(?:@(?P<person>[UW][A-Z0-9]+)|(?P<special>[#!][^|<>\s]*)|(?P<url>[A-Za-z][A-Za-z0-9+.-]*:[^|<>\s]+))"
    r"(?:\|(?P<label>[^<>]*))?>"
)
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">"}
_PERSON = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^<>]*)?>")
_BEFORE, _AFTER = 60, 30  # characters shown around the place of an error


@dataclass(unsafe_hash=True)
class Misread(Refused):
    """Words that were not understood: where, and what may have been meant."""

    position: int = 0  # in the text as typed
    nearest: str = ""  # the verb or word that comes nearest

    def __str__(self) -> str:
        """Return the sentence, which ends with the place, and the way out on a line of its own."""
        return f"{self.sentence}\n{self.way_out}".strip()


@dataclass(frozen=True, slots=True)
class Typed:
    """A text as the person typed it."""

    text: str
    fixed: tuple[bool, ...]  # for each character, whether it came out of an encoding
    people: Mapping[tuple[int, int], str] = field(default_factory=dict)  # start and end to Slack user id


@dataclass(frozen=True, slots=True)
class Token:
    """A word, or what quotes group, or KEY=VALUE."""

    start: int
    end: int
    word: str  # straightened
    quoted: bool = False
    person: str = ""  # Slack user id, where the token is a mention
    pair: tuple[str, str] | None = None  # around the first ``=``; the value is as typed

    @property
    def plain(self) -> str:
        """The word in lower case, as verbs and clauses are compared; empty for what is quoted."""
        return "" if self.quoted else self.word.casefold()


def decode(text: str) -> Typed:
    """Return the text with Slack's encodings undone. Source: docs.slack.dev, "Formatting message text"."""
    text = _NO_TEXT.sub("\ufffd", text)
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
        return "\ufffd" if number > 0x10FFFF or _NO_TEXT.match(chr(number)) else chr(number)
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


class Cursor:
    """Reads tokens from a typed text, one after the other; ``because`` takes the rest unread."""

    def __init__(self, text: str) -> None:
        """Raise Misread where the text is too long for a command."""
        if len(text) > LIMIT:
            raise Misread(
                "too_long",
                f"That is {len(text):,} characters, and I read commands of at most {LIMIT:,}.",
                "Nothing was done. Please say it shorter; `help` shows how.",
                position=LIMIT,
            )
        typed = decode(text)
        self.text, self._fixed, self._people = typed.text, typed.fixed, typed.people
        self._at, self._end = _unwrapped(typed)
        self.after = ""  # the word that says what comes next, for error sentences
        self.place = self._at  # the end of the last token taken

    def peek(self) -> Token | None:
        """Return the next token without taking it; raises Misread where a quote is not closed."""
        return self._token(self._at)

    def take(self) -> Token | None:
        """Return the next token and go on behind it."""
        token = self._token(self._at)
        if token is not None:
            self._at = self.place = token.end
        return token

    def ahead(self, count: int) -> list[Token]:
        """Return up to ``count`` next tokens that are plain words, without taking them."""
        tokens: list[Token] = []
        at = self._at
        while len(tokens) < count:
            try:
                token = self._token(at)
            except Misread:
                break
            if token is None or not token.plain:
                break
            tokens.append(token)
            at = token.end
        return tokens

    def rest(self) -> str:
        """Take all that is left, as typed, without the blanks around it."""
        start, end = self._at, self._end
        while start < end and self._blank(start):
            start += 1
        while start < end and self._blank(end - 1):
            end -= 1
        self._at = self._end
        return self.text[start:end]

    def expected(self, what: str, way_out: str = "") -> Misread:
        """Return the refusal that says what was expected at the next token."""
        token = self._token(self._at)
        at = token.start if token else self.place
        instead = f", not {tick(token.word)}" if token and token.word else ""
        after = f" after `{self.after}`" if self.after else ""
        return self.misread("expected", f"I expected {what}{after}{instead}", way_out, at)

    def misread(self, reason: str, what: str, way_out: str, at: int, nearest: str = "") -> Misread:
        """Return a refusal that shows the place in the text."""
        return Misread(reason, f"{what}: {self._shown(at)}", way_out, position=at, nearest=nearest)

    def _shown(self, at: int) -> str:
        before = self.text[max(0, at - _BEFORE) : at]
        after = self.text[at : at + _AFTER]
        head = "…" if at > _BEFORE else ""
        tail = "…" if at + _AFTER < len(self.text) else ""
        return f"{head}{visible(before)}▸{visible(after)}{tail}".strip()

    def _token(self, at: int) -> Token | None:
        start = at
        while start < self._end and (self._blank(start) or self._in(start, _MARKS)):
            start += 1
        if start == self._end:
            return None
        ticked = start > at and self._in(start - 1, "`")
        return self._grouped(start) if self._in(start, QUOTES) else self._single(start, ticked=ticked)

    def _grouped(self, start: int) -> Token:
        """Read what begins with a quote: a name, KEY=VALUE as a whole, or a key alone."""
        close = self._closing(start, key=True)
        word = self._straight(start + 1, close)
        if close + 1 < self._end and self._in(close + 1, "="):
            value, end = self._value(close + 2)
            return Token(start, end, self._straight(start, end), quoted=True, pair=(word, value))
        person = self._people.get((start + 1, close), "")
        pair = self._split(start + 1, close)
        return Token(start, close + 1, word, quoted=True, person=person, pair=pair)

    def _single(self, start: int, *, ticked: bool) -> Token:
        """Read up to the next blank, or up to the end of a quoted value."""
        end = start
        while end < self._end and not self._blank(end) and not self._in(end, "="):
            end += 1
        pair = None
        if end < self._end and self._in(end, "="):
            key = self._straight(start, self._unmarked(start, end))
            value, end = self._value(end + 1)
            pair = (key, value.removesuffix("`") if ticked else value)
        last = self._unmarked(start, end)
        word = self._straight(start, last)
        written = _PERSON.fullmatch(word)  # typed by hand, or copied out of an answer
        person = self._people.get((start, last)) or (written[1] if written else "")
        return Token(start, end, word, person=person, pair=pair)

    def _value(self, start: int) -> tuple[str, int]:
        """Return a value as typed, and where it ends."""
        if start < self._end and self._in(start, QUOTES):
            close = self._closing(start, key=False)
            return self.text[start + 1 : close], close + 1
        end = start
        while end < self._end and not self._blank(end):
            end += 1
        return self.text[start:end], end

    def _split(self, start: int, end: int) -> tuple[str, str] | None:
        for at in range(start, end):
            if self._in(at, "="):
                return self._straight(start, at), self.text[at + 1 : end]
        return None

    def _closing(self, start: int, *, key: bool) -> int:
        """Return where the quote closes: at the first of its family in front of a blank (for a key, or ``=``).

        Raises Misread where none does, and where a quote of the other shape does first: that one may be meant.
        """
        straight = self.text[start] in _UPRIGHT
        family = DOUBLE if self.text[start] in DOUBLE else SINGLE
        other: int | None = None
        for at in range(start + 1, self._end):
            if not self._in(at, family) or not self._closes(at, key=key):
                continue
            if (self.text[at] in _UPRIGHT) is not straight:
                other = at if other is None else other
            elif other is None:
                return at
            else:
                way_out = f"Put {'single' if family is DOUBLE else 'double'} quotes around the whole."
                raise self.misread("two_ends", "This quote may end in two places", way_out, other)
        if other is None:
            way_out = "Put the same quote at the end, in front of a blank."
            raise self.misread("not_closed", "This quote is not closed", way_out, start)
        return other

    def _closes(self, at: int, *, key: bool) -> bool:
        if key and at + 1 < self._end and self._in(at + 1, "="):
            return True
        at += 1
        while at < self._end and self._in(at, _MARKS):
            at += 1
        return at == self._end or self._blank(at)

    def _unmarked(self, start: int, end: int) -> int:
        """Return where a token ends without what is invisible, and without code ticks."""
        while end > start and self._in(end - 1, _MARKS):
            end -= 1
        return end

    def _straight(self, start: int, end: int) -> str:
        typed = zip(self.text[start:end], self._fixed[start:end], strict=True)
        return "".join(each if fixed else STRAIGHT.get(each, each) for each, fixed in typed)

    def _in(self, at: int, characters: str) -> bool:
        return not self._fixed[at] and self.text[at] in characters

    def _blank(self, at: int) -> bool:
        return not self._fixed[at] and self.text[at].isspace()


def _unwrapped(typed: Typed) -> tuple[int, int]:
    """Return where the words begin and end inside code ticks around the whole text."""
    text = typed.text
    start, end = len(text) - len(text.lstrip()), len(text.rstrip())
    inner = text[start:end]
    for ticks in ("```", "`"):
        size = len(ticks)
        if (
            len(inner) > 2 * size
            and inner.startswith(ticks)
            and inner.endswith(ticks)
            and ("`" not in inner[size:-size])
        ):
            return start + size, end - size
    return 0, len(text)


def visible(text: str) -> str:
    """Return a text that cannot disturb the sentence around it: one line, no controls, no code ticks."""
    shown = "".join(" " if each.isspace() else STRAIGHT[each] if each in INVISIBLE else each for each in text)
    return shown.replace("`", "ˋ")


def tick(word: str) -> str:
    """Return a word in code ticks, cut to what a sentence can hold."""
    shown = visible(word)
    return f"`{shown if len(shown) <= 40 else shown[:39] + '…'}`"

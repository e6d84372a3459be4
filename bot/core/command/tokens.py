"""Words: a person's text as Slack delivers it, decoded and cut into tokens that know their place.

    delivered ──decode──► as typed ──Cursor──► tokens
    Slack's own encodings are undone           outside of values smart punctuation is straightened

Outside of values and notes the marks that Slack puts around words, and full-width signs, are undone as well
(``marks.py``). What quotes hold stays as it is, but for quotes, dashes and blanks.
"""

import re
from dataclasses import dataclass

from bot.core.command.markup import EQUALS, Marks, Typed, bare, decode, folded
from bot.core.errors import Refused

__all__ = [
    "DOUBLE",
    "INVISIBLE",
    "QUOTES",
    "SINGLE",
    "STRAIGHT",
    "Cursor",
    "ParseError",
    "Token",
    "Typed",
    "decode",
    "tick",
    "visible",
]

LIMIT = 3000  # characters of one command
DOUBLE = '"“”„‟«»＂'
SINGLE = "'‘’‚‛‹›＇"
QUOTES = DOUBLE + SINGLE
CORNERS = {"「": "」", "『": "』", "《": "》", "〈": "〉"}  # Chinese quotes; a name may begin with one all the same
# Bidirectional controls, zero-width blanks, soft hyphens, control characters: nobody sees them.
# Joiners (U+200C, U+200D) are left alone, for they change what is seen.
INVISIBLE = "".join(
    map(chr, [*range(1, 9), *range(14, 28), *range(127, 133), *range(134, 160), 0xAD, 0x61C, 0x180E])
) + ("\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\ufeff")
STRAIGHT = {
    **dict.fromkeys(DOUBLE, '"'),
    **dict.fromkeys(SINGLE, "'"),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    **dict.fromkeys("\u00a0\u2007\u202f", " "),
    **dict.fromkeys(INVISIBLE, ""),
}

_UPRIGHT = "\"'＂＇"  # as a keyboard types them; the others come in pairs
_MARKS = INVISIBLE + "`"
PUNCTUATION = ".,;:!?)]}、。，；：！？）】"  # of a sentence, behind a word
_PERSON = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^<>]*)?>")
_BEFORE, _AFTER = 60, 30  # characters shown around the place of an error


@dataclass(unsafe_hash=True)
class ParseError(Refused):
    """Words that were not understood: where, and what may have been meant."""

    position: int = 0  # in the text as typed
    nearest: str = ""  # the verb or word that comes nearest

    def __str__(self) -> str:
        """Return the sentence, which ends with the place, and the way out on a line of its own."""
        return f"{self.sentence}\n{self.way_out}".strip()


@dataclass(frozen=True, slots=True)
class Token:
    """A word, or what quotes group, or KEY=VALUE."""

    start: int
    end: int
    word: str  # straightened
    quoted: bool = False
    person: str = ""  # Slack user id, where the token is a mention
    pair: tuple[str, str] | None = None  # around the first ``=``; the value is as typed
    typed: str = ""  # straightened only: in the width it was typed in, with the marks around it alone
    marked: int = 0  # where the pair of marks ends that begins before this word and holds more than it; else 0

    @property
    def bare(self) -> str:
        """The word without the punctuation of the sentence around it; what is quoted stays."""
        return self.word if self.quoted else bare(self.word)

    @property
    def plain(self) -> str:
        """The bare word in lower case, as verbs and clauses are compared; empty for what is quoted."""
        return "" if self.quoted else self.bare.casefold()

    @property
    def otherwise(self) -> str:
        """How the word was typed, where that is not what it is taken for; else empty."""
        return self.typed if self.typed != self.bare else ""


class Cursor:
    """Reads tokens from a typed text, one after the other; ``because`` takes the rest unread."""

    def __init__(self, text: str) -> None:
        """Raise Misread where the text is too long for a command."""
        if len(text) > LIMIT:
            raise ParseError(
                "too_long",
                f"That is {len(text):,} characters, and I read commands of at most {LIMIT:,}.",
                "Nothing was done. Please say it shorter; `help` shows how.",
                position=LIMIT,
            )
        typed = decode(text)
        self.text, self._fixed, self._people = typed.text, typed.fixed, typed.people
        self._marks = Marks(typed)
        self._at, self._end = self._marks.unwrapped()
        self.words: frozenset[str] = frozenset()  # those of the command's clauses
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

    def take_marked(self, token: Token) -> Token:
        """Take all that stands within one pair of marks, such as a name in bold, as if it were in quotes."""
        end = token.marked
        while self._marks.closes(end - 1):
            end -= 1
        name = self._straight(token.start, end).strip()
        self._at = self.place = token.marked
        return Token(token.start, token.marked, name, quoted=True, typed=name)

    def marked(self, token: Token) -> list[str]:
        """Return the words within the pair of marks that begins before this one; none where it holds no others."""
        return self._straight(token.start, token.marked).casefold().split() if token.marked else []

    def ahead(self, count: int) -> list[Token]:
        """Return up to ``count`` next tokens that are plain words, without taking them."""
        tokens: list[Token] = []
        at = self._at
        while len(tokens) < count:
            try:
                token = self._token(at)
            except ParseError:
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
        while start < end and (self._blank(end - 1) or self._marks.closes(end - 1)):
            end -= 1
        self._at = self._end
        return self.text[start:end]

    def expected(self, what: str, way_out: str = "") -> ParseError:
        """Return the refusal that says what was expected at the next token."""
        token = self._token(self._at)
        at = token.start if token else self.place
        instead = f", not {tick(token.word)}" if token and token.word else ""
        after = f" after `{self.after}`" if self.after else ""
        return self.parse_error("expected", f"I expected {what}{after}{instead}", way_out, at)

    def parse_error(self, reason: str, what: str, way_out: str, at: int, nearest: str = "") -> ParseError:
        """Return a refusal that shows the place in the text."""
        return ParseError(reason, f"{what}: {self._shown(at)}", way_out, position=at, nearest=nearest)

    def _shown(self, at: int) -> str:
        before = self.text[max(0, at - _BEFORE) : at]
        after = self.text[at : at + _AFTER]
        head = "…" if at > _BEFORE else ""
        tail = "…" if at + _AFTER < len(self.text) else ""
        return f"{head}{visible(before)}▸{visible(after)}{tail}".strip()

    def _token(self, at: int) -> Token | None:
        start = at
        while start < self._end:
            behind = self._marks.passed(start, self._end)
            if behind == start and not self._blank(start) and not self._in(start, _MARKS):
                break
            start = max(behind, start + 1)
        if start >= self._end:
            return None
        if self._in(start, QUOTES):
            return self._grouped(start, self._closing(start, key=True))
        corner = self._corner(start) if self._in(start, "".join(CORNERS)) else None
        return self._single(start) if corner is None else self._grouped(start, corner)

    def _grouped(self, start: int, close: int) -> Token:
        """Read what begins with a quote: a name, KEY=VALUE as a whole, or a key alone."""
        word = self._straight(start + 1, close)
        if close + 1 < self._end and self._in(close + 1, EQUALS):
            value, end = self._value(close + 2)
            return Token(start, end, self._straight(start, end), quoted=True, pair=(word, value))
        person = self._people.get((start + 1, close), "")
        pair = self._split(start + 1, close)
        end = close + 1
        while end < self._end and not self._blank(end):  # a sentence's punctuation
            end += 1
        typed = self._straight(start, close + 1) if self._in(start, "".join(CORNERS)) else word
        return Token(start, end, word, quoted=True, person=person, pair=pair, typed=typed)

    def _single(self, start: int) -> Token:
        """Read up to the next blank, or up to the end of a quoted value."""
        end = start
        while end < self._end and not self._blank(end) and not self._in(end, EQUALS):
            end += 1
        pair = None
        if end < self._end and self._in(end, EQUALS):
            key = self._folded(start, self._unmarked(start, end))
            value, end = self._value(end + 1)
            pair = (key, value)
        last = self._unmarked(start, end)
        straight = self._straight(start, last)
        word = self._folded(start, last)
        written = _PERSON.fullmatch(bare(word))  # typed by hand, or copied out of an answer
        person = self._person(start, last) or (written[1] if written else "")
        alone = self._marks.around(start, last)
        typed = straight if alone == (start, last) else self._straight(*alone)
        return Token(start, end, word, person=person, pair=pair, typed=typed, marked=self._marks.beyond(start, last))

    def _person(self, start: int, end: int) -> str:
        """Return who is mentioned here; a sentence's punctuation may stand behind the mention."""
        for (begins, ends), user in self._people.items():
            if begins == start and ends <= end and not self.text[ends:end].strip(PUNCTUATION):
                return user
        return ""

    def _value(self, start: int) -> tuple[str, int]:
        """Return a value as typed, and where it ends."""
        if start < self._end and self._in(start, QUOTES):
            close = self._closing(start, key=False)
            return self.text[start + 1 : close], close + 1
        end = start
        while end < self._end and not self._blank(end):
            end += 1
        last = end
        while last > start and self._marks.closes(last - 1):
            last -= 1
        return self.text[start:last], end

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
                raise self.parse_error("two_ends", "This quote may end in two places", way_out, other)
        if other is None:
            way_out = "Put the same quote at the end, in front of a blank."
            raise self.parse_error("not_closed", "This quote is not closed", way_out, start)
        return other

    def _corner(self, start: int) -> int | None:
        """Return where a Chinese quote closes; None where it does not before a blank, for then it is part of a word."""
        corner = CORNERS[self.text[start]]
        for at in range(start + 2, self._end):
            if self._in(at, corner) and self._closes(at, key=True):
                return at
        return None

    def _closes(self, at: int, *, key: bool) -> bool:
        """Whether a quote here would close: before a blank; for a name or key before punctuation, or ``=``, as well."""
        if key and at + 1 < self._end and self._in(at + 1, EQUALS):
            return True
        at += 1
        while at < self._end and (
            self._in(at, _MARKS) or self._marks.closes(at) or (key and self._in(at, PUNCTUATION))
        ):
            at += 1
        return at == self._end or self._blank(at)

    def _unmarked(self, start: int, end: int) -> int:
        """Return where a token ends without marks, what is invisible, and punctuation behind a mark."""
        while end > start:
            at = end
            while at > start and self._in(at - 1, PUNCTUATION):
                at -= 1
            if at == start or not (self._in(at - 1, _MARKS) or self._marks.closes(at - 1)):
                break
            end = at - 1
        return end

    def _straight(self, start: int, end: int) -> str:
        typed = zip(self.text[start:end], self._fixed[start:end], strict=True)
        return "".join(each if fixed else STRAIGHT.get(each, each) for each, fixed in typed)

    def _folded(self, start: int, end: int) -> str:
        """Return a text straightened and in the usual width; what came out of an encoding stays."""
        typed = zip(self.text[start:end], self._fixed[start:end], strict=True)
        return "".join(each if fixed else folded(STRAIGHT.get(each, each)) for each, fixed in typed)

    def _in(self, at: int, characters: str) -> bool:
        return not self._fixed[at] and self.text[at] in characters

    def _blank(self, at: int) -> bool:
        return not self._fixed[at] and self.text[at].isspace()


def visible(text: str) -> str:
    """Return a text that cannot disturb the sentence around it: one line, no controls, no code ticks."""
    shown = "".join(" " if each.isspace() else STRAIGHT[each] if each in INVISIBLE else each for each in text)
    return shown.replace("`", "ˋ")


def tick(word: str) -> str:
    """Return a word in code ticks, cut to what a sentence can hold."""
    shown = visible(word)
    return f"`{shown if len(shown) <= 40 else shown[:39] + '…'}`"

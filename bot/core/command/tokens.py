"""A person's text, as Slack delivers it, cut into tokens that know their place.

Outside of values and notes, smart punctuation is straightened, and marks and full width are undone (``markup.py``).
What quotes hold stays as it is, but for quotes, dashes and spaces.
"""

import re
from string import ascii_letters, digits
from typing import Protocol

from bot.core.command import chinese
from bot.core.command.characters import CORNERS, DOUBLE, PUNCTUATION, QUOTES, SINGLE, STRAIGHT
from bot.core.command.chinese_times import NUMERALS
from bot.core.command.markup import EQUALS, FULL_WIDTH, MARK, Marks, bare, decode
from bot.core.command.shown import in_code, tick
from bot.core.command.wanted import Wanted
from bot.core.errors import Refusal
from bot.core.text.escape import INVISIBLE, code, visible
from bot.core.text.message import Message, Text, Value, lines, msg
from bot.core.values import dataclass

LIMIT = 3000  # characters of one command

_UPRIGHT = "\"'＂＇"  # as a keyboard types them; the others come in pairs
_SKIPPED = re.compile(rf"[\s{re.escape(INVISIBLE)}]+")
_BEHIND_VALUE = "`" + INVISIBLE  # what may be between a closing quote and the space behind it
_BEHIND_KEY = _BEHIND_VALUE + PUNCTUATION
_WORD = re.compile(rf"[^\s{EQUALS}]*")
_UNBROKEN = re.compile(r"\S*")
_PERSON = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^<>]*)?>")
CHINESE = re.compile("[\u3400-\u9fff]+")
_LATIN = frozenset(ascii_letters + digits)
_LATIN |= {chr(ord(each) + 0xFEE0) for each in _LATIN}  # in full width
_BREAKS = frozenset(",;!，、。；！")
_COLONS = _BREAKS | frozenset(":：")  # behind a word they are taken with it
_WITH = chinese.CLAUSES["with", "parameters"]
_BEFORE_CHINESE = _LATIN | _BREAKS
_BEHIND_CHINESE = _LATIN | frozenset("@" + QUOTES) | CORNERS.keys()
_BEHIND_DIGIT = re.compile("(?<=[0-9０-９])[，、；]")  # as Chinese sentences have it, without a space
_DAY_CLOCK = re.compile("月[0-9０-９]{1,2}[日号](?=[0-9０-９])")  # a date in Chinese, with a clock time right behind it
_NOT_CLOSED = msg("This quote is not closed. Put the same quote at the end, with a space after it.")
_TWO_ENDS_DOUBLE = msg("This quote may end in two places. Put single quotes around the whole.")
_TWO_ENDS_SINGLE = msg("This quote may end in two places. Put double quotes around the whole.")
_BEFORE, _AFTER = 60, 30  # characters shown around the place of an error


class Named(Protocol):
    """A verb or a clause, which refusals name in the language of who reads them."""

    def word_in(self, language: str) -> str:
        """Its word in a language, "en" or "zh"."""
        ...

    def example_in(self, language: str) -> str:
        """An example in a language."""
        ...


@dataclass(frozen=True, slots=True)
class Token:
    """A word, or what quotes group, or KEY=VALUE."""

    start: int
    end: int
    word: str  # straightened
    bare: str  # without the punctuation of the sentence around it; what is quoted stays
    plain: str = ""  # the bare word in lower case, as verbs and clauses are compared; empty for what is quoted
    quoted: bool = False
    person: str = ""  # Slack user id, where the token is a mention
    pair: tuple[str, str] | None = None  # around the first ``=``; the value is as typed
    typed: str = ""  # straightened only: in the width it was typed in, with the marks around it alone
    marked: int = 0  # where the pair of marks ends that begins before this word and holds more than it; else 0

    @property
    def otherwise(self) -> str:
        """How the word was typed, where that differs from what it is taken for; else empty."""
        return self.typed if self.typed != self.bare else ""


class Cursor:
    """Reads tokens from a typed text, one after the other; ``because`` takes the rest unread.

    Raises Refusal where the text is too long for a command; reading a token, where a quote is not closed.
    """

    def __init__(self, text: str) -> None:
        if len(text) > LIMIT:
            raise Refusal(
                "too_long",
                msg(
                    "This command has {n} characters, and the limit is {limit}. Make it shorter. Nothing was done.",
                    n=len(text),
                    limit=LIMIT,
                ),
            )
        typed = decode(text)
        self.text, self._syntax, self._people = typed.text, typed.syntax, typed.people
        each = list(zip(typed.text, typed.syntax, strict=True))  # an encoded character stays as it is
        self._straight = [STRAIGHT.get(sign, sign) if sign == syntax else sign for sign, syntax in each]
        self._folded = [
            straight.translate(FULL_WIDTH) if sign == syntax else sign
            for straight, (sign, syntax) in zip(self._straight, each, strict=True)
        ]
        self._marks = Marks(typed)
        self._at, self._end = self._marks.unwrapped()
        self._peeked: tuple[int, Token | None] = (-1, None)  # the token that begins at a place
        self.is_chinese = not typed.text.isascii()
        self.glued = chinese.GLUED  # the Chinese words that need no space to each other, to Latin letters and to digits
        self._ends: dict[tuple[int, frozenset[str]], int] = {}  # of words in runs of them; by their beginning
        self._keyed = False  # whether the word before the parameters was taken
        self.words: frozenset[str] = frozenset()  # those of the command's clauses
        self.after: Named | str = ""  # the verb, clause or word that says what comes next, for refusals
        self.place = self._at  # the end of the last token taken

    def peek(self) -> Token | None:
        """The next token, which is not taken; None at the end."""
        if self._peeked[0] != self._at:
            self._peeked = (self._at, self._token(self._at))
        return self._peeked[1]

    def take(self) -> Token | None:
        """The next token, which is taken; None at the end."""
        token = self.peek()
        if token is not None:
            self._at = self.place = token.end
            self._keyed = self._keyed or token.plain == "with" or token.plain in _WITH
        return token

    def take_marked(self, token: Token) -> Token:
        """Take all within the pair of marks that begins before a token, such as a name in bold, as if in quotes."""
        end = token.marked
        while end - 1 in self._marks.closing:
            end -= 1
        name = "".join(self._straight[token.start : end]).strip()
        self._at = self.place = token.marked
        return Token(token.start, token.marked, name, name, quoted=True, typed=name)

    def marked(self, token: Token) -> list[str]:
        """The words within the pair of marks that begins before this token; none where it holds no others."""
        return "".join(self._straight[token.start : token.marked]).casefold().split()

    def ahead(self, count: int) -> list[Token]:
        """Up to ``count`` next tokens that are plain words; they are not taken."""
        tokens: list[Token] = []
        at = self._at
        while len(tokens) < count:
            try:
                token = self._token(at)
            except Refusal:
                break
            if token is None or not token.plain:
                break
            tokens.append(token)
            at = token.end
        return tokens

    def rest(self) -> str:
        """Take all that is left, as typed, without the spaces around it."""
        start, end = self._at, self._end
        while start < end and self._syntax[start].isspace():
            start += 1
        while start < end and (self._syntax[end - 1].isspace() or end - 1 in self._marks.closing):
            end -= 1
        self._at = self._end
        return self.text[start:end]

    def expected(self, wanted: Wanted, wrong: Message | None = None, **values: Value) -> Refusal:
        """The refusal that says what is needed at the next token; ``wrong`` is for one that needs its own message."""
        token = self.peek()
        after = self.after
        if isinstance(after, str):
            values["after"] = code(after)
        else:
            values["after"] = in_code(after.word_in)
            values["example"] = in_code(after.example_in)
        found = token is not None and token.word
        if found:
            values["found"] = tick(found)
        chosen = (wrong or wanted.wrong) if found else wanted.missing
        return self.refused("expected", Message(chosen.text, values), token.start if token else self.place)

    def refused(self, reason: str, what: Text, at: int) -> Refusal:
        """A refusal that shows the place in the text, on a line of its own."""
        before = self.text[max(0, at - _BEFORE) : at]
        after = self.text[at : at + _AFTER]
        head = "…" if at > _BEFORE else ""
        tail = "…" if at + _AFTER < len(self.text) else ""
        return Refusal(reason, lines(what, code(f"{head}{visible(before)}▸{visible(after)}{tail}")))

    def _token(self, start: int) -> Token | None:
        """The first token from a place on."""
        while start < self._end:
            behind = self._marks.passed(start, self._end) if MARK.match(self.text, start, self._end) else start
            if behind == start and (skipped := _SKIPPED.match(self._syntax, start, self._end)):
                behind = skipped.end()
            if behind == start:
                break
            start = behind
        if start >= self._end:
            return None
        sign = self._syntax[start]
        if sign in QUOTES:
            return self._grouped(start, self._closing_quote(start))
        corner = self._closing_corner(start) if sign in CORNERS else None
        return self._single(start) if corner is None else self._grouped(start, corner)

    def _grouped(self, start: int, close: int) -> Token:
        """What begins with a quote: a name, KEY=VALUE as a whole, or a key alone."""
        word = "".join(self._straight[start + 1 : close])
        if close + 1 < self._end and self._syntax[close + 1] in EQUALS:
            value, end = self._value(close + 2)
            whole = "".join(self._straight[start:end])
            return Token(start, end, whole, whole, quoted=True, pair=(word, value))
        person = self._people.get((start + 1, close), "")
        at = self._syntax.find("=", start + 1, close)
        pair = None if at < 0 else ("".join(self._straight[start + 1 : at]), self.text[at + 1 : close])
        end = self._behind_unbroken(close + 1)  # a sentence's punctuation
        if self.is_chinese and (glued := CHINESE.search(self._syntax, close + 1, end)):
            end = glued.start()
        typed = "".join(self._straight[start : close + 1]) if self._syntax[start] in CORNERS else word
        return Token(start, end, word, word, quoted=True, person=person, pair=pair, typed=typed)

    def _single(self, start: int) -> Token:
        """What begins without a quote, up to the next space, or up to the end of a quoted value."""
        found = _WORD.match(self._syntax, start, self._end)
        end = found.end() if found else start
        if self.is_chinese:
            comma = None if self._keyed else _BEHIND_DIGIT.search(self._syntax, start, end)
            end = self._unglued(start, comma.end() if comma else end)
        pair = None
        if end < self._end and self._syntax[end] in EQUALS:
            key = "".join(self._folded[start : self._unmarked(start, end)])
            value, end = self._value(end + 1)
            pair = (key, value)
        letter = self._syntax[end - 1].isalnum() and end - 1 not in self._marks.closing
        last = end if letter else self._unmarked(start, end)
        word = "".join(self._folded[start:last])
        shown = bare(word)
        person = ""
        if "@" in word:
            copied = _PERSON.fullmatch(shown)  # typed by hand, or copied out of an answer
            person = self._mentioned(start, last) or (copied[1] if copied else "")
        first, behind = start, last  # together with the pairs of marks that are around this word alone
        while self._marks.opened.get(first - 1) == behind:
            first, behind = first - 1, behind + 1
        typed = "".join(self._straight[first:behind])
        close = self._marks.opened.get(start - 1, 0)
        marked = close if close > last else 0
        return Token(start, end, word, shown, shown.casefold(), person=person, pair=pair, typed=typed, marked=marked)

    def _unglued(self, start: int, end: int) -> int:
        """Where the first word ends of several without spaces: Chinese ones, next to each other or to Latin letters.

        A run of Chinese characters is split only where it is wholly made of words of commands. A key is not split,
        but from the word before the parameters.
        """
        syntax, limit = self._syntax, end
        if end < self._end and syntax[end] in EQUALS:
            if self._keyed:
                return end
            at = max(syntax.rfind(word, start, end) for word in _WITH)  # not all runs: there may be a thousand
            last_run = CHINESE.search(syntax, at, end) if at >= start else None
            limit = last_run.end() if last_run and last_run.end() < end and last_run[0] in _WITH else start
        dated = _DAY_CLOCK.search(syntax, start, limit) if "今天" in self.glued else None
        if dated:
            limit = dated.end()
        for run in CHINESE.finditer(syntax, start, limit):
            first, last = run.span()
            cut = self._first_word(run)
            if not cut or (first > start and syntax[first - 1] not in _BEFORE_CHINESE):
                continue
            behind = syntax[last] if last < end else ""
            if behind and behind not in _COLONS and behind not in _BEHIND_CHINESE:
                continue
            if first > start:  # a unit stays with the number before it
                return first if syntax[first:cut] in self.glued or syntax[first] in NUMERALS else cut
            return cut + 1 if cut == last and behind and behind in _COLONS else cut
        return dated.end() if dated else end

    def _first_word(self, run: re.Match[str]) -> int:
        """Where the first word ends of a run that is wholly made of them; 0 for another run."""
        if run[0] in self.glued:
            return run.end()
        first = run.start()
        if (first, self.glued) not in self._ends:
            number = first > 0 and self._syntax[first - 1].isdigit()
            at = first
            for end in chinese.ends(run[0], self.glued, behind_number=number):
                self._ends[at, self.glued] = at = first + end
        return self._ends.get((first, self.glued), 0)

    def _mentioned(self, start: int, end: int) -> str:
        """Who is mentioned here; a sentence's punctuation may follow the mention."""
        for (begins, ends), user in self._people.items():
            if begins == start and ends <= end and not self.text[ends:end].strip(PUNCTUATION):
                return user
        return ""

    def _value(self, start: int) -> tuple[str, int]:
        """A value as typed, and where it ends."""
        if start < self._end and self._syntax[start] in QUOTES:
            close = self._closing_quote(start, key=False)
            return self.text[start + 1 : close], close + 1
        end = last = self._behind_unbroken(start)
        while last > start and last - 1 in self._marks.closing:
            last -= 1
        return self.text[start:last], end

    def _behind_unbroken(self, start: int) -> int:
        found = _UNBROKEN.match(self._syntax, start, self._end)
        return found.end() if found else start

    def _closing_quote(self, start: int, *, key: bool = True) -> int:
        """Where the quote closes: at the first of its family before a space (for a key, or before ``=``).

        Raises Refusal where none does, and where a quote of the other shape does first: that one may be meant.
        """
        straight = self.text[start] in _UPRIGHT
        family = DOUBLE if self.text[start] in DOUBLE else SINGLE
        other: int | None = None
        for at in range(start + 1, self._end):
            if self._syntax[at] not in family or not self._closes(at, key=key):
                continue
            if (self.text[at] in _UPRIGHT) is not straight:
                other = at if other is None else other
            elif other is None:
                return at
            else:
                raise self.refused("two_ends", _TWO_ENDS_DOUBLE if family is DOUBLE else _TWO_ENDS_SINGLE, other)
        if other is None:
            raise self.refused("not_closed", _NOT_CLOSED, start)
        return other

    def _closing_corner(self, start: int) -> int | None:
        """Where a Chinese quote closes; None where it does not before a space, for then it is part of a word."""
        corner = CORNERS[self.text[start]]
        for at in range(start + 2, self._end):
            if self._syntax[at] == corner and self._closes(at, key=True):
                return at
        return None

    def _closes(self, at: int, *, key: bool) -> bool:
        """Whether a quote here would close: before a space.

        For a name or key before punctuation, ``=`` or a Chinese word of this command as well.
        """
        passed = _BEHIND_KEY if key else _BEHIND_VALUE
        at += 1
        if key and at < self._end and self._syntax[at] in EQUALS:
            return True
        while at < self._end and (self._syntax[at] in passed or at in self._marks.closing):
            at += 1
        if at == self._end or self._syntax[at].isspace():
            return True
        glued = CHINESE.match(self._syntax, at, self._end) if key and self.is_chinese else None
        return glued is not None and self._first_word(glued) > 0

    def _unmarked(self, start: int, end: int) -> int:
        """Where a token ends without marks, what is invisible, and punctuation behind a mark."""
        while end > start:
            at = end
            while at > start and self._syntax[at - 1] in PUNCTUATION:
                at -= 1
            if at == start or not (self._syntax[at - 1] in _BEHIND_VALUE or at - 1 in self._marks.closing):
                break
            end = at - 1
        return end

"""Whether a regular expression can run away: take minutes for a text that somebody wrote to make it so.

Python's engine goes back and tries again, and cannot be stopped once it runs. So only those expressions are taken
whose work is, whatever the text, at most so many steps for each of its characters (``MOST_STEPS``):

* No part that repeats holds another repeat or a choice, and nothing refers back to a group: such work doubles with
  each character.
* A repeat without an end either ends the expression, where nothing behind it can fail, or is *fenced*: somewhere
  before it stands a character that it cannot match. Then a text has as many places to begin at as it has fences, and
  no stretch of it is read more than once. What follows must differ from what repeats, or have no such repeat itself.
* Repeats with an end multiply the steps by at most that end.

Expressions are taken apart by Python's own parser (``re._parser``, 3.11 and later), and what a class matches is found
by asking it for each of some three thousand characters: all of Latin, and samples of everything else.
"""

import importlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import field
from functools import lru_cache
from typing import Any

from bot.core.values import dataclass

MOST_STEPS = 1000  # for one character of a text
_ENDLESS = 1000  # repeats of more than this count as without an end
_COPIES = 8  # of a part that repeats, which are looked at one after another
_PATHS = 400  # ways through the choices of an expression

_parser: Any = importlib.import_module("re._parser")
_compiler: Any = importlib.import_module("re._compiler")
_constants: Any = importlib.import_module("re._constants")

_REFERS = "It refers back to a group"
_NESTED = "A part of it that repeats contains another repeat or a choice"
_OPEN = "A * or + in it can start again at each character"
_MANY = "It has too many possibilities to try"
_UNKNOWN = "It contains something that flowbot cannot check"
_WAYS_OUT = {
    _REFERS: "Write it without \\1 or (?P=name).",
    _NESTED: "Repeat single characters only, like [a-z]+.",
    _OPEN: "Write {0,100} in its place, or exclude a character that comes before it, as in <key>[^<]*<",
    _MANY: "Write smaller numbers in {…} and fewer choices.",
    _UNKNOWN: "Write it in a simpler way.",
}

Chars = frozenset[str]


class _RunsAwayError(Exception):
    """Why an expression can run away."""


@dataclass(frozen=True, slots=True)
class _Step:
    """A part of one way through an expression: what it matches, and how often."""

    chars: Chars = frozenset()
    first: Chars = frozenset()  # where a repeat has several characters: those it begins with
    least: int = 1
    most: int = 1
    nothing: bool = False  # takes no character, as \b does; what may stand before it is in ``fence`` then
    fence: Chars | None = None
    holds_after: Chars | None = None  # takes no character, and never fails behind a run of just these
    costs: int = 0  # steps, where it takes no character

    @property
    def endless(self) -> bool:
        """Whether it is a repeat without an end."""
        return self.most > _ENDLESS


_Path = tuple[_Step, ...]


@dataclass(slots=True)
class _Reader:
    """Takes an expression apart."""

    state: Any
    flags: int
    alphabet: str
    known: dict[str, Chars] = field(default_factory=dict)

    def paths(self, nodes: Sequence[tuple[Any, Any]]) -> list[_Path]:
        """The ways through a sequence, choices made."""
        found: list[_Path] = [()]
        for node in nodes:
            more = self.node(*node)
            found = [(*before, *after) for before in found for after in more]
            if len(found) > _PATHS:
                raise _RunsAwayError(_MANY)
        return found

    def node(self, kind: Any, what: Any) -> list[_Path]:
        match str(kind):
            case "LITERAL" | "NOT_LITERAL" | "ANY" | "IN":
                chars = self.matched(kind, what)
                return [(_Step(chars, chars),)]
            case "SUBPATTERN":
                _, more, less, nodes = what
                inner = _Reader(self.state, (self.flags | more) & ~less, self.alphabet)
                return inner.paths(nodes)
            case "BRANCH":
                return [path for nodes in what[1] for path in self.paths(nodes)]
            case "MAX_REPEAT" | "MIN_REPEAT":
                return self.repeat(*what)
            case "AT":
                words = self.word_characters() if str(what) == "AT_BOUNDARY" else None
                return [(_Step(nothing=True, fence=self.fence(str(what)), holds_after=words),)]
            case "ASSERT" | "ASSERT_NOT":
                return [(self.look(str(kind), *what),)]
            case "GROUPREF" | "GROUPREF_EXISTS":
                raise _RunsAwayError(_REFERS)
        raise _RunsAwayError(_UNKNOWN)

    def matched(self, kind: Any, what: Any) -> Chars:
        """What a class or literal matches, of the alphabet."""
        key = f"{kind}{what}{self.flags}"
        if key not in self.known:
            one = _compiler.compile(_parser.SubPattern(self.state, [(kind, what)]), self.flags)
            self.known[key] = frozenset(filter(one.fullmatch, self.alphabet))
        return self.known[key]

    def word_characters(self) -> Chars:
        return self.matched(_constants.IN, [(_constants.CATEGORY, _constants.CATEGORY_WORD)])

    def fence(self, where: str) -> Chars | None:
        """What must stand before a place; nothing at the very beginning, which is there but once."""
        if where in ("AT_BEGINNING", "AT_BEGINNING_STRING"):
            multiline = self.flags & re.MULTILINE and where == "AT_BEGINNING"
            return frozenset("\n") if multiline else frozenset()
        return None

    def look(self, kind: str, direction: int, nodes: Sequence[tuple[Any, Any]]) -> _Step:
        """A look ahead or behind, which may try a few possibilities and no endless ones."""
        paths = self.paths(nodes)
        if any(step.endless for path in paths for step in path):
            raise _RunsAwayError(_NESTED)
        behind = paths[0] if direction < 0 and len(paths) == 1 else ()
        alone = behind[0].chars if len(behind) == 1 else None
        if alone is not None and kind == "ASSERT_NOT":
            alone = frozenset(self.alphabet) - alone
        return _Step(nothing=True, fence=alone, costs=sum(map(_steps, paths)))

    def repeat(self, least: int, most: int, nodes: Sequence[tuple[Any, Any]]) -> list[_Path]:
        bodies = self.paths(nodes)
        plain = len(bodies) == 1 and all(step.least == step.most for step in bodies[0])
        takes = [step for step in bodies[0] if not step.nothing] if plain else []
        if takes:
            chars = frozenset().union(*(step.chars for step in takes))
            width = sum(step.most for step in takes)
            return [(_Step(chars, takes[0].chars, least * width, most * width),)]
        if most > _COPIES or (plain and most > 1):
            raise _RunsAwayError(_NESTED)
        counted = (self.times(bodies, count) for count in range(int(least), int(most) + 1))
        return [path for paths in counted for path in paths]

    def times(self, bodies: list[_Path], count: int) -> list[_Path]:
        found: list[_Path] = [()]
        for _ in range(count):
            found = [(*before, *after) for before in found for after in bodies]
            if len(found) > _PATHS:
                raise _RunsAwayError(_MANY)
        return found


def runs_away(pattern: str) -> str:
    """Why an expression can run away, and how to write it instead; empty where it cannot.

    The expression must be one that ``re.compile`` takes.
    """
    parsed = _parser.parse(pattern)
    try:
        paths = _Reader(parsed.state, parsed.state.flags, _alphabet(pattern)).paths(parsed)
        why = _MANY if sum(map(_steps, paths)) > MOST_STEPS else ""
    except _RunsAwayError as known:
        why = str(known)
    return f"{why}. {_WAYS_OUT[why]}" if why else ""


def _steps(path: _Path) -> int:
    """How many steps one way through takes for each character of a text, at most."""
    steps, ways, since = 1, 1, 0
    for place, step in enumerate(path):
        rest = path[place + 1 :]
        if step.nothing or step.most == 1:
            steps += ways * step.costs + (ways - 1)
            ways *= 1 + (step.least != step.most)
        elif _cannot_fail(rest, step.chars):
            steps += ways * min(step.most, step.least + 1)
        else:
            fenced = _fenced(path, place, since)
            certain = not (_begins(rest) & step.first) and not _may_be_empty(rest)
            if step.endless:
                if not fenced or not (certain or not any(_is_tried(rest))):
                    raise _RunsAwayError(_OPEN)
                since = since if certain else place  # what follows is tried from everywhere in this run
                steps += ways
            else:
                steps += ways * (1 if fenced else step.most)
                ways *= 1 if certain else step.most - step.least + 1
    return steps


def _cannot_fail(rest: _Path, before: Chars) -> bool:
    """Whether what follows a run of these characters, as long as it gets, always matches."""
    return all(step.least == 0 or (step.nothing and step.holds_after == before) for step in rest[:1]) and all(
        step.least == 0 and not step.nothing for step in rest[1:]
    )


def _is_tried(rest: _Path) -> Iterator[bool]:
    """Yield, for each step of what follows, whether it is a repeat without an end behind which something may fail."""
    for place, step in enumerate(rest):
        yield step.endless and not _cannot_fail(rest[place + 1 :], step.chars)


def _fenced(path: _Path, place: int, since: int) -> bool:
    """Whether a character that this repeat cannot match must stand before it, with no endless repeat of it between."""
    within = path[place].chars
    for step in reversed(path[since:place]):
        fence = step.fence if step.nothing else step.chars if step.least else None
        if fence is not None and not fence & within:
            return True
        if step.endless:
            within |= step.chars
    return False


def _begins(rest: _Path) -> Chars:
    """What the rest may begin with."""
    found: Chars = frozenset()
    for step in rest:
        found |= step.first
        if step.least and not step.nothing:
            break
    return found


def _may_be_empty(rest: _Path) -> bool:
    return not any(step.least for step in rest if not step.nothing)


@lru_cache(16)
def _alphabet(pattern: str) -> str:
    """The characters by which classes are told apart: those of the expression and samples of all others."""
    rare = (chr(number) for number in range(0x250, 0x30000, 97))
    digits_and_blanks = (sign for sign in map(chr, range(0x250, 0x11000)) if sign.isdecimal() or sign.isspace())
    named = {ord(sign) + near for sign in pattern for near in (-1, 0, 1)} | {0x2126, 0x212A, 0x212B}
    written = re.findall(r"\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})", pattern)
    named |= {int(short or long, 16) + near for short, long in written for near in (-1, 0, 1)}
    near = (chr(number) for number in named if 0 <= number <= 0x10FFFF)
    return "".join({*map(chr, range(0x250)), *rare, *digits_and_blanks, *near})

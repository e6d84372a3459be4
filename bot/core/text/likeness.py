"""Likeness: which names look the same to a person, whatever their characters are.

What people type is often copied out of an answer, and answers print some characters differently (``escape.py``,
``visible``, ``bold``): an asterisk as ``∗``, a code tick as ``ˋ``, spaces and line breaks as one space, what nobody
sees not at all, and a long name cut with ``…``. Other programs compose accents differently, or write in full width.
"""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from heapq import nlargest
from itertools import pairwise
from unicodedata import category, normalize

from bot.core.command.characters import STRAIGHT
from bot.core.command.markup import PAIRED, bare
from bot.core.text.escape import SUBSTITUTES, legible

CUT = "…"  # where an answer cut a name
_LONGEST = 120  # characters of a name that are compared
_COMPARED = 60  # names that are compared in full
_SELECTORS = {"\ufe0e", "\ufe0f"}


def likeness(name: str) -> str:
    """A text that is the same for all names that look like this one."""
    if name.isascii() and name.isprintable():  # most are: thousands are compared
        return " ".join(name.replace("*", "∗").replace("`", "ˋ").split()).casefold()
    text = normalize("NFKC", legible(name))
    seen = "".join(_seen(each) for each in text)
    return normalize("NFKC", " ".join(seen.split()).casefold())


def unmarked(name: str) -> str:
    """The likeness of a name as it was typed or copied, without Slack's marks around it."""
    return likeness(bare(name.strip(f"{PAIRED}` \u00a0")))


def begun(name: str) -> str:
    """The likeness of a name that an answer has cut, up to the cut; empty for a whole name."""
    return likeness(name.rstrip()[:-1]) if name.rstrip().endswith(CUT) else ""


def nearest_names(name: str, names: Iterable[str], count: int = 3) -> list[str]:
    """The names most similar to a mistyped one, the most similar first."""
    by_likeness: dict[str, str] = {}
    for each in names:
        by_likeness.setdefault(likeness(each)[:_LONGEST], each)
    wanted = unmarked(name)[:_LONGEST]
    found = get_close_matches(wanted, _likely(wanted, by_likeness), n=count, cutoff=0.7)
    return [by_likeness[each] for each in found]


def nearest_ids(wanted: int, ids: Sequence[int], count: int = 3) -> list[int]:
    """The ids most similar to a mistyped one, by their digits."""
    found = get_close_matches(str(wanted), _likely(str(wanted), map(str, ids)), n=count, cutoff=0.75)
    return [int(each) for each in found]


def _likely(wanted: str, texts: Iterable[str]) -> list[str]:
    """The texts that share the most pairs of characters: comparing thousands in full takes seconds."""
    pairs = _pairs(wanted)
    return nlargest(_COMPARED, texts, key=lambda each: 2 * len(pairs & _pairs(each)) - len(each))


def _pairs(text: str) -> set[str]:
    return set(map("".join, pairwise(f"^{text}$")))


def _seen(sign: str) -> str:
    if sign.isspace():
        return " "
    if sign in _SELECTORS or category(sign) in {"Cc", "Cf"}:
        return ""
    return SUBSTITUTES.get(sign, STRAIGHT.get(sign, sign))

"""What of a task's log may be shown: the program's own output, without the head that EnOS writes before it.

The head stands between two lines of ``=`` and holds the command line, which may hold secrets: it goes whole, for a
command line may itself have many lines. A retried task may have several heads. Source: Get Task Instance Log, samples.

A log is written by strangers and may be a megabyte of what looks like the beginning of a head: each kind of head is
found in one walk over the text, never by looking for its end anew from each beginning.
"""

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator

from bot.core.text.legible import NO_TEXT

_OPENS = re.compile(r"^(={5,})[ \t]*\n(?:run  ?num:|instance:|cmdline:)", re.MULTILINE)
_CLOSES = re.compile(r"^current time:[^\n]*\n={5,}[ \t]*(?:\n|\Z)", re.MULTILINE)
_TIME = re.compile(r"^current time:", re.MULTILINE)
_RULE = re.compile(r"^(={5,})[ \t]*(?:\n|\Z)", re.MULTILINE)
_FLAT = re.compile(r"=====nrun  ?num:t")  # as the samples print it: line breaks have become the letter n
_FLAT_TIME, _FLAT_RULE = "ncurrent time:t", "====="
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_BEGINNING = 20_000  # characters in which the rest of a head is looked for, where the log begins inside one

_Span = tuple[int, int]


def own_words(log: str) -> str:
    """Return the program's output: no heads, no colours, no control characters."""
    text = _COLOURS.sub("", log.replace("\r\n", "\n").replace("\r", "\n"))
    text = _without(text, _flat_heads(text))
    text = _without(text, _dated_heads(text))
    text = _without(text, _undated_heads(text))
    cut_off = _OPENS.search(text)  # before the head had ended
    text = text[: cut_off.start()] if cut_off else text
    rest = _CLOSES.search(text, 0, _BEGINNING)  # cut off after it had begun
    return NO_TEXT.sub("", _CONTROL.sub("", text[rest.end() :] if rest else text)).strip("\n")


def _without(text: str, heads: Iterator[_Span]) -> str:
    """Return the text without these parts of it, which come in order."""
    kept, since = [], 0
    for start, end in heads:
        if start >= since:  # what begins inside another head went with it
            kept.append(text[since:start])
            since = end
    return "".join(kept) + text[since:]


def _flat_heads(text: str) -> Iterator[_Span]:
    since = 0
    for opens in _FLAT.finditer(text):
        time = text.find(_FLAT_TIME, opens.end())
        rule = text.find(_FLAT_RULE, time + len(_FLAT_TIME)) if time >= 0 else -1
        if rule < 0:
            return
        if opens.start() >= since:
            start, since = opens.start(), _end_of(text, rule)
            yield _start_of(text, start), since


def _start_of(text: str, rule: int) -> int:
    """Return where the signs of a flat rule begin: there may be more than five."""
    while rule and text[rule - 1] == "=":
        rule -= 1
    return rule


def _end_of(text: str, rule: int) -> int:
    """Return where a flat rule ends, the line break behind it included."""
    end = rule
    while text.startswith("=", end):
        end += 1
    return end + text.startswith("n", end)


def _dated_heads(text: str) -> Iterator[_Span]:
    """Yield the heads that end with the time, and a rule below it."""
    closes = [(found.start(), found.end()) for found in _CLOSES.finditer(text)]
    starts = [start for start, _ in closes]
    for opens in _OPENS.finditer(text):
        place = bisect_left(starts, opens.end())
        if place < len(closes):
            yield opens.start(), closes[place][1]


def _undated_heads(text: str) -> Iterator[_Span]:
    """Yield the heads without a time at their end: each ends at the next line like its first."""
    rules: dict[str, list[_Span]] = defaultdict(list)
    for rule in _RULE.finditer(text):
        rules[rule[1]].append((rule.start(), rule.end()))
    times = [found.start() for found in _TIME.finditer(text)]
    for opens in _OPENS.finditer(text):
        alike = rules[opens[1]]
        place = bisect_right(alike, (opens.end(), len(text)))
        if place < len(alike):
            start, end = alike[place]
            time = bisect_left(times, opens.end())
            if time == len(times) or times[time] > start:
                yield opens.start(), end

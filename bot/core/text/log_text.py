"""What of a task's log may be shown: the program's own output, or its first line that looks like an error.

The head that EnOS writes is between two lines of ``=`` and holds the command line, which may hold secrets: all of it
is removed, since a command line may have many lines. A retried task may have several heads. Source: Get Task Instance
Log, samples.

A log may be a megabyte of what looks like the beginning of a head: each kind of head is found in one pass over the
text, never by searching for its end from each beginning.
"""

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator

from bot.core.text.escape import NO_TEXT, clean

_OPENS = re.compile(r"^(={5,})[ \t]*\n(?:run  ?num:|instance:|cmdline:)", re.MULTILINE)
_CLOSES = re.compile(r"^current time:[^\n]*\n={5,}[ \t]*(?:\n|\Z)", re.MULTILINE)
_TIME = re.compile(r"^current time:", re.MULTILINE)
_RULE = re.compile(r"^(={5,})[ \t]*(?:\n|\Z)", re.MULTILINE)
_FLAT = re.compile(r"=====nrun  ?num:t")  # as the samples print it: line breaks have become the letter n
_FLAT_TIME, _FLAT_RULE = "ncurrent time:t", "====="
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_BEGINNING = 20_000  # characters in which the end of a head is searched, where the log begins inside one

_Span = tuple[int, int]


def own_words(log: str) -> str:
    """The program's output: no heads, no colours, no control characters."""
    text = _COLOURS.sub("", log.replace("\r\n", "\n").replace("\r", "\n"))
    text = _without(text, _flat_heads(text))
    text = _without(text, _dated_heads(text))
    text = _without(text, _undated_heads(text))
    cut_off = _OPENS.search(text)  # before the head had ended
    text = text[: cut_off.start()] if cut_off else text
    rest = _CLOSES.search(text, 0, _BEGINNING)  # cut off after it had begun
    return NO_TEXT.sub("", _CONTROL.sub("", text[rest.end() :] if rest else text)).strip("\n")


def _without(text: str, heads: Iterator[_Span]) -> str:
    """The text without these parts of it, which come in order."""
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
    """Where a flat rule begins: it may have more than five ``=``."""
    while rule and text[rule - 1] == "=":
        rule -= 1
    return rule


def _end_of(text: str, rule: int) -> int:
    """Where a flat rule ends, the line break after it included."""
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


LIMIT = 200
_READ = 4000  # characters of one line that are searched for an error
_HEAD_LINES = 200  # a command line may hold many

_HEAD_RULE = re.compile(r"={5,}\s*")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]+")
_WRONG = re.compile(
    r"\b\w*(?:error|exception)\b|\b(?:fatal|critical|panic|fail(?:ed|ure)?|denied|refused|killed|aborted)\b"
    r"|\bno such\b|\bnot found\b|\bcannot\b|\btimed? ?out\b|\bout of memory\b|\boom\b|\bsegmentation fault\b"
    r"|\bexit(?:ed)?(?: with)? (?:code|status)[: ]+[1-9]",
    re.IGNORECASE,
)
_HARMLESS = re.compile(
    r"\b(?:no|0|zero|without) (?:errors?|failures?|exceptions?)\b|\b0 failed\b"
    r"|\b(?:errors?|failed|failures?)\s*[=:]\s*0\b|\b(?:DEBUG|TRACE)\b",
    re.IGNORECASE,
)
_TRACEBACK = re.compile(r"Traceback \(most recent call last\)")
_RAISED = re.compile(r"[A-Za-z_][\w.]*(?:: .*|\s*\Z)")


def error_line(log: str, mask: Callable[[str], str]) -> str:
    """The first line that looks like an error, masked, at most 200 characters; empty where none does."""
    lines = _own_lines(log)
    for line in lines:
        seen = _cleaned(line[:_READ])
        if _TRACEBACK.search(seen):
            return _shown(_raised(lines) or line, mask)
        if _WRONG.search(seen) and not _HARMLESS.search(seen):
            return _shown(line, mask)
    return ""


def _own_lines(log: str) -> Iterator[str]:
    """Yield the lines of the program itself, but for empty ones."""
    lines = log.splitlines()
    rules = [place for place, line in enumerate(lines[:_HEAD_LINES]) if _HEAD_RULE.fullmatch(line)]
    own = lines[rules[1] + 1 :] if len(rules) > 1 and rules[0] == 0 else lines
    return filter(None, own)


def _cleaned(line: str) -> str:
    return _CONTROLS.sub(" ", _COLOURS.sub("", line))


def _raised(lines: Iterator[str]) -> str:
    """The line that ends a Python traceback: the first that is not indented and names what was raised."""
    return next((line for line in lines if not line[:1].isspace() and _RAISED.match(_cleaned(line[:_READ]))), "")


def _shown(line: str, mask: Callable[[str], str]) -> str:
    """Cleaned before masking: invisible characters would hide a secret. Masked before cutting: so would a cut."""
    shown = mask(clean(_cleaned(line))).strip()
    return shown if len(shown) <= LIMIT else shown[: LIMIT - 1].rstrip() + "…"

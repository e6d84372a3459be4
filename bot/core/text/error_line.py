"""The first line of a log that says what went wrong, fit for a card.

The platform's logs begin with a head between two lines of ``=`` that holds the command line (Get Task Instance
Log): it is skipped, for it is not the task's own words and may hold secrets.
"""

import re
from collections.abc import Callable, Iterator

from bot.core.text.escape import clean

LIMIT = 200
_READ = 4000  # of one line, in which it is looked for what went wrong
_HEAD_LINES = 200  # a command line may hold many

_RULE = re.compile(r"={5,}\s*")
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]+")
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
    """Return the first line that looks like an error, masked, at most 200 characters; empty where none does."""
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
    rules = [place for place, line in enumerate(lines[:_HEAD_LINES]) if _RULE.fullmatch(line)]
    own = lines[rules[1] + 1 :] if len(rules) > 1 and rules[0] == 0 else lines
    return filter(None, own)


def _cleaned(line: str) -> str:
    return _CONTROL.sub(" ", _COLOURS.sub("", line))


def _raised(lines: Iterator[str]) -> str:
    """Return the line that ends a Python traceback: the first that is not indented and names what was raised."""
    return next((line for line in lines if not line[:1].isspace() and _RAISED.match(_cleaned(line[:_READ]))), "")


def _shown(line: str, mask: Callable[[str], str]) -> str:
    """Clean before masking, for what nobody sees would hide a secret; mask before cutting: half a one would pass."""
    shown = mask(clean(_cleaned(line))).strip()
    return shown if len(shown) <= LIMIT else shown[: LIMIT - 1].rstrip() + "…"

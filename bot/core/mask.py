"""Masking: what looks like a secret is shown as stars, in logs, parameters and the audit."""

import re
from collections.abc import Iterable

from bot.core.flows import Parameter

STARS = "•••"

MASK_DEFAULT = (
    r"(?i)(?:password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|credential)s?[\"']?\s*[=:]\s*[\"']?([^\s\"',;&]+)",
    r"(?i)authorization:\s*(?:bearer|basic)\s+(\S+)",
    r"(?i)\b[a-z][a-z0-9+.-]*://[^\s/:@]+:([^\s/@]+)@",
    r"\b(AKIA[0-9A-Z]{16})\b",
    r"\b(eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*)",
    r"\b(xox[a-z]-[\w-]{8,})",
)

_SECRET_KEY = re.compile(r"(?i)pass(word|wd|phrase)?$|pwd|secret|token|credential|(api|access|private|secret)[_-]?key")


class Mask:
    """Masks texts by regular expressions: their first group, or the whole match where they have none."""

    def __init__(self, patterns: Iterable[re.Pattern[str]]) -> None:
        self._patterns = tuple(patterns)

    def __call__(self, text: str) -> str:
        """Return the text with every secret replaced by stars."""
        for pattern in self._patterns:
            text = pattern.sub(_starred, text)
        return text

    def parameter(self, parameter: Parameter) -> Parameter:
        """Return the parameter as it may be shown: a key that looks secret hides its whole value."""
        if _SECRET_KEY.search(parameter.key):
            return Parameter(parameter.key, STARS)
        return Parameter(parameter.key, self(parameter.value))


def _starred(match: re.Match[str]) -> str:
    if not match.re.groups or match.group(1) is None:
        return STARS
    start, end = match.span(1)
    whole = match.group()
    return whole[: start - match.start()] + STARS + whole[end - match.start() :]


DEFAULT = Mask(re.compile(pattern) for pattern in MASK_DEFAULT)

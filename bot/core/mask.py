"""Masking: what looks like a secret is shown as stars, in logs, parameters and the audit."""

import re
from collections.abc import Iterable

from bot.core.escape import clean
from bot.core.flows import Parameter

STARS = "•••"

_NAMES = (
    r"(?:password|passwd|passphrase|pwd|secret(?:[_-]?key)?|token|(?:api|access|private)[_-]?key(?:[_-]?id)?"
    r"|credential)s?"
)
MASK_DEFAULT = (
    rf"(?i){_NAMES}\\*[\"']?\s*[=:]\s*(?:\"([^\"\r\n]+)\"|'([^'\r\n]+)'|\\*[\"']?([^\s\"',;&\\]+))",
    rf"(?i)--?{_NAMES}[ \t]+([^\s-]\S*)",
    r"(?i)\bauthorization:\s*\w+\s+(\S+)",
    r"(?i)\bbearer\s+([\w.~+/-]{8,}=*)",
    r"(?i)\b[a-z][a-z0-9+.-]*://[^\s/:@]*:([^\s/@]+)@",
    r"(?s)(-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z))",
    r"\b(AKIA[0-9A-Z]{16})\b",
    r"\b(eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*)",
    r"\b(xox[a-z]-[\w-]{8,})",
)

_SECRET_KEY = re.compile(
    r"(?i)passw(or)?d|passphrase|pwd|(?:^|[_.-])pass$|secret|token|credential"
    r"|(api|access|private|encryption)[_.-]?key"
)


class Mask:
    """Masks texts by regular expressions: what their groups hold, or the whole match where they have none."""

    def __init__(self, patterns: Iterable[re.Pattern[str]]) -> None:
        self._patterns = tuple(patterns)

    def __call__(self, text: str) -> str:
        """Return the text with every secret replaced by stars."""
        for pattern in self._patterns:
            text = pattern.sub(_starred, text)
        return text

    def parameter(self, parameter: Parameter) -> Parameter:
        """Return the parameter as it may be shown: a key that looks secret hides its whole value."""
        if is_secret_key(parameter.key):
            return Parameter(parameter.key, STARS)
        return Parameter(parameter.key, self(clean(parameter.value)))


def is_secret_key(key: str) -> bool:
    """Whether a parameter's key says that its value is a secret. What nobody sees does not hide it."""
    return _SECRET_KEY.search(clean(key)) is not None


def _starred(match: re.Match[str]) -> str:
    spans = [match.span(number) for number in range(1, match.re.groups + 1) if match[number]]
    if not spans:
        return match[0] if match.re.groups else STARS
    shown, at = "", match.start()
    for start, end in spans:
        if start >= at:  # a group inside another is starred with it
            shown += match.string[at:start] + STARS
            at = end
    return shown + match.string[at : match.end()]


DEFAULT = Mask(re.compile(pattern) for pattern in MASK_DEFAULT)

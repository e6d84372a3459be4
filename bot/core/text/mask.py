"""Secrets: shown as stars in logs, parameters and the audit; what is kept instead is a fingerprint.

Logs come from outside and may be a megabyte long, and a running expression cannot be stopped. So each of these takes
time in proportion to the text, whatever it holds; for those of FLOWBOT_MASK that is checked (``runaway.py``).
Texts are masked whole and cut afterwards: half a secret would not be recognised.

Nothing that looks like a secret is written to the database (``docs/decisions``, "No secret in the database").
"""

import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Sequence

from bot.core.command.markup import decode
from bot.core.command.tokens import Cursor
from bot.core.errors import Refusal
from bot.core.flow.model import InstanceId, Parameter
from bot.core.text.escape import clean

STARS = "•••"

# Upper and lower case by classes and not by (?i), which makes the engine ten times slower at each place. These are
# all letters that (?i) treats as the same.
_OTHERS = {"i": "ıİ", "k": "\u212a", "s": "ſ"}
_NAMES = re.sub(
    "[a-z]",
    lambda letter: f"[{letter[0]}{letter[0].upper()}{_OTHERS.get(letter[0], '')}]",
    "(?:password|passwd|passphrase|pwd|secret(?:[_.-]?key)?|token|(?:api|access|private|encryption)[_.-]?key(?:[_-]?id)?"
    "|accountkey|credential)s?",
)
_QUOTED = r"\"([^\"\r\n]+)\"|'([^'\r\n]+)'"
_ESCAPED = r"\"([^\"\\\r\n]+(?:\\[^\r\n][^\"\\\r\n]{0,80}){1,3})\"|"  # quotes within quotes
_VALUE = rf"(?:{_QUOTED}|\\*[\"']?([^\s\"',;&\\]+))"

# Each with words, case folded: without any of them it matches nothing, and most texts have none.
_NAMED = ("pass", "pwd", "secret", "token", "key", "credent")
_NEEDLES = {
    rf"{_NAMES}\\*[\"']?\s*[=:]{{1,2}}>?\s*(?:{_ESCAPED}{_VALUE})": _NAMED,
    rf"-{_NAMES}[ \t]+(?:{_QUOTED}|([^\s-]\S*))": _NAMED,
    rf"{_NAMES}>([^<>\s][^<>\r\n]{{0,200}})</": _NAMED,
    rf"(?i)(?:(?<=[_.-])pass\\*[\"']?\s*[=:]|(?<![a-z0-9])pass=)\s*{_VALUE}": ("pass",),
    # The scheme may come first, as in "Bearer ...".
    r"(?i)\bauthorization\\*[\"']?\s*[:=]\s*\\*[\"']?(?:[a-z][\w-]{0,20}[ \t]+)?([^\s\"'\\]+)": ("author",),
    r"(?i)\bbearer\s+([\w.~+/-]{8,}=*)": ("bearer",),
    # The end of a scheme is enough to know it. A password may hold a slash; what follows a port is not one.
    r"(?i)[a-z0-9+.-]://[^\s/:@]*:(?:([^\s/@]+(?:@[^\s/@\"'<>,;]{1,100})?)@|(?!\d{1,5}/)([^\s@\"'<>\]]{1,200})@)": (
        "://",
    ),
    r"(?i)\boracle:[a-z0-9]{1,9}:[^\s/@:]{0,128}/(?:\"([^\"\r\n]{1,128})\"|([^\s/@]{1,128}))@": ("oracle:",),
    r"(?i)\b(?:sqlplus|sqlldr|expdp|impdp|userid)\b[^\r\n/@]{0,30}[\w\]$#\"]/([^\s/@]+)": (
        "sqlplus",
        "sqlldr",
        "expdp",
        "impdp",
        "userid",
    ),
    r"(?i)\bidentified\s+by\s+(?:values\s+)?[\"']?([^\s\"';]+)": ("identified",),
    r"(?i)[?&](?:sig|signature|x-amz-signature|x-goog-signature)=([^\s&\"'<>]+)": ("sig",),
    r"(?i)account\.key\.[\w.-]{1,100}\s*[=:]\s*([^\s\"',;]+)": ("account.key",),
    r"(?i)\bhooks\.slack\.com/[a-z]{1,20}/([^\s\"'<>]+)": ("hooks.slack",),
    r"(?s)(-----BEGIN [A-Z ]{0,100}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,100}PRIVATE KEY-----|\Z))": ("-----begin",),
    r"\b((?:AKIA|ASIA)[0-9A-Z]{16})\b": ("akia", "asia"),
    # From the beginning of a run of such characters to its first eyJ, once: not again from each eyJ in it.
    r"(?<![\w-])(?>(?:(?!\beyJ)[\w-])*)(eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*)": ("eyj",),
    r"\b(xox[a-z]-[\w-]{8,}|xapp-[\w-]{8,})": ("xox", "xapp-"),
    r"(?<![\w-])((?:gh[opsu]|github_pat|npm)_\w{20,}|(?:glpat|sk)-[\w-]{20,}|AIza[\w-]{30,})": (
        "gh",
        "npm_",
        "glpat-",
        "sk-",
        "aiza",
    ),
}
MASK_DEFAULT = tuple(_NEEDLES)

_SECRET_KEY = re.compile(
    r"(?i)passw(or)?d|passphrase|pwd|(?:^|[_.-])pass$|secret|token|credential"
    r"|(api|access|private|encryption)[_.-]?key|account\.?key(?:$|\.)"
)


class Mask:
    """Masks texts by regular expressions: what their groups hold, or the whole match where they have none."""

    def __init__(self, patterns: Iterable[re.Pattern[str]]) -> None:
        self._patterns = tuple(patterns)

    def __call__(self, text: str) -> str:
        """The text with every secret replaced by stars."""
        folded = text.casefold()
        for pattern in self._patterns:
            needles = _NEEDLES.get(pattern.pattern)
            if needles is None or any(needle in folded for needle in needles):
                text = pattern.sub(_starred, text)
        return text

    def parameter(self, parameter: Parameter) -> Parameter:
        """The parameter as it may be shown: a key that looks secret hides its whole value."""
        if is_secret_key(parameter.key):
            return Parameter(parameter.key, STARS)
        return Parameter(parameter.key, self(clean(parameter.value)))


def is_secret_key(key: str) -> bool:
    """Whether a parameter's key says that its value is a secret. Invisible characters do not hide it."""
    return _SECRET_KEY.search(clean(key)) is not None


def _starred(match: re.Match[str]) -> str:
    spans = [match.span(number) for number in range(1, match.re.groups + 1) if match[number]]
    if not spans:
        return match[0] if match.re.groups else STARS
    shown, at = "", match.start()
    for start, end in spans:
        if start >= at:  # a group inside another is masked with it
            shown += match.string[at:start] + STARS
            at = end
    return shown + match.string[at : match.end()]


DEFAULT = Mask(re.compile(pattern) for pattern in MASK_DEFAULT)


_KEY = re.compile(r"([^\s=\"'“”„‘’‚«»<>]{1,200})[\"'“”„‘’‚«»]?\s*=")


class Seal:
    """Fingerprints parameters under a key from the settings, which is in no database and no backup."""

    def __init__(self, secret: str) -> None:
        self._key = hmac.digest(b"flowbot: parameters as sent", secret.encode(), hashlib.sha256)
        self._name = hmac.digest(self._key, b"name", hashlib.sha256).hex()[:8]

    def fingerprint(self, run: InstanceId, parameters: Sequence[Parameter]) -> str:
        """What is kept of a run's parameters."""
        said = json.dumps([run, *sorted((each.key, each.value) for each in parameters)])
        return f"{self._name}:{hmac.digest(self._key, said.encode(), hashlib.sha256).hex()}"

    def same(self, kept: str, run: InstanceId, parameters: Sequence[Parameter]) -> bool | None:
        """Whether these are the parameters of a fingerprint; None where it was made under another key."""
        if kept.partition(":")[0] != self._name:
            return None
        return hmac.compare_digest(kept, self.fingerprint(run, parameters))


def without_secrets(text: str, mask: Mask) -> str:
    """A command as it may be kept and repeated: unchanged where it holds no secret, else with stars.

    The whole value of a secret key is masked, with its quotes and spaces; where a quote is not closed, up to the end.
    """
    typed = decode(text).text
    seen = clean(text)  # invisible characters hide no secret
    hidden = mask(_without_values(seen))
    return text if hidden == decode(seen).text and mask(typed) == typed else hidden


def _without_values(text: str) -> str:
    """The command as typed, with stars for the values of secret keys."""
    try:
        cursor = Cursor(text)
    except Refusal:  # too long to be a command
        return _cut(decode(text).text)
    parts: list[str] = []
    done = 0
    while True:
        try:
            token = cursor.take()
        except Refusal:
            return "".join([*parts, _cut(cursor.text[done:])])
        if token is None:
            return "".join([*parts, cursor.text[done:]])
        if token.pair is not None and token.pair[1] and is_secret_key(token.pair[0]):
            parts.append(f"{cursor.text[done : token.start]}{token.pair[0]}={STARS}")
            done = token.end


def _cut(text: str) -> str:
    """The text up to the value of the first secret key."""
    first = next((match.end() for match in _KEY.finditer(text) if is_secret_key(match[1])), None)
    return text if first is None else f"{text[:first]}{STARS}"

"""What of a secret is kept: the words without it, and a fingerprint by which it can be compared, never read.

Nothing that looks like a secret is written to the database (``docs/decisions``, "No secret in the database").
"""

import hashlib
import hmac
import json
import re
from collections.abc import Sequence

from bot.core.command.words import Cursor, ParseError, decode
from bot.core.flow.model import InstanceId, Parameter
from bot.core.text.escape import clean
from bot.core.text.mask import STARS, Mask, is_secret_key

_KEY = re.compile(r"([^\s=\"'“”„‘’‚«»<>]{1,200})[\"'“”„‘’‚«»]?\s*=")


class Seal:
    """Fingerprints parameters under a key that stands in the settings, and so in no database and no backup."""

    def __init__(self, secret: str) -> None:
        self._key = hmac.digest(b"flowbot: parameters as sent", secret.encode(), hashlib.sha256)
        self._name = hmac.digest(self._key, b"name", hashlib.sha256).hex()[:8]

    def fingerprint(self, run: InstanceId, parameters: Sequence[Parameter]) -> str:
        """Return what is kept of the parameters that a run was asked with; empty where there are none."""
        if not parameters:
            return ""
        said = json.dumps([run, *sorted((each.key, each.value) for each in parameters)])
        return f"{self._name}:{hmac.digest(self._key, said.encode(), hashlib.sha256).hex()}"

    def same(self, kept: str, run: InstanceId, parameters: Sequence[Parameter]) -> bool | None:
        """Whether these are the parameters of a fingerprint; None where it was made under another key."""
        if kept.partition(":")[0] != self._name:
            return None
        return hmac.compare_digest(kept, self.fingerprint(run, parameters))


def without_secrets(text: str, mask: Mask) -> str:
    """Return words as they may be kept and repeated: as they are where they hold no secret, else with stars.

    What a key names as secret goes with its quotes and all its blanks; what follows the key of a quote that is not
    closed goes to the end.
    """
    typed = decode(text).text
    seen = clean(text)  # a sign that nobody sees hides no secret
    hidden = mask(_without_values(seen))
    return text if hidden == decode(seen).text and mask(typed) == typed else hidden


def withheld(parameters: Sequence[Parameter]) -> tuple[str, ...]:
    """Return the keys whose values are stars: they stand for what was not kept, and are nobody's values."""
    return tuple(each.key for each in parameters if STARS in each.value)


def _without_values(text: str) -> str:
    """Return the words as typed, the values of secret keys as stars."""
    try:
        cursor = Cursor(text)
    except ParseError:  # too long to be a command
        return _cut(decode(text).text)
    parts: list[str] = []
    done = 0
    while True:
        try:
            token = cursor.take()
        except ParseError:
            return "".join([*parts, _cut(cursor.text[done:])])
        if token is None:
            return "".join([*parts, cursor.text[done:]])
        if token.pair is not None and token.pair[1] and is_secret_key(token.pair[0]):
            parts.append(f"{cursor.text[done : token.start]}{token.pair[0]}={STARS}")
            done = token.end


def _cut(text: str) -> str:
    """Return the text up to the value of the first secret key."""
    first = next((match.end() for match in _KEY.finditer(text) if is_secret_key(match[1])), None)
    return text if first is None else f"{text[:first]}{STARS}"

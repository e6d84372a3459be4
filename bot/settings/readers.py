"""Readers: one small function for each kind of setting, from its text to its type.

A reader raises ``Problem`` with whole sentences that leave a place for the setting's name.
It never repeats a value that may be secret.
"""

import difflib
import re
from collections.abc import Callable
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from bot.core.bridges.keys import ROUTING_KEY_LENGTH, key_of
from bot.core.flow.status import Status
from bot.core.text.mask import Mask
from bot.core.text.runaway import runs_away
from bot.core.values import dataclass


class Secret(str):  # noqa: SLOT000  libraries want a str, and its repr must not show it
    """A value that does not show itself in a repr."""

    def __repr__(self) -> str:
        """Stars, whatever the value."""
        return "'***'"


class Problem(Exception):  # noqa: N818  a line for whoever writes the settings
    """What is wrong with one value, in whole sentences, without the value where it is secret.

    ``{setting}`` in a sentence is the place of the setting's name; the other places are filled from ``data``.
    """

    def __init__(self, sentences: str, **data: object) -> None:
        super().__init__(sentences)
        self._sentences, self._data = sentences, data

    def about(self, setting: str) -> str:
        """The sentences about this setting."""
        return self._sentences.format(setting=setting, **self._data)


_NO_ADDRESS = "{setting} is not an address such as https://example.com."


@dataclass(frozen=True, slots=True)
class Address:
    """A host and a port to listen on."""

    host: str
    port: int

    def __str__(self) -> str:
        """``host:port``, and ``[host]:port`` for IPv6."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def read_text(value: str) -> str:
    """The text as it is."""
    return value


def read_url(value: str) -> str:
    """An address without its last slash: https, or http for this machine."""
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:  # an unclosed bracket, a port that is not a number
        raise Problem(_NO_ADDRESS) from None
    if port == 0 or re.search(r"[\s\x00-\x20\x7f]", value):
        raise Problem(_NO_ADDRESS)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Problem(_NO_ADDRESS)
    if parts.scheme == "http" and parts.hostname not in {"127.0.0.1", "localhost", "::1"}:
        raise Problem("{setting} must begin with https:// (http is for this machine only).")
    return value.rstrip("/")


def read_secret_url(value: str) -> Secret:
    """An address as it is: its path may be a secret, and its last slash may matter."""
    read_url(value)
    return Secret(value)


def read_webhook_secret(value: str) -> Secret:
    """A key as Standard Webhooks writes it."""
    if key_of(value) is None:
        raise Problem(
            "{setting} must be whsec_ and then base64 of 24 to 64 bytes. "
            'Make one with: echo "whsec_$(openssl rand -base64 32)"'
        )
    return Secret(value)


def read_routing_key(value: str) -> Secret:
    """An integration key of PagerDuty's Events API v2."""
    if not re.fullmatch(rf"[A-Za-z0-9]{{{ROUTING_KEY_LENGTH}}}", value):
        raise Problem("{setting} must be an integration key of PagerDuty's Events API v2: 32 letters and digits.")
    return Secret(value)


def read_api_url(value: str) -> str:
    """The base of Slack's Web API, which ends in ``/api/``."""
    url = read_url(value) + "/"
    if not url.endswith("/api/"):
        raise Problem("{setting} must end in /api/.")
    return url


def read_list(value: str) -> tuple[str, ...]:
    """The parts between commas."""
    return tuple(part.strip() for part in value.split(",") if part.strip())


def read_ids(pattern: str, what: str) -> Callable[[str], tuple[str, ...]]:
    """A reader of lists of IDs."""

    def read(value: str) -> tuple[str, ...]:
        wrong = [part for part in read_list(value) if not re.fullmatch(pattern, part)]
        if wrong:
            raise Problem("{setting} takes {what}. Not valid: {wrong}.", what=what, wrong=", ".join(wrong))
        return read_list(value)

    return read


def read_channel(value: str) -> str:
    """A channel ID."""
    if not re.fullmatch(r"[CG][A-Z0-9]+", value):
        raise Problem(
            "{setting} must be a channel ID such as C0123456789 (in Slack: channel name, About, at the bottom)."
        )
    return value


def read_choice(*names: str) -> Callable[[str], str]:
    """A reader of one of these words."""

    def read(value: str) -> str:
        if value.lower() not in names:
            raise Problem("{setting} must be one of {names}.", names=", ".join(names))
        return value.lower()

    return read


def read_number(low: float, high: float) -> Callable[[str], float]:
    """A reader of a number within bounds."""

    def read(value: str) -> float:
        try:
            number = float(value)
        except ValueError:
            raise Problem("{setting} must be a number.") from None
        if not low <= number <= high:
            raise Problem("{setting} must be between {low:g} and {high:g}.", low=low, high=high)
        return number

    return read


def read_whole(low: int, high: int) -> Callable[[str], int]:
    """A reader of a whole number within bounds."""
    number = read_number(low, high)

    def read(value: str) -> int:
        if number(value) % 1:
            raise Problem("{setting} must be a whole number.")
        return int(number(value))

    return read


def read_address(value: str) -> Address:
    """A host and a port; an IPv6 host is in brackets."""
    host, _, port = value.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        host = ""
    if not host or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise Problem("{setting} must look like 127.0.0.1:8080 or [::1]:8080.")
    return Address(host, int(port))


def read_zone(value: str) -> ZoneInfo:
    """An IANA zone."""
    try:
        return ZoneInfo(value)
    except (KeyError, ValueError, OSError):  # not found, not a name, a folder of zones
        near = difflib.get_close_matches(value, available_timezones(), 1)  # reads all zones
        if near:
            raise Problem("{setting} is not a time zone. Did you mean {near}?", near=near[0]) from None
        raise Problem("{setting} is not a time zone such as Europe/Berlin.") from None


def read_command(value: str) -> str:
    """The name of a slash command."""
    if not re.fullmatch(r"/[a-z0-9_-]{1,31}", value):
        raise Problem("{setting} must be / and then 1 to 31 characters: lower-case letters, digits, - and _.")
    return value


def read_statuses(value: str) -> tuple[int, ...]:
    """Status numbers from names or numbers."""
    numbers = []
    for part in read_list(value):
        if re.fullmatch(r"-?\d+", part):
            numbers.append(int(part))
        elif part.upper() in Status.__members__:
            numbers.append(int(Status[part.upper()]))
        else:
            raise Problem(
                "{setting} contains {part}, which is not a status. The statuses are {names}.",
                part=part,
                names=", ".join(Status.__members__),
            )
    if not numbers:
        raise Problem("{setting} needs at least one status.")
    return tuple(dict.fromkeys(numbers))


def read_offset(value: str) -> str:
    """``auto``, or an offset such as ``GMT+8``."""
    if value.lower() == "auto":
        return "auto"
    if not re.fullmatch(r"(GMT|UTC)([+-]\d{1,2}(:\d{2})?)?", value.upper()):
        raise Problem("{setting} must be auto or look like GMT+8.")
    return value.upper()


_BETWEEN = re.compile(r",(?![0-9]*\})")  # expressions of FLOWBOT_MASK


def read_mask(value: str) -> tuple[re.Pattern[str], ...]:
    r"""Compiled expressions; a comma inside one is written ``\\x2c``, except in ``{1,9}``.

    One that can run away is refused: a line in a log would stop everything.
    """
    patterns = []
    for part in filter(None, map(str.strip, _BETWEEN.split(value))):
        try:
            pattern = re.compile(part)
        except re.error as error:
            raise Problem(
                "{setting} contains a regular expression that cannot be read ({error}).", error=error
            ) from None
        if Mask([pattern])(""):
            raise Problem(
                "{setting} contains {part}, which matches the empty text and would mask everything.", part=part
            )
        why = runs_away(part)
        if why:
            raise Problem(
                "{setting} contains {part}, which can run for minutes on some texts. {why}", part=part, why=why
            )
        patterns.append(pattern)
    return tuple(patterns)


def read_prefixed(prefix: str, kind: str) -> Callable[[str], Secret]:
    """A reader of a token that begins with this prefix; rotated tokens have ``xoxe.`` before it."""

    def read(value: str) -> Secret:
        if not value.removeprefix("xoxe.").startswith(prefix):
            raise Problem("{setting} must be {kind}, which begins with {prefix}.", kind=kind, prefix=prefix)
        return Secret(value)

    return read

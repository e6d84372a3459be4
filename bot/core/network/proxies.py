"""Which proxy to use for an address: the environment's, and none for this machine.

The libraries read these names too, each in its own way: slack_sdk takes ``HTTPS_PROXY`` for every address, even for
localhost, and ignores ``NO_PROXY``; httpx asks the desktop's settings as well. So the answer is computed here, once,
and handed to them.
"""

import ipaddress
import re
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

SCHEMES = {"https": "https", "wss": "https", "http": "http", "ws": "http"}
PORTS = {"https": 443, "http": 80}
SPOKEN = ("http", "https")  # with a proxy; aiohttp 3.14 and httpx 0.28 have no others in common

_HOW = "Write http://HOST:PORT or http://USER:PASSWORD@HOST:PORT."
_ESCAPE = "In a user or a password, write @ as %40, : as %3A, / as %2F, # as %23 and % as %25."
_ADDRESS = re.compile(
    r"(?P<scheme>[^:/?#]+)://(?:(?P<who>[^/]*)@)?(?P<host>\[[^\]/@]*\]|[^:/?#@\[\]]*)(?P<rest>[^/]*)/?"
)


def proxy_for(url: str, environment: Mapping[str, str]) -> str | None:
    """The proxy's address, or None where none is used."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    scheme = SCHEMES.get(parts.scheme, "https")
    try:
        port = parts.port or PORTS[scheme]
    except ValueError:  # not a number: the call will fail and say so
        port = PORTS[scheme]
    if is_loopback(host) or _exempt(host, port, _value(environment, "no_proxy")):
        return None
    return _value(environment, f"{scheme}_proxy") or _value(environment, "all_proxy") or None


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    address = _ip(host)
    return address is not None and address.is_loopback


def fault(setting: str, proxy: str) -> str:
    """What is wrong with the proxy's address in ``setting``, without repeating any of it: it may hold a password."""
    if not proxy.isascii() or not proxy.isprintable() or " " in proxy:
        return f"{setting} contains a space or a character that is not ASCII. {_HOW}"
    found = _ADDRESS.fullmatch(proxy)
    if "://" not in proxy:
        return f"{setting} does not begin with http:// or https://. {_HOW}"
    if proxy.partition("://")[0].lower() not in SPOKEN:
        return f"{setting} must begin with http:// or https://. flowbot does not support other kinds of proxy."
    if found is None or not _is_port(found["rest"]):
        return f"{setting} is not the address of a proxy. {_HOW} {_ESCAPE}"
    if not found["host"] or (found["host"].startswith("[") and _ip(found["host"].strip("[]")) is None):
        return f"{setting} has no host. {_HOW}"
    return _fault_of(setting, found["who"])


def secrets(proxy: str) -> tuple[str, ...]:
    """What of a proxy's address no log may show: the password as written and as decoded, and the user with it."""
    who, found, _ = proxy.partition("://")[2].rpartition("@")
    password = who.partition(":")[2]
    return (f"{who}@", password, unquote(password)) if found and password else ()


def no_proxy_fault(setting: str, no_proxy: str) -> str:
    """What is wrong with the list of exempt hosts in ``setting``."""
    for name in _names(no_proxy):
        if "://" in name or ("/" in name and _network(name) is None):
            return f"{setting} contains {name}, which is not a host, a domain or a network such as 10.0.0.0/8."
    return ""


def _fault_of(setting: str, who: str | None) -> str:
    if who is None:
        return ""
    user, _, password = who.partition(":")
    meant = unquote(user) + unquote(password)
    if not user or ":" in unquote(user) or ":" in password or set(who) & set("@#?[]\\"):
        return f"{setting} has a user and a password that flowbot can't tell apart. {_HOW} {_ESCAPE}"
    if re.search(r"%(?![0-9A-Fa-f]{2})", who):
        return f"{setting} contains a % without two hexadecimal digits after it. {_ESCAPE}"
    if not (meant.isascii() and meant.isprintable()):
        return f"{setting} has a user or a password that cannot be sent. Only ASCII characters can."
    return ""


def _is_port(rest: str) -> bool:
    return not rest or (rest[0] == ":" and rest[1:].isdecimal() and len(rest) < 7 and 0 < int(rest[1:]) < 65536)


def _exempt(host: str, port: int, no_proxy: str) -> bool:
    return any(_matches(host, port, name) for name in _names(no_proxy))


def _matches(host: str, port: int, name: str) -> bool:
    if name == "*":
        return True
    address, network = _ip(host), _network(name.strip("[]"))
    if address is not None and network is not None:
        return address in network
    domain, colon, digits = name.rpartition(":")
    if colon and digits.isdecimal():
        name = domain.strip("[]")
        if int(digits) != port:
            return False
    name = name.removeprefix("*").removeprefix(".")
    return bool(name) and (host == name or host.endswith(f".{name}"))


def _names(no_proxy: str) -> list[str]:
    """The names between commas, or between spaces as some write it."""
    return no_proxy.lower().replace(",", " ").split()


def _network(name: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(name, strict=False)
    except ValueError:
        return None


def _ip(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _value(environment: Mapping[str, str], name: str) -> str:
    return (environment.get(name) or environment.get(name.upper()) or "").strip()

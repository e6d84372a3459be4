"""Which proxy leads to an address: that of the environment, and none to this machine.

slack_sdk takes ``HTTPS_PROXY`` for every address, even for localhost, and ignores ``NO_PROXY``; so the answer
is computed here and handed to it.
"""

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

SCHEMES = {"https": "https", "wss": "https", "http": "http", "ws": "http"}


def proxy_for(url: str, environment: Mapping[str, str]) -> str | None:
    """Return the proxy's address, or None where the way is direct."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if is_loopback(host) or _exempt(host, _value(environment, "no_proxy")):
        return None
    scheme = SCHEMES.get(parts.scheme, "https")
    return _value(environment, f"{scheme}_proxy") or _value(environment, "all_proxy") or None


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _exempt(host: str, no_proxy: str) -> bool:
    names = [name.strip().lower().removeprefix("*").removeprefix(".") for name in no_proxy.split(",")]
    everything = no_proxy.strip() == "*"
    return everything or any(name and (host == name or host.endswith(f".{name}")) for name in names)


def _value(environment: Mapping[str, str], name: str) -> str:
    return (environment.get(name) or environment.get(name.upper()) or "").strip()

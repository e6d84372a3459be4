"""How the gateway wants calls signed: pure functions of text and bytes.

Source: APIM "Get Access Token" and "Invoking API with Access Token"; the vendor's published digest is a test.
"""

import hashlib
from collections.abc import Iterable
from urllib.parse import quote

Query = tuple[tuple[str, str], ...]


def encryption(app_key: str, timestamp: int, app_secret: str) -> str:
    """Return what proves the key pair to the token service; usable once. ``timestamp``: epoch ms."""
    return hashlib.sha256(f"{app_key}{timestamp}{app_secret}".encode()).hexdigest()


def params_data(query: Iterable[tuple[str, str]]) -> str:
    """Return names and decoded values in ASCII order of the names, without any separator."""
    return "".join(name + value for name, value in sorted(query))


def signature(token: str, query: Iterable[tuple[str, str]], body: bytes | None, timestamp: int, app_secret: str) -> str:
    """Return the lower-case hex SHA-256 over token, parameters, the body's exact bytes, time and secret.

    ``timestamp``: epoch milliseconds; the platform refuses calls more than 15 minutes after it.
    """
    signed = hashlib.sha256(f"{token}{params_data(query)}".encode())
    signed.update(body or b"")
    signed.update(f"{timestamp}{app_secret}".encode())
    return signed.hexdigest()


def query_string(query: Iterable[tuple[str, str]]) -> str:
    """Return the query for the wire. A blank is ``%20``: ``+`` would be signed as a plus."""
    return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query)


def headers(
    token: str, query: Iterable[tuple[str, str]], body: bytes | None, at_ms: int, secret: str
) -> dict[str, str]:
    """Return the three headers that a signed call carries."""
    return {
        "apim-accesstoken": token,
        "apim-timestamp": str(at_ms),
        "apim-signature": signature(token, tuple(query), body, at_ms, secret),
    }

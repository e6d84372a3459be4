"""The gateway's door: tokens, signatures and how fresh a request must be.

Sources: Get Access Token, Refresh Access Token, Invoking API with Access Token (EnOS APIM, 2.1 to 3.0).
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

FRESH_MS = 15 * 60 * 1000

USED, UNKNOWN_KEY, WRONG, INVALID = 1001, 1002, 1003, 1004
EMPTY, EXPIRED, NOT_REFRESHED = 1202, 1203, 1204

MEANINGS = {
    USED: "The encryption has been used",
    UNKNOWN_KEY: "The appKey does not exist",
    WRONG: "The encryption is incorrect",
    INVALID: "The parameter is invalid",
    EMPTY: "The parameter is empty",
    EXPIRED: "The access token has expired",
    NOT_REFRESHED: "Failed to refresh the access token",
}


class Shut(Exception):  # noqa: N818  an answer of the gateway, not an error of the simulator
    """The gateway refuses, with a number of ``MEANINGS``."""

    def __init__(self, status: int) -> None:
        super().__init__(MEANINGS[status])
        self.status = status


@dataclass(slots=True)
class _Grant:
    key: str
    until: float


@dataclass(slots=True)
class Gate:
    """Knows the applications and the tokens that are alive. Times are epoch seconds."""

    keys: dict[str, str]  # access key to secret key
    lifetime: float = 7200.0
    overlap: float = 60.0  # how long a refreshed token still works
    issued: int = 0
    _grants: dict[str, _Grant] = field(default_factory=dict)
    _present: dict[str, str] = field(default_factory=dict)  # access key to its live token
    _used: dict[str, float] = field(default_factory=dict)

    def get(self, body: object, now: float) -> dict[str, Any]:
        """Return the live token with its remaining seconds, or a new one. Raises Shut."""
        key = self._applicant(body, now)
        token = self._present.get(key, "")
        if not self._alive(token, now):
            token = self._issue(key, now)
        return {"accessToken": token, "expire": int(self._grants[token].until - now)}

    def refresh(self, body: object, now: float) -> dict[str, Any]:
        """Return a new token for one that is alive; the old one works a little longer. Raises Shut."""
        key = self._applicant(body, now)
        old = str(_field(body, "accessToken") or "")
        if not old:
            raise Shut(EMPTY)
        if not self._alive(old, now):
            raise Shut(EXPIRED)
        if self._grants[old].key != key:
            raise Shut(NOT_REFRESHED)
        self._grants[old].until = min(self._grants[old].until, now + self.overlap)
        token = self._issue(key, now)
        return {"accessToken": token, "expire": int(self.lifetime)}

    def expire(self) -> None:
        """Let every token die at once."""
        self._grants.clear()
        self._present.clear()

    def check(self, headers: Mapping[str, str], query: Mapping[str, str], raw: bytes, now: float) -> str:
        """Return the application whose signature stands under a call. Raises Shut."""
        token = headers.get("apim-accesstoken", "")
        stamp = headers.get("apim-timestamp", "")
        signature = headers.get("apim-signature", "")
        if not (token and stamp and signature):
            raise Shut(EMPTY)
        if not self._alive(token, now):
            raise Shut(EXPIRED)
        if not stamp.isdigit() or abs(now * 1000 - int(stamp)) > FRESH_MS:
            raise Shut(INVALID)
        key = self._grants[token].key
        told = "".join(name + query[name] for name in sorted(query))
        signed = hashlib.sha256((token + told).encode() + raw + (stamp + self.keys[key]).encode())
        if not hmac.compare_digest(signed.hexdigest().encode(), signature.encode("utf-8", "replace")):
            raise Shut(WRONG)
        return key

    def _alive(self, token: str, now: float) -> bool:
        grant = self._grants.get(token)
        return grant is not None and now < grant.until

    def _issue(self, key: str, now: float) -> str:
        self.issued += 1
        token = f"APIM-SIM-{hashlib.sha256(f'{key}{self.issued}{now}'.encode()).hexdigest()[:40]}"
        self._grants = {each: grant for each, grant in self._grants.items() if now < grant.until}
        self._grants[token] = _Grant(key, now + self.lifetime)
        self._present[key] = token
        return token

    def _applicant(self, body: object, now: float) -> str:
        """Return the access key a token request proves to hold."""
        key, stamp, digest = (str(_field(body, name) or "") for name in ("appKey", "timestamp", "encryption"))
        if not (key and stamp and digest):
            raise Shut(EMPTY)
        if key not in self.keys:
            raise Shut(UNKNOWN_KEY)
        if not stamp.isdigit() or abs(now * 1000 - int(stamp)) > FRESH_MS:
            raise Shut(INVALID)
        right = hashlib.sha256(f"{key}{stamp}{self.keys[key]}".encode()).hexdigest()
        if not hmac.compare_digest(right.encode(), digest.encode("utf-8", "replace")):
            raise Shut(WRONG)
        self._used = {each: at for each, at in self._used.items() if (now - at) * 1000 <= 2 * FRESH_MS}
        if digest in self._used:
            raise Shut(USED)
        self._used[digest] = now
        return key


def _field(body: object, name: str) -> object:
    return body.get(name) if isinstance(body, dict) else None


def json_of(raw: bytes) -> object:
    """Return a body as JSON; None where it is none."""
    try:
        return json.loads(raw)
    except ValueError:
        return None

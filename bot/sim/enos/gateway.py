"""The API gateway: tokens, signatures and how fresh a request must be.

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


class GatewayRefusal(Exception):  # noqa: N818  an answer of the gateway, not an error of the simulator
    """The gateway refuses a request; ``status`` is a number of ``MEANINGS``."""

    def __init__(self, status: int) -> None:
        super().__init__(MEANINGS[status])
        self.status = status


@dataclass(slots=True)
class _IssuedToken:
    key: str
    until: float


@dataclass(slots=True)
class Gateway:
    """Knows the applications and the valid tokens. Times are epoch seconds."""

    keys: dict[str, str]  # access key to secret key
    lifetime: float = 7200.0
    overlap: float = 60.0  # how long a refreshed token still works
    issued: int = 0
    _tokens: dict[str, _IssuedToken] = field(default_factory=dict)
    _newest: dict[str, str] = field(default_factory=dict)  # access key to its newest token
    _used: dict[str, float] = field(default_factory=dict)

    def get(self, body: object, now: float) -> dict[str, Any]:
        """Answer Get Access Token: the valid token with its remaining seconds, or a new one. Raises GatewayRefusal."""
        key = self._check_proof(body, now)
        token = self._newest.get(key, "")
        if not self._valid(token, now):
            token = self._issue(key, now)
        return {"accessToken": token, "expire": int(self._tokens[token].until - now)}

    def refresh(self, body: object, now: float) -> dict[str, Any]:
        """Answer Refresh Access Token: a new token; the old one works for ``overlap`` more. Raises GatewayRefusal."""
        key = self._check_proof(body, now)
        old = str(_field(body, "accessToken") or "")
        if not old:
            raise GatewayRefusal(EMPTY)
        if not self._valid(old, now):
            raise GatewayRefusal(EXPIRED)
        if self._tokens[old].key != key:
            raise GatewayRefusal(NOT_REFRESHED)
        self._tokens[old].until = min(self._tokens[old].until, now + self.overlap)
        token = self._issue(key, now)
        return {"accessToken": token, "expire": int(self.lifetime)}

    def expire(self) -> None:
        """Make every token invalid at once."""
        self._tokens.clear()
        self._newest.clear()

    def check(self, headers: Mapping[str, str], query: Mapping[str, str], raw: bytes, now: float) -> str:
        """Check a call's token, time and signature; return the access key it belongs to. Raises GatewayRefusal."""
        token = headers.get("apim-accesstoken", "")
        stamp = headers.get("apim-timestamp", "")
        signature = headers.get("apim-signature", "")
        if not (token and stamp and signature):
            raise GatewayRefusal(EMPTY)
        if not self._valid(token, now):
            raise GatewayRefusal(EXPIRED)
        if not stamp.isdigit() or abs(now * 1000 - int(stamp)) > FRESH_MS:
            raise GatewayRefusal(INVALID)
        key = self._tokens[token].key
        parameters = "".join(name + query[name] for name in sorted(query))
        signed = hashlib.sha256((token + parameters).encode() + raw + (stamp + self.keys[key]).encode())
        if not hmac.compare_digest(signed.hexdigest().encode(), signature.encode("utf-8", "replace")):
            raise GatewayRefusal(WRONG)
        return key

    def _valid(self, token: str, now: float) -> bool:
        issued = self._tokens.get(token)
        return issued is not None and now < issued.until

    def _issue(self, key: str, now: float) -> str:
        self.issued += 1
        token = f"APIM-SIM-{hashlib.sha256(f'{key}{self.issued}{now}'.encode()).hexdigest()[:40]}"
        self._tokens = {each: issued for each, issued in self._tokens.items() if now < issued.until}
        self._tokens[token] = _IssuedToken(key, now + self.lifetime)
        self._newest[key] = token
        return token

    def _check_proof(self, body: object, now: float) -> str:
        """Check a token request; return the access key whose secret it proves to know."""
        key, stamp, digest = (str(_field(body, name) or "") for name in ("appKey", "timestamp", "encryption"))
        if not (key and stamp and digest):
            raise GatewayRefusal(EMPTY)
        if key not in self.keys:
            raise GatewayRefusal(UNKNOWN_KEY)
        if not stamp.isdigit() or abs(now * 1000 - int(stamp)) > FRESH_MS:
            raise GatewayRefusal(INVALID)
        right = hashlib.sha256(f"{key}{stamp}{self.keys[key]}".encode()).hexdigest()
        if not hmac.compare_digest(right.encode(), digest.encode("utf-8", "replace")):
            raise GatewayRefusal(WRONG)
        self._used = {each: at for each, at in self._used.items() if (now - at) * 1000 <= 2 * FRESH_MS}
        if digest in self._used:
            raise GatewayRefusal(USED)
        self._used[digest] = now
        return key


def _field(body: object, name: str) -> object:
    return body.get(name) if isinstance(body, dict) else None


def json_of(raw: bytes) -> object:
    """Parse a body as JSON; None where it is not JSON."""
    try:
        return json.loads(raw)
    except ValueError:
        return None

"""Keys of the bridges, and the webhook's signature: Standard Webhooks, so that a receiver can use a known library.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
import hashlib
import hmac
from datetime import datetime

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
PREFIX = "whsec_"
SHORTEST_KEY, LONGEST_KEY = 24, 64  # bytes; what Standard Webhooks asks for
ROUTING_KEY_LENGTH = 32  # characters of PagerDuty's integration key


def key_of(secret: str) -> bytes | None:
    """The key that a secret holds: ``whsec_`` and base64 of 24 to 64 bytes; None where it is not one."""
    encoded = secret.removeprefix(PREFIX)
    try:
        key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if encoded != secret and SHORTEST_KEY <= len(key) <= LONGEST_KEY else None


def signed_headers(key: bytes, id_: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers of one attempt: the signature covers id, time and the exact body."""
    stamp = str(int(at.timestamp()))
    digest = hmac.digest(key, f"{id_}.{stamp}.".encode() + body, hashlib.sha256)
    return {
        "content-type": CONTENT_TYPE,
        "webhook-id": id_,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }

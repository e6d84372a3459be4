"""Sends events of incidents: signed to the webhook, with the key to PagerDuty. A connection of its own for each.

Events are few. A fresh connection has no stale keep-alive, and one that hangs is closed whole.
"""

import asyncio
import json
import ssl
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import httpx

from bot.core.bridges import pagerduty
from bot.core.bridges.keys import key_of, signed_headers
from bot.core.bridges.model import Bridge, BridgeEvent
from bot.core.bridges.outcomes import Answer
from bot.core.text.escape import clean
from bot.enos.transport import connections
from bot.settings.table import Settings

SECONDS = 15.0  # that a receiver has to answer
READ, SHOWN = 4096, 300  # bytes of an answer that are read; characters of PagerDuty's words that are shown


class HttpEventSender:
    """Sends to the addresses of the settings."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._settings, self._clock = settings, clock
        self._key = key_of(settings.webhook_secret) or b""

    async def send(self, event: BridgeEvent) -> Answer:
        """Send an event once."""
        if event.bridge is Bridge.WEBHOOK:
            return await self.to_webhook(event.id, event.body)
        return await self.to_pagerduty(pagerduty.with_key(event.body, self._settings.pagerduty_key))

    async def to_webhook(self, id_: str, body: str) -> Answer:
        """Send a body to the webhook, signed for this moment. What it answers besides a status is not used."""
        content = body.encode()
        headers = signed_headers(self._key, id_, self._clock(), content)
        answer, _ = await _post(self._settings.webhook_url, headers, content)
        return answer

    async def to_pagerduty(self, content: bytes) -> Answer:
        """Send a body to PagerDuty; its answer holds what PagerDuty says of a body that it refuses."""
        answer, told = await _post(self._settings.pagerduty_url, {"content-type": "application/json"}, content)
        return Answer(answer.status, answer.says or _said(told), answer.retry_after)


async def _post(url: str, headers: Mapping[str, str], content: bytes) -> tuple[Answer, bytes]:
    """The answer, and the beginning of its body. No redirect is followed."""
    try:
        async with (
            asyncio.timeout(SECONDS),
            httpx.AsyncClient(transport=connections(url, 1, 0), timeout=SECONDS, trust_env=False) as client,
            client.stream(
                "POST",
                url,
                content=content,
                headers={"user-agent": "flowbot", "accept-encoding": "identity", **headers},
            ) as answer,
        ):
            told = b""
            async for part in answer.aiter_raw():
                told += part
                if len(told) >= READ:
                    break
            return Answer(answer.status_code, retry_after=_seconds(answer.headers.get("retry-after", ""))), told
    except (TimeoutError, httpx.TimeoutException):
        return Answer(0, f"no answer within {SECONDS:g} s"), b""
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:  # its words may hold the address, and so a secret
        return Answer(0, _untrusted(error) or f"no connection ({type(error).__name__})"), b""


def _untrusted(error: BaseException | None) -> str:
    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    return "" if error is None else f"its certificate is not trusted ({error.verify_message})"


def _seconds(retry_after: str) -> float:
    """Seconds that a receiver asks to wait; a date is not read."""
    return float(retry_after) if retry_after.isascii() and retry_after.isdecimal() and len(retry_after) < 9 else 0.0


def _said(told: bytes) -> str:
    """PagerDuty's words about an event: ``message`` and ``errors``."""
    try:
        answer: Any = json.loads(told)
    except ValueError:
        return ""
    if not isinstance(answer, dict) or answer.get("status") == "success":
        return ""
    errors = answer.get("errors")
    words = [answer.get("message"), *(errors if isinstance(errors, list) else [])]
    return " ".join(clean(", ".join(str(each) for each in words if each)).split())[:SHOWN]

"""HTTP mode: Slack calls the app's address, signed; commands and clicks as forms, events as JSON.

https://docs.slack.dev/authentication/verifying-requests-from-slack (January 2026).
"""

import asyncio
import hashlib
import hmac
import json
from urllib.parse import urlencode

from aiohttp import ClientError, ClientSession, ClientTimeout

from bot.sim.slack.model import DeliveryResult, Envelope, Json
from bot.sim.slack.state import WorkspaceState


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Compute ``X-Slack-Signature`` for a body; ``timestamp`` is epoch seconds as text."""
    base = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


class HttpSender:
    """Posts to the app's request URL."""

    def __init__(self, state: WorkspaceState, url: str) -> None:
        self.state = state
        self.url = url
        self._session: ClientSession | None = None

    async def verify(self) -> bool:
        """Whether the app answers the challenge that Slack sends to a new address."""
        challenge = self.state.new_id("", 24)
        body = {"token": "verification", "type": "url_verification", "challenge": challenge}
        status, text, _ = await self._post(json.dumps(body).encode(), "application/json", {})
        return status == 200 and challenge in text

    async def send(self, envelope: Envelope, seconds: float) -> DeliveryResult:
        """Deliver and wait for the answer, at most ``seconds``."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        body, kind = self._body(envelope)
        again = {"x-slack-retry-num": str(envelope.attempt), "x-slack-retry-reason": envelope.reason}
        try:
            async with asyncio.timeout(seconds):
                status, text, no_retry = await self._post(body, kind, again if envelope.attempt else {})
        except TimeoutError:
            return DeliveryResult(acked=False, why="http_timeout", seconds=loop.time() - started)
        except (ClientError, OSError):
            return DeliveryResult(acked=False, why="connection_failed", seconds=loop.time() - started)
        spent = loop.time() - started
        if status != 200:
            return DeliveryResult(acked=False, why="http_error", seconds=spent, no_retry=no_retry)
        return DeliveryResult(acked=True, payload=_payload(text) if envelope.takes_payload else {}, seconds=spent)

    async def close(self) -> None:
        """Close the connections to the app."""
        if self._session is not None:
            await self._session.close()

    def _body(self, envelope: Envelope) -> tuple[bytes, str]:
        if envelope.kind == "events_api":
            return json.dumps(envelope.payload).encode(), "application/json"
        interactive = envelope.kind == "interactive"
        form = {"payload": json.dumps(envelope.payload)} if interactive else envelope.payload
        return urlencode(form).encode(), "application/x-www-form-urlencoded"

    async def _post(self, body: bytes, kind: str, more: dict[str, str]) -> tuple[int, str, bool]:
        if self._session is None:
            self._session = ClientSession(timeout=ClientTimeout(total=30))
        timestamp = str(int(self.state.clock()))
        headers = {
            "Content-Type": kind,
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": signature(self.state.app.signing_secret, timestamp, body),
            **more,
        }
        async with self._session.post(self.url, data=body, headers=headers) as answer:
            return answer.status, await answer.text(), answer.headers.get("x-slack-no-retry") == "1"


def _payload(text: str) -> Json:
    if not text:
        return {}
    try:
        read = json.loads(text)
    except ValueError:
        return {"text": text}
    return read if isinstance(read, dict) else {"text": text}

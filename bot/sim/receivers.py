"""Where flowbot's events arrive: a webhook that checks their signatures, and PagerDuty.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md says how they are signed.
"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiohttp import web

from bot.sim.pagerduty import PATH, PagerDuty

HOOK = "/webhook"
SECRET = "whsec_" + base64.b64encode(b"a pretend secret of a pretend webhook").decode()
OLDEST = 300  # seconds since a request was signed
SHOWN = 50


@dataclass
class Webhook:
    """A receiver of CloudEvents. ``clock`` gives epoch seconds."""

    clock: Callable[[], float] = time.time
    secret: str = SECRET
    events: list[dict[str, Any]] = field(default_factory=list)  # as they were accepted, each once
    refused: int = 0  # requests with a wrong signature
    _ids: set[str] = field(default_factory=set)

    async def take(self, request: web.Request) -> web.Response:
        """Accept an event whose signature is right; one that comes again is accepted and not kept."""
        body = await request.read()
        if not self._is_signed(request, body):
            self.refused += 1
            return web.Response(status=401)
        if (id_ := request.headers["webhook-id"]) not in self._ids:
            self._ids.add(id_)
            self.events.append(json.loads(body))
        return web.Response(status=204)

    def _is_signed(self, request: web.Request, body: bytes) -> bool:
        id_, stamp = request.headers.get("webhook-id", ""), request.headers.get("webhook-timestamp", "")
        if not stamp.isdecimal() or abs(self.clock() - int(stamp)) > OLDEST:
            return False
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        digest = hmac.digest(key, f"{id_}.{stamp}.".encode() + body, hashlib.sha256)
        expected = "v1," + base64.b64encode(digest).decode()
        given = request.headers.get("webhook-signature", "").split()
        return any(hmac.compare_digest(each, expected) for each in given)


class Receivers:
    """The receivers of one world, served together."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.pagerduty = PagerDuty(clock=clock)
        self.webhook = Webhook(clock)

    def app(self) -> web.Application:
        """Build the application in which both listen."""
        app = self.pagerduty.app()
        app.router.add_post(HOOK, self.webhook.take)
        return app

    def settings(self, url: str) -> dict[str, str]:
        """Give the settings of flowbot that lead here; ``url`` is where the application is served."""
        return {
            "FLOWBOT_WEBHOOK_URL": f"{url}{HOOK}",
            "FLOWBOT_WEBHOOK_SECRET": self.webhook.secret,
            "FLOWBOT_PAGERDUTY_URL": f"{url}{PATH}",
            "FLOWBOT_PAGERDUTY_KEY": self.pagerduty.key,
        }

    def arrived(self) -> dict[str, Any]:
        """Show what arrived, the newest first; times are epoch seconds."""
        alerts = sorted(self.pagerduty.alerts.values(), key=lambda each: each.steps[-1][0], reverse=True)
        return {
            "alerts": [
                {
                    "key": each.key,
                    "status": each.status,
                    "summary": each.payload["summary"],
                    "steps": [{"at": at, "action": action} for at, action in each.steps],
                }
                for each in alerts[:SHOWN]
            ],
            "events": [_shown(each) for each in self.webhook.events[: -SHOWN - 1 : -1]],
        }


def _shown(event: dict[str, Any]) -> dict[str, Any]:
    at = datetime.fromisoformat(event["time"]).timestamp()
    flow = event["data"].get("flow") or {}
    return {"at": at, "step": event["type"].split(".")[-2], "flow": flow.get("name", ""), "id": event["id"]}

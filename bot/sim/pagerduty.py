"""A simulated PagerDuty: its Events API v2, which refuses what the real one refuses, and the alerts that came of it.

https://developer.pagerduty.com/docs/events-api-v2/trigger-events/ and PagerDuty's api-schema (``events-v2``).
"""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiohttp import web

PATH = "/v2/enqueue"
LARGEST = 512 * 1024  # bytes of a body
ACTIONS = ("trigger", "acknowledge", "resolve")
SEVERITIES = ("critical", "error", "warning", "info")
LONGEST = {"dedup_key": 255, "summary": 1024}


@dataclass
class Alert:
    """What a ``dedup_key`` has become. ``calls``: how often somebody was notified.

    ``steps``: the actions that had an effect, each with its time in epoch seconds.
    """

    key: str
    status: str = "triggered"
    calls: int = 1
    payload: dict[str, Any] = field(default_factory=dict)
    steps: list[tuple[float, str]] = field(default_factory=list)


@dataclass
class PagerDuty:
    """One service with one integration key. ``answers``: statuses to answer with before it works again; 0 is silence.

    ``lost``: how many events it accepts without answering.
    """

    key: str = "0123456789abcdef0123456789abcdef"
    answers: list[int] = field(default_factory=list)
    lost: int = 0
    events: list[dict[str, Any]] = field(default_factory=list)  # as they were accepted
    alerts: dict[str, Alert] = field(default_factory=dict)  # the newest of each key
    refused: list[str] = field(default_factory=list)
    clock: Callable[[], float] = time.time

    def app(self) -> web.Application:
        """The API, to be served."""
        app = web.Application(client_max_size=4 * LARGEST)
        app.router.add_post(PATH, self._enqueue)
        return app

    async def _enqueue(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        if self.answers:
            status = self.answers.pop(0)
            return await _silence(request) if status == 0 else web.json_response({"status": "error"}, status=status)
        if len(body) > LARGEST:
            return self._refuse(["Event is larger than 512 KB"], 413)
        try:
            event = json.loads(body)
        except ValueError:
            return self._refuse(["JSON parse error"])
        if errors := self._errors(event):
            return self._refuse(errors)
        key = self._accept(event)
        if self.lost:
            self.lost -= 1
            return await _silence(request)
        return web.json_response({"status": "success", "message": "Event processed", "dedup_key": key}, status=202)

    def _refuse(self, errors: list[str], status: int = 400) -> web.Response:
        self.refused += errors
        answer = {"status": "invalid event", "message": "Event object is invalid", "errors": errors}
        return web.json_response(answer, status=status)

    def _errors(self, event: Any) -> list[str]:
        if not isinstance(event, dict):
            return ["Event object format is unrecognized"]
        key, action, alert = event.get("routing_key"), event.get("event_action"), event.get("dedup_key")
        errors = []
        if not isinstance(key, str) or not key:
            errors.append("'routing_key' is missing or blank")
        elif len(key) != 32:
            errors.append("Length of 'routing_key' is incorrect (should be 32 characters)")
        elif key != self.key:
            errors.append("Invalid routing key")
        if action not in ACTIONS:
            errors.append("'event_action' is missing or invalid (must be one of trigger, acknowledge or resolve)")
        if alert is None and action != "trigger":
            errors.append("'dedup_key' is missing or blank")
        if alert is not None and (not isinstance(alert, str) or not 0 < len(alert) <= LONGEST["dedup_key"]):
            errors.append("'dedup_key' is invalid (must be a string of at most 255 characters)")
        return errors + (_payload_errors(event) if action == "trigger" else [])

    def _accept(self, event: dict[str, Any]) -> str:
        self.events.append(event)
        key = str(event.get("dedup_key") or f"sim-{len(self.events)}")
        alert = self.alerts.get(key)
        match action := event["event_action"]:
            case "trigger" if alert is None or alert.status == "resolved":
                calls = 1 if alert is None else alert.calls + 1
                alert = self.alerts[key] = Alert(key, calls=calls, payload=event["payload"])
            case "acknowledge" if alert is not None and alert.status == "triggered":
                alert.status = "acknowledged"
            case "resolve" if alert is not None and alert.status != "resolved":
                alert.status = "resolved"
            case _:
                return key  # accepted, without effect
        alert.steps.append((self.clock(), action))
        return key


def _payload_errors(event: dict[str, Any]) -> list[str]:
    payload = event.get("payload")
    if not isinstance(payload, dict):
        return ["'payload' is missing or blank"]
    errors = [
        f"'payload.{name}' is missing or blank"
        for name in ("summary", "source", "severity")
        if not isinstance(payload.get(name), str) or not payload[name]
    ]
    if len(str(payload.get("summary", ""))) > LONGEST["summary"]:
        errors.append("'payload.summary' is too long (maximum is 1024 characters)")
    if payload.get("severity") and payload["severity"] not in SEVERITIES:
        errors.append("'payload.severity' is invalid (must be one of critical, warning, error or info)")
    if payload.get("timestamp") and not _is_time(payload["timestamp"]):
        errors.append("'payload.timestamp' is invalid (must be ISO 8601)")
    if not isinstance(payload.get("custom_details", {}), dict):
        errors.append("'payload.custom_details' is invalid (must be an object)")
    links = event.get("links", [])
    if not isinstance(links, list) or not all(isinstance(each, dict) and each.get("href") for each in links):
        errors.append("'links' is invalid (each needs 'href')")
    return errors


def _is_time(text: Any) -> bool:
    try:
        datetime.fromisoformat(str(text))
    except ValueError:
        return False
    return True


async def _silence(request: web.Request) -> web.StreamResponse:
    """Break the connection without an answer."""
    if request.transport is not None:
        request.transport.abort()
    await asyncio.sleep(0)
    return web.Response()

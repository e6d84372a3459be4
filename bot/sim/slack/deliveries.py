"""Deliveries to the app: over a socket or HTTP, with what a person sees when the app does not answer in time."""

import asyncio
from collections.abc import Coroutine, Generator
from dataclasses import replace
from typing import Any

from bot.sim.slack.http_mode import HttpSender
from bot.sim.slack.message_board import MessageBoard
from bot.sim.slack.model import DeliveryResult, Envelope, Json, Message, ResponseUrl, SlackError
from bot.sim.slack.responses import Responses
from bot.sim.slack.socket import SocketHub
from bot.sim.slack.state import WorkspaceState

ACK_SECONDS = 3.0
RETRY_DELAYS = (0.0, 60.0, 300.0)


class ActResult:
    """What a person's act led to; awaiting it waits for the app and gives the ``DeliveryResult``.

    ``message`` is the message that the act left, ``answer`` the task of its delivery; None where there is none.
    """

    def __init__(self, message: Message | None = None, answer: "asyncio.Task[DeliveryResult] | None" = None) -> None:
        self.message = message
        self.answer = answer

    def __await__(self) -> Generator[Any, None, DeliveryResult]:
        if self.answer is None:
            return DeliveryResult(acked=False, why="nothing was delivered")
        return (yield from self.answer.__await__())


class Deliveries:
    """Sends payloads to the app. ``ack_seconds`` and ``retry_delays`` (seconds) are Slack's unless changed."""

    def __init__(self, state: WorkspaceState, board: MessageBoard, responses: Responses) -> None:
        self._state = state
        self._board = board
        self._responses = responses
        self.ack_seconds = ACK_SECONDS
        self.retry_delays: tuple[float, ...] = RETRY_DELAYS
        self.sockets = SocketHub(state)
        self.http: HttpSender | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    def use_http(self, url: str) -> HttpSender:
        """Deliver to this address instead of to sockets."""
        self._state.app = replace(self._state.app, socket_mode=False)
        self.http = HttpSender(self._state, url)
        return self.http

    async def close(self) -> None:
        """End every delivery, wait, and connection."""
        self._state.closed = True
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.sockets.close()
        if self.http is not None:
            await self.http.close()
        self._state.wake()

    async def settled(self) -> None:
        """Wait until no delivery is under way."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    # ── kinds of deliveries ──────────────────────────────────────────────────

    def command(self, payload: Json, response_url: ResponseUrl) -> "asyncio.Task[DeliveryResult]":
        """Deliver a slash command; the person sees what the acknowledgement says, or that there was none."""

        async def run() -> DeliveryResult:
            name = self._state.app.name
            result = await self.send("slash_commands", payload)
            failure = "" if result.acked else f"{name} did not respond"
            try:
                if result.acked:
                    self._responses.respond_in_acknowledgement(response_url, result.payload)
            except SlackError as error:
                failure = f"Slack refused the answer of {name} ({error.word})"
            if failure:
                text = f"{payload['command']} failed: {failure}."
                self._board.post_from_slackbot(response_url.person, response_url.channel, text)
            return result

        return self.start(run())

    def click(self, payload: Json, source: Message | None) -> "asyncio.Task[DeliveryResult]":
        """Deliver a click or shortcut; if the app does not respond, an ephemeral says so where ``source`` is."""

        async def run() -> DeliveryResult:
            result = await self.send("interactive", payload)
            if not result.acked and source is not None:
                thread = source.thread_ts if not source.top_level else None
                text = f"That did not work: {self._state.app.name} did not respond."
                self._board.post_from_slackbot(payload["user"]["id"], source.channel, text, thread)
            return result

        return self.start(run())

    def interaction(self, payload: Json) -> "asyncio.Task[DeliveryResult]":
        """Deliver what was done in a modal, Home tab, or select; the caller handles the result."""
        return self.start(self.send("interactive", payload))

    def event(self, payload: Json) -> "asyncio.Task[DeliveryResult]":
        """Deliver an event; up to three times again where it is not acknowledged."""
        return self.start(self._send_event(payload))

    async def _send_event(self, payload: Json) -> DeliveryResult:
        result = await self.send("events_api", payload)
        for attempt, delay in enumerate(self.retry_delays, start=1):
            if result.acked or result.no_retry:
                break
            await asyncio.sleep(delay)
            result = await self.send("events_api", payload, attempt=attempt, reason=result.why)
        return result

    # ── one delivery ─────────────────────────────────────────────────────────

    async def send(self, kind: Any, payload: Json, *, attempt: int = 0, reason: str = "") -> DeliveryResult:
        """Deliver once, and wait at most ``ack_seconds`` for the acknowledgement."""
        envelope_id = self._state.new_id("", 20).lower()
        envelope = Envelope(id=envelope_id, kind=kind, payload=payload, attempt=attempt, reason=reason)
        sender = self.http or self.sockets
        result = await sender.send(envelope, self.ack_seconds)
        self._state.wake()
        return result

    def start(self, work: Coroutine[Any, Any, DeliveryResult]) -> "asyncio.Task[DeliveryResult]":
        """Run the work as a task that ``settled`` waits for and ``close`` cancels."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        self._state.wake()

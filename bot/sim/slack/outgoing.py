"""Deliveries to the app: over a socket or HTTP, with what a person sees when the app does not answer in time."""

import asyncio
from collections.abc import Coroutine, Generator
from dataclasses import replace
from typing import Any

from bot.sim.slack.http_mode import HttpSender
from bot.sim.slack.replies import Replies
from bot.sim.slack.socket import SocketHub
from bot.sim.slack.things import (
    Answer,
    Envelope,
    Hook,
    Json,
    Message,
    SlackError,
)

ACK_SECONDS = 3.0
RETRY_DELAYS = (0.0, 60.0, 300.0)


class Deed:
    """What a person did: the message it left, if any; awaiting it gives the app's answer."""

    def __init__(self, message: Message | None, answer: "asyncio.Task[Answer] | None") -> None:
        self.message = message
        self.answer = answer

    def __await__(self) -> Generator[Any, None, Answer]:
        if self.answer is None:
            return Answer(acked=False, why="nothing was delivered")
        return (yield from self.answer.__await__())


class Outgoing(Replies):
    """Sends payloads to the app. ``ack_seconds`` and ``retry_delays`` (seconds) are Slack's unless changed."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.ack_seconds = ACK_SECONDS
        self.retry_delays: tuple[float, ...] = RETRY_DELAYS
        self.sockets = SocketHub(self)
        self.http: HttpSender | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    def use_http(self, url: str) -> HttpSender:
        """Deliver to this address instead of to sockets."""
        self.app = replace(self.app, socket_mode=False)
        self.http = HttpSender(self, url)
        return self.http

    async def close(self) -> None:
        """End every delivery, wait, and connection."""
        self.closed = True
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.sockets.close()
        if self.http is not None:
            await self.http.close()
        self.stir()

    async def settled(self) -> None:
        """Return when no delivery is under way."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def deliver_command(self, payload: Json, hook: Hook) -> "asyncio.Task[Answer]":
        """Deliver a slash command; what the acknowledgement says is shown, and so is its absence."""

        async def run() -> Answer:
            answer = await self._send("slash_commands", payload)
            failure = "" if answer.acked else f"{self.app.name} did not respond"
            try:
                if answer.acked:
                    self.answer_in_ack(hook, answer.payload)
            except SlackError as error:
                failure = f"Slack refused the answer of {self.app.name} ({error.word})"
            if failure:
                self.post_ephemeral(hook.person, hook.channel, f"{payload['command']} failed: {failure}.")
            return answer

        return self._start(run())

    def deliver_press(self, payload: Json, source: Message | None) -> "asyncio.Task[Answer]":
        """Deliver a click or shortcut; a person is told where the app does not respond."""

        async def run() -> Answer:
            answer = await self._send("interactive", payload)
            if not answer.acked and source is not None:
                person = payload["user"]["id"]
                thread = source.thread_ts if not source.top_level else None
                self.post_ephemeral(
                    person, source.channel, f"That did not work: {self.app.name} did not respond.", thread
                )
            return answer

        return self._start(run())

    def deliver_interaction(self, payload: Json) -> "asyncio.Task[Answer]":
        """Deliver what a modal, Home tab, or select did; whoever asked looks at the answer."""
        return self._start(self._send("interactive", payload))

    def deliver_event(self, event: Json) -> "asyncio.Task[Answer]":
        """Deliver an event; where it is not acknowledged, again, up to three times."""
        return self._start(self._send_event(self.event_payload(event)))

    async def _send_event(self, payload: Json) -> Answer:
        answer = await self._send("events_api", payload)
        for attempt, delay in enumerate(self.retry_delays, start=1):
            if answer.acked or answer.no_retry:
                break
            await asyncio.sleep(delay)
            answer = await self._send("events_api", payload, attempt=attempt, reason=answer.why)
        return answer

    async def _send(self, kind: Any, payload: Json, *, attempt: int = 0, reason: str = "") -> Answer:
        envelope = Envelope(id=self.new_id("", 20).lower(), kind=kind, payload=payload, attempt=attempt, reason=reason)
        sender = self.http or self.sockets
        answer = await sender.send(envelope, self.ack_seconds)
        self.stir()
        return answer

    def _start(self, work: Coroutine[Any, Any, Answer]) -> "asyncio.Task[Answer]":
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        self.stir()

    # ── events about messages ────────────────────────────────────────────────

    def posted(self, message: Message) -> None:
        """Tell the app of a new message as far as it listens and is a member."""
        if message.only_for is not None:
            return
        kind = self._message_event_kind(message)
        if kind is not None:
            self.deliver_event(self.message_event(message, "message"))
        if not message.by_app and self.mentions_app(message):
            self.mention(message)

    def mention(self, message: Message) -> None:
        """Deliver a mention, or let Slackbot say that the app is not there."""
        channel = self.channels[message.channel]
        if channel.kind == "im":
            return
        if not self.has_app(channel):
            thread = message.thread_ts if not message.top_level else None
            text = f"You mentioned <@{self.app.bot_user}>, but they’re not in this channel."
            self.post_ephemeral(message.user, channel.id, text, thread)
        elif self.listens("app_mention", "app_mentions:read"):
            self.deliver_event(self.message_event(message, "app_mention"))

    def edited(self, message: Message, before: Json) -> None:
        """Tell the app of a changed message."""
        if message.only_for is None and self._message_event_kind(message) is not None:
            old = self.message_json(message)
            old |= {key: before[key] for key in ("text", "blocks", "edited") if key in before}
            if not old.get("edited"):
                old.pop("edited", None)
            self.deliver_event(self._subtype_event(message, "message_changed", old, self.message_json(message)))

    def removed(self, message: Message) -> None:
        """Tell the app of a removed message."""
        if message.only_for is None and self._message_event_kind(message) is not None:
            self.deliver_event(self._subtype_event(message, "message_deleted", self.message_json(message), None))

    def _subtype_event(self, message: Message, subtype: str, old: Json, new: Json | None) -> Json:
        stamp = self.new_ts()
        kind = {"im": "im", "private": "group"}.get(self.channels[message.channel].kind, "channel")
        event: Json = {
            "type": "message",
            "subtype": subtype,
            "channel": message.channel,
            "hidden": True,
            "ts": stamp,
        }
        event |= {"event_ts": stamp, "channel_type": kind, "previous_message": old}
        event |= {"deleted_ts": message.ts} if new is None else {"message": new}
        return event

    def _message_event_kind(self, message: Message) -> str | None:
        channel = self.channels[message.channel]
        names = {"im": ("message.im", "im:history"), "private": ("message.groups", "groups:history")}
        event, scope = names.get(channel.kind, ("message.channels", "channels:history"))
        return event if self.has_app(channel) and self.listens(event, scope) else None

    def listens(self, event: str, scope: str) -> bool:
        """Whether the app subscribes to an event and was granted what it needs."""
        return event in self.app.events and scope in self.app.scopes and self.app.installed and not self.closed

    def mentions_app(self, message: Message) -> bool:
        """Whether a message mentions the app."""
        return f"<@{self.app.bot_user}>" in message.text or f"<@{self.app.bot_user}|" in message.text

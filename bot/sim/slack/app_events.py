"""Events: what the app is sent about messages, members and reactions, as far as it subscribes and is a member."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from bot.sim.slack.deliveries import Deliveries
from bot.sim.slack.message_board import MessageBoard
from bot.sim.slack.model import DeliveryResult, Json, Message
from bot.sim.slack.payloads import Payloads
from bot.sim.slack.state import WorkspaceState

EventTask = asyncio.Task[DeliveryResult]


class AppEvents:
    """Delivers events; observes the message board."""

    def __init__(self, state: WorkspaceState, board: MessageBoard, payloads: Payloads, deliveries: Deliveries) -> None:
        self._state = state
        self._board = board
        self._payloads = payloads
        self._deliveries = deliveries
        self._recorded: list[EventTask] | None = None

    def subscribed(self, event: str, scope: str) -> bool:
        """Whether the app subscribes to an event and was granted the scope it needs."""
        app = self._state.app
        return event in app.events and scope in app.scopes and app.installed and not self._state.closed

    def send(self, event: Json) -> EventTask:
        """Deliver an event, whether the app subscribes to it or not."""
        task = self._deliveries.event(self._payloads.event(event))
        if self._recorded is not None:
            self._recorded.append(task)
        return task

    @contextmanager
    def recorded(self) -> Iterator[list[EventTask]]:
        """Record the deliveries that begin within the block, in their order."""
        tasks: list[EventTask] = []
        self._recorded = tasks
        try:
            yield tasks
        finally:
            self._recorded = None

    # ── about messages ───────────────────────────────────────────────────────

    def posted(self, message: Message) -> None:
        """Send what a new message leads to: a message event, a mention."""
        if message.only_for is not None:
            return
        if self._gets_message_events(message):
            self.send(self._payloads.message_event(message, "message"))
        if not message.by_app and self.mentions_app(message):
            self.mention(message)

    def mention(self, message: Message) -> None:
        """Send a mention; where the app is no member, the author gets an ephemeral that says so."""
        channel = self._state.channels[message.channel]
        if channel.kind == "im":
            return
        if not self._state.has_app(channel):
            thread = message.thread_ts if not message.top_level else None
            text = f"You mentioned <@{self._state.app.bot_user}>, but they’re not in this channel."
            self._board.post_from_slackbot(message.user, channel.id, text, thread)
        elif self.subscribed("app_mention", "app_mentions:read"):
            self.send(self._payloads.message_event(message, "app_mention"))

    def edited(self, message: Message, before: Json) -> None:
        """Send that a message was changed; ``before`` holds the changed fields as they were."""
        if message.only_for is None and self._gets_message_events(message):
            self.send(self._payloads.message_changed(message, before))

    def removed(self, message: Message) -> None:
        """Send that a message was removed."""
        if message.only_for is None and self._gets_message_events(message):
            self.send(self._payloads.message_deleted(message))

    def mentions_app(self, message: Message) -> bool:
        """Whether a message mentions the app."""
        user = self._state.app.bot_user
        return f"<@{user}>" in message.text or f"<@{user}|" in message.text

    def _gets_message_events(self, message: Message) -> bool:
        channel = self._state.channels[message.channel]
        names = {"im": ("message.im", "im:history"), "private": ("message.groups", "groups:history")}
        event, scope = names.get(channel.kind, ("message.channels", "channels:history"))
        return self._state.has_app(channel) and self.subscribed(event, scope)

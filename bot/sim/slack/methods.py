"""What all Web API methods share: their arguments, their scopes, and how they find channels, people and messages."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.sim.slack.message import parsed
from bot.sim.slack.model import Channel, Json, Message, SlackError, SlackUser
from bot.sim.slack.responses import truth
from bot.sim.slack.state import WorkspaceState
from bot.sim.slack.workspace import Workspace


@dataclass(frozen=True)
class MethodCall:
    """One call of a Web API method. Its methods raise ``SlackError`` for what is missing, unknown or not allowed."""

    workspace: Workspace
    arguments: Json
    host: str = ""

    @property
    def state(self) -> WorkspaceState:
        """Who and what there is in the workspace."""
        return self.workspace.state

    def text(self, name: str) -> str:
        """Read an argument as text, empty where it was not given."""
        value = self.arguments.get(name)
        return "" if value is None else str(value)

    def needed(self, name: str) -> str:
        """Read an argument that must be given."""
        value = self.text(name)
        if not value:
            messages = [f"[ERROR] missing required field: {name}"]
            raise SlackError("invalid_arguments", response_metadata={"messages": messages})
        return value

    def flag(self, name: str) -> bool:
        """Read an argument as a boolean."""
        return truth(self.arguments.get(name))

    def number(self, name: str, default: int, most: int) -> int:
        """Read an argument as a count between one and ``most``."""
        value = self.text(name)
        if not value:
            return default
        if not value.isdigit() or int(value) < 1:
            raise SlackError("invalid_limit")
        return min(int(value), most)

    def json(self, name: str) -> Any:
        """Read an argument that may be JSON in a string."""
        return parsed(self.arguments.get(name), "invalid_arguments")

    # ── finding ──────────────────────────────────────────────────────────────

    def channel(self, name: str = "channel") -> Channel:
        """Find the channel; a private one that the app is not in does not exist for it."""
        channel = self.state.channels.get(self.needed(name))
        if channel is None or (channel.kind != "public" and not self.state.has_app(channel)):
            raise SlackError("channel_not_found")
        return channel

    def joined(self, name: str = "channel") -> Channel:
        """Find a channel that the app is a member of."""
        channel = self.channel(name)
        if not self.state.has_app(channel):
            raise SlackError("not_in_channel")
        return channel

    def person(self, name: str = "user") -> SlackUser:
        """Find the person."""
        person = self.state.people.get(self.needed(name))
        if person is None:
            raise SlackError("user_not_found")
        return person

    def thread(self, channel: Channel) -> str | None:
        """Find the thread to post in; None where its parent is not there.

        Live Slack does not refuse such a reply: it posts it in the channel, as four independent reports say of apps
        whose messages people had deleted (2026; not documented).
        """
        thread_ts = self.text("thread_ts")
        parent = self.workspace.board.find(channel.id, thread_ts) if thread_ts else None
        if parent is not None and parent.only_for is not None:
            raise SlackError("cannot_reply_to_message")
        return None if parent is None or parent.subtype == "tombstone" else thread_ts

    def message(self, channel: Channel, name: str = "ts") -> Message:
        """Find the message; ephemerals are not stored in Slack, so they are not found."""
        message = self.workspace.board.find(channel.id, self.needed(name))
        if message is None or message.only_for is not None or message.subtype == "tombstone":
            raise SlackError("message_not_found")
        return message

    def needs_scope(self, scope: str) -> None:
        """Refuse the call unless the app was granted this scope."""
        if scope not in self.state.app.scopes:
            provided = ",".join(sorted(self.state.app.scopes))
            raise SlackError("missing_scope", needed=scope, provided=provided)

    def needs_scope_for(self, channel: Channel, what: str) -> None:
        """Refuse unless granted ``channels:``, ``groups:`` or ``im:`` and ``what``, by the kind of channel."""
        area = {"public": "channels", "private": "groups", "im": "im"}[channel.kind]
        self.needs_scope(f"{area}:{what}")


@dataclass(frozen=True)
class Method:
    """A Web API method: what it does, the scope it always needs, and whether it takes the app-level token."""

    perform: Callable[[MethodCall], Json]
    scope: str = ""
    app_token: bool = False


def page(entries: list[Any], call: MethodCall, default: int, most: int = 999) -> tuple[list[Any], Json]:
    """Cut one page of at most ``most`` entries out of a list; the second value is what to add to the answer."""
    cursor = call.text("cursor")
    if cursor and not cursor.startswith("next:"):
        raise SlackError("invalid_cursor")
    start = int(cursor.removeprefix("next:") or 0) if cursor else 0
    end = start + min(call.number("limit", default, most), most)
    more = end < len(entries)
    return entries[start:end], {"response_metadata": {"next_cursor": f"next:{end}" if more else ""}}

"""The messages of every conversation: who may read them, and how the app and people add, change and remove them."""

from collections.abc import Iterator
from typing import Any, Protocol

from bot.sim.slack.blocks import attachment_with_ids, with_ids
from bot.sim.slack.model import SLACKBOT, Json, Message
from bot.sim.slack.state import WorkspaceState


class BoardObserver(Protocol):
    """Learns of each message that is posted, changed or removed."""

    def posted(self, message: Message) -> None:
        """Learn of a new message."""

    def edited(self, message: Message, before: Json) -> None:
        """Learn of a changed message; ``before`` holds the fields as they were."""

    def removed(self, message: Message) -> None:
        """Learn of a message that was removed, or has become a tombstone."""


class MessageBoard:
    """Messages by channel in the order of their timestamps; replies and ephemerals are among them.

    Channels are named by id or name, people by id, handle or name, as ``WorkspaceState`` finds them.
    """

    def __init__(self, state: WorkspaceState) -> None:
        self._state = state
        self._messages: dict[str, dict[str, Message]] = {}
        self._replies: dict[tuple[str, str], dict[str, Message]] = {}
        self.last_read: dict[tuple[str, str], str] = {}
        self.observer: BoardObserver | None = None

    # ── reading ──────────────────────────────────────────────────────────────

    def everything(self, channel: str) -> Iterator[Message]:
        """Go through all messages of a channel, replies and everyone's ephemerals included, oldest first."""
        yield from self._messages.get(self._state.channel(channel).id, {}).values()

    def messages(self, channel: str) -> list[Message]:
        """List the messages in the channel itself, oldest first: no replies, no ephemerals."""
        return [message for message in self.everything(channel) if message.top_level and message.only_for is None]

    def thread(self, channel: str, ts: str) -> list[Message]:
        """List a thread: its parent first where that exists, then the replies; no ephemerals."""
        key = self._state.channel(channel).id
        parent = self.find(key, ts)
        replies = self._replies.get((key, ts), {}).values()
        return [message for message in ((parent, *replies) if parent else replies) if message.only_for is None]

    def replies(self, message: Message) -> list[Message]:
        """List the replies to a message; no ephemerals."""
        return [reply for reply in self.thread(message.channel, message.ts) if reply.ts != message.ts]

    def all_replies(self, message: Message) -> list[Message]:
        """List the replies to a message, everyone's ephemerals among them."""
        return list(self._replies.get((message.channel, message.ts), {}).values())

    def ephemerals(self, who: str, channel: str) -> list[Message]:
        """List what only this person sees in the channel and its threads."""
        person = self._state.person(who).id
        return [message for message in self.everything(channel) if message.only_for == person]

    def find(self, channel: str, ts: str) -> Message | None:
        """Find the message or ephemeral with this timestamp; ``channel`` is an id."""
        return self._messages.get(channel, {}).get(ts)

    def unread(self, who: str, channel: str) -> int:
        """Count the messages of others that arrived since the person last looked or wrote there; ``who`` is an id."""
        since = self.last_read.get((who, channel), "")
        return sum(
            1
            for message in self.everything(channel)
            if message.ts > since and message.user != who and message.only_for in {None, who} and message.top_level
        )

    def mark_read(self, who: str, channel: str) -> None:
        """Note that the person has seen everything there is in the channel; both are ids."""
        latest = max((message.ts for message in self.everything(channel)), default="")
        if self.last_read.get((who, channel), "") < latest:
            self.last_read[who, channel] = latest
            self._state.changed()

    # ── writing ──────────────────────────────────────────────────────────────

    def add(self, message: Message) -> Message:
        """Add a message; the components of an app's get the ids that Slack fills in."""
        if message.by_app:
            message.blocks = with_ids(message.blocks, self._state.new_id)
            for attachment in message.attachments:
                if "blocks" in attachment:
                    attachment["blocks"] = with_ids(attachment["blocks"], self._state.new_id)
        self._messages.setdefault(message.channel, {})[message.ts] = message
        if message.thread_ts not in {None, message.ts}:
            parent = self.find(message.channel, str(message.thread_ts))
            if parent is not None and message.only_for is None:
                parent.thread_ts = parent.ts
            self._replies.setdefault((message.channel, str(message.thread_ts)), {})[message.ts] = message
        if self.observer is not None:
            self.observer.posted(message)
        self._state.changed()
        return message

    def change(self, message: Message, **facts: Any) -> None:
        """Replace fields of a message: text, blocks, attachments, metadata, edited."""
        before = {key: getattr(message, key) for key in facts}
        for key, value in facts.items():
            setattr(message, key, self._stored(key, value) if message.by_app else value)
        if before != facts and self.observer is not None:
            self.observer.edited(message, before)
        self._state.changed()

    def remove(self, message: Message) -> None:
        """Remove a message; a parent with replies leaves a tombstone, as in Slack."""
        if message.only_for is None and self.replies(message):
            message.text, message.blocks, message.attachments = "This message was deleted.", [], []
            message.subtype, message.metadata, message.by_app, message.user = (
                "tombstone",
                None,
                False,
                SLACKBOT,
            )
        else:
            del self._messages[message.channel][message.ts]
            self._replies.get((message.channel, str(message.thread_ts)), {}).pop(message.ts, None)
        if self.observer is not None:
            self.observer.removed(message)
        self._state.changed()

    def post_from_slackbot(self, who: str, channel: str, text: str, thread_ts: str | None = None) -> Message:
        """Show one person an ephemeral of Slackbot's; ``who`` and ``channel`` are ids."""
        ts = self._state.new_ts()
        return self.add(Message(ts=ts, channel=channel, user=SLACKBOT, text=text, only_for=who, thread_ts=thread_ts))

    def _stored(self, key: str, value: Any) -> Any:
        if key == "blocks":
            return with_ids(value, self._state.new_id)
        if key == "attachments":
            return [attachment_with_ids(each, self._state.new_id) for each in value]
        return value

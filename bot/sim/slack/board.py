"""The messages of every conversation: who may read them, and how the app and people add, change and remove them."""

from collections.abc import Iterator
from typing import Any

from bot.sim.slack.show import Reader
from bot.sim.slack.things import SLACKBOT, Json, Message


class Board(Reader):
    """Messages by channel in the order of their timestamps; replies and ephemerals are among them."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._messages: dict[str, dict[str, Message]] = {}
        self._below: dict[tuple[str, str], dict[str, Message]] = {}
        self.last_read: dict[tuple[str, str], str] = {}

    # ── reading ──────────────────────────────────────────────────────────────

    def everything(self, channel: str) -> Iterator[Message]:
        """Yield all messages of a channel, replies and everyone's ephemerals included, oldest first."""
        yield from self._messages.get(self.channel(channel).id, {}).values()

    def messages(self, channel: str) -> list[Message]:
        """Return what stands in the channel itself, oldest first: no replies, no ephemerals."""
        return [message for message in self.everything(channel) if message.top_level and message.only_for is None]

    def thread(self, channel: str, ts: str) -> list[Message]:
        """Return a thread: its parent first where that exists, then the replies; no ephemerals."""
        key = self.channel(channel).id
        parent = self.find(key, ts)
        below = self._below.get((key, ts), {}).values()
        return [message for message in ((parent, *below) if parent else below) if message.only_for is None]

    def replies(self, message: Message) -> list[Message]:
        """Return the replies to a message."""
        return [reply for reply in self.thread(message.channel, message.ts) if reply.ts != message.ts]

    def below(self, message: Message) -> list[Message]:
        """Return the replies to a message, everyone's ephemerals among them."""
        return list(self._below.get((message.channel, message.ts), {}).values())

    def ephemerals(self, who: str, channel: str) -> list[Message]:
        """Return what only this person sees in the channel and its threads."""
        person = self.person(who).id
        return [message for message in self.everything(channel) if message.only_for == person]

    def find(self, channel: str, ts: str) -> Message | None:
        """Return the message or ephemeral with this timestamp."""
        return self._messages.get(channel, {}).get(ts)

    def visible(self, who: str, channel: str) -> list[str]:
        """Return what a person reads in a channel, one entry a message, replies below their parents.

        An entry reads ``Maya Chen: hello``; an ephemeral ``flowbot (only you): hello``; a reply begins with ``↳ ``.
        """
        person = self.person(who).id
        lines = []
        for message in self.everything(channel):
            if message.top_level and message.only_for in {None, person}:
                lines.append(self._line(message))
                lines += [f"↳ {self._line(reply)}" for reply in self.below(message) if reply.only_for in {None, person}]
        return lines

    def _line(self, message: Message) -> str:
        private = "" if message.only_for is None else " (only you)"
        return f"{self.people[message.user].real_name}{private}: {self.shown(message)}"

    def unread(self, who: str, channel: str) -> int:
        """Return how many messages of others arrived since the person last looked or spoke there."""
        since = self.last_read.get((who, channel), "")
        return sum(
            1
            for message in self.everything(channel)
            if message.ts > since and message.user != who and message.only_for in {None, who} and message.top_level
        )

    def read(self, who: str, channel: str) -> None:
        """Note that the person has seen everything there is in the channel."""
        latest = max((message.ts for message in self.everything(channel)), default="")
        if self.last_read.get((who, channel), "") < latest:
            self.last_read[who, channel] = latest
            self.changed()

    # ── writing ──────────────────────────────────────────────────────────────

    def put(self, message: Message) -> Message:
        """Add a message; the components of an app's get the ids that Slack fills in."""
        if message.by_app:
            message.blocks = self.with_ids(message.blocks)
            for attachment in message.attachments:
                if "blocks" in attachment:
                    attachment["blocks"] = self.with_ids(attachment["blocks"])
        self._messages.setdefault(message.channel, {})[message.ts] = message
        if message.thread_ts not in {None, message.ts}:
            parent = self.find(message.channel, str(message.thread_ts))
            if parent is not None and message.only_for is None:
                parent.thread_ts = parent.ts
            self._below.setdefault((message.channel, str(message.thread_ts)), {})[message.ts] = message
        self.posted(message)
        self.changed()
        return message

    def change(self, message: Message, **facts: Any) -> None:
        """Replace facts about a message: text, blocks, attachments, metadata, edited."""
        before = {key: getattr(message, key) for key in facts}
        for key, value in facts.items():
            setattr(message, key, self._named(key, value) if message.by_app else value)
        if before != facts:
            self.edited(message, before)
        self.changed()

    def remove(self, message: Message) -> None:
        """Take a message away; a parent with replies leaves a tombstone, as in Slack."""
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
            self._below.get((message.channel, str(message.thread_ts)), {}).pop(message.ts, None)
        self.removed(message)
        self.changed()

    def post_ephemeral(self, who: str, channel: str, text: str, thread_ts: str | None = None) -> Message:
        """Let Slackbot tell one person something."""
        return self.put(
            Message(ts=self.new_ts(), channel=channel, user=SLACKBOT, text=text, only_for=who, thread_ts=thread_ts)
        )

    def _named(self, key: str, value: Any) -> Any:
        if key == "blocks":
            return self.with_ids(value)
        if key == "attachments":
            return [self._attachment_with_ids(each) for each in value]
        return value

    def _attachment_with_ids(self, attachment: Json) -> Json:
        return {**attachment, "blocks": self.with_ids(attachment["blocks"])} if "blocks" in attachment else attachment

    def with_ids(self, blocks: list[Json]) -> list[Json]:
        """Return the blocks with the block and action ids that Slack makes up where the app gave none."""
        return [self._with_ids(_without_nulls(block)) for block in blocks]

    def _with_ids(self, block: Json) -> Json:
        filled = {**block, "block_id": block.get("block_id") or self.new_id("", 5)}
        for place in ("accessory", "element"):
            if place in filled:
                filled[place] = self._with_action_id(filled[place])
        if filled["type"] == "actions":
            filled["elements"] = [self._with_action_id(element) for element in filled["elements"]]
        return filled

    def _with_action_id(self, element: Json) -> Json:
        return (
            element
            if element["type"] == "image"
            else {**element, "action_id": element.get("action_id") or self.new_id("", 5)}
        )

    # ── what others want to hear of ──────────────────────────────────────────

    def posted(self, message: Message) -> None:
        """Tell the app of a new message; filled in where deliveries are known."""

    def edited(self, message: Message, before: Json) -> None:
        """Tell the app of a changed message; filled in where deliveries are known."""

    def removed(self, message: Message) -> None:
        """Tell the app of a removed message; filled in where deliveries are known."""


def _without_nulls(value: Any) -> Any:
    """Return a block without the keys that hold nothing, as Slack stores it."""
    if isinstance(value, dict):
        return {key: _without_nulls(part) for key, part in value.items() if part is not None}
    return [_without_nulls(part) for part in value] if isinstance(value, list) else value

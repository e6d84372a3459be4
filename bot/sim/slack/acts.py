"""What people do with messages: say, press, edit, delete, react, use a shortcut, open the Home tab."""

import asyncio
import re
from typing import Any

from bot.sim.slack.inputs import elements, entered, find_option, options
from bot.sim.slack.outgoing import Deed, Outgoing
from bot.sim.slack.text import encode
from bot.sim.slack.things import (
    Answer,
    Channel,
    Command,
    Forbidden,
    Json,
    Message,
    Person,
    View,
)

Source = Message | View


class Acts(Outgoing):
    """The verbs of people. Each raises ``Forbidden`` where Slack's client would not offer the act."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.chosen: dict[tuple[str, str], Json] = {}
        self._latest: asyncio.Task[Answer] | None = None

    # ── saying ───────────────────────────────────────────────────────────────

    def say(self, who: str, where: str, text: str, thread: str | Message | None = None) -> Deed:
        """Type a text and send it: a slash command, or a message, encoded as Slack's client would.

        ``where`` is a channel's id or name, or ``@`` and the app's name for the person's direct messages.
        """
        person = self._active(who)
        channel = self._place(person, where)
        thread_ts = thread.ts if isinstance(thread, Message) else thread
        if text.startswith("/"):
            return self._command(person, channel, text, thread_ts)
        self._may_post(person, channel, in_thread=thread_ts is not None)
        typed = self._typed(person, text)
        message = Message(ts=self.new_ts(), channel=channel.id, user=person.id, text=typed, thread_ts=thread_ts)
        self._latest = None
        self.put(message)
        self.read(person.id, channel.id)
        return Deed(message, self._latest)

    def deliver_event(self, event: Json) -> "asyncio.Task[Answer]":
        """Deliver an event, and remember it as what the present act led to."""
        self._latest = super().deliver_event(event)
        return self._latest

    def _typed(self, person: Person, text: str) -> str:
        seen = [channel for channel in self.channels.values() if self.sees(person.id, channel)]
        return encode(text, people=self.people.values(), channels=seen, groups=self.groups.values())

    def _command(self, person: Person, channel: Channel, text: str, thread_ts: str | None) -> Deed:
        name, *rest = re.split(r"\s+", text.strip(), maxsplit=1)
        if self.own_command(person, channel, name, self._typed(person, rest[0] if rest else "")):
            return Deed(None, None)
        command = next((one for one in self.app.commands if one.name == name), None)
        if command is None or not self.app.installed:
            self.post_ephemeral(person.id, channel.id, f"{name} is not a valid command.", thread_ts)
            return Deed(None, None)
        if thread_ts is not None:
            self.post_ephemeral(person.id, channel.id, f"{name} is not supported in threads. Sorry!", thread_ts)
            return Deed(None, None)
        hook = self.new_hook(person.id, channel.id, typed=text)
        words = self._words(person, command, rest[0] if rest else "")
        return Deed(None, self.deliver_command(self.command_payload(person, channel, name, words, hook), hook))

    def own_command(self, person: Person, channel: Channel, name: str, text: str) -> bool:
        """Carry out a command of Slack's own, if it is one; filled in where membership is known."""
        del person, channel, name, text
        return False

    def _words(self, person: Person, command: Command, text: str) -> str:
        return self._typed(person, text) if command.should_escape else text

    # ── pressing ─────────────────────────────────────────────────────────────

    def press(self, who: str, source: Source, label: str) -> Deed:
        """Press the button with this label, or choose the option with this label from any menu."""
        for block, element in elements(self._blocks_of(source)):
            if element["type"] == "button" and element["text"]["text"] == label:
                return self.click(who, source, block["block_id"], element["action_id"])
        for block, element in elements(self._blocks_of(source)):
            for option in options(element):
                if option["text"]["text"] == label:
                    return self.click(who, source, block["block_id"], element["action_id"], option)
        raise Forbidden(f"there is no {label} to press")

    def click(self, who: str, source: Source, block_id: str, action_id: str, value: Any = None) -> Deed:
        """Press or choose by ids; ``value`` is the option, date, person and so on that was chosen."""
        person = self._active(who)
        self._may_see(person, source)
        block, element = self._control(source, block_id, action_id)
        action: Json = {
            "type": element["type"],
            "block_id": block_id,
            "action_id": action_id,
            "action_ts": self.new_ts(),
        }
        if element["type"] == "button":
            action |= {key: element[key] for key in ("text", "value", "style") if key in element}
        elif element["type"] == "overflow":
            action["selected_option"] = find_option(element, value)
        else:
            state = entered(element, value)
            self._remember(person, source, block_id, action_id, state)
            action |= state
            if block["type"] == "input" and not block.get("dispatch_action"):
                return Deed(None, None)
        if isinstance(source, View):
            return Deed(None, self.deliver_interaction(self.view_press_payload(person, source, action)))
        chosen = self.chosen.get((person.id, source.ts), {})
        return Deed(None, self.deliver_press(self.press_payload(person, source, action, chosen), source))

    def _blocks_of(self, source: Source) -> list[Json]:
        if isinstance(source, View):
            return list(source.content["blocks"])
        return self.all_blocks(source)

    def _control(self, source: Source, block_id: str, action_id: str) -> tuple[Json, Json]:
        for block, element in elements(self._blocks_of(source)):
            if (block["block_id"], element["action_id"]) == (block_id, action_id):
                return block, element
        raise Forbidden("what you pressed is no longer there")

    def _remember(self, person: Person, source: Source, block_id: str, action_id: str, state: Json) -> None:
        values = source.values if isinstance(source, View) else self.chosen.setdefault((person.id, source.ts), {})
        values.setdefault(block_id, {})[action_id] = state
        self.changed()

    # ── own messages, reactions, shortcuts, Home ─────────────────────────────

    def edit(self, who: str, message: Message, text: str) -> Deed:
        """Change one's own message; a mention that is new reaches the app."""
        person = self._active(who)
        if message.user != person.id:
            raise Forbidden("only the author edits a message")
        mentioned = self.mentions_app(message)
        self._latest = None
        self.change(message, text=self._typed(person, text), edited={"user": person.id, "ts": self.new_ts()})
        if self.mentions_app(message) and not mentioned:
            self.mention(message)
        return Deed(message, self._latest)

    def delete(self, who: str, message: Message) -> None:
        """Delete one's own message, or an app's where one is an admin of the workspace; or dismiss an ephemeral."""
        person = self._active(who)
        moderates = person.admin and message.only_for is None
        if not moderates and person.id not in {message.user, message.only_for}:
            raise Forbidden("only the author deletes a message")
        self.remove(message)

    def react(self, who: str, message: Message, name: str) -> Deed:
        """Add an emoji to a message, or take it back."""
        person = self._active(who)
        self._may_see(person, message)
        users = message.reactions.setdefault(name, [])
        kind = "reaction_removed" if person.id in users else "reaction_added"
        if person.id in users:
            users.remove(person.id)
        else:
            users.append(person.id)
        message.reactions = {key: value for key, value in message.reactions.items() if value}
        self.changed()
        if not self.has_app(self.channels[message.channel]) or not self.listens(kind, "reactions:read"):
            return Deed(message, None)
        item = {"type": "message", "channel": message.channel, "ts": message.ts}
        event = {"type": kind, "user": person.id, "reaction": name, "item": item, "item_user": message.user}
        return Deed(message, self.deliver_event({**event, "event_ts": self.new_ts()}))

    def use_shortcut(self, who: str, callback_id: str, message: Message | None = None) -> Deed:
        """Use a shortcut of the app, on a message where it is one for messages."""
        person = self._active(who)
        kind = "global" if message is None else "message"
        for shortcut in self.app.shortcuts:
            if (shortcut.callback_id, shortcut.kind) == (callback_id, kind):
                if message is not None and message.only_for is not None:
                    raise Forbidden("shortcuts do not work on ephemeral messages")
                return Deed(None, self.deliver_press(self.shortcut_payload(person, shortcut, message), message))
        raise Forbidden(f"there is no {kind} shortcut {callback_id}")

    def open_home(self, who: str, tab: str = "home") -> Deed:
        """Open the app's Home tab, or its messages."""
        person = self._active(who)
        if not self.listens("app_home_opened", "chat:write") or not self.app.home_tab:
            return Deed(None, None)
        event: Json = {
            "type": "app_home_opened",
            "user": person.id,
            "channel": self.dm(person.id).id,
            "tab": tab,
            "event_ts": self.new_ts(),
        }
        view = self.homes.get(person.id)
        if view is not None:
            event["view"] = self.view_json(view)
        return Deed(None, self.deliver_event(event))

    # ── what the client allows ───────────────────────────────────────────────

    def _active(self, who: str) -> Person:
        person = self.person(who)
        if person.deleted:
            raise Forbidden(f"{person.real_name} is deactivated")
        return person

    def _place(self, person: Person, where: str) -> Channel:
        if where.removeprefix("@") in {self.app.name, self.app.bot_user}:
            return self.dm(person.id)
        if where.startswith("D") and where == self.dm(person.id).id:
            return self.dm(person.id)
        channel = self.channel(where)
        if not self.sees(person.id, channel):
            raise Forbidden(f"{person.real_name} cannot see {where}")
        return channel

    def _may_post(self, person: Person, channel: Channel, *, in_thread: bool) -> None:
        if channel.archived:
            raise Forbidden(f"#{channel.name} is archived")
        if channel.read_only and not person.admin and not in_thread:
            raise Forbidden(f"only admins post in #{channel.name}")
        if channel.kind == "im" and not self.app.messages_tab:
            raise Forbidden("sending messages to this app has been turned off")
        if person.id not in channel.members:
            channel.members.append(person.id)
            self.changed()

    def _may_see(self, person: Person, source: Source) -> None:
        if isinstance(source, View):
            seen = source.person == person.id and self.find_view(source.id) is not None
        else:
            standing = self.find(source.channel, source.ts) is source and source.only_for in {None, person.id}
            seen = standing and self.sees(person.id, self.channels[source.channel])
        if not seen:
            raise Forbidden(f"{person.real_name} does not see that")

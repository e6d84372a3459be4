"""What people do with messages: write, edit, delete, react."""

from bot.sim.slack.app_events import AppEvents
from bot.sim.slack.client_rules import ClientRules
from bot.sim.slack.deliveries import ActResult
from bot.sim.slack.message_board import MessageBoard
from bot.sim.slack.model import Forbidden, Message
from bot.sim.slack.slash_commands import SlashCommands
from bot.sim.slack.state import WorkspaceState


class MessageActs:
    """Each act raises ``Forbidden`` where Slack's client would not offer it."""

    def __init__(
        self,
        state: WorkspaceState,
        board: MessageBoard,
        rules: ClientRules,
        commands: SlashCommands,
        events: AppEvents,
    ) -> None:
        self._state = state
        self._board = board
        self._rules = rules
        self._commands = commands
        self._events = events

    def say(self, who: str, where: str, text: str, thread: str | Message | None = None) -> ActResult:
        """Type a text and send it: a slash command, or a message, encoded as Slack's client would.

        ``where`` is a channel's id or name, or ``@`` and the app's name for the person's direct messages.
        """
        person = self._rules.active_person(who)
        channel = self._rules.channel_seen_by(person, where)
        thread_ts = thread.ts if isinstance(thread, Message) else thread
        if text.startswith("/"):
            return self._commands.run(person, channel, text, thread_ts)
        self._rules.enter_to_post(person, channel, in_thread=thread_ts is not None)
        typed = self._rules.encoded(person, text)
        ts = self._state.new_ts()
        message = Message(ts=ts, channel=channel.id, user=person.id, text=typed, thread_ts=thread_ts)
        with self._events.recorded() as deliveries:
            self._board.add(message)
        self._board.mark_read(person.id, channel.id)
        return ActResult(message, deliveries[-1] if deliveries else None)

    def edit(self, who: str, message: Message, text: str) -> ActResult:
        """Change one's own message; a mention that is new reaches the app."""
        person = self._rules.active_person(who)
        if message.user != person.id:
            raise Forbidden("only the author edits a message")
        mentioned = self._events.mentions_app(message)
        typed = self._rules.encoded(person, text)
        with self._events.recorded() as deliveries:
            self._board.change(message, text=typed, edited={"user": person.id, "ts": self._state.new_ts()})
            if self._events.mentions_app(message) and not mentioned:
                self._events.mention(message)
        return ActResult(message, deliveries[-1] if deliveries else None)

    def delete(self, who: str, message: Message) -> None:
        """Delete one's own message, or an app's where one is an admin of the workspace; or dismiss an ephemeral."""
        person = self._rules.active_person(who)
        moderates = person.admin and message.only_for is None
        if not moderates and person.id not in {message.user, message.only_for}:
            raise Forbidden("only the author deletes a message")
        self._board.remove(message)

    def react(self, who: str, message: Message, name: str) -> ActResult:
        """Add an emoji to a message, or take it back."""
        person = self._rules.active_person(who)
        self._rules.check_sees(person, message)
        users = message.reactions.setdefault(name, [])
        kind = "reaction_removed" if person.id in users else "reaction_added"
        if person.id in users:
            users.remove(person.id)
        else:
            users.append(person.id)
        message.reactions = {key: value for key, value in message.reactions.items() if value}
        self._state.changed()
        channel = self._state.channels[message.channel]
        if not self._state.has_app(channel) or not self._events.subscribed(kind, "reactions:read"):
            return ActResult(message)
        item = {"type": "message", "channel": message.channel, "ts": message.ts}
        event = {"type": kind, "user": person.id, "reaction": name, "item": item, "item_user": message.user}
        return ActResult(message, self._events.send({**event, "event_ts": self._state.new_ts()}))

"""What Slack's client lets a person do, and how it encodes what they type."""

from bot.sim.slack.message_board import MessageBoard
from bot.sim.slack.modal_stack import ModalStack
from bot.sim.slack.model import Channel, Forbidden, Message, SlackUser, View
from bot.sim.slack.state import WorkspaceState
from bot.sim.slack.text import encode


class ClientRules:
    """Each check raises ``Forbidden`` where Slack's client would not offer the act."""

    def __init__(self, state: WorkspaceState, board: MessageBoard, modals: ModalStack) -> None:
        self._state = state
        self._board = board
        self._modals = modals

    def active_person(self, who: str) -> SlackUser:
        """Find a person, who must not be deactivated."""
        person = self._state.person(who)
        if person.deleted:
            raise Forbidden(f"{person.real_name} is deactivated")
        return person

    def channel_seen_by(self, person: SlackUser, where: str) -> Channel:
        """Find the channel with this id or name; ``@`` and the app's name are the person's direct messages with it."""
        app = self._state.app
        if where.removeprefix("@") in {app.name, app.bot_user}:
            return self._state.dm(person.id)
        if where.startswith("D") and where == self._state.dm(person.id).id:
            return self._state.dm(person.id)
        channel = self._state.channel(where)
        if not self._state.sees(person.id, channel):
            raise Forbidden(f"{person.real_name} cannot see {where}")
        return channel

    def enter_to_post(self, person: SlackUser, channel: Channel, *, in_thread: bool) -> None:
        """Check that the person may post in the channel, and join it for them if they are no member yet."""
        if channel.archived:
            raise Forbidden(f"#{channel.name} is archived")
        if channel.read_only and not person.admin and not in_thread:
            raise Forbidden(f"only admins post in #{channel.name}")
        if channel.kind == "im" and not self._state.app.messages_tab:
            raise Forbidden("sending messages to this app has been turned off")
        if person.id not in channel.members:
            channel.members.append(person.id)
            self._state.changed()

    def check_sees(self, person: SlackUser, source: Message | View) -> None:
        """Check that the person sees the message or view."""
        if isinstance(source, View):
            seen = source.person == person.id and self._modals.find(source.id) is not None
        else:
            current = self._board.find(source.channel, source.ts) is source and source.only_for in {None, person.id}
            seen = current and self._state.sees(person.id, self._state.channels[source.channel])
        if not seen:
            raise Forbidden(f"{person.real_name} does not see that")

    def encoded(self, person: SlackUser, text: str) -> str:
        """Encode a typed text as Slack delivers it: names that this person can see become references."""
        state = self._state
        seen = [channel for channel in state.channels.values() if state.sees(person.id, channel)]
        return encode(text, people=state.people.values(), channels=seen, groups=state.groups.values())

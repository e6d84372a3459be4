"""Who joins and leaves a channel, and channels that are archived."""

from bot.sim.slack.app_events import AppEvents
from bot.sim.slack.deliveries import ActResult
from bot.sim.slack.model import Channel
from bot.sim.slack.state import WorkspaceState


class Membership:
    """Changes the members of channels, and sends the app the events."""

    def __init__(self, state: WorkspaceState, events: AppEvents) -> None:
        self._state = state
        self._events = events

    def join(self, who: str, where: str) -> ActResult:
        """Let someone, or the app, into a channel."""
        person, channel = self._state.person(who), self._state.channel(where)
        if person.id in channel.members:
            return ActResult()
        channel.members.append(person.id)
        self._state.changed()
        return self._send("member_joined_channel", person.id, channel)

    def leave(self, who: str, where: str) -> ActResult:
        """Take someone, or the app, out of a channel."""
        person, channel = self._state.person(who), self._state.channel(where)
        if person.id not in channel.members:
            return ActResult()
        channel.members.remove(person.id)
        self._state.changed()
        return self._send("member_left_channel", person.id, channel)

    def _send(self, kind: str, person: str, channel: Channel) -> ActResult:
        concerns_app = self._state.has_app(channel) or person == self._state.app.bot_user
        scope = "groups:read" if channel.kind == "private" else "channels:read"
        if not concerns_app or not self._events.subscribed(kind, scope):
            return ActResult()
        event = {
            "type": kind,
            "user": person,
            "channel": channel.id,
            "channel_type": "G" if channel.kind == "private" else "C",
            "team": self._state.team.id,
            "event_ts": self._state.new_ts(),
        }
        return ActResult(None, self._events.send(event))

    def archive(self, where: str, *, archived: bool = True) -> ActResult:
        """Archive a channel, or bring it back."""
        state = self._state
        channel = state.channel(where)
        channel.archived = archived
        state.changed()
        kind = "channel_archive" if archived else "channel_unarchive"
        if not state.has_app(channel) or not self._events.subscribed(kind, "channels:read"):
            return ActResult()
        by = next((member for member in channel.members if not state.people[member].bot), state.app.bot_user)
        event = {"type": kind, "channel": channel.id, "user": by, "event_ts": state.new_ts()}
        return ActResult(None, self._events.send(event))

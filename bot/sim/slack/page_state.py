"""What one person sees of the workspace, as JSON for the page.

``GET /sim/state?as=U…`` answers::

    {version, now, me, tables, team: {id, name, domain},
     app: {id, name, user, connected, commands, shortcuts, home_tab},
     people: [{id, name, handle, team, tz, guest, stranger, admin, bot, deleted, active}],
     groups: [{id, handle, name, members, disabled}],
     channels: [{id, name, kind: "public"|"private"|"im", topic, archived, shared, read_only, member, members, unread}],
     messages: {channel id: [message]}, ephemerals: [message],
     modal: view | null, modal_depth, modal_errors: {block id: sentence}, trouble, home: view | null,
     unread: {channel id: count}}

A message is what Slack's history gives, with ``channel``, ``ephemeral``, ``chosen`` (what this person selected in it)
and, at the top level, ``replies``.
"""

from bot.sim.slack.model import Channel, Json, Message, SlackUser
from bot.sim.slack.workspace import Workspace


class PageState:
    """Builds the state of the page; opens the person's direct messages with the app, and changes nothing else."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._state = workspace.state

    def seen_by(self, person: SlackUser) -> Json:
        """Build the state of the page for a person, as described above."""
        workspace, state = self._workspace, self._state
        if not person.deleted:
            state.dm(person.id)
        channels = [channel for channel in state.channels.values() if state.sees(person.id, channel)]
        modal, home = workspace.modals.top(person.id), workspace.modals.home(person.id)
        return {
            "version": state.version,
            "now": state.clock(),
            "me": person.id,
            "tables": state.takes_tables,
            "team": {"id": state.team.id, "name": state.team.name, "domain": state.team.domain},
            "app": self._app(),
            "people": [self._person(one) for one in state.people.values()],
            "groups": [
                {
                    "id": group.id,
                    "handle": group.handle,
                    "name": group.name,
                    "members": list(group.members),
                    "disabled": group.disabled,
                }
                for group in state.groups.values()
            ],
            "channels": [self._channel(channel, person) for channel in channels],
            "messages": {channel.id: self._messages(channel, person) for channel in channels},
            "ephemerals": [
                self._message(message, person)
                for channel in channels
                for message in workspace.board.ephemerals(person.id, channel.id)
            ],
            "modal": workspace.json.view(modal) if modal else None,
            "modal_depth": len(workspace.modals.stacks.get(person.id, ())),
            "modal_errors": modal.errors if modal else {},
            "trouble": workspace.modals.connection_errors.get(person.id, ""),
            "home": workspace.json.view(home) if home else None,
            "unread": {channel.id: workspace.board.unread(person.id, channel.id) for channel in channels},
        }

    def _app(self) -> Json:
        app = self._state.app
        return {
            "id": app.id,
            "name": app.name,
            "user": app.bot_user,
            "connected": bool(self._workspace.deliveries.sockets.connections)
            or self._workspace.deliveries.http is not None,
            "home_tab": app.home_tab,
            "commands": [
                {"command": one.name, "hint": one.hint, "description": one.description} for one in app.commands
            ],
            "shortcuts": [
                {"name": one.name, "callback_id": one.callback_id, "kind": one.kind} for one in app.shortcuts
            ],
        }

    def _person(self, person: SlackUser) -> Json:
        return {
            "id": person.id,
            "name": person.real_name,
            "handle": person.handle,
            "team": person.team,
            "tz": person.zone,
            "locale": person.locale,
            "guest": person.guest,
            "stranger": self._state.stranger(person),
            "admin": person.admin,
            "bot": person.bot,
            "deleted": person.deleted,
            "active": self._state.is_active(person),
        }

    def _channel(self, channel: Channel, person: SlackUser) -> Json:
        return {
            "id": channel.id,
            "name": self._state.app.name if channel.kind == "im" else channel.name,
            "kind": channel.kind,
            "topic": channel.topic,
            "archived": channel.archived,
            "shared": channel.shared,
            "read_only": channel.read_only,
            "member": person.id in channel.members,
            "members": list(channel.members),
            "unread": self._workspace.board.unread(person.id, channel.id),
        }

    def _messages(self, channel: Channel, person: SlackUser) -> list[Json]:
        shown = []
        for message in self._workspace.board.messages(channel.id):
            replies = [self._message(reply, person) for reply in self._workspace.board.replies(message)]
            shown.append({**self._message(message, person), "replies": replies})
        return shown

    def _message(self, message: Message, person: SlackUser) -> Json:
        return {
            **self._workspace.json.message(message),
            "channel": message.channel,
            "ephemeral": message.only_for is not None,
            "chosen": self._workspace.interactions.chosen.get((person.id, message.ts), {}),
        }

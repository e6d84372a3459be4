"""What one person sees of the workspace, as JSON for the page.

``GET /sim/state?as=U…`` answers::

    {version, now, me, team: {id, name, domain}, app: {id, name, user, connected, commands, shortcuts, home_tab},
     people: [{id, name, handle, team, tz, guest, stranger, admin, bot, deleted}],
     groups: [{id, handle, name, members}],
     channels: [{id, name, kind: "public"|"private"|"im", topic, archived, shared, read_only, member, members, unread}],
     messages: {channel id: [message]}, ephemerals: [message],
     modal: view | null, modal_depth, modal_errors: {block id: sentence}, trouble, home: view | null,
     unread: {channel id: count}}

A message is what Slack's history gives, with ``channel``, ``ephemeral``, ``chosen`` (what this person selected in it)
and, at the top level, ``replies``.
"""

from bot.sim.slack.things import Channel, Json, Message, Person
from bot.sim.slack.workspace import Workspace


class Sight:
    """Builds the state of the page; changes nothing but that a person's direct messages with the app exist."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    def seen_by(self, person: Person) -> Json:
        """Return the state of the page for a person."""
        workspace = self.workspace
        if not person.deleted:
            workspace.dm(person.id)
        channels = [channel for channel in workspace.channels.values() if workspace.sees(person.id, channel)]
        modal, home = workspace.modal(person.id), workspace.home(person.id)
        return {
            "version": workspace.version,
            "now": workspace.clock(),
            "me": person.id,
            "team": {"id": workspace.team.id, "name": workspace.team.name, "domain": workspace.team.domain},
            "app": self._app(),
            "people": [self._person(one) for one in workspace.people.values()],
            "groups": [
                {"id": group.id, "handle": group.handle, "name": group.name, "members": list(group.members)}
                for group in workspace.groups.values()
            ],
            "channels": [self._channel(channel, person) for channel in channels],
            "messages": {channel.id: self._messages(channel, person) for channel in channels},
            "ephemerals": [
                self._message(message, person)
                for channel in channels
                for message in workspace.ephemerals(person.id, channel.id)
            ],
            "modal": workspace.view_json(modal) if modal else None,
            "modal_depth": len(workspace.stacks.get(person.id, ())),
            "modal_errors": modal.errors if modal else {},
            "trouble": workspace.trouble.get(person.id, ""),
            "home": workspace.view_json(home) if home else None,
            "unread": {channel.id: workspace.unread(person.id, channel.id) for channel in channels},
        }

    def _app(self) -> Json:
        app = self.workspace.app
        return {
            "id": app.id,
            "name": app.name,
            "user": app.bot_user,
            "connected": bool(self.workspace.sockets.connections) or self.workspace.http is not None,
            "home_tab": app.home_tab,
            "commands": [
                {"command": one.name, "hint": one.hint, "description": one.description} for one in app.commands
            ],
            "shortcuts": [
                {"name": one.name, "callback_id": one.callback_id, "kind": one.kind} for one in app.shortcuts
            ],
        }

    def _person(self, person: Person) -> Json:
        return {
            "id": person.id,
            "name": person.real_name,
            "handle": person.handle,
            "team": person.team,
            "tz": person.zone,
            "guest": person.guest,
            "stranger": self.workspace.stranger(person),
            "admin": person.admin,
            "bot": person.bot,
            "deleted": person.deleted,
        }

    def _channel(self, channel: Channel, person: Person) -> Json:
        return {
            "id": channel.id,
            "name": self.workspace.app.name if channel.kind == "im" else channel.name,
            "kind": channel.kind,
            "topic": channel.topic,
            "archived": channel.archived,
            "shared": channel.shared,
            "read_only": channel.read_only,
            "member": person.id in channel.members,
            "members": list(channel.members),
            "unread": self.workspace.unread(person.id, channel.id),
        }

    def _messages(self, channel: Channel, person: Person) -> list[Json]:
        shown = []
        for message in self.workspace.messages(channel.id):
            replies = [self._message(reply, person) for reply in self.workspace.replies(message)]
            shown.append({**self._message(message, person), "replies": replies})
        return shown

    def _message(self, message: Message, person: Person) -> Json:
        return {
            **self.workspace.message_json(message),
            "channel": message.channel,
            "ephemeral": message.only_for is not None,
            "chosen": self.workspace.chosen.get((person.id, message.ts), {}),
        }

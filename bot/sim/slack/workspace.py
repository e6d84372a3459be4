"""One pretend Slack workspace with a memory: what people do in it, what an app does to it, and what can go wrong.

It refuses what Slack refuses and knows nothing of the app that is tested with it.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.sim.slack.faults import SOCKET_ACTS, Fault
from bot.sim.slack.modals import Modals
from bot.sim.slack.outgoing import Deed
from bot.sim.slack.things import Channel, Command, Message, Person


class Workspace(Modals):
    """Everything in one: see the modules it is made of, each of which adds one kind of thing.

    ``Workspace(clock, team=…, app=…)``; the clock returns seconds since 1970. Tests say, press, submit, and then
    ``await workspace.until(lambda: …)`` what people should see.
    """

    # ── membership ───────────────────────────────────────────────────────────

    def own_command(self, person: Person, channel: Channel, name: str, text: str) -> bool:
        """Carry out ``/me words``, ``/invite @someone``, ``/remove @someone``, ``/leave`` or ``/archive``."""
        named = [who for who in re.findall(r"<@(\w+)", text) if who in self.people]
        if name == "/me":
            self._may_post(person, channel, in_thread=False)
            self.put(Message(ts=self.new_ts(), channel=channel.id, user=person.id, text=text, subtype="me_message"))
            return True
        if name not in {"/invite", "/remove", "/leave", "/archive"}:
            return False
        if channel.kind == "im":
            self.post_ephemeral(person.id, channel.id, f"{name} does not work in direct messages.")
        elif name == "/archive":
            self.archive(channel.id)
        elif name == "/leave":
            self.leave(person.id, channel.id)
        elif not named:
            self.post_ephemeral(person.id, channel.id, f"Say whom: {name} @{self.app.name}")
        for who in named if channel.kind != "im" else ():
            self._move(name, who, channel)
        return True

    def _move(self, name: str, who: str, channel: Channel) -> None:
        if name == "/invite" and who not in channel.members:
            self.join(who, channel.id)
            text = f"<@{who}> has joined the channel"
            self.put(Message(ts=self.new_ts(), channel=channel.id, user=who, text=text, subtype="channel_join"))
        elif name == "/remove":
            self.leave(who, channel.id)

    def join(self, who: str, where: str) -> Deed:
        """Let someone, or the app, into a channel."""
        person, channel = self.person(who), self.channel(where)
        if person.id in channel.members:
            return Deed(None, None)
        channel.members.append(person.id)
        self.changed()
        return self._membership("member_joined_channel", person.id, channel)

    def leave(self, who: str, where: str) -> Deed:
        """Take someone, or the app, out of a channel."""
        person, channel = self.person(who), self.channel(where)
        if person.id not in channel.members:
            return Deed(None, None)
        channel.members.remove(person.id)
        self.changed()
        return self._membership("member_left_channel", person.id, channel)

    def _membership(self, kind: str, person: str, channel: Channel) -> Deed:
        concerned = self.has_app(channel) or person == self.app.bot_user
        scope = "groups:read" if channel.kind == "private" else "channels:read"
        if not concerned or not self.listens(kind, scope):
            return Deed(None, None)
        letter = "G" if channel.kind == "private" else "C"
        event = {
            "type": kind,
            "user": person,
            "channel": channel.id,
            "channel_type": letter,
            "team": self.team.id,
        }
        return Deed(None, self.deliver_event({**event, "event_ts": self.new_ts()}))

    def archive(self, where: str, *, archived: bool = True) -> Deed:
        """Archive a channel, or bring it back."""
        channel = self.channel(where)
        channel.archived = archived
        self.changed()
        kind = "channel_archive" if archived else "channel_unarchive"
        if not self.has_app(channel) or not self.listens(kind, "channels:read"):
            return Deed(None, None)
        by = next((member for member in channel.members if not self.people[member].bot), self.app.bot_user)
        event = {"type": kind, "channel": channel.id, "user": by, "event_ts": self.new_ts()}
        return Deed(None, self.deliver_event(event))

    # ── the app's own fate ───────────────────────────────────────────────────

    def install(self, manifest: Mapping[str, Any]) -> None:
        """Let the app have what its manifest declares and no more: slash commands, scopes and events."""
        commands = tuple(
            Command(
                name=one["command"],
                hint=one.get("usage_hint", ""),
                description=one["description"],
                should_escape=one.get("should_escape", False),
            )
            for one in manifest["features"].get("slash_commands", ())
        )
        scopes = frozenset(manifest["oauth_config"]["scopes"]["bot"])
        events = frozenset(manifest["settings"].get("event_subscriptions", {}).get("bot_events", ()))
        self.app = replace(self.app, commands=commands, scopes=scopes, events=events)
        self.changed()

    def uninstall(self) -> None:
        """Remove the app: its tokens are dead and its sockets cut."""
        self.app = replace(self.app, installed=False)
        self.sockets.drop()
        self.changed()

    def grant(self, *scopes: str) -> None:
        """Let the app have exactly these scopes."""
        self.app = replace(self.app, scopes=frozenset(scopes))

    # ── what can go wrong ────────────────────────────────────────────────────

    async def fault(self, name: str, **options: Any) -> None:
        """Make something go wrong: a name of the tables in ``slack_faults``; ``none`` mends everything.

        Raises ``ValueError`` for an unknown name or option.
        """
        if name == "none":
            self.faults.clear()
        elif name in SOCKET_ACTS:
            await self._break_sockets(name, str(options.get("reason", "refresh_requested")))
        else:
            try:
                self.faults.add(Fault(name=name, **options))
            except TypeError:
                raise ValueError(f"a fault has no such option: {', '.join(options)}") from None
            if name == "gone":
                self.sockets.drop()
        self.changed()

    async def _break_sockets(self, name: str, reason: str) -> None:
        if name == "disconnect":
            await self.sockets.disconnect(reason)
        elif name == "close":
            await self.sockets.close()
        elif name == "drop":
            self.sockets.drop()
        else:
            self.sockets.mute()

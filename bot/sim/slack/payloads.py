"""What the app is told: slash commands, events, clicks, submissions, each as the whole JSON that Slack sends.

https://docs.slack.dev/reference/interaction-payloads and …/apis/events-api (January 2026).
"""

from typing import Any

from bot.sim.slack.inputs import state_values
from bot.sim.slack.modal_stack import Desk
from bot.sim.slack.things import (
    Channel,
    Hook,
    Json,
    Message,
    Person,
    Shortcut,
    View,
)


class Payloads(Desk):
    """Builds payloads; delivers nothing."""

    def command_payload(self, person: Person, channel: Channel, command: str, text: str, hook: Hook) -> Json:
        """Return the fields of a slash command."""
        team = self.teams[person.team]
        return {
            "token": "verification",
            "team_id": team.id,
            "team_domain": team.domain,
            **({"enterprise_id": team.enterprise} if team.enterprise else {}),
            "channel_id": channel.id,
            "channel_name": {"im": "directmessage", "private": "privategroup"}.get(channel.kind, channel.name),
            "user_id": person.id,
            "user_name": person.handle,
            "command": command,
            "text": text,
            "api_app_id": self.app.id,
            "is_enterprise_install": "false",
            "response_url": self.hook_url(hook),
            "trigger_id": self.new_trigger(person.id),
        }

    def event_payload(self, event: Json) -> Json:
        """Return an event in its callback, with a fresh event id."""
        channel = self.channels.get(str(event.get("channel") or ""))
        return {
            "token": "verification",
            "team_id": self.team.id,
            **({"enterprise_id": self.team.enterprise} if self.team.enterprise else {}),
            "context_team_id": self.team.id,
            "context_enterprise_id": self.team.enterprise or None,
            "api_app_id": self.app.id,
            "event": event,
            "type": "event_callback",
            "event_id": self.new_id("Ev"),
            "event_time": int(self.clock()),
            "authorizations": [
                {
                    "enterprise_id": self.team.enterprise or None,
                    "team_id": self.team.id,
                    "user_id": self.app.bot_user,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": channel is not None and channel.shared,
            "event_context": f"4-{self.new_id('', 24)}",
        }

    def message_event(self, message: Message, kind: str) -> Json:
        """Return the event of a new message: ``message`` or ``app_mention``."""
        channel = self.channels[message.channel]
        event = {**self.message_json(message), "channel": channel.id, "event_ts": message.ts}
        for counted in ("reply_count", "reply_users_count", "reply_users", "latest_reply"):
            event.pop(counted, None)
        event["type"] = kind
        if kind == "message":
            event["channel_type"] = {"im": "im", "private": "group"}.get(channel.kind, "channel")
        if not message.by_app:
            event["client_msg_id"] = self.new_id("", 24).lower()
        return self._with_teams(event, self.people[message.user], channel)

    def _with_teams(self, event: Json, person: Person, channel: Channel) -> Json:
        if not channel.shared:
            return event
        return {**event, "user_team": person.team, "source_team": person.team}

    def interaction(self, kind: str, person: Person, **more: Any) -> Json:
        """Return what every interaction payload holds, and ``more``."""
        user = {
            "id": person.id,
            "username": person.handle,
            "name": person.handle,
            "team_id": person.team,
        }
        team = {"id": self.team.id, "domain": self.team.domain}
        return {
            "type": kind,
            "token": "verification",
            "team": team,
            "enterprise": {"id": self.team.enterprise} if self.team.enterprise else None,
            "is_enterprise_install": False,
            "user": user,
            "api_app_id": self.app.id,
            **more,
        }

    def press_payload(self, person: Person, message: Message, action: Json, chosen: Json) -> Json:
        """Return the payload of a click or choice in a message; an ephemeral's has no message."""
        hook = self.new_hook(person.id, message.channel, source=message.ts)
        channel = self.channels[message.channel]
        container = {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": channel.id,
            "is_ephemeral": message.only_for is not None,
        }
        if message.thread_ts is not None:
            container["thread_ts"] = message.thread_ts
        more: Json = {
            "container": container,
            "trigger_id": self.new_trigger(person.id),
            "channel": {"id": channel.id, "name": "directmessage" if channel.kind == "im" else channel.name},
            "state": {"values": state_values(self.all_blocks(message), chosen)},
            "response_url": self.hook_url(hook),
            "actions": [action],
        }
        if message.only_for is None:
            more["message"] = self.message_json(message)
        return self.interaction("block_actions", person, **more)

    def all_blocks(self, message: Message) -> list[Json]:
        """Return a message's blocks, those in attachments too."""
        attached = [block for attachment in message.attachments for block in attachment.get("blocks", ())]
        return [*message.blocks, *attached]

    def view_press_payload(self, person: Person, view: View, action: Json) -> Json:
        """Return the payload of a click or choice in a modal or Home tab."""
        return self.interaction(
            "block_actions",
            person,
            container={"type": "view", "view_id": view.id},
            trigger_id=self.new_trigger(person.id, view.id),
            view=self.view_json(view),
            state={"values": view.values},
            actions=[action],
        )

    def submission_payload(self, person: Person, view: View) -> Json:
        """Return the payload of a submitted modal."""
        trigger = self.new_trigger(person.id, view.id)
        return self.interaction(
            "view_submission", person, trigger_id=trigger, view=self.view_json(view), response_urls=[]
        )

    def closed_payload(self, person: Person, view: View, *, cleared: bool) -> Json:
        """Return the payload of a modal closed by the person."""
        return self.interaction("view_closed", person, view=self.view_json(view), is_cleared=cleared)

    def suggestion_payload(
        self, person: Person, source: View | Message, block_id: str, action_id: str, typed: str
    ) -> Json:
        """Return the payload of a request for the options of an external select."""
        more: Json = {"block_id": block_id, "action_id": action_id, "value": typed}
        if isinstance(source, View):
            more |= {"container": {"type": "view", "view_id": source.id}, "view": self.view_json(source)}
        else:
            channel = self.channels[source.channel]
            container = {"type": "message", "message_ts": source.ts, "channel_id": channel.id}
            more |= {"container": {**container, "is_ephemeral": source.only_for is not None}}
            more |= {
                "channel": {"id": channel.id, "name": channel.name},
                "message": self.message_json(source),
            }
        return self.interaction("block_suggestion", person, **more)

    def shortcut_payload(self, person: Person, shortcut: Shortcut, message: Message | None) -> Json:
        """Return the payload of a shortcut; of a message shortcut with its message."""
        more: Json = {
            "callback_id": shortcut.callback_id,
            "trigger_id": self.new_trigger(person.id),
            "action_ts": self.new_ts(),
        }
        if message is None:
            return self.interaction("shortcut", person, **more)
        channel = self.channels[message.channel]
        more |= {
            "channel": {"id": channel.id, "name": channel.name},
            "message": self.message_json(message),
            "message_ts": message.ts,
            "response_url": self.hook_url(self.new_hook(person.id, channel.id, source=message.ts)),
        }
        return self.interaction("message_action", person, **more)

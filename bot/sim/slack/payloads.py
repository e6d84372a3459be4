"""What Slack sends to the app: slash commands, events, clicks, submissions, each as the whole JSON.

https://docs.slack.dev/reference/interaction-payloads and …/apis/events-api (January 2026).
"""

from typing import Any

from bot.sim.slack.inputs import state_values
from bot.sim.slack.json_writer import JsonWriter
from bot.sim.slack.model import Channel, Json, Message, ResponseUrl, Shortcut, SlackUser, View
from bot.sim.slack.state import WorkspaceState


class Payloads:
    """Builds payloads, and issues the ids that are in them; delivers nothing."""

    def __init__(self, state: WorkspaceState, json: JsonWriter) -> None:
        self._state = state
        self._json = json

    def command(self, person: SlackUser, channel: Channel, command: str, text: str, response_url: ResponseUrl) -> Json:
        """Build the fields of a slash command."""
        team = self._state.teams[person.team]
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
            "api_app_id": self._state.app.id,
            "is_enterprise_install": "false",
            "response_url": self._state.address_of(response_url),
            "trigger_id": self._state.new_trigger_id(person.id),
        }

    def event(self, event: Json) -> Json:
        """Wrap an event in its callback, with a new event id."""
        channel = self._state.channels.get(str(event.get("channel") or ""))
        return {
            "token": "verification",
            "team_id": self._state.team.id,
            **({"enterprise_id": self._state.team.enterprise} if self._state.team.enterprise else {}),
            "context_team_id": self._state.team.id,
            "context_enterprise_id": self._state.team.enterprise or None,
            "api_app_id": self._state.app.id,
            "event": event,
            "type": "event_callback",
            "event_id": self._state.new_id("Ev"),
            "event_time": int(self._state.clock()),
            "authorizations": [
                {
                    "enterprise_id": self._state.team.enterprise or None,
                    "team_id": self._state.team.id,
                    "user_id": self._state.app.bot_user,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": channel is not None and channel.shared,
            "event_context": f"4-{self._state.new_id('', 24)}",
        }

    def message_event(self, message: Message, kind: str) -> Json:
        """Build the event of a new message: ``message`` or ``app_mention``."""
        channel = self._state.channels[message.channel]
        event = {**self._json.message(message), "channel": channel.id, "event_ts": message.ts}
        for counted in ("reply_count", "reply_users_count", "reply_users", "latest_reply"):
            event.pop(counted, None)
        event["type"] = kind
        if kind == "message":
            event["channel_type"] = _channel_type(channel)
        if not message.by_app:
            event["client_msg_id"] = self._state.new_id("", 24).lower()
        return self._with_teams(event, self._state.people[message.user], channel)

    def message_changed(self, message: Message, before: Json) -> Json:
        """Build the event of a changed message; ``before`` holds the fields that changed, as they were."""
        old = self._json.message(message)
        old |= {key: before[key] for key in ("text", "blocks", "edited") if key in before}
        if not old.get("edited"):
            old.pop("edited", None)
        return self._hidden_event(message, "message_changed", old, {"message": self._json.message(message)})

    def message_deleted(self, message: Message) -> Json:
        """Build the event of a removed message."""
        return self._hidden_event(message, "message_deleted", self._json.message(message), {"deleted_ts": message.ts})

    def _hidden_event(self, message: Message, subtype: str, old: Json, more: Json) -> Json:
        stamp = self._state.new_ts()
        return {
            "type": "message",
            "subtype": subtype,
            "channel": message.channel,
            "hidden": True,
            "ts": stamp,
            "event_ts": stamp,
            "channel_type": _channel_type(self._state.channels[message.channel]),
            "previous_message": old,
            **more,
        }

    def home_opened(self, person: SlackUser, tab: str, home: View | None) -> Json:
        """Build the event of a person who opens the app's Home tab or messages."""
        event: Json = {
            "type": "app_home_opened",
            "user": person.id,
            "channel": self._state.dm(person.id).id,
            "tab": tab,
            "event_ts": self._state.new_ts(),
        }
        return event if home is None else {**event, "view": self._json.view(home)}

    def _with_teams(self, event: Json, person: SlackUser, channel: Channel) -> Json:
        if not channel.shared:
            return event
        return {**event, "user_team": person.team, "source_team": person.team}

    def _interaction(self, kind: str, person: SlackUser, **more: Any) -> Json:
        """Add ``more`` to what every interaction payload holds."""
        user = {
            "id": person.id,
            "username": person.handle,
            "name": person.handle,
            "team_id": person.team,
        }
        team = {"id": self._state.team.id, "domain": self._state.team.domain}
        return {
            "type": kind,
            "token": "verification",
            "team": team,
            "enterprise": {"id": self._state.team.enterprise} if self._state.team.enterprise else None,
            "is_enterprise_install": False,
            "user": user,
            "api_app_id": self._state.app.id,
            **more,
        }

    def press(self, person: SlackUser, message: Message, action: Json, chosen: Json) -> Json:
        """Build the payload of a click or choice in a message; an ephemeral's has no message."""
        response_url = self._state.new_response_url(person.id, message.channel, source=message.ts)
        channel = self._state.channels[message.channel]
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
            "trigger_id": self._state.new_trigger_id(person.id),
            "channel": {"id": channel.id, "name": "directmessage" if channel.kind == "im" else channel.name},
            "state": {"values": state_values(message.all_blocks, chosen)},
            "response_url": self._state.address_of(response_url),
            "actions": [action],
        }
        if message.only_for is None:
            more["message"] = self._json.message(message)
        return self._interaction("block_actions", person, **more)

    def view_press(self, person: SlackUser, view: View, action: Json) -> Json:
        """Build the payload of a click or choice in a modal or Home tab."""
        return self._interaction(
            "block_actions",
            person,
            container={"type": "view", "view_id": view.id},
            trigger_id=self._state.new_trigger_id(person.id, view.id),
            view=self._json.view(view),
            state={"values": view.values},
            actions=[action],
        )

    def submission(self, person: SlackUser, view: View) -> Json:
        """Build the payload of a submitted modal."""
        trigger = self._state.new_trigger_id(person.id, view.id)
        return self._interaction(
            "view_submission", person, trigger_id=trigger, view=self._json.view(view), response_urls=[]
        )

    def closed(self, person: SlackUser, view: View, *, cleared: bool) -> Json:
        """Build the payload of a modal closed by the person."""
        return self._interaction("view_closed", person, view=self._json.view(view), is_cleared=cleared)

    def suggestion(self, person: SlackUser, source: View | Message, block_id: str, action_id: str, typed: str) -> Json:
        """Build the payload of a request for the options of an external select."""
        more: Json = {"block_id": block_id, "action_id": action_id, "value": typed}
        if isinstance(source, View):
            more |= {"container": {"type": "view", "view_id": source.id}, "view": self._json.view(source)}
        else:
            channel = self._state.channels[source.channel]
            container = {"type": "message", "message_ts": source.ts, "channel_id": channel.id}
            more |= {"container": {**container, "is_ephemeral": source.only_for is not None}}
            more |= {
                "channel": {"id": channel.id, "name": channel.name},
                "message": self._json.message(source),
            }
        return self._interaction("block_suggestion", person, **more)

    def shortcut(self, person: SlackUser, shortcut: Shortcut, message: Message | None) -> Json:
        """Build the payload of a shortcut; of a message shortcut with its message."""
        more: Json = {
            "callback_id": shortcut.callback_id,
            "trigger_id": self._state.new_trigger_id(person.id),
            "action_ts": self._state.new_ts(),
        }
        if message is None:
            return self._interaction("shortcut", person, **more)
        channel = self._state.channels[message.channel]
        more |= {
            "channel": {"id": channel.id, "name": channel.name},
            "message": self._json.message(message),
            "message_ts": message.ts,
            "response_url": self._state.address_of(
                self._state.new_response_url(person.id, channel.id, source=message.ts)
            ),
        }
        return self._interaction("message_action", person, **more)


def _channel_type(channel: Channel) -> str:
    return {"im": "im", "private": "group"}.get(channel.kind, "channel")

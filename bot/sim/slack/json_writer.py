"""How Slack writes people, channels, messages, files and views as JSON."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.sim.slack.message_board import MessageBoard
from bot.sim.slack.model import Channel, File, Json, Message, SlackUser, UserGroup, View
from bot.sim.slack.state import WorkspaceState


class JsonWriter:
    """The JSON of everything the app may read."""

    def __init__(self, state: WorkspaceState, board: MessageBoard) -> None:
        self._state = state
        self._board = board

    def person(self, person: SlackUser, *, locale: bool = False) -> Json:
        """Write a user object as ``users.info`` gives it."""
        zone = ZoneInfo(person.zone)
        offset = datetime.fromtimestamp(self._state.clock(), UTC).astimezone(zone).utcoffset()
        written: Json = {
            "id": person.id,
            "team_id": person.team,
            "name": person.handle,
            "deleted": person.deleted,
            "real_name": person.real_name,
            "profile": {
                "real_name": person.real_name,
                "display_name": person.handle,
                "real_name_normalized": person.real_name,
                "display_name_normalized": person.handle,
                "team": person.team,
            },
            "is_bot": person.bot,
            "is_app_user": False,
            "updated": 0,
        }
        if not person.deleted:
            written |= {
                "tz": person.zone,
                "tz_label": person.zone,
                "tz_offset": int(offset.total_seconds()) if offset is not None else 0,
                "is_admin": person.admin,
                "is_owner": False,
                "is_primary_owner": False,
                "is_restricted": person.guest,
                "is_ultra_restricted": False,
            }
        if self._state.stranger(person):
            written |= {"is_stranger": True}
        elif self._state.team.enterprise:
            written["enterprise_user"] = {"id": person.id, "enterprise_id": self._state.team.enterprise}
        if "users:read.email" in self._state.app.scopes and person.email:
            written["profile"]["email"] = person.email
        if locale:
            written["locale"] = person.locale
        if person.id == self._state.app.bot_user:
            written["profile"] |= {"bot_id": self._state.app.bot, "api_app_id": self._state.app.id}
        return written

    def channel(self, channel: Channel, *, count: bool = False) -> Json:
        """Write a conversation object as ``conversations.info`` gives it."""
        written: Json = {
            "id": channel.id,
            "created": channel.created,
            "is_archived": channel.archived,
            "is_im": channel.kind == "im",
            "is_org_shared": False,
            "context_team_id": self._state.team.id,
            "updated": channel.created * 1000,
        }
        if channel.kind == "im":
            written |= {"user": self._state.dm_partner(channel), "is_open": True}
            return written
        written |= {
            "name": channel.name,
            "name_normalized": channel.name,
            "is_channel": channel.kind == "public",
            "is_group": False,
            "is_mpim": False,
            "is_private": channel.kind == "private",
            "is_general": channel.name == "general",
            "is_shared": channel.shared,
            "is_ext_shared": channel.shared,
            "is_member": self._state.has_app(channel),
            "is_read_only": channel.read_only,
            "topic": {"value": channel.topic, "creator": "", "last_set": 0},
            "purpose": {"value": "", "creator": "", "last_set": 0},
            "shared_team_ids": [team for team in self._state.teams if channel.shared or team == self._state.team.id],
        }
        if count:
            written["num_members"] = len(channel.members)
        return written

    def group(self, group: UserGroup, *, users: bool = False) -> Json:
        """Write a user group as ``usergroups.list`` gives it."""
        written: Json = {
            "id": group.id,
            "team_id": self._state.team.id,
            "is_usergroup": True,
            "name": group.name,
            "handle": group.handle,
            "description": "",
            "is_external": False,
            "date_delete": 1 if group.disabled else 0,
            "user_count": len(group.members),
        }
        return {**written, "users": list(group.members)} if users else written

    def message(self, message: Message, *, metadata: bool = True) -> Json:
        """Write a message as history gives it; without ``metadata`` only the event type of its metadata."""
        written: Json = {
            "type": "message",
            "ts": message.ts,
            "text": message.text,
            "team": self._state.people[message.user].team,
        }
        if message.subtype or message.broadcast:
            written["subtype"] = message.subtype or "thread_broadcast"
        written["user"] = message.user
        if message.by_app:
            written |= {
                "bot_id": self._state.app.bot,
                "app_id": self._state.app.id,
                "bot_profile": {
                    "id": self._state.app.bot,
                    "app_id": self._state.app.id,
                    "name": self._state.app.name,
                    "deleted": False,
                    "team_id": self._state.team.id,
                },
            }
        optional: dict[str, Any] = {
            "blocks": message.blocks,
            "attachments": message.attachments,
            "thread_ts": message.thread_ts,
            "edited": message.edited,
            "files": [self.file(self._state.files[file]) for file in message.files],
            "reactions": [
                {"name": name, "users": list(users), "count": len(users)} for name, users in message.reactions.items()
            ],
            "metadata": _metadata(message.metadata, whole=metadata),
        }
        written |= {key: value for key, value in optional.items() if value}
        return written | self._thread_json(message, written)

    def _thread_json(self, message: Message, written: Json) -> Json:
        if message.thread_ts is not None and message.thread_ts != message.ts:
            parent = self._board.find(message.channel, message.thread_ts)
            root = {"root": self.message(parent, metadata=False)} if parent and message.broadcast else {}
            return {"parent_user_id": parent.user, **root} if parent else {}
        if message.thread_ts is None:
            return {}
        replies = self._board.replies(message)
        return {
            "reply_count": len(replies),
            "reply_users_count": len({reply.user for reply in replies}),
            "reply_users": list(dict.fromkeys(reply.user for reply in replies)),
            "latest_reply": replies[-1].ts if replies else written["ts"],
        }

    def file(self, file: File) -> Json:
        """Write a file as ``files.info`` gives it; until Slack has finished with it, parts are missing."""
        written: Json = {
            "id": file.id,
            "created": file.created,
            "timestamp": file.created,
            "name": file.name,
            "title": file.title or file.name,
            "user": self._state.app.bot_user,
            "size": file.length,
            "mode": "hosted",
            "is_external": False,
            "mimetype": "",
            "filetype": "",
            "url_private": f"{self._state.base_url}/files/{file.id}/{file.name}",
            "url_private_download": f"{self._state.base_url}/files/{file.id}/download/{file.name}",
            "channels": [],
            "groups": [],
            "ims": [],
            "shares": {},
        }
        if file.alt_text:
            written["alt_txt"] = file.alt_text
        if file.processing > 0:
            return written
        mimetype, filetype = ("image/png", "png") if file.is_picture else ("text/plain", "text")
        written |= {"mimetype": mimetype, "filetype": filetype}
        places = {"public": "channels", "private": "groups", "im": "ims"}
        for channel_id, stamps in file.shares.items():
            kind = self._state.channels[channel_id].kind
            written[places[kind]].append(channel_id)
            shares = written["shares"].setdefault("public" if kind == "public" else "private", {})
            shares[channel_id] = [{"ts": ts, "channel_name": self._state.channels[channel_id].name} for ts in stamps]
        return written

    def view(self, view: View) -> Json:
        """Write a view as answers and payloads carry it."""
        content = view.content
        modal = content["type"] == "modal"
        written: Json = {
            "id": view.id,
            "team_id": self._state.team.id,
            "type": content["type"],
            "blocks": content["blocks"],
            "private_metadata": content.get("private_metadata") or "",
            "callback_id": content.get("callback_id") or "",
            "state": {"values": view.values},
            "hash": view.hash,
            "clear_on_close": bool(content.get("clear_on_close")),
            "notify_on_close": bool(content.get("notify_on_close")),
            "root_view_id": view.root,
            "previous_view_id": view.previous,
            "app_id": self._state.app.id,
            "external_id": view.external_id,
            "app_installed_team_id": self._state.team.id,
            "bot_id": self._state.app.bot,
        }
        if modal:
            written |= {key: content.get(key) for key in ("title", "submit", "close")}
        return written


def _metadata(metadata: Json | None, *, whole: bool) -> Json | None:
    if metadata is None or whole:
        return metadata
    return {"event_type": metadata["event_type"]}

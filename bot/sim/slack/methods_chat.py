"""``chat.*`` and ``reactions.*``: posting, changing, removing, linking, and emojis.

https://docs.slack.dev/reference/methods (January 2026), error words included.
"""

import re

from bot.sim.slack.limits import UPDATE_TEXT
from bot.sim.slack.message import content
from bot.sim.slack.methods import Method, MethodCall
from bot.sim.slack.model import Channel, Json, Message, SlackError

REACTIONS = 23


def _post_message(call: MethodCall) -> Json:
    channel = _destination(call)
    _may_post(call, channel)
    thread = call.thread(channel)
    facts = {"thread_ts": thread, "broadcast": thread is not None and call.flag("reply_broadcast")}
    message = call.workspace.responses.post(channel.id, call.arguments, **facts)
    return {"channel": channel.id, "ts": message.ts, "message": call.workspace.json.message(message)}


def _destination(call: MethodCall) -> Channel:
    """Find where to post: by a channel id, a ``#name``, or a person's id for their direct messages."""
    wanted = call.needed("channel")
    state = call.state
    if wanted in state.people:
        person = state.people[wanted]
        if person.bot or person.deleted:
            raise SlackError("channel_not_found")
        if not state.app.messages_tab:
            raise SlackError("messages_tab_disabled")
        return state.dm(wanted)
    if wanted.startswith("#"):
        named = next((one for one in state.channels.values() if one.name == wanted[1:] and one.kind != "im"), None)
        if named is None or (named.kind == "private" and not state.has_app(named)):
            raise SlackError("channel_not_found")
        return named
    return call.channel()


def _may_post(call: MethodCall, channel: Channel) -> None:
    if channel.archived:
        raise SlackError("is_archived")
    if not call.state.has_app(channel) and "chat:write.public" not in call.state.app.scopes:
        raise SlackError("not_in_channel")
    if channel.read_only:
        raise SlackError("restricted_action_read_only_channel")
    if channel.kind == "im" and call.state.people[call.state.dm_partner(channel)].deleted:
        raise SlackError("is_inactive")


def _post_ephemeral(call: MethodCall) -> Json:
    channel = call.channel()
    _may_post(call, channel)
    person = call.state.people.get(call.needed("user"))
    if person is None or person.id not in channel.members or person.deleted:
        raise SlackError("user_not_in_channel")
    facts = {"only_for": person.id, "thread_ts": call.thread(channel)}
    message = call.workspace.responses.post(channel.id, call.arguments, **facts)
    return {"message_ts": message.ts}


def _own(call: MethodCall, word: str) -> Message:
    channel = call.state.channels.get(call.needed("channel"))
    if channel is None or (channel.kind != "public" and not call.state.has_app(channel)):
        raise SlackError("channel_not_found")
    message = call.message(channel)
    if not message.by_app:
        raise SlackError(word)
    return message


def _update(call: MethodCall) -> Json:
    message = _own(call, "cant_update_message")
    if call.state.channels[message.channel].archived:
        raise SlackError("is_inactive")
    wanted = content(call.arguments, tables=call.state.takes_tables)
    if wanted.text is not None and len(wanted.text) > UPDATE_TEXT:
        raise SlackError("msg_too_long")
    if wanted.text is None and wanted.blocks is None and wanted.attachments is None:
        raise SlackError("no_text")
    facts = _broadcast(call, message)
    if wanted.text is not None:
        facts |= {"text": wanted.text, "blocks": []}
        if wanted.text != message.text and not wanted.blocks:
            facts["edited"] = {"user": call.state.app.bot_user, "ts": call.state.new_ts()}
    if wanted.blocks is not None:
        facts["blocks"] = wanted.blocks
    if wanted.attachments is not None:
        facts["attachments"] = wanted.attachments
    if "metadata" in call.arguments:
        facts["metadata"] = wanted.metadata or None
    after = (facts.get("text", message.text), facts.get("blocks", message.blocks))
    if not any((*after, facts.get("attachments", message.attachments))):
        raise SlackError("no_text")
    call.workspace.board.change(message, **facts)
    written = call.workspace.json.message(message)
    return {"channel": message.channel, "ts": message.ts, "text": message.text, "message": written}


def _broadcast(call: MethodCall, message: Message) -> Json:
    if call.flag("reply_broadcast") and message.thread_ts in {None, message.ts}:
        raise SlackError("cant_broadcast_message")
    return {"broadcast": True} if call.flag("reply_broadcast") else {}


def _delete(call: MethodCall) -> Json:
    message = _own(call, "cant_delete_message")
    call.workspace.board.remove(message)
    return {"channel": message.channel, "ts": message.ts}


def _permalink(call: MethodCall) -> Json:
    channel = call.channel()
    message = call.message(channel, "message_ts")
    team = call.state.team
    link = f"https://{team.domain}.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.thread_ts is not None and message.thread_ts != message.ts:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


def _reacted(call: MethodCall) -> tuple[Message, str]:
    channel = call.joined()
    if channel.archived:
        raise SlackError("is_archived")
    name = call.text("name")
    if not re.fullmatch(r"[\w'+-]+(::skin-tone-[2-6])?", name):
        raise SlackError("invalid_name")
    return call.message(channel, "timestamp"), name


def _react(call: MethodCall) -> Json:
    message, name = _reacted(call)
    users = message.reactions.get(name, [])
    if call.state.app.bot_user in users:
        raise SlackError("already_reacted")
    if len(message.reactions) >= REACTIONS and not users:
        raise SlackError("too_many_reactions")
    message.reactions[name] = [*users, call.state.app.bot_user]
    call.state.changed()
    return {}


def _unreact(call: MethodCall) -> Json:
    message, name = _reacted(call)
    if call.state.app.bot_user not in message.reactions.get(name, []):
        raise SlackError("no_reaction")
    message.reactions[name].remove(call.state.app.bot_user)
    message.reactions = {key: users for key, users in message.reactions.items() if users}
    call.state.changed()
    return {}


CHAT = {
    "chat.postMessage": Method(_post_message, "chat:write"),
    "chat.postEphemeral": Method(_post_ephemeral, "chat:write"),
    "chat.update": Method(_update, "chat:write"),
    "chat.delete": Method(_delete, "chat:write"),
    "chat.getPermalink": Method(_permalink),
    "reactions.add": Method(_react, "reactions:write"),
    "reactions.remove": Method(_unreact, "reactions:write"),
}

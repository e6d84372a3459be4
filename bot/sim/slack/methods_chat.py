"""``chat.*`` and ``reactions.*``: posting, changing, removing, linking, and emojis.

https://docs.slack.dev/reference/methods (January 2026), error words included.
"""

import re

from bot.sim.slack.limits import UPDATE_TEXT
from bot.sim.slack.message import content
from bot.sim.slack.methods import Ask, Method
from bot.sim.slack.things import Channel, Json, Message, SlackError

REACTIONS = 23


def _post_message(ask: Ask) -> Json:
    channel = _destination(ask)
    _may_post(ask, channel)
    facts = {"thread_ts": ask.thread(channel), "broadcast": ask.flag("reply_broadcast")}
    message = ask.workspace.post_from_app(channel.id, ask.arguments, **facts)
    return {"channel": channel.id, "ts": message.ts, "message": ask.workspace.message_json(message)}


def _destination(ask: Ask) -> Channel:
    """Return where to post: a channel id, a ``#name``, or a person's direct messages."""
    wanted = ask.needed("channel")
    workspace = ask.workspace
    if wanted in workspace.people:
        person = workspace.people[wanted]
        if person.bot or person.deleted:
            raise SlackError("channel_not_found")
        if not workspace.app.messages_tab:
            raise SlackError("messages_tab_disabled")
        return workspace.dm(wanted)
    if wanted.startswith("#"):
        named = next((one for one in workspace.channels.values() if one.name == wanted[1:] and one.kind != "im"), None)
        if named is None or (named.kind == "private" and not workspace.has_app(named)):
            raise SlackError("channel_not_found")
        return named
    return ask.channel()


def _may_post(ask: Ask, channel: Channel) -> None:
    if channel.archived:
        raise SlackError("is_archived")
    if not ask.workspace.has_app(channel) and "chat:write.public" not in ask.workspace.app.scopes:
        raise SlackError("not_in_channel")
    if channel.read_only:
        raise SlackError("restricted_action_read_only_channel")
    if channel.kind == "im" and ask.workspace.people[ask.workspace.partner(channel)].deleted:
        raise SlackError("is_inactive")


def _post_ephemeral(ask: Ask) -> Json:
    channel = ask.channel()
    _may_post(ask, channel)
    person = ask.workspace.people.get(ask.needed("user"))
    if person is None or person.id not in channel.members or person.deleted:
        raise SlackError("user_not_in_channel")
    facts = {"only_for": person.id, "thread_ts": ask.thread(channel)}
    message = ask.workspace.post_from_app(channel.id, ask.arguments, **facts)
    return {"message_ts": message.ts}


def _own(ask: Ask, word: str) -> Message:
    channel = ask.workspace.channels.get(ask.needed("channel"))
    if channel is None or (channel.kind != "public" and not ask.workspace.has_app(channel)):
        raise SlackError("channel_not_found")
    message = ask.message(channel)
    if not message.by_app:
        raise SlackError(word)
    return message


def _update(ask: Ask) -> Json:
    message = _own(ask, "cant_update_message")
    if ask.workspace.channels[message.channel].archived:
        raise SlackError("is_inactive")
    wanted = content(ask.arguments)
    if wanted.text is not None and len(wanted.text) > UPDATE_TEXT:
        raise SlackError("msg_too_long")
    if wanted.text is None and wanted.blocks is None and wanted.attachments is None:
        raise SlackError("no_text")
    facts: Json = {}
    if wanted.text is not None:
        facts |= {"text": wanted.text, "blocks": []}
        if wanted.text != message.text and not wanted.blocks:
            facts["edited"] = {"user": ask.workspace.app.bot_user, "ts": ask.workspace.new_ts()}
    if wanted.blocks is not None:
        facts["blocks"] = wanted.blocks
    if wanted.attachments is not None:
        facts["attachments"] = wanted.attachments
    if "metadata" in ask.arguments:
        facts["metadata"] = wanted.metadata or None
    after = (facts.get("text", message.text), facts.get("blocks", message.blocks))
    if not any((*after, facts.get("attachments", message.attachments))):
        raise SlackError("no_text")
    ask.workspace.change(message, **facts)
    written = ask.workspace.message_json(message)
    return {"channel": message.channel, "ts": message.ts, "text": message.text, "message": written}


def _delete(ask: Ask) -> Json:
    message = _own(ask, "cant_delete_message")
    ask.workspace.remove(message)
    return {"channel": message.channel, "ts": message.ts}


def _permalink(ask: Ask) -> Json:
    channel = ask.channel()
    message = ask.message(channel, "message_ts")
    team = ask.workspace.team
    link = f"https://{team.domain}.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.thread_ts is not None and message.thread_ts != message.ts:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


def _reacted(ask: Ask) -> tuple[Message, str]:
    channel = ask.joined()
    if channel.archived:
        raise SlackError("is_archived")
    name = ask.text("name")
    if not re.fullmatch(r"[\w'+-]+(::skin-tone-[2-6])?", name):
        raise SlackError("invalid_name")
    return ask.message(channel, "timestamp"), name


def _react(ask: Ask) -> Json:
    message, name = _reacted(ask)
    users = message.reactions.get(name, [])
    if ask.workspace.app.bot_user in users:
        raise SlackError("already_reacted")
    if len(message.reactions) >= REACTIONS and not users:
        raise SlackError("too_many_reactions")
    message.reactions[name] = [*users, ask.workspace.app.bot_user]
    ask.workspace.changed()
    return {}


def _unreact(ask: Ask) -> Json:
    message, name = _reacted(ask)
    if ask.workspace.app.bot_user not in message.reactions.get(name, []):
        raise SlackError("no_reaction")
    message.reactions[name].remove(ask.workspace.app.bot_user)
    message.reactions = {key: users for key, users in message.reactions.items() if users}
    ask.workspace.changed()
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

"""``conversations.*``: what was said, who is there, and direct messages.

https://docs.slack.dev/reference/methods (January 2026), error words included.
"""

import re

from bot.sim.slack.methods import Ask, Method, page
from bot.sim.slack.things import Json, Message, SlackError

_TS = re.compile(r"\d+(\.\d+)?")
HISTORY_DEFAULT = 100
REPLIES_DEFAULT = 1000


def _history(ask: Ask) -> Json:
    channel = ask.channel()
    ask.needs_scope_for(channel, "history")
    ask.joined()
    messages = _between(ask, ask.workspace.messages(channel.id))[::-1]
    shown, more = page(messages, ask, HISTORY_DEFAULT, ask.workspace.pace.history_page)
    return _written(ask, shown, more)


def _replies(ask: Ask) -> Json:
    channel = ask.channel()
    ask.needs_scope_for(channel, "history")
    ask.joined()
    asked = ask.workspace.find(channel.id, ask.needed("ts"))
    if asked is None or asked.only_for is not None:
        raise SlackError("thread_not_found")
    parent, *replies = ask.workspace.thread(channel.id, asked.thread_ts or asked.ts)
    shown, more = page([parent, *_between(ask, replies)], ask, REPLIES_DEFAULT, ask.workspace.pace.history_page)
    return _written(ask, shown, more)


def _written(ask: Ask, messages: list[Message], more: Json) -> Json:
    whole = ask.flag("include_all_metadata")
    written = [ask.workspace.message_json(message, metadata=whole) for message in messages]
    has_more = bool(more["response_metadata"]["next_cursor"])
    return {"messages": written, "has_more": has_more, **(more if has_more else {})}


def _between(ask: Ask, messages: list[Message]) -> list[Message]:
    oldest, latest = _moment(ask, "oldest"), _moment(ask, "latest")
    inclusive = ask.flag("inclusive")
    kept = []
    for message in messages:
        at = _micros(message.ts)
        inside = (oldest is None or at > oldest) and (latest is None or at < latest)
        if inside or (inclusive and at in {oldest, latest}):
            kept.append(message)
    return kept


def _moment(ask: Ask, name: str) -> int | None:
    value = ask.text(name)
    if not value:
        return None
    if not _TS.fullmatch(value):
        raise SlackError(f"invalid_ts_{name}")
    return _micros(value)


def _micros(ts: str) -> int:
    seconds, _, part = ts.partition(".")
    return int(seconds) * 1_000_000 + int(part[:6].ljust(6, "0"))


def _info(ask: Ask) -> Json:
    channel = ask.channel()
    ask.needs_scope_for(channel, "read")
    return {"channel": ask.workspace.channel_json(channel, count=ask.flag("include_num_members"))}


def _members(ask: Ask) -> Json:
    channel = ask.channel()
    ask.needs_scope_for(channel, "read")
    shown, more = page(channel.members, ask, 100)
    return {"members": shown, **more}


def _join(ask: Ask) -> Json:
    channel = ask.channel()
    if channel.kind != "public":
        raise SlackError("method_not_supported_for_channel_type")
    if channel.archived:
        raise SlackError("is_archived")
    already = ask.workspace.has_app(channel)
    ask.workspace.join(ask.workspace.app.bot_user, channel.id)
    written = ask.workspace.channel_json(channel)
    return {"channel": written, **({"warning": "already_in_channel"} if already else {})}


def _open(ask: Ask) -> Json:
    users = ask.arguments.get("users") or ""
    names = users if isinstance(users, list) else [name.strip() for name in str(users).split(",") if name.strip()]
    if not names and ask.text("channel"):
        channel = ask.channel()
        return {"channel": {"id": channel.id}, "no_op": True, "already_open": True}
    if not names:
        raise SlackError("users_list_not_supplied")
    if len(names) > 1:
        raise SlackError("missing_scope", needed="mpim:write", provided=",".join(sorted(ask.workspace.app.scopes)))
    person = ask.workspace.people.get(str(names[0]))
    if person is None or person.bot:
        raise SlackError("user_not_found")
    if person.deleted:
        raise SlackError("user_disabled")
    channel = ask.workspace.dm(person.id)
    whole = ask.flag("return_im")
    return {"channel": ask.workspace.channel_json(channel) if whole else {"id": channel.id}}


CHANNELS = {
    "conversations.history": Method(_history),
    "conversations.replies": Method(_replies),
    "conversations.info": Method(_info),
    "conversations.members": Method(_members),
    "conversations.join": Method(_join, "channels:join"),
    "conversations.open": Method(_open, "im:write"),
}

"""``conversations.*``: history, replies, members, and direct messages.

https://docs.slack.dev/reference/methods (January 2026), error words included.
"""

import re

from bot.sim.slack.methods import Method, MethodCall, page
from bot.sim.slack.model import Json, Message, SlackError

_TS = re.compile(r"\d+(\.\d+)?")
HISTORY_DEFAULT = 100
REPLIES_DEFAULT = 1000


def _history(call: MethodCall) -> Json:
    channel = call.channel()
    call.needs_scope_for(channel, "history")
    call.joined()
    messages = _between(call, call.workspace.board.messages(channel.id))[::-1]
    shown, more = page(messages, call, HISTORY_DEFAULT, call.state.rate_limits.history_page)
    return _written(call, shown, more)


def _replies(call: MethodCall) -> Json:
    channel = call.channel()
    call.needs_scope_for(channel, "history")
    call.joined()
    asked = call.workspace.board.find(channel.id, call.needed("ts"))
    if asked is None or asked.only_for is not None:
        raise SlackError("thread_not_found")
    parent, *replies = call.workspace.board.thread(channel.id, asked.thread_ts or asked.ts)
    shown, more = page([parent, *_between(call, replies)], call, REPLIES_DEFAULT, call.state.rate_limits.history_page)
    return _written(call, shown, more)


def _written(call: MethodCall, messages: list[Message], more: Json) -> Json:
    whole = call.flag("include_all_metadata")
    written = [call.workspace.json.message(message, metadata=whole) for message in messages]
    has_more = bool(more["response_metadata"]["next_cursor"])
    return {"messages": written, "has_more": has_more, **(more if has_more else {})}


def _between(call: MethodCall, messages: list[Message]) -> list[Message]:
    oldest, latest = _timestamp(call, "oldest"), _timestamp(call, "latest")
    inclusive = call.flag("inclusive")
    kept = []
    for message in messages:
        at = _micros(message.ts)
        inside = (oldest is None or at > oldest) and (latest is None or at < latest)
        if inside or (inclusive and at in {oldest, latest}):
            kept.append(message)
    return kept


def _timestamp(call: MethodCall, name: str) -> int | None:
    value = call.text(name)
    if not value:
        return None
    if not _TS.fullmatch(value):
        raise SlackError(f"invalid_ts_{name}")
    return _micros(value)


def _micros(ts: str) -> int:
    seconds, _, part = ts.partition(".")
    return int(seconds) * 1_000_000 + int(part[:6].ljust(6, "0"))


def _info(call: MethodCall) -> Json:
    channel = call.channel()
    call.needs_scope_for(channel, "read")
    return {"channel": call.workspace.json.channel(channel, count=call.flag("include_num_members"))}


def _members(call: MethodCall) -> Json:
    channel = call.channel()
    call.needs_scope_for(channel, "read")
    shown, more = page(channel.members, call, 100)
    return {"members": shown, **more}


def _join(call: MethodCall) -> Json:
    channel = call.channel()
    if channel.kind != "public":
        raise SlackError("method_not_supported_for_channel_type")
    if channel.archived:
        raise SlackError("is_archived")
    already = call.state.has_app(channel)
    call.workspace.membership.join(call.state.app.bot_user, channel.id)
    written = call.workspace.json.channel(channel)
    return {"channel": written, **({"warning": "already_in_channel"} if already else {})}


def _open(call: MethodCall) -> Json:
    users = call.arguments.get("users") or ""
    names = users if isinstance(users, list) else [name.strip() for name in str(users).split(",") if name.strip()]
    if not names and call.text("channel"):
        channel = call.channel()
        return {"channel": {"id": channel.id}, "no_op": True, "already_open": True}
    if not names:
        raise SlackError("users_list_not_supplied")
    if len(names) > 1:
        raise SlackError("missing_scope", needed="mpim:write", provided=",".join(sorted(call.state.app.scopes)))
    person = call.state.people.get(str(names[0]))
    if person is None or person.bot:
        raise SlackError("user_not_found")
    if person.deleted:
        raise SlackError("user_disabled")
    channel = call.state.dm(person.id)
    whole = call.flag("return_im")
    return {"channel": call.workspace.json.channel(channel) if whole else {"id": channel.id}}


CHANNELS = {
    "conversations.history": Method(_history),
    "conversations.replies": Method(_replies),
    "conversations.info": Method(_info),
    "conversations.members": Method(_members),
    "conversations.join": Method(_join, "channels:join"),
    "conversations.open": Method(_open, "im:write"),
}

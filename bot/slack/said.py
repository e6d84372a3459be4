"""What Slack's payloads say: a slash command, a mention, a direct message or a press becomes one ``Said``.

All functions are pure. They return None for what nobody said: the bot's own messages, other bots, edits,
joins, link buttons. A person is the enterprise's id (else the team's) and the user's, never a name.
Payload shapes: docs.slack.dev, "Slash commands", "Events API", "Block actions payload" (January 2026).
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.core.people import Person, Said, Surface, Where
from bot.slack.identity import Identity

Payload = Mapping[str, Any]

OLD_BUTTON = "old button"  # the words of a press whose value this version cannot read
VALUE_VERSION = "1"
OUR_ACTIONS = ("say:", "menu:")  # what cards name their buttons and menus
SPOKEN_SUBTYPES = (None, "thread_broadcast", "file_share")  # the others are edits, joins, topics, bots
FOLLOWS_MENTION = re.compile(r"^[\s:,]+")


def command(body: Payload, now: datetime, *, delivery: str = "") -> Said | None:
    """Return what a slash command says. ``delivery`` is the socket's envelope id, if any.

    Its key is the trigger id: one per invocation, the same on every repeat of it.
    """
    user = _text(body, "user_id")
    if not user:
        return None
    where = Where(
        surface=Surface.COMMAND,
        channel=_text(body, "channel_id") or user,
        response_url=_text(body, "response_url"),
    )
    by = Person(_text(body, "enterprise_id") or _text(body, "team_id"), user)
    return Said(_key("command", body, delivery), _text(body, "text").strip(), by, where, now)


def unknown(heard: Said) -> Said:
    """Return a slash command of another name than ours: what it says is not for us to understand."""
    return replace(heard, text="command", where=replace(heard.where, surface=Surface.RETIRED))


def event(body: Payload, now: datetime, me: Identity) -> Said | None:
    """Return what a mention or a direct message says.

    The key is the message itself: Slack repeats an event under one event id, and sends ``app_mention`` and
    ``message`` for the same post under different ones.
    """
    happening = _part(body, "event")
    kind = happening.get("type")
    channel, ts, user = _text(happening, "channel"), _text(happening, "ts"), _text(happening, "user")
    direct = happening.get("channel_type") == "im" or channel.startswith("D")
    spoken = kind == "app_mention" or (kind == "message" and direct)
    if not (spoken and channel and ts and user) or not _by_a_person(happening, me):
        return None
    where = Where(
        surface=Surface.DIRECT if direct else Surface.MENTION,
        channel=channel,
        thread=_thread(_text(happening, "thread_ts"), ts),
        message=ts,
    )
    words = without_mention(_text(happening, "text"), me)
    return Said(f"message:{channel}:{ts}", words, _author(body, happening), where, now)


def press(body: Payload, now: datetime, *, delivery: str = "") -> Said | None:
    """Return what a button or menu says: the words of its value.

    A value of another version, or none where one should be, says ``OLD_BUTTON``; a button that only opens a
    link says nothing. Words too long for a value are stored; ``#`` and an id then stand for them.
    """
    actions = body.get("actions")
    action = actions[0] if isinstance(actions, list) and actions and isinstance(actions[0], dict) else {}
    user = _text(_part(body, "user"), "id")
    value = _text(_part(action, "selected_option"), "value") or _text(action, "value")
    ours = _text(action, "action_id").startswith(OUR_ACTIONS)
    if not user or not (value or ours):
        return None
    container, message = _part(body, "container"), _part(body, "message")
    ts = _text(container, "message_ts") or _text(message, "ts")
    thread = _text(container, "thread_ts") or _text(message, "thread_ts")
    where = Where(
        surface=Surface.BUTTON,
        channel=_text(container, "channel_id") or _text(_part(body, "channel"), "id") or user,
        thread=_thread(thread, ts),
        message=ts,
        response_url=_text(body, "response_url"),
    )
    post, words = decoded(value)
    return Said(_key("press", body, delivery), words, _presser(body, user), where, now, post)


def retired(kind: str, body: Payload, now: datetime, *, delivery: str = "") -> Said | None:
    """Return who used a ``shortcut`` or submitted a ``form``, and where they can be answered: there are none now."""
    user = _text(_part(body, "user"), "id")
    if not user:
        return None
    where = Where(
        surface=Surface.RETIRED,
        channel=_text(_part(body, "channel"), "id") or user,
        response_url=_text(body, "response_url"),
    )
    return Said(_key(kind, body, delivery), kind, _presser(body, user), where, now)


def at_home(heard: Said, body: Payload, me: Identity) -> Said:
    """Return what was said, with a person of the bot's own workspace known as all people of it are.

    While the workspace joins an organization, or leaves it, payloads name its team, the enterprise or both.
    """
    team = _text(body, "team_id") or _text(_part(body, "user"), "team_id") or _text(_part(body, "team"), "id")
    named = (_text(body, "enterprise_id"), _text(_part(body, "enterprise"), "id"))
    own = {me.team, me.enterprise, *named, _text(_part(body, "team"), "enterprise_id")} - {""}
    if not me.team or team != me.team or heard.by.team not in own:
        return heard
    return replace(heard, by=Person(me.home, heard.by.user))


def decoded(value: str) -> tuple[str, str]:
    """Return the post and the words of a button's value ``1|post|words``."""
    version, _, rest = value.partition("|")
    post, bar, words = rest.partition("|")
    if version != VALUE_VERSION or not bar or not words.strip():
        return "", OLD_BUTTON
    return post, words


def without_mention(text: str, me: Identity) -> str:
    """Return the words without the bot's mention: the leading one, else the first.

    Slack writes ``<@U…>``, some clients ``<@U…|name>``, and plain ``@name`` is what is left of a mention that
    a client did not resolve.
    """
    mention = rf"<@{re.escape(me.user)}(?:\|[^>]*)?>"
    leading = re.match(rf"\s*(?:{mention}|@{re.escape(me.name)}(?![\w.-]))", text, re.IGNORECASE)
    if leading:
        return FOLLOWS_MENTION.sub("", text[leading.end() :]).strip()
    return re.sub(rf"\s*{mention}\s*", " ", text, count=1).strip()


def _by_a_person(happening: Payload, me: Identity) -> bool:
    return (
        happening.get("subtype") in SPOKEN_SUBTYPES
        and not happening.get("bot_id")
        and not happening.get("bot_profile")
        and not happening.get("edited")  # a mention that an edit brings: the words were said before
        and happening.get("user") not in (me.user, "USLACKBOT")
    )


def _author(body: Payload, happening: Payload) -> Person:
    """Return who wrote a message. In a channel shared with others, the author's own team tells them apart."""
    enterprise, team = _text(body, "enterprise_id"), _text(body, "team_id")
    own = next((_text(happening, name) for name in ("user_team", "source_team", "team") if happening.get(name)), "")
    foreign = own not in ("", team, enterprise) and (not enterprise or bool(body.get("is_ext_shared_channel")))
    return Person(own if foreign else enterprise or team, _text(happening, "user"))


def _presser(body: Payload, user: str) -> Person:
    enterprise = _text(_part(body, "enterprise"), "id") or _text(_part(body, "team"), "enterprise_id")
    own = _text(_part(body, "user"), "team_id") or _text(_part(body, "team"), "id")
    return Person(enterprise or own, user)


def _key(kind: str, body: Payload, delivery: str) -> str:
    """Return the trigger id, else the envelope's, else a digest of the whole payload."""
    told = _text(body, "trigger_id") or delivery
    if not told:
        told = hashlib.sha256(json.dumps(body, sort_keys=True, default=str).encode()).hexdigest()[:32]
    return f"{kind}:{told}"


def _thread(thread: str, message: str) -> str:
    """Return the thread a message is *in*: its first message stands in the channel."""
    return "" if thread == message else thread


def _part(body: Payload, name: str) -> Payload:
    part = body.get(name)
    return part if isinstance(part, Mapping) else {}


def _text(body: Payload, name: str) -> str:
    value = body.get(name)
    return value if isinstance(value, str) else ""

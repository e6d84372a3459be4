"""What Slack's payloads say: a slash command, a mention, a direct message or a press becomes one ``IncomingMessage``.

All functions are pure. They return None for what nobody said to the bot: its own messages, other bots, joins, link
buttons (``subtypes.py`` decides for each kind of message). A person is the enterprise's id (else the team's) and the
user's, never a name.
Payload shapes: docs.slack.dev, "Slash commands", "Events API", "Block actions payload" (January 2026).
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.core.command import buttons
from bot.core.command.parse import is_command, is_courtesy_only, would_change
from bot.core.people.model import (
    EDITED,
    TALK,
    IncomingMessage,
    Origin,
    Person,
    Surface,
)
from bot.core.text.legible import is_legible, legible
from bot.slack.identity import Identity
from bot.slack.subtypes import Treatment, treatment

Payload = Mapping[str, Any]

OUR_ACTIONS = ("say:", "menu:")  # what cards name their buttons and menus
LONGEST, LONGEST_ID = 40_000, 255  # characters of what is said (Slack cuts there), and of an id, a time or a word
LONGEST_VALUE = 4000  # of a button's value and of an address; Slack allows fewer
FOLLOWS_MENTION = re.compile(r"^(?:[\s,，、：]|:(?![\w+'-]+:))+")  # but not the beginning of :wave:
ENDS_SENTENCE = re.compile(r"[\s.,;:!?。，！？]*")
MARKS = "*_~`"  # of Slack, around words
QUOTED = re.compile(r"^[ \t]*(?:&gt;|>)", re.MULTILINE)  # what Slack makes of a line that quotes
NO_WORDS = re.compile(r"&gt;|[\s*_~`>•]")


def command(body: Payload, now: datetime, *, delivery: str = "") -> IncomingMessage | None:
    """Return what a slash command says. ``delivery`` is the socket's envelope id, if any.

    Its key is the trigger id: one per invocation, the same on every repeat of it.
    """
    user = _text(body, "user_id")
    if not user:
        return None
    origin = Origin(
        surface=Surface.COMMAND,
        channel=_text(body, "channel_id") or user,
        response_url=_text(body, "response_url", LONGEST_VALUE),
    )
    by = Person(_text(body, "enterprise_id") or _text(body, "team_id"), user)
    return IncomingMessage(_key("command", body, delivery), _words(body, "text").strip(), by, origin, now)


def unknown_command(received: IncomingMessage) -> IncomingMessage:
    """Return a slash command of another name than ours: what it says is not for us to understand."""
    return replace(received, text="command", origin=replace(received.origin, surface=Surface.UNSUPPORTED))


def event(body: Payload, now: datetime, me: Identity) -> IncomingMessage | None:
    """Return what a mention or a direct message says.

    The key is the message itself: Slack repeats an event under one event id, and sends ``app_mention`` and
    ``message`` for the same post under different ones. What an edit brings, and talk in which the bot is only
    mentioned, is said with a ``hint``, under one key for each message: it is never carried out.
    """
    slack_event = _part(body, "event")
    kind, direct = slack_event.get("type"), _is_direct(slack_event)
    how = treatment(slack_event.get("subtype"))
    if how is Treatment.HINT:
        return _edit(body, slack_event, now, me)
    if how is Treatment.IGNORE or not (kind == "app_mention" or (kind == "message" and direct)):
        return None
    text = _words(slack_event, "text")
    hint = EDITED if slack_event.get("edited") else TALK if not direct and is_talk(text, me) else ""
    return _message(body, slack_event, _text(slack_event, "channel"), now, me, hint)


def _edit(body: Payload, slack_event: Payload, now: datetime, me: Identity) -> IncomingMessage | None:
    """Return what an edit says to the bot: a changed direct message, or a message that mentions the bot only now.

    Slack tells of an edit too where it adds a preview or counts replies: then the words are as they were.
    """
    message, before = _part(slack_event, "message"), _part(slack_event, "previous_message")
    channel, direct = _text(slack_event, "channel"), _is_direct(slack_event)
    text, old = _words(message, "text"), _words(before, "text")
    mentions = re.compile(_mention(me))
    addressed = direct or (mentions.search(text) is not None and mentions.search(old) is None)
    if slack_event.get("type") != "message" or not (addressed and message.get("edited")) or text.strip() == old.strip():
        return None
    if treatment(message.get("subtype")) is not Treatment.ANSWER:
        return None
    kind = _text(slack_event, "channel_type")
    return _message(body, {"channel_type": kind} | dict(message), channel, now, me, EDITED)


def _message(
    body: Payload, message: Payload, channel: str, now: datetime, me: Identity, hint: str
) -> IncomingMessage | None:
    """Return what a message of a person says; None for what a program wrote."""
    ts, user = _text(message, "ts"), _text(message, "user")
    if not (channel and ts and user) or not _by_a_person(message, me):
        return None
    origin = Origin(
        surface=Surface.DIRECT if _is_direct({**message, "channel": channel}) else Surface.MENTION,
        channel=channel,
        thread=_thread(_text(message, "thread_ts"), ts),
        message=ts,
    )
    words = without_mention(_words(message, "text"), me)
    key = f"{'hint' if hint else 'message'}:{channel}:{ts}"
    return IncomingMessage(key, words, _author(body, message), origin, now, hint=hint)


def _is_direct(slack_event: Payload) -> bool:
    return slack_event.get("channel_type") == "im" or _text(slack_event, "channel").startswith("D")


def press(body: Payload, now: datetime, *, delivery: str = "") -> IncomingMessage | None:
    """Return what a button or menu says: the words of its value.

    A value of another version, or none where one should be, says ``buttons.OLD_BUTTON``; a button that only opens a
    link says nothing. Words too long for a value are stored; ``#`` and an id then stand for them.
    """
    actions = body.get("actions")
    action = actions[0] if isinstance(actions, list) and actions and isinstance(actions[0], dict) else {}
    user = _text(_part(body, "user"), "id")
    value = _text(_part(action, "selected_option"), "value", LONGEST_VALUE) or _text(action, "value", LONGEST_VALUE)
    ours = _text(action, "action_id").startswith(OUR_ACTIONS)
    if not user or not (value or ours):
        return None
    container, message = _part(body, "container"), _part(body, "message")
    ts = _text(container, "message_ts") or _text(message, "ts")
    thread = _text(container, "thread_ts") or _text(message, "thread_ts")
    origin = Origin(
        surface=Surface.BUTTON,
        channel=_text(container, "channel_id") or _text(_part(body, "channel"), "id") or user,
        thread=_thread(thread, ts),
        message=ts,
        response_url=_text(body, "response_url", LONGEST_VALUE),
    )
    post, words = buttons.read(value)
    return IncomingMessage(_key("press", body, delivery), words, _presser(body, user), origin, now, post)


def unsupported(kind: str, body: Payload, now: datetime, *, delivery: str = "") -> IncomingMessage | None:
    """Return who used a ``shortcut`` or submitted a ``form``, and where they can be answered: there are none now."""
    user = _text(_part(body, "user"), "id")
    if not user:
        return None
    origin = Origin(
        surface=Surface.UNSUPPORTED,
        channel=_text(_part(body, "channel"), "id") or user,
        response_url=_text(body, "response_url", LONGEST_VALUE),
    )
    return IncomingMessage(_key(kind, body, delivery), kind, _presser(body, user), origin, now)


def with_workspace_key(received: IncomingMessage, body: Payload, me: Identity) -> IncomingMessage:
    """Return what was said, with a person of the bot's own workspace known as all people of it are.

    While the workspace joins an organization, or leaves it, payloads name its team, the enterprise or both.
    """
    team = _text(body, "team_id") or _text(_part(body, "user"), "team_id") or _text(_part(body, "team"), "id")
    named = (_text(body, "enterprise_id"), _text(_part(body, "enterprise"), "id"))
    own = {me.team, me.enterprise, *named, _text(_part(body, "team"), "enterprise_id")} - {""}
    if not me.team or team != me.team or received.by.team not in own:
        return received
    return replace(received, by=Person(me.workspace_key, received.by.user))


def without_mention(text: str, me: Identity) -> str:
    """Return the words without the bot's mention: that at the beginning, after greetings, else that at the end.

    Slack writes ``<@U…>``, some clients ``<@U…|name>``, and plain ``@name`` is what is left of a mention that
    a client did not resolve. A mention within the words is one of them.
    """
    before, after = _around_mention(text, me)
    if is_courtesy_only(before):
        return f"{before} {after}".strip()
    return before if is_courtesy_only(after) else text.strip()


def is_talk(text: str, me: Identity) -> bool:
    """Whether the bot is mentioned in words that are for others, or with greetings alone; a bare mention is no talk.

    What stands in a quotation may be somebody else's words: it changes nothing.
    """
    before, after = _around_mention(text, me)
    if QUOTED.search(text) and would_change(without_mention(text, me)):
        return True
    if is_courtesy_only(before):
        return is_courtesy_only(after) and bool(NO_WORDS.sub("", before + after))
    return not (is_courtesy_only(after) and is_command(before))


def _around_mention(text: str, me: Identity) -> tuple[str, str]:
    """Return what stands before and behind the mention; without one all stands behind it.

    A mark that opens before the mention and closes behind the words is theirs, and so is one the other way round.
    """
    found = re.search(_mention(me), text)
    if found is None:
        plain = re.search(rf"(?<![\w@])@{re.escape(me.name)}(?![\w.-])", text, re.IGNORECASE)
        found = plain if plain and is_courtesy_only(text[: plain.start()].rstrip(MARKS)) else None
    if found is None:
        return "", text.strip()
    before, after = text[: found.start()], text[found.end() :]
    opened = before[len(before.rstrip(MARKS)) :]
    closed = after[: len(after) - len(after.lstrip(MARKS))]
    before, after = before[: len(before) - len(opened)], after[len(closed) :]
    while opened and closed and opened[-1] == closed[0]:
        opened, closed = opened[:-1], closed[1:]
    while again := re.match(rf"\s*{_mention(me)}", after):
        after = after[again.end() :]
    before, after = before.strip().rstrip(",") + closed, opened + FOLLOWS_MENTION.sub("", after).rstrip()
    return before, "" if before and ENDS_SENTENCE.fullmatch(after) else after


def _mention(me: Identity) -> str:
    return rf"<@{re.escape(me.user)}(?:\|[^<>]*)?>"


def _by_a_person(slack_event: Payload, me: Identity) -> bool:
    return (
        not slack_event.get("bot_id")
        and not slack_event.get("bot_profile")
        and slack_event.get("user") not in (me.user, "USLACKBOT")
    )


def _author(body: Payload, slack_event: Payload) -> Person:
    """Return who wrote a message. In a channel shared with others, the author's own team tells them apart."""
    enterprise, team = _text(body, "enterprise_id"), _text(body, "team_id")
    own = next((_text(slack_event, name) for name in ("user_team", "source_team", "team") if slack_event.get(name)), "")
    foreign = own not in ("", team, enterprise) and (not enterprise or bool(body.get("is_ext_shared_channel")))
    return Person(own if foreign else enterprise or team, _text(slack_event, "user"))


def _presser(body: Payload, user: str) -> Person:
    enterprise = _text(_part(body, "enterprise"), "id") or _text(_part(body, "team"), "enterprise_id")
    own = _text(_part(body, "user"), "team_id") or _text(_part(body, "team"), "id")
    return Person(enterprise or own, user)


def _key(kind: str, body: Payload, delivery: str) -> str:
    """Return the trigger id, else the envelope's, else a digest of the whole payload."""
    told = _text(body, "trigger_id") or _text({"delivery": delivery}, "delivery")
    return f"{kind}:{told or hashlib.sha256(_printed(body).encode()).hexdigest()[:32]}"


def _printed(body: Payload) -> str:
    try:
        return json.dumps(body, sort_keys=True, default=str)
    except (RecursionError, TypeError):  # nested deeper than can be written, or keyed by things
        return json.dumps([(name, value) for name, value in body.items() if isinstance(value, str)])


def _thread(thread: str, message: str) -> str:
    """Return the thread a message is *in*: its first message stands in the channel."""
    return "" if thread == message else thread


def _part(body: Payload, name: str) -> Payload:
    part = body.get(name)
    return part if isinstance(part, Mapping) else {}


def _words(body: Payload, name: str) -> str:
    """Return what a person wrote, fit to be kept."""
    value = body.get(name)
    return legible(value, LONGEST) if isinstance(value, str) else ""


def _text(body: Payload, name: str, longest: int = LONGEST_ID) -> str:
    """Return an id, a time or a word; empty where there is none, or one that cannot be kept and so names nothing."""
    value = body.get(name)
    return value if isinstance(value, str) and len(value) <= longest and is_legible(value) else ""

"""Slack's payloads read: a slash command, a mention, a direct message or a press becomes one ``IncomingMessage``.

All functions are pure. They return None for what no person wrote to the bot: its own messages, other bots, joins, link
buttons. A person is the enterprise's id (else the team's) and the user's, never a name.
Payload shapes: docs.slack.dev, "Slash commands", "Events API", "Block actions payload" (January 2026).
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from enum import Enum
from typing import Any, TypeVar

from bot.core.command import buttons
from bot.core.command.addressed import is_command, is_courtesy_only, would_change
from bot.core.forms import rendering
from bot.core.forms.model import FormAsked, FormChanged, FormClosed, FormSubmitted, HomeOpened, OptionsAsked
from bot.core.forms.names import MESSAGE_SHORTCUTS
from bot.core.people.model import (
    EDITED,
    TALK,
    IncomingMessage,
    Origin,
    Person,
    Surface,
)
from bot.core.text.escape import legible
from bot.slack.directory import Identity

Payload = Mapping[str, Any]
Received = TypeVar(
    "Received", IncomingMessage, FormAsked, FormSubmitted, FormChanged, FormClosed, OptionsAsked, HomeOpened
)

OUR_ACTIONS = ("say:", "menu:")  # what cards name their buttons and menus
LONGEST, LONGEST_ID = 40_000, 255  # characters of a message (Slack cuts there), and of an id, a time or a word
LONGEST_VALUE = 4000  # of a button's value and of an address; Slack allows fewer
FOLLOWS_MENTION = re.compile(r"^(?:[\s,，、：]|:(?![\w+'-]+:))+")  # but not the beginning of :wave:
ENDS_SENTENCE = re.compile(r"[\s.,;:!?。，！？]*")
MARKS = "*_~`"  # of Slack, around words
QUOTED = re.compile(r"^[ \t]*(?:&gt;|>)", re.MULTILINE)  # what Slack makes of a line that quotes
NO_WORDS = re.compile(r"&gt;|[\s*_~`>•]")


class Treatment(Enum):
    """What becomes of a message."""

    ANSWER = "words"  # a person wrote: it is answered
    HINT = "edit"  # a person changed what they had written: nothing is done again, and one hint says so
    IGNORE = "nothing"  # no person wrote, or not to the bot


# Every subtype of a message that Slack documents: docs.slack.dev, "message event" (its list, with those that are no
# longer sent). One that is not here is new, and ignored until somebody has decided.
SUBTYPES: dict[str, Treatment] = {
    "": Treatment.ANSWER,  # a plain message
    "file_share": Treatment.ANSWER,  # words with a file
    "me_message": Treatment.ANSWER,  # /me
    "thread_broadcast": Treatment.ANSWER,  # a reply that is shown in the channel too
    "message_changed": Treatment.HINT,  # also when Slack adds a preview: then the words are the same
    **dict.fromkeys(
        (
            # other programs: answering them could go round in a circle
            *("bot_message", "bot_add", "bot_remove", "bot_enable", "bot_disable"),
            *("slackbot_response", "reminder_add", "assistant_app_thread"),
            # bookkeeping about messages
            *("message_deleted", "message_replied", "reply_broadcast", "tombstone", "pinned_item", "unpinned_item"),
            *("document_mention", "file_comment", "file_mention", "ekm_access_denied"),
            # what happens to a conversation
            *("channel_join", "channel_leave", "channel_name", "channel_topic", "channel_purpose"),
            *("channel_archive", "channel_unarchive", "channel_convert_to_private", "channel_posting_permissions"),
            *("group_join", "group_leave", "group_name", "group_topic", "group_purpose", "group_archive"),
            *("group_unarchive", "huddle_thread", "sh_room_created", "app_conversation_join"),
        ),
        Treatment.IGNORE,
    ),
}


def command(body: Payload, now: datetime, *, delivery: str = "") -> IncomingMessage | None:
    """The message of a slash command. ``delivery`` is the socket's envelope id, if any.

    Its key is the trigger id: one per invocation, the same on every repeat of it.
    """
    user = text_in(body, "user_id")
    if not user:
        return None
    origin = Origin(
        surface=Surface.COMMAND,
        channel=text_in(body, "channel_id") or user,
        response_url=text_in(body, "response_url", LONGEST_VALUE),
    )
    by = Person(text_in(body, "enterprise_id") or text_in(body, "team_id"), user)
    return IncomingMessage(key_of("command", body, delivery), words_in(body, "text").strip(), by, origin, now)


def unknown_command(received: IncomingMessage) -> IncomingMessage:
    """The message of a slash command that has another name than ours: its words are not read."""
    return replace(received, text="command", origin=replace(received.origin, surface=Surface.UNSUPPORTED))


def event(body: Payload, now: datetime, me: Identity) -> IncomingMessage | None:
    """The message of a mention or a direct message.

    The key is the message itself: Slack repeats an event under one event id, and sends ``app_mention`` and
    ``message`` for the same post under different ones. An edit, and talk in which the bot is only mentioned,
    has a ``hint``, and one key for each message: it is never carried out.
    """
    slack_event = part(body, "event")
    kind, direct = slack_event.get("type"), _is_direct(slack_event)
    how = _treatment(slack_event)
    if how is Treatment.HINT:
        return _edit(body, slack_event, now, me)
    if how is Treatment.IGNORE or not (kind == "app_mention" or (kind == "message" and direct)):
        return None
    text = words_in(slack_event, "text")
    hint = EDITED if slack_event.get("edited") else TALK if not direct and is_talk(text, me) else ""
    return _message(body, slack_event, text_in(slack_event, "channel"), now, me, hint)


def _treatment(message: Payload) -> Treatment:
    subtype = message.get("subtype")
    return SUBTYPES.get("" if subtype is None else str(subtype), Treatment.IGNORE)


def _edit(body: Payload, slack_event: Payload, now: datetime, me: Identity) -> IncomingMessage | None:
    """The message of an edit: of a changed direct message, or of one that mentions the bot only now.

    Slack also reports an edit where it adds a preview or counts replies: then the words are as before.
    """
    message, before = part(slack_event, "message"), part(slack_event, "previous_message")
    channel, direct = text_in(slack_event, "channel"), _is_direct(slack_event)
    text, old = words_in(message, "text"), words_in(before, "text")
    mentions = re.compile(_mention(me))
    addressed = direct or (mentions.search(text) is not None and mentions.search(old) is None)
    if slack_event.get("type") != "message" or not (addressed and message.get("edited")) or text.strip() == old.strip():
        return None
    if _treatment(message) is not Treatment.ANSWER:
        return None
    kind = text_in(slack_event, "channel_type")
    return _message(body, {"channel_type": kind} | dict(message), channel, now, me, EDITED)


def _message(
    body: Payload, message: Payload, channel: str, now: datetime, me: Identity, hint: str
) -> IncomingMessage | None:
    """What a person wrote; None for what a program wrote."""
    ts, user = text_in(message, "ts"), text_in(message, "user")
    if not (channel and ts and user) or not _by_a_person(message, me):
        return None
    origin = Origin(
        surface=Surface.DIRECT if _is_direct({**message, "channel": channel}) else Surface.MENTION,
        channel=channel,
        thread=thread_in(text_in(message, "thread_ts"), ts),
        message=ts,
    )
    words = without_mention(words_in(message, "text"), me)
    key = f"{'hint' if hint else 'message'}:{channel}:{ts}"
    return IncomingMessage(key, words, _author(body, message), origin, now, hint=hint)


def _is_direct(slack_event: Payload) -> bool:
    return slack_event.get("channel_type") == "im" or text_in(slack_event, "channel").startswith("D")


def press(body: Payload, now: datetime, *, delivery: str = "") -> IncomingMessage | None:
    """The message of a button or menu: the words of its value.

    A value of another version, or none where one should be, says ``buttons.OLD_BUTTON``; a button that only opens a
    link says nothing. Words too long for a value are stored; ``#`` and an id then stand for them.
    """
    actions = body.get("actions")
    action = actions[0] if isinstance(actions, list) and actions and isinstance(actions[0], dict) else {}
    user = text_in(part(body, "user"), "id")
    value = text_in(part(action, "selected_option"), "value", LONGEST_VALUE) or text_in(action, "value", LONGEST_VALUE)
    ours = text_in(action, "action_id").startswith(OUR_ACTIONS)
    if not user or not (value or ours):
        return None
    post, words = buttons.read(value)
    return IncomingMessage(key_of("press", body, delivery), words, presser(body, user), _pressed(body, user), now, post)


def _pressed(body: Payload, user: str) -> Origin:
    """Where a press was: on a message, in a form or at home."""
    container, message, view = part(body, "container"), part(body, "message"), part(body, "view")
    if view.get("type") == "home":
        return Origin(Surface.HOME, user)
    if view:
        return rendering.read(text_in(view, "private_metadata", LONGEST_VALUE), user)[1]
    ts = text_in(container, "message_ts") or text_in(message, "ts")
    thread = text_in(container, "thread_ts") or text_in(message, "thread_ts")
    return Origin(
        surface=Surface.BUTTON,
        channel=text_in(container, "channel_id") or text_in(part(body, "channel"), "id") or user,
        thread=thread_in(thread, ts),
        message=ts,
        response_url=text_in(body, "response_url", LONGEST_VALUE),
    )


def message_shortcut(body: Payload, now: datetime, *, delivery: str = "") -> IncomingMessage | None:
    """The message of a shortcut on a message: a command about what that message is about."""
    user, message = text_in(part(body, "user"), "id"), part(body, "message")
    words = MESSAGE_SHORTCUTS.get(text_in(body, "callback_id"))
    ts = text_in(message, "ts") or text_in(body, "message_ts")
    if body.get("type") != "message_action" or not (user and words and ts):
        return None
    origin = Origin(
        surface=Surface.SHORTCUT,
        channel=text_in(part(body, "channel"), "id") or user,
        thread=thread_in(text_in(message, "thread_ts"), ts),
        message=ts,
        response_url=text_in(body, "response_url", LONGEST_VALUE),
    )
    return IncomingMessage(key_of("shortcut", body, delivery), words, presser(body, user), origin, now)


def unsupported(kind: str, body: Payload, now: datetime, *, delivery: str = "") -> IncomingMessage | None:
    """The message of who used a ``shortcut`` or submitted a ``form``, which the bot does not have, to answer them."""
    user = text_in(part(body, "user"), "id")
    if not user:
        return None
    origin = Origin(
        surface=Surface.UNSUPPORTED,
        channel=text_in(part(body, "channel"), "id") or user,
        response_url=text_in(body, "response_url", LONGEST_VALUE),
    )
    return IncomingMessage(key_of(kind, body, delivery), kind, presser(body, user), origin, now)


def with_workspace_key(received: Received, body: Payload, me: Identity) -> Received:
    """What was received, with a person of the bot's own workspace known by the key of all people of it.

    While the workspace joins an organization, or leaves it, payloads name its team, the enterprise or both. A payload
    that names none comes from the bot's own workspace.
    """
    team: str = text_in(body, "team_id") or text_in(part(body, "user"), "team_id") or text_in(part(body, "team"), "id")
    own: set[str] = {me.team, me.enterprise, text_in(body, "enterprise_id")}
    own |= {text_in(part(body, "enterprise"), "id"), text_in(part(body, "team"), "enterprise_id")}
    if received.by.team and (not me.team or team != me.team or received.by.team not in own - {""}):
        return received
    return replace(received, by=Person(me.workspace_key, received.by.user))


def without_mention(text: str, me: Identity) -> str:
    """The words without the bot's mention: that at the beginning, after greetings, else that at the end.

    Slack writes ``<@U…>``, some clients ``<@U…|name>``, and plain ``@name`` is what is left of a mention that
    a client did not resolve. A mention within the words is one of them.
    """
    before, after = _around_mention(text, me)
    if is_courtesy_only(before):
        return f"{before} {after}".strip()
    return before if is_courtesy_only(after) else text.strip()


def is_talk(text: str, me: Identity) -> bool:
    """Whether the bot is mentioned in words that are for others, or with greetings alone; a bare mention is not talk.

    A quotation may be somebody else's words: what would change something is then talk.
    """
    before, after = _around_mention(text, me)
    if QUOTED.search(text) and would_change(without_mention(text, me)):
        return True
    if is_courtesy_only(before):
        return is_courtesy_only(after) and bool(NO_WORDS.sub("", before + after))
    return not (is_courtesy_only(after) and is_command(before))


def _around_mention(text: str, me: Identity) -> tuple[str, str]:
    """The words before and after the mention; without one, all words are after it.

    A mark that opens before the mention and closes after the words belongs to them, as does one the other way round.
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
    """Who wrote a message. In a channel shared with others, the author's own team tells them apart."""
    enterprise, team = text_in(body, "enterprise_id"), text_in(body, "team_id")
    own = next(
        (text_in(slack_event, name) for name in ("user_team", "source_team", "team") if slack_event.get(name)), ""
    )
    foreign = own not in ("", team, enterprise) and (not enterprise or bool(body.get("is_ext_shared_channel")))
    return Person(own if foreign else enterprise or team, text_in(slack_event, "user"))


# ── what is in payloads ──


def presser(body: Payload, user: str) -> Person:
    """Who pressed, chose or submitted."""
    enterprise = text_in(part(body, "enterprise"), "id") or text_in(part(body, "team"), "enterprise_id")
    own = text_in(part(body, "user"), "team_id") or text_in(part(body, "team"), "id")
    return Person(enterprise or own, user)


def key_of(kind: str, body: Payload, delivery: str) -> str:
    """The key of a delivery: the trigger id, else the envelope's, else a digest of the whole payload."""
    id_ = text_in(body, "trigger_id") or text_in({"delivery": delivery}, "delivery")
    return f"{kind}:{id_ or hashlib.sha256(_printed(body).encode()).hexdigest()[:32]}"


def _printed(body: Payload) -> str:
    try:
        return json.dumps(body, sort_keys=True, default=str)
    except (RecursionError, TypeError):  # nested deeper than can be written, or keyed by things
        return json.dumps([(name, value) for name, value in body.items() if isinstance(value, str)])


def thread_in(thread: str, message: str) -> str:
    """The thread that a message is *in*: its first message is in the channel."""
    return "" if thread == message else thread


def part(body: Payload, name: str) -> Payload:
    """The object of that name; an empty one where there is none."""
    found = body.get(name)
    return found if isinstance(found, Mapping) else {}


def words_in(body: Payload, name: str) -> str:
    """What a person wrote, as the database can take it."""
    value = body.get(name)
    return legible(value, LONGEST) if isinstance(value, str) else ""


def text_in(body: Payload, name: str, longest: int = LONGEST_ID) -> str:
    """An id, a time or a word; empty where there is none, or one that the database could not take."""
    value = body.get(name)
    return value if isinstance(value, str) and len(value) <= longest and legible(value) == value else ""

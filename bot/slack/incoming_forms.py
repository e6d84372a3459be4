"""Slack's payloads about forms and the home, read. All functions are pure.

Payload shapes: docs.slack.dev, "View interaction payloads", "block_suggestion", "app_home_opened" (January 2026).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.core.command import buttons
from bot.core.command.lacking import said
from bot.core.forms import fields, rendering
from bot.core.forms.model import FormAsked, FormChanged, FormClosed, FormSubmitted, HomeOpened, OpenView, OptionsAsked
from bot.core.forms.names import FORMS, GLOBAL_SHORTCUTS
from bot.core.people.model import IncomingMessage, Origin, Person, Surface
from bot.core.text.escape import legible
from bot.slack.incoming import LONGEST_VALUE, Payload, key_of, part, presser, text_in


def asked(received: IncomingMessage, body: Payload, command: str = "") -> FormAsked | None:
    """The form that a command or press opens: a press that says so, or a command that lacks words.

    None without a trigger id, which is all that can open a form.
    """
    trigger, name, words = text_in(body, "trigger_id"), "", received.text
    if received.origin.surface is Surface.COMMAND:
        found = said(words, command)
        name = found.verb if found is not None and found.lacks else ""
    elif wanted := buttons.asked_form(words):
        name, words = wanted
    if not trigger or name not in FORMS:
        return None
    return FormAsked(received.key, name, words, trigger, received.by, received.origin, received.at, received.post)


def shortcut(body: Payload, now: datetime, *, delivery: str = "") -> FormAsked | None:
    """The form that a global shortcut opens."""
    user, trigger = text_in(part(body, "user"), "id"), text_in(body, "trigger_id")
    name = GLOBAL_SHORTCUTS.get(text_in(body, "callback_id"), "")
    if body.get("type") != "shortcut" or not (user and trigger) or name not in FORMS:
        return None
    key, by = key_of("shortcut", body, delivery), presser(body, user)
    return FormAsked(key, name, name, trigger, by, Origin(Surface.SHORTCUT, user), now)


def submitted(body: Payload, now: datetime) -> FormSubmitted | None:
    """A submission of one of our forms."""
    known = _event(body, now)
    return FormSubmitted(**known) if known else None


def closed(body: Payload, now: datetime) -> FormClosed | None:
    """A form that a person closed."""
    known = _event(body, now)
    return FormClosed(**known) if known else None


def changed(body: Payload, now: datetime) -> FormChanged | None:
    """A change of a field that reports it, or a button of a form; None for what is no field."""
    actions = body.get("actions")
    action = actions[0] if isinstance(actions, list) and actions and isinstance(actions[0], dict) else {}
    name = _field(action)
    known = _event(body, now) if name else None
    return FormChanged(**known, field=name, chosen=legible(fields.value_of(action))) if known else None


def options(body: Payload, now: datetime) -> OptionsAsked | None:
    """What is wanted for a field that offers choices while a person types."""
    name, typed = _field(body), body.get("value")
    known = _event(body, now) if name else None
    text = legible(typed, fields.LONGEST_TEXT) if isinstance(typed, str) else ""
    return OptionsAsked(**known, field=name, typed=text) if known else None


def home(body: Payload, now: datetime) -> HomeOpened | None:
    """The home that somebody opened; None for another tab."""
    event = part(body, "event")
    user = text_in(event, "user")
    if event.get("type") != "app_home_opened" or event.get("tab") != "home" or not user:
        return None
    person = Person(text_in(body, "enterprise_id") or text_in(body, "team_id"), user)
    view = _open(part(event, "view"))
    return HomeOpened(person, now, view if view.id else None)


def _field(action: Payload) -> str:
    """The name of the field that an action is of; empty for what is none."""
    id_ = text_in(action, "action_id")
    return id_.removeprefix(fields.ACTION) if id_.startswith(fields.ACTION) else ""


def _open(view: Payload) -> OpenView:
    return OpenView(text_in(view, "id"), text_in(view, "hash"))


def _event(body: Payload, now: datetime) -> dict[str, Any]:
    """What all that happens in a form has in common; nothing for a view that is none of ours."""
    user, view = text_in(part(body, "user"), "id"), part(body, "view")
    name = text_in(view, "callback_id")
    is_home = view.get("type") == "home"
    if not user or not text_in(view, "id") or (not is_home and name not in FORMS):
        return {}
    state, origin = rendering.read(text_in(view, "private_metadata", LONGEST_VALUE), user)
    return {
        "view": _open(view),
        "name": name,
        "by": presser(body, user),
        "at": now,
        "origin": Origin(Surface.HOME, user) if is_home else origin,
        "state": state,
        "values": _values(part(part(view, "state"), "values")),
        "fields": _inputs(view.get("blocks")),
        "trigger": text_in(body, "trigger_id"),
    }


def _values(blocks: Payload) -> dict[str, str]:
    """What each field holds, by its name."""
    return {
        fields.name_of(str(block)): legible(fields.value_of(state))
        for block, held in blocks.items()
        for action, state in (held.items() if isinstance(held, Mapping) else ())
        if str(action).startswith(fields.ACTION) and isinstance(state, Mapping)
    }


def _inputs(blocks: object) -> dict[str, str]:
    """The block ids of the fields, by their names: only these can show an error."""
    ids = (
        [text_in(each, "block_id") for each in blocks if isinstance(each, Mapping) and each.get("type") == "input"]
        if isinstance(blocks, list)
        else []
    )
    return {fields.name_of(each): each for each in ids if each}

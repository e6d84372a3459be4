"""What Slack is sent of a view, in a language and within its limits; and what a view carries for later.

Source of the limits: docs.slack.dev, "Views" and "views.open".
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bot.core.forms.fields import option
from bot.core.forms.model import Option, View
from bot.core.outbox.blocks import Body, Shown, context, in_language
from bot.core.people.model import Origin, Surface
from bot.core.text.language import EN
from bot.core.text.message import msg

MOST_BLOCKS = 100
_TITLE, _CARRIED = 24, 3000
_REST = msg("… The rest does not fit here.")
_CANCEL, _CLOSE = msg("Cancel"), msg("Close")


def rendered(view: View, language: str = EN) -> Body:
    """The view as Slack is sent it. Raises ValueError where it carries more than Slack takes."""
    blocks = in_language(view.blocks, language)
    if len(blocks) > MOST_BLOCKS:
        blocks = [*blocks[: MOST_BLOCKS - 1], in_language(context(_REST), language)]
    sent: dict[str, Any] = {
        "type": "home" if view.is_home else "modal",
        "callback_id": view.name,
        "private_metadata": carried(view.state, view.origin),
        "blocks": blocks,
    }
    if view.is_home:
        return sent
    labels = {"title": view.title, "close": view.close or (_CANCEL if view.submit else _CLOSE), "submit": view.submit}
    sent |= {
        name: in_language(Shown(label, _TITLE, is_plain=True), language) for name, label in labels.items() if label
    }
    return sent | ({"notify_on_close": True} if view.notify_on_close else {})


def offered(options: Sequence[Option], language: str) -> list[dict[str, Any]]:
    """Choices as Slack is sent them, at most 100."""
    shown: list[dict[str, Any]] = in_language([option(each) for each in options[:100]], language)
    return shown


def carried(state: Mapping[str, str], origin: Origin | None) -> str:
    """What a view carries: ids, and the place where it was asked for without its secret address."""
    place = [origin.channel, origin.thread, origin.message] if origin else []
    text = json.dumps({"ids": dict(state), "at": place}, ensure_ascii=False, separators=(",", ":"))
    if len(text) > _CARRIED:
        raise ValueError(f"a view carries at most {_CARRIED} characters")
    return text


def read(text: str, user: str) -> tuple[Mapping[str, str], Origin]:
    """What a view carries. Where it cannot be read, it was asked for in the person's direct messages."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    found = found if isinstance(found, dict) else {}
    ids, place = found.get("ids"), found.get("at")
    state = {name: each for name, each in ids.items() if isinstance(each, str)} if isinstance(ids, dict) else {}
    texts = place if isinstance(place, list) and all(isinstance(each, str) for each in place) else []
    channel, thread, message = texts if len(texts) == 3 else ("", "", "")
    return state, Origin(Surface.FORM, channel or user, thread, message)

"""Messages as JSON: one process keeps a sentence with its data, another shows it in the language of its reader."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from bot.core.text.escape import EMPTY, Markup
from bot.core.text.language import EN
from bot.core.text.message import Joined, Message, Text, Value


def written(text: "Value | None") -> Any:
    """A text, or a piece of data in one, as JSON. What a library would word differs by language: it is kept in English.

    Text from outside is the only thing that stays a text.
    """
    match text:
        case Markup():
            return {"markup": str(text)}
        case Message():
            values = {name: written(value) for name, value in text.values.items()}
            return {"text": text.text, "values": values, "plural": text.plural, "number": text.number}
        case Joined():
            return {"parts": [written(part) for part in text.parts if part], "by": text.by}
        case timedelta():
            return {"seconds": text.total_seconds()}
        case datetime():
            return {"at": text.isoformat()}
        case None | str() | int():
            return text
        case _:
            return text(EN)


def read(kept: Any) -> Text:
    """What ``written`` made of a text. Raises KeyError, TypeError or ValueError for anything else."""
    found = _value(kept)
    if isinstance(found, Markup | Message | Joined):
        return found
    raise TypeError("no text")


def _value(kept: Any) -> Any:
    if not isinstance(kept, Mapping):
        return kept
    if "markup" in kept:
        return Markup(kept["markup"]) if kept["markup"] else EMPTY
    if "seconds" in kept:
        return timedelta(seconds=kept["seconds"])
    if "at" in kept:
        return datetime.fromisoformat(kept["at"])
    if "parts" in kept:
        return Joined(tuple(read(part) for part in kept["parts"]), str(kept["by"]))
    values = {name: _value(value) for name, value in kept["values"].items()}
    return Message(kept["text"], values, kept["plural"], kept["number"])

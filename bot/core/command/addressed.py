"""Whether words are a command, without reading all of it: for what people say where others talk, too."""

from bot.core.command.chinese import AMBIGUOUS
from bot.core.command.parse import mine_of, verb_of
from bot.core.command.table import BY_VERB, nearest
from bot.core.command.tokens import Cursor
from bot.core.errors import Refusal


def is_courtesy_only(text: str) -> bool:
    """Whether a text holds nothing but greetings, emoji and marks, or nothing at all."""
    try:
        return verb_of(Cursor(text)) is None
    except Refusal:
        return False


def is_command(text: str) -> bool:
    """Whether a text begins like a command, after greetings: with a verb, one mistyped, an id or a slash."""
    try:
        cursor = Cursor(text)
        verb = verb_of(cursor)
    except Refusal:
        return False
    if verb is None:
        return False
    if verb.bare.casefold() in BY_VERB or verb.bare in AMBIGUOUS or mine_of(cursor) or nearest(verb.bare):
        return True
    return verb.plain[:1].isdigit() or verb.plain[:1] == "/"


def would_change(text: str) -> bool:
    """Whether a text begins, after greetings, with a verb that changes something."""
    try:
        verb = verb_of(Cursor(text))
    except Refusal:
        return False
    found = BY_VERB.get(verb.bare.casefold()) if verb is not None else None
    return found is not None and found.changes

"""The form with which somebody asks to be linked to an EnOS user."""

from collections.abc import Mapping, Sequence

from bot.core.forms import fields
from bot.core.forms.model import Errors, View
from bot.core.outbox import blocks
from bot.core.text.message import msg, sentences
from bot.messages.cards.asking import people

TITLE = msg("Ask to be linked")
USER_ID, USER_NAME = "user_id", "user_name"  # names of fields
_MOST = 100  # characters of a name or an id


def view(user_id: str, admins: Sequence[str]) -> View:
    """The form; ``user_id`` is what was said of it, ``admins`` are those who can approve."""
    text = sentences(
        msg("A link says which EnOS user you are. With it you can do here what that user can do in EnOS."),
        msg("{people} will check your request.", people=people(admins)) if admins else None,
    )
    hint = msg("It begins with `u` and is in your profile in the EnOS console.")
    body = [
        blocks.section(text),
        fields.text(USER_ID, msg("EnOS user ID"), initial=user_id[:_MOST], hint=hint, most=_MOST),
        fields.text(USER_NAME, msg("EnOS user name"), hint=msg("For example `jane.doe`."), most=_MOST),
    ]
    return View("link", TITLE, body, submit=msg("Send request"))


def errors(values: Mapping[str, str]) -> Errors | None:
    """What is wrong with the fields, if anything."""
    missing = {name: msg("Write it here.") for name in (USER_ID, USER_NAME) if not values.get(name)}
    return Errors(missing) if missing else None

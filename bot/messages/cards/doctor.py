"""What people see of ``flowbot doctor``: a message that is deleted again, and one with a button to press."""

from datetime import timedelta

from bot.core.outbox import blocks
from bot.core.outbox.blocks import Card
from bot.core.text.escape import mention
from bot.core.text.mask import DEFAULT, without_secrets
from bot.core.text.message import Text, msg, sentences

COMMAND = "status"  # what the button says: anybody may, and it changes nothing
_WORDS = 100  # characters of a command that is quoted


def passing(post: str, *, edited: bool = False) -> Card:
    """The message that is posted, found, edited and deleted."""
    test = msg("This is a test by flowbot doctor. It disappears in a moment.")
    text = sentences(test, msg("It was edited.")) if edited else test
    return blocks.Card(
        text, [blocks.section(text), blocks.actions(blocks.button(msg("Status"), COMMAND, post, index=0))]
    )


def please_press(post: str, seconds: float) -> Card:
    """The message that asks for a press."""
    text = msg(
        "This is a check. Please press this button within {duration}, to show that buttons work.",
        duration=timedelta(seconds=seconds),
    )
    press = blocks.button(msg("Press me"), COMMAND, post, index=0, style="primary")
    return blocks.Card(msg("This is a check. Please press the button."), [blocks.section(text), blocks.actions(press)])


def pressed(user: str) -> Card:
    """What the message says once somebody has pressed."""
    text = msg("{person} pressed the button, and it works. Thank you.", person=mention(user))
    return blocks.Card(msg("The button works."), [blocks.section(text)])


def unpressed() -> Card:
    """What the message says when the time is over."""
    return _paragraph(msg("The check is over. No press of the button reached me. There is nothing more to do here."))


def not_now(words: str) -> Card:
    """The answer to somebody who asks for something while only the doctor listens."""
    said = blocks.typed(without_secrets(words, DEFAULT)[:_WORDS])
    return _paragraph(
        sentences(
            msg("This is only a check. I can't run commands right now."),
            msg("Nothing was done for {command}.", command=said) if said else msg("Nothing was done."),
            msg("Try again later."),
        )
    )


def _paragraph(text: Text) -> Card:
    return blocks.Card(text, [blocks.section(text)])

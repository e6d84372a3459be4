"""What people see of ``flowbot doctor``: a message that is deleted again, and one with a button to press."""

from bot.core.command.markup import decode
from bot.core.command.tokens import visible
from bot.core.outbox.card import Card
from bot.core.text.escape import escape, mention
from bot.core.text.mask import DEFAULT, without_secrets
from bot.messages import blocks

COMMAND = "status"  # what the button says: anybody may, and it changes nothing


def passing(post: str, *, edited: bool = False) -> Card:
    """The message that is posted, found, edited and deleted."""
    text = "flowbot doctor: a test, gone in a moment." + (" It was edited." if edited else "")
    return blocks.body(text, [blocks.section(text), blocks.actions(blocks.button("Status", COMMAND, post, index=0))])


def please_press(post: str, seconds: float) -> Card:
    """The message that asks for a press."""
    text = (
        f"flowbot is being checked. Please press this button within {seconds:g} seconds: that proves that buttons work."
    )
    press = blocks.button("Press me", COMMAND, post, index=0, style="primary")
    return blocks.body(text, [blocks.section(text), blocks.actions(press)])


def pressed(user: str) -> Card:
    """What the message says once somebody has pressed."""
    text = f"{mention(user)} pressed the button, and it reached me. Thank you; there is nothing more to do."
    return blocks.body(text, [blocks.section(text)])


def unpressed() -> Card:
    """What the message says when the time is over."""
    text = "flowbot was checked, and no press of its button arrived. There is nothing more to do here."
    return blocks.body(text, [blocks.section(text)])


def not_now(words: str) -> Card:
    """The answer to somebody who asks for something while only the doctor listens."""
    said = escape(visible(decode(without_secrets(words, DEFAULT)).text)[:100])
    text = f"I do not run just now, I am only being checked, so nothing was done for “{said}”. Ask later."
    return blocks.body(text, [blocks.section(text)])

"""The welcome: below the answer to what a person says to flowbot for the first time."""

from bot.core.command.parse import in_words
from bot.core.command.rights import Caller
from bot.core.outbox import blocks
from bot.core.outbox.blocks import Block
from bot.core.text.message import Text, msg, sentences


def welcome(command: str, caller: Caller) -> Block:
    """What this person can do now, in three short sentences."""
    return blocks.context(
        sentences(
            msg("👋 Welcome. I run EnOS flows from Slack and tell people when one breaks."),
            _now(command, caller),
            msg("{help} shows what you can do.", help=in_words("help", command)),
        )
    )


def _now(command: str, caller: Caller) -> Text:
    if caller.link is not None:
        return msg(
            "{failed} lists today's failures, and {trigger} starts a run.",
            failed=in_words("failed today", command),
            trigger=in_words("trigger 3377", command),
        )
    if caller.on_call:
        ack = in_words("ack 2809", command)
        return msg("You are on call: acknowledge what breaks with the button on its card, or with {ack}.", ack=ack)
    return msg(
        "To see and start flows, you need a link to your EnOS user: {whoami}.", whoami=in_words("whoami", command)
    )

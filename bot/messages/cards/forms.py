"""What all forms say: while they are filled, and where they cannot be."""

from bot.core.command.parse import in_words
from bot.core.command.table import BY_VERB
from bot.core.errors import Refusal
from bot.core.forms.model import View
from bot.core.outbox import blocks
from bot.core.text.message import Text, msg, sentences


def loading(name: str, title: Text) -> View:
    """What is shown until the form is filled."""
    return View(name, title, [blocks.section(msg("Loading …"))])


def told(name: str, title: Text, text: Text) -> View:
    """One sentence in the form's place."""
    return View(name, title, [blocks.section(text)])


def says(words: str) -> blocks.Block:
    """The command that the form sends."""
    return blocks.context(msg("This form sends {command}.", command=in_words(words)))


def not_opened(name: str, command: str, error: str) -> Refusal:
    """The refusal where Slack did not open the form, with the command to type instead."""
    what = (
        msg("Slack took too long, so the form did not open. Nothing was changed.")
        if "trigger_id" in error
        else msg("Slack did not open the form ({error}). Nothing was changed.", error=error)
    )
    return Refusal("not_opened", what, _typed_instead(name, command))


def closed_meanwhile(name: str, command: str) -> Text:
    """The sentence to somebody who closed a form before it was filled."""
    return sentences(
        msg("You closed the form before it was ready. Nothing was changed."), _typed_instead(name, command)
    )


def _typed_instead(name: str, command: str) -> Text:
    row = BY_VERB.get(name)
    if row is None:
        return msg("{help} lists what you can do.", help=in_words("help", command))
    example = max(row.examples, key=len)
    return msg("Type the command instead, for example {command}.", command=in_words(example, command))

"""What somebody typed, as a sentence shows it."""

from collections.abc import Callable

from bot.core.text.escape import Markup, code, visible
from bot.core.values import dataclass


def tick(word: str) -> Markup:
    """A word in code ticks, cut to what a sentence can hold."""
    shown = visible(word)
    return code(shown if len(shown) <= 40 else shown[:39] + "…")


@dataclass(frozen=True, slots=True)
class _InCode:
    """A class, so that two messages with the same words are equal."""

    said_in: Callable[[str], str]
    before: str

    def __call__(self, language: str) -> Markup:
        said = self.said_in(language)
        return code(f"{self.before} {said}" if self.before else said)


def in_code(said_in: Callable[[str], str], before: str = "") -> Callable[[str], str]:
    """Words that depend on the reader's language, in code ticks: data of a message.

    ``before`` is what stands before them, such as the slash command.
    """
    return _InCode(said_in, before)

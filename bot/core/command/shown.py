"""What somebody typed, as a sentence shows it."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from bot.core.command.characters import INVISIBLE
from bot.core.text.escape import Markup, code

_UNSHOWN = re.compile(f"[{re.escape(INVISIBLE)}]")


def visible(text: str) -> str:
    """A text that cannot disturb the sentence around it: one line, no controls, no code ticks."""
    return _UNSHOWN.sub("", re.sub(r"\s", " ", text)).replace("`", "ˋ")


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

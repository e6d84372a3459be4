"""Catalogues: the sentences of each language, from the files that translators' tools read.

``bot/locale/LANGUAGE/LC_MESSAGES/flowbot.po`` is what people edit, the ``.mo`` beside it what is read here; the gate
fails where the two differ. English has no file: it is what the code says.
"""

import gettext
from dataclasses import field
from functools import cache
from pathlib import Path
from typing import Protocol

from bot.core.text.language import EN, LANGUAGES
from bot.core.values import dataclass

FOLDER = Path(__file__).parents[2] / "locale"
DOMAIN = "flowbot"


class BadCatalogue(Exception):  # noqa: N818  named for what is known
    """A catalogue cannot be read: flowbot is not installed whole. The sentence is for its operator."""


class Catalogue(Protocol):
    """The sentences of one language."""

    def sentence(self, text: str, plural: str, number: int) -> str:
        """The sentence for an English one; ``plural``, if there is one, is the English for numbers other than one."""
        ...


@dataclass(frozen=True)
class Translations:
    """A language with a file. What is not translated is shown in English; the gate lets nothing be missing."""

    found: gettext.NullTranslations = field(repr=False)

    def sentence(self, text: str, plural: str, number: int) -> str:
        """The translated sentence."""
        return self.found.ngettext(text, plural, number) if plural else self.found.gettext(text)


def read(language: str) -> Catalogue:
    """The catalogue of a language that has a file. Raises BadCatalogue where that is missing or broken."""
    path = FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.mo"
    try:
        with path.open("rb") as file:
            return Translations(gettext.GNUTranslations(file))
    except Exception as error:  # what a broken file raises depends on where it is broken
        why = getattr(error, "strerror", None) or "it is broken"
        raise BadCatalogue(f"flowbot can't read its catalogue {path}: {why}. Install flowbot again.") from error


of = cache(read)  # it is kept from when somebody reads the language


def check() -> None:
    """Read the catalogues of all languages, so that a missing one is noticed at the start."""
    for language in LANGUAGES:
        if language != EN:
            read(language)

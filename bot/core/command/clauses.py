"""Clauses: the parts of a command, each a word, a value, or a value behind a word."""

from bot.core.command import chinese
from bot.core.command.forms import Form
from bot.core.values import dataclass


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a command: a value after a word, a value alone, or a word alone."""

    fields: tuple[str, ...]  # of the request; two where the value may be a flow or an instance
    word: str = ""
    form: Form | None = None  # None: the word alone
    optional: bool = True
    in_thread: bool = False  # may be left out in an incident's thread, which names it
    hidden: bool = False  # buttons say it; the syntax does not show it
    repeats: bool = False  # its values may be in several places
    loose: bool = False  # its word may be left out
    needed: bool = False  # the verb asks for it, in words of its own: not shown in brackets
    alternative: bool = False  # to the clause before it

    @property
    def words_zh(self) -> tuple[str, ...]:
        """Its word in Chinese, and others that are understood."""
        return chinese.CLAUSES.get((self.word, self.fields[0]), ())

    def word_in(self, language: str) -> str:
        """Its word in a language, "en" or "zh"."""
        return self.words_zh[0] if language == "zh" and self.words_zh else self.word

    def example_in(self, language: str) -> str:
        """An example in a language, "en" or "zh"."""
        return f"{self.word_in(language)} {self.form.example if self.form else ''}"

    def syntax_in(self, language: str) -> str:
        """How the syntax shows it in a language, "en" or "zh": in brackets where it may be left out anywhere."""
        parts = (self.word_in(language), self.form.placeholder_in(language) if self.form else "")
        text = " ".join(part for part in parts if part)
        return f"[{text}]" if self.optional and not (self.in_thread or self.needed) else text

"""Rows of the table of commands: one verb each, with its words in both languages."""

from dataclasses import field
from enum import Enum
from itertools import chain

from bot.core.command import chinese
from bot.core.command.clauses import Clause
from bot.core.command.rights import Who
from bot.core.text.language import ZH
from bot.core.text.message import Message
from bot.core.values import dataclass

_TARGETS = {"flow", "instance", "person"}  # fields of a request


class Family(Enum):
    """What verbs are about: help shows them together. The values are what ``help`` takes as a topic."""

    RUNS = "runs"
    INCIDENTS = "incidents"
    FLOWS = "flows"
    ROUTING = "routing"
    PEOPLE = "people"
    ME = "me"


@dataclass(frozen=True, slots=True)
class Row:
    """One verb."""

    verb: str
    request: type
    who: Who
    summary: Message
    clauses: tuple[Clause, ...] = ()  # those without a word are read in this order
    examples: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    changes: bool = False  # something in EnOS or of flowbot's own: it is on record before it happens
    shows: bool = False  # a verb that changes something: without words it shows how that is
    hidden: bool = False  # buttons say it; help, README and suggestions do not show it
    needs: tuple[tuple[str, ...], ...] = ()  # one field of each, where no thread says it; else a form asks for it
    apart: bool = False  # each person's press of one button counts, not only the first of all
    family: Family = field(kw_only=True)

    @property
    def words_zh(self) -> tuple[str, ...]:
        """The verb in Chinese, and others that are understood."""
        return chinese.VERBS.get(self.verb, ())

    @property
    def examples_zh(self) -> tuple[str, ...]:
        """The examples as they are said in Chinese, in the same order."""
        return chinese.EXAMPLES.get(self.verb, ())

    @property
    def glued(self) -> frozenset[str]:
        """The Chinese words that need no space to each other, to Latin letters and to digits behind this verb."""
        forms = (each.form.words_zh for each in self.clauses if each.form)
        return frozenset(chain([chinese.THANKS], *forms, *(each.words_zh for each in self.clauses)))

    @property
    def syntax(self) -> str:
        """The verb with its clauses; brackets around what may be left out."""
        return self.syntax_in("en")

    def word_in(self, language: str) -> str:
        """The verb in a language, "en" or "zh"."""
        return self.words_zh[0] if language == ZH and self.words_zh else self.verb

    def example_in(self, language: str) -> str:
        """An example with a value, where there is one."""
        examples = self.examples_zh if language == ZH else self.examples
        return next((each for each in examples if " " in each), self.word_in(language))

    def syntax_in(self, language: str) -> str:
        """The syntax in a language, "en" or "zh"."""
        shown = [self.word_in(language)]
        for each in self.clauses:
            if each.alternative:
                shown[-1] += f"|{each.syntax_in(language)}"
            elif not each.hidden:
                shown.append(each.syntax_in(language))
        return " ".join(shown)

    def brief_in(self, language: str) -> str:
        """The verb with the first thing that it is about, in a language: "trigger FLOW"."""
        form = self.clauses[0].form if self.clauses and self.clauses[0].fields[0] in _TARGETS else None
        about = (form.placeholder_in(language).partition("|")[0],) if form else ()
        return " ".join((self.word_in(language), *about))

    @property
    def in_thread(self) -> bool:
        """Whether its flow or run may be left out in an incident's thread."""
        return any(each.in_thread for each in self.clauses)

"""Commands that lack words: what was said of them, for a form that asks for the rest."""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.core.command.parse import Reading, verb_of
from bot.core.command.requests import ME
from bot.core.command.spelling import BLANK
from bot.core.command.table import BY_VERB
from bot.core.command.tokens import Cursor
from bot.core.errors import Refusal
from bot.core.values import dataclass


@dataclass(frozen=True, slots=True)
class Said:
    """A command as far as it was said."""

    verb: str
    values: Mapping[str, Any]  # by the fields of the request
    lacks: bool  # something that it needs

    def part(self, *fields: str) -> str:
        """The words of the first of these fields that has a value; empty for none."""
        return next((value for name, _, value in self._parts() if name in fields), "")

    @property
    def words(self) -> str:
        """The canonical words of what was said."""
        return " ".join((self.verb, *(part for _, word, value in self._parts() for part in (word, value) if part)))

    def _parts(self) -> Iterator[tuple[str, str, str]]:
        """The field, the word and the value of each clause that was said."""
        for clause in BY_VERB[self.verb].clauses:
            for name in clause.fields:
                if name in self.values:
                    yield name, clause.word, clause.form.say(self.values[name]) if clause.form else ""


def said(text: str, command: str = "") -> Said | None:
    """What a text says of a command; None where it is none, or holds what is not understood."""
    try:
        cursor = Cursor(text)
        verb = verb_of(cursor, command)
        row = BY_VERB.get(verb.bare.casefold()) if verb is not None else None
        if verb is None or row is None:
            return None
        cursor.take()
        reading = Reading(cursor, row, verb.end)
        try:
            reading.request()
            ended_early = False
        except Refusal as refused:
            if cursor.peek() is not None or refused.reason != "expected":
                return None
            ended_early = True
    except Refusal:  # too long, or not even its words can be told apart
        return None
    values = reading.named()
    if str(values.get("because", "")).strip(f"{BLANK}. ") == "":
        values.pop("because", None)
    lacks = ended_early or not all(any(each in values for each in names) for names in row.needs)
    return Said(row.verb, values, lacks)


def is_about_own_link(text: str) -> bool:
    """Whether a guest without a link may say it, or ask for its form: it asks for a link, or withdraws that."""
    found = said(text)
    return found is not None and (found.verb == "withdraw" or found.values.get("person") == ME)

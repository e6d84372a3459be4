"""Parse: from words to a request, and back. ``parse(say(request)) == request`` for every request.

    VERB [value without a word, in the row's order] [clauses in any order, each once]

The table of ``table.py`` says which clauses a verb has. Whatever is not understood is refused with its place.
"""

from dataclasses import fields, replace
from datetime import datetime, timedelta, tzinfo
from typing import Any, cast

from bot.core.command.clauses import FLOW, PAIRS, PAIRS_HINT, Clause, is_number
from bot.core.command.courtesy import is_courtesy, is_emoji, is_thanks
from bot.core.command.local_times import AmbiguousTime
from bot.core.command.periods import resolve
from bot.core.command.requests import Help, Request, Trigger
from bot.core.command.table import Row, near, nearest, row, row_of
from bot.core.command.tokens import Cursor, ParseError, Token, tick
from bot.core.errors import Refused

__all__ = ["ParseError", "far_off", "is_command", "is_courtesy_only", "parse", "say", "trigger_time", "would_change"]

AHEAD, BEHIND = timedelta(days=7), timedelta(days=180)  # a start farther off than that asks once


def parse(text: str, command: str = "") -> Request:
    """Return what a text asks for; no words at all ask for help. Raises Misread with the place and a way out.

    ``command`` is the name of the slash command, which people say out of habit where it is not needed.
    """
    cursor = Cursor(text)
    first = cursor.peek()
    verb = _verb(cursor, command)
    if verb is None:
        if first is not None and is_emoji(first.plain):
            raise _unknown(cursor, first)
        return Help()
    found = row(verb.bare)
    if found is None:
        raise _unknown(cursor, verb)
    cursor.take()
    return _Reading(cursor, found, verb).request()


def is_courtesy_only(text: str) -> bool:
    """Whether a text holds nothing but greetings, emoji and marks, or nothing at all."""
    try:
        return _verb(Cursor(text)) is None
    except ParseError:
        return False


def is_command(text: str) -> bool:
    """Whether a text begins like a command, after greetings: with a verb, one mistyped, an id or a slash."""
    try:
        verb = _verb(Cursor(text))
    except ParseError:
        return False
    if verb is None:
        return False
    return row(verb.bare) is not None or bool(nearest(verb.bare)) or verb.plain[:1].isdigit() or verb.plain[:1] == "/"


def would_change(text: str) -> bool:
    """Whether a text begins, after greetings, with a verb that changes something."""
    try:
        verb = _verb(Cursor(text))
    except ParseError:
        return False
    found = row(verb.bare) if verb is not None else None
    return found is not None and found.changes


def _verb(cursor: Cursor, command: str = "") -> Token | None:
    """Return the verb, and take the greetings before it."""
    while (token := cursor.peek()) and (is_courtesy(token.plain) or (command and token.plain == command)):
        cursor.take()
    return token


def say(request: Request) -> str:
    """Return the canonical words of a request."""
    about = row_of(request)
    defaults = {each.name: each.default for each in fields(cast("Any", request))}
    words = [about.verb]
    for clause in about.clauses:
        named = [name for name in clause.fields if getattr(request, name) != defaults[name]]
        if named:
            words.append(_said(clause, getattr(request, named[0])))
    return " ".join(words)


def trigger_time(request: Trigger, now: datetime, zone: tzinfo) -> datetime:
    """Return for when (UTC) a run is asked; without ``at`` that is now.

    Raises Undecided, with whole commands as its offers, for a clock time that has passed today and for a local time
    that comes twice; and Refused for a local time that does not exist.
    """
    if request.when is None:
        return now
    try:
        return resolve(request.when, now, zone)
    except AmbiguousTime as undecided:
        undecided.offers = tuple((label, say(replace(request, when=choice))) for label, choice in undecided.choices)
        raise


def far_off(at: datetime, now: datetime) -> str:
    """Return how far off a start is that may be a typing error, such as a wrong year; empty for what is usual.

    A run may be planned some days ahead, and old data are run again; a wrong year is off by a year, less what is
    left of it or has passed.
    """
    if at - now > AHEAD:
        return f"{_days_off(at - now)} from now"
    return f"{_days_off(now - at)} ago" if now - at > BEHIND else ""


def _days_off(span: timedelta) -> str:
    return f"{span.days:,} days"


def _said(clause: Clause, value: object) -> str:
    parts = (clause.word, clause.form.say(value) if clause.form else "")
    return " ".join(part for part in parts if part)


def _unknown(cursor: Cursor, verb: Token) -> ParseError:
    suggestion = nearest(verb.bare)
    if suggestion:
        way_out = f"Did you mean `{suggestion}`? `help` lists what I know."
    elif verb.plain[:1].isdigit():
        way_out = f"Say what to do with it, such as {tick(f'show {verb.plain}')}; `help` lists the verbs."
    else:
        way_out = "A command begins with a verb, such as `failed today`; `help` lists them all."
    return cursor.parse_error(
        "unknown_verb", f"I do not know the verb {tick(verb.word)}", way_out, verb.start, suggestion
    )


class _Reading:
    """The reading of one command behind its verb."""

    def __init__(self, cursor: Cursor, about: Row, verb: Token) -> None:
        self._cursor = cursor
        self._row = about
        cursor.words = frozenset(each.word for each in about.clauses if each.word)
        self._behind = verb.end  # the end of the last value that stands without a word
        self._values: dict[Clause, Any] = {}
        self._places: dict[str, int] = {}  # where the clause of each word stands

    def request(self) -> Request:
        while (token := self._cursor.peek()) is not None and (clause := self._clause(token)) is not None:
            self._read(clause, token)
        self._complete()
        named = {clause.field(value): value for clause, value in self._values.items()}
        request: Request = self._row.request(**named)
        if isinstance(request, Trigger) and request.task is not None and request.parameters:
            raise self._from_with()
        return request

    def _read(self, clause: Clause, token: Token) -> None:
        cursor = self._cursor
        if clause.word:
            cursor.take()
            self._places[clause.word] = token.start
        cursor.after = clause.word or self._row.verb
        value: Any = clause.form.read(cursor) if clause.form else True
        if not clause.word:
            self._behind = cursor.place
        if clause.repeats:
            value = tuple(dict.fromkeys((*self._values.get(clause, ()), *value)))
        self._values[clause] = value

    def _clause(self, token: Token) -> Clause | None:
        """Return the clause that a token begins: by its word, or the next value that stands without one.

        None where nothing but courtesy is left: thanks in advance.
        """
        for clause in self._row.clauses:
            if clause.word and clause.word == token.plain:
                if clause in self._values:
                    raise self._twice(token)
                return clause
        for clause in self._row.clauses:
            if clause.form is None or clause.word or (clause in self._values and not clause.repeats):
                continue
            if clause.in_thread or not clause.optional or clause.form.accepts(token):
                return clause
        if self._thanks():
            return None
        raise self._leftover(token)

    def _thanks(self) -> bool:
        """Whether all that is left is courtesy, and take it. Behind a parameter it may be a part of the value."""
        if "with" in self._places:
            return False
        while (token := self._cursor.peek()) is not None:
            if not is_thanks(token.plain):
                return False
            self._cursor.take()
        return True

    def _complete(self) -> None:
        """Refuse where something is missing that has to be said."""
        for clause in self._row.clauses:
            if not clause.optional and clause not in self._values and clause.form:
                self._cursor.after, self._cursor.place = self._row.verb, self._behind
                clause.form.read(self._cursor)  # there is nothing left, so it says what it expected

    def _twice(self, token: Token) -> ParseError:
        return self._cursor.parse_error(
            "twice", f"{tick(token.word)} stands here twice", "Say each clause once.", token.start
        )

    def _leftover(self, token: Token) -> ParseError:
        words = [each.word for each in self._row.clauses if each.word and not each.hidden]
        for each in self._row.clauses:
            words += each.form.words if each.form else ()
        suggestion = near(token.plain, words) if token.plain else ""
        return self._cursor.parse_error(
            "unexpected",
            f"I do not know what {tick(token.word)} means here",
            f"{self._advice(token, suggestion)}The command is `{self._row.syntax}`.",
            token.start,
            suggestion,
        )

    def _advice(self, token: Token, suggestion: str) -> str:
        if suggestion and suggestion == token.plain:
            return "That is said already. "
        if suggestion:
            return f"Did you mean `{suggestion}`? "
        if "with" in self._places:
            return f"{PAIRS_HINT} "
        if token.pair and any(each.form is PAIRS for each in self._row.clauses):
            return "Parameters stand behind `with`. "
        if is_number(token) and any(each.word == "of" and each.form is FLOW for each in self._row.clauses):
            return f"Did you mean `of {token.plain}`? "
        if any(getattr(value, "name", "") for value in self._values.values()):
            return "A name with blanks stands in quotes. "
        return ""

    def _from_with(self) -> Refused:
        place = max(self._places["from"], self._places["with"])
        return self._cursor.parse_error(
            "from_with",
            "EnOS has no call that starts from a task and with changed parameters, so `from` and `with` "
            "do not go together",
            "Leave out `from` to run the whole flow with the parameters, or `with` to start from the task.",
            place,
        )

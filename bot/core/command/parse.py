"""From words to a request, and back. ``parse(say(request)) == request`` for every request.

    VERB [value without a word, in the row's order] [clauses in any order, each once]

``table.py`` says which clauses a verb has. Greetings before a command and thanks behind it are passed over. Whatever
is not understood is refused with its place.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import field, fields, replace
from datetime import datetime, tzinfo
from itertools import pairwise
from typing import Any, cast

from bot.core.command.chinese import AMBIGUOUS, MINE, RUN
from bot.core.command.clauses import Clause
from bot.core.command.courtesy import GREETINGS, PARTING, is_emoji
from bot.core.command.forms import FLOW, NUMBER
from bot.core.command.periods import resolve
from bot.core.command.requests import Bulk, FlowRef, Help, OwnerRef, Request, Rerun, Trigger, When
from bot.core.command.row import Row
from bot.core.command.shown import in_code, tick
from bot.core.command.spelling import BLANK, DRY_RUN
from bot.core.command.table import BY_REQUEST, BY_VERB, near, nearest
from bot.core.command.tokens import Cursor, Token
from bot.core.command.word_forms import PAIRS, RUNBOOK, SCOPE
from bot.core.errors import Refusal
from bot.core.text.escape import visible
from bot.core.text.language import EN
from bot.core.text.mask import STARS
from bot.core.text.message import Text, Value, layout, msg, sentences
from bot.core.values import dataclass


def parse(text: str, command: str = "") -> Request:
    """What a text asks for; no words at all ask for help. Raises Refusal with the place and a way out.

    ``command`` is the name of the slash command, which people say out of habit where it is not needed.
    """
    cursor = Cursor(text)
    first = cursor.peek()
    verb = verb_of(cursor, command)
    if verb is None:
        if first is not None and is_emoji(first.plain):
            raise _unknown(cursor, first)
        return Help()
    if mine := mine_of(cursor) if verb.plain in MINE else {}:
        cursor.take()
        verb = cursor.peek() or verb
    found = BY_VERB.get(verb.bare.casefold())
    cursor.take()
    if not mine and not verb.bare.isascii() and (ambiguous := _ambiguous(text, command, cursor, verb)) is not None:
        raise ambiguous
    if found is None:
        raise _unknown(cursor, verb)
    return Reading(cursor, found, verb.end, mine).request()


def is_complete(text: str, command: str = "") -> bool:
    """Whether a text is a command that no form has to ask more about: most are. ``lacking.py`` looks at the others."""
    try:
        request = parse(text, command)
    except Refusal:
        return False
    needs = BY_REQUEST[type(request)].needs
    return all(any(str(getattr(request, name) or "").strip(f"{BLANK}. ") for name in names) for names in needs)


def verb_of(cursor: Cursor, command: str = "") -> Token | None:
    """The verb, which is not taken; the greetings before it are."""
    while token := cursor.peek():
        word = token.plain
        greets = word in GREETINGS or (command and word == command) or (not word.isalnum() and is_emoji(word))
        if not greets:
            break
        cursor.take()
    return token


def mine_of(cursor: Cursor) -> dict[Clause, Any]:
    """What is said by a word for ``mine`` before the verb instead of behind it: ``我的告警``."""
    mine, verb, *_ = (*(each.plain for each in cursor.ahead(2)), "", "")
    row = BY_VERB.get(verb) if mine in MINE else None
    return {each: "mine" for each in row.clauses if each.form is SCOPE} if row else {}


def say(request: Request, language: str = "") -> str:
    """The canonical words of a request, or those of a language."""
    about = BY_REQUEST[type(request)]
    defaults = {each.name: each.default for each in fields(cast("Any", request))}
    words = [about.word_in(language) if language else about.verb]
    for clause in about.clauses:
        named = [name for name in clause.fields if getattr(request, name) != defaults[name]]
        if named:
            value, form = getattr(request, named[0]), clause.form
            if language:
                words += filter(None, (clause.word_in(language), form.say_in(value, language) if form else ""))
            else:
                words += filter(None, (clause.word, form.say(value) if form else ""))
    return " ".join(words)


def in_words(words: str, before: str = "") -> Callable[[str], str]:
    """A canonical command in code ticks, in the words of the reader's language: data of a message.

    ``before`` is what stands before it, such as the slash command.
    """
    return in_code(_Words(words), before)


@dataclass(frozen=True, slots=True)
class _Words:
    canonical: str

    def __call__(self, language: str) -> str:
        if language == EN:
            return self.canonical
        try:
            return say(parse(self.canonical), language)
        except Refusal:  # no person is to miss a message because of a word in it
            return self.canonical


def trigger_time(request: Trigger, when: When, now: datetime, zone: tzinfo) -> datetime:
    """For when (UTC) a run is asked by its ``at``.

    Raises Refusal, with whole commands as its offers, for a clock time that has passed today and for a local time that
    comes twice; and without offers for a local time that does not exist.
    """
    try:
        return resolve(when, now, zone)
    except Refusal as refused:
        refused.offers = tuple((label, say(replace(request, when=When(time)))) for label, time in refused.offers)
        raise


_LABELS = {  # what the buttons say that choose between verbs
    "cancel": msg("Cancel run"),
    "disable": msg("Disable schedule"),
    "enable": msg("Enable schedule"),
    "reopen": msg("Reopen"),
    "rerun": msg("Rerun"),
    "runs": msg("View runs"),
    "trigger": msg("Trigger"),
    "unack": msg("Hand back"),
}


def _ambiguous(text: str, command: str, cursor: Cursor, verb: Token) -> Refusal | None:
    """The refusal of a Chinese verb that may mean several, or that a space cut in two; None for any other.

    What it offers are those of the meant commands that can be read from the rest of the text.
    """
    behind = "".join(each.plain for each in cursor.ahead(1))
    joined = BY_VERB.get(verb.bare + behind) if behind else None
    if behind == RUN and joined is BY_VERB.get(verb.bare):  # a noun before an ID
        return None
    rows = [joined] if joined else [BY_VERB[each] for each in AMBIGUOUS.get(verb.bare, ())]
    if not rows:
        return None
    meant = [_meant(row, text, command, 2 if joined else 1) for row in rows]
    requests = [None if request and STARS in say(request) else request for request in meant]  # it lost its secret
    ways = [in_code(_way(row, request)) for row, request in zip(rows, requests, strict=True)]
    if joined:
        word = tick(verb.word + behind)
        what: Text = msg(
            "Did you mean {command}? Write {word} without a space. Nothing was done.", command=ways[0], word=word
        )
    else:
        word = tick(verb.word)
        what = msg(
            "{word} can mean two things. Write {first} or {second}. Nothing was done.",
            word=word,
            first=ways[0],
            second=ways[1],
        )
    if requests != meant:
        what = sentences(what, msg("I don't repeat a command that holds a secret, so type the whole command again."))
    refused = cursor.refused("ambiguous_verb", what, verb.start)
    refused.offers = tuple((_label(request), say(request)) for request in requests if request)
    return refused


# The clause behind another one that takes all that is left as it is, so that no word of it is looked at.
_TEXTS = {
    (row.verb, first): behind
    for row in BY_REQUEST.values()
    for first, behind in pairwise(row.clauses)
    if behind.form is RUNBOOK
}
_DRY_RUN_BULK = msg("A preview is about one run. Leave out `dry-run`: before I rerun several, I ask.")
_FROM_BULK = msg("Each run starts from its own failed task. Leave out `from`, or rerun one run.")


def _way(row: Row, request: Request | None) -> Callable[[str], str]:
    """What to say for a verb, in the reader's language: the whole command, or how one is made."""
    return lambda language: visible(say(request, language) if request else row.syntax_in(language))


def _label(request: Request) -> Text:
    return _LABELS.get(BY_REQUEST[type(request)].verb) or layout(
        "{command}", command=lambda language: say(request, language)
    )


def _meant(row: Row, text: str, command: str, words: int) -> Request | None:
    """What a text asks for whose verb is so many words long and means a row's; None where it is not that.

    A flow may stand behind any verb without ``of``.
    """
    bare = tuple(replace(each, word="") if each.word == "of" and each.form is FLOW else each for each in row.clauses)
    for each in (row, replace(row, clauses=bare)):
        cursor = Cursor(text)
        verb_of(cursor, command)
        for _ in range(words):
            cursor.take()
        with suppress(Refusal):
            return Reading(cursor, each, cursor.place).request()
    return None


def _unknown(cursor: Cursor, verb: Token) -> Refusal:
    word = tick(verb.word)
    if suggestion := nearest(verb.bare):
        what = _did_you_mean(word, tick(suggestion))
    elif verb.plain[:1].isdigit():
        show = BY_VERB["show"]
        example = in_code(lambda language: f"{show.word_in(language)} {visible(verb.plain)}")
        what = msg(
            "What should I do with {word}? Try {example}. `help` lists all commands.", word=word, example=example
        )
    else:
        what = msg(
            "I don't know the command {word}. Try for example `failed today`. `help` lists all commands.", word=word
        )
    return cursor.refused("unknown_verb", what, verb.start)


def _did_you_mean(word: Value, near: Value) -> Text:
    return msg("I don't understand {word}. Did you mean {near}?", word=word, near=near)


@dataclass(slots=True)
class Reading:
    """The reading of one command behind its verb."""

    _cursor: Cursor
    _row: Row
    _behind: int  # the end of the verb, then of the last value without a word
    _values: dict[Clause, Any] = field(default_factory=dict)
    _places: dict[str, int] = field(default_factory=dict)  # where the clause of each word begins
    _is_loose: bool = False  # whether the word of the last clause was left out

    def request(self) -> Request:
        """The request. Raises Refusal."""
        cursor, row = self._cursor, self._row
        cursor.words = frozenset(each.word for each in row.clauses if each.word)
        if cursor.is_chinese:
            cursor.glued = row.glued
            cursor.words |= row.glued
        while (token := cursor.peek()) is not None and (clause := self._clause(token)) is not None:
            cursor.after = row
            if clause.word and not self._is_loose:
                cursor.take()
                cursor.after = clause
                self._places[clause.word] = token.start
            value: Any = clause.form.read(cursor) if clause.form else True
            if not clause.word:
                self._behind = cursor.place
            before = self._values.get(clause, ())
            self._values[clause] = tuple(dict.fromkeys((*before, *value))) if clause.repeats else value
            if (text := _TEXTS.get((row.verb, clause))) is not None and text.form:
                cursor.after = row
                self._values[text] = text.form.read(cursor)
        for clause in row.clauses:
            if not clause.optional and clause not in self._values and clause.form:
                cursor.after, cursor.place = row, self._behind
                clause.form.read(cursor)  # there is nothing left, so it says what is needed
        request: Request = row.request(**self.named())
        if isinstance(request, Rerun) and request.bulk and (request.task is not None or request.dry_run):
            raise self._of_one_run(request)
        if isinstance(request, Trigger) and request.task is not None and request.parameters:
            raise self._from_with()
        return request

    def named(self) -> dict[str, Any]:
        """What was read so far, by the fields of the request.

        Of several fields, the kind of value decides: the last is for many at once, and the one before it for texts.
        """
        return {
            "bulk"
            if isinstance(value, Bulk)
            else each.fields[-1 - ("bulk" in each.fields) if isinstance(value, str) else 0]: value
            for each, value in self._values.items()
        }

    def _clause(self, token: Token) -> Clause | None:
        """The clause that a token begins: by its word, or the next value without one.

        None where nothing but thanks in advance is left.
        """
        self._is_loose = False
        word = token.plain
        for clause in self._row.clauses:
            if clause.word and (clause.word == word or (not word.isascii() and word in clause.words_zh)):
                if clause in self._values:
                    twice = msg("{word} is there twice. Write it once.", word=tick(token.word))
                    raise self._cursor.refused("twice", twice, token.start)
                return clause
        for clause in self._row.clauses:
            if clause.form is None or clause.word or (clause in self._values and not clause.repeats):
                continue
            if clause.in_thread and not word.isdigit() and (loose := self._loose(token)):
                return loose
            if clause.in_thread or not clause.optional or clause.form.accepts(token):
                return clause
        if loose := self._loose(token):
            return loose
        if self._thanks():
            return None
        raise self._leftover(token)

    def _loose(self, token: Token) -> Clause | None:
        """The clause that a token begins without its word. Behind a parameter it may be a part of the value."""
        if "with" in self._places:
            return None
        for clause in self._row.clauses:
            if clause.loose and clause not in self._values and clause.form and clause.form.accepts(token):
                self._is_loose = True
                return clause
        return None

    def _thanks(self) -> bool:
        """Whether all that is left is thanks, and take them. Behind a parameter they may be a part of the value."""
        if "with" in self._places:
            return False
        while (token := self._cursor.peek()) is not None:
            if token.plain not in PARTING and not is_emoji(token.plain):
                return False
            self._cursor.take()
        return True

    def _leftover(self, token: Token) -> Refusal:
        return self._cursor.refused("unexpected", self._not_understood(token), token.start)

    def _not_understood(self, token: Token) -> Text:
        clauses, word = self._row.clauses, tick(token.word)
        words = [word for each in clauses if not each.hidden for word in (each.word, *each.words_zh) if word]
        for each in clauses:
            words += (*each.form.words, *each.form.words_zh) if each.form else ()
        suggestion = near(token.plain, words) if token.plain else ""
        syntax = in_code(self._row.syntax_in)
        if suggestion and suggestion == token.plain:
            return msg("{word} does not fit here. The command is {syntax}.", word=word, syntax=syntax)
        if suggestion:
            return _did_you_mean(word, tick(suggestion))
        if "with" in self._places:
            return msg(
                "I don't understand {word}. Write `KEY=VALUE` without spaces around `=`. "
                'Put a value with spaces in quotes: `path="/data/new files"`.',
                word=word,
            )
        if token.pair and any(each.form is PAIRS for each in clauses):
            return msg("I don't understand {word}. Parameters go after `with`.", word=word)
        of_flow = next((each for each in clauses if each.word == "of" and each.form is FLOW), None)
        if of_flow and NUMBER.fullmatch(token.plain):
            return _did_you_mean(word, in_code(lambda language: f"{of_flow.word_in(language)} {token.plain}"))
        if any(isinstance(value, FlowRef | OwnerRef) and value.name for value in self._values.values()):
            return msg("I don't understand {word}. Put a name with spaces in quotes.", word=word)
        return msg("I don't understand {word}. The command is {syntax}.", word=word, syntax=syntax)

    def _of_one_run(self, request: Rerun) -> Refusal:
        if request.task is not None:
            return self._cursor.refused("from_bulk", _FROM_BULK, self._places["from"])
        return self._cursor.refused("dry_run_bulk", _DRY_RUN_BULK, self._places[DRY_RUN])

    def _from_with(self) -> Refusal:
        what = msg(
            "EnOS can't start from a task with changed parameters. "
            "Leave out `from` to run the whole flow, or leave out `with` to start from the task."
        )
        return self._cursor.refused("from_with", what, max(self._places["from"], self._places["with"]))

"""Forms of words, numbers, parameters and notes, each with how it is read and how it is written."""

import re

from bot.core.command import chinese, wanted
from bot.core.command.forms import DIGITS, LARGEST_COUNT, NUMBER, Form, in_chinese, one, sure, text
from bot.core.command.shown import tick
from bot.core.command.spelling import OF, spell_key, spell_name, spell_note, spell_rest, spell_value, spell_word
from bot.core.command.tokens import Cursor, Token
from bot.core.flow.model import (
    Parameter,
)
from bot.core.flow.status import Status, status_of
from bot.core.incident.resolution import Resolution
from bot.core.routing.prefs import OFF
from bot.core.text.message import msg

SCOPES = ("open", "unacked", "mine")
_PERSON = re.compile(r"<@[UW][A-Z0-9]+>")
_OFFER_ID = re.compile(r"[0-9a-z]{1,40}")
_STATUS_NAMES = {status.name.casefold(): int(status) for status in Status}
_STATUS_ALIASES = {"failed": int(Status.FAIL), "cancelled": int(Status.CANCEL), "canceled": int(Status.CANCEL)}
_STATUSES = _STATUS_NAMES | _STATUS_ALIASES | {word: _STATUS_NAMES[name] for word, name in chinese.STATUSES.items()}


def _status(word: str) -> int | None:
    if word in _STATUSES:
        return _STATUSES[word]
    return int(word) if DIGITS.fullmatch(word.removeprefix("-")) and len(word) <= 2 else None


def _statuses(token: Token) -> tuple[int, ...] | None:
    """The statuses of one token, such as ``fail,timeout``."""
    parts = [_status(part) for part in token.plain.replace("、", ",").split(",") if part]
    return tuple(part for part in parts if part is not None) if parts and None not in parts else None


def _say_statuses(statuses: tuple[int, ...]) -> str:
    known = (status_of(each) for each in statuses)
    return " ".join(each.name.casefold() if isinstance(each, Status) else str(each) for each in known)


def _scope(token: Token) -> str | None:
    return token.plain if token.plain in SCOPES else chinese.SCOPES.get(token.plain)


def _topic(token: Token) -> str | None:
    """A verb to be helped with: one in Chinese becomes the English one, unless it is quoted."""
    verb = next((verb for verb, words in chinese.VERBS.items() if token.plain in words), None)
    return verb or text(token)


def _say_topic_zh(topic: str) -> str:
    return chinese.VERBS[topic][0] if topic in chinese.VERBS else spell_word(topic)


def _counted(digits: str) -> int | None:
    return int(digits) if NUMBER.fullmatch(digits) and 1 <= int(digits) <= LARGEST_COUNT else None


def _lines(cursor: Cursor) -> int:
    """A number of lines; in Chinese with the word for lines behind it."""
    count: int = _LINE_COUNT(cursor)
    if chinese.LINES in [token.plain for token in cursor.ahead(1)]:
        cursor.take()
    return count


def _pairs(cursor: Cursor) -> tuple[Parameter, ...]:
    """Read KEY=VALUE until a word without ``=``."""
    pairs: dict[str, str] = {}
    while (token := cursor.peek()) and token.pair:
        key, value = token.pair
        if not key:
            raise cursor.refused("no_key", _NO_KEY, token.start)
        if key in pairs:
            raise cursor.refused("twice", msg("{word} is there twice. Write it once.", word=tick(key)), token.start)
        pairs[key] = value
        cursor.take()
    if not pairs:
        raise cursor.expected(wanted.PAIRS)
    return tuple(Parameter(key, value) for key, value in pairs.items())


def _say_pairs(pairs: tuple[Parameter, ...]) -> str:
    return " ".join(f"{spell_key(each.key)}={spell_value(each.value)}" for each in pairs)


def _note(cursor: Cursor) -> str:
    """The rest. "because of the deploy" is shown as a reason: "the deploy"."""
    note = OF.sub("", cursor.rest(), count=1)
    if not note:
        raise cursor.expected(wanted.NOTE)
    return note


def _runbook(cursor: Cursor) -> str:
    text = cursor.rest()
    if not text:
        raise cursor.expected(wanted.RUNBOOK)
    return OFF if text.casefold() == OFF or text in chinese.OFF else text


def _say_runbook_zh(text: str) -> str:
    return chinese.OFF[0] if text == OFF else spell_rest(text)


def _searched(cursor: Cursor) -> str:
    """All that is left, as one text: words, a name in quotes, or a person."""
    words: list[str] = []
    while (token := cursor.take()) is not None:
        words.append(f"<@{token.person}>" if token.person else token.bare)
    if not any(words):
        raise cursor.expected(wanted.SEARCHED)
    return " ".join(words)


def _say_searched(text: str) -> str:
    if _PERSON.fullmatch(text):
        return text
    return spell_name(text) if text.casefold() == "page" else spell_word(text)  # the word of the one clause before it


def _resolution(token: Token) -> Resolution | None:
    word = chinese.RESOLUTIONS.get(token.plain, token.plain)
    return next((each for each in Resolution if each.value == word), None)


def _say_resolution(resolution: Resolution) -> str:
    return resolution.value


def _say_resolution_zh(resolution: Resolution) -> str:
    return next(word for word, english in chinese.RESOLUTIONS.items() if english == resolution.value)


def _offer(token: Token) -> str | None:
    return token.plain if _OFFER_ID.fullmatch(token.plain) else None


ERROR_TEXT = Form('"TEXT"', one(wanted.ERROR_TEXT, text), spell_name, example='"Connection reset"')
SEARCHED = Form("TEXT", _searched, _say_searched, example="daily")
_NO_KEY = msg("There is no key before `=`. Write `KEY=VALUE` without spaces around `=`.")
STATUSES = Form(
    "STATUS …",
    sure(_statuses),
    _say_statuses,
    accepts=lambda token: _statuses(token) is not None,
    words=tuple(_STATUS_NAMES | _STATUS_ALIASES),
    words_zh=tuple(chinese.STATUSES),
    say_zh=in_chinese(_say_statuses),
)
SCOPE = Form(
    "|".join(SCOPES),
    sure(_scope),
    str,
    accepts=lambda token: _scope(token) is not None,
    words=SCOPES,
    words_zh=tuple(chinese.SCOPES),
    say_zh=in_chinese(str),
)
_LINE_COUNT = one(wanted.NUMBER, lambda token: _counted(token.plain.removesuffix(chinese.LINES)))
COUNT = Form("N", one(wanted.NUMBER, lambda token: _counted(token.plain)), str, example="2")
LINES = Form("N", _lines, str, example="50")
_RESOLUTIONS = tuple(each.value for each in Resolution)
RESOLUTION = Form(
    "|".join(_RESOLUTIONS),
    one(wanted.RESOLUTION, _resolution),
    _say_resolution,
    words=_RESOLUTIONS,
    words_zh=tuple(chinese.RESOLUTIONS),
    example="fixed",
    say_zh=_say_resolution_zh,
)
OFFER = Form("OFFER", one(wanted.OFFER, _offer), str)
VERB = Form("VERB", one(wanted.VERB, _topic), spell_word, say_zh=_say_topic_zh)
PAIRS = Form("KEY=VALUE …", _pairs, _say_pairs, example="path=/data/2026")
NOTE = Form("NOTE", _note, spell_note)
COMMAND = Form("COMMAND", one(wanted.COMMAND, text), spell_name, example='"trigger 3377"')
RUNBOOK = Form("TEXT|URL|off", _runbook, spell_rest, words=(OFF,), words_zh=chinese.OFF, say_zh=_say_runbook_zh)

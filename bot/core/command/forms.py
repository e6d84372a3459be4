"""Forms: the kinds of values that a command may name, each with how it is read and how it is written."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.core.command import chinese, periods, wanted
from bot.core.command.chinese_times import PARTS
from bot.core.command.durations import duration_words, parse_duration
from bot.core.command.periods import TimeParseError
from bot.core.command.requests import ME, FlowRef, OwnerRef, Period, When
from bot.core.command.shown import in_code, tick
from bot.core.command.spelling import spell_name, spell_word
from bot.core.command.tokens import Cursor, Token
from bot.core.command.wanted import Wanted
from bot.core.errors import Refusal
from bot.core.flow.ids import flow_of, is_instance
from bot.core.flow.model import (
    FlowId,
    InstanceId,
    TaskId,
    UserId,
    UserName,
)
from bot.core.text.escape import code
from bot.core.text.language import ZH
from bot.core.values import dataclass

LONGEST_ID = 18  # digits; more fit neither the platform nor the database
LARGEST_COUNT = 10_000
NUMBER = re.compile(rf"[0-9]{{1,{LONGEST_ID}}}")  # an id, which is not quoted; compared with a token's ``plain``
DIGITS = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of value: how the syntax shows it, how it is read, and how it is written."""

    placeholder: str
    read: Callable[[Cursor], Any]  # takes its tokens, or raises Refusal
    say: Callable[[Any], str]
    accepts: Callable[[Token], bool] = lambda _token: True  # whether a token without a keyword may begin it
    words: tuple[str, ...] = ()  # its own words, to suggest the nearest
    words_zh: tuple[str, ...] = ()
    example: str = ""  # behind the word of a clause
    say_zh: Callable[[Any], str] | None = None  # where a value has words of its own

    def say_in(self, value: Any, language: str) -> str:
        """How a value is written in a language, "en" or "zh"."""
        return self.say_zh(value) if language == ZH and self.say_zh else self.say(value)

    def placeholder_in(self, language: str) -> str:
        """How the syntax shows it in a language, "en" or "zh"."""
        return chinese.PLACEHOLDERS.get(self.placeholder, self.placeholder) if language == "zh" else self.placeholder


def one(
    what: Wanted, pick: Callable[[Token], Any], *, name: bool = False, nouns: Iterable[str] = ()
) -> Callable[[Cursor], Any]:
    """A reader of one token; ``pick`` returns None for what it cannot be.

    Before an ID one of ``nouns`` may say what it is the ID of.
    With ``name`` it may be a name of several words in bold as well, as answers print it and people copy it. Marks that
    hold a word of this command's clauses are around a part of the command, not around a name.
    """

    def read(cursor: Cursor) -> Any:
        token = cursor.peek()
        if token is not None and token.plain in nouns and _is_id_of(token.plain, cursor.ahead(2)[1:]):
            cursor.take()
            token = cursor.peek()
        elif token is not None and token.plain.startswith(tuple(nouns)):
            token = _without_noun(token, nouns)
        if name and token is not None and token.marked:
            words = cursor.marked(token)
            an_id = words and (DIGITS.fullmatch(words[0]) or is_instance(words[0]))
            if len(words) > 1 and not an_id and not cursor.words & set(words):
                return pick(cursor.take_marked(token))
        if name and token is not None and not token.plain.isascii():
            quoted = tick(f'"{token.bare}"')
            if _reserved(token):
                raise cursor.expected(what, wanted.NAME_IN_QUOTES, quoted=quoted)
            if token.start == cursor.place and chinese.ends(token.plain, chinese.GLUED, behind_number=False):
                raise cursor.expected(what, wanted.WORDS_IN_QUOTES, quoted=quoted)  # a space would make it a name
        value = None if token is None else pick(token)
        if value is None:
            raise _mistaken(cursor, what, token)
        cursor.take()
        return value

    return read


def _is_id_of(noun: str, behind: Sequence[Token]) -> bool:
    """Whether the next word is the ID of what a noun names."""
    if noun == chinese.RUN:
        return any(is_instance(token.plain) for token in behind)
    return any(NUMBER.fullmatch(token.plain) for token in behind)


def _without_noun(token: Token, nouns: Iterable[str]) -> Token:
    """A token without the noun that is written right before an ID; any other token as it is."""
    for noun in nouns:
        rest = token.plain.removeprefix(noun)
        bare = replace(token, word=rest, bare=rest, plain=rest, typed=rest)
        if rest != token.plain and _is_id_of(noun, [bare]):
            return bare
    return token


def _mistaken(cursor: Cursor, what: Wanted, token: Token | None) -> Refusal:
    """The refusal of a token that is not what is needed, with what it is instead where that is known."""
    if token is not None and what is wanted.FLOW and is_instance(token.plain):
        flow = code(str(flow_of(InstanceId(token.plain))))
        return cursor.expected(what, wanted.RUN_NOT_FLOW, flow=flow)
    if token is not None and what is wanted.RUN and NUMBER.fullmatch(token.plain):
        english = f"runs of {token.plain}"
        runs_of = {ZH: f"{chinese.VERBS['runs'][0]} {chinese.CLAUSES['of', 'flow'][0]} {token.plain}"}
        return cursor.expected(what, wanted.FLOW_NOT_RUN, command=in_code(lambda each: runs_of.get(each, english)))
    return cursor.expected(what, most=LARGEST_COUNT)


def sure(pick: Callable[[Token], Any]) -> Callable[[Cursor], Any]:
    """A reader of one token that was accepted already."""

    def read(cursor: Cursor) -> Any:
        token = cursor.take()
        return None if token is None else pick(token)

    return read


def _reserved(token: Token) -> bool:
    """Whether a token is a Chinese word of commands, or a time in Chinese, which may be no name by itself."""
    if token.plain.isascii() or token.person:
        return False
    return token.plain in chinese.RESERVED or periods.is_time(token.plain)


# ── flows, instances, tasks ─────────────────────────────────────────────────


def _flow(token: Token) -> FlowRef | None:
    if NUMBER.fullmatch(token.plain):
        return FlowRef(id=FlowId(int(token.plain)))
    if token.quoted:
        return FlowRef(name=token.word, typed=token.otherwise) if token.word and not token.person else None
    if token.person or token.pair or not token.word or is_instance(token.plain) or DIGITS.fullmatch(token.plain):
        return None
    return FlowRef(name=token.bare, typed=token.otherwise)


def _say_flow(flow: FlowRef) -> str:
    return str(flow.id) if flow.id is not None else spell_name(flow.name)


def _instance(token: Token) -> InstanceId | None:
    return InstanceId(token.plain) if is_instance(token.plain) else None


def _target(token: Token) -> FlowRef | InstanceId | None:
    return _instance(token) or _flow(token)


def _say_target(target: FlowRef | InstanceId) -> str:
    return _say_flow(target) if isinstance(target, FlowRef) else target


def _task(token: Token) -> TaskId | None:
    return TaskId(int(token.plain)) if NUMBER.fullmatch(token.plain) else None


FLOW = Form("FLOW", one(wanted.FLOW, _flow, name=True, nouns=[chinese.FLOW]), _say_flow, example="3377")
RUN = Form("RUN", one(wanted.RUN, _instance, nouns=[chinese.RUN]), str)
TARGET = Form("FLOW|RUN", one(wanted.TARGET, _target, name=True, nouns=[chinese.FLOW, chinese.RUN]), _say_target)
TASK = Form("TASK", one(wanted.TASK, _task, nouns=chinese.TASK), str, words_zh=chinese.TASK, example="108580")


# ── people ──────────────────────────────────────────────────────────────────


def _owner(token: Token) -> OwnerRef | None:
    if token.person:
        return OwnerRef(person=token.person)
    if _is_me(token):
        return OwnerRef(me=True)
    if not token.word or _reserved(token) or (not token.quoted and (token.pair or token.word.startswith("@"))):
        return None
    return OwnerRef(name=UserName(token.bare), typed=token.otherwise)


def _is_me(token: Token) -> bool:
    return token.plain == "me" or token.plain in chinese.ME


def _say_owner(owner: OwnerRef) -> str:
    if owner.me:
        return "me"
    return f"<@{owner.person}>" if owner.person else spell_name(str(owner.name))


def _say_owner_zh(owner: OwnerRef) -> str:
    return chinese.ME[0] if owner.me else _say_owner(owner)


def _person(token: Token) -> str | None:
    return token.person or None


def text(token: Token) -> str | None:
    """The text of a token; None for a person or ``key=value``."""
    return None if token.person or (token.pair and not token.quoted) else token.bare or None


OWNER = Form(
    "OWNER",
    one(wanted.OWNER, _owner),
    _say_owner,
    _is_me,
    words_zh=chinese.ME,
    example="jane.doe",
    say_zh=_say_owner_zh,
)
PERSON = Form(
    "@person",
    one(wanted.PERSON, _person),
    lambda person: f"<@{person}>",
    accepts=lambda token: bool(token.person) or token.word.startswith("@"),
)
PERSON_OR_ME = Form(
    f"@person|{ME}",
    one(wanted.PERSON, lambda token: ME if _is_me(token) else _person(token)),
    lambda person: ME if person == ME else f"<@{person}>",
    words_zh=chinese.ME,
    say_zh=lambda person: chinese.ME[0] if person == ME else f"<@{person}>",
)
USER_ID = Form("USERID", one(wanted.USER_ID, text), lambda user_id: spell_word(UserId(user_id)))
USER_NAME = Form("NAME", one(wanted.USER_NAME, text), lambda name: spell_word(UserName(name)))


# ── times ───────────────────────────────────────────────────────────────────


def timed(reader: Callable[[list[str]], tuple[Any, int]]) -> Callable[[Cursor], Any]:
    """A reader that hands the next words to ``periods`` and takes as many as it understood."""

    def read(cursor: Cursor) -> Any:
        tokens = cursor.ahead(4)
        try:
            value, count = reader([token.plain for token in tokens])
        except TimeParseError as unreadable:
            for token in tokens[: unreadable.index]:
                cursor.take()
                cursor.after = token.plain
            raise cursor.expected(unreadable.wanted) from None
        for _ in range(count):
            cursor.take()
        return value

    return read


def _begins_period(token: Token) -> bool:
    return token.plain in periods.PERIOD_WORDS or token.plain in chinese.PERIODS or periods.begins(token.plain)


def _begins_when(token: Token) -> bool:
    return token.plain in periods.WHEN_WORDS or token.plain in chinese.WHENS or periods.begins(token.plain)


def _say_period(period: Period) -> str:
    return period.words


def _say_when(when: When) -> str:
    return when.words


def in_chinese(say: Callable[[Any], str]) -> Callable[[Any], str]:
    """How a value is written whose words are all words of commands."""
    return lambda value: chinese.value(say(value))


_DURATION_WORDS = 4  # ``1 小时 30 分钟``


def _duration(cursor: Cursor) -> timedelta:
    tokens = [token.plain for token in cursor.ahead(_DURATION_WORDS)]
    for count in range(len(tokens), 0, -1):
        span = parse_duration("".join(tokens[:count]))
        if span is not None:
            for _ in range(count):
                cursor.take()
            return span
    raise cursor.expected(wanted.DURATION)


_WHEN_WORDS = (periods.WHEN_WORDS, (*chinese.WHENS, *PARTS))
_PERIOD_WORDS = (periods.PERIOD_WORDS, (*chinese.PERIODS, *PARTS, chinese.ONWARD))
WHEN = Form("WHEN", timed(periods.read_when), _say_when, _begins_when, *_WHEN_WORDS, say_zh=in_chinese(_say_when))
PERIOD = Form(
    "PERIOD",
    timed(periods.read_period),
    _say_period,
    _begins_period,
    *_PERIOD_WORDS,
    say_zh=in_chinese(_say_period),
)
DURATION = Form(
    "DURATION",
    _duration,
    duration_words,
    lambda token: bool(parse_duration(token.plain)),
    say_zh=in_chinese(duration_words),
)

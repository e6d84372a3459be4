"""The commands within translated sentences: each in the words of its language, and each understood.

A command is in code ticks. For each one of an English sentence there is one in the translation that asks for the same.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache

import pytest
from babel.messages.pofile import read_po

from bot.core.command import chinese
from bot.core.command.parse import in_words, parse
from bot.core.command.requests import Request
from bot.core.command.table import BY_VERB
from bot.core.errors import Refusal
from bot.core.text.catalogue import DOMAIN, FOLDER
from bot.core.text.language import EN, ZH
from bot.core.text.message import PLACEHOLDER

_TICKED = re.compile("`([^`\n]+)`")
_ID = re.compile(r"[0-9-]+")
# No commands, or the same in every language: programs' commands, Slack's own, and marks of parameters.
_SAME = re.compile(r'flowbot [a-z]+|/invite .*|@flowbot|=|path="/data/new files"')
_SYNTAX = {  # what the syntax of commands shows for a value, in both languages, and such a value
    "FLOW": "3377",
    "NAME": "jane.doe",
    "USERID": "u15432100000000011",
    "@person": "<@U0JANE>",
}
_VALUES = {
    **_SYNTAX,
    **{chinese.PLACEHOLDERS[shown]: value for shown, value in _SYNTAX.items()},
    "名称": _SYNTAX["NAME"],  # of a flow
    **dict.fromkeys(("KEY=VALUE", "参数名=值"), "path=/data"),
}
_SHOWN = re.compile("|".join(rf"(?<!\S){re.escape(each)}(?!\S)" for each in _VALUES))
# A part of a command is understood in one of these places: a period, a time, a duration, a clause, a clause's word.
_ENGLISH = (
    "{}",
    "failed {}",
    "incidents {}",
    "trigger 3377 at {}",
    "ack 2809 for {}",
    "trigger 3377 {} 108580",
    "trigger 3377 {} 14:30",
    "trigger 3377 {} path=/data",
    "incidents by {}",
    "prefs mentions {}",
    "prefs replies {}",
    "prefs language {}",
    "trigger 3377 with {}",
    "expect 3377 {}",
    "expect 3377 by 06:00 {}",
    "backfill 3377 every {}",
)
_CHINESE = (
    "{}",
    "失败 {}",
    "告警 {}",
    "触发 3377 时间 {}",
    "认领 2809 时长 {}",
    "触发 3377 {} 108580",
    "触发 3377 {} 14:30",
    "触发 3377 {} path=/data",
    "告警 负责人 {}",
    "偏好 提及 {}",
    "偏好 回复 {}",
    "偏好 语言 {}",
    "触发 3377 参数 {}",
    "期望 3377 {}",
    "期望 3377 不晚于 06:00 {}",
    "补数据 3377 间隔 {}",
)
_IN_TWO = ("`this`, write `week`", "`this week`")  # one word in Chinese


def _sentences() -> Iterator[tuple[str, str]]:
    path = FOLDER / ZH / "LC_MESSAGES" / f"{DOMAIN}.po"
    with path.open(encoding="utf-8") as file:
        for message in read_po(file, locale=ZH):
            if message.id:  # else it is the header
                yield from ((one, other) for one in _forms(message.id) for other in _forms(message.string))


def _forms(text: str | Sequence[str] | None) -> Sequence[str]:
    """A sentence, or its singular and its plural."""
    return (text,) if isinstance(text, str) else text or ()


WITH_COMMANDS = [(one, other) for one, other in _sentences() if "`" in one or "`" in other]


def _ticked(sentence: str) -> list[str]:
    """What is in code ticks and made of words, without data and without what is the same in every language."""
    return [
        piece
        for piece in _TICKED.findall(sentence.replace(*_IN_TWO))
        if not PLACEHOLDER.search(piece) and not _SAME.fullmatch(piece)
    ]


@cache
def _asked(piece: str, places: tuple[str, ...]) -> Mapping[int, Request]:
    """What a piece asks for, by the place in which it is understood."""
    words = _SHOWN.sub(lambda found: _VALUES[found[0]], piece)
    found: dict[int, Request] = {}
    for number, place in enumerate(places):
        with suppress(Refusal):
            found[number] = parse(place.format(words))
    return found


def _is_same(english: str, translated: str) -> bool:
    """Whether two pieces are understood in the same places, and ask for the same.

    For a part of a command one such place is enough: in another its words may be taken for a name.
    """
    one, other = _asked(english, _ENGLISH), _asked(translated, _CHINESE)
    if 0 in one:  # a whole command
        return one[0] == other.get(0)
    return any(one[place] == other[place] for place in one.keys() & other.keys())


def test_there_are_sentences_with_commands() -> None:
    commands = {piece for english, _ in WITH_COMMANDS for piece in _ticked(english)}
    assert {"help", "failed today", "show FLOW", "last 30d", "tomorrow 02:00", "30m", "with", "me"} <= commands


@pytest.mark.parametrize(("english", "translated"), WITH_COMMANDS)
def test_each_command_has_its_translation(english: str, translated: str) -> None:
    others = _ticked(translated)
    for piece in _ticked(english):
        if _asked(piece, _ENGLISH):
            assert any(_is_same(piece, each) for each in others), f"{piece!r} is not among {others}"


@pytest.mark.parametrize(("english", "translated"), WITH_COMMANDS)
def test_each_translated_command_is_understood_and_said_in_english(english: str, translated: str) -> None:
    pieces = _ticked(english)
    for other in _ticked(translated):
        assert any(_is_same(each, other) for each in pieces) or other in pieces, f"{other!r} is not among {pieces}"


@pytest.mark.parametrize("translated", [translated for _, translated in WITH_COMMANDS])
def test_a_translated_sentence_holds_no_english_words_of_commands(translated: str) -> None:
    words = {word for piece in _ticked(translated) for word in piece.split()}
    assert not words & ENGLISH_WORDS


ENGLISH_WORDS = {word for word in BY_VERB if word.isascii()} | {
    *(word for word, _ in chinese.CLAUSES),
    *("me", "open", "unacked", "mine", "now", "today", "tomorrow", "yesterday", "this", "last", "since", "week"),
    *chinese.STATUSES.values(),
    *(shown for shown in chinese.PLACEHOLDERS if shown.isupper() and len(shown) > 1),
}


def test_programs_commands_and_marks_stay() -> None:
    for english, translated in WITH_COMMANDS:
        stay = [piece for piece in _TICKED.findall(english) if _SAME.fullmatch(piece) or _ID.fullmatch(piece)]
        assert [piece for piece in stay if piece not in _TICKED.findall(translated)] == []


@pytest.mark.parametrize(
    ("english", "translated", "same"),
    [
        ("failed today", "失败 今天", True),
        ("failed today", "失败 昨天", False),
        ("failed today", "实例 今天", False),
        ("show FLOW", "查看 任务流ID", True),
        ("show FLOW", "查看 用户ID", False),
        ("link @person USERID NAME", "绑定 @人员 用户ID 用户名", True),
        ("last 3h", "最近 3 小时", True),
        ("last 3h", "最近 3 天", False),
        ("30m", "30分钟", True),
        ("from", "从", True),
        ("from", "参数", False),
        ("with", "参数", True),
        ("at", "时间", True),
        ("me", "我", True),
        ("of FLOW", "任务流 任务流ID", True),
        ("tomorrow 02:00", "明天 02:00", True),
    ],
)
def test_two_commands_are_compared_by_what_they_ask_for(english: str, translated: str, same: bool) -> None:  # noqa: FBT001  a parameter of the test
    assert _is_same(english, translated) is same


@pytest.mark.parametrize(
    ("english", "translated"),
    [
        ("incidents mine", "告警 我的"),
        ("incidents unacked of 3377 by me", "告警 未认领 任务流 3377 负责人 我"),
        ('incidents by "me"', '告警 负责人 "me"'),
        ("failed yesterday by jane.doe", "失败 昨天 负责人 jane.doe"),
        ("runs last 3h fail timeout", "实例 最近 3小时 失败 超时"),
        ("runs since yesterday 09:00", "实例 从 昨天 09:00"),
        ("ack 2809 for 1h30m because this week", "认领 2809 时长 1小时30分钟 原因 this week"),
        ("trigger 3377 from 108580 at tomorrow 02:00", "触发 3377 从 108580 时间 明天 02:00"),
        ("trigger 3377 at 2026-11-21T14:30Z", "触发 3377 时间 2026-11-21T14:30Z"),
        ("show today", '查看 "today"'),
        ("help trigger", "帮助 触发"),
    ],
)
def test_a_command_that_is_data_of_a_sentence_is_in_the_readers_language(english: str, translated: str) -> None:
    assert in_words(english)(ZH) == f"`{translated}`"
    assert in_words(english, "/flow")(EN) == f"`/flow {english}`"
    assert parse(translated) == parse(english)


def test_what_is_no_command_stays_as_it_is() -> None:
    assert in_words("show")(ZH) == "`查看`"
    assert in_words("nothing like it", "@flowbot")(ZH) == "`@flowbot nothing like it`"


def test_equal_commands_are_equal_data() -> None:
    assert in_words("help", "/flow") == in_words("help", "/flow") != in_words("help")

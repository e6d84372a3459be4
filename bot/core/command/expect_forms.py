"""What ``expect`` names besides a flow: a time of day, days of the week, and the words that need no time."""

import re
from dataclasses import replace
from itertools import groupby

from bot.core.command import chinese, wanted
from bot.core.command.forms import Form, one
from bot.core.command.periods import iso
from bot.core.command.routing_forms import CLOCK, choice, clock
from bot.core.command.tokens import Cursor, Token
from bot.core.history.expectations import EVERY_DAY, WORKING_DAYS

_MOST_TOKENS = 13  # seven days, and what is between them
_ENGLISH = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CHINESE = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
_WORDS = {"weekdays": WORKING_DAYS, "weekends": (5, 6), "daily": EVERY_DAY, **chinese.DAYS}
_DAYS = {word: number for number, word in enumerate(_ENGLISH)} | chinese.WEEKDAYS
_RANGE = re.compile(f"[-–~〜～]|{'|'.join(chinese.UNTIL)}")


def _days(cursor: Cursor) -> tuple[int, ...]:
    words = [token.plain for token in cursor.ahead(_MOST_TOKENS)]
    for count in range(len(words), 0, -1):
        days = _read("".join(words[:count])) or _read(",".join(words[:count]))
        if days is not None:
            for _ in range(count):
                cursor.take()
            return days
    raise cursor.expected(wanted.DAYS)


def _read(word: str) -> tuple[int, ...] | None:
    """The days of the week in a word such as ``mon-fri`` or ``sat,sun``; None where it is not one."""
    found = set[int]()
    for part in re.split("[,，、]", word):
        first, *last = _RANGE.split(part)
        if part in _WORDS:
            found.update(_WORDS[part])
        elif first in _DAYS and len(last) <= 1 and all(each in _DAYS for each in last):
            begin, end = _DAYS[first], _DAYS[last[0] if last else first]
            found.update((begin + n) % 7 for n in range((end - begin) % 7 + 1))
        else:
            return None
    return tuple(sorted(found))


def _said(days: tuple[int, ...], names: tuple[str, ...], to: str, between: str) -> str:
    """Days of the week in words: those that follow one another as a range."""
    runs = [
        [day for _, day in group] for _, group in groupby(enumerate(days), key=lambda placed: placed[1] - placed[0])
    ]
    parts = [names[run[0]] if len(run) == 1 else f"{names[run[0]]}{to}{names[run[-1]]}" for run in runs]
    return between.join(parts)


def say_days(days: tuple[int, ...]) -> str:
    """Days of the week as ``expect`` takes them."""
    return _said(days, _ENGLISH, "-", ",")


def say_days_zh(days: tuple[int, ...]) -> str:
    """The same in Chinese."""
    return _said(days, _CHINESE, "至", "、")


def _is_day(token: Token) -> bool:
    """Whether a token may begin a list of days."""
    return not token.quoted and _read(token.plain.rstrip(",，、-")) is not None


def _is_clock(token: Token) -> bool:
    return re.fullmatch(CLOCK, iso(token.plain)) is not None


BY = Form("HH:MM", one(wanted.DONE_BY, clock), str, accepts=_is_clock, example="06:00")
DAYS = Form(
    "mon-fri",
    _days,
    say_days,
    accepts=_is_day,
    words=(*_ENGLISH, "weekdays", "weekends", "daily"),
    words_zh=(*chinese.WEEKDAYS, *chinese.DAYS, *chinese.UNTIL),
    example="mon-fri",
    say_zh=say_days_zh,
)
_MODE = choice("off|auto", wanted.EXPECT_MODE, {each: each for each in ("off", "auto")}, chinese.MODES)
MODE = replace(
    _MODE,
    accepts=lambda token: not token.quoted and token.plain in {*_MODE.words, *_MODE.words_zh},
    example="off",
)

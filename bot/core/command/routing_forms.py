"""What the clauses of watches and preferences hold: names with ``*``, quiet hours, switches."""

import re
from collections.abc import Mapping
from datetime import time
from typing import Any

from bot.core.command import chinese, wanted
from bot.core.command.forms import LARGEST_COUNT, Form, one
from bot.core.command.forms import NUMBER as DIGITS
from bot.core.command.periods import iso
from bot.core.command.spelling import spell_name
from bot.core.command.tokens import Cursor, Token
from bot.core.command.wanted import Wanted
from bot.core.routing.prefs import OFF
from bot.core.text.language import EN, ZH

CLOCK = r"([0-9]{1,2}):([0-9]{2})"
_HOURS = re.compile(rf"{CLOCK}(?:[-－~〜～…]|\.{{2,3}}|to|until|{'|'.join(chinese.UNTIL)}){CLOCK}")
_MOST_TOKENS = 3  # 22:00 - 07:00


def choice(placeholder: str, what: Wanted, words: Mapping[str, Any], in_chinese: Mapping[str, str]) -> Form:
    """A form of a few words. ``words`` are the English ones with what they mean, ``in_chinese`` others for them."""
    english = {value: word for word, value in words.items()}
    main = {word: each for each, word in reversed(list(in_chinese.items()))}
    everything = {**words, **{each: words[word] for each, word in in_chinese.items()}}
    return Form(
        placeholder,
        one(what, lambda token: everything.get(token.plain)),
        english.__getitem__,
        words=tuple(words),
        words_zh=tuple(in_chinese),
        say_zh=lambda value: main[english[value]],
    )


def _glob(token: Token) -> str | None:
    """A name with stars. Where they are around a word, Slack would make it bold: they were taken for marks."""
    if token.quoted:
        return token.word or None
    if token.person or token.pair or not token.bare:
        return None
    typed = token.typed.strip("_~`")
    first = "*" if typed.startswith("*") and not token.bare.startswith("*") else ""
    last = "*" if typed.endswith("*") and not token.bare.endswith("*") else ""
    return f"{first}{token.bare}{last}"


def _count(token: Token) -> int | None:
    digits = token.plain.removesuffix(chinese.TIMES)
    return int(digits) if DIGITS.fullmatch(digits) and 1 <= int(digits) <= LARGEST_COUNT else None


def _number(token: Token) -> int | None:
    """The number of a watch, however many there ever were."""
    return int(token.plain) or None if DIGITS.fullmatch(token.plain) else None


def _times(cursor: Cursor) -> int:
    """A number of failures; in Chinese with the word for times behind it."""
    count: int = _ONE_COUNT(cursor)
    if chinese.TIMES in [token.plain for token in cursor.ahead(1)]:
        cursor.take()
    return count


def _clock(hour: str, minute: str) -> str:
    """A clock time as ``09:30``; empty where there is none such."""
    return time(int(hour), int(minute)).isoformat("minutes") if int(hour) < 24 and int(minute) < 60 else ""


def clock(token: Token) -> str | None:
    """The clock time of a token; None where it is not one."""
    found = re.fullmatch(CLOCK, iso(token.plain))
    return (found and _clock(found[1], found[2])) or None


def _hours(cursor: Cursor) -> str:
    tokens = [token.plain for token in cursor.ahead(_MOST_TOKENS)]
    for count in range(1, len(tokens) + 1):
        found = _HOURS.fullmatch("".join(map(iso, tokens[:count])))
        if found is None:
            continue
        begin, end = _clock(found[1], found[2]), _clock(found[3], found[4])
        if not begin or not end or begin == end:
            break
        for _ in range(count):
            cursor.take()
        return f"{begin}-{end}"
    raise cursor.expected(wanted.HOURS)


def _digest(token: Token) -> str | None:
    return OFF if token.plain in {OFF, *chinese.OFF} else clock(token)


_ONE_COUNT = one(wanted.NUMBER, _count)
GLOB = Form("GLOB", one(wanted.GLOB, _glob), spell_name, example="meter-*")
TIMES = Form("N", _times, str, example="3")
HOURS = Form("HH:MM-HH:MM", _hours, str, example="22:00-07:00")
NUMBER = Form("N", one(wanted.NUMBER, _number), str, accepts=lambda token: token.plain[:1].isdigit(), example="12")
SWITCH = choice("on|off", wanted.SWITCH, {"on": True, OFF: False}, chinese.SWITCHES)
REPLIES = choice("thread|channel", wanted.REPLIES, {each: each for each in ("thread", "channel")}, chinese.PLACES)
LANGUAGE = choice("en|zh", wanted.LANGUAGE, {each: each for each in (EN, ZH)}, chinese.LANGUAGES)
DIGEST = Form(
    "HH:MM|off",
    one(wanted.DIGEST, _digest),
    str,
    words=(OFF,),
    words_zh=chinese.OFF,
    say_zh=lambda words: words.replace(OFF, chinese.OFF[0]),
)

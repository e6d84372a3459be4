"""What a backfill names besides a flow: two dates, how often, and what buttons say of one."""

import re
from dataclasses import replace

from bot.core.command import chinese, periods, wanted
from bot.core.command.forms import Form, in_chinese, one, timed
from bot.core.command.routing_forms import choice
from bot.core.command.tokens import Token

_DIGEST = re.compile(r"[0-9a-f]{12}")
_DATE = re.compile(r"(?:[0-9]{4}-)?[0-9]{2}-[0-9]{2}")
_NAMED = ("today", "yesterday")
_STEPS = ("hour", "day", "week", "month")
_ACTS = ("pause", "stop", "resume")


def _day(words: list[str]) -> tuple[str, int]:
    """The date that lower-case words begin with, as a range of dates takes it, and 1; raises TimeParseError."""
    word = next((chinese.WHENS.get(each) or periods.iso(each) for each in words[:1]), "")
    if word in _NAMED:
        return word, 1
    if not _DATE.fullmatch(word):
        raise periods.TimeParseError(0, wanted.DAY)
    periods.read_period([word])  # refuses a day that there is not
    return word, 1


def _digest(token: Token) -> str | None:
    return token.plain if _DIGEST.fullmatch(token.plain) else None


DATE = Form(
    "DATE",
    timed(_day),
    str,
    words=_NAMED,
    words_zh=tuple(word for word, english in chinese.WHENS.items() if english in _NAMED),
    example="2026-11-01",
    say_zh=in_chinese(str),
)
_EVERY = choice("hour|day|week|month", wanted.STEP, {each: each for each in _STEPS}, chinese.STEPS)
EVERY = replace(_EVERY, accepts=lambda token: token.plain in chinese.STEPS, example="day")
ACT = choice("pause|stop|resume", wanted.BACKFILL, {each: each for each in _ACTS}, chinese.BACKFILL_ACTS)
DIGEST = Form("DIGEST", one(wanted.BACKFILL, _digest), str)

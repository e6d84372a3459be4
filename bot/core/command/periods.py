"""Periods: what the words for times mean, given a clock and a person's time zone.

Days run from midnight to midnight and weeks from Monday, in the asker's zone; ``last 3h`` is counted in UTC, since
local arithmetic is an hour off over a change of clocks. Windows are half-open. A period begins at the first of two
equal local times, and shows its offset; for a start time the person is asked which one. Results are UTC, since aware
datetimes of one zone compare by their wall clocks.
"""

import re
from calendar import isleap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import TypeVar

from bot.core.command import chinese, chinese_times, wanted
from bot.core.command.durations import DAY, UNITS, duration_words, parse_duration
from bot.core.command.local_times import to_utc, to_utc_unambiguous
from bot.core.command.requests import Period, When
from bot.core.command.wanted import Wanted
from bot.core.errors import Refusal
from bot.core.text.message import Text, msg, until_on_the_clock
from bot.core.values import dataclass

Read = TypeVar("Read")

YEARS = range(1970, 3000)
WHEN_WORDS = ("now", "today", "tomorrow", "yesterday")
PERIOD_WORDS = ("today", "yesterday", "this", "last", "since")

_DATE = re.compile(r"(?:[0-9]{4}-)?[0-9]{2}-[0-9]{2}")
_WRITTEN_DATE = re.compile(
    r"(?<![0-9])(?:([0-9]{4})(?:年([0-9]{1,2})月([0-9]{1,2})[日号]|/([0-9]{1,2})/([0-9]{1,2})(?![0-9]))"
    r"|([0-9]{1,2})月([0-9]{1,2})[日号])"
)
_CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2})")
_FULL_CLOCK = re.compile(r"([0-9]{1,2}:[0-9]{2})(:[0-9]{2})?(?:\.[0-9]{1,9})?(z|[+-][0-9]{2}:?[0-9]{2})?")
_RANGE = re.compile(r"([0-9-]+)(?:\.{2,3}|[…~〜至到])([0-9-]+)")
_UNTIL = ("..", "~", "〜", *chinese.UNTIL)
_YEARLY = len("11-21")  # a date without its year
_LEAP = 8  # years; within as many, before and after, there is always a 29th of February


_BEGINS = re.compile(r"[0-9]{4}-|[0-9]{2}-[0-9]{2}(?![0-9])|[0-9]{1,2}:[0-9]{2}")  # a word of a date or a clock time


class TimeParseError(ValueError):
    """Words that are not a time: ``index`` is the first wrong one, ``wanted`` what should be there."""

    def __init__(self, index: int, wanted: Wanted) -> None:
        super().__init__(index)
        self.index = index
        self.wanted = wanted


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """A half-open span, in UTC, and how it is shown back: ``today (2026-11-21, Europe/Berlin)``."""

    since: datetime
    until: datetime
    words: Text


# ── reading words ───────────────────────────────────────────────────────────


def read_when(words: Sequence[str]) -> tuple[When, int]:
    """The time that lower-case words begin with, and how many they are; raises TimeParseError."""
    return _read(_when, words, chinese.WHENS)


def read_period(words: Sequence[str]) -> tuple[Period, int]:
    """The period that lower-case words begin with, and how many they are; raises TimeParseError."""
    return _read(_period, words, chinese.PERIODS)


def _read(
    reader: Callable[[Sequence[str]], tuple[Read, int]], words: Sequence[str], known: Mapping[str, str]
) -> tuple[Read, int]:
    """What a reader of English words finds in words that may be Chinese, and how many of these it is.

    In Chinese the part of the day may stand alone before the time: ``下午 3点``.
    """
    english: list[str] = []
    places: list[int] = []  # where these begin
    for place, word in enumerate(words):
        if place and words[place - 1] in chinese_times.PARTS and word not in chinese_times.PARTS:
            english.pop()
            typed = f"{words[place - 1]}{word}"
        else:
            places.append(place)
            typed = word
        if chinese_times.is_of_two_nights(typed):
            raise TimeParseError(places[-1], wanted.NIGHT)
        english.append(known.get(typed) or iso(typed))
    places += [len(words)] * 5  # behind them
    try:
        value, count = reader(english)
    except TimeParseError as unreadable:
        raise TimeParseError(places[unreadable.index], unreadable.wanted) from None
    return value, places[count]


def _when(words: Sequence[str]) -> tuple[When, int]:
    first, second = (*words, "", "")[:2]
    if first == "now":
        return When("now"), 1
    if clock := _clock(first):
        return When(clock), 1
    if first in WHEN_WORDS:
        if clock := _clock(second):
            return When(f"{first} {clock}"), 2
        raise TimeParseError(1, wanted.CLOCK)
    day, joined, rest = first.partition("t")
    if not _DATE.fullmatch(day):
        raise TimeParseError(0, wanted.TIME)
    _day(day, 0)
    full = _full_clock(rest if joined else second)
    yearly = full is not None and len(day) == _YEARLY and (joined or full != _clock(full))
    if full is None or yearly:
        raise TimeParseError(0, wanted.TIME) if joined else TimeParseError(1, wanted.CLOCK)
    text = f"{day}T{full}"
    return When(f"{day} {full}" if len(day) == _YEARLY or not _zoned(text) else text), 1 if joined else 2


def _period(words: Sequence[str]) -> tuple[Period, int]:
    if onward := _onward(words):
        return onward
    first, second, third, fourth = (*words, "", "", "", "")[:4]
    if first in {"today", "yesterday", "this week", "last week"}:
        return Period(first), 1
    if first == "this":
        if second != "week":
            raise TimeParseError(1, wanted.THIS)
        return Period("this week"), 2
    if first == "last":
        return _last(second, third)
    if first == "since":
        if third in _UNTIL:
            return Period(f"{_day(second, 1)}..{_day(fourth, 3)}"), 4
        return _since(second, third)
    if second in _UNTIL:
        return Period(f"{_day(first, 0)}..{_day(third, 2)}"), 3
    if both := _RANGE.fullmatch(first):
        return Period(f"{_day(both[1], 0)}..{_day(both[2], 0)}"), 1
    return Period(_day(first, 0)), 1


def iso(word: str) -> str:
    """A word with its date and clock time as ISO 8601 writes them: ``11月21日`` is ``11-21``, ``14点`` is ``14:00``."""
    if word.isascii() and "/" not in word:
        return word
    word = _WRITTEN_DATE.sub(lambda found: "-".join(part.zfill(2) for part in found.groups() if part), word)
    return chinese_times.clocks(word)


def begins(word: str) -> bool:
    """Whether a word begins with a date or a clock time."""
    if word in chinese_times.PARTS or chinese_times.is_of_two_nights(word):
        return True
    return _BEGINS.match(iso(word)) is not None


def is_time(word: str) -> bool:
    """Whether a word alone is a date, a clock time or a duration."""
    text = iso(word)
    return bool(_DATE.fullmatch(text) or _clock(text) or parse_duration(text))


def _last(second: str, third: str) -> tuple[Period, int]:
    if second == "week":
        return Period("last week"), 2
    text, count = (second + third, 3) if second.isdigit() else (second, 2)
    span = parse_duration(f"1{text}" if text in UNITS else text)  # "last hour" is one of them
    if span:
        return Period(f"last {duration_words(span)}"), count
    raise TimeParseError(1, wanted.LAST)


def _onward(words: Sequence[str]) -> tuple[Period, int] | None:
    """``09:00 起``, ``昨天 09:00起``: what ``since`` says, with its word behind the time; None for anything else."""
    for place, word in enumerate(words):
        if word.endswith(chinese.ONWARD):
            begin = [*words[:place], *filter(None, [word.removesuffix(chinese.ONWARD)])]
            begin = begin[begin[:1] == ["since"] :]
            try:
                period, count = _since(*(*begin, "", "")[:2])
            except TimeParseError:
                return None
            return (period, place + 1) if count - 1 == len(begin) else None
    return None


def _since(second: str, third: str) -> tuple[Period, int]:
    if clock := _clock(second):
        return Period(f"since {clock}"), 2
    if second not in {"today", "yesterday"}:
        if not _DATE.fullmatch(second):
            raise TimeParseError(1, wanted.SINCE)
        _day(second, 1)
    if clock := _clock(third):
        return Period(f"since {second} {clock}"), 3
    return Period(f"since {second}"), 2


def _clock(word: str) -> str:
    """``9:30`` as ``09:30``; empty where it is not a clock time."""
    match = _CLOCK.fullmatch(word)
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        return ""
    return f"{int(match[1]):02}:{match[2]}"


def _full_clock(word: str) -> str | None:
    """An ISO time of day, its fraction dropped; None where it is not one."""
    match = _FULL_CLOCK.fullmatch(word)
    if match is None or not (clock := _clock(match[1])):
        return None
    text = f"{clock}{match[2] or ''}{(match[3] or '').upper()}"
    try:
        time.fromisoformat(text)
    except ValueError:
        return None
    return text


def _day(word: str, index: int) -> str:
    """A date, with its year or without. Raises TimeParseError where there is no such day."""
    written = _DATE.fullmatch(word)
    try:
        day = date.fromisoformat(word if len(word) > _YEARLY else f"2000-{word}") if written else None
    except ValueError:
        day = None
    if day is None or day.year not in YEARS:
        raise TimeParseError(index, wanted.DATE if written else wanted.PERIOD)
    return word


def _zoned(text: str) -> bool:
    return datetime.fromisoformat(text).tzinfo is not None


# ── resolving with a clock and a zone ───────────────────────────────────────


def resolve(when: When, now: datetime, zone: tzinfo) -> datetime:
    """The moment in UTC. A bare clock time is today's; a date without its year is the nearest one.

    Raises Refusal for a bare clock time that has passed today and for a local time that comes twice, with the times to
    say instead as its offers; and for one that does not exist.
    """
    if when.words == "now":
        return now.astimezone(UTC)
    today = now.astimezone(zone).date()
    first, _, rest = when.words.partition(" ")
    if rest:
        days = {"today": today, "tomorrow": today + DAY, "yesterday": today - DAY}
        day = days.get(first) or min(_dates(first, today), key=lambda each: abs(each - today))
        return to_utc_unambiguous(day, time.fromisoformat(rest), zone)
    if "T" in first:
        at = datetime.fromisoformat(first)
        return at.astimezone(UTC) if at.tzinfo else to_utc_unambiguous(at.date(), at.time(), zone)
    clock = time.fromisoformat(first)
    at = to_utc_unambiguous(today, clock, zone)
    if at + timedelta(minutes=1) <= now:
        raise _passed(clock, today, zone)
    return at


def window(period: Period, now: datetime, zone: tzinfo) -> TimeSpan:
    """The half-open span in UTC. Raises Refusal where it ends before it begins.

    A date without its year is the last one up to today; where it ends a range, the first one from its beginning on.
    """
    span = _bounds(period.words, now, zone)
    if span.until <= span.since:
        raise Refusal(
            "ends_before_it_begins",
            msg(
                "This period ends before it begins: {period}. "
                "Swap the two times, or choose an earlier start, for example `since yesterday 09:00`.",
                period=span.words,
            ),
        )
    if span.since > now:  # perhaps a wrong year: its empty list would look like good news
        return replace(span, words=msg("{period} (in the future)", period=span.words))
    return span


def _bounds(words: str, now: datetime, zone: tzinfo) -> TimeSpan:
    today = now.astimezone(zone).date()
    first, _, rest = words.partition(" ")
    if words == "last week" or first == "this":
        monday = today - DAY * today.weekday() - (timedelta(weeks=1) if first == "last" else timedelta())
        week = _days(monday, monday + 6 * DAY, zone)
        this = msg("this week ({span})", span=week.words)
        return replace(week, words=this if first == "this" else msg("last week ({span})", span=week.words))
    if first == "last":
        length = parse_duration(rest) or timedelta()
        begin = now.astimezone(UTC) - length
        shown = until_on_the_clock(begin, now, zone)
        return TimeSpan(begin, now.astimezone(UTC), msg("last {duration} ({span})", duration=length, span=shown))
    if first == "since":
        begin = _beginning(rest, today, zone)
        return TimeSpan(begin, now.astimezone(UTC), until_on_the_clock(begin, now, zone))
    if first == "today":
        shown = msg("today ({date}, {zone})", date=str(today), zone=str(zone))
        return replace(_days(today, today, zone), words=shown)
    if first == "yesterday":
        day = today - DAY
        shown = msg("yesterday ({date}, {zone})", date=str(day), zone=str(zone))
        return replace(_days(day, day, zone), words=shown)
    begin_day, _, end_day = first.partition("..")
    begin_date = _last_date(begin_day, today)
    ends = _dates(end_day, begin_date) if end_day else [begin_date]
    return _days(begin_date, next((each for each in ends if each >= begin_date), ends[0]), zone)


def _days(first: date, last: date, zone: tzinfo) -> TimeSpan:
    """Whole days, the last included."""
    if first == last:
        words = msg("{date}, {zone}", date=str(first), zone=str(zone))
    else:
        words = msg("{begin} to {end}, {zone}", begin=str(first), end=str(last), zone=str(zone))
    return TimeSpan(_midnight(first, zone), _midnight(last + DAY, zone), words)


def _midnight(day: date, zone: tzinfo) -> datetime:
    """When a day begins; where the clock jumps over midnight, that is the moment of the jump."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _last_date(word: str, today: date) -> date:
    """A date; where its year is not said, the last one up to today."""
    dates = _dates(word, today)
    return max((each for each in dates if each <= today), default=dates[0])


def _dates(word: str, around: date) -> list[date]:
    """The dates that are meant: one, or where its year is not said those of some years before and after another."""
    if len(word) > _YEARLY:
        return [date.fromisoformat(word)]
    years = (f"{year}-{word}" for year in range(around.year - _LEAP, around.year + _LEAP + 1))
    return [date.fromisoformat(each) for each in years if not each.endswith("02-29") or isleap(int(each[:4]))]


def _beginning(words: str, today: date, zone: tzinfo) -> datetime:
    first, _, clock = words.partition(" ")
    if ":" in first:
        return to_utc(today, time.fromisoformat(first), zone)
    day = {"today": today, "yesterday": today - DAY}.get(first) or _last_date(first, today)
    return to_utc(day, time.fromisoformat(clock), zone) if clock else _midnight(day, zone)


def _passed(clock: time, today: date, zone: tzinfo) -> Refusal:
    shown, where = clock.isoformat("minutes"), str(zone)
    return Refusal(
        "passed",
        msg(
            "{time} has already passed today ({zone}). Start now for that time, or tomorrow?",
            time=shown,
            zone=where,
        ),
        offers=(
            (msg("Now, for {time} ({zone})", time=shown, zone=where), f"{today} {shown}"),
            (msg("Tomorrow {time} ({zone})", time=shown, zone=where), f"{today + DAY} {shown}"),
        ),
    )

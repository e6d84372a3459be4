"""Times and durations as people write them in Chinese: numerals, halves, parts of the day.

两小时   2小时            下午三点半     15:30
一天半   1天12小时        凌晨2点        2:00
半小时   30分钟           早上6点05分    6:05
"""

import re

_ONES = {digit: number for number, digit in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_NUMERAL = "[零〇一二两三四五六七八九十]{1,3}"
_HALVES = {"小时": "30分钟", "分钟": "30秒", "天": "12小时"}
_UNIT = "小时|分钟|天"


def _length_of(count: str) -> str:
    """The pattern of a duration with such a number."""
    return (
        rf"(?P<half>半)个?(?P<half_of>{_UNIT})"
        rf"|(?P<count>{count})(?:(?P<quarters>刻钟?)|个?(?P<and_half>半)?(?P<unit>{_UNIT}|秒|分|时|日|周)"
        rf"(?P<behind>半(?!个?(?:{_UNIT})))?)"
    )


NUMERALS = frozenset(_ONES) | set("十半")  # what a time in numerals begins with
IN_NUMERALS = rf"{_NUMERAL}点[钟整]?(?:半|[一三]刻|{_NUMERAL}分?)?|{_length_of(_NUMERAL)}"
_LENGTH = re.compile(_length_of(f"[0-9]+|{_NUMERAL}"))
_NIGHT = "晚上"
PARTS = {  # of the day, with their hours; less than twelve, so that one of 3 and 15 is meant
    "凌晨": range(6),
    "清晨": range(4, 10),
    "早晨": range(4, 12),
    "早上": range(4, 12),
    "上午": range(6, 13),
    "中午": range(11, 15),
    "下午": range(12, 20),
    "傍晚": range(16, 21),
    _NIGHT: range(17, 24),
}
_CLOCK = re.compile(
    rf"(?<![0-9])(?P<part>{'|'.join(PARTS)})?(?:(?P<hour>[0-9]{{1,2}}|{_NUMERAL})点[钟整]?"
    rf"(?:(?P<half>半)|(?P<quarter>[一三])刻|(?P<minute>[0-9]{{1,2}}|{_NUMERAL})分?)?"
    r"|(?P<written>[0-9]{1,2}:[0-9]{2}))"
)


def number(text: str) -> int | None:
    """A number up to 99 in digits or numerals: ``三十五``, ``零五``; None for anything else."""
    if text.isdecimal():
        return int(text)
    tens, ten, ones = text.partition("十")
    if not ten:
        tens, ones = "", text if len(text) == 1 else text[1:] if text[0] in "零〇" else "?"
    counted = [_ONES.get(part) if part else default for part, default in ((tens, int(bool(ten))), (ones, 0))]
    return None if None in counted else 10 * (counted[0] or 0) + (counted[1] or 0)


def lengths(text: str) -> str:
    """A text whose durations are in digits and whole units."""
    return _LENGTH.sub(_length, text)


def clocks(text: str) -> str:
    """A text whose clock times are as ``14:30``. What is none, or is in either of two nights, stays."""
    return _CLOCK.sub(_clock, text)


def is_of_two_nights(text: str) -> bool:
    """Whether a text is a time that may be in the night before the day or in the one after it: ``晚上12点``."""
    found = _CLOCK.search(text)
    return found is not None and found["part"] == _NIGHT and _hour(found) in {0, 1, 2, 3, 4, 12}


def _length(found: re.Match[str]) -> str:
    if found["half"]:
        return _HALVES[found["half_of"]]
    count, unit = number(found["count"]), found["unit"]
    if count is None:
        return found[0]
    if found["quarters"]:
        return f"{15 * count}分钟"
    if not (found["and_half"] or found["behind"]):
        return f"{count}{unit}"
    return f"{count}{unit}{_HALVES[unit]}" if unit in _HALVES else found[0]


def _clock(found: re.Match[str]) -> str:
    part, hour, minute = found["part"], _hour(found), _minute(found)
    if hour is None or minute is None:
        return found[0]
    if part:
        hour = next((each for each in (hour, hour + 12, hour - 12) if each in PARTS[part]), None)
    return found[0] if hour is None else f"{hour}:{minute:02}"


def _hour(found: re.Match[str]) -> int | None:
    return number(found["written"].partition(":")[0] if found["written"] else found["hour"])


def _minute(found: re.Match[str]) -> int | None:
    if found["written"]:
        return int(found["written"].partition(":")[2])
    if found["half"]:
        return 30
    if found["quarter"]:
        return 15 * _ONES[found["quarter"]]
    return number(found["minute"] or "0")

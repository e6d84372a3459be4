"""Durations: a span of time as people write it, and back."""

import re
from datetime import timedelta

from bot.core.command import chinese, chinese_times

LONGEST = timedelta(days=366)
DAY = timedelta(days=1)

_DURATION = re.compile(r"(?:[0-9]{1,7}[^\W\d_]+)+")
_PART = re.compile(r"([0-9]+)(\D+)")
UNITS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), timedelta(seconds=1)),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), timedelta(minutes=1)),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), timedelta(hours=1)),
    **dict.fromkeys(("d", "day", "days"), DAY),
    **dict.fromkeys(("w", "week", "weeks"), timedelta(weeks=1)),
}
UNITS |= {word: UNITS[unit] for word, unit in chinese.UNITS.items()}


def parse_duration(text: str) -> timedelta | None:
    """``2h``, ``1h30m``, ``90 minutes`` as a span of at most 366 days; None for anything else."""
    compact = chinese_times.lengths("".join(text.casefold().split()))
    if not _DURATION.fullmatch(compact):
        return None
    total = timedelta()
    for count, unit in _PART.findall(compact):
        if unit not in UNITS:
            return None
        total += int(count) * UNITS[unit] if int(count) <= LONGEST / UNITS[unit] else LONGEST + DAY
        if total > LONGEST:
            return None
    return total or None


def duration_words(span: timedelta) -> str:
    """A span as ``parse_duration`` reads it: ``1d2h30m``; seconds are the smallest unit."""
    left = int(span.total_seconds())
    words = ""
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, left = divmod(left, size)
        words += f"{count}{unit}" if count else ""
    return words or "0s"

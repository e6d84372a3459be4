"""Local times as UTC, and the choice that a person has where the clock shows one twice."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, tzinfo

from bot.core.command.requests import When
from bot.core.errors import Refused
from bot.core.text.escape import EMPTY
from bot.core.text.message import Text
from bot.core.text.shown_times import is_repeated, offset, on_the_clock


class AmbiguousTime(Refused):
    """A time with several meanings. ``choices`` are labels with the times to ask for instead.

    ``parse.trigger_time`` makes ``offers`` of them: whole commands.
    """

    def __init__(
        self,
        reason: str,
        sentence: Text | str,
        way_out: Text | str = EMPTY,
        choices: Sequence[tuple[str, When]] = (),
    ) -> None:
        super().__init__(reason, sentence, way_out)
        self.choices = tuple(choices)


class PastTime(AmbiguousTime):
    """A clock time that has passed today."""


class RepeatedTime(AmbiguousTime):
    """A local time that comes twice, because the clock is put back."""


def to_utc_unambiguous(day: date, clock: time, zone: tzinfo) -> datetime:
    """A local time as UTC; raises RepeatedTime where it comes twice, Refused where it does not exist."""
    at = to_utc(day, clock, zone)
    first = datetime.combine(day, clock, zone)
    if not is_repeated(first):
        return at
    both = [
        each.isoformat(timespec="seconds" if clock.second else "minutes") for each in (first, first.replace(fold=1))
    ]
    raise RepeatedTime(
        "repeated_time",
        f"{on_the_clock(datetime.combine(day, clock))} comes twice in {zone}, because clocks go back then. "
        "Nothing was done.",
        f"Say which one you mean: `at {both[0]}` (the first) or `at {both[1]}` (the second).",
        choices=tuple(
            (f"{clock.isoformat('minutes')} ({offset(each)})", When(iso))
            for each, iso in zip((first, first.replace(fold=1)), both, strict=True)
        ),
    )


def to_utc(day: date, clock: time, zone: tzinfo) -> datetime:
    """A local time as UTC, the first of two; raises Refused where the clock jumps over it."""
    naive = datetime.combine(day, clock)
    at = naive.replace(tzinfo=zone).astimezone(UTC)
    back = at.astimezone(zone).replace(tzinfo=None)
    if back != naive:
        raise Refused(
            "no_such_time",
            f"{on_the_clock(naive)} does not exist in {zone}, because clocks go forward then.",
            f"Say a time that exists, such as `{on_the_clock(back)}`.",
        )
    return at

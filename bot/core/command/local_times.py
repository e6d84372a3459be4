"""Local times as UTC, and the choice that a person has where the clock shows one twice."""

from datetime import UTC, date, datetime, time, tzinfo

from bot.core.errors import Refusal
from bot.core.text.escape import code
from bot.core.text.message import layout, msg
from bot.core.text.shown_times import is_repeated, offset, on_the_clock


def to_utc_unambiguous(day: date, clock: time, zone: tzinfo) -> datetime:
    """A local time as UTC. Raises Refusal where it does not exist, and where it comes twice, with both as offers."""
    at = to_utc(day, clock, zone)
    first = datetime.combine(day, clock, zone)
    if not is_repeated(first):
        return at
    precision = "seconds" if clock.second else "minutes"
    shown = clock.isoformat("minutes")
    raise Refusal(
        "repeated_time",
        msg(
            "{time} comes twice in {zone}, because the clocks go back then. Which one do you mean? Nothing was done.",
            time=on_the_clock(first),
            zone=str(zone),
        ),
        offers=[
            (layout("{clock} ({offset})", clock=shown, offset=offset(each)), each.isoformat(timespec=precision))
            for each in (first, first.replace(fold=1))
        ],
    )


def to_utc(day: date, clock: time, zone: tzinfo) -> datetime:
    """A local time as UTC, the first of two; raises Refusal where the clock jumps over it."""
    naive = datetime.combine(day, clock)
    at = naive.replace(tzinfo=zone).astimezone(UTC)
    back = at.astimezone(zone).replace(tzinfo=None)
    if back != naive:
        raise Refusal(
            "no_such_time",
            msg(
                "{time} does not exist in {zone}, because the clocks go forward then. Try {later}.",
                time=on_the_clock(naive),
                zone=str(zone),
                later=code(on_the_clock(back)),
            ),
        )
    return at

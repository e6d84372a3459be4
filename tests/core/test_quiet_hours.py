"""Quiet hours: over midnight, over both changes of the clock, and over a day that a zone left out."""

from datetime import UTC, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from bot.core.routing.quiet import QuietHours, read_hours, zone_named

BERLIN, SHANGHAI, APIA = "Europe/Berlin", "Asia/Shanghai", "Pacific/Apia"


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("sentence", "hours", "zone", "at", "ends"),
    [
        ("in the evening, over midnight", "22:00-07:00", SHANGHAI, "2026-11-21 15:00", "2026-11-21 23:00"),
        ("in the morning", "22:00-07:00", SHANGHAI, "2026-11-21 22:59", "2026-11-21 23:00"),
        ("the first minute", "22:00-07:00", SHANGHAI, "2026-11-21 14:00", "2026-11-21 23:00"),
        ("not the minute before", "22:00-07:00", SHANGHAI, "2026-11-21 13:59", None),
        ("not the end", "22:00-07:00", SHANGHAI, "2026-11-21 23:00", None),
        ("at noon", "12:00-13:30", "UTC", "2026-11-21 12:30", "2026-11-21 13:30"),
        ("not in the night then", "12:00-13:30", "UTC", "2026-11-21 23:30", None),
        # Berlin, 2026-03-29: 02:00 is 03:00.
        ("the short night ends by the clock", "22:00-07:00", BERLIN, "2026-03-28 23:00", "2026-03-29 05:00"),
        ("an end that the clock jumps over", "22:00-02:30", BERLIN, "2026-03-29 00:30", "2026-03-29 01:00"),
        ("it is over after the jump", "22:00-02:30", BERLIN, "2026-03-29 01:00", None),
        ("a begin that the clock jumps over", "02:30-05:00", BERLIN, "2026-03-29 01:00", "2026-03-29 03:00"),
        ("hours that the clock jumps over", "02:10-02:50", BERLIN, "2026-03-29 01:00", None),
        # Berlin, 2026-10-25: after 02:59 comes 02:00 again.
        ("the long night ends by the clock", "22:00-07:00", BERLIN, "2026-10-24 23:00", "2026-10-25 06:00"),
        ("an end that comes twice is the second", "22:00-02:30", BERLIN, "2026-10-25 00:45", "2026-10-25 01:30"),
        ("a begin that comes twice is the first", "02:30-05:00", BERLIN, "2026-10-25 00:30", "2026-10-25 04:00"),
        ("not before the first", "02:30-05:00", BERLIN, "2026-10-25 00:29", None),
        # Apia left out 2011-12-30.
        ("a night whose morning was left out", "22:00-07:00", APIA, "2011-12-30 09:00", "2011-12-30 17:00"),
        ("an offset instead of a name", "22:00-07:00", "UTC+05:30", "2026-11-21 17:00", "2026-11-22 01:30"),
        ("one west of Greenwich", "22:00-07:00", "UTC-08:00", "2026-11-21 06:00", "2026-11-21 15:00"),
        ("a zone that is known no more is UTC", "22:00-07:00", "Mars/Base", "2026-11-21 23:00", "2026-11-22 07:00"),
        ("and so is what is no zone", "22:00-07:00", "../etc", "2026-11-21 23:00", "2026-11-22 07:00"),
    ],
)  # fmt: skip
def test_quiet_hours(sentence, hours, zone, at, ends):
    quiet = read_hours(hours, zone)
    assert quiet.is_quiet(utc(at)) is (ends is not None), sentence
    assert quiet.quiet_ends(utc(at)) == utc(ends or at), sentence
    assert quiet.words == hours


def test_a_moment_in_any_zone_is_the_same_moment():
    quiet = QuietHours(time(22), time(7), SHANGHAI)
    assert quiet.is_quiet(datetime(2026, 11, 21, 23, tzinfo=ZoneInfo(SHANGHAI)))
    assert quiet.is_quiet(datetime(2026, 11, 21, 16, tzinfo=timezone(timedelta(hours=1))))


def test_an_offset_is_read_as_python_prints_it():
    for hours in (-8, 0, 5.5):
        zone = timezone(timedelta(hours=hours))
        assert zone_named(str(zone)).utcoffset(None) == zone.utcoffset(None)


clocks = st.times().map(lambda each: each.replace(second=0, microsecond=0, tzinfo=None))
zones = st.sampled_from([BERLIN, SHANGHAI, APIA, "America/New_York", "Australia/Lord_Howe", "UTC"])
moments = st.datetimes(datetime(2008, 1, 1), datetime(2030, 1, 1)).map(lambda each: each.replace(tzinfo=UTC))  # noqa: DTZ001  strategies take naive bounds


@given(clocks, clocks, zones, moments)
@example(time(2), time(3), BERLIN, datetime(2026, 10, 25, 1, 30, tzinfo=UTC))
@example(time(22), time(7), APIA, datetime(2011, 12, 30, 10, 30, tzinfo=UTC))
def test_it_is_quiet_while_the_clock_shows_a_time_within_and_then_it_ends(begin, end, zone, at):
    assume(begin != end)
    quiet = QuietHours(begin, end, zone)
    shown = at.astimezone(ZoneInfo(zone)).time()
    within = begin <= shown < end if begin < end else shown >= begin or shown < end
    assert quiet.is_quiet(at) or not within
    ends = quiet.quiet_ends(at)
    assert not quiet.is_quiet(ends)
    assert ends >= at
    assert (ends > at) is quiet.is_quiet(at)
    assert ends - at < timedelta(days=2)

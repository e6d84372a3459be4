"""Periods and moments, in the asker's zone, over changes of clocks, and what is refused."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from bot.core.command.durations import duration_words, parse_duration
from bot.core.command.parse import parse, trigger_time
from bot.core.command.periods import (
    TimeParseError,
    read_period,
    read_when,
    resolve,
    window,
)
from bot.core.command.requests import FlowRef, Period, Trigger, When
from bot.core.errors import Refusal

SHANGHAI, BERLIN, APIA = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin"), ZoneInfo("Pacific/Apia")
NEW_YORK, LORD_HOWE = ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe")
HAVANA, UTC_ZONE = ZoneInfo("America/Havana"), ZoneInfo("UTC")
NOW = datetime(2026, 11, 20, 7, 30, 20, tzinfo=UTC)  # a Friday, 15:30 in Shanghai


def moments(span):
    return f"{span.since:%m-%d %H:%M} {span.until:%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("words", "spans", "shown"),
    [
        ("today", "11-19 16:00 11-20 16:00", "today (2026-11-20, Asia/Shanghai)"),
        ("yesterday", "11-18 16:00 11-19 16:00", "yesterday (2026-11-19, Asia/Shanghai)"),
        ("this week", "11-15 16:00 11-22 16:00", "this week (2026-11-16 to 2026-11-22, Asia/Shanghai)"),
        ("last week", "11-08 16:00 11-15 16:00", "last week (2026-11-09 to 2026-11-15, Asia/Shanghai)"),
        ("last 3h", "11-20 04:30 11-20 07:30", "last 3 h (2026-11-20 12:30 to 15:30, Asia/Shanghai)"),
        ("last 2d", "11-18 07:30 11-20 07:30", "last 2 d (2026-11-18 15:30 to 2026-11-20 15:30, Asia/Shanghai)"),
        ("since 09:00", "11-20 01:00 11-20 07:30", "2026-11-20 09:00 to 15:30, Asia/Shanghai"),
        ("since today", "11-19 16:00 11-20 07:30", "2026-11-20 00:00 to 15:30, Asia/Shanghai"),
        ("since yesterday 09:00", "11-19 01:00 11-20 07:30",
         "2026-11-19 09:00 to 2026-11-20 15:30, Asia/Shanghai"),
        ("since 2026-11-18", "11-17 16:00 11-20 07:30",
         "2026-11-18 00:00 to 2026-11-20 15:30, Asia/Shanghai"),
        ("2026-11-19", "11-18 16:00 11-19 16:00", "2026-11-19, Asia/Shanghai"),
        ("2026-11-01..2026-11-07", "10-31 16:00 11-07 16:00", "2026-11-01 to 2026-11-07, Asia/Shanghai"),
        ("2026-11-20..2026-11-21", "11-19 16:00 11-21 16:00", "2026-11-20 to 2026-11-21, Asia/Shanghai"),
        ("2026-11-21", "11-20 16:00 11-21 16:00", "2026-11-21, Asia/Shanghai (in the future)"),
        ("2062-11-19..2062-11-20", "11-18 16:00 11-20 16:00",
         "2062-11-19 to 2062-11-20, Asia/Shanghai (in the future)"),
    ],
)  # fmt: skip
def test_periods_are_half_open_and_shown_back(words, spans, shown):
    span = window(Period(words), NOW, SHANGHAI)
    assert moments(span) == spans
    assert str(span.words) == shown


@pytest.mark.parametrize(
    ("zone", "now", "words", "spans"),
    [
        (BERLIN, datetime(2026, 3, 29, 10, tzinfo=UTC), "today", "03-28 23:00 03-29 22:00"),  # 23 hours
        (BERLIN, datetime(2026, 10, 25, 10, tzinfo=UTC), "today", "10-24 22:00 10-25 23:00"),  # 25 hours
        (BERLIN, datetime(2026, 3, 29, 2, tzinfo=UTC), "last 3h", "03-28 23:00 03-29 02:00"),  # 3 hours on any clock
        (HAVANA, datetime(2026, 3, 8, 12, tzinfo=UTC), "today", "03-08 05:00 03-09 04:00"),  # 00:00 does not exist
        (HAVANA, datetime(2026, 11, 1, 12, tzinfo=UTC), "today", "11-01 04:00 11-02 05:00"),  # 00:00 is there twice
    ],
)
def test_days_over_a_change_of_clocks(zone, now, words, spans):
    assert moments(window(Period(words), now, zone)) == spans


@pytest.mark.parametrize(
    ("words", "zone", "shown"),
    [
        ("2026-11-07..2026-11-01", SHANGHAI, "2026-11-07 to 2026-11-01, Asia/Shanghai"),
        ("since 23:00", SHANGHAI, "2026-11-20 23:00 to 15:30, Asia/Shanghai"),
        ("2011-12-30", APIA, "2011-12-30, Pacific/Apia"),  # Samoa left this day out
    ],
)
def test_a_period_that_ends_before_it_begins_is_refused(words, zone, shown):
    with pytest.raises(Refusal) as caught:
        window(Period(words), NOW, zone)
    assert caught.value.reason == "ends_before_it_begins"
    assert str(caught.value.sentence.values["period"]) == shown


@pytest.mark.parametrize(
    ("words", "at"),
    [
        ("now", "11-20 07:30:20"),
        ("16:00", "11-20 08:00:00"),
        ("15:30", "11-20 07:30:00"),  # this very minute has not passed
        ("today 09:00", "11-20 01:00:00"),
        ("yesterday 09:00", "11-19 01:00:00"),
        ("tomorrow 02:00", "11-20 18:00:00"),
        ("2026-11-21 14:30", "11-21 06:30:00"),
        ("2026-11-21 14:30:15", "11-21 06:30:15"),
        ("2026-11-21T14:30Z", "11-21 14:30:00"),
        ("2026-11-21T14:30-05:00", "11-21 19:30:00"),
        ("2026-11-21T14:30", "11-21 06:30:00"),
    ],
)
def test_times(words, at):
    assert f"{resolve(When(words), NOW, SHANGHAI):%m-%d %H:%M:%S}" == at


def test_a_clock_time_that_has_passed_offers_two_commands():
    request = parse("trigger 3377 with a=“x y” at 14:30")
    with pytest.raises(Refusal) as caught:
        trigger_time(request, request.when, NOW, SHANGHAI)
    passed = caught.value
    assert passed.reason == "passed"
    assert passed.sentence.values == {"time": "14:30", "zone": "Asia/Shanghai"}
    assert [(str(label), command) for label, command in passed.offers] == [
        ("Now, for 14:30 (Asia/Shanghai)", 'trigger 3377 at 2026-11-20 14:30 with a="x y"'),
        ("Tomorrow 14:30 (Asia/Shanghai)", 'trigger 3377 at 2026-11-21 14:30 with a="x y"'),
    ]
    first, second = (parse(command) for _, command in passed.offers)
    assert trigger_time(first, first.when, NOW, SHANGHAI) == datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
    assert trigger_time(second, second.when, NOW, SHANGHAI) == datetime(2026, 11, 21, 6, 30, tzinfo=UTC)


def test_a_local_time_that_does_not_exist_is_refused():
    now = datetime(2026, 3, 28, 12, tzinfo=UTC)
    for act in (
        lambda: resolve(When("tomorrow 02:30"), now, BERLIN),
        lambda: window(Period("since 2026-03-29 02:30"), now + timedelta(days=5), BERLIN),
    ):
        with pytest.raises(Refusal) as caught:
            act()
        assert caught.value.reason == "no_such_time"
        assert caught.value.sentence.values == {
            "time": "2026-03-29 02:30",
            "zone": "Europe/Berlin",
            "later": "`2026-03-29 03:30`",
        }


@pytest.mark.parametrize(
    ("words", "zone", "now", "offers"),
    [
        ("tomorrow 02:30", BERLIN, datetime(2026, 10, 24, 12, tzinfo=UTC),
         ("2026-10-25T02:30+02:00", "2026-10-25T02:30+01:00")),
        ("02:30", BERLIN, datetime(2026, 10, 24, 23, tzinfo=UTC),
         ("2026-10-25T02:30+02:00", "2026-10-25T02:30+01:00")),
        ("02:30", BERLIN, datetime(2026, 10, 25, 12, tzinfo=UTC),
         ("2026-10-25T02:30+02:00", "2026-10-25T02:30+01:00")),
        ("2026-11-01 01:30", NEW_YORK, NOW, ("2026-11-01T01:30-04:00", "2026-11-01T01:30-05:00")),
        ("2026-11-01 01:59:59", NEW_YORK, NOW, ("2026-11-01T01:59:59-04:00", "2026-11-01T01:59:59-05:00")),
        ("2026-11-01T01:00", NEW_YORK, NOW, ("2026-11-01T01:00-04:00", "2026-11-01T01:00-05:00")),
        ("2026-04-05 01:45", LORD_HOWE, NOW, ("2026-04-05T01:45+11:00", "2026-04-05T01:45+10:30")),
    ],
)  # fmt: skip
def test_a_local_time_that_is_there_twice_is_asked_about(words, zone, now, offers):
    with pytest.raises(Refusal) as caught:
        trigger_time(Trigger(FlowRef(id=2809)), When(words), now, zone)
    repeated = caught.value
    assert repeated.reason == "repeated_time"
    assert [command for _, command in repeated.offers] == [f"trigger 2809 at {each}" for each in offers]
    assert all(each[-6:] in str(label) for each, (label, _) in zip(offers, repeated.offers, strict=True))
    first, second = (trigger_time(parse(command), parse(command).when, now, zone) for _, command in repeated.offers)
    assert timedelta() < second - first <= timedelta(hours=1)
    assert first.astimezone(zone).replace(tzinfo=None) == second.astimezone(zone).replace(tzinfo=None)


@pytest.mark.parametrize(
    "words", ["2026-11-01 00:59", "2026-11-01 02:00", "2026-11-01T01:30-05:00", "2026-11-02 01:30"]
)
def test_a_local_time_that_is_there_once_is_that(words):
    assert resolve(When(words), NOW, NEW_YORK).tzinfo is UTC


@pytest.mark.parametrize(
    ("words", "now", "since", "shown"),
    [
        ("since 01:30", datetime(2026, 11, 1, 12, tzinfo=UTC), datetime(2026, 11, 1, 5, 30, tzinfo=UTC),
         "2026-11-01 01:30-04:00 to 07:00, America/New_York"),
        ("since 2026-11-01 01:30", datetime(2026, 11, 2, 12, tzinfo=UTC), datetime(2026, 11, 1, 5, 30, tzinfo=UTC),
         "2026-11-01 01:30-04:00 to 2026-11-02 07:00, America/New_York"),
        ("since 00:30", datetime(2026, 11, 1, 6, 15, tzinfo=UTC), datetime(2026, 11, 1, 4, 30, tzinfo=UTC),
         "2026-11-01 00:30 to 01:15-05:00, America/New_York"),
        ("last 1h", datetime(2026, 11, 1, 6, 15, tzinfo=UTC), datetime(2026, 11, 1, 5, 15, tzinfo=UTC),
         "last 1 h (2026-11-01 01:15-04:00 to 01:15-05:00, America/New_York)"),
    ],
)  # fmt: skip
def test_a_period_begins_at_the_first_of_two_and_shows_which(words, now, since, shown):
    span = window(Period(words), now, NEW_YORK)
    assert (span.since, span.until, str(span.words)) == (since, now, shown)


def test_an_offset_does_for_a_zone():
    zone = timezone(timedelta(hours=5, minutes=30))
    assert resolve(When("2026-11-21 14:30"), NOW, zone) == datetime(2026, 11, 21, 9, tzinfo=UTC)
    assert window(Period("2026-11-20"), NOW, zone).words.values == {"date": "2026-11-20", "zone": "UTC+05:30"}


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("2h", 120),
        ("90m", 90),
        ("1h30m", 90),
        ("2 Hours", 120),
        ("1 day", 1440),
        ("1w", 10080),
        ("60s", 1),
        ("366d", 366 * 1440),
        ("367d", None),
        ("9999999w", None),
        ("366d1s", None),
        ("0h", None),
        ("2", None),
        ("h", None),
        ("2 fortnights", None),
        ("-2h", None),
        ("２h", None),
        ("", None),
    ],
)
def test_durations(text, minutes):
    assert parse_duration(text) == (None if minutes is None else timedelta(minutes=minutes))


def test_a_duration_in_words():
    assert duration_words(timedelta(days=1, hours=2, minutes=30, seconds=5)) == "1d2h30m5s"
    assert duration_words(timedelta()) == "0s"


@pytest.mark.parametrize(
    ("words", "period", "taken"),
    [
        ("today fail", "today", 1),
        ("this week", "this week", 2),
        ("last week of", "last week", 2),
        ("last 3h", "last 3h", 2),
        ("last 180 minutes", "last 3h", 3),
        ("last hour", "last 1h", 2),
        ("last 3", None, 1),
        ("last", None, 1),
        ("last 400d", None, 1),
        ("this month", None, 1),
        ("since 9:05", "since 09:05", 2),
        ("since yesterday", "since yesterday", 2),
        ("since 2026-11-19 9:05", "since 2026-11-19 09:05", 3),
        ("since 2026-02-30", None, 1),
        ("since noon", None, 1),
        ("2026-11-19", "2026-11-19", 1),
        ("2026-11-01...2026-11-07", "2026-11-01..2026-11-07", 1),
        ("2026-11-01…2026-11-07", "2026-11-01..2026-11-07", 1),
        ("2026-11-01..2026-11-31", None, 0),
        ("2026-11-01..7", None, 0),
        ("1969-12-31", None, 0),
        ("3000-01-01", None, 0),
        ("may", None, 0),
        ("", None, 0),
    ],
)
def test_words_of_periods(words, period, taken):
    if period is None:
        with pytest.raises(TimeParseError) as caught:
            read_period(words.split())
        assert caught.value.index == taken
    else:
        assert read_period(words.split()) == (Period(period), taken)


@pytest.mark.parametrize(
    ("words", "when", "taken"),
    [
        ("now", "now", 1),
        ("9:05 with", "09:05", 1),
        ("tomorrow 2:00", "tomorrow 02:00", 2),
        ("2026-11-21 14:30", "2026-11-21 14:30", 2),
        ("2026-11-21 14:30:59", "2026-11-21 14:30:59", 2),
        ("2026-11-21 14:30z", "2026-11-21T14:30Z", 2),
        ("2026-11-21t14:30", "2026-11-21 14:30", 1),
        ("2026-11-21t14:30:15.108z", "2026-11-21T14:30:15Z", 1),
        ("2026-11-21t14:30+08:00", "2026-11-21T14:30+08:00", 1),
        ("24:00", None, 0),
        ("14:60", None, 0),
        ("noon", None, 0),
        ("", None, 0),
        ("tomorrow", None, 1),
        ("2026-11-21", None, 1),
        ("2026-11-21 25:00", None, 1),
        ("2026-11-21 14:30:99", None, 1),
        ("2026-11-21t14:30+99:00", None, 0),
        ("2026-02-30 14:30", None, 0),
    ],
)
def test_words_of_times(words, when, taken):
    if when is None:
        with pytest.raises(TimeParseError) as caught:
            read_when(words.split())
        assert caught.value.index == taken
    else:
        assert read_when(words.split()) == (When(when), taken)

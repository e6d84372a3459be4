"""When a flow is triggered, as its runs tell."""

from datetime import timedelta

from past_runs import DAILY, DAY, HOUR, MINUTE, TODAY, days, past

from bot.core.history.trigger_times import times

CHINA = timedelta(hours=8)


def test_a_schedule_whose_zone_its_runs_tell():
    found = times(days(20), CHINA, TODAY)
    assert (found.freq, found.offset, found.digits) == (DAILY, timedelta(), 10)
    assert found.around(TODAY - 2 * DAY, TODAY) == [TODAY - DAY, TODAY, TODAY + DAY]
    assert found.last(TODAY + HOUR, DAY) == TODAY
    assert found.last(TODAY - MINUTE, HOUR) is None


def test_the_newest_schedule_counts():
    changed = [past(TODAY + HOUR, freq="0 0 3 * * ? *"), past(TODAY - DAY + HOUR, freq="0 0 3 * * ? *")]
    assert times([*changed, *days(20)], CHINA, TODAY).freq == "0 0 3 * * ? *"


def test_an_id_may_hold_less_than_the_trigger_time():
    half_past = TODAY + 30 * MINUTE
    freq = "0 30 2 * * ? *"
    by_hour = times(days(20, until=TODAY, freq=freq), CHINA, half_past)
    assert by_hour.last(half_past, DAY) == TODAY
    assert by_hour.exact(TODAY) == half_past
    midnight = TODAY - 2 * HOUR
    by_day = times(days(20, until=midnight, digits=8, freq=freq), None, half_past)
    assert (by_day.last(half_past, DAY), by_day.exact(midnight)) == (midnight, half_past)
    by_minute = times(days(20, until=half_past, digits=12, freq=freq), None, half_past)
    assert by_minute.last(half_past, DAY) == half_past


def test_what_is_not_known():
    assert times([], CHINA, TODAY) is None
    assert times(days(20, freq="every morning"), CHINA, TODAY) is None
    assert times(days(1), CHINA, TODAY) is None
    assert times([past(TODAY, digits=14)], CHINA, TODAY) is None


def test_a_schedule_that_fires_no_more():
    found = times(days(20, freq="0 0 2 * * ? 2026"), None, TODAY)
    end = TODAY.replace(month=12, day=31)
    assert found.around(end - DAY, end) == [end]

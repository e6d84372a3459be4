"""The trigger times of a backfill, and which of them have a run: tables in which each case begins with a sentence."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.core.command.requests import Backfill, FlowRef
from bot.core.errors import Refusal
from bot.core.flow import schedule as schedules
from bot.core.flow.backfill_times import (
    COUNTED,
    MOST,
    Basis,
    KnownRun,
    LeftOut,
    Slot,
    TriggerTimes,
    at_least,
    begin_of,
    by_schedule,
    check_days,
    check_number,
    digest,
    every,
    left_out,
    schedule_offset,
    slot_of,
    until_now,
)
from bot.core.flow.backfill_times import days as named_days
from bot.core.flow.status import Status

BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")
SANTIAGO, UTC_ZONE = ZoneInfo("America/Santiago"), ZoneInfo("UTC")
HOUR, DAY, CHINA = timedelta(hours=1), timedelta(days=1), timedelta(hours=8)
NIGHTLY = "0 0 2 * * ? *"


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def said(times):
    return [f"{at:%m-%d %H:%M}" for at in times.at]


def days(text):
    return [date.fromisoformat(day) for day in text.split("..")]


@pytest.mark.parametrize(
    ("case", "step", "between", "zone", "expected"),
    [
        (
            "Every day is at midnight of who asks, and both days are in it.",
            *(Basis.DAY, "2026-11-01..2026-11-03", SHANGHAI, ["10-31 16:00", "11-01 16:00", "11-02 16:00"]),
        ),
        ("One day is one trigger time.", Basis.DAY, "2026-11-01..2026-11-01", UTC_ZONE, ["11-01 00:00"]),
        (
            "Where the clock goes back, midnight is an hour later in UTC.",
            *(Basis.DAY, "2026-10-24..2026-10-26", BERLIN, ["10-23 22:00", "10-24 22:00", "10-25 23:00"]),
        ),
        (
            "Every week counts from the first day.",
            *(Basis.WEEK, "2026-11-03..2026-11-18", UTC_ZONE, ["11-03 00:00", "11-10 00:00", "11-17 00:00"]),
        ),
        (
            "Every month on the 31st is the last day of a month that is shorter, and the 31st again after it.",
            *(Basis.MONTH, "2026-01-31..2026-04-30", UTC_ZONE),
            ["01-31 00:00", "02-28 00:00", "03-31 00:00", "04-30 00:00"],
        ),
        (
            "A 29th is there in a leap year.",
            *(Basis.MONTH, "2028-01-29..2028-03-28", UTC_ZONE, ["01-29 00:00", "02-29 00:00"]),
        ),
        (
            "Every month goes over the end of the year.",
            *(Basis.MONTH, "2025-11-15..2026-01-15", UTC_ZONE, ["11-15 00:00", "12-15 00:00", "01-15 00:00"]),
        ),
    ],
)
def test_every_step_on_the_clock_of_who_asks(case, step, between, zone, expected):
    assert said(every(step, *days(between), zone)) == expected, case


@pytest.mark.parametrize(
    ("case", "step", "between", "zone", "count", "skipped", "repeated", "changes"),
    [
        ("A plain day has 24 hours.", Basis.HOUR, "2026-11-03..2026-11-03", BERLIN, 24, (), (), ()),
        (
            "Where the clock goes forward, an hour does not exist and is left out.",
            *(Basis.HOUR, "2026-03-29..2026-03-29", BERLIN, 23, ("2026-03-29 02:00",), ()),
            (date(2026, 3, 29),),
        ),
        (
            "Where the clock goes back, an hour comes twice and is taken once.",
            *(Basis.HOUR, "2026-10-25..2026-10-25", BERLIN, 24, (), ("2026-10-25 02:00",)),
            (date(2026, 10, 25),),
        ),
        (
            "Where the clock jumps over midnight, that day has no run.",
            *(Basis.DAY, "2026-09-05..2026-09-07", SANTIAGO, 2, ("2026-09-06 00:00",), ()),
            (date(2026, 9, 6),),
        ),
        (
            "A change of the clock is told where it moves no time of the day.",
            *(Basis.DAY, "2026-10-20..2026-10-31", BERLIN, 12, (), (), (date(2026, 10, 25),)),
        ),
        ("A zone without summer time has no change.", Basis.DAY, "2026-01-01..2026-12-31", SHANGHAI, 365, (), (), ()),
        ("500 days are 500 runs.", Basis.DAY, "2025-07-10..2026-11-21", UTC_ZONE, 500, (), (), ()),
    ],
)
def test_what_the_clock_does(case, step, between, zone, count, skipped, repeated, changes):
    found = every(step, *days(between), zone)
    assert (len(found.at), found.skipped, found.repeated) == (count, skipped, repeated), case
    assert found.clock_changes == changes, case
    assert list(found.at) == sorted(set(found.at)), case


def test_the_first_of_two_equal_local_times_is_taken():
    found = every(Basis.HOUR, *days("2026-10-25..2026-10-25"), BERLIN)
    assert [at.hour for at in found.at[:4]] == [22, 23, 0, 2]  # 01:00 UTC is the second 02:00 in Berlin


def test_short_months_are_counted():
    assert every(Basis.MONTH, *days("2026-01-31..2026-06-30"), UTC_ZONE).short_months == 3
    assert every(Basis.MONTH, *days("2026-01-28..2026-06-30"), UTC_ZONE).short_months == 0


def test_what_is_far_too_many_is_not_counted_to_the_end():
    found = every(Basis.HOUR, *days("1970-01-01..2900-01-01"), UTC_ZONE)
    assert COUNTED < len(found.at) < COUNTED + 25


@pytest.mark.parametrize(
    ("case", "begin", "end", "expected"),
    [
        ("Dates are what they are.", "2026-11-01", "2025-11-30", "2026-11-01..2025-11-30"),
        (
            "Words count in the zone of who asks: it is the 22nd in Shanghai.",
            "yesterday",
            "today",
            "2026-11-21..2026-11-22",
        ),
        ("A date without its year is the last one up to today.", "11-23", "2026-11-01", "2025-11-23..2026-11-01"),
        ("Behind it, it is the first one from that on.", "11-23", "02-28", "2025-11-23..2026-02-28"),
        ("The day itself is one of them.", "11-22", "11-22", "2026-11-22..2026-11-22"),
    ],
)
def test_the_days_that_are_meant(case, begin, end, expected):
    found = named_days(begin, end, utc("2026-11-21T17:00"), SHANGHAI)
    assert list(found) == days(expected), case


# ── the flow's schedule ──


@pytest.mark.parametrize(
    ("case", "freq", "offset", "between", "zone", "expected"),
    [
        (
            "A nightly schedule of UTC fires in each day of who asks.",
            *(NIGHTLY, timedelta(), "2026-11-01..2026-11-02", UTC_ZONE, ["11-01 02:00", "11-02 02:00"]),
        ),
        (
            "Days are those of who asks: 02:00 UTC of the day before is 10:00 in Shanghai.",
            *(NIGHTLY, timedelta(), "2026-11-01..2026-11-01", SHANGHAI, ["11-01 02:00"]),
        ),
        (
            "A schedule in the zone of EnOS fires there.",
            *(NIGHTLY, CHINA, "2026-11-01..2026-11-01", SHANGHAI, ["10-31 18:00"]),
        ),
        (
            "A change of the asker's clock moves no schedule.",
            *(NIGHTLY, timedelta(), "2026-10-24..2026-10-26", BERLIN, ["10-24 02:00", "10-25 02:00", "10-26 02:00"]),
        ),
        (
            "A midnight fire belongs to the day that it begins.",
            *("0 0 0 * * ? *", timedelta(), "2026-11-01..2026-11-01", UTC_ZONE, ["11-01 00:00"]),
        ),
        (
            "Two fires in a minute are one run, because an ID has no seconds.",
            *("0,30 0 2 * * ? *", timedelta(), "2026-11-01..2026-11-01", UTC_ZONE, ["11-01 02:00"]),
        ),
        ("The last day of each month.", "0 0 1 L * ? *", timedelta(), "2026-01-31..2026-02-28", UTC_ZONE,
         ["01-31 01:00", "02-28 01:00"]),
    ],
)  # fmt: skip
def test_the_schedule_of_the_flow(case, freq, offset, between, zone, expected):
    found = by_schedule(schedules.read(freq), offset, *days(between), zone)
    assert said(found) == expected, case
    assert found.basis is Basis.SCHEDULE


def nightly(hour, *, first=1, count=10, freq=NIGHTLY):
    return [(f"3377-202611{day:02}{hour:02}", freq) for day in range(first + count - 1, first - 1, -1)]


@pytest.mark.parametrize(
    ("case", "freq", "runs", "expected"),
    [
        ("Runs at 02:00 UTC: the schedule is one of UTC.", NIGHTLY, nightly(2), timedelta()),
        ("Runs at 18:00 UTC: it is one of EnOS's zone.", NIGHTLY, nightly(18), CHINA),
        ("Without runs it is not known.", NIGHTLY, [], None),
        ("Runs at another hour tell nothing.", NIGHTLY, nightly(7), None),
        (
            "The schedule was changed: the runs under the one before tell the zone.",
            *("0 0 5 * * ? *", nightly(18), CHINA),
        ),
        (
            "The one before fires alike in both zones: it tells nothing about the new one.",
            *("0 0 5 * * ? *", [(f"3377-20261101{hour:02}", "0 0 * * * ? *") for hour in range(23, 0, -1)], None),
        ),
        (
            "An hourly schedule fires alike in both zones, so that either will do.",
            *("0 0 * * * ? *", [(f"3377-20261101{hour:02}", "0 0 * * * ? *") for hour in range(23, 0, -1)]),
            timedelta(),
        ),
        (
            "What cannot be read is passed over.",
            *("0 0 5 * * ? *", [("3377-2026112102", "now and then"), *nightly(18)], CHINA),
        ),
    ],
)
def test_in_which_zone_a_schedule_fires(case, freq, runs, expected):
    assert schedule_offset(freq, runs, CHINA, utc("2026-11-21")) == expected, case


# ── what cannot be ──


def refusal(act, *arguments):
    with pytest.raises(Refusal) as caught:
        act(*arguments)
    return caught.value


def test_days_in_the_wrong_order_or_in_the_future_are_refused():
    today = date(2026, 11, 21)
    assert refusal(check_days, *days("2026-11-05..2026-11-01"), today, UTC_ZONE).reason == "ends_before_it_begins"
    assert refusal(check_days, *days("2026-11-05..2026-11-22"), today, UTC_ZONE).reason == "in_the_future"
    check_days(*days("2026-11-05..2026-11-21"), today, UTC_ZONE)


def test_times_of_today_that_have_not_come_are_left_out():
    found = until_now(every(Basis.HOUR, *days("2026-11-21..2026-11-21"), UTC_ZONE), utc("2026-11-21T14:30"))
    assert (len(found.at), found.later) == (15, 9)


@pytest.mark.parametrize(
    ("case", "step", "between", "says"),
    [
        ("500 runs are allowed.", Basis.DAY, "2025-07-10..2026-11-21", None),
        (
            "One day more is not, and the first part is named.",
            *(Basis.DAY, "2025-07-10..2026-11-22"),
            ("These are 501 runs", "`backfill 3377 from 2025-07-10 to 2026-11-21 every day`"),
        ),
        (
            "Every hour of 500 days is told as a number, with whole days as the first part.",
            *(Basis.HOUR, "2025-07-10..2026-11-21"),
            ("These are 12,000 runs, and one backfill starts at most 500", "from 2025-07-10 to 2025-07-29 every hour"),
        ),
        (
            "What is not counted to its end is more than that.",
            *(Basis.HOUR, "2020-01-01..2026-11-21"),
            ("These are more than 20,000 runs", "Split it"),
        ),
    ],
)
def test_too_many_are_refused_with_the_number_and_how_to_split(case, step, between, says):
    request = Backfill(FlowRef(3377), *between.split(".."), every=step.value)
    found = every(step, *days(between), UTC_ZONE)
    if says is None:
        check_number(found, request, *days(between), UTC_ZONE)
        return
    refused = refusal(check_number, found, request, *days(between), UTC_ZONE)
    assert refused.reason == "too_many"
    assert all(each in str(refused) for each in says), f"{case} {refused}"


def test_a_day_with_too_many_needs_a_longer_step():
    minutes = TriggerTimes(tuple(utc("2026-11-01") + n * timedelta(minutes=1) for n in range(MOST + 1)), Basis.SCHEDULE)
    request = Backfill(FlowRef(3377), "2026-11-01", "2026-11-01")
    refused = refusal(check_number, minutes, request, *days("2026-11-01..2026-11-01"), UTC_ZONE)
    assert "Take a longer step, for example `backfill 3377 from 2026-11-01 to 2026-11-01 every hour`" in str(refused)


def test_no_trigger_time_is_refused():
    nothing = TriggerTimes((), Basis.SCHEDULE)
    refused = refusal(check_number, nothing, Backfill(), *days("2026-11-01..2026-11-01"), UTC_ZONE)
    assert refused.reason == "no_trigger_times"


# ── which have a run already ──


@pytest.mark.parametrize(
    ("case", "times", "cycle", "expected"),
    [
        ("A run a day counts for its day.", ["2026-11-01T02:00", "2026-11-02T02:00"], "D", Slot.DAY),
        ("Two a day count for their hours.", ["2026-11-01T02:00", "2026-11-01T14:00"], "D", Slot.HOUR),
        ("Two an hour count for their minutes.", ["2026-11-01T02:00", "2026-11-01T02:30"], "D", Slot.MINUTE),
        ("A flow that runs each hour has one run for each.", ["2026-11-01T02:00"], "H", Slot.HOUR),
        ("A flow that runs each minute has one run for each.", ["2026-11-01T02:00"], "mi", Slot.MINUTE),
        ("A monthly flow counts for its day.", ["2026-11-01T02:00"], "M", Slot.DAY),
        ("Days are those of EnOS.", ["2026-11-01T15:00", "2026-11-01T17:00"], "D", Slot.DAY),
        ("What is twice the same is in one minute.", ["2026-11-01T02:00", "2026-11-01T02:00"], "D", Slot.MINUTE),
    ],
)
def test_how_near_a_run_must_be(case, times, cycle, expected):
    assert slot_of([utc(each) for each in times], cycle, CHINA) is expected, case


@pytest.mark.parametrize(
    ("case", "slot", "runs", "expected"),
    [
        (
            "A successful run of the day leaves it out, whatever its minute.",
            *(Slot.DAY, [("2026-11-01T09:13", Status.SUCCESS)], {"2026-11-01T02:00": LeftOut.SUCCEEDED}),
        ),
        ("A failed run leaves nothing out.", Slot.DAY, [("2026-11-01T02:00", Status.FAIL)], {}),
        ("Nor does a canceled one.", Slot.DAY, [("2026-11-01T02:00", Status.CANCEL)], {}),
        (
            "A run that has not ended leaves it out.",
            *(Slot.DAY, [("2026-11-01T02:00", Status.RUNNING)], {"2026-11-01T02:00": LeftOut.UNDER_WAY}),
        ),
        (
            "A success counts more than one that has not ended.",
            Slot.DAY,
            [("2026-11-01T02:00", 1), ("2026-11-01T03:00", Status.WAIT), ("2026-11-01T04:00", 1)],
            {"2026-11-01T02:00": LeftOut.SUCCEEDED},
        ),
        (
            "The day is that of EnOS: 17:00 UTC is the next one in China.",
            *(Slot.DAY, [("2026-11-01T17:00", Status.SUCCESS)], {"2026-11-02T02:00": LeftOut.SUCCEEDED}),
        ),
        ("Another hour is another one.", Slot.HOUR, [("2026-11-01T03:00", Status.SUCCESS)], {}),
        (
            "A rerun in the next minute has the data of the hour.",
            *(Slot.HOUR, [("2026-11-01T02:01", Status.SUCCESS)], {"2026-11-01T02:00": LeftOut.SUCCEEDED}),
        ),
        ("Another minute is another one.", Slot.MINUTE, [("2026-11-01T02:01", Status.SUCCESS)], {}),
        ("A status that EnOS invented has not ended.", Slot.DAY, [("2026-11-01T02:00", 42)],
         {"2026-11-01T02:00": LeftOut.UNDER_WAY}),
    ],
)  # fmt: skip
def test_what_has_a_run_is_left_out(case, slot, runs, expected):
    times = [utc("2026-11-01T02:00"), utc("2026-11-02T02:00")]
    found = left_out(times, [KnownRun(utc(at), status) for at, status in runs], slot, CHINA)
    assert found == {utc(at): why for at, why in expected.items()}, case


def test_a_slot_begins_in_the_zone_of_enos():
    at = utc("2026-11-01T17:42:13")
    assert begin_of(at, Slot.DAY, CHINA) == utc("2026-11-01T16:00")
    assert begin_of(at, Slot.HOUR, timedelta(hours=5, minutes=30)) == utc("2026-11-01T17:30")
    assert begin_of(at, Slot.MINUTE, CHINA) == utc("2026-11-01T17:42")
    assert [each.length for each in Slot] == [DAY, HOUR, timedelta(minutes=1)]


# ── how long ──


@pytest.mark.parametrize(
    ("case", "runs", "usual", "expected"),
    [
        ("Nothing takes no time.", 0, None, timedelta()),
        ("One run takes as long as it takes.", 1, timedelta(minutes=20), timedelta(minutes=20)),
        ("Short ones wait for EnOS's minute.", 10, timedelta(seconds=20), timedelta(minutes=9, seconds=20)),
        ("Long ones follow one another.", 3, timedelta(hours=1), timedelta(hours=3)),
        ("Where it is not known, there is still the minute.", 30, None, timedelta(minutes=29)),
    ],
)
def test_how_long_it_takes_at_least(case, runs, usual, expected):
    assert at_least(runs, usual) == expected, case


def test_another_plan_has_another_digest():
    times = [utc("2026-11-01"), utc("2026-11-02")]
    assert digest(3377, 0, times) == digest(3377, 0, list(times))
    assert len({digest(3377, 0, times), digest(3377, 1, times), digest(1, 0, times), digest(3377, 0, times[:1])}) == 4

"""Quartz schedules: when they fire, which are not read, and in which zone EnOS fires them."""

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from apscheduler.triggers.cron import CronTrigger
from hypothesis import given
from hypothesis import strategies as st

from bot.core.flow.model import InstanceId
from bot.core.flow.schedule import Zone, fires, is_fire, next_fire, read, zone_of_schedule
from bot.sim.enos import cron

UTC_ZONE, EAST, WEST = timedelta(), timedelta(hours=8), timedelta(hours=-5, minutes=-30)
START = datetime(2026, 11, 30, tzinfo=UTC)  # a Monday
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


def next_times(freq, count=3, after=START, offset=UTC_ZONE):
    schedule = read(freq)
    found = islice(fires(schedule, after, after + 400 * DAY, offset), count)
    return [f"{at:%Y-%m-%d %H:%M:%S}".removesuffix(":00") for at in found]


@pytest.mark.parametrize(
    ("says", "freq", "times"),
    [
        ("Each midnight, but not the one it begins at.", "0 0 0 * * ? *", ["2026-12-01 00:00", "2026-12-02 00:00"]),
        ("The year may be left out.", "0 30 2 * * ?", ["2026-11-30 02:30", "2026-12-01 02:30"]),
        ("Blanks do not count.", "  0\t30   2 *  * ? * ", ["2026-11-30 02:30", "2026-12-01 02:30"]),
        ("Both days may be open with a star.", "0 0 6 * * * *", ["2026-11-30 06:00", "2026-12-01 06:00"]),
        ("Both days may be open with a question mark.", "0 0 6 ? * ? *", ["2026-11-30 06:00", "2026-12-01 06:00"]),
        ("A list.", "0 0 6,18 * * ?", ["2026-11-30 06:00", "2026-11-30 18:00", "2026-12-01 06:00"]),
        ("A step from a number.", "0 5/25 0 * * ?", ["2026-11-30 00:05", "2026-11-30 00:30", "2026-11-30 00:55"]),
        ("A step of everything.", "0 0 */12 * * ?", ["2026-11-30 12:00", "2026-12-01 00:00"]),
        ("A step of nothing is of everything.", "0 0 /12 * * ?", ["2026-11-30 12:00", "2026-12-01 00:00"]),
        ("A step of a range.", "0 0 8-12/2 * * ?", ["2026-11-30 08:00", "2026-11-30 10:00", "2026-11-30 12:00"]),
        ("A range over midnight.", "0 0 23-0 * * ?", ["2026-11-30 23:00", "2026-12-01 00:00", "2026-12-01 23:00"]),
        ("A step over midnight.", "0 0 22-4/3 * * ?", ["2026-11-30 01:00", "2026-11-30 04:00", "2026-11-30 22:00"]),
        ("Seconds.", "15,45 0 0 * * ?", ["2026-11-30 00:00:15", "2026-11-30 00:00:45"]),
        ("Days by name, in any case.", "0 0 6 ? * mon,Fri", ["2026-11-30 06:00", "2026-12-04 06:00"]),
        ("Sunday is 1.", "0 0 6 ? * 1", ["2026-12-06 06:00", "2026-12-13 06:00"]),
        ("Working days.", "0 0 6 ? * MON-FRI", [f"{day} 06:00" for day in ("2026-11-30", "2026-12-01", "2026-12-02")]),
        ("A week's end.", "0 0 6 ? * FRI-SUN", [f"2026-12-0{day} 06:00" for day in (4, 5, 6)]),
        ("A range over the week's end.", "0 0 6 ? * 6-2", ["2026-11-30 06:00", "2026-12-04 06:00", "2026-12-05 06:00"]),
        ("Every other day of the week.", "0 0 6 ? * 2/2", ["2026-11-30 06:00", "2026-12-02 06:00", "2026-12-04 06:00"]),
        ("Months by name.", "0 0 6 1 FEB,aug ?", ["2027-02-01 06:00", "2027-08-01 06:00"]),
        ("Months over the year's end.", "0 0 6 1 DEC-JAN ?", ["2026-12-01 06:00", "2027-01-01 06:00"]),
        ("A year.", "0 0 6 1 1 ? 2027-2028", ["2027-01-01 06:00", "2028-01-01 06:00"]),
        ("A day that few months have.", "0 0 6 31 * ?", ["2026-12-31 06:00", "2027-01-31 06:00", "2027-03-31 06:00"]),
        ("The last day of the month.", "0 0 6 L * ?", ["2026-11-30 06:00", "2026-12-31 06:00", "2027-01-31 06:00"]),
        ("Three days before it.", "0 0 6 L-3 * ?", ["2026-12-28 06:00", "2027-01-28 06:00", "2027-02-25 06:00"]),
        ("Before it, where a month has it.", "0 0 6 L-30 * ?", ["2026-12-01 06:00", "2027-01-01 06:00"]),
        ("The last working day.", "0 0 6 LW * ?", ["2026-11-30 06:00", "2026-12-31 06:00", "2027-01-29 06:00"]),
        ("The working day near the third last.", "0 0 6 L-3W * ?", ["2026-12-28 06:00", "2027-01-28 06:00"]),
        ("Saturday goes to Friday.", "0 0 6 15W 5 ?", ["2027-05-14 06:00"]),
        ("Sunday goes to Monday.", "0 0 6 15W 8 ?", ["2027-08-16 06:00"]),
        ("Saturday the first goes to the third.", "0 0 6 1W 5 ?", ["2027-05-03 06:00"]),
        ("Sunday the last goes to Friday.", "0 0 6 31W 1 ?", ["2027-01-29 06:00"]),
        ("A day near one that the month lacks.", "0 0 6 31W 2,3 ?", ["2027-03-31 06:00"]),
        ("A special day in a list.", "0 0 6 1,L 12 ?", ["2026-12-01 06:00", "2026-12-31 06:00"]),
        ("L of the days of a week is Saturday.", "0 0 6 ? * L", ["2026-12-05 06:00", "2026-12-12 06:00"]),
        ("The last Friday.", "0 0 6 ? * 6L", ["2026-12-25 06:00", "2027-01-29 06:00", "2027-02-26 06:00"]),
        ("The last Friday by name.", "0 0 6 ? * FRIL", ["2026-12-25 06:00", "2027-01-29 06:00"]),
        ("The third Friday.", "0 0 6 ? * 6#3", ["2026-12-18 06:00", "2027-01-15 06:00"]),
        ("The third Friday by name.", "0 0 6 ? * FRI#3", ["2026-12-18 06:00", "2027-01-15 06:00"]),
        ("A fifth Friday, which few months have.", "0 0 6 ? * 6#5", ["2027-01-29 06:00", "2027-04-30 06:00"]),
        ("The leap day.", "0 0 6 29 2 ?", []),
        ("Never again.", "0 0 6 * * ? 2020", []),
    ],
)
def test_when_a_schedule_fires(says, freq, times):
    count = max(1, len(times))
    assert next_times(freq, count) == times, says


@pytest.mark.parametrize(
    ("why", "freq"),
    [
        ("Nothing.", ""),
        ("Words.", "every day"),
        ("Five fields, as in a crontab.", "0 0 * * *"),
        ("Eight fields.", "0 0 0 * * ? * *"),
        ("Both days are named.", "0 0 0 1 * MON *"),
        ("A number too large.", "60 0 0 * * ?"),
        ("An hour too large.", "0 0 24 * * ?"),
        ("Day nought.", "0 0 0 0 * ?"),
        ("A day too large.", "0 0 0 32 * ?"),
        ("Month nought.", "0 0 0 1 0 ?"),
        ("Day eight of a week.", "0 0 0 ? * 8"),
        ("A year out of range.", "0 0 0 * * ? 2100"),
        ("Years backwards.", "0 0 0 * * ? 2028-2027"),
        ("A name in the wrong field.", "0 0 JAN * * ?"),
        ("An unknown name.", "0 0 0 ? * MOO"),
        ("A step of nought.", "0 0/0 0 * * ?"),
        ("A step beyond the field.", "0 0/60 0 * * ?"),
        ("Two steps.", "0 0/5/5 0 * * ?"),
        ("A step without a number.", "0 0/ 0 * * ?"),
        ("A range without an end.", "0 0 8- * * ?"),
        ("An empty part of a list.", "0 0 8, * * ?"),
        ("A negative number.", "0 -1 0 * * ?"),
        ("Digits of another script.", "0 0 ٣ * * ?"),
        ("A sixth Friday.", "0 0 0 ? * 6#6"),
        ("The last day of no week.", "0 0 0 ? * 9L"),
        ("A day near the 32nd.", "0 0 0 32W * ?"),
        ("The last day less a month.", "0 0 0 L-31 * ?"),
        ("Far too long.", "0 0 " + ",".join(["0"] * 200) + " * * ?"),
    ],
)
def test_a_schedule_that_is_not_read(why, freq):
    assert read(freq) is None, why


@pytest.mark.parametrize(
    ("offset", "times"),
    [
        (EAST, ["2026-11-29 18:00", "2026-11-30 18:00"]),
        (WEST, ["2026-11-30 07:30", "2026-12-01 07:30"]),
    ],
)
def test_a_schedule_in_another_zone(offset, times):
    assert next_times("0 0 2 * * ?", 2, START - 12 * HOUR, offset) == times


def test_times_begin_after_the_first_and_end_with_the_last():
    schedule = read("0 0 * * * ?")
    assert list(fires(schedule, START, START + 2 * HOUR, UTC_ZONE)) == [START + HOUR, START + 2 * HOUR]
    assert list(fires(schedule, START, START, UTC_ZONE)) == []


def test_at_most_nine_years_are_looked_through():
    schedule = read("0 0 0 1 1 ? 2080")
    assert next_fire(schedule, START, UTC_ZONE) is None
    assert next(fires(schedule, START, START + 30000 * DAY, UTC_ZONE), None) is None
    assert next_fire(read("0 0 0 29 2 ?"), START, UTC_ZONE) == datetime(2028, 2, 29, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "within", "fits"),
    [
        (START + 30 * MINUTE, timedelta(seconds=1), True),
        (START, HOUR, True),
        (START, MINUTE, False),
        (START + 30 * MINUTE, MINUTE, True),
        (START + 31 * MINUTE, MINUTE, False),
        (START - 30 * MINUTE, HOUR, False),
        (START + HOUR, HOUR, False),
    ],
)
def test_a_time_of_a_schedule(at, within, fits):
    assert is_fire(read("0 30 0 * * ?"), at, UTC_ZONE, within=within) is fits


def ids(*moments, digits=12):
    return [InstanceId(f"2809-{at:%Y%m%d%H%M}00"[: 5 + digits]) for at in moments]


def daily(hour, count=5, *, digits=12, minute=0):
    return ids(*(START - n * DAY + timedelta(hours=hour, minutes=minute) for n in range(1, count + 1)), digits=digits)


@pytest.mark.parametrize(
    ("says", "freq", "runs", "zone", "offset", "why"),
    [
        ("Runs at two in UTC.", "0 0 2 * * ?", daily(2), EAST, UTC_ZONE, Zone.UTC),
        ("Runs at two in the zone of EnOS.", "0 0 2 * * ?", daily(18), EAST, EAST, Zone.PLATFORM),
        ("The same by IDs to the hour.", "0 30 2 * * ?", daily(18, digits=10), EAST, EAST, Zone.PLATFORM),
        ("Runs at another time.", "0 0 2 * * ?", daily(5), EAST, None, Zone.NEITHER),
        ("Each hour: it does not matter.", "0 0 * * * ?", daily(2), EAST, UTC_ZONE, Zone.EITHER),
        ("Each hour, but not in every zone.", "0 0 * * * ?", daily(2), WEST, UTC_ZONE, Zone.UTC),
        ("At nought and at eight: runs at nought tell nothing.", "0 0 0,8 * * ?", daily(0), EAST, None, Zone.AMBIGUOUS),
        ("At nought and at eight: one at eight tells.", "0 0 0,8 * * ?", daily(8), EAST, UTC_ZONE, Zone.UTC),
        ("The zone of EnOS is not known.", "0 0 2 * * ?", daily(18), None, None, Zone.NEITHER),
        ("It is not known, nor needed.", "0 0 2 * * ?", daily(2), None, UTC_ZONE, Zone.UTC),
        ("EnOS is in UTC.", "0 0 2 * * ?", daily(2), UTC_ZONE, UTC_ZONE, Zone.UTC),
        ("One run.", "0 0 2 * * ?", daily(2, 1), EAST, None, Zone.TOO_FEW),
        ("Runs that somebody triggered.", "0 0 2 * * ?", daily(2, digits=14), EAST, None, Zone.TOO_FEW),
        ("IDs without a time.", "0 0 2 * * ?", [InstanceId("2809-99999999")] * 2, EAST, None, Zone.TOO_FEW),
        ("One in ten may be moved.", "0 0 2 * * ?", daily(2, 9) + daily(11, 1), EAST, UTC_ZONE, Zone.UTC),
        ("One in nine may not.", "0 0 2 * * ?", daily(2, 8) + daily(11, 1), EAST, None, Zone.NEITHER),
        ("Only the newest are looked at.", "0 0 2 * * ?", daily(2, 60) + daily(11, 99), EAST, UTC_ZONE, Zone.UTC),
    ],
)  # fmt: skip
def test_in_which_zone_a_schedule_fires(says, freq, runs, zone, offset, why):
    found = zone_of_schedule(read(freq), runs, zone, START)
    assert (found.offset, found.why) == (offset, why), says


# ── laws ──


@st.composite
def plain_field(draw, low, high):
    kind = draw(st.sampled_from(["*", "one", "list", "range", "step", "stepped range"]))
    first = draw(st.integers(low, high))
    last = draw(st.integers(first, high))
    step = draw(st.integers(1, max(1, (high - low) // 2)))
    match kind:
        case "*":
            return "*"
        case "one":
            return str(first)
        case "list":
            return ",".join(map(str, sorted(draw(st.sets(st.integers(low, high), min_size=1, max_size=4)))))
        case "range":
            return f"{first}-{last}"
        case "step":
            return f"{first}/{step}"
        case _:
            return f"{first}-{last}/{step}"


@st.composite
def plain_schedules(draw):
    seconds, minutes = draw(plain_field(0, 59)), draw(plain_field(0, 59))
    hours, months = draw(plain_field(0, 23)), draw(plain_field(1, 12))
    by_week = draw(st.booleans())
    days = "?" if by_week else draw(st.one_of(plain_field(1, 31), st.just("L")))
    weekdays = draw(plain_field(1, 7)) if by_week else "?"
    return f"{seconds} {minutes} {hours} {days} {months} {weekdays} *"


moments = st.integers(0, 4 * 365 * 86400).map(lambda seconds: START + timedelta(seconds=seconds))


@given(plain_schedules(), moments)
def test_plain_schedules_fire_as_in_the_pretend_enos(freq, after):
    until = after + 40 * DAY
    ours = [at.timestamp() for at in islice(fires(read(freq), after, until, UTC_ZONE), 50)]
    assert ours == list(islice(cron.fires(freq, after.timestamp(), until.timestamp()), 50))


def some_of(low, high):
    return st.sets(st.integers(low, high), min_size=1, max_size=5).map(sorted)


@given(some_of(0, 59), some_of(0, 23), some_of(1, 7), moments)
def test_schedules_of_weekdays_fire_as_in_apscheduler(minutes, hours, weekdays, after):
    names = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
    listed = [",".join(map(str, numbers)) for numbers in (minutes, hours, weekdays)]
    days = ",".join(names[day - 1] for day in weekdays)
    trigger = CronTrigger(second=0, minute=listed[0], hour=listed[1], day_of_week=days, timezone=UTC)
    theirs = trigger.get_next_fire_time(None, after + timedelta(microseconds=1))
    assert next_fire(read("0 {} {} ? * {}".format(*listed)), after, UTC_ZONE) == theirs


@given(plain_schedules(), moments, st.integers(-12 * 60, 14 * 60).map(lambda minutes: timedelta(minutes=minutes)))
def test_a_zone_shifts_all_times(freq, after, offset):
    here = islice(fires(read(freq), after, after + 40 * DAY, offset), 20)
    there = islice(fires(read(freq), after + offset, after + offset + 40 * DAY, UTC_ZONE), 20)
    assert [at + offset for at in here] == list(there)


@given(plain_schedules(), moments)
def test_each_time_is_one_of_the_schedule_and_the_next_after_the_one_before(freq, after):
    schedule = read(freq)
    times = list(islice(fires(schedule, after, after + 40 * DAY, EAST), 5))
    for before, at in zip([after, *times], times, strict=False):
        assert is_fire(schedule, at, EAST)
        assert next_fire(schedule, before, EAST) == at


@given(st.text(alphabet="0123456789*?/,-LW# JANMOFRI", max_size=60))
def test_any_text_is_read_or_not(freq):
    schedule = read(freq)
    if schedule is not None:
        next(fires(schedule, START, START + 40 * DAY, UTC_ZONE), None)

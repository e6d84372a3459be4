"""Times as EnOS prints them and as ids hold them. The cases are the samples of its documentation."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.flow.ids import expected_instance, flow_of, instance_moment, is_instance, resolution
from bot.core.flow.times import Calibration, calibrate, read_time, zone_offset
from bot.core.text.message import slack_date

ZERO, EIGHT, INDIA = timedelta(), timedelta(hours=8), timedelta(hours=5, minutes=30)


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("instance", "moment", "step"),
    [
        ("3377-20200706062600", utc(2020, 7, 6, 6, 26), timedelta(minutes=1)),
        ("2809-20190812080700", utc(2019, 8, 12, 8, 7), timedelta(minutes=1)),
        ("2438-201907261239", utc(2019, 7, 26, 12, 39), timedelta(minutes=1)),
        ("8435-2021020211", utc(2021, 2, 2, 11), timedelta(hours=1)),
        ("8435-20210202", utc(2021, 2, 2), timedelta(days=1)),
        ("8435-20211302", None, None),
        ("8435-99991231", None, None),  # digits, and no time: a day later there is no date any more
        ("8435-00010101", None, None),
        ("8435-00000000", None, None),
        ("8435-202102021", None, None),  # an undocumented form
        ("8435-2021020", None, None),
        ("8435", None, None),
        ("x-2021020211", None, None),
        ("８-２０２１０２０２", None, None),
    ],
)
def test_the_moment_an_id_holds(instance, moment, step):
    assert instance_moment(instance) == moment
    assert resolution(instance) == step


def test_the_id_of_a_new_run_is_known_in_advance():
    # Trigger Flow From Task, request and return sample
    assert expected_instance(3377, 1594016819108) == "3377-20200706062600"
    assert expected_instance(1, 59_999) == "1-19700101000000"


@given(st.integers(0, 10**9), st.integers(0, 4 * 10**12))
def test_an_expected_id_holds_its_minute_and_its_flow(flow, at_ms):
    instance = expected_instance(flow, at_ms)
    assert flow_of(instance) == flow
    assert instance_moment(instance).timestamp() * 1000 <= at_ms < instance_moment(instance).timestamp() * 1000 + 60_000


def test_what_is_written_like_an_instance():
    assert is_instance("2809-20190812080700")
    assert not is_instance("2809-2019081")
    assert flow_of("2809") is None


@pytest.mark.parametrize(
    ("text", "offset", "at"),
    [
        ("2019-08-12 08:07:22", ZERO, utc(2019, 8, 12, 8, 7, 22)),
        ("2019-07-26 20:39:00", EIGHT, utc(2019, 7, 26, 12, 39)),
        (" 2019-08-12T08:07:22.5 ", ZERO, utc(2019, 8, 12, 8, 7, 22)),
        ("2019-08-12 08:07", ZERO, None),
        ("2019-13-12 08:07:22", ZERO, None),
        ("0001-01-01 00:00:00", EIGHT, None),
        ("", ZERO, None),
        ("null", ZERO, None),
    ],
)
def test_printed_times(text, offset, at):
    assert read_time(text, offset) == at


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("GMT+8", EIGHT),
        ("GMT+08:00", EIGHT),
        ("gmt-5", -timedelta(hours=5)),
        ("UTC", ZERO),
        ("GMT+0530", INDIA),
        ("+05:30", INDIA),
        ("", None),
        ("GMT+25", None),
        ("CST", None),
    ],
)
def test_the_zone_that_enos_names(text, offset):
    assert zone_offset(text) == offset


@pytest.mark.parametrize(
    ("case", "instance", "trigger", "start", "zone", "found"),
    [
        ("struct sample of Get Flow Instance: trigger in the server's zone, start in UTC",
         "2438-201907261239", "2019-07-26 20:39:00", "2019-07-26 12:39:37", EIGHT, (EIGHT, ZERO, True)),
        ("sample of List Flow Instances: all in UTC",
         "2809-20190812080700", "2019-08-12 08:07:22", "2019-08-12 08:07:30", EIGHT, (ZERO, ZERO, True)),
        ("all in the server's zone",
         "2809-20190812080700", "2019-08-12 16:07:22", "2019-08-12 16:07:30", EIGHT, (EIGHT, EIGHT, True)),
        ("sample of Get Task Instance: an hourly id leaves the minutes to the trigger time",
         "8435-2021020211", "2021-02-02 19:35:00", "2021-02-02 19:35:04", EIGHT, (EIGHT, EIGHT, True)),
        ("started half a minute early, in UTC",
         "2809-20190812080700", "2019-08-12 16:07:22", "2019-08-12 08:06:40", EIGHT, (EIGHT, ZERO, True)),
        ("a server in UTC", "8435-2021020211", "2021-02-02 11:35:00", "", ZERO, (ZERO, ZERO, True)),
        ("a daily id fits both", "8435-20210202", "2021-02-02 11:35:00", "", EIGHT, (EIGHT, EIGHT, False)),
        ("fits neither", "8435-2021020211", "2021-02-02 03:00:00", "", EIGHT, (EIGHT, EIGHT, False)),
        ("nothing printed", "8435-2021020211", "", "", EIGHT, (EIGHT, EIGHT, False)),
        ("an unknown id form", "8435-x", "2021-02-02 19:35:00", "", EIGHT, (EIGHT, EIGHT, False)),
        ("half an hour off the hour", "8435-2021020211", "2021-02-02 17:05:00", "", INDIA, (INDIA, INDIA, True)),
    ],
)  # fmt: skip
def test_calibration_by_the_digits_of_the_id(case, instance, trigger, start, zone, found):
    trigger_offset, start_offset, certain = found
    expected = Calibration(trigger_offset, start_offset, certain=certain)
    assert calibrate(instance, trigger, start, zone) == expected, case


def test_a_moment_in_the_readers_zone():
    shown = slack_date(datetime(2026, 11, 21, 22, 30, tzinfo=UTC))
    assert shown == "<!date^1795300200^{date_short_pretty} {time}|2026-11-21 22:30 UTC>"

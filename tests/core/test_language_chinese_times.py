"""Periods and times in Chinese, and dates without their year."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.core.command.parse import parse, say
from bot.core.command.periods import resolve, window
from bot.core.command.requests import Period, When
from bot.core.errors import Refusal

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 29, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "period"),
    [
        ("今日", "today"),
        ("这周", "this week"),
        ("本周", "this week"),
        ("上周", "last week"),
        ("最近 3 小时", "last 3h"),
        ("最近3小时", "last 3h"),
        ("近 3 个小时", "last 3h"),
        ("过去 2 天", "last 2d"),
        ("最近 2 周", "last 14d"),
        ("last 30分钟", "last 30m"),
        ("最近 90 秒", "last 1m30s"),
        ("从 09:00", "since 09:00"),
        ("自９：００", "since 09:00"),
        ("09:00 起", "since 09:00"),
        ("9点起", "since 09:00"),
        ("从 09:00 起", "since 09:00"),
        ("昨天 09:00 起", "since yesterday 09:00"),
        ("昨天09:00起", "since yesterday 09:00"),
        ("从 11月21日 9点", "since 11-21 09:00"),
        ("11月21日起", "since 11-21"),
        ("2026年11月21日 起", "since 2026-11-21"),
        ("2026年1月2日", "2026-01-02"),
        ("2026/11/21", "2026-11-21"),
        ("2026/1/2", "2026-01-02"),
        ("11月21日", "11-21"),
        ("11-21", "11-21"),
        ("2026-11-01至2026-11-07", "2026-11-01..2026-11-07"),
        ("2026-11-01到2026-11-07", "2026-11-01..2026-11-07"),
        ("2026-11-01～2026-11-07", "2026-11-01..2026-11-07"),
        ("2026-11-01 至 2026-11-07", "2026-11-01..2026-11-07"),
        ("2026/11/01 ～ 2026/11/07", "2026-11-01..2026-11-07"),
        ("11月1日至11月7日", "11-01..11-07"),
        ("从 11月1日 到 11月7日", "11-01..11-07"),
        ("2月29日", "02-29"),
        ("2月30日", None),
        ("2026年2月30日", None),
        ("11月", None),
        ("最近 3", None),
        ("最近 三 小时", None),
        ("明天", None),
        ("09:00", None),
        ("今天 起 起", None),
        ("从 中午 起", None),
        ("中午 起", None),
        ("从", None),
        ("起", None),
        ("从 11月1日 到", None),
        ("11月1日 至 昨天", None),
    ],
)
def test_periods(typed, period):
    for verb in ("失败", "failed"):
        if period is None:
            with pytest.raises(match="▸"):
                parse(f"{verb} {typed}")
        else:
            assert parse(f"{verb} {typed}").period == Period(period)
            assert say(parse(f"{verb} {period}")) == f"failed {period}".removesuffix(" today")


@pytest.mark.parametrize(
    ("typed", "when"),
    [
        ("现在", "now"),
        ("立即", "now"),
        ("14点30分", "14:30"),
        ("14点5", "14:05"),
        ("14点", "14:00"),
        ("14：30", "14:30"),
        ("今天 14:30", "today 14:30"),
        ("昨天14点", "yesterday 14:00"),
        ("明天 02:00", "tomorrow 02:00"),
        ("2026年11月21日 14:30", "2026-11-21 14:30"),
        ("2026年11月21日14点30分", "2026-11-21 14:30"),
        ("2026/11/21 14:30:15", "2026-11-21 14:30:15"),
        ("11月21日 14:30", "11-21 14:30"),
        ("11月21日14:30", "11-21 14:30"),
        ("11-21 14:30", "11-21 14:30"),
        ("11-21 14:30:15", None),
        ("11-21t14:30", None),
        ("11月21日", None),
        ("25点", None),
        ("明天", None),
        ("下午2点", None),
    ],
)
def test_times(typed, when):
    for command in ("触发 3377 时间 {}", "触发 3377 {}", "trigger 3377 at {}", "触发3377于 {}"):
        if when is None:
            with pytest.raises(match="▸"):
                parse(command.format(typed))
        else:
            assert parse(command.format(typed)).when == When(when)
            assert parse(f"trigger 3377 at {when}").when == When(when)


def test_a_word_behind_a_parameter_is_no_time():
    with pytest.raises(Refusal) as caught:
        parse("触发 3377 参数 a=1 14:30")
    assert caught.value.reason == "unexpected"


@pytest.mark.parametrize(
    ("words", "now", "day"),
    [
        ("11-21 14:30", NOW, "2026-11-21"),
        ("12-31 14:30", NOW, "2026-12-31"),
        ("12-31 14:30", NOW + timedelta(days=37), "2026-12-31"),
        ("01-02 14:30", NOW + timedelta(days=30), "2027-01-02"),
        ("02-29 14:30", NOW, "2028-02-29"),
    ],
)
def test_a_time_without_its_year_is_the_nearest(words, now, day):
    assert f"{resolve(When(words), now, ZONE).astimezone(ZONE):%Y-%m-%d}" == day


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("11-29", "2026-11-29, Asia/Shanghai"),
        ("11-30", "2025-11-30, Asia/Shanghai"),
        ("02-29", "2024-02-29, Asia/Shanghai"),
        ("11-28..11-30", "2026-11-28 to 2026-11-30, Asia/Shanghai"),
        ("12-28..01-03", "2025-12-28 to 2026-01-03, Asia/Shanghai"),
        ("11-28..2026-11-28", "2026-11-28, Asia/Shanghai"),
        ("since 11-28 09:00", "2026-11-28 09:00 to 2026-11-29 12:00, Asia/Shanghai"),
    ],
)
def test_a_period_without_its_year_is_the_last_one(words, shown):
    assert str(window(Period(words), NOW, ZONE).words) == shown


def test_a_range_that_ends_in_an_earlier_year_is_refused():
    with pytest.raises(Refusal) as caught:
        window(Period("11-28..2025-11-28"), NOW, ZONE)
    assert caught.value.reason == "ends_before_it_begins"

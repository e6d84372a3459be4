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
        ("最近 三小时", "last 3h"),
        ("最近三十分钟", "last 30m"),
        ("最近两天", "last 2d"),
        ("最近半小时", "last 30m"),
        ("过去一个半小时", "last 1h30m"),
        ("从下午3点", "since 15:00"),
        ("从 下午 三点", "since 15:00"),
        ("昨天下午三点半起", "since yesterday 15:30"),
        ("晚上10点起", "since 22:00"),
        ("从 晚上12点", None),
        ("从 下午", None),
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
        ("下午2点", "14:00"),
        ("下午三点半", "15:30"),
        ("下午 3点", "15:00"),
        ("下午15点", "15:00"),
        ("下午3:30", "15:30"),
        ("14点半", "14:30"),
        ("三点", "03:00"),
        ("三点整", "03:00"),
        ("十点钟", "10:00"),
        ("十二点一刻", "12:15"),
        ("二十三点四十五分", "23:45"),
        ("三点零五", "03:05"),
        ("三点〇五分", "03:05"),
        ("晚上10点", "22:00"),
        ("凌晨2点", "02:00"),
        ("凌晨12点", "00:00"),
        ("早上6点05分", "06:05"),
        ("上午12点", "12:00"),
        ("中午1点", "13:00"),
        ("傍晚六点", "18:00"),
        ("明天下午3点", "tomorrow 15:00"),
        ("今天14点半", "today 14:30"),
        ("明天 早上 六点半", "tomorrow 06:30"),
        ("11月21日下午三点", "11-21 15:00"),
        ("早上15点", None),
        ("下午", None),
        ("下午 下午 3点", None),
        ("十十点", None),
        ("三三点", None),
        ("三点三三分", None),
        ("下午报表", None),
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


@pytest.mark.parametrize("typed", ["晚上12点", "晚上 十二点", "明天晚上1点", "晚上零点", "晚上12:30"])
def test_a_time_in_one_of_two_nights_is_refused_with_both(typed):
    for command in ("触发 3377 {}", "失败 从 {}"):
        with pytest.raises(Refusal, match="▸") as caught:
            parse(command.format(typed))
        assert "`today 01:00` or `tomorrow 01:00`" in str(caught.value)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("两小时", "2h"),
        ("两个小时", "2h"),
        ("三十分钟", "30m"),
        ("三十五分", "35m"),
        ("十天", "10d"),
        ("九十九秒", "1m39s"),
        ("一周", "7d"),
        ("半小时", "30m"),
        ("半个小时", "30m"),
        ("半天", "12h"),
        ("半分钟", "30s"),
        ("一天半", "1d12h"),
        ("两小时半", "2h30m"),
        ("一个半小时", "1h30m"),
        ("2个半小时", "2h30m"),
        ("2小时半", "2h30m"),
        ("一刻钟", "15m"),
        ("1小时三十分钟", "1h30m"),
        ("一小时二十分钟", "1h20m"),
        ("三百小时", None),
        ("十十分钟", None),
        ("两周半", None),
        ("半秒", None),
        ("小时", None),
    ],
)
def test_durations(typed, meant):
    for command in ("认领 2809 时长 {}", "认领 2809 {}", "认领2809{}原因 x"):
        if command[2] != " " and (meant is None or typed[0] in "0123456789小"):
            continue
        if meant is None:
            with pytest.raises(Refusal, match="▸"):
                parse(command.format(typed))
        else:
            assert say(parse(command.format(typed))).removesuffix(" because x") == f"ack 2809 for {meant}"


def test_a_duration_may_have_spaces():
    assert say(parse("认领 2809 时长 1 小时 30 分钟 原因 x")) == "ack 2809 for 1h30m because x"


@pytest.mark.parametrize("name", ["下午报表", "半小时报表", "三天报表", "三点检查"])
def test_a_name_may_begin_like_a_time(name):
    assert say(parse(f"查看 {name}")) == f'show "{name}"'


@pytest.mark.parametrize("word", ["下午", "两小时", "半小时", "三点"])
def test_a_time_alone_is_no_name(word):
    with pytest.raises(Refusal, match="▸"):
        parse(f"查看 {word}")


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

"""Which moments a Quartz expression names."""

from datetime import UTC, datetime

import pytest

from bot.sim.enos.cron import fires, following


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("expression", "after", "expected"),
    [
        ("0 0 2 * * ? *", "2026-11-21 12:00:00", "2026-11-22 02:00:00"),
        ("0 0 2 * * ?", "2026-11-21 01:59:59", "2026-11-21 02:00:00"),  # the year left out
        ("0 0 2 * * ? *", "2026-11-21 02:00:00", "2026-11-22 02:00:00"),  # strictly after
        ("0 0/10 * * * ? *", "2026-11-21 12:01:00", "2026-11-21 12:10:00"),
        ("0 5/20 * * * ? *", "2026-11-21 12:46:00", "2026-11-21 13:05:00"),
        ("0 */30 8-9 * * ? *", "2026-11-21 09:30:00", "2026-11-22 08:00:00"),
        ("0 0 3 ? * MON *", "2026-11-21 12:00:00", "2026-11-23 03:00:00"),
        ("0 0 3 ? * 1 *", "2026-11-21 12:00:00", "2026-11-22 03:00:00"),  # Sunday is 1
        ("0 0 6 1 * ? *", "2026-11-21 12:00:00", "2026-12-01 06:00:00"),
        ("0 0 6 L * ? *", "2028-02-01 00:00:00", "2028-02-29 06:00:00"),
        ("0 0 0 29 FEB ? *", "2026-11-21 12:00:00", "2028-02-29 00:00:00"),
        ("15,45 0 0 1 JAN,jul ? 2027", "2027-01-01 00:00:15", "2027-01-01 00:00:45"),
    ],
)
def test_the_next_moment(expression, after, expected):
    assert following(expression, at(after)) == at(expected)


def test_a_moment_that_never_comes():
    assert following("0 0 0 1 1 ? 1999", at("2026-11-21 00:00:00")) is None
    assert following("0 0 0 31 2 ? *", at("2026-11-21 00:00:00")) is None


def test_all_moments_of_a_range_the_end_included():
    found = list(fires("0 0 * * * ? *", at("2026-11-21 10:00:00"), at("2026-11-21 13:00:00")))
    assert found == [at(f"2026-11-21 {hour}:00:00") for hour in (11, 12, 13)]


@pytest.mark.parametrize(
    "expression", ["", "0 0 2 * *", "0 61 * * * ? *", "0 0 5-3 * * ? *", "0 0 0 ? * FOO *", "0 0 0 15W * ? *"]
)
def test_what_is_not_understood_is_refused(expression):
    with pytest.raises(ValueError):  # noqa: PT011  the message differs by what is wrong
        following(expression, at("2026-11-21 00:00:00"))

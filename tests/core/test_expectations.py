"""Promises day by day, over clock changes and weekends; and the words of ``expect``."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from bot.core.command.parse import parse, say
from bot.core.command.table import BY_VERB
from bot.core.errors import Refusal
from bot.core.flow.model import FlowId
from bot.core.history.expectations import EVERY_DAY, WORKING_DAYS, Expectation, Promised, promises
from bot.core.people.model import Person
from bot.core.text.language import EN, ZH

DAY = timedelta(days=1)
SAID = datetime(2026, 3, 27, tzinfo=UTC)  # a Friday; the clock of Berlin skips 02:00 to 03:00 on the 29th
BERLIN = Expectation(FlowId(3377), "report", Person("T1", "U1"), SAID, time(2, 30), zone="Europe/Berlin")


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_time_that_does_not_exist_on_a_day_is_the_next_one_that_does():
    assert list(promises(BERLIN, SAID, SAID + 4 * DAY)) == [
        Promised(at("2026-03-27T01:30")),
        Promised(at("2026-03-28T01:30")),
        Promised(at("2026-03-29T01:00"), is_moved=True),
        Promised(at("2026-03-30T00:30")),
    ]


def test_a_time_that_comes_twice_is_the_first_of_the_two():
    autumn = at("2026-10-24T12:00")
    assert next(promises(BERLIN, autumn, autumn + DAY)).at == at("2026-10-25T00:30")


def test_only_on_its_days():
    working = replace(BERLIN, days=WORKING_DAYS)
    assert [each.at.day for each in promises(working, SAID, SAID + 5 * DAY)] == [27, 30, 31]


def test_a_promise_at_the_begin_does_not_count_and_one_at_the_end_does():
    begin = at("2026-03-27T01:30")
    assert [each.at for each in promises(BERLIN, begin, begin + DAY)] == [begin + DAY]


def test_who_wants_to_hear_nothing_promises_nothing():
    assert list(promises(replace(BERLIN, by=None), SAID, SAID + 4 * DAY)) == []


@pytest.mark.parametrize(
    ("text", "by", "days", "mode", "said"),
    [
        ("expect 3377 by 06:00", "06:00", (), "", "expect 3377 by 06:00"),
        ("expect 3377 by 6:00 mon-fri", "06:00", WORKING_DAYS, "", "expect 3377 by 06:00 mon-fri"),
        ("expect 3377 06:00 weekdays", "06:00", WORKING_DAYS, "", "expect 3377 by 06:00 mon-fri"),
        ("expect 3377 by 06:00 sat, sun", "06:00", (5, 6), "", "expect 3377 by 06:00 sat-sun"),
        ("expect 3377 by 06:00 fri-mon", "06:00", (0, 4, 5, 6), "", "expect 3377 by 06:00 mon,fri-sun"),
        ("expect 3377 by 06:00 mon wed", "06:00", (0, 2), "", "expect 3377 by 06:00 mon,wed"),
        ("expect 3377 by 06:00 daily", "06:00", EVERY_DAY, "", "expect 3377 by 06:00 mon-sun"),
        ("expect 3377 off", "", (), "off", "expect 3377 off"),
        ("expect 3377 auto", "", (), "auto", "expect 3377 auto"),
        ("期望 3377 不晚于 06：00 周一至周五", "06:00", WORKING_DAYS, "", "expect 3377 by 06:00 mon-fri"),
        ("期望3377不晚于06:00工作日", "06:00", WORKING_DAYS, "", "expect 3377 by 06:00 mon-fri"),
        ("期望 3377 最晚 06:00 周六、周日", "06:00", (5, 6), "", "expect 3377 by 06:00 sat-sun"),
        ("期望 3377 关", "", (), "off", "expect 3377 off"),
        ("期望 3377 自动", "", (), "auto", "expect 3377 auto"),
    ],
)
def test_the_words(text, by, days, mode, said):
    found = parse(text)
    assert (found.by, found.days, found.mode, say(found)) == (by, days, mode, said)


def test_in_a_thread_the_flow_may_be_left_out():
    assert parse("expect by 06:00 mon-fri").flow is None
    assert parse("expect off").flow is None
    assert parse('expect "off" by 06:00').flow.name == "off"


@pytest.mark.parametrize(
    "text", ["expect 3377 by 25:00", "expect 3377 by 06:60", "expect 3377 by noon", "expect 3377 by"]
)
def test_what_is_no_time_is_refused(text):
    with pytest.raises(Refusal, match="06:00"):
        parse(text)


@pytest.mark.parametrize(("text", "said"), [("foo", "foo"), ("mon-", "mon-fri"), ("mon-fri-sun", "mon-fri-sun")])
def test_what_is_no_day_is_refused(text, said):
    with pytest.raises(Refusal, match=said):
        parse(f"expect 3377 by 06:00 {text}")


def test_days_are_said_in_both_languages():
    days = BY_VERB["expect"].clauses[2].form
    assert [days.say_in((0, 1, 2, 4, 6), language) for language in (EN, ZH)] == [
        "mon-wed,fri,sun",
        "周一至周三、周五、周日",
    ]
    mode = BY_VERB["expect"].clauses[3].form
    assert [mode.say_in("auto", language) for language in (EN, ZH)] == ["auto", "自动"]

"""The form that triggers a flow, as values: its fields, what was changed in them, and the command that they say."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from thorough import examples

from bot.core.command.parse import parse
from bot.core.flow.model import Flow, FlowId, Graph, Parameter, Relation, Task, TaskId
from bot.core.forms.model import Errors
from bot.core.forms.starting import (
    MOST_FIELDS,
    MOST_TEXT,
    Opened,
    changes,
    command_of,
    opened,
    zone_name,
    zone_of,
)
from bot.core.text.message import plain

NOW = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)
SHANGHAI = "Asia/Shanghai"
TASKS = (Task(TaskId(2), "second", "t_2"), Task(TaskId(1), "first", "t_1"))
FLOW = Flow(
    FlowId(3377),
    "daily",
    active=True,
    parameters=(Parameter("path", "/data"), Parameter("api_key", "s3cret"), Parameter("empty", "")),
    graph=Graph(TASKS, (), (Relation("t_1", "t_2"),)),
)


def fingerprint(each):
    return f"{each.key}#{each.value}"


def form(flow=FLOW, said=(), zone=SHANGHAI):
    return opened(flow, said, zone, "", fingerprint)


def command(values, flow=FLOW, said=(), zone=SHANGHAI):
    of, held = form(flow, said, zone)
    return command_of(of, held | values, fingerprint, NOW)


def test_each_parameter_has_a_field_and_a_secret_shows_nothing():
    of, values = form()
    assert [each.key for each in of.fields] == ["path", "api_key", "empty"]
    assert values == {"p0": "/data", "p1": "", "p2": ""}
    assert of.tasks == (("1", "first"), ("2", "second"))


def test_what_was_said_is_in_the_fields_and_a_key_that_the_flow_lacks_comes_first():
    of, values = form(said=(Parameter("path", "/new"), Parameter("colour", "red"), Parameter("api_key", "typed")))
    assert values == {"p0": "red", "p1": "/new", "p2": "typed", "p3": ""}
    assert [each.key for each in of.fields if not each.held] == ["colour"]


@pytest.mark.parametrize(
    ("key", "value"),
    [("p", "x" * 3001), ("p", "a\r\nb"), ("p", " edge"), ("p", "half \ud83d"), ("", "no key"), ("k\x00", "v")],
)
def test_what_a_form_cannot_hold_has_no_field(key, value):
    of, values = form(replace(FLOW, parameters=(Parameter(key, value), Parameter("fine", "1"))))
    assert [each.key for each in of.fields] == ["fine"]
    assert len(of.left) == 1
    assert values == {"p0": "1"}


def test_there_are_only_so_many_fields_and_so_much_text():
    many = tuple(Parameter(f"p{n}", "") for n in range(100))
    assert len(form(replace(FLOW, parameters=many))[0].fields) == MOST_FIELDS
    long = tuple(Parameter(f"p{n}", "x" * 3000) for n in range(50))
    assert len(form(replace(FLOW, parameters=long))[0].fields) == MOST_TEXT // 3000


def test_what_is_kept_is_read_back():
    of, _ = form()
    assert Opened.read(of.kept()) == of


@pytest.mark.parametrize("text", [None, "", "[]", "{}", '{"tasks": 1}', '{"tasks": [], "fields": [{"x": 1}]}', "x"])
def test_what_another_version_kept_is_not_known(text):
    assert Opened.read(text) is None


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "trigger 3377"),
        ({"task": "all"}, "trigger 3377"),
        ({"task": "2"}, "trigger 3377 from 2"),
        ({"task": "9"}, "trigger 3377"),
        ({"p0": "/new dir"}, 'trigger 3377 with path="/new dir"'),
        ({"p0": ""}, 'trigger 3377 with path=""'),
        ({"p1": "typed"}, "trigger 3377 with api_key=typed"),
        ({"p1": "s3cret"}, "trigger 3377"),
        ({"p2": "set", "p0": "/a"}, "trigger 3377 with path=/a empty=set"),
        ({"clock": "23:00"}, "trigger 3377 at 2026-11-21 23:00"),
        ({"clock": "22:31", "day": ""}, "trigger 3377 at 2026-11-21 22:31"),
        ({"day": "2026-11-20", "clock": "02:00"}, "trigger 3377 at 2026-11-20 02:00"),
    ],
)
def test_only_what_was_changed_is_said(values, said):
    assert command(values) == said


def test_a_field_that_is_not_reported_says_nothing():
    of, _ = form()
    assert changes(of, {}, fingerprint) == {}


def test_a_key_that_the_flow_lacks_is_said_unless_it_is_emptied():
    said = (Parameter("colour", "red"),)
    assert command({}, said=said) == "trigger 3377 with colour=red"
    assert command({"p0": ""}, said=said) == "trigger 3377"


@pytest.mark.parametrize(
    ("values", "zone", "at", "says"),
    [
        ({"task": "1", "p0": "x"}, SHANGHAI, "task", "EnOS can't start from a task"),
        ({"day": "2026-11-22"}, SHANGHAI, "clock", "Choose a time as well"),
        ({"clock": "22:30"}, SHANGHAI, "clock", "22:30 has passed today."),
        ({"day": "2026-03-29", "clock": "02:30"}, "Europe/Berlin", "clock", "02:30"),
        ({"day": "2026-10-25", "clock": "02:30"}, "Europe/Berlin", "clock", "02:30"),
        ({"p0": "x" * 2995}, SHANGHAI, "p0", "characters too long for one command"),
    ],
)
def test_what_no_command_can_say_is_told_at_its_field(values, zone, at, says):
    found = command(values, zone=zone)
    assert isinstance(found, Errors)
    assert list(found.at) == [at]
    assert says in plain(found.at[at])


@pytest.mark.parametrize("zone", [ZoneInfo("Asia/Shanghai"), timezone(timedelta(hours=5, minutes=30)), UTC])
def test_a_zone_is_kept_by_its_name_or_offset(zone):
    again = zone_of(zone_name(zone, NOW))
    assert NOW.astimezone(again).utcoffset() == NOW.astimezone(zone).utcoffset()


texts = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=20)


@settings(max_examples=examples(100))
@given(parameters=st.dictionaries(texts, st.tuples(texts, texts), max_size=4))
def test_whatever_is_entered_is_read_back_by_the_parser(parameters):
    flow = replace(FLOW, parameters=tuple(Parameter(key, before) for key, (before, _) in parameters.items()))
    of, held = form(flow)
    entered = {f"p{n}": parameters[each.key][1] for n, each in enumerate(of.fields)}
    words = command_of(of, held | entered, fingerprint, NOW)
    sent = {each.key: each.value for each in parse(words).parameters}
    for each in of.fields:
        before, now = parameters[each.key]
        assert sent.get(each.key, before) == (before if each.is_secret and not now else now)

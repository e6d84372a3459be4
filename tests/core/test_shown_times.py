"""Times that people read: never in a zone they are not told, never printed by hand, never in the future when past."""

import ast
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from bare_times import bare_times
from hypothesis import given
from hypothesis import strategies as st
from incident_makers import MAYA, NOW, OWNER, ZONE, failure, incident
from incident_picture import as_sent, picture
from languages import PSEUDO

import bot
from bot.core.digest import Known, WatchState, contents
from bot.core.errors import Refusal
from bot.core.flow.model import FlowId, Graph, Instance, InstanceId
from bot.core.flow.run import Run
from bot.core.flow.status import Status
from bot.core.flow.times import printed_moment, trigger_moment
from bot.core.incident import lifecycle
from bot.core.outbox import blocks
from bot.core.text.message import (
    ago,
    as_printed,
    duration,
    in_utc,
    msg,
    plain,
    rendered,
    slack_date,
    until_on_the_clock,
)
from bot.core.text.shown_times import in_full
from bot.messages.cards import digest, flows, incident_groups, monitoring, runs
from bot.messages.cards import incident as cards
from bot.messages.cards import incident_replies as replies
from bot.messages.cards.flows import day_before

PROGRAM = Path(bot.__file__).parent
TESTS = Path(__file__).parent.parent
# An id is made of digits that happen to be a time; everything else that prints one is shown_times.py.
BY_HAND = {"core/text/shown_times.py", "core/flow/ids.py"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("No good run for 11-21 18:00", ["18:00", "11-21"]),
        ("Rerun 11-18", ["11-18"]),
        ("at 21:30:00", ["21:30:00"]),
        ("holds the minute 2026-11-21 02:00; you started it", ["02:00"]),
        ("14:30, and later 18:00 UTC; then 19:00", ["19:00"]),
        ("Rerun Nov 18, 06:00 UTC", []),
        ("<!date^1795219200^{date_short_pretty} {time}|2026-11-21 00:00 UTC>", []),
        ("today 09:00 to 17:30, Europe/Berlin", []),
        ("Trigger time in EnOS: 2026-11-21 08:00:00 UTC+08:00", []),
        ("Run `3377-2026112100`, data date 2026-11-20, `at 14:30`", []),
        ("2026-11-21 08:00:00 (time zone not known)", []),
        ("2026-11-21 08:00:00（时区未知）", []),
        ("在 02:00（EnOS 时区）", []),
    ],
)
def test_what_is_a_bare_time(text, found):
    assert bare_times(text) == found


UNREAD = {"test_language_commands", "test_bridge_bodies", "test_answer_form_views", "test_answer_trigger_views"}


def test_no_golden_picture_holds_a_bare_time():
    # Those of commands and forms show what one person typed, in their own zone. Programs read the bridges' bodies.
    goldens = [each for each in sorted(TESTS.rglob("*.ambr")) if each.stem not in UNREAD]
    assert len(goldens) >= 4
    found = [f"{golden.name}: {line[:160]}" for golden in goldens for line in _read(golden) if bare_times(line)]
    assert found == []


def _read(golden):
    """The lines of the pictures, but for those in the language that is made up: it spells UTC with accents."""
    for picture_in_file in golden.read_text("utf-8").split("# name: ")[1:]:
        name, *shown = picture_in_file.split("\n")
        if not name.endswith(f"-{PSEUDO}]"):
            yield from map(str.strip, shown)


def test_nothing_but_the_one_module_prints_a_time():
    found = []
    for path in sorted(PROGRAM.rglob("*.py")):
        place = path.relative_to(PROGRAM).as_posix()
        if place in BY_HAND or place.startswith("sim/"):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            by_format = (
                isinstance(node, ast.FormattedValue)
                and node.format_spec is not None
                and any(
                    isinstance(part, ast.Constant) and "%" in str(part.value)[:-1] for part in node.format_spec.values
                )
            )
            by_name = isinstance(node, ast.Attribute) and node.attr in {"strftime", "ctime", "asctime"}
            if by_format or by_name:
                found.append(f"{place}:{node.lineno}")
    assert found == []


FIRST, LAST = (datetime(year, 1, 1, tzinfo=UTC).replace(tzinfo=None) for year in (2000, 2090))
MOMENTS = st.datetimes(FIRST, LAST, timezones=st.just(UTC))
ZONES = st.sampled_from([None, timedelta(), ZONE, timedelta(hours=5, minutes=30), -timedelta(hours=8)])
IDS = st.builds(lambda at, form: f"3377-{at:{form}}", MOMENTS, st.sampled_from(["%Y%m%d", "%Y%m%d%H", "%Y%m%d%H%M00"]))
PRINTED = st.one_of(st.just(""), MOMENTS.map(lambda at: f"{at:%Y-%m-%d %H:%M:%S}"))


@given(IDS | st.just("odd"), PRINTED, ZONES, MOMENTS)
def test_no_card_holds_a_bare_time(instance, printed, zone, now):
    hurt = incident(failure(instance, trigger=printed), failure(instance + "x", trigger=printed), opened_at=now)
    left = lifecycle.recovered(hurt, instance, now)[0]
    taken = lifecycle.acknowledge(hurt, MAYA, now)[0]
    closed = lifecycle.close(hurt, MAYA, now, "because")[0]
    run = Run(
        InstanceId(instance), FlowId(3377), "f", str(MAYA), "p", now, "C1", trigger_ms=int(now.timestamp() * 1000)
    )
    shown = Instance(InstanceId(instance), FlowId(3377), "f", Status.SUCCESS, trigger_time=printed, graph=Graph())
    render_context = cards.RenderContext({OWNER: MAYA}, zone=zone)
    day = contents([hurt, left, taken, closed], [], "C0DATAOPS1", now, now + timedelta(1), is_alert_channel=True)
    bodies = [
        *(cards.card(each, "p", render_context) for each in (hurt, left, taken, closed)),
        *(replies.recovered(left, zone), replies.acknowledged(taken), replies.ack_expiring(taken, "p")),
        incident_groups.first_start([hurt, left, taken, closed], "p", command="/flow", since=now, zone=zone),
        digest.digest(day, WatchState(), Known(), more=0, command="/flow", zone=zone),
        monitoring.was_unreachable(now, now - timedelta(hours=1)),
        runs.started(run, zone=zone),
        runs.ended(run, shown, None, zone=zone),
    ]
    for body in map(as_sent, bodies):
        assert bare_times(picture(body)) == []
        assert "<!date" not in body["text"], "a phone shows no dates"
        for element in _labels(body):
            assert "<!date" not in element, "nor does a button"
    assert bare_times(rendered(flows.row(shown, zone=zone))) == []


def _labels(part):
    if isinstance(part, dict):
        if part.get("type") == "plain_text":
            yield part["text"]
        for child in part.values():
            yield from _labels(child)
    elif isinstance(part, list):
        for child in part:
            yield from _labels(child)


def test_a_refusal_shows_its_times_to_each_reader():
    taken = lifecycle.acknowledge(incident(), MAYA, NOW)[0]
    until = NOW + lifecycle.ACK_DURATION
    with pytest.raises(Refusal) as held:
        lifecycle.acknowledge(taken, MAYA.__class__("T1", "U2"), NOW)
    assert f"until {slack_date(until)}." in rendered(held.value.message)
    assert f"until {plain(in_utc(until))}." in str(held.value)
    with pytest.raises(Refusal) as past:
        lifecycle.acknowledge(incident(), MAYA, NOW, NOW - timedelta(hours=1))
    assert rendered(past.value.message).startswith(f"{slack_date(NOW - timedelta(hours=1))} has already passed.")
    over = lifecycle.recovered(incident(), "x", NOW)[0]
    with pytest.raises(Refusal) as ended:
        lifecycle.acknowledge(over, MAYA, NOW)
    assert f"recovered {slack_date(NOW)}." in rendered(ended.value.message)


@pytest.mark.parametrize(
    ("instance", "printed", "zone", "shown"),
    [
        ("3377-2026112121", "2026-11-21 21:30:00", ZONE, (21, 30, True)),
        ("3377-2026112121", "2026-11-22 05:30:00", ZONE, (21, 30, True)),
        ("3377-2026112116", "2026-11-21 21:30:00", timedelta(hours=5, minutes=30), (16, 0, True)),
        ("3377-2026112116", "2026-11-21 22:10:00", timedelta(hours=5, minutes=30), (16, 40, True)),
        ("3377-2026112121", "2026-11-22 05:30:00", None, (21, 0, False)),
        ("3377-2026112121", "", ZONE, (21, 0, False)),
        ("3377-202611212145", "2026-11-21 21:30:00", ZONE, (21, 45, True)),
    ],
)
def test_minutes_that_an_id_leaves_out_come_from_the_trigger_time(instance, printed, zone, shown):
    at, exact = trigger_moment(InstanceId(instance), printed, zone)
    assert (at.hour, at.minute, exact) == shown
    word = "" if exact else "about "
    assert rendered(flows.triggered(InstanceId(instance), printed, zone)) == word + slack_date(at)


def test_a_run_without_any_time_has_none():
    assert trigger_moment(InstanceId("odd"), "2026-11-21 21:30:00", ZONE) == (None, False)
    assert flows.triggered(InstanceId("odd"), "", ZONE) is None


ENDED = datetime(2026, 11, 21, 8, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("trigger", "start", "printed", "zone", "at"),
    [
        ("2026-11-21 16:07:22", "2026-11-21 16:07:30", "2026-11-21 16:09:00", ZONE, ENDED),
        ("2026-11-21 16:07:22", "2026-11-21 08:07:30", "2026-11-21 08:09:00", ZONE, ENDED),
        ("2026-11-21 08:07:22", "2026-11-21 08:07:30", "2026-11-21 08:09:00", ZONE, ENDED),
        ("2026-11-21 08:07:22", "2026-11-21 16:07:30", "2026-11-21 16:09:00", ZONE, None),  # eight hours late, or not
        ("2026-11-21 16:07:22", "", "2026-11-21 16:09:00", ZONE, None),
        ("", "2026-11-21 16:07:30", "2026-11-21 16:09:00", ZONE, None),
        ("2026-11-21 08:07:22", "2026-11-21 08:07:30", "2026-11-21 08:09:00", None, ENDED),
    ],
)
def test_a_printed_time_is_shown_to_each_reader_where_its_zone_is_certain(trigger, start, printed, zone, at):
    run = Instance(
        InstanceId("2809-20261121080700"), FlowId(2809), "f", Status.SUCCESS, trigger_time=trigger, start_time=start
    )
    assert printed_moment(run, printed, zone) == at


def test_a_printed_time_of_an_unknown_id_is_nobodys():
    run = Instance(InstanceId("odd"), FlowId(1), "f", Status.SUCCESS, start_time="2026-11-21 08:07:30")
    assert printed_moment(run, "2026-11-21 08:07:30", ZONE) is None


def test_a_phone_reads_the_zone_in_words():
    at = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
    text = msg("{begin} to {end}, {zone}", begin=at, end=slack_date(at), zone="here")
    body = as_sent(blocks.Card(text, [blocks.section(slack_date(at))]))
    assert body["text"] == "2026-11-21 18:00 UTC to 2026-11-21 18:00 UTC, here"
    assert body["blocks"][0]["text"]["text"] == slack_date(at)


def test_each_form():
    at = datetime(2026, 11, 5, 23, 30, tzinfo=UTC)
    assert plain(in_utc(at)) == "Nov 5, 23:30 UTC"
    assert in_full(at.astimezone(timezone(ZONE))) == "2026-11-05 23:30 UTC"
    assert plain(as_printed("2026-11-06 07:30:00", ZONE)) == "2026-11-06 07:30:00 UTC+08:00"
    assert plain(as_printed("2026-11-06 07:30:00", None)) == "2026-11-06 07:30:00 (time zone not known)"
    assert plain(until_on_the_clock(at, at + timedelta(hours=1), UTC)) == "2026-11-05 23:30 to 2026-11-06 00:30, UTC"
    assert day_before(at, ZONE) == "2026-11-05"
    assert day_before(at, timedelta()) == "2026-11-04"
    assert day_before(at, None) == ""
    assert [plain(duration(timedelta(seconds=seconds))) for seconds in (45, 60, 7500)] == ["45 s", "1 min", "2 h 5 min"]
    assert day_before(datetime.min.replace(tzinfo=UTC), timedelta()) == ""


@given(st.timedeltas(min_value=timedelta(days=-400), max_value=timedelta(days=400)))
def test_no_age_is_negative(span):
    shown = plain(duration(span)), plain(ago(span))
    assert "-" not in "".join(shown)
    if span < timedelta(seconds=1):
        assert shown == ("less than a second", "just now")

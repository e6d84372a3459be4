"""What a terminal shows of an answer, and what scripts get of a list."""

from datetime import timedelta

import pytest
from incident_makers import MAYA, NOW, failure, incident

from bot.core.flow.model import FlowId, Instance, InstanceId
from bot.core.flow.status import Status
from bot.core.incident.model import Phase, Snooze
from bot.core.outbox import blocks
from bot.core.shell import rows, text
from bot.core.text.message import layout, msg

NAMES = {"U1": "@Maya", "C1": "#data-ops", "S1": "@oncall"}


@pytest.mark.parametrize(
    ("mrkdwn", "shown"),
    [
        ("*bold* and `code` and _soft_", "bold and code and soft"),
        ("<@U1> in <#C1> asks <!subteam^S1>", "@Maya in #data-ops asks @oncall"),
        ("<@U9> and <@U8|@jo>", "U9 and @jo"),
        (
            "<https://enos.example/run|Open run> or <https://enos.example>",
            "Open run (https://enos.example/run) or (https://enos.example)",
        ),
        ("at <!date^1700000000^{time}|Nov 14, 22:13 UTC>", "at Nov 14, 22:13 UTC"),
        ("a &lt;b&gt; &amp; c", "a <b> & c"),
        ("meter_import_daily 2*3*4", "meter_import_daily 2*3*4"),
        ("*meter_import* and _2*3_ of *a_b_c*", "meter_import and 2*3 of a_b_c"),
        ("red \x1b[31malert\x1b[0m", "red alert"),
    ],
)
def test_marks_are_undone(mrkdwn, shown):
    assert text.as_text(mrkdwn, NAMES) == shown


BODY = blocks.rendered(
    blocks.Card(
        msg("A run"),
        [
            blocks.section(
                layout("{text}", text="two\nlines"), accessory=blocks.button(msg("Show"), "show 1", "p", index=0)
            ),
            blocks.context(msg("small")),
            blocks.actions(
                blocks.button(msg("Rerun"), "rerun 1", "p", index=1),
                blocks.button(msg("Long"), "#stash1", "p", index=2),
                blocks.button(msg("Trigger with options"), "form trigger 1", "p", index=4),
                blocks.menu([(msg("Log"), "log 1")], "p", 3),
                {"type": "button", "text": {"type": "plain_text", "text": "Open"}, "url": "https://enos.example"},
            ),
            blocks.context(layout("↳ {words}", words="show 1")),
        ],
    )
)


def test_a_message_is_its_paragraphs_without_the_command():
    assert text.paragraphs(BODY, {}) == ["two\nlines", "small"]
    assert text.paragraphs(BODY, {}, only_notes=True) == ["small"]


def test_what_a_colored_bar_is_beside_is_shown_too():
    card = blocks.Card(
        msg("x"), [blocks.section(msg("beside"))], color="#fff", head=[blocks.section(msg("above <@U1>"))]
    )
    body = blocks.rendered(card)
    assert text.paragraphs(body, NAMES) == ["above @Maya", "beside"]


def test_the_people_and_channels_in_it_are_found():
    card = blocks.Card(
        msg("x"), [blocks.section(layout("{a} {b}", a=blocks.Markup("<@U1>"), b=blocks.Markup("<#C1>")))]
    )
    assert text.ids(blocks.rendered(card)) == {"U1", "C1"}


def test_buttons_are_commands_to_type():
    assert text.next_commands(BODY) == [("Show", "show 1"), ("Rerun", "rerun 1"), ("Log", "log 1")]


def test_rows_are_columns_and_wide_characters_take_two_places():
    shown = text.columns([{"run": "1", "flow_name": "电表导入"}, {"run": "22", "flow_name": "ab", "note": "late"}])
    assert shown == ["run  flow name  note", "1    电表导入   –", "22   ab         late"]


def test_a_run_is_its_ids_and_times():
    run = Instance(InstanceId("3377-20261121080000"), FlowId(3377), "daily", Status.FAIL)
    assert rows.of_run(run) == {
        "run": "3377-20261121080000",
        "flow": "3377",
        "name": "daily",
        "status": "FAIL",
        "triggered": "2026-11-21T08:00:00Z",
    }
    assert rows.of_run(run, msg("a rerun succeeded"))["note"] == "a rerun succeeded"
    assert rows.of_run(Instance(InstanceId("odd"), FlowId(1), "x", Status.FAIL))["triggered"] == ""


def test_a_flow_has_its_last_run_as_far_as_it_is_known():
    assert rows.of_flow(FlowId(1), "daily", Status.FAIL, NOW) == {
        "flow": "1",
        "name": "daily",
        "status": "FAIL",
        "triggered": "2026-11-21T09:00:00Z",
    }
    unknown = rows.of_flow(FlowId(1), "daily", None, None)
    assert (unknown["status"], unknown["triggered"]) == ("", "")


def test_an_incident_says_who_has_it_and_until_when():
    until = NOW + timedelta(hours=4)
    snooze = Snooze("s1", FlowId(3377), "daily", MAYA, NOW, until, "repair")
    taken = incident(failure(), phase=Phase.ACKNOWLEDGED, acked_by=MAYA, ack_until=until, snooze=snooze)
    assert rows.of_incident(taken) == {
        "flow": "3377",
        "name": "daily-energy-report",
        "state": "acknowledged",
        "run": "3377-2026112100",
        "failures": "1",
        "opened": "2026-11-21T09:00:00Z",
        "by": "U0MAYA00001",
        "until": "2026-11-21T13:00:00Z",
        "snoozed_until": "2026-11-21T13:00:00Z",
    }
    bare = rows.of_incident(incident(occurrences=()))
    assert (bare["run"], bare["failures"], bare["by"], bare["until"]) == ("", "0", "", "")

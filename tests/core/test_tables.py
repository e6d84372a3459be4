"""Cards with a table, and the form that stands for them where a workspace takes no tables."""

from datetime import UTC, datetime

import pytest
from incident_picture import picture, refused

from bot.core.outbox import blocks
from bot.core.outbox.blocks import Card, rendered
from bot.core.text.escape import Markup, code, mention, mention_channel, mention_group
from bot.core.text.message import layout, link, msg
from bot.core.text.rich_text import elements

AT = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)
ACTIONS = blocks.actions(blocks.button("Refresh", "list", "P1", index=0))


def card(rows=(("north", "1"),), columns=("Flow", "Runs"), **more):
    listed = [blocks.section("Flows"), ACTIONS, blocks.table(columns, rows, right=[1], wrapped=[0])]
    return Card("Flows", listed, fallback=[blocks.section("north 1"), ACTIONS], **more)


def kinds(part):
    return [each["type"] for each in part["blocks"]]


def words(cell):
    (section,) = cell["elements"]
    return "".join(each.get("text", "") for each in section["elements"])


def test_a_table_has_a_bold_heading_row_and_columns_as_asked_for():
    table = rendered(card())["blocks"][-1]
    assert [[words(cell) for cell in row] for row in table["rows"]] == [["Flow", "Runs"], ["north", "1"]]
    assert [cell["elements"][0]["elements"][0].get("style") for row in table["rows"] for cell in row] == [
        {"bold": True}, {"bold": True}, None, None,
    ]  # fmt: skip
    assert table["column_settings"] == [
        {"align": "left", "is_wrapped": True},
        {"align": "right", "is_wrapped": False},
    ]


def test_a_card_with_a_table_carries_its_form_without_one():
    body = rendered(card())
    assert kinds(body) == ["section", "actions", "table"]
    assert kinds(body["fallback"]) == ["section", "actions"]
    assert body["fallback"]["text"] == body["text"] == "Flows"


def test_beside_a_coloured_bar_both_forms_are_beside_it_under_the_same_head():
    body = rendered(card(color="#1a7f37", head=[blocks.section("@maya")]))
    for each, expected in ((body, ["section", "actions", "table"]), (body["fallback"], ["section", "actions"])):
        assert kinds(each) == ["section"]
        assert kinds(each["attachments"][0]) == expected
        assert each["attachments"][0]["color"] == "#1a7f37"


def test_a_card_without_a_table_has_one_form():
    assert "fallback" not in rendered(Card("a", [blocks.section("a")]))


def test_a_block_at_the_end_is_there_in_both_forms():
    longer = rendered(card().with_block(blocks.context("↳ list")))
    assert (kinds(longer)[-1], kinds(longer["fallback"])[-1]) == ("context", "context")
    assert "fallback" not in rendered(Card("a", [blocks.section("a")]).with_block(blocks.context("b")))


@pytest.mark.parametrize(
    ("large", "takes"),
    [
        (card(rows=[("x", "1")] * 99), True),
        (card(rows=[("x", "1")] * 100), False),
        (card(columns=["x"] * 20), True),
        (card(columns=["x"] * 21), False),
        (card(rows=[("x" * 9_989, "1")]), True),  # with "Flow" and "Runs"
        (card(rows=[("x" * 9_992, "1")]), False),
        (card(head=[blocks.section("x")] * 48), False),
        (card(rows=[("x" * 9_000, "1")], head=[blocks.section("x" * 3_000)] * 2), False),
    ],
)
def test_a_table_that_is_too_large_for_slack_is_not_sent_but_its_other_form(large, takes):
    body = rendered(large)
    assert (kinds(body)[-1] == "table") is takes
    assert ("fallback" in body) is takes


def test_a_cell_is_in_the_language_of_the_reader_and_an_empty_one_shows_a_dash():
    row = [msg("Flows"), ""]
    table = rendered(card(rows=[row]), "zh")["blocks"][-1]
    assert [words(cell) for cell in table["rows"][1]] == ["任务流", "–"]


@pytest.mark.parametrize(
    ("mrkdwn", "shown"),
    [
        ("", []),
        ("a &lt;b&gt; &amp;amp;", [{"type": "text", "text": "a <b> &amp;"}]),
        (code("a&b"), [{"type": "text", "text": "a&b", "style": {"code": True}}]),
        (mention("U0MAYA"), [{"type": "user", "user_id": "U0MAYA"}]),
        ("<@U0MAYA|maya>", [{"type": "user", "user_id": "U0MAYA"}]),
        (mention_group("S0ONCALL"), [{"type": "usergroup", "usergroup_id": "S0ONCALL"}]),
        (mention_channel("C0OPS"), [{"type": "channel", "channel_id": "C0OPS"}]),
        ("<https://a.b/?x=1&amp;y=2>", [{"type": "link", "url": "https://a.b/?x=1&y=2", "text": "https://a.b/?x=1&y=2"}]),
        (
            str(Markup("see <https://a.b|north &amp; south>.")),
            [
                {"type": "text", "text": "see "},
                {"type": "link", "url": "https://a.b", "text": "north & south"},
                {"type": "text", "text": "."},
            ],
        ),
        (
            "*a `b` <https://a.b|c>* d*e*f",
            [
                {"type": "text", "text": "a ", "style": {"bold": True}},
                {"type": "text", "text": "b", "style": {"bold": True, "code": True}},
                {"type": "text", "text": " ", "style": {"bold": True}},
                {"type": "link", "url": "https://a.b", "text": "c", "style": {"bold": True}},
                {"type": "text", "text": " d*e*f"},
            ],
        ),
        (
            "<!date^1795271400^{time}^https://a.b|14:30 UTC>",
            [{"type": "date", "timestamp": 1795271400, "format": "{time}", "fallback": "14:30 UTC", "url": "https://a.b"}],
        ),
    ],
)  # fmt: skip
def test_rich_text_shows_what_the_mrkdwn_shows(mrkdwn, shown):
    assert elements(mrkdwn) == shown


def test_a_time_and_a_link_work_in_a_cell():
    cell = blocks.Cell(layout("{name} {at}", name=link("https://a.b", "north"), at=AT)).rendered("en")
    date = {"timestamp": int(AT.timestamp()), "format": "{date_short_pretty} {time}"}
    assert cell["elements"][0]["elements"] == [
        {"type": "link", "url": "https://a.b", "text": "north"},
        {"type": "text", "text": " "},
        {"type": "date", **date, "fallback": "2026-11-21 14:30 UTC"},
    ]


def test_both_forms_of_a_card_are_taken_by_slack_and_drawn():
    assert refused(card()) == []
    assert picture(card()).splitlines()[3:5] == ["│ *Flow* │ *Runs*", "│ north │ 1"]
    assert picture(card()).splitlines()[5:8] == ["without its table:", "  text: Flows", "  north 1"]

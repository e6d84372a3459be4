"""What may be in a message or view, limit by limit: the most that is taken, and one more."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sim.slack.limits import check_attachments, check_blocks, check_metadata, check_view
from bot.sim.slack.message import content
from bot.sim.slack.model import SlackError
from bot.sim.slack.seed import DATA_OPS, MAYA, demo_workspace


def plain(text):
    return {"type": "plain_text", "text": text}


def mrkdwn(text):
    return {"type": "mrkdwn", "text": text}


def section(text="x", **more):
    return {"type": "section", "text": mrkdwn(text), **more}


def button(label="Go", **more):
    return {"type": "button", "text": plain(label), **more}


def actions(*elements, **more):
    return {"type": "actions", "elements": list(elements), **more}


def option(label="A", value="a", **more):
    return {"text": plain(label), "value": value, **more}


def select(kind="static_select", **more):
    return {"type": kind, "action_id": "s", **more}


def field(element, **more):
    return {"type": "input", "label": plain("Label"), "element": element, **more}


def rich(*parts):
    return {"type": "rich_text", "elements": list(parts)}


def pre(text, **more):
    return {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": text}], **more}


def confirm(**more):
    return {"title": plain("Sure?"), "text": plain("Really"), "confirm": plain("Yes"), "deny": plain("No"), **more}


def cell(text="x"):
    return {"type": "raw_text", "text": text}


def table(rows=1, columns=1, **more):
    return {"type": "table", "rows": [[cell()] * columns for _ in range(rows)], **more}


FINE = [
    section("x" * 3000),
    section(fields=[mrkdwn("x" * 2000)] * 6),
    {"type": "section", "fields": [plain("x")] * 10},
    {"type": "header", "text": plain("x" * 150)},
    {"type": "divider", "block_id": "b" * 255},
    {"type": "context", "elements": [mrkdwn("x")] * 10},
    {"type": "context", "elements": [{"type": "image", "image_url": "https://a.example/i.png", "alt_text": "i"}]},
    actions(*[button(action_id=str(number)) for number in range(25)]),
    actions(button("x" * 75, value="v" * 2000, style="primary", action_id="a" * 255, confirm=confirm(style="danger"))),
    actions(button(url="https://a.example/" + "x" * 2900, accessibility_label="x" * 75)),
    actions({"type": "overflow", "options": [option("x" * 75, "v" * 150, description=plain("d"))] * 5}),
    actions({"type": "overflow", "options": [option(url="https://a.example")]}),
    actions(select(options=[option(value=str(number)) for number in range(100)], placeholder=plain("x" * 150))),
    actions(select(option_groups=[{"label": plain("x" * 75), "options": [option()]}], initial_option=option())),
    actions(select("external_select", min_query_length=0), select("users_select", action_id="u")),
    actions({"type": "datepicker", "initial_date": "2026-11-21"}, {"type": "timepicker", "timezone": "UTC"}),
    actions({"type": "checkboxes", "options": [option()] * 10, "initial_options": [option()]}),
    section(accessory=select("multi_static_select", options=[option()], max_selected_items=1)),
    section(accessory={"type": "image", "slack_file": {"id": "F1"}, "alt_text": "i"}),
    {"type": "image", "image_url": "https://a.example/i.png", "alt_text": "x" * 2000, "title": plain("t")},
    field({"type": "plain_text_input", "max_length": 3000, "multiline": True}, optional=True, hint=plain("h")),
    {"type": "markdown", "text": "# x" * 4000},
    rich(pre("log line"), {"type": "rich_text_quote", "elements": [{"type": "user", "user_id": "U1"}]}),
    rich({"type": "rich_text_list", "style": "bullet", "elements": [{"type": "rich_text_section", "elements": []}]}),
    rich(
        {
            "type": "rich_text_section",
            "elements": [
                {"type": "text", "text": "b", "style": {"bold": True}},
                {"type": "date", "timestamp": 1, "format": "{time}"},
            ],
        }
    ),
    table(rows=100, columns=20, column_settings=[{"align": "right", "is_wrapped": True}, None]),
]

SMALL = [block for block in FINE if len(str(block)) < 2000]
ANYTHING = st.sampled_from(
    [None, True, 0, -1, 10**9, "", "x", "button", [], [0], ["x"], [None], {}, {"type": []}, [[]]]
)


def places(value, path=()):
    """Yield the path to every part of a block."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inside:
        yield (*path, key)
        yield from places(part, (*path, key))


@given(st.data())
def test_a_block_with_any_one_part_exchanged_is_taken_and_readable_or_refused(data):
    block = copy.deepcopy(data.draw(st.sampled_from(SMALL)))
    *above, last = data.draw(st.sampled_from(list(places(block))))
    holder = block
    for key in above:
        holder = holder[key]
    holder[last] = data.draw(ANYTHING)
    try:
        check_blocks([block])
    except SlackError:
        return
    workspace = demo_workspace(lambda: 0.0)
    assert workspace.shown(workspace.responses.post(DATA_OPS, {"blocks": [block]})) is not None


WRONG = [
    (section("x" * 3001), "/blocks/0/text/text", "less than 3001"),
    (section(""), "/blocks/0/text/text", "more than 0"),
    ({"type": "section"}, "/blocks/0", "text or fields"),
    ({"type": "section", "text": "bare"}, "/blocks/0/text", "type"),
    ({"type": "section", "text": {"type": "mrkdwn"}}, "/blocks/0/text", "text"),
    ({"type": "section", "text": {"type": "mrkdwn", "text": 5}}, "/blocks/0/text/text", "string"),
    ({"type": "section", "text": {**mrkdwn("x"), "emoji": True}}, "/blocks/0/text", "property: emoji"),
    ({"type": "section", "text": {**mrkdwn("x"), "verbatim": "yes"}}, "/blocks/0/text/verbatim", "boolean"),
    ({"type": "section", "fields": [mrkdwn("x")] * 11}, "/blocks/0/fields", "no more than 10"),
    ({"type": "section", "fields": "x"}, "/blocks/0/fields", "array"),
    ({"type": "section", "fields": [mrkdwn("x" * 2001)]}, "/blocks/0/fields/0/text", "less than 2001"),
    (section(colour="red"), "/blocks/0", "property: colour"),
    (section(accessory={"type": "plain_text_input"}), "/blocks/0/accessory", "plain_text_input"),
    (section(accessory="button"), "/blocks/0/accessory", "type"),
    ({"type": "header", "text": mrkdwn("x")}, "/blocks/0/text", "mrkdwn"),
    ({"type": "header", "text": plain("x" * 151)}, "/blocks/0/text/text", "less than 151"),
    ({"type": "header"}, "/blocks/0", "required field: text"),
    ({"type": "context", "elements": [mrkdwn("x")] * 11}, "/blocks/0/elements", "no more than 10"),
    ({"type": "context", "elements": []}, "/blocks/0/elements", "fewer"),
    ({"type": "context", "elements": [button()]}, "/blocks/0/elements/0", "button"),
    (actions(*[button(action_id=str(number)) for number in range(26)]), "/blocks/0/elements", "no more than 25"),
    (actions(button("x" * 76)), "/blocks/0/elements/0/text/text", "less than 76"),
    (actions(button(value="v" * 2001)), "/blocks/0/elements/0/value", "less than 2001"),
    (actions(button(style="loud")), "/blocks/0/elements/0/style", "one of"),
    (actions(button(action_id="a" * 256)), "/blocks/0/elements/0/action_id", "less than 256"),
    (actions(button(action_id="a"), button(action_id="a")), "/blocks/0/elements/1/action_id", "already exists"),
    (actions(button(confirm={"title": plain("x")})), "/blocks/0/elements/0/confirm", "required field: text"),
    (actions(button(confirm=confirm(title=plain("x" * 101)))), "/blocks/0/elements/0/confirm/title/text", "less"),
    (actions(button(confirm=confirm(deny=plain("x" * 31)))), "/blocks/0/elements/0/confirm/deny/text", "less"),
    (actions({"type": "overflow", "options": [option()] * 6}), "/blocks/0/elements/0/options", "no more than 5"),
    (actions({"type": "overflow", "options": []}), "/blocks/0/elements/0/options", "fewer"),
    (actions({"type": "overflow", "options": ["a"]}), "/blocks/0/elements/0/options/0", "object"),
    (actions(select(options=[option("x" * 76)])), "/blocks/0/elements/0/options/0/text/text", "less than 76"),
    (actions(select(options=[option(value="v" * 151)])), "/blocks/0/elements/0/options/0/value", "less than 151"),
    (actions(select(options=[option(url="x")])), "/blocks/0/elements/0/options/0", "property: url"),
    (actions(select(options=[option()] * 101)), "/blocks/0/elements/0/options", "no more than 100"),
    (actions(select()), "/blocks/0/elements/0", "options, option_groups"),
    (actions(select(options=[option()], initial_option=option("B"))), "/blocks/0/elements/0", "match one"),
    (actions(select("multi_static_select", options=[option()])), "/blocks/0/elements/0", "multi_static_select"),
    (actions({"type": "checkboxes", "options": [option()] * 11}), "/blocks/0/elements/0/options", "no more than 10"),
    (actions(select("external_select", min_query_length=-1)), "/blocks/0/elements/0/min_query_length", "between"),
    ({"type": "image", "alt_text": "x"}, "/blocks/0", "exactly one"),
    ({"type": "image", "image_url": "https://a.example"}, "/blocks/0", "alt_text"),
    (field({"type": "number_input", "is_decimal_allowed": False}), "/blocks/0/element", "number_input"),
    (field(button()), "/blocks/0/element", "button"),
    (field({"type": "plain_text_input", "max_length": 4000}), "/blocks/0/element/max_length", "between"),
    ({"type": "markdown", "text": "x" * 12_001}, "/blocks/0/text", "less than 12001"),
    (rich(pre("")), "/blocks/0/elements/0/elements/0/text", "more than 0"),
    (rich(pre("x", colour="red")), "/blocks/0/elements/0", "property: colour"),
    (rich({"type": "rich_text_verse"}), "/blocks/0/elements/0", "rich_text_verse"),
    (
        rich({"type": "rich_text_preformatted", "elements": [{"type": "user", "user_id": "U1"}]}),
        "/blocks/0/elements/0/elements/0",
        "user",
    ),
    (
        rich({"type": "rich_text_section", "elements": [{"type": "text", "text": "x", "style": {"loud": True}}]}),
        "/blocks/0/elements/0/elements/0/style",
        "property: loud",
    ),
    (
        rich({"type": "rich_text_section", "elements": [{"type": "link"}]}),
        "/blocks/0/elements/0/elements/0",
        "required field: url",
    ),
    (rich({"type": "rich_text_list", "style": "stars", "elements": []}), "/blocks/0/elements/0/style", "one of"),
    ({"type": "rich_text"}, "/blocks/0", "required field: elements"),
    (table(rows=101), "/blocks/0/rows", "no more than 100"),
    (table(columns=21), "/blocks/0/rows/0", "no more than 20"),
    ({"type": "table", "rows": [[cell("")]]}, "/blocks/0/rows/0/0/text", "more than 0"),
    ({"type": "table", "rows": [[{"type": "raw_number", "value": 1}]]}, "/blocks/0/rows/0/0", "raw_number"),
    ({"type": "table", "rows": [[cell("x" * 6000)] * 2]}, "/blocks/0/rows", "in all cells"),
    ({"type": "table", "rows": [[rich(pre("x" * 10_001))]]}, "/blocks/0/rows", "in all cells"),
    ({"type": "table"}, "/blocks/0", "required field: rows"),
    (table(column_settings=[{"align": "middle"}]), "/blocks/0/column_settings/0/align", "one of"),
    (table(column_settings=[{"is_wrapped": "yes"}]), "/blocks/0/column_settings/0/is_wrapped", "boolean"),
    (table(column_settings=[{}] * 21), "/blocks/0/column_settings", "no more than 20"),
    ({"type": "card", "title": plain("new")}, "/blocks/0", "unsupported type: card"),
    ({"no": "type"}, "/blocks/0", "unsupported type"),
    ("text", "/blocks/0", "unsupported type"),
    ({"type": "divider", "block_id": "b" * 256}, "/blocks/0/block_id", "less than 256"),
]


@pytest.mark.parametrize("block", FINE)
def test_taken(block):
    before = copy.deepcopy(block)
    check_blocks([block])
    assert block == before
    workspace = demo_workspace(lambda: 0.0)
    workspace.responses.post(DATA_OPS, {"blocks": [block]})
    assert workspace.visible(MAYA, DATA_OPS)[-1].startswith("flowbot: ")


@pytest.mark.parametrize(("block", "pointer", "words"), WRONG)
def test_refused_with_the_place(block, pointer, words):
    with pytest.raises(SlackError) as caught:
        check_blocks([block])
    assert caught.value.word == "invalid_blocks"
    told = caught.value.more["errors"]
    assert any(words in problem and f"[json-pointer:{pointer}]" in problem for problem in told), told
    assert caught.value.more["response_metadata"]["messages"] == [f"[ERROR] {problem}" for problem in told]


def refusal(check, *arguments, **options):
    with pytest.raises(SlackError) as caught:
        check(*arguments, **options)
    return caught.value.word, caught.value.more.get("errors", [""])[0]


def test_fifty_blocks():
    check_blocks([section()] * 50)
    assert refusal(check_blocks, [section()] * 51) == (
        "invalid_blocks",
        "no more than 50 items allowed [json-pointer:/blocks]",
    )
    assert refusal(check_blocks, [])[0] == "invalid_blocks"


def test_a_block_id_once_and_one_table():
    same = section(block_id="same")
    assert "already exists [json-pointer:/blocks/1/block_id]" in refusal(check_blocks, [same, same])[1]


@pytest.mark.parametrize(
    ("blocks", "attachments"),
    [
        ([table(), table()], []),
        ([table()], [{"blocks": [table()]}]),
        ([section()], [{"blocks": [table()]}, {"blocks": [table()]}]),
    ],
)
def test_a_message_has_one_table_wherever_it_is(blocks, attachments):
    word, why = refusal(content, {"text": "x", "blocks": blocks, "attachments": attachments})
    assert word == "invalid_attachments"
    assert why.startswith("only_one_table_allowed")


def test_a_table_may_be_among_blocks_or_in_an_attachment_beside_rows_of_buttons():
    row = {"type": "actions", "elements": [{"type": "button", "text": plain("Go"), "action_id": "go"}]}
    content({"text": "x", "blocks": [section(), table(), row]})
    content({"text": "x", "blocks": [section()], "attachments": [{"color": "good", "blocks": [row, table()]}]})


def test_an_older_workspace_knows_no_tables():
    for name, word in (("blocks", "invalid_blocks"), ("attachments", "invalid_attachments")):
        given = [table()] if name == "blocks" else [{"blocks": [table()]}]
        refused, why = refusal(content, {"text": "x", name: given}, tables=False)
        assert refused == word
        assert why.startswith("unsupported type: table")


def test_all_text_together():
    check_blocks([section("x" * 2900)] * 4)
    assert refusal(check_blocks, [section("x" * 2900)] * 5)[0] == "msg_blocks_too_long"


def test_attachments():
    check_attachments([{"color": "#f00", "blocks": [section()]}] * 100)
    assert refusal(check_attachments, [{}] * 101)[0] == "too_many_attachments"
    assert refusal(check_attachments, ["x"])[0] == "invalid_attachments"
    wrong = refusal(check_attachments, [{"blocks": [section("")]}])
    assert wrong == (
        "invalid_attachments",
        "must be more than 0 characters [json-pointer:/attachments/0/blocks/0/text/text]",
    )
    assert refusal(check_attachments, [{"blocks": [section("x" * 3000)]}] * 5)[0] == "msg_blocks_too_long"


@pytest.mark.parametrize(
    ("metadata", "word"),
    [
        ("x", "invalid_metadata_format"),
        ({"event_type": "", "event_payload": {}}, "invalid_metadata_format"),
        ({"event_type": "a", "event_payload": []}, "invalid_metadata_format"),
        ({"event_type": "a", "event_payload": {"x": "y" * 9000}}, "metadata_too_large"),
    ],
)
def test_metadata(metadata, word):
    assert refusal(check_metadata, metadata)[0] == word
    check_metadata({"event_type": "a", "event_payload": {"post": "p"}})


def modal(*blocks, **more):
    return {"type": "modal", "title": plain("T"), "blocks": list(blocks), **more}


@pytest.mark.parametrize(
    "view",
    [
        modal(),
        modal(*[section()] * 100, private_metadata="x" * 3000, callback_id="c" * 255, notify_on_close=True),
        modal(field({"type": "number_input", "is_decimal_allowed": True}), submit=plain("Go"), close=plain("No")),
        modal(field({"type": "file_input", "max_files": 10}), submit=plain("Go")),
        modal(field({"type": "rich_text_input"}), submit=plain("Go")),
    ],
)
def test_views_taken(view):
    check_view(view)


@pytest.mark.parametrize(
    ("view", "pointer"),
    [
        ("x", "/view/type"),
        ({"type": "home", "blocks": []}, "/view/type"),
        ({"type": "modal", "blocks": []}, "/view"),
        ({"type": "modal", "title": plain("T")}, "/view"),
        (modal(title=plain("x" * 25)), "/view/title/text"),
        (modal(submit=plain("x" * 25)), "/view/submit/text"),
        (modal(private_metadata="x" * 3001), "/view/private_metadata"),
        (modal(callback_id="x" * 256), "/view/callback_id"),
        (modal(*[section()] * 101), "/view/blocks"),
        (modal({"type": "markdown", "text": "x"}), "/view/blocks/0"),
        (modal(table()), "/view/blocks/0"),
        (modal(field({"type": "plain_text_input"})), "/view"),
        (modal(colour="red"), "/view"),
    ],
)
def test_views_refused(view, pointer):
    word, problem = refusal(check_view, view)
    assert word == "invalid_arguments"
    assert problem.endswith(f"[json-pointer:{pointer}]")


def test_a_view_too_large():
    options = [option(value=str(number), label="x" * 75) for number in range(100)]
    big = actions(select(options=options, action_id="s"))
    assert refusal(check_view, modal(*[big] * 30))[0] == "view_too_large"


def test_a_home_tab():
    check_view({"type": "home", "blocks": [section()]}, kinds=("home",))
    assert (
        refusal(check_view, {"type": "home", "blocks": [], "submit": plain("x")}, kinds=("home",))[0]
        == "invalid_arguments"
    )

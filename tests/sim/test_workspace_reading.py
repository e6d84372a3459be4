"""What a person reads: every kind of block as text, what is unread, and threads."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.sim.slack.inputs import elements, entered, find_option, initial, state_values
from bot.sim.slack.limits import check_blocks, check_view
from bot.sim.slack.model import Forbidden, Message, SlackError
from bot.sim.slack.seed import DATA_OPS, FLOWBOT, JONAS, MAYA, demo_workspace


def workspace():
    return demo_workspace(lambda: 1_795_270_000.0)


def posted(world, blocks=(), text="fallback", **facts):
    message = Message(ts=world.state.new_ts(), channel=DATA_OPS, user=FLOWBOT, by_app=True, text=text, **facts)
    message.blocks = list(blocks)
    return world.board.add(message)


def plain(text):
    return {"type": "plain_text", "text": text}


def rich(*parts):
    return {"type": "rich_text", "elements": list(parts)}


def line(*inner):
    return {"type": "rich_text_section", "elements": list(inner)}


OPTION = {"text": plain("One"), "value": "1"}
OTHER = {"text": plain("Two"), "value": "2"}


@pytest.mark.parametrize(
    ("block", "read"),
    [
        ({"type": "section", "text": plain("a &amp; <b>"), "fields": [plain("f")]}, "a &amp; <b>\nf"),
        ({"type": "section", "text": {"type": "mrkdwn", "text": "a &amp; <@U0MAYA00001>"}}, "a & @Maya Chen"),
        ({"type": "header", "text": plain("Head")}, "Head"),
        ({"type": "divider"}, ""),
        ({"type": "image", "image_url": "https://a.example", "alt_text": "chart"}, "[image chart]"),
        ({"type": "markdown", "text": "**b**"}, "**b**"),
        (
            {"type": "context", "elements": [plain("a"), {"type": "image", "image_url": "x", "alt_text": "i"}]},
            "a [image i]",
        ),
        (
            {"type": "table", "rows": [[{"type": "raw_text", "text": "a"}, rich(line({"type": "text", "text": "b"}))]]},
            "a | b",
        ),
        (
            {
                "type": "section",
                "text": plain("x"),
                "accessory": {"type": "static_select", "option_groups": [{"label": plain("g"), "options": [OPTION]}]},
            },
            "x\n[⋯: One]",
        ),
        (
            {
                "type": "input",
                "label": plain("Why"),
                "element": {"type": "plain_text_input", "initial_value": "so"},
            },
            "Why: [so]",
        ),
        (
            rich(
                line(
                    {"type": "user", "user_id": "U0MAYA00001"},
                    {"type": "channel", "channel_id": DATA_OPS},
                    {"type": "usergroup", "usergroup_id": "S0ONCALL01"},
                    {"type": "broadcast", "range": "here"},
                    {"type": "emoji", "name": "wave"},
                    {"type": "link", "url": "https://a.example", "text": "link"},
                    {"type": "date", "timestamp": 1, "format": "{time}", "fallback": "12:00"},
                    {"type": "text", "text": "<raw>"},
                ),
                {"type": "rich_text_list", "style": "bullet", "elements": [line({"type": "text", "text": "item"})]},
            ),
            "@Maya Chen#data-ops@oncall-data@here:wave:link12:00<raw>• item\n",
        ),
    ],
)
def test_blocks_as_text(block, read):
    world = workspace()
    check_blocks([block])
    assert world.shown(posted(world, [block])) == read


def test_attachments_are_read_below_the_message():
    world = workspace()
    attachments = [{"color": "#f00", "blocks": [{"type": "header", "text": plain("In red")}]}, {"text": "a &lt; b"}]
    message = posted(world, text="above", attachments=attachments)
    assert world.shown(message) == "above\nIn red\na < b"
    assert all(block["block_id"] for block in message.attachments[0]["blocks"])


def test_timestamps_never_repeat():
    world = workspace()
    stamps = [world.state.new_ts() for _ in range(100)]
    assert sorted(set(stamps)) == stamps


def test_unread_counts_what_others_said():
    world = workspace()
    assert world.board.unread(MAYA, DATA_OPS) == 0
    posted(world)
    posted(world, only_for=JONAS)
    posted(world, thread_ts=world.messages(DATA_OPS)[0].ts)
    assert (world.board.unread(MAYA, DATA_OPS), world.board.unread(JONAS, DATA_OPS)) == (1, 2)
    world.board.mark_read(MAYA, DATA_OPS)
    version = world.state.version
    world.board.mark_read(MAYA, DATA_OPS)
    assert (world.board.unread(MAYA, DATA_OPS), world.state.version) == (0, version)


@pytest.mark.parametrize(
    ("element", "value", "state"),
    [
        ({"type": "plain_text_input"}, "", {"value": None}),
        ({"type": "number_input"}, 5, {"value": "5"}),
        ({"type": "static_select", "options": [OPTION, OTHER]}, "Two", {"selected_option": OTHER}),
        ({"type": "radio_buttons", "options": [OPTION, OTHER]}, "1", {"selected_option": OPTION}),
        ({"type": "static_select", "options": [OPTION]}, None, {"selected_option": None}),
        ({"type": "checkboxes", "options": [OPTION, OTHER]}, ["1", "2"], {"selected_options": [OPTION, OTHER]}),
        ({"type": "multi_static_select", "options": [OPTION]}, "One", {"selected_options": [OPTION]}),
        ({"type": "checkboxes", "options": [OPTION]}, None, {"selected_options": []}),
        ({"type": "external_select"}, "free", {"selected_option": {"text": plain("free"), "value": "free"}}),
        ({"type": "datepicker"}, "2026-11-21", {"selected_date": "2026-11-21"}),
        ({"type": "multi_users_select"}, [MAYA], {"selected_users": [MAYA]}),
        ({"type": "workflow_button"}, "x", {}),
    ],
)
def test_what_is_entered_has_slacks_shape(element, value, state):
    assert entered(element, value) == {"type": element["type"], **state}
    assert entered(element, entered(element, value)) == entered(element, value)


def test_initial_values_and_options_that_are_not_there():
    assert initial({"type": "timepicker", "initial_time": "09:00"}) == {"type": "timepicker", "selected_time": "09:00"}
    boxes = {"type": "checkboxes", "options": [OPTION], "initial_options": [OPTION]}
    assert initial(boxes)["selected_options"] == [OPTION]
    assert (
        initial({"type": "static_select", "options": [OPTION], "initial_option": OPTION})["selected_option"] == OPTION
    )
    with pytest.raises(Forbidden):
        find_option({"type": "static_select", "options": [OPTION]}, "Three")


def test_input_survives_an_update_while_its_ids_stay():
    def form(block_id, kind="plain_text_input"):
        return [{"type": "input", "block_id": block_id, "element": {"type": kind, "action_id": "a"}}]

    before = {"b": {"a": {"type": "plain_text_input", "value": "kept"}}}
    assert state_values(form("b"), before) == before
    assert state_values(form("c"), before)["c"]["a"]["value"] is None
    assert state_values(form("b", "datepicker"), before)["b"]["a"] == {"type": "datepicker", "selected_date": None}


WORDS = st.sampled_from(
    [
        *("type", "text", "elements", "fields", "accessory", "element", "options", "rows", "label", "value", "x"),
        *("option_groups", "initial_options", "initial_option", "confirm", "style", "column_settings", "action_id"),
    ]
)
TYPES = [
    *("section", "header", "context", "actions", "image", "input", "rich_text", "markdown", "table", "divider"),
    *("plain_text", "mrkdwn", "button", "static_select", "overflow", "checkboxes", "plain_text_input", "datepicker"),
    *("rich_text_section", "rich_text_list", "rich_text_preformatted", "text", "link", "raw_text"),
]
KINDS = st.sampled_from(TYPES)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | KINDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)
BLOCK = st.builds(lambda kind, rest: {**rest, "type": kind}, KINDS, st.dictionaries(WORDS, JSON, max_size=4))


def refusal(check, value):
    """Return the word of the refusal, or None where it is taken."""
    try:
        check(value)
    except SlackError as error:
        return error.word
    return None


@given(st.lists(BLOCK, max_size=3) | JSON)
@example([{"type": "table", "rows": [[]], "column_settings": [False]}])
def test_any_blocks_are_taken_and_readable_or_refused(blocks):
    world = workspace()
    word = refusal(check_blocks, blocks)
    assert word in {None, "invalid_blocks", "msg_blocks_too_long"}
    if word is None:
        message = posted(world, blocks)
        assert isinstance(world.shown(message), str)
        assert all("block_id" in block for block, _ in elements(message.blocks))


@given(JSON | st.builds(lambda blocks: {"type": "modal", "title": plain("T"), "blocks": blocks}, st.lists(BLOCK)))
def test_any_view_is_taken_or_refused(view):
    assert refusal(check_view, view) in {None, "invalid_arguments"}

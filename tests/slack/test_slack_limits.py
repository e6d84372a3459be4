"""What Slack would refuse, named before it is sent."""

import pytest

from bot.core.outbox.blocks import as_words
from bot.slack.poster import EDIT_TEXT, content, problems


def text(words="x"):
    return {"type": "mrkdwn", "text": words}


def plain(words="x"):
    return {"type": "plain_text", "text": words}


def body(*blocks, **more):
    return {"text": "t", "blocks": list(blocks), **more}


def actions(*elements):
    return {"type": "actions", "elements": list(elements)}


def button(**more):
    return {"type": "button", "text": plain(), "action_id": "say:0", "value": "1|p|ack", **more}


def menu(*options, kind="overflow"):
    return {"type": kind, "action_id": "menu:0", "options": list(options)}


def option(**more):
    return {"text": plain(), "value": "1|p|ack", **more}


CONFIRM = {"title": plain(), "text": plain(), "confirm": plain(), "deny": plain()}
SECTION = {"type": "section", "text": text()}
IMAGE = {"type": "image", "image_url": "https://x", "alt_text": "a"}

GOOD = {
    "text alone": {"text": "t"},
    "attachments alone": {"attachments": [{"color": "#f00", "blocks": [SECTION]}]},
    "a whole card": body(
        {"type": "header", "text": plain("h" * 150)},
        {"type": "section", "text": text("x" * 3000), "accessory": menu(option())},
        {"type": "section", "fields": [text("f" * 2000)] * 3},
        {"type": "section", "text": text(), "accessory": {**IMAGE}},
        {"type": "context", "elements": [text(), IMAGE]},
        {"type": "divider"},
        actions(*[button(action_id=f"say:{number}") for number in range(25)]),
        actions(button(confirm=CONFIRM, value="v" * 2000)),
        actions(menu(*[option()] * 100, kind="static_select"), {"type": "datepicker", "action_id": "d"}),
        {"type": "rich_text", "elements": []},
        {"type": "markdown", "text": "# m"},
        {"type": "table", "rows": [[{"type": "raw_text", "text": "c"}]]},
        IMAGE,
    ),
}


@pytest.mark.parametrize("good", GOOD.values(), ids=GOOD)
def test_what_keeps_the_limits_has_no_problems(good):
    assert problems(good) == ()


BAD = {
    "nothing": ({}, "/text: empty"),
    "51 blocks": (body(*[SECTION] * 51), "/blocks: 51 of them, 50 fit"),
    "21 attachments": ({"text": "t", "attachments": [{}] * 21}, "/attachments: 21 of them, 20 fit"),
    "in an attachment": (
        {"attachments": [{"blocks": [{"type": "section"}]}]},
        "/attachments/0/blocks/0: neither text nor fields",
    ),
    "block id twice": (
        body({**SECTION, "block_id": "b"}, {**SECTION, "block_id": "b"}),
        "/blocks/1/block_id: used twice",
    ),
    "long block id": (body({**SECTION, "block_id": "b" * 256}), "/blocks/0/block_id: 256 characters, 255 fit"),
    "empty section": (body({"type": "section", "text": text("")}), "/blocks/0/text: empty"),
    "long section": (body({"type": "section", "text": text("x" * 3001)}), "/blocks/0/text: 3001 characters, 3000 fit"),
    "no fields": (body({"type": "section", "text": text(), "fields": []}), "/blocks/0/fields: empty"),
    "11 fields": (body({"type": "section", "fields": [text()] * 11}), "/blocks/0/fields: 11 of them, 10 fit"),
    "long field": (
        body({"type": "section", "fields": [text("f" * 2001)]}),
        "/blocks/0/fields/0: 2001 characters, 2000 fit",
    ),
    "long header": (body({"type": "header", "text": plain("h" * 151)}), "/blocks/0/text: 151 characters, 150 fit"),
    "empty header": (body({"type": "header"}), "/blocks/0/text: empty"),
    "empty context": (body({"type": "context"}), "/blocks/0/elements: empty"),
    "11 in context": (body({"type": "context", "elements": [text()] * 11}), "/blocks/0/elements: 11 of them, 10 fit"),
    "26 buttons": (
        body(actions(*[button(action_id=str(n)) for n in range(26)])),
        "/blocks/0/elements: 26 of them, 25 fit",
    ),
    "no buttons": (body(actions()), "/blocks/0/elements: empty"),
    "action id twice": (body(actions(button(), button())), "/blocks/0/elements/1/action_id: used twice"),
    "long action id": (
        body(actions(button(action_id="a" * 256))),
        "/blocks/0/elements/0/action_id: 256 characters, 255 fit",
    ),
    "long label": (body(actions(button(text=plain("b" * 76)))), "/blocks/0/elements/0/text: 76 characters, 75 fit"),
    "long value": (body(actions(button(value="v" * 2001))), "/blocks/0/elements/0/value: 2001 characters, 2000 fit"),
    "long link": (body(actions(button(url="u" * 3001))), "/blocks/0/elements/0/url: 3001 characters, 3000 fit"),
    "long confirm": (
        body(actions(button(confirm=CONFIRM | {"deny": plain("d" * 31)}))),
        "/blocks/0/elements/0/confirm/deny: 31 characters, 30 fit",
    ),
    "no options": (body(actions(menu())), "/blocks/0/elements/0/options: empty"),
    "six options": (body(actions(menu(*[option()] * 6))), "/blocks/0/elements/0/options: 6 of them, 5 fit"),
    "long option": (
        body(actions(menu(option(value="v" * 151)))),
        "/blocks/0/elements/0/options/0/value: 151 characters, 150 fit",
    ),
    "empty option": (body(actions(menu(option(value="")))), "/blocks/0/elements/0/options/0/value: empty"),
    "in an accessory": (body({**SECTION, "accessory": button(text=plain(""))}), "/blocks/0/accessory/0/text: empty"),
    "no alt text": (body({"type": "image", "image_url": "x"}), "/blocks/0/alt_text: empty"),
    "101 rows": (body({"type": "table", "rows": [[text()]] * 101}), "/blocks/0/rows: 101 of them, 100 fit"),
    "wide table": (
        body({"type": "table", "rows": [[text("c" * 10_001)]]}),
        "/blocks/0/rows: 10001 characters, 10000 fit",
    ),
    "long markdown": (body({"type": "markdown", "text": "m" * 12_001}), "/blocks/0/text: 12001 characters, 12000 fit"),
    "too much in all": (
        body(*[{"type": "section", "text": text("x" * 3000)}] * 5),
        "/blocks: 15000 characters in all, 13200 fit",
    ),
    "of next year": (body({"type": "hologram"}), "/blocks/0/type: hologram is not used in messages of ours"),
}


@pytest.mark.parametrize(("bad", "problem"), BAD.values(), ids=BAD)
def test_what_breaks_a_limit_is_named_with_its_place(bad, problem):
    assert problem in problems(bad)


def test_the_words_of_a_card_are_its_line_and_its_texts():
    card = body(
        {"type": "header", "text": plain("t")},
        {"type": "section", "text": text("one"), "fields": [text("two")], "accessory": button()},
        {"type": "context", "elements": [text("three"), IMAGE]},
        actions(button()),
        {
            "type": "rich_text",
            "elements": [{"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "log"}]}],
        },
        attachments=[{"blocks": [{"type": "section", "text": text("four")}]}],
    )
    assert as_words(card, EDIT_TEXT) == "t\none\ntwo\nthree\nlog\nfour"
    assert as_words({}, EDIT_TEXT) == ""


def test_words_are_cut_where_slack_would_refuse_them():
    assert content({"text": "abc"}, 3) == {"text": "abc"}
    assert content({"text": "abcd"}, 3) == {"text": "ab…"}
    assert len(as_words({"text": "x" * 5000}, EDIT_TEXT)) == 4000


def test_only_what_slack_knows_is_sent():
    assert content({"text": "t", "blocks": [], "colour": "red"}) == {"text": "t"}

"""Escaping, and blocks that keep Slack's limits."""

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st
from incident_picture import as_sent, refused

from bot.core.outbox import blocks
from bot.core.outbox.blocks import fit, rendered
from bot.core.text.escape import (
    Markup,
    clean,
    code,
    escape,
    mention,
    one_line,
    plain,
)
from bot.core.text.language import EN, ZH
from bot.core.text.message import listed, msg


@given(st.text())
def test_escaped_text_is_read_back_as_it_was_and_holds_no_command(text):
    assert "<" not in escape(text)
    assert html.unescape(escape(text).replace("&amp;", "&amp;")) == html.unescape(escape(text))
    back = escape(text).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert back == clean(text)


def test_what_is_no_text_is_replaced():
    assert escape("a\0b\ud800c") == "a�b�c"
    escape("\udfff").encode()


@pytest.mark.parametrize(
    ("text", "shown"),
    [("", ""), ("a", "`a`"), ("a`b``", "`aˋbˋˋ`"), ("<x>\n  y", "`&lt;x&gt; y`"), ("  ", "")],
)
def test_code_stays_in_its_ticks(text, shown):
    assert code(text) == shown


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [("abc", 3, "abc"), ("abcd", 3, "ab…"), ("", 3, "–"), ("a\r\nb", 9, "a b"), ("\0", 3, "�")],
)
def test_plain_text_is_never_empty_nor_too_long(text, limit, shown):
    assert plain(text, limit) == shown


def test_only_a_user_id_is_mentioned():
    assert mention("U0MAYA00001") == "<@U0MAYA00001>"
    assert mention("U0|!channel>") == "U0|!channel&gt;"
    assert mention("U0MAYA\n") == "U0MAYA\n"


def test_one_line():
    assert one_line(" a \n\n b\u2028c ") == "a b c"


@pytest.mark.parametrize(
    ("text", "limit", "kept"),
    [
        ("abcdef", 6, "abcdef"),
        ("abcdefg", 6, "abcde…"),
        ("ab <@U123456> x", 9, "ab …"),
        ("a &amp; b", 5, "a …"),
        ("a &amp; bcd", 9, "a &amp; …"),
        ("&&&&&&&&", 4, "&&…"),
        ("<a>bcd", 5, "<a>b…"),
    ],
)
def test_mrkdwn_is_not_cut_inside_an_entity_or_a_mention(text, limit, kept):
    assert fit(text, limit) == kept


@given(st.text(alphabet="<>&;ampx |", max_size=60), st.integers(2, 40))
def test_cut_text_fits(text, limit):
    assert len(fit(escape(text), limit)) <= limit


def test_a_button_carries_version_post_and_words():
    button = blocks.button(msg("Rerun"), "rerun 2809-20190812080700", "p3f9", index=1, style="primary")
    assert (button["action_id"], button["value"], button["style"]) == (
        "say:1",
        "1|p3f9|rerun 2809-20190812080700",
        "primary",
    )


def test_words_that_do_not_fit_are_a_bug_of_the_caller():
    with pytest.raises(ValueError, match="stash"):
        blocks.button(Markup("x"), "y" * 2000, "p", index=0)
    with pytest.raises(ValueError, match="150"):
        blocks.menu([(Markup("x"), "y" * 150)], "p", 0)


def in_a_card(block):
    """The block as Slack is sent it."""
    return as_sent(blocks.Card(Markup("t"), [block]))["blocks"][0]


def test_small_blocks():
    assert in_a_card(blocks.header(Markup("x" * 200)))["text"]["text"] == "x" * 149 + "…"
    assert in_a_card(blocks.section(Markup("x" * 200), limit=50))["text"]["text"] == "x" * 49 + "…"
    assert len(blocks.menu([(Markup("a"), "b")] * 5, "p", 3)["options"]) == 5
    assert in_a_card(blocks.context())["elements"][0]["text"] == "–"
    assert len(blocks.context(*map(Markup, "abcdefghijklmn"))["elements"]) == 10
    pre = blocks.rich_pre("x" * 4000)["elements"][0]["elements"][0]["text"]
    assert len(pre) == 3000
    assert blocks.rich_pre("")["elements"][0]["elements"][0]["text"] == " "
    assert len(blocks.section(Markup("a"), [Markup("f")] * 12)["fields"]) == 10


ROW = blocks.actions(blocks.button(Markup("a"), "b", "c", index=0))


def test_a_message_without_colour():
    assert as_sent(blocks.Card(Markup("t"), [ROW])) == {"text": "t", "blocks": [in_a_card(ROW)]}


def test_a_message_with_colour_has_its_fallback():
    body = as_sent(blocks.Card(Markup("t"), [ROW], "#fff"))
    assert body == {
        "text": "t",
        "attachments": [{"color": "#fff", "blocks": [in_a_card(ROW)], "fallback": "t"}],
    }


def test_a_card_has_no_language_until_it_is_sent():
    names = listed([Markup("a"), Markup("b")])
    card = blocks.Card(names, [blocks.section(names), blocks.header(names)])
    for language, shown in ((EN, "a, b"), (ZH, "a、b")):
        sent = rendered(card, language)
        assert sent["text"] == shown
        assert sent["blocks"][0]["text"] == {"type": "mrkdwn", "text": shown, "verbatim": True}
        assert sent["blocks"][1]["text"] == {"type": "plain_text", "text": shown, "emoji": False}


def test_data_is_escaped_where_it_is_markup_and_only_there():
    card = blocks.Card(msg("{x}", x="<a>"), [blocks.actions(blocks.button(msg("{x}", x="<a>"), "b", "c", index=0))])
    sent = as_sent(card)
    assert (sent["text"], sent["blocks"][0]["elements"][0]["text"]["text"]) == ("&lt;a&gt;", "<a>")


def test_too_much_is_left_out_with_a_word_and_buttons_stay():
    long = [blocks.section(Markup("x" * 2900)) for _ in range(8)]
    body = as_sent(blocks.Card(Markup("t" * 5000), [*long, ROW, *long, ROW]))
    assert refused(body) == []
    assert [block["type"] for block in body["blocks"]].count("actions") == 2
    assert "does not fit" in str(body)


def test_a_message_as_words_has_each_of_its_texts_once_and_no_buttons():
    said = {"type": "section", "text": {"type": "mrkdwn", "text": "one"}, "fields": [{"type": "mrkdwn", "text": "two"}]}
    button = {"type": "button", "text": {"type": "plain_text", "text": "Press"}}
    body = {
        "text": "line",
        "blocks": [said, {"type": "actions", "elements": [button]}],
        "attachments": [{"blocks": [said]}],
    }
    assert blocks.as_words(body, 100) == "line\none\ntwo"
    assert blocks.as_words(body, 7) == "line\no…"


def test_too_many_blocks_are_cut():
    body = as_sent(
        blocks.Card(Markup("t"), [blocks.context(Markup("x"))] * 60, "#fff", [blocks.section(Markup("head"))])
    )
    assert refused(body) == []
    assert len(body["attachments"][0]["blocks"]) == 49


def test_too_many_rows_of_buttons_are_cut_as_well():
    body = blocks.Card(Markup("t"), [ROW] * 60)
    assert refused(body) == []


@given(
    st.lists(
        st.one_of(
            st.integers(0, 4000).map(lambda n: blocks.section(Markup("x" * n))),
            st.just(ROW),
            st.integers(0, 4000).map(lambda n: blocks.context(Markup("x" * n), Markup("y"))),
        ),
        max_size=70,
    ),
    st.sampled_from([None, "#fff"]),
)
def test_any_blocks_make_a_message_that_slack_takes(parts, color):
    assert refused(blocks.Card(Markup("t"), parts, color, [blocks.section(Markup("head " * 100))])) == []

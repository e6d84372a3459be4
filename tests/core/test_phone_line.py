"""The phone line of a message: its first sentences, short, without markup and mentions."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from phone import LONGEST, unfit

from bot.core.outbox.phone_line import phone_line
from bot.core.text.escape import Markup, code, mention
from bot.core.text.language import EN, ZH
from bot.core.text.message import lines, link, msg

MAYA = mention("U0MAYA00001")
FLOW = Markup("*daily*")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (msg("{flow} failed in `x`. Rerun it.", flow=FLOW), "daily failed in x. Rerun it."),
        (msg("> _quoted_ snake_case_name"), "quoted snake_case_name"),
        (msg("See {link}.", link=link("https://a.test/?a&b", msg("the thread"))), "See the thread."),
        (msg("It is {name}.", name="<!here> & more"), "It is &lt;!here&gt; &amp; more."),
        (lines(msg("First line"), msg("second line")), "First line"),
        (msg("{flow} is locked. Ask {person}. Nothing was changed.", flow=FLOW, person=MAYA), "daily is locked."),
        (lines(msg("{person} closed it.", person=MAYA), msg("↳ {command}", command=code("close 7"))), "↳ close 7"),
        (msg("{person} closed it.", person=MAYA), "A message from flowbot"),
        (Markup(), "A message from flowbot"),
        (msg("A short fact. " + "And a long explanation of it, " * 4), "A short fact."),
        (msg("long words " * 20), "long words " * 6 + "long words…"),
        (Markup("x" * 200), "x" * (LONGEST - 1) + "…"),
        (Markup(f"{'x' * 50} for 2026-11-21 08:00 UTC"), f"{'x' * 50} for 2026-11-21 08:00 UTC"),
        (Markup(f"{'x' * 58} since 2026-11-21 08:00 UTC"), f"{'x' * 58} since…"),  # no time without its zone
        (Markup(f"At 2026-11-21 08:00 UTC {'it failed ' * 12}"), f"At 2026-11-21 08:00 UTC {'it failed ' * 5}it…"),
    ],
)
def test_what_a_phone_shows(text, shown):
    assert phone_line(text, EN) == shown


def test_chinese_sentences_have_no_space_between_them():
    assert phone_line(Markup("第一句。第二句！" + "长" * 80), ZH) == "第一句。第二句！"


@given(st.text(max_size=200))
@example("_ _a_ _")
@example("&" * 90)
def test_any_text_becomes_one_short_line(text):
    assert unfit({"text": phone_line(msg("{text}", text=text), EN)}) == []

"""Text from outside is text, and one line of it is found without looking twice."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.core.text.escape import NO_TEXT, escape, legible, one_line, plain

ANY = some.text(some.characters(codec=None))


@given(ANY, some.integers(1, 20))
def test_what_is_shown_can_be_kept(text, limit):
    assert not NO_TEXT.search(legible(text))
    assert len(legible(text)) == len(text)
    assert len(legible(text, limit)) <= limit
    legible(text).encode()
    assert (legible(text) == text) is (NO_TEXT.search(text) is None)


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [("abc", 3, "abc"), ("abcd", 3, "ab…"), ("\ud83d\x00", None, "��"), ("", 1, "")],
)
def test_it_is_cut_where_it_is_too_long(text, limit, shown):
    assert legible(text, limit) == shown


def test_cards_show_no_half_signs():
    assert escape("a\ud83d<") == "a�&lt;"
    assert plain("a\x00", 5) == "a�"


@given(some.text(" \t\n\r\u2028xy\x0b"))
def test_one_line_has_a_blank_for_each_break_and_the_blanks_around_it(text):
    assert one_line(text) == re.sub(r"\s*[\r\n\v\u2028\u2029]\s*", " ", text).strip()


@pytest.mark.parametrize("unit", [" ", "\n ", "x ", "\t"])
def test_four_times_the_blanks_take_about_four_times_as_long(unit):
    def seconds(size):
        began = time.process_time()
        one_line("x" + unit * (size // len(unit)) + "x")
        return time.process_time() - began

    short, long = min(seconds(25_000) for _ in range(3)), min(seconds(100_000) for _ in range(3))
    assert long < 9 * short + 0.01

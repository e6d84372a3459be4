"""What deceives the eye is taken out of texts from outside, and every language stays as it is written."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.checks.check import ok
from bot.core.flow.model import Parameter
from bot.core.text.escape import (
    SUBSTITUTES,
    clean,
    code,
    escape,
    one_line,
    plain,
)
from bot.core.text.mask import DEFAULT, STARS

TURNS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        *((f"a{each}b", "ab") for each in TURNS),
        *((f"a{each}b", "ab") for each in "\u200b\u2060\ufeff\xad\u034f\u3164\uffa0\u115f\u180e\U000e0041\ufff9"),
        ("a\x1b[1;31mb\x1b[0mc\x9b2Jd", "abcd"),
        ("a\x1b]0;title\x07b\x1b]8;;x\x1b\\c\x1b]open", "abc"),
        ("a\x08\x7f\x01\x1bb", "ab"),
        ("a\tb\nc\r\nd\re\x85f\u2028g\u2029h\x0bi\x0cj", "a\tb\nc\nd\ne\nf\ng\nh\ni\nj"),
        ("a\0b\ud800c\ufffed\ufdd0", "a�b�c�d�"),
        ("pay\u200dload a\u200cb 1\u200d2 да\u200dнет", "payload ab 12 данет"),
        ("Z" + "\u0335" * 50 + "a", "Z" + "\u0335" * 4 + "a"),
        ("Z" + "\u20dd" * 50, "Z" + "\u20dd" * 4),
        ("क" + "\u0300\u200d" * 50, "क" + "\u0300" * 4),
        ("\u0301a \u0301", "◌\u0301a ◌\u0301"),
        ("💻\u200d", "💻"),
    ],
)
def test_what_deceives_goes(text, shown):
    assert clean(text) == shown
    assert clean(f"{text} ").rstrip(" ") == shown


@pytest.mark.parametrize(
    "text",
    [
        "👩\u200d💻 👨\u200d👩\u200d👧\u200d👦 🏳\ufe0f\u200d🌈 👍🏽 ❤\ufe0f\u200d🔥 1\ufe0f\u20e3",
        "می\u200cخواهم",  # Persian
        "क\u094d\u200dष",  # Hindi
        "日报 能源報告 エネルギー 에너지",
        "ไม่มี Tiếng Việt Ελληνικά שָׁלוֹם",
        "e\u0301 und ö, ß, № ½ ∗",
        "\ue000",
    ],
)
def test_every_language_stays_as_it_is(text):
    assert clean(text) == escape(text) == text


def test_what_the_operator_reads_gives_the_terminal_no_order():
    check = ok("slack channel", "The channel \x1b[31m#ops\u202e\n is \x9b2Jthere.")
    assert check.says == "The channel #ops is there."


@given(st.text(st.characters() | st.sampled_from(TURNS + "\u200c\u200d\u0300\u20dd\x1b[m\x9b\n")))
def test_nothing_unseen_is_left_on_any_surface(text):
    once = clean(text)
    assert clean(once) == once
    for shown in (once, escape(text), code(text), plain(text, 75), one_line(text)):
        assert not set(shown) & set(TURNS)
        assert all(unicodedata.category(each) not in {"Cc", "Cs"} or each in "\t\n" for each in shown)
        shown.encode()
    assert "\n" not in code(text) + plain(text, 75) + one_line(text)


def test_what_stands_for_what_cannot_be_escaped_can_be_read_back():
    back = {shown: sign for sign, shown in SUBSTITUTES.items()}
    assert "".join(back.get(each, each) for each in "aˋb∗c") == "a`b*c"
    assert code("a`b*c") == "`aˋb*c`"


@pytest.mark.parametrize("unseen", ["\u200b", "\u202e", "\x1b[0m", "\xad", "\u200d"])
def test_a_sign_that_nobody_sees_hides_no_secret_from_the_mask(unseen):
    assert DEFAULT.parameter(Parameter(f"pass{unseen}word", "hunter2")).value == STARS
    assert "hunter2" not in DEFAULT.parameter(Parameter("conf", f"pass{unseen}word=hunter2")).value

"""Names that look the same are the same to a person: what answers print otherwise, and what other programs compose."""

import pytest

from bot.core.command.markup import decode
from bot.core.command.parse import parse
from bot.core.text.escape import code, escape, one_line, plain
from bot.core.text.likeness import begun, likeness, nearest_ids, nearest_names, unmarked
from bot.messages.cards.flows import bold, short

HOSTILE = (
    "a*b", "*", "**x**", "a`b", "a\u00a0b", "a\u202fb", "a\tb\nc", "a\r\n b", " a ", "a\u200bb", "a\u00adb",
    "\u202eabc", "a\x07b", "cafe\u0301", "ｆｕｌｌ　ｗｉｄｔｈ", "Ａ＊Ｂ", "<!channel> & <b>", "it’s “x” – y", "ﬁle",
    "x\x00y", "half \ud800", "İstanbul", "straße", "日报（一）", "a\u2028b", "👩\u200d🚀",
)  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
@pytest.mark.parametrize(
    "printed", [lambda n: bold(n)[1:-1], lambda n: code(short(n))[1:-1], lambda n: escape(one_line(n))]
)
def test_what_an_answer_prints_is_like_the_name(name, printed):
    assert likeness(decode(printed(name)).text) == likeness(name)


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_what_a_plain_text_prints_is_like_the_name(name):
    assert likeness(plain(name, 100)) == likeness(name)


@pytest.mark.parametrize("name", ["a*b", "a`b", "ｆｕｌｌ", "caf\u00e9", "日报（一）"])
def test_a_name_copied_in_bold_is_like_the_name(name):
    flow = parse(f"show {bold(name)}").flow
    assert unmarked(flow.name) == likeness(name)


def test_others_are_not_alike():
    assert len({likeness(each) for each in ("a-b", "ab", "a b", "a_b", "a.b", "b-a", "a*b")}) == 7
    assert likeness("\u200b") == ""


def test_marks_of_a_quoted_name_may_be_slacks():
    assert unmarked("*daily  energy*") == unmarked("`daily energy`") == likeness("Daily energy")


def test_a_cut_name_is_known_by_its_beginning():
    name = "daily " * 40
    assert likeness(name).startswith(begun(short(name)))
    assert begun(short(name))
    assert begun("daily") == ""


def test_the_nearest_names_and_ids():
    names = ["daily-energy-report", "daily-energy-repair", "turbine-10min"]
    assert nearest_names("daily-energy-reprot", names)[0] == "daily-energy-report"
    assert nearest_names("billing", names) == []
    assert nearest_names("*Turbine-10mni*", names) == ["turbine-10min"]
    assert nearest_ids(3378, [3377, 33780, 2809]) == [33780, 3377]
    assert nearest_ids(99999999, [3377]) == []
    many = [f"flow-of-plant-{number:05}" for number in range(10_000)]
    assert nearest_names("flow-of-plnat-00777", many)[0] == "flow-of-plant-00777"
    assert nearest_ids(123457, range(123_000, 124_000, 3))[0] in range(123_000, 124_000)

"""A log's head holds the command line; in whatever form EnOS prints it, it is not shown."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.core.text.log_text import own_words

DATED = '=====\nrun  num:\t1\ncmdline:\techo "a\n=====\nb"\nsubmitter:\tdb\ncurrent time:\tThu Aug 08\n=====\n'
UNDATED = "=======\nrun num:\t1\ninstance:\tt1-2\ncmdline:\techo secret\n=======\n"
FLAT = '=====nrun  num:t1ninstance:tt1-2ncmdline:techo "uuu"ncurrent time:tThu Aug 08n=====n'


@pytest.mark.parametrize("head", [DATED, UNDATED, FLAT, DATED + DATED, ""])
def test_what_the_program_said_is_left(head):
    assert own_words(f"{head}one\n===== a title =====\ntwo\n") == "one\n===== a title =====\ntwo"


@pytest.mark.parametrize(
    "cut",
    [
        "=====\nrun  num:\t1\ncmdline:\techo secret",
        "=====\ncmdline:\techo a\nb secret\n",
        "=====\nrun num:\t1\ncmdline:\techo secret\ncurrent time:\tThu\nother:\tx\n=====\nuuu\n",  # its end is unclear
    ],
)
def test_a_head_that_was_cut_off_goes_whole(cut):
    assert own_words(cut) == ""


@pytest.mark.parametrize("cut", ["=====nrun num:techo", "=====nrun num:tncurrent time:t", "=======nrun num:t"])
def test_a_flat_head_without_an_end_is_none(cut):
    assert own_words(cut) == cut


def test_all_signs_of_a_flat_rule_go():
    assert own_words("a========nrun num:tncurrent time:t========nb") == "ab"


def test_the_rest_of_a_head_goes_too():
    assert own_words("o secret\nsubmitter:\tdb\ncurrent time:\tThu Aug 08\n=====\nuuu\n") == "uuu"


# What is a head, in expressions that say it plainly; each looks for its end again from each beginning, so a megabyte of
# beginnings would take hours. The walk over the text must find the same.
PLAINLY = [
    (r"={5,}nrun  ?num:t.*?ncurrent time:t.*?={5,}n?", re.DOTALL),
    (
        r"^={5,}[ \t]*\n(?:run  ?num:|instance:|cmdline:).*?^current time:[^\n]*\n={5,}[ \t]*(?:\n|\Z)",
        re.MULTILINE | re.DOTALL,
    ),
    (
        r"^(={5,})[ \t]*\n(?:run  ?num:|instance:|cmdline:)(?:(?!^current time:).)*?\n\1[ \t]*(?:\n|\Z)",
        re.MULTILINE | re.DOTALL,
    ),
    (r"^={5,}[ \t]*\n(?:run  ?num:|instance:|cmdline:).*\Z", re.MULTILINE | re.DOTALL),
    (r"\A.*?^current time:[^\n]*\n={5,}[ \t]*(?:\n|\Z)", re.MULTILINE | re.DOTALL),
]
PIECES = [
    "=====",
    "======",
    "=====\n",
    "======\n",
    "\n",
    "run  num:",
    "instance:",
    "cmdline:\n",
    "=====\ncmdline:",
    "current time:",
    "current time:x\n",
    "current time:x\n=====\n",
    "n",
    "=====nrun num:t",
    "ncurrent time:t",
    "said",
    " ",
]


@given(some.lists(some.sampled_from(PIECES), max_size=16).map("".join))
def test_whatever_a_log_is_made_of_its_heads_go_and_nothing_else(log):
    left = log
    for pattern, flags in PLAINLY:
        left = re.sub(pattern, "", left, flags=flags)
    assert own_words(log) == left.strip("\n")


@pytest.mark.parametrize(
    "unit",
    [
        "=",
        "=====\n",
        "=====\ncmdline:\n",
        "=====\ncmdline:\n======\n",
        "=====nrun num:t",
        "=====nrun num:tncurrent time:t",
        "current time:\n",
        "\x1b[;",
    ],
)
def test_four_times_the_log_takes_about_four_times_as_long(unit):
    def seconds(size):
        began = time.process_time()
        own_words(unit * (size // len(unit)))
        return time.process_time() - began

    short, long = min(seconds(25_000) for _ in range(3)), min(seconds(100_000) for _ in range(3))
    assert long < 9 * short + 0.01

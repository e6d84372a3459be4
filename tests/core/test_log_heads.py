"""A log's head holds the command line; in whatever form EnOS prints it, it is not shown."""

import pytest

from bot.core.log_text import own_words

DATED = '=====\nrun  num:\t1\ncmdline:\techo "a\n=====\nb"\nsubmitter:\tdb\ncurrent time:\tThu Aug 08\n=====\n'
UNDATED = "=======\nrun num:\t1\ninstance:\tt1-2\ncmdline:\techo secret\n=======\n"
FLAT = '=====nrun  num:t1ninstance:tt1-2ncmdline:techo "uuu"ncurrent time:tThu Aug 08n=====n'


@pytest.mark.parametrize("head", [DATED, UNDATED, FLAT, DATED + DATED, ""])
def test_what_the_program_said_is_left(head):
    assert own_words(f"{head}one\n===== a title =====\ntwo\n") == "one\n===== a title =====\ntwo"


@pytest.mark.parametrize("cut", ["=====\nrun  num:\t1\ncmdline:\techo secret", "=====\ncmdline:\techo a\nb secret\n"])
def test_a_head_that_was_cut_off_goes_whole(cut):
    assert own_words(cut) == ""


def test_the_rest_of_a_head_goes_too():
    assert own_words("o secret\nsubmitter:\tdb\ncurrent time:\tThu Aug 08\n=====\nuuu\n") == "uuu"

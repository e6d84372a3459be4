"""The first line of a log that says what went wrong."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.text.log_text import LIMIT, error_line
from bot.core.text.mask import DEFAULT

HEAD = "=====\nrun  num:\t1\ncmdline:\tpython job.py --password=error\nsubmitter:\tdb\n=====\n"
PYTHON = """Traceback (most recent call last):
  File "job.py", line 3, in <module>
    raise ValueError("no rows")
ValueError: no rows
"""


@pytest.mark.parametrize(
    ("log", "line"),
    [
        ("", ""),
        ("all good\n0 errors\nERROR=0\nno failures\n", ""),
        ("starting\nERROR column kwh not found\nFATAL other\n", "ERROR column kwh not found"),
        ("DEBUG error handler set\njava.lang.NullPointerException: x\n", "java.lang.NullPointerException: x"),
        (HEAD + "fine\n", ""),
        (HEAD + "psql: connection refused\n", "psql: connection refused"),
        ("=====\nno second rule, exit code 3\n", "no second rule, exit code 3"),
        (PYTHON, "ValueError: no rows"),
        (PYTHON.replace("ValueError: no rows\n", ""), "Traceback (most recent call last):"),
        ("\x1b[31mError:\x1b[0m red\x00\n", "Error: red"),
        ("login failed: password=hunter2 for db\n", "login failed: password=••• for db"),
        ("failed to open https://me:hunter2@host/x", "failed to open https://me:•••@host/x"),
    ],
)
def test_the_line(log, line):
    assert error_line(log, DEFAULT) == line


def test_a_long_line_is_cut_after_it_was_masked():
    secret = "hunter2" * 40
    line = error_line(f"error {'x' * 150} password={secret} {'y' * 100}", DEFAULT)
    assert len(line) <= LIMIT
    assert "hunter2" not in line
    assert error_line("error " + "x" * 9000, DEFAULT).endswith("…")


def test_a_secret_that_lies_across_what_is_read_of_a_line_is_masked_whole():
    two_words = "hunter two"
    line = error_line(f'error password={"x" * 3950} token="{two_words * 9}" end', DEFAULT)
    assert line == 'error password=••• token="•••" end'


@pytest.mark.parametrize("unit", ["0 errors\n", "a.", "errorerror", "x" * 3999 + "\n", "\n", "\x1b["])
def test_four_times_the_log_takes_about_four_times_as_long(unit):
    def seconds(size):
        began = time.process_time()
        error_line("error " * (unit == "a.") + unit * (size // len(unit)), DEFAULT)
        return time.process_time() - began

    short, long = min(seconds(25_000) for _ in range(3)), min(seconds(100_000) for _ in range(3))
    assert long < 9 * short + 0.01


@given(st.text())
def test_any_log_is_read(log):
    line = error_line(log, DEFAULT)
    assert len(line) <= LIMIT
    assert "\n" not in line

"""How far history is read: what is left after a start, a window, a clock that was put back."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.history.progress import AHEAD, KEPT, Progress, Span, again, begun, from_text, to_text, without

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def days(since, until):
    """From so many days ago to so many days ago; a negative number lies ahead."""
    return Span(NOW - since * DAY, NOW - until * DAY)


ALL = days(90, -1)


@pytest.mark.parametrize(
    ("says", "noted", "unfinished", "left"),
    [
        ("A new database: everything.", Progress(), None, (ALL,)),
        ("A short stop: the last day.", Progress(NOW - HOUR), None, (Span(NOW - HOUR - DAY, NOW + DAY),)),
        ("A run was not over.", Progress(NOW - HOUR), NOW - 5 * DAY, (days(5, -1),)),
        ("It began not long ago.", Progress(NOW), NOW - HOUR, (days(1, -1),)),
        ("The past was half read.", Progress(NOW, (days(90, 40),)), None, (days(1, -1), days(90, 40))),
        ("The past had just begun.", Progress(NOW, (days(90, 0.5),)), None, (ALL,)),
        ("A stop of weeks.", Progress(NOW - 20 * DAY), None, (days(21, -1),)),
        ("It reaches what was left.", Progress(NOW - 20 * DAY, (days(90, 15),)), None, (ALL,)),
        ("What was left is too old by now.", Progress(NOW - 20 * DAY, (days(99, 95),)), None, (days(21, -1),)),
        ("A stop of two years: everything.", Progress(NOW - 730 * DAY, (days(99, 95),)), None, (ALL,)),
        ("The clock was put back by an hour.", Progress(NOW + HOUR), None, (days(1, -1),)),
        ("The clock was put back by a year: everything.", Progress(NOW + 365 * DAY), None, (ALL,)),
        ("What was left lies ahead.", Progress(NOW, (days(1, -9),)), None, (days(1, -1),)),
    ],
)
def test_what_is_left_after_a_start(says, noted, unfinished, left):
    found = begun(noted, NOW, unfinished)
    assert found.left == left, says
    assert found.read_at is None or found.read_at <= NOW


@pytest.mark.parametrize(
    ("says", "left", "window", "then"),
    [
        ("The newest part.", (ALL,), days(0, -1), (days(90, 0),)),
        ("All of it.", (days(2, 1),), days(2, 1), ()),
        ("The first of two.", (days(2, 1), days(9, 5)), days(2, 1), (days(9, 5),)),
        ("A part in the middle.", (ALL,), days(10, 5), (days(5, -1), days(90, 10))),
        ("What was not left any more.", (days(9, 5),), days(3, 2), (days(9, 5),)),
        ("More than was left.", (days(9, 5),), days(20, 0), ()),
    ],
)
def test_what_is_left_after_a_window(says, left, window, then):
    assert without(Progress(NOW, left), window) == Progress(NOW, then), says


def test_windows_lead_from_the_newest_to_the_oldest():
    progress, windows = begun(Progress(), NOW, None), []
    while (window := progress.window(DAY)) is not None:
        windows.append(window)
        progress = without(progress, window)
    assert len(windows) == 91
    assert windows[0] == days(0, -1)
    assert windows[-1] == days(90, 89)


def test_a_window_ends_where_its_part_does():
    assert Progress(NOW, (days(0.5, 0), days(9, 5))).window(DAY) == days(0.5, 0)


@pytest.mark.parametrize(
    ("left", "back_to", "knows"),
    [
        ((), NOW - KEPT, True),
        ((ALL,), None, False),
        ((days(90, 3),), NOW - 3 * DAY, True),
        ((days(90, 1),), NOW - DAY, False),
        ((days(3, -1), days(90, 9)), None, False),
    ],
)
def test_since_when_all_is_known(left, back_to, knows):
    progress = Progress(NOW, left)
    assert progress.back_to(NOW) == back_to
    assert progress.knows(NOW - 2 * DAY, NOW) is knows


def test_what_is_read_again_joins_what_is_left():
    progress = Progress(NOW, (days(9, 5), days(90, 30)))
    assert again(progress, NOW - 6 * DAY, NOW).left == (days(9, -1), days(90, 30))
    assert again(progress, NOW - 2 * DAY, NOW).left == (days(2, -1), days(9, 5), days(90, 30))


def test_few_parts_are_left():
    progress = Progress()
    for ago in (80, 60, 40, 20, 10):
        progress = again(progress, NOW - ago * DAY, NOW - (ago - 1) * DAY - AHEAD)
    assert len(again(progress, NOW - DAY, NOW).left) == 4


def test_the_note_says_it_again():
    for progress in (Progress(), Progress(NOW, (days(2, -1), days(90, 30)))):
        assert from_text(to_text(progress)) == progress


@pytest.mark.parametrize(
    "text",
    [
        *("", "x", "7", "[]", "{}"),
        '{"read_at": "x", "left": []}',
        '{"read_at": 1e99, "left": []}',
        '{"read_at": null, "left": [7]}',
    ],
)
def test_a_note_that_cannot_be_read_says_nothing(text):
    assert from_text(text) == Progress()


numbers = st.integers(-3, 100)


@given(st.lists(st.tuples(numbers, numbers), max_size=8), st.tuples(numbers, numbers))
def test_parts_are_apart_and_hold_all_but_the_window(parts, window):
    progress = Progress()
    for since, until in parts:
        progress = again(progress, NOW - since * DAY, NOW - until * DAY)
    for each, later in zip(progress.left[1:], progress.left, strict=False):
        assert each.since < each.until < later.since < later.until
    after = without(progress, Span(NOW - max(window) * DAY, NOW - min(window) * DAY))
    for day in range(-5, 110):
        at = NOW - day * DAY - HOUR
        was = any(each.since <= at < each.until for each in progress.left)
        inside = min(window) <= day < max(window)
        is_left = any(each.since <= at < each.until for each in after.left)
        assert is_left is (was and not inside) or len(progress.left) == 4

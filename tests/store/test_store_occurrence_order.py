"""Places of occurrences: reading them in order gives back what was put, and what did not change is not written."""

from hypothesis import given
from hypothesis import strategies as st

from bot.store.occurrence_order import GAP, order_change

LETTERS = st.lists(st.integers(0, 5), max_size=8)


def stand(rows, change):
    """Return the rows after what was asked for is done."""
    rows = {at: row for at, row in rows.items() if at not in change.deleted} | dict(change.written)
    return dict(sorted(rows.items()))


@given(st.lists(LETTERS, max_size=8))
def test_in_the_order_of_their_positions_rows_are_what_was_put_last(states):
    rows, old, positions = {}, [], ()
    for new in states:
        change = order_change(new, old, positions)
        rows = stand(rows, change)
        assert list(rows.values()) == new
        assert tuple(rows) == change.positions
        old, positions = new, change.positions


@given(LETTERS)
def test_what_stays_as_it_was_is_not_written(things):
    first = order_change(things, [], ())
    again = order_change(things, things, first.positions)
    assert (again.positions, again.written, again.deleted) == (first.positions, (), ())


def test_one_that_comes_between_moves_none():
    first = order_change("ac", "", ())
    change = order_change("abc", "ac", first.positions)
    assert change.written == ((1, "b"),)
    assert change.positions == (0, 1, GAP)


def test_thousands_come_before_the_newest_and_each_is_written_once():
    rows, positions = "z", order_change("z", "", ()).positions
    for _ in range(3000):
        new = rows[:-1] + "a" + "z"
        change = order_change(new, rows, positions)
        assert len(change.written) == 1
        rows, positions = new, change.positions


def test_one_that_changed_keeps_its_position():
    assert order_change("axc", "abc", (0, 7, 9)).written == ((7, "x"),)


def test_where_there_is_no_room_what_stands_behind_moves_on():
    change = order_change("abc", "ac", (4, 5))
    assert change.written == ((4 + GAP, "b"), (4 + 2 * GAP, "c"))
    assert change.deleted == (5,)


def test_what_goes_is_deleted():
    change = order_change("ad", "abcd", (0, 1, 2, 3))
    assert (change.written, set(change.deleted), change.positions) == ((), {1, 2}, (0, 3))

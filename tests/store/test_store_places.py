"""Places of occurrences: reading them in order gives back what was put, and what did not change is not written."""

from hypothesis import given
from hypothesis import strategies as st

from bot.store.ordering import GAP, place

LETTERS = st.lists(st.integers(0, 5), max_size=8)


def stand(rows, placed):
    """Return the rows after what was asked for is done."""
    rows = {at: row for at, row in rows.items() if at not in placed.deleted} | dict(placed.written)
    return dict(sorted(rows.items()))


@given(st.lists(LETTERS, max_size=8))
def test_in_the_order_of_their_places_rows_are_what_was_put_last(states):
    rows, old, places = {}, [], ()
    for new in states:
        placed = place(new, old, places)
        rows = stand(rows, placed)
        assert list(rows.values()) == new
        assert tuple(rows) == placed.places
        old, places = new, placed.places


@given(LETTERS)
def test_what_stays_as_it_was_is_not_written(things):
    first = place(things, [], ())
    again = place(things, things, first.places)
    assert (again.places, again.written, again.deleted) == (first.places, (), ())


def test_one_that_comes_between_moves_none():
    first = place("ac", "", ())
    placed = place("abc", "ac", first.places)
    assert placed.written == ((1, "b"),)
    assert placed.places == (0, 1, GAP)


def test_thousands_come_before_the_newest_and_each_is_written_once():
    rows, places = "z", place("z", "", ()).places
    for _ in range(3000):
        new = rows[:-1] + "a" + "z"
        placed = place(new, rows, places)
        assert len(placed.written) == 1
        rows, places = new, placed.places


def test_one_that_changed_keeps_its_place():
    assert place("axc", "abc", (0, 7, 9)).written == ((7, "x"),)


def test_where_there_is_no_room_what_stands_behind_moves_on():
    placed = place("abc", "ac", (4, 5))
    assert placed.written == ((4 + GAP, "b"), (4 + 2 * GAP, "c"))
    assert placed.deleted == (5,)


def test_what_goes_is_deleted():
    placed = place("ad", "abcd", (0, 1, 2, 3))
    assert (placed.written, set(placed.deleted), placed.places) == ((), {1, 2}, (0, 3))

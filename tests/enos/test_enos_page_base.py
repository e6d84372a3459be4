from datetime import UTC, datetime, timedelta

import pytest

from bot.core.errors import Refusal
from bot.core.text.message import msg
from bot.enos.errors import BadResponse, EnosRefused, ServerError
from bot.enos.page_base import PageZeroFailures, conclude, conclude_from_one, conclude_from_zero, refuses_number

page, EMPTY = tuple, ()
REFUSED = EnosRefused("invalid", msg("EnOS did not accept the input."), code=62102)
START = datetime(2026, 11, 21, tzinfo=UTC)

TABLE = [
    # what is the case, page 0, page 1, what is read again in this order, and the conclusion
    ("refused", None, page("ab"), [], 1),
    ("refused, and nothing there", None, EMPTY, [], 1),
    ("nothing on 0", EMPTY, page("ab"), [], 1),
    ("nothing at all", EMPTY, EMPTY, [], None),
    ("two pages", page("abcde"), page("fghij"), [page("fghij")], 0),
    ("two pages on a busy platform", page("abcde"), page("fghij"), [page("efghi")], 0),
    ("one page, counted from 0", page("ab"), EMPTY, [EMPTY], 0),
    ("a first row came in between", page("a"), EMPTY, [page("a")], None),
    ("a row was replaced in between", page("b"), page("a"), [page("b")], None),
    ("the same rows, clamped below", page("abcd"), page("abcd"), [page("ab"), page("ab"), page("ab")], 1),
    ("the same rows, clamped above", page("abcd"), page("abcd"), [page("cd"), page("ab"), page("cd")], 0),
    ("the same rows, and they move", page("abcd"), page("abcd"), [page("cd"), page("ab"), page("xd")], None),
    ("a single row", page("a"), page("a"), [], None),
    ("a row went, clamped below", page("bcdef"), page("abcdef"), [page("bcd"), page("bcd"), page("bcd")], 1),
]


@pytest.mark.parametrize(("zero", "one", "again", "base"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
async def test_the_base_is_concluded(zero, one, again, base):
    left = list(again)

    async def read(_number, _size):
        return left.pop(0)

    assert await conclude(zero, one, read, 50) == base
    assert left == []


# page 0 is in trouble


class Pages:
    """The rows of a server that counts from ``base``; ``clamps``: what is beyond its end is its last page."""

    def __init__(self, rows, base, *, clamps=False, most=1000):
        self.rows, self.base, self.clamps, self.most = rows, base, clamps, most
        self.comes = {}  # rows that come at the head, by the number of pages read before
        self.read_so_far = 0

    async def read(self, number, size):
        self.rows = self.comes.get(self.read_so_far, "") + self.rows
        self.read_so_far += 1
        size, index = min(size, self.most), number - self.base
        if self.clamps and self.rows:
            index = min(index, (len(self.rows) - 1) // size)
        return tuple(self.rows[index * size : (index + 1) * size])


ROWS = "".join(chr(0x4E00 + n) for n in range(200))


@pytest.mark.parametrize("most", [7, 1000])
@pytest.mark.parametrize("clamps", [False, True])
@pytest.mark.parametrize("base", [0, 1])
@pytest.mark.parametrize("rows", [2, 3, 5, 6, 7, 8, 14, 49, 50, 51, 52, 100, 101, 200])
async def test_two_rows_tell_the_base_without_page_0(rows, base, clamps, most):
    server = Pages(ROWS[:rows], base, clamps=clamps, most=most)
    assert await conclude_from_one(await server.read(1, 50), server.read, 50) == base


@pytest.mark.parametrize(("rows", "base"), [("", 0), ("", 1), ("a", 0), ("a", 1)])
@pytest.mark.parametrize("clamps", [False, True])
async def test_a_single_row_does_not_tell_the_base_without_page_0(rows, base, clamps):
    server = Pages(rows, base, clamps=clamps)
    assert await conclude_from_one(await server.read(1, 50), server.read, 50) is None


@pytest.mark.parametrize("before", [1, 2])
@pytest.mark.parametrize("news", ["x", "xy", "xyz", "".join(chr(0x2600 + n) for n in range(60))])
@pytest.mark.parametrize("rows", [0, 1, 2, 3, 5, 8, 50, 51, 120])
@pytest.mark.parametrize("base", [0, 1])
@pytest.mark.parametrize("clamps", [False, True])
async def test_rows_that_come_meanwhile_never_tell_a_wrong_base(rows, base, clamps, news, before):
    server = Pages(ROWS[:rows], base, clamps=clamps)
    server.comes = {before: news}
    assert await conclude_from_one(await server.read(1, 50), server.read, 50) in (None, base)


@pytest.mark.parametrize(("gone", "base"), [(25, 0), (25, 1), (1, 0), (1, 1)])
async def test_rows_that_go_meanwhile_never_tell_a_wrong_base(gone, base):
    server = Pages(ROWS[:120], base)
    one = await server.read(1, 50)
    server.rows = server.rows[gone:]
    assert await conclude_from_one(one, server.read, 50) in (None, base)


@pytest.mark.parametrize(("small", "again"), [("x", ""), ("a", "xyz"), ("x", "yz")])
async def test_a_page_1_that_does_not_read_as_before_tells_nothing(small, again):
    answers = [page(small), page(again)]

    async def read(_number, _size):
        return answers.pop(0)

    assert await conclude_from_one(page("ab"), read, 50) is None


# page 1 is refused


class Beyond(Pages):
    """Refuses what is beyond its end; ``all_of_it``: page 1 however small."""

    def __init__(self, rows, base, *, all_of_it=False):
        super().__init__(rows, base, clamps=True)
        self.all_of_it = all_of_it

    async def read(self, number, size):
        if number == 1 and (self.all_of_it or (self.base == 0 and size >= len(self.rows))):
            raise REFUSED
        return await super().read(max(number, self.base), size)


@pytest.mark.parametrize("rows", ["", "a", "ab", "abcdefg"])
@pytest.mark.parametrize("all_of_it", [False, True])
async def test_a_refused_page_1_with_a_page_0_counts_from_0(rows, all_of_it):
    server = Beyond(rows, 0, all_of_it=all_of_it)
    assert await conclude_from_zero(await server.read(0, 50), server.read) == 0


@pytest.mark.parametrize("rows", ["", "a", "ab", "abcdefg"])
async def test_a_page_1_that_was_refused_but_once_tells_nothing(rows):
    server = Beyond(rows, 1)
    assert await conclude_from_zero(await server.read(0, 50), server.read) is None


async def test_another_refusal_of_page_1_is_raised():
    async def read(_number, _size):
        raise EnosRefused("no_right", msg("No."), code=62103)

    with pytest.raises(EnosRefused, match="No"):
        await conclude_from_zero(("a", "b"), read)


@pytest.mark.parametrize(
    ("failure", "says"),
    [
        (REFUSED, True),
        (EnosRefused("bad_sort", msg("x"), code=62102), True),
        (EnosRefused("missing", msg("x"), code=62101), True),
        (EnosRefused("gateway", msg("x"), code=400), True),
        (EnosRefused("gateway", msg("x"), code=404), False),
        (EnosRefused("gateway", msg("x")), False),
        (EnosRefused("unknown_code", msg("x"), code=70001), False),
        (EnosRefused("no_right", msg("x"), code=62103), False),
        (ServerError(200, 62109), False),
        (ServerError(500), False),
        (BadResponse(msg("it sent an empty answer")), False),
        (Refusal("another", msg("x")), False),
    ],
)
def test_only_a_wrong_parameter_refuses_the_number(failure, says):
    assert refuses_number(failure) is says


def test_trouble_is_a_habit_only_if_it_came_often_and_for_long():
    page_zero_failures = PageZeroFailures()
    assert [page_zero_failures.record(START + timedelta(seconds=n)) for n in (0, 10, 20, 119, 120)] == [False] * 4 + [
        True
    ]
    page_zero_failures.reset()
    assert [page_zero_failures.record(START + timedelta(hours=n)) for n in (1, 2, 3)] == [False, False, True]

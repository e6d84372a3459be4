import pytest

from bot.core.flows import Instance
from bot.enos.page_base import conclude
from bot.enos.reading import Found


def page(letters):
    return Found(tuple(Instance(letter, 1, "", 1) for letter in letters), len(letters))


EMPTY = page("")

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

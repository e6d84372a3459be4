"""Finding out whether a server counts its pages from 0 or from 1.

The vendor's pages contradict each other, within one version. Page 1 is read, then page 0:

    0 is refused for its number (62102 and its like), or empty while 1 is not
                            from 1
    other rows on 0 than on 1
                            from 0
    the same rows on both   one of them was clamped: a server that counts from 1 gives page 1 for page 0, one that
                            counts from 0 may give its last page for any beyond. Smaller pages of the same rows tell
                            them apart, unless there is only one row
    both empty              not known
    0 fails                 not known from page 0. A smaller page 1 tells: it holds the first rows of a larger page 1
                            where it is the first page, and other rows where it is the second

Rows come and go meanwhile, so a conclusion is drawn from rows only if page 1, read again, is still the same. Until
there is a conclusion, both pages are read, and nothing is missed.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from bot.core.errors import Failure
from bot.core.values import dataclass
from bot.enos.errors import EnosRefused

SMALL = 5  # rows; with fewer, one or two changes look like another page
# EnOS, or a gateway before it, says with these that a parameter such as a page number is wrong or missing: EnOS's
# own codes (List Flow Instances, errors), and HTTP statuses where there is not a code.
WRONG_INPUT = frozenset({62101, 62102, 400, 422})
LASTING_TIMES, LASTING_FOR = 3, timedelta(minutes=2)  # before failures that last count as permanent

Ids = tuple[str | int, ...]  # of the rows of a page, in its order
Read = Callable[[int, int], Awaitable[Ids]]  # page number and page size


def refuses_number(failure: Failure) -> bool:
    """Whether a page was refused for its number. Any other failure says nothing about the number."""
    return isinstance(failure, EnosRefused) and failure.code in WRONG_INPUT


async def conclude(zero: Ids | None, one: Ids, read: Read, size: int) -> int | None:
    """0 or 1, or None where it cannot be known now. ``zero`` is None where its number was refused."""
    if zero is None:
        return 1
    if not zero:
        return 1 if one else None
    if not _is_same_page(zero, one):
        return 0 if _is_unchanged(one, await read(1, size)) else None
    half = len(one) // 2
    if not half:
        return None
    one, zero, again = await read(1, half), await read(0, half), await read(1, half)
    if not _is_unchanged(one, again):
        return None
    return 1 if _is_same_page(zero, one) else 0


async def conclude_from_one(one: Ids, read: Read, size: int) -> int | None:
    """0 or 1 from page 1 alone, because page 0 fails; None where there are too few rows to know."""
    half = max(1, len(one) // 2)
    small, again = await read(1, half), await read(1, size)
    if not small or not _is_unchanged(one, again):
        return None
    if all(set(small).isdisjoint(page[:half]) for page in (one, again)):
        return 0
    return 1 if len(one) > 1 and all(_is_same_page(small, page[:half]) for page in (one, again)) else None


async def conclude_from_zero(zero: Ids, read: Read) -> int | None:
    """0, or None where it cannot be known, after page 1 was refused for its number and page 0 was not.

    A server that counts from 0 may refuse what is beyond its end; a smaller page 1 is refused too, or has other rows
    than the smaller page 0.
    """
    half = max(1, len(zero) // 2)
    try:
        small = await read(1, half)
    except EnosRefused as refusal:
        if not refuses_number(refusal):
            raise
        return 0
    return 0 if small and set(small).isdisjoint(await read(0, half)) else None


@dataclass(slots=True)
class PageZeroFailures:
    """How often, and since when, page 0 failed while page 1 was read and the base could not be found out."""

    times: int = 0
    since: datetime | None = None

    def record(self, now: datetime) -> bool:
        """Count one more: whether page 0 fails permanently by now, as on a server that counts from 1."""
        self.times, self.since = self.times + 1, self.since or now
        return self.times >= LASTING_TIMES and now - self.since >= LASTING_FOR

    def reset(self) -> None:
        """Start counting again: page 0 was answered, or the base could perhaps be found out in another way."""
        self.times, self.since = 0, None


def _is_unchanged(one: Ids, again: Ids) -> bool:
    """Whether a page is still the same: nearly so on a busy platform, exactly so where it is small."""
    return set(one) == set(again) or (len(one) >= SMALL and _is_same_page(one, again))


def _is_same_page(one: Ids, other: Ids) -> bool:
    """Whether two pages are the same one, read twice while a few rows came and went."""
    shared = len(set(one) & set(other))
    return shared * 2 >= max(1, min(len(one), len(other)))

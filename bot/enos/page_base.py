"""Finding out whether a server counts its pages from 0 or from 1.

The vendor's pages contradict each other, within one version. Page 1 is read, then page 0:

    0 is refused, or empty while 1 is not   from 1
    other rows on 0 than on 1               from 0
    the same rows on both                   one of them was clamped: a server that counts from 1 gives page 1 for
                                            page 0, one that counts from 0 may give its last page for any beyond.
                                            Smaller pages of the same rows tell them apart, unless there is but one row
    both empty                              nobody knows

Rows come and go meanwhile, so every conclusion from rows is drawn only if page 1 reads as before once more. Until
there is one, both pages are read, and nothing is missed.
"""

from collections.abc import Awaitable, Callable

from bot.enos.reading import Found

SMALL = 5  # rows; a change or two in a smaller page could pass for another page

Read = Callable[[int, int], Awaitable[Found]]  # page number and page size


async def conclude(zero: Found | None, one: Found, read: Read, size: int) -> int | None:
    """Return 0 or 1, or None where it cannot be told now. ``zero`` is None where the server refused it."""
    if zero is None:
        return 1
    if not zero.rows:
        return 1 if one.rows else None
    if not _alike(zero, one):
        return 0 if _steady(one, await read(1, size)) else None
    half = len(one.rows) // 2
    if not half:
        return None
    one, zero, again = await read(1, half), await read(0, half), await read(1, half)
    if not _steady(one, again):
        return None
    return 1 if _alike(zero, one) else 0


def _ids(found: Found) -> set[str]:
    return {row.id for row in found.rows}


def _steady(one: Found, again: Found) -> bool:
    """Whether a page reads as before: much the same on a busy platform, exactly the same where it is small."""
    return _ids(one) == _ids(again) or (len(one.rows) >= SMALL and _alike(one, again))


def _alike(one: Found, other: Found) -> bool:
    """Whether two pages are the same one, read twice while a few rows came and went."""
    shared = len(_ids(one) & _ids(other))
    return shared * 2 >= max(1, min(len(one.rows), len(other.rows)))

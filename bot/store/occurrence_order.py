"""The positions of an incident's occurrences: numbers that keep their order, so that one that comes between moves none.

    before   a ── 0          now   a ── 0           b comes between: there is a gap, and c keeps its position
             c ── 1048576          b ── 1
                                   c ── 1048576

A reading brings newer failures first, and the newest stays last; so nearly all of a long reading comes between.
"""

from collections.abc import Sequence
from typing import Generic, TypeVar

from bot.core.values import dataclass

Item = TypeVar("Item")

GAP = 1 << 20  # left before one that is added at the end


@dataclass(frozen=True, slots=True)
class OrderChange(Generic[Item]):
    """How rows become those of a new sequence: ``positions`` of all, what is to be written and deleted."""

    positions: tuple[int, ...]
    written: tuple[tuple[int, Item], ...]
    deleted: tuple[int, ...] = ()


def order_change(new: Sequence[Item], old: Sequence[Item], positions: Sequence[int]) -> OrderChange[Item]:
    """How ``old``, which is at ``positions``, becomes ``new``: what is equal at both ends is not touched."""
    head = _alike(new, old)
    tail = _alike(new[head:][::-1], old[head:][::-1])
    middle, gone = new[head : len(new) - tail], positions[head : len(old) - tail]
    before = positions[head - 1] if head else None
    if len(middle) == len(gone):
        between = tuple(gone)
    else:
        between = _between(len(middle), before, positions[len(old) - tail] if tail else None)
    if len(between) < len(middle):  # the gap is too small: all that follows is moved
        middle, gone, tail = new[head:], positions[head:], 0
        between = _between(len(middle), before, None)
    return OrderChange(
        positions=(*positions[:head], *between, *positions[len(old) - tail :]),
        written=tuple(zip(between, middle, strict=True)),
        deleted=tuple(set(gone).difference(between)) if gone else (),
    )


def _alike(one: Sequence[Item], other: Sequence[Item]) -> int:
    """How many are equal from the beginning."""
    count = 0
    for this, that in zip(one, other, strict=False):
        if this is not that and this != that:
            break
        count += 1
    return count


def _between(count: int, before: int | None, after: int | None) -> tuple[int, ...]:
    """That many positions between two; fewer where the gap is too small."""
    if after is None:
        first = 0 if before is None else before + GAP
        return tuple(range(first, first + GAP * count, GAP))
    first = after - GAP if before is None else before + 1
    return tuple(range(first, min(after, first + count)))

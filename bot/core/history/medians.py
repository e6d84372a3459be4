"""Medians. The standard library's module reads ten others, which a start would have to wait for."""

from collections.abc import Iterable
from datetime import timedelta
from typing import TypeVar

_Measure = TypeVar("_Measure", float, timedelta)


def median(values: Iterable[_Measure]) -> _Measure:
    """The middle one, or the mean of the two in the middle. There has to be one at least."""
    in_order = sorted(values)
    low, high = in_order[(len(in_order) - 1) // 2], in_order[len(in_order) // 2]
    return low + (high - low) / 2


def median_high(values: Iterable[_Measure]) -> _Measure:
    """The middle one, or the larger of the two in the middle. There has to be one at least."""
    in_order = sorted(values)
    return in_order[len(in_order) // 2]

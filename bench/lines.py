"""Figures: a number with its budget, and how several measurements become one number."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """One figure. ``measured`` and ``budget`` are of one unit: a ratio (x), seconds (s), requests, or a count."""

    name: str
    measured: float
    budget: float | None  # None: it is only shown
    unit: str
    more: str = ""  # what it was made of

    def __str__(self) -> str:
        said = f"{self.name:<34}{self.measured:>6.3g} {self.unit:<9}"
        if self.budget is None:
            return f"{said}{self.more}".rstrip()
        verdict = "within" if self.measured <= self.budget else "MISSED"
        return f"{said}budget {self.budget:<4g}{verdict:<7} {self.more}"


def ratio(pairs: Sequence[tuple[float, float]]) -> float:
    """The median of ours to theirs, each pair measured together: noise of the machine is on both sides."""
    return statistics.median(ours / theirs for ours, theirs in pairs)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that is not below this share of the values."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"

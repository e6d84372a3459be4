"""Medians are those of the standard library."""

import statistics
from datetime import timedelta

import pytest

from bot.core.history.medians import median, median_high


@pytest.mark.parametrize("values", [[3.0], [5.0, 1.0], [9.0, 1.0, 4.0], [2.0, 2.0, 8.0, 1.0]])
def test_they_are_those_of_the_standard_library(values):
    assert median(values) == statistics.median(values)
    assert median_high(values) == statistics.median_high(values)
    spans = [timedelta(minutes=each) for each in values]
    assert median(spans) == timedelta(minutes=statistics.median(values))
    assert median_high(iter(spans)) == timedelta(minutes=statistics.median_high(values))

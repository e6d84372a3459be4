"""What holds for all tests: laws are not timed, since a busy machine would fail them.

The gate tries the same examples each time, so that landing is not a matter of luck; the soak tries far more and others
each time.
"""

import logging

import pytest
from hypothesis import HealthCheck, settings
from thorough import TIMES, examples

from bot.ops import logs

settings.register_profile(
    "flowbot",
    deadline=None,
    max_examples=examples(40) if TIMES else 9,
    derandomize=not TIMES,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("flowbot")


@pytest.fixture(autouse=True)
def _no_line_is_held_back():
    """A program that a test has run leaves its filters on the loggers; the next test sees each line."""
    yield
    for name in logs._AT_EACH_TICK:
        logging.getLogger(name).filters.clear()

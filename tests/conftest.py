"""What holds for all tests: laws are not timed, since a busy machine would fail them.

The gate tries the same examples each time, so that landing is not a matter of luck; the soak tries far more and others
each time.
"""

from hypothesis import HealthCheck, settings
from thorough import TIMES, examples

settings.register_profile(
    "flowbot",
    deadline=None,
    max_examples=examples(40) if TIMES else 25,
    derandomize=not TIMES,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("flowbot")

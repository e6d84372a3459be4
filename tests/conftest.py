"""What holds for all tests: laws are not timed, since a busy machine would fail them.

The gate tries the same examples each time, so that landing is not a matter of luck; the soak tries far more and others
each time (``FLOWBOT_EXAMPLES``).
"""

import os

from hypothesis import HealthCheck, settings

WANTED = os.environ.get("FLOWBOT_EXAMPLES", "")

settings.register_profile(
    "flowbot",
    deadline=None,
    max_examples=int(WANTED or 50),
    derandomize=not WANTED,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("flowbot")

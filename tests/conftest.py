"""What holds for all tests: laws are not timed, since a busy machine would fail them."""

import os

from hypothesis import HealthCheck, settings

EXAMPLES = int(
    os.environ.get("FLOWBOT_EXAMPLES", "50")
)  # of each law; other ones in each run, and far more in the soak

settings.register_profile("flowbot", deadline=None, max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("flowbot")

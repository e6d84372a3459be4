"""What holds for all tests: laws are not timed, since a busy machine would fail them."""

from hypothesis import HealthCheck, settings

settings.register_profile("flowbot", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("flowbot")

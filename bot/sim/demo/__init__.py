"""The demo: the unmodified bot against both simulators. The only part of sim that knows flowbot."""

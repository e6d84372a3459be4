"""Runs: what was started from chat, followed to its end, also across a crash."""

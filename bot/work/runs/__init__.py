"""Runs that were started from chat, followed to their end, also across a crash."""

"""Ops: the process around the bot: scheduler, clocks, logs, health and metrics, the control socket."""

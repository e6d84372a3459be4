"""Flows and their runs, the way EnOS names them."""

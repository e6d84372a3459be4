"""Copying a database of flowbot whole, to a new one of either kind."""

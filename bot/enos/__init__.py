"""Enos touches the batch API: building, signing and reading calls is pure, sending them is one short file."""

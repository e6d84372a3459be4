"""Ids: short, unguessable, safe in addresses and in button values."""

import secrets


def new_id() -> str:
    """Return a fresh id of 16 characters."""
    return secrets.token_hex(8)

"""Why an incident was closed, as a person says it."""

from enum import Enum


class Resolution(Enum):
    """What became of it. The values are the words of the command, and what the database holds."""

    FIXED = "fixed"
    EXPECTED = "expected"
    DUPLICATE = "duplicate"
    UNNEEDED = "unneeded"

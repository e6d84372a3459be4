"""The two kinds of failure a person may meet: asking again will not help, or it may.

    Failure
    ├── Refusal     asking again will not help; the sentence says what will
    └── Outage      asking again may help
        └── Unclear the call may have taken effect; look before asking again

Each is a small class with fields whose ``__str__`` is the sentence for people. Whatever is neither is a bug.
"""

from dataclasses import dataclass


class Failure(Exception):  # noqa: N818  a refusal is no "error": nothing is broken
    """Something a person is told in a sentence."""


class Refusal(Failure):
    """Asking again will not help."""


class TemporaryFailure(Failure):
    """Asking again may help."""


class Unclear(TemporaryFailure):
    """The call may have taken effect: its answer was lost."""

    why = ""  # how, in a few words


@dataclass(unsafe_hash=True)  # not frozen: contextlib sets ``__traceback__`` on what passes through it
class Refused(Refusal):
    """A refusal whose reason has a name, for the audit and for tests."""

    reason: str  # a short stable name such as "not_owner"
    sentence: str  # what a person reads
    way_out: str = ""  # what to do next

    def __str__(self) -> str:
        """The sentence and the way out."""
        return f"{self.sentence} {self.way_out}".strip()

"""What must not be done any more once another replica may have taken over is done behind a fence.

Whoever sends sets ``fence``; whoever writes to the network asks it, last of all: a process may be stopped for minutes
between any two steps, and wake.
"""

from collections.abc import Callable
from contextvars import ContextVar

IsSure = Callable[[], bool]  # whether nobody can have taken over by now

fence: ContextVar[IsSure | None] = ContextVar("fence", default=None)


def may_send() -> bool:
    """Whether what is about to be sent may still be sent."""
    is_sure = fence.get()
    return is_sure is None or is_sure()

"""Work on one of many, so that a bug in it does not hold up the others."""

import logging
from collections.abc import Awaitable
from typing import TypeVar

from bot.core.errors import Failure

log = logging.getLogger(__name__)
_Result = TypeVar("_Result")


async def guarded(what: str, work: Awaitable[_Result]) -> _Result | None:
    """Do it; None, and ``what`` in the log, where it hits a bug. Raises Failure."""
    try:
        return await work
    except Failure:
        raise
    except Exception:
        # Of one kind for each ``what``: the log of a running bot says one of a kind once an hour (``ops/logs.py``).
        log.exception(f"{what} hit a bug. The others are still looked at.")  # noqa: G004
        return None

"""Early: a bot that is asked to end before it is one ends at once, and as well as later.

Imported before anything that takes its time. Until the process has a database open there is nothing to finish:
what a process leaves behind that ends here is what one leaves behind that is killed, and that is taken up or rolled
back at the next start.
"""

import os
import signal
from types import FrameType

EXIT_OK = 0


def end_at_once() -> None:
    """Let SIGTERM and SIGINT end the process with 0 from now on."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)


def end_already() -> None:
    """Let neither of them change how a process ends that is about to."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)


def _end(_number: int, _frame: FrameType | None) -> None:
    # No SystemExit: in the middle of an import, or of a destructor, it could be swallowed.
    os._exit(EXIT_OK)

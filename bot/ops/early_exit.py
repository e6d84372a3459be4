"""A bot that is asked to end before it is one ends at once, and as well as later.

Imported before anything that takes its time. Until the process has a database open there is nothing to finish:
what a process leaves behind that ends here is what one leaves behind that is killed, and that is taken up or rolled
back at the next start.
"""

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

EXIT_OK = 0
_ASKED = (signal.SIGTERM, signal.SIGINT)


def exit_on_signals() -> None:
    """Let SIGTERM and SIGINT end the process with 0 from now on."""
    for number in _ASKED:
        signal.signal(number, _end)


@contextlib.contextmanager
def heard(loop: "AbstractEventLoop") -> Iterator[None]:
    """Let each signal wake a loop that waits, so that what it does is done at once.

    Python runs what a signal does between two of its own steps. A signal that comes just before the loop begins to
    wait, or that another thread takes, interrupts no waiting: without a word through a socket nothing would be done
    until the loop wakes by itself, which may be never. asyncio's own way puts the system's handlers back when the loop
    closes, and a second signal at that moment would kill.
    """
    import socket

    here, there = socket.socketpair()
    with here, there:
        here.setblocking(False)
        there.setblocking(False)
        loop.add_reader(here, here.recv, 4096)
        before = signal.set_wakeup_fd(there.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)
            loop.remove_reader(here)


def ask_first(loop: "AbstractEventLoop", asked: Callable[[], object]) -> None:
    """Let both call ``asked`` on the loop instead, which is ``heard``: from now on there is something to finish."""

    def ask(_number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(asked)  # in the middle of whatever the loop does

    for number in _ASKED:
        signal.signal(number, ask)


def ignore_signals() -> None:
    """Let neither of them change how a process ends that is about to."""
    for number in _ASKED:
        signal.signal(number, signal.SIG_IGN)


def _end(_number: int, _frame: FrameType | None) -> None:
    # No SystemExit: in the middle of an import, or of a destructor, it could be swallowed.
    os._exit(EXIT_OK)

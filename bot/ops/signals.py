"""SIGTERM and SIGINT: what they do before the bot runs, while it runs, and while the process ends.

Imported before anything that takes long to import. Until the whole bot is imported nothing is received, and there is
nothing to finish. So the process ends at once; the next start continues or rolls back what it left, as after a kill.
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
    """End the process with 0 on both signals, from now on."""
    for number in _ASKED:
        signal.signal(number, _end)


@contextlib.contextmanager
def wake_on_signals(loop: "AbstractEventLoop") -> Iterator[None]:
    """Wake a waiting loop on each signal, so that its handler runs at once.

    Python runs handlers between two of its own steps. A signal that comes just before the loop begins to wait, or that
    another thread gets, does not interrupt the wait: without a byte on a socket the handler would run only when the
    loop wakes by itself, which may be never. asyncio's own way restores the system's handlers when the loop closes,
    and a second signal at that moment would kill the process.
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


def call_on_signals(loop: "AbstractEventLoop", called: Callable[[], object]) -> None:
    """Call ``called`` on the loop instead: from now on there is something to finish. Needs ``wake_on_signals``."""

    def ask(_number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(called)  # in the middle of whatever the loop does

    for number in _ASKED:
        signal.signal(number, ask)


def ignore_signals() -> None:
    """Ignore both signals while the process ends."""
    for number in _ASKED:
        signal.signal(number, signal.SIG_IGN)


def _end(_number: int, _frame: FrameType | None) -> None:
    # No SystemExit: in the middle of an import, or of a destructor, it could be swallowed.
    os._exit(EXIT_OK)

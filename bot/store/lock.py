"""One program per database: an exclusive lock on a file beside it, which names the holder."""

import fcntl
import json
import os
import socket
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.core.errors import Refused
from bot.core.shown_times import in_full


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock, as far as its file tells."""

    pid: int = 0
    host: str = ""
    since: datetime | None = None  # the file's own time: when the holder wrote its name

    def __str__(self) -> str:
        """Return e.g. ``process 4711 on host ops-1 since 2026-11-21 14:30 UTC``."""
        if not self.pid:
            return "another process"
        since = f" since {in_full(self.since)}" if self.since else ""
        return f"process {self.pid} on host {self.host}{since}"


class Lock:
    """A held lock. The operating system gives it back when the process ends, however it ends."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @property
    def held(self) -> bool:
        """Whether the lock has not been given back."""
        return self._descriptor >= 0

    def release(self) -> None:
        """Give the lock back. The file stays: removing it would let two processes hold two files."""
        if self.held:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)  # closing releases
            self._descriptor = -1


def lock_path(database: Path) -> Path:
    """Return where the lock of a database stands."""
    return database.with_name(database.name + ".lock")


def take(database: Path) -> Lock:
    """Take the lock beside the database.

    Raises ``Refused("locked")`` naming the holder, ``Refused("unwritable")`` where no lock file can be made.
    """
    path = lock_path(database)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise unwritable(database, error) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise Refused(
            "locked",
            f"The database {database} is in use by {holder(database)}.",
            "Stop that one first, or set FLOWBOT_DATABASE to another path.",
        ) from error
    os.ftruncate(descriptor, 0)
    os.write(descriptor, json.dumps({"pid": os.getpid(), "host": socket.gethostname()}).encode())
    return Lock(descriptor)


def holder(database: Path) -> Holder:
    """Return who holds the lock, as its file tells; an empty holder where it does not."""
    path = lock_path(database)
    try:
        words = json.loads(path.read_text(encoding="utf-8"))
        since = datetime.fromtimestamp(path.stat().st_mtime, tz=UTC)
        return Holder(pid=int(words["pid"]), host=str(words["host"]), since=since)
    except (OSError, ValueError, KeyError, TypeError):
        return Holder()


def unwritable(database: Path, error: OSError) -> Refused:
    """Return the sentence for a path that cannot be written."""
    folder = database.parent
    if not folder.exists():
        return Refused(
            "unwritable",
            f"The directory {folder} for the database does not exist.",
            "Create it, or set FLOWBOT_DATABASE to a path that exists.",
        )
    return Refused(
        "unwritable",
        f"The database {database} cannot be written: {error.strerror or error}.",
        "Give this user the right to write there, or set FLOWBOT_DATABASE to another path.",
    )

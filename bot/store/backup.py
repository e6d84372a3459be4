"""A backup while the bot runs: a few pages at a time, everybody else's units between them."""

import os
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from bot.store import posts
from bot.store.backup_target import target

PAGES = 64  # at once; 256 KiB
ROWS = 500  # at once


def backup(connection: sqlite3.Connection, database: Path, path: Path, between: Callable[[], None]) -> None:
    """Copy the database to ``path``, calling ``between`` after each few pages.

    What is written between two steps through this same connection is part of the copy
    (https://www.sqlite.org/backup.html, "the source database may be modified"). What waits in the copy is looked up
    in Slack before it is said from there. The copy appears under its name only when it is whole and on the disk,
    readable by its owner alone; until then an older backup stands there. Raises OSError, sqlite3.Error, or
    ``Refused("backup_target")``.
    """
    real = target(database, path)
    descriptor, name = tempfile.mkstemp(prefix=".flowbot-", suffix=".part", dir=real.parent)  # with mode 0600
    part = Path(name)
    try:
        os.close(descriptor)
        with closing(sqlite3.connect(part)) as copy:
            connection.backup(copy, pages=PAGES, progress=lambda _status, _left, _all: between())
            while posts.mark_copy_unclear(copy, ROWS):
                copy.commit()
                between()
        _to_disk(part)
        part.replace(target(database, path))  # asked again: meanwhile something else may have come there
        _to_disk(real.parent)
    finally:
        for ending in ("", "-journal", "-wal", "-shm"):
            part.with_name(part.name + ending).unlink(missing_ok=True)


def _to_disk(path: Path) -> None:
    """Wait until a file, or the names in a folder, would outlive a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

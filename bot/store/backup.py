"""A backup while the bot runs: a few pages at a time, everybody else's units between them."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from bot.store import posts

PAGES = 64  # at once; 256 KiB
ROWS = 500  # at once


def backup(connection: sqlite3.Connection, path: Path, between: Callable[[], None]) -> None:
    """Copy the database to ``path``, calling ``between`` after each few pages.

    What is written between two steps through this same connection is part of the copy
    (https://www.sqlite.org/backup.html, "the source database may be modified"). What waits in the copy is looked up
    in Slack before it is said from there. The copy appears under its name only when it is whole, readable by its
    owner alone. Raises OSError or sqlite3.Error.
    """
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        with closing(sqlite3.connect(part)) as copy:
            connection.backup(copy, pages=PAGES, progress=lambda _status, _left, _all: between())
            while posts.doubt(copy, ROWS):
                copy.commit()
                between()
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)

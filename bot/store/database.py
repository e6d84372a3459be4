"""Opening a SQLite file the safe way, and the sentences for what may be in the way."""

import contextlib
import logging
import os
import sqlite3
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from bot.core.errors import Refused, TemporaryFailure
from bot.store.lock import unwritable
from bot.store.schema import migrate

log = logging.getLogger(__name__)

Version = tuple[int, int, int]

PROBE = 1 << 20  # bytes that a disk must take to count as mended
LOCK_TIMEOUT = 5.0  # seconds to wait for another program that holds the file


@dataclass(unsafe_hash=True)  # not frozen: contextlib sets ``__traceback__`` on what passes through it
class DatabaseUnavailable(TemporaryFailure):
    """The database could not be read or written just now; nothing was changed."""

    reason: str  # SQLite's words

    def __str__(self) -> str:
        """Return the sentence."""
        return (
            f"flowbot's database cannot be used right now: {self.reason}. Nothing was changed; "
            "ask an admin to look at the disk, then try again."
        )


def journal_mode(version: Version) -> str:
    """Return the journal mode that is safe under this version of SQLite.

    Write-ahead logs can be corrupted by two connections before 3.51.3 and its backports
    (https://www.sqlite.org/wal.html, "the WAL-reset bug").
    """
    safe = version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)
    return "wal" if safe else "truncate"


def open_database(
    path: Path, version: Version = sqlite3.sqlite_version_info, *, lock_timeout: float = LOCK_TIMEOUT
) -> Database:
    """Open or make the file, readable by its owner alone, and lead it to the newest version.

    The connection belongs to the calling thread and commits nothing by itself. Raises ``Refused``.
    """
    _make(path)
    connection = sqlite3.connect(path, timeout=lock_timeout, isolation_level=None, cached_statements=256)
    try:
        connection.row_factory = sqlite3.Row
        connection.execute(f"PRAGMA journal_mode = {journal_mode(version)}")
        connection.execute("PRAGMA synchronous = full")
        connection.execute("PRAGMA foreign_keys = on")
        db = Database(connection, strict=True, execute_plugins=False)
        migrate(db)
        scrub(connection)
    except sqlite3.OperationalError as error:
        connection.close()
        raise DatabaseUnavailable(str(error)) from error
    except sqlite3.DatabaseError as error:
        connection.close()
        raise Refused(
            "not_a_database",
            f"{path} is not a database that can be read: {error}.",
            "Set FLOWBOT_DATABASE to another path, or restore a backup there.",
        ) from error
    except BaseException:
        connection.close()
        raise
    return db


def probe(db: Database, folder: Path) -> None:
    """Write a little into the database, and a megabyte beside it: a full disk takes something small now and then.

    Raises ``DatabaseUnavailable``.
    """
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(PROBE))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise DatabaseUnavailable(error.strerror or str(error)) from error
    db.execute("INSERT OR REPLACE INTO notes VALUES ('probe', datetime('now'))")


def scrub(connection: sqlite3.Connection) -> None:
    """Write the file anew, once, after secrets were taken out: free pages and the write-ahead log still hold them."""
    if connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'unscrubbed'").fetchone() is None:
        return
    try:
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("DROP TABLE unscrubbed")
    except sqlite3.OperationalError as error:  # no room for a second file: that is no reason not to start
        log.warning("what older versions kept is not overwritten yet; it is tried again at the next start: %s", error)


def _make(path: Path) -> None:
    """Make the file where there is none, and close it to others where there is one."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with contextlib.suppress(PermissionError):  # another user's file that we may write stays theirs
            os.fchmod(descriptor, 0o600)
        os.close(descriptor)
    except OSError as error:
        raise unwritable(path, error) from error

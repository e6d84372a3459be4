"""What is SQLite's own: opening a file the safe way, bringing it to the newest version, and what may be in the way."""

import contextlib
import logging
import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import sqlite_utils

from bot.core.bridges.model import BridgeSettings
from bot.core.errors import DatabaseUnavailable, Refusal
from bot.core.text.language import EN
from bot.core.text.mask import DEFAULT, without_secrets
from bot.core.text.message import msg
from bot.store.lock import unwritable
from bot.store.schema import APPLICATION, STEPS

log = logging.getLogger(__name__)

Version = tuple[int, int, int]

PROBE = 1 << 20  # bytes that a disk must take to count as working again
LOCK_TIMEOUT = 5.0  # seconds to wait for another program that holds the file


class SqliteDatabase(sqlite_utils.Database):
    """The connection, as a transaction is handed it (``database.Database``)."""

    is_shared = False
    has_queued_posts = False
    has_bridge_events = False
    bridges = BridgeSettings()
    language = EN
    forget: Callable[[Iterable[str]], None]
    path = Path()
    me = ""

    def insert_rows(self, head: str, rows: Sequence[Sequence[Any]], tail: str = "") -> None:
        """As the protocol says."""
        self.execute(_inserting(head, len(rows), len(rows[0]), tail), [value for row in rows for value in row])

    def probe(self) -> None:
        """Write a little into the database, and a megabyte next to it: a full disk takes something small now and then.

        Raises ``DatabaseUnavailable``.
        """
        try:
            with tempfile.TemporaryFile(dir=self.path.parent) as file:
                file.write(bytes(PROBE))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise DatabaseUnavailable(error.strerror or str(error)) from error
        self.execute("INSERT OR REPLACE INTO notes VALUES ('probe', datetime('now'))")


@cache
def _inserting(head: str, rows: int, columns: int, tail: str) -> str:
    row = f"({', '.join('?' * columns)})"
    return f"{head} VALUES {', '.join([row] * rows)}{tail}"


def journal_mode(version: Version) -> str:
    """Return the journal mode that is safe under this version of SQLite.

    Write-ahead logs can be corrupted by two connections before 3.51.3 and its backports
    (https://www.sqlite.org/wal.html, "the WAL-reset bug").
    """
    safe = version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)
    return "wal" if safe else "truncate"


def open_database(
    path: Path, version: Version = sqlite3.sqlite_version_info, *, lock_timeout: float = LOCK_TIMEOUT
) -> SqliteDatabase:
    """Open or make the file, readable by its owner alone, and bring it to the newest version.

    The connection belongs to the calling thread and commits nothing by itself. Raises ``Refusal``.
    """
    _make(path)
    connection = sqlite3.connect(path, timeout=lock_timeout, isolation_level=None, cached_statements=256)
    try:
        connection.row_factory = sqlite3.Row
        connection.execute(f"PRAGMA journal_mode = {journal_mode(version)}")
        connection.execute("PRAGMA synchronous = full")
        connection.execute("PRAGMA foreign_keys = on")
        db = SqliteDatabase(connection, strict=True, execute_plugins=False)
        db.path = path
        migrate(db)
        scrub(connection)
    except sqlite3.OperationalError as error:
        connection.close()
        raise DatabaseUnavailable(str(error)) from error
    except sqlite3.DatabaseError as error:
        connection.close()
        raise Refusal(
            "not_a_database",
            msg("{path} is not a database that flowbot can read: {why}.", path=str(path), why=str(error)),
            msg("Set FLOWBOT_DATABASE to another path, or restore a backup there."),
        ) from error
    except BaseException:
        connection.close()
        raise
    return db


def scrub(connection: sqlite3.Connection) -> None:
    """Rewrite the file, once, after secrets were deleted: free pages and the write-ahead log still hold them."""
    if connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'unscrubbed'").fetchone() is None:
        return
    try:
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("DROP TABLE unscrubbed")
    except sqlite3.OperationalError as error:  # no space for a second file: that is not a reason not to start
        log.warning("Secrets that older versions stored are not overwritten yet. The next start tries again: %s", error)


def migrate(db: SqliteDatabase, steps: Sequence[Sequence[str]] = STEPS) -> int:
    """Bring the database to the newest version; return how many steps were taken.

    A step runs in ``BEGIN EXCLUSIVE`` together with the new ``user_version``: it happened whole or not at all, so
    a crash half-way is repeated at the next start.

    Raises ``Refusal`` for a database of another program ("foreign_database") and for one that a newer flowbot
    has written ("newer_database").
    """
    prepare(db.conn)
    taken = 0
    while _take_step(db, steps):
        taken += 1
    return taken


def prepare(connection: sqlite3.Connection) -> None:
    """Give a connection the functions that steps call."""
    connection.create_function("masked", 1, _masked, deterministic=True)


def _masked(text: str) -> str:
    return without_secrets(text, DEFAULT)


def _take_step(db: SqliteDatabase, steps: Sequence[Sequence[str]]) -> bool:
    """Take one step, whole or not at all; return whether there was one to take."""
    db.execute("BEGIN EXCLUSIVE")
    try:
        version = _recognised(db, len(steps))
        if version < len(steps):
            for statement in steps[version]:
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {version + 1}")
            db.execute(f"PRAGMA application_id = {APPLICATION}")
        db.execute("COMMIT")
    except BaseException:
        db.conn.rollback()
        raise
    return version < len(steps)


def _recognised(db: SqliteDatabase, newest: int) -> int:
    """The version of a database that is ours, or new."""
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    application = int(db.execute("PRAGMA application_id").fetchone()[0])
    empty = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0
    if application != APPLICATION and not (empty and application == version == 0):
        raise Refusal(
            "foreign_database",
            msg("This database belongs to another program."),
            msg("Set FLOWBOT_DATABASE to a path of its own. flowbot makes a new file there."),
        )
    if version > newest:
        raise newer_database(version, newest)
    return version


def newer_database(version: int, newest: int) -> Refusal:
    """The refusal of a database that a newer flowbot has written."""
    return Refusal(
        "newer_database",
        msg(
            "A newer flowbot has written this database: it has version {version}, and this flowbot reads versions "
            "up to {newest}.",
            version=str(version),
            newest=str(newest),
        ),
        msg("Start the newer flowbot again, or restore a backup from before it."),
    )


def _make(path: Path) -> None:
    """Make the file where there is none, and close it to others where there is one."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with contextlib.suppress(PermissionError):  # another user's file that we may write stays theirs
            os.fchmod(descriptor, 0o600)
        os.close(descriptor)
    except OSError as error:
        raise unwritable(path, error) from error

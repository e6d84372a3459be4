"""A backup while flowbot runs: a few pages at a time, everybody else's transactions between them.

It may be written at a new name, or over an older backup; never over a database that is in use. Files are compared by
device and inode, so that links, relative paths and file systems that do not tell capital letters apart lead to the same
answer as the plain name.
"""

import os
import sqlite3
import stat
import tempfile
import unicodedata
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from bot.core.errors import Refusal
from bot.core.text.message import Message, msg
from bot.store.schema import APPLICATION
from bot.store.sqlite import SqliteDatabase
from bot.store.transactions import ROWS, Transactional

_PAGES = 64  # at once; 256 KiB

BESIDE = ("-journal", "-wal", "-shm", ".lock", ".sock")  # what belongs to a database under its name
_MAGIC = b"SQLite format 3\x00"
_APPLICATION_AT = slice(68, 72)  # https://www.sqlite.org/fileformat.html, "The Database Header"
_HEADER = 100  # bytes
_WAY_OUT = msg("Nothing was changed. Choose another file.")


class Backup(Transactional):
    """Copying the database while it is used."""

    async def backup(self, path: Path) -> None:
        """Copy the database to a file while everything else goes on. Raises ``Refusal``: "backup", "backup_target"."""
        db, between = self._db, self._database_thread.run_waiting_jobs
        if not isinstance(db, SqliteDatabase):
            raise Refusal(
                "backup",
                msg("A database on PostgreSQL is backed up with its own tools. Nothing was copied."),
                msg("Use `pg_dump`, or `flowbot database copy`."),
            )
        try:
            await self._run(lambda: copy(db.conn, db.path, path, between))
        except (OSError, ValueError, sqlite3.Error) as error:  # ValueError: a name that no file can have
            why = error.strerror if isinstance(error, OSError) else None
            raise Refusal(
                "backup",
                msg("Can't write the backup {path}: {why}.", path=str(path), why=why or str(error)),
                msg("An older backup there was not changed. Choose another path, or free some space there."),
            ) from error


def copy(connection: sqlite3.Connection, database: Path, path: Path, between: Callable[[], None]) -> None:
    """Copy the database to ``path``, calling ``between`` after each few pages.

    What is written between two steps through this same connection is part of the copy
    (https://www.sqlite.org/backup.html, "the source database may be modified"). What waits in the copy is looked up
    in Slack before it is said from there. The copy appears under its name only when it is whole and on the disk,
    readable by its owner alone; until then an older backup is kept. Raises OSError, sqlite3.Error, or
    ``Refusal("backup_target")``.
    """
    real = target(database, path)
    descriptor, name = tempfile.mkstemp(prefix=".flowbot-", suffix=".part", dir=real.parent)  # with mode 0600
    part = Path(name)
    try:
        os.close(descriptor)
        with closing(sqlite3.connect(part)) as made:
            connection.backup(made, pages=_PAGES, progress=lambda _status, _left, _all: between())
            while _mark_unclear(made, ROWS):
                made.commit()
                between()
        _to_disk(part)
        part.replace(target(database, path))  # asked again: something else may be there by now
        _to_disk(real.parent)
    finally:
        for ending in ("", "-journal", "-wal", "-shm"):
            part.with_name(part.name + ending).unlink(missing_ok=True)


def _mark_unclear(copy: sqlite3.Connection, most: int) -> int:
    """Turn what waits in a copy into unclear: it may have been sent before the copy is put back. Return how many.

    Edits stay: they are said again in any case. Files stay, too: nothing tells whether they were shown.
    """
    return copy.execute(
        "UPDATE posts SET state = 'unclear', doubts = doubts + 1, tried_at = NULL, why = 'of a copy' WHERE seq IN ("
        " SELECT seq FROM posts WHERE state = 'queued' AND kind IN ('message', 'whisper') LIMIT ?)",
        [most],
    ).rowcount


def _to_disk(path: Path) -> None:
    """Wait until a file, or the names in a folder, would outlive a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def target(database: Path, path: Path) -> Path:
    """Return the file to write, links followed.

    Raises ``Refusal("backup_target")`` where a backup must not be written, OSError where that cannot be told.
    """
    real = Path(os.path.realpath(path))
    if _belongs_to(database, real):
        raise _refused(msg("{path} belongs to the database that flowbot should copy.", path=str(path)))
    if ending := _ending_of(real):  # to SQLite, or to another flowbot, it would belong to the database of that name
        raise _refused(
            msg("{path} ends in {ending}, like a file that belongs to a database.", path=str(path), ending=ending)
        )
    try:
        found = real.stat()
    except FileNotFoundError:
        found = None
    if found is not None and not stat.S_ISREG(found.st_mode):
        raise _refused(msg("{path} is not a file.", path=str(path)))
    if found is not None and not _is_flowbots(real):
        raise _refused(msg("{path} exists, and it is not a backup of flowbot.", path=str(path)))
    for beside in _in_the_way(real):
        raise _refused(
            msg("{path} is in use as a database: {beside} is next to it.", path=str(path), beside=beside.name)
        )
    return real


def _ending_of(path: Path) -> str:
    name = _folded(path.name)
    return next((ending for ending in BESIDE if name.endswith(ending)), "")


def _in_the_way(path: Path) -> list[Path]:
    """Return what shows that a database lives at a path: its lock, or a log that SQLite would apply to the copy."""
    lock, *logs = (path.with_name(path.name + ending) for ending in (".lock", "-journal", "-wal"))
    return [each for each in (lock,) if os.path.lexists(each)] + [
        each for each in logs if os.path.lexists(each) and each.lstat().st_size
    ]


def _belongs_to(database: Path, path: Path) -> bool:
    """Whether a path is the database, or what stands beside it or may come to stand there."""
    own = [database, *(database.with_name(database.name + ending) for ending in BESIDE)]
    if any(_same(each, path) for each in own):
        return True
    return _same(database.parent, path.parent) and _folded(path.name) in {_folded(each.name) for each in own}


def _same(one: Path, other: Path) -> bool:
    try:
        return os.path.samestat(one.stat(), other.stat())
    except OSError:  # one of them is not there
        return False


def _folded(name: str) -> str:
    """Return a name as the least exact file system compares it."""
    return unicodedata.normalize("NFC", name).casefold()


def _is_flowbots(path: Path) -> bool:
    """Whether a file is a database that flowbot wrote."""
    with path.open("rb") as file:
        header = file.read(_HEADER)
    return header.startswith(_MAGIC) and int.from_bytes(header[_APPLICATION_AT], "big") == APPLICATION


def _refused(sentence: Message) -> Refusal:
    return Refusal("backup_target", sentence, _WAY_OUT)

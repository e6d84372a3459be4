"""A file as one side of a copy. The new one is written under a name of its own, and renamed once it is on the disk."""

import contextlib
import os
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from bot.store.backup import BESIDE
from bot.store.backup import _to_disk as to_disk
from bot.store.copying.sides import AT_ONCE, Batch, Part, cannot, no_database, not_empty, opening, quoted, refused, same
from bot.store.lock import real_path, take
from bot.store.schema import STEPS
from bot.store.sqlite import open_database


class SqliteSide:
    """An open file."""

    def __init__(self, connection: sqlite3.Connection, name: str, *, was_older: bool = False) -> None:
        connection.row_factory = None
        self._connection, self._name, self.was_older = connection, name, was_older
        self._indexes: list[tuple[str, str]] = []

    def has_rowid(self, table: str) -> bool:
        """Whether its rows are numbered as they arrive, though no column says so."""
        keys = self._all("SELECT type FROM pragma_table_info(?) WHERE pk", table)
        is_plain = self._all("SELECT 1 FROM pragma_table_list WHERE name = ? AND NOT wr", table)
        return bool(is_plain) and keys != [("INTEGER",)]

    def count(self, table: str) -> int:
        """How many rows a table has."""
        return int(self._all(f"SELECT count(*) FROM {table}")[0][0])  # noqa: S608  names of ours only

    def batches(self, part: Part) -> Iterator[Batch]:
        """The rows of a table in order."""
        with _said("read", self._name):
            cursor = self._connection.execute(part.select)
            while batch := cursor.fetchmany(AT_ONCE):
                yield batch

    def last_numbers(self) -> Mapping[str, int]:
        """The last numbers that were given."""
        return dict(self._all("SELECT name, seq FROM sqlite_sequence"))

    def fitting(self, batch: Batch) -> tuple[Batch, int]:
        """The same rows: a file holds all that PostgreSQL does."""
        return batch, 0

    def begin(self) -> None:
        """Get ready for many rows in a file that nobody needs if this fails."""
        self._indexes = self._all("SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL")
        with _said("write", self._name):
            for setting in ("journal_mode = off", "synchronous = off", "foreign_keys = off"):
                self._connection.execute(f"PRAGMA {setting}")
            for name, _ in self._indexes:
                self._connection.execute(f"DROP INDEX {name}")
            self._connection.execute("BEGIN")

    def write(self, part: Part, batches: Iterable[Batch]) -> None:
        """Add rows to a table."""
        places = ", ".join("?" * len(part.columns))
        insert = f"INSERT INTO {part.table} ({quoted(part.columns)}) VALUES ({places})"  # noqa: S608  names of ours only
        with _said("write", self._name):
            self._connection.executemany(insert, (row for batch in batches for row in batch))

    def finish(self, last_numbers: Mapping[str, int]) -> None:
        """Go on counting from there, and make the indexes."""
        counting = {name for (name,) in self._all("SELECT name FROM sqlite_schema WHERE sql LIKE '%AUTOINCREMENT%'")}
        with _said("write", self._name):
            for table in sorted(counting & last_numbers.keys()):
                self._connection.execute("DELETE FROM sqlite_sequence WHERE name = ?", [table])
                self._connection.execute("INSERT INTO sqlite_sequence VALUES (?, ?)", [table, last_numbers[table]])
            for _, sql in self._indexes:
                self._connection.execute(sql)
            self._connection.execute("COMMIT")

    def _all(self, sql: str, *values: str) -> list[Any]:
        with _said("read", self._name):
            return self._connection.execute(sql, values).fetchall()


# ── from ──


@contextmanager
def source(path: Path) -> Iterator[SqliteSide]:
    """Open a file for as long as it is copied. Raises ``Refusal``."""
    path = real_path(path)
    with opening(str(path)):
        if not _has_content(path):
            raise no_database(str(path))
        lock = take(path)
    try:
        with opening(str(path)):
            version = _version(path)
            database = open_database(path)
        with closing(database.conn):
            yield SqliteSide(database.conn, str(path), was_older=version < len(STEPS))
    finally:
        lock.release()


def _has_content(path: Path) -> bool:
    try:
        return path.is_file() and path.stat().st_size > 0
    except OSError as error:
        raise cannot("read", str(path), error.strerror or str(error)) from error


def _version(path: Path) -> int:
    """The version of a file as it was left. ``open_database`` says what is wrong with one that cannot be read."""
    with contextlib.suppress(sqlite3.Error), closing(sqlite3.connect(path)) as connection:
        if connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0:
            raise no_database(str(path))
        return int(connection.execute("PRAGMA user_version").fetchone()[0])
    return 0


# ── to ──


@contextmanager
def target(path: Path, from_: Path | None) -> Iterator[SqliteSide]:
    """Make a new file, complete or not at all, for its owner alone. Raises ``Refusal``."""
    real, name = real_path(path), str(path)
    if from_ is not None and _is_same(real, real_path(from_)):
        raise same(name)
    _require_free(real)
    with opening(name):
        lock = take(real)  # no flowbot begins there meanwhile
    try:
        with _new_file(real.parent, name) as part:
            with _said("write", name), opening(name):
                connection = open_database(part).conn
            with closing(connection):
                side = SqliteSide(connection, name)
                side.begin()
                yield side
            with _said("write", name):
                to_disk(part)
                _require_free(real)
                part.replace(real)
                to_disk(real.parent)
    finally:
        lock.release()


@contextmanager
def _new_file(folder: Path, name: str) -> Iterator[Path]:
    with _said("write", name):
        descriptor, made = tempfile.mkstemp(prefix=".flowbot-", suffix=".part", dir=folder)  # with mode 0600
    os.close(descriptor)
    part = Path(made)
    try:
        yield part
    finally:
        for ending in ("", "-journal", "-wal", "-shm"):
            part.with_name(part.name + ending).unlink(missing_ok=True)


def _is_same(one: Path, other: Path) -> bool:
    with contextlib.suppress(OSError):  # one of them is not there
        return one.samefile(other)
    return one == other


def _require_free(path: Path) -> None:
    """Raise ``Refusal`` unless a new database may be made there: nothing is ever overwritten."""
    if path.name.casefold().endswith(BESIDE):
        raise refused("not_empty", f"{path} has a name like a file that belongs to a database.", "Name another file.")
    if os.path.lexists(path) and (not path.is_file() or path.stat().st_size):
        raise not_empty(str(path), "Name a file that does not exist.")
    for ending in ("-journal", "-wal"):  # SQLite would apply it to the new file
        log = path.with_name(path.name + ending)
        if os.path.lexists(log) and log.lstat().st_size:
            raise not_empty(str(log), "It belongs to a database that was there. Name another file.")


@contextmanager
def _said(act: str, name: str) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError, ValueError) as error:  # ValueError: a name that no file can have
        why = error.strerror if isinstance(error, OSError) else None
        raise cannot(act, name, why or str(error)) from error

"""A database on PostgreSQL, as a transaction is handed it, and its connection: one, for the store's one thread.

    BEGIN IMMEDIATE   waits for the one row of ``replication``: writers queue up across all replicas, as on SQLite, so
                      no transaction is ever repeated; then asks whether we are who we think we are
    BEGIN             a snapshot that is only read

Both ask how often cached rows were written: what another replica has written is forgotten here (``forget``). A
connection that is lost fails the transaction, and the next one connects again. Where it is lost in ``COMMIT``, nobody
is told anything before a new connection has said what became of it (``_was_committed``).
"""

import json
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import psycopg
from psycopg import sql as psycopg_sql
from psycopg.types.numeric import Int8Dumper
from psycopg.types.string import StrDumperUnknown

from bot.core.bridges.model import BridgeSettings
from bot.core.errors import CommitUnknown, DatabaseUnavailable, DatabaseUnreachable, NewerDatabase, Superseded
from bot.core.text.language import EN
from bot.core.values import dataclass
from bot.store.database import CACHES
from bot.store.postgres import schema
from bot.store.postgres.sql import Statement, translated
from bot.store.schema import STEPS

CHANNEL = "flowbot"  # of NOTIFY
# A replica that stops in the middle of a transaction is cut off, so that the others go on.
_SESSION = """
SET idle_in_transaction_session_timeout = 5000; SET lock_timeout = {lock}; SET statement_timeout = 30000;
SET timezone = 'UTC'; SET client_encoding = 'UTF8'; SET jit = off; SET max_parallel_workers_per_gather = 0;
SET random_page_cost = 1.1
"""
CONNECT = {
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 5000,  # milliseconds
    "application_name": "flowbot",
}
_PAUSE = 1.0  # seconds after a connection failed in which no other is tried
_PATIENCE = 10.0  # seconds in which it is asked what became of a commit
_ASK_AGAIN = 0.1  # seconds

_STATE = "SELECT version, leader, incidents, seen, rules FROM replication"
_FORGET_COMMITS = "DELETE FROM commits WHERE at < now_ms() - 24 * 60 * 60 * 1000"
_READ = f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {_STATE}"

FAILED = (psycopg.OperationalError, psycopg.InterfaceError, psycopg.InternalError)


class _Flag(Int8Dumper):
    """A truth value as SQLite takes it: a number."""

    def dump(self, obj: Any) -> Any:
        return super().dump(int(obj))


class _Text(StrDumperUnknown):
    """A text; PostgreSQL holds none with NUL."""

    def dump(self, obj: Any) -> Any:
        return super().dump(_without_nul(obj))


def _without_nul(value: Any) -> Any:
    return value.replace("\x00", "\ufffd") if isinstance(value, str) and "\x00" in value else value


_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def connect(url: str, *, lock_timeout: float) -> "psycopg.Connection[Any]":
    """A connection that commits each statement by itself. Raises ``DatabaseUnavailable``."""
    options = {name: value for name, value in CONNECT.items() if f"{name}=" not in url}
    try:
        connection = psycopg.connect(url, autocommit=True, row_factory=_row_factory, **options)  # type: ignore[arg-type]
        connection.adapters.register_dumper(bool, _Flag)
        connection.adapters.register_dumper(int, Int8Dumper)
        connection.adapters.register_dumper(str, _Text)
        connection.execute(_SESSION.format(lock=int(1000 * lock_timeout)))
    except FAILED as error:
        raise DatabaseUnreachable(words(error)) from error
    return connection


class PostgresDatabase:
    """The database with its connection.

    ``me`` is the id of this replica once it has joined the others, and empty for a program that only looks in.
    ``forget`` is called with the names of the caches whose rows somebody else has written. ``leads`` is set once this
    replica has become the leader.
    """

    is_shared = True
    has_queued_posts = False
    has_bridge_events = False
    bridges = BridgeSettings()
    language = EN

    def __init__(self, url: str, *, lock_timeout: float) -> None:
        self.url, self.me, self.leads = url, "", False
        self.forget: Callable[[Iterable[str]], None] = lambda _names: None
        self.total_changes = 0
        self.tables = schema.tables()
        self._lock_timeout = lock_timeout
        self._counts: dict[str, int] = {}
        self._written: set[str] = set()
        self._notices: set[str] = set()
        self._is_writing = self._is_in_transaction = self._has_written = False
        self._writer, self._commits = secrets.token_hex(8), 0  # who has committed, and how often
        self._is_in_doubt = False  # nobody knows what became of a commit
        self._retry_at = 0.0
        self._connection: psycopg.Connection[Any] | None = connect(url, lock_timeout=lock_timeout)
        try:
            schema.migrate(self._connection)
            self._connection.execute(_FORGET_COMMITS)
        except FAILED as error:
            self.close()
            raise DatabaseUnreachable(words(error)) from error
        except BaseException:
            self.close()
            raise

    @property
    def conn(self) -> "PostgresDatabase":
        """The connection: the database itself speaks as SQLite's does."""
        return self

    # ── statements ──

    def execute(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] | None = None) -> Any:
        """Run a statement; ``BEGIN``, ``BEGIN IMMEDIATE`` and ``COMMIT`` among them."""
        if sql == "BEGIN IMMEDIATE":
            return self._begin_write()
        if sql == "BEGIN":
            return self._begin_read()
        if sql == "COMMIT":
            return self._commit()
        statement = _translation(sql)
        cursor = self._run(statement.text, () if parameters is None else parameters)
        self._note_written(statement, cursor.rowcount)
        return cursor

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> Any:
        """Run a statement for each of the rows."""
        statement = _translation(sql)
        with self._open().cursor() as cursor:
            try:
                cursor.executemany(statement.text, list(rows))
            except FAILED as error:
                raise self._unavailable(error) from error
            self._note_written(statement, cursor.rowcount)
            return cursor

    def insert_rows(self, head: str, rows: Sequence[Sequence[Any]], tail: str = "") -> None:
        """As the protocol says: one text of JSON, for values by the thousand take long to read here and there."""
        sql, columns = _inserting(head, tail)
        text = _json([dict(zip(columns, row, strict=True)) for row in rows])
        if "\\u0000" in text:
            text = _json(
                [{name: _without_nul(value) for name, value in zip(columns, row, strict=True)} for row in rows]
            )
        self.execute(sql, [text])

    def table(self, table_name: str, *, pk: Any) -> "_Table":
        """A table, as sqlite-utils has them."""
        return _Table(self, table_name, pk)

    def notify(self, *names: str) -> None:
        """Tell the replicas that listen, once this transaction is committed."""
        self._notices.update(names)

    def probe(self) -> None:
        """Write a little. Raises ``DatabaseUnavailable``."""
        self.execute("INSERT OR REPLACE INTO notes VALUES ('probe', '')")

    def tell(self, name: str) -> None:
        """Tell the replicas that listen at once, without a transaction."""
        self._run("SELECT pg_notify(%s, %s)", [CHANNEL, name])

    def rollback(self) -> None:
        """Undo the transaction; a connection that does not even take that is given up."""
        connection, self._is_in_transaction = self._connection, False
        if connection is None:
            return
        try:
            connection.rollback()
        except psycopg.Error:
            self._give_up()

    def close(self) -> None:
        """Close the connection."""
        self._give_up()

    # ── transactions ──

    def _begin_write(self) -> None:
        alive = psycopg_sql.Literal(self.me).as_string(None)
        self._start(f"BEGIN; {_STATE} FOR UPDATE; SELECT 1 FROM replicas WHERE id = {alive}", writes=True)  # noqa: S608  our own id

    def _begin_read(self) -> None:
        self._start(_READ, writes=False)

    def _start(self, begin: str, *, writes: bool) -> None:
        self._written.clear()
        self._notices.clear()
        self._is_writing, self._has_written = writes, False
        if writes and self._is_in_doubt:
            raise CommitUnknown
        cursor = self._begun(begin)
        self._is_in_transaction = True
        cursor.nextset()
        state: Any = cursor.fetchone()
        version, leader, *counts = state
        if version > len(STEPS):
            raise NewerDatabase(str(version))
        if writes and self.me:
            cursor.nextset()
            if cursor.fetchone() is None or (self.leads and leader != self.me):
                raise Superseded
        found = dict(zip(CACHES, counts, strict=True))
        if stale := [name for name, count in found.items() if self._counts.get(name, count) != count]:
            self.forget(stale)
        self._counts = found

    def _begun(self, begin: str) -> "psycopg.Cursor[Any]":
        """Begin; on a new connection where the old one was lost meanwhile, which nobody needs to know."""
        was_connected = self._connection is not None
        try:
            return self._run(begin)
        except DatabaseUnavailable:
            if not was_connected or self._connection is not None:
                raise
            self.forget(CACHES)  # the server may be another one by now
            return self._run(begin)

    def _commit(self) -> None:
        if self.has_queued_posts:
            self._notices.add("posts")
        if self.has_bridge_events:
            self._notices.add("bridges")
        end = ""
        if self._is_writing and self._written:
            end = f"UPDATE replication SET {', '.join(f'{name} = {name} + 1' for name in sorted(self._written))}; "  # noqa: S608  names of ours only
        if self._is_writing:
            end += "".join(f"NOTIFY {CHANNEL}, '{name}'; " for name in sorted(self._notices))
        if self._has_written:
            self._commits += 1
            end += (
                f"INSERT INTO commits VALUES ('{self._writer}', {self._commits}, now_ms())"  # noqa: S608  ours
                " ON CONFLICT (writer) DO UPDATE SET number = excluded.number, at = excluded.at; "
            )
        try:
            # To commit the lock of a row would wait for the disk.
            self._run(f"{end}COMMIT" if end or self._has_written else "ROLLBACK")
        except DatabaseUnavailable:
            if not self._is_done():
                raise
        self._is_in_transaction = False
        for name in self._written:
            self._counts[name] += 1

    def _is_done(self) -> bool:
        """Whether a transaction is done though its ``COMMIT`` failed."""
        if self._connection is not None:  # it has answered: it was undone
            return False
        if not self._is_writing:  # what was read was read
            return True
        return self._has_written and self._was_committed()

    def _was_committed(self) -> bool:
        """Whether the commit took place whose answer was lost. Raises ``CommitUnknown``, from then on at each write.

        The row that writers wait for is free once PostgreSQL has done with the lost connection, one way or the other.
        """
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                with connect(self.url, lock_timeout=self._lock_timeout) as connection, connection.transaction():
                    connection.execute("SELECT 1 FROM replication FOR UPDATE")
                    row = connection.execute("SELECT number FROM commits WHERE writer = %s", [self._writer]).fetchone()
                return row is not None and int(row[0]) == self._commits
            except (DatabaseUnavailable, *FAILED) as error:
                if time.monotonic() > until:
                    self._is_in_doubt = True
                    raise CommitUnknown from error
                time.sleep(_ASK_AGAIN)

    def _note_written(self, statement: Statement, rows: int) -> None:
        self._has_written |= rows != 0 and not statement.reads
        if statement.writes and rows > 0:
            self.total_changes += rows
            if statement.cache:
                self._written.add(statement.cache)

    # ── the connection ──

    def _run(self, sql: str, values: Any = None) -> "psycopg.Cursor[Any]":
        connection = self._open()
        try:
            # What has no values may be several statements, which PostgreSQL does not prepare.
            return connection.execute(sql, values, prepare=None if values is not None else False)
        except FAILED as error:
            raise self._unavailable(error) from error

    def _open(self) -> "psycopg.Connection[Any]":
        if self._connection is None or self._connection.closed:
            if self._is_in_transaction:  # what was done on the lost one is undone, and nothing else is done alone
                raise DatabaseUnreachable("the connection was lost")
            if time.monotonic() < self._retry_at:
                raise DatabaseUnreachable("it was not there a moment ago")
            try:
                self._connection = connect(self.url, lock_timeout=self._lock_timeout)
            except DatabaseUnavailable:
                self._retry_at = time.monotonic() + _PAUSE
                raise
        return self._connection

    def _unavailable(self, error: psycopg.Error) -> DatabaseUnavailable:
        if self._connection is not None and self._connection.closed:
            self._give_up()
        return DatabaseUnreachable(words(error))

    def _give_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


@dataclass(frozen=True, slots=True)
class _Table:
    """A table with its key."""

    database: PostgresDatabase
    name: str
    key: str

    def upsert(self, row: Mapping[str, Any]) -> None:
        """Insert a row, or change the columns of the one with its key."""
        columns, changes = ", ".join(row), ", ".join(f"{column} = excluded.{column}" for column in row)
        self.database.execute(
            f"INSERT INTO {self.name} ({columns}) VALUES ({', '.join('?' * len(row))})"  # noqa: S608  names of ours only
            f" ON CONFLICT ({self.key}) DO UPDATE SET {changes}",
            list(row.values()),
        )


@cache
def _inserting(head: str, tail: str) -> tuple[str, tuple[str, ...]]:
    """The statement that inserts the rows of a text, and the columns of a row."""
    name, _, named = head.partition(" INTO ")[2].partition(" ")
    columns = tuple(named.strip("()").split(", ")) if named else schema.tables()[name].columns
    return f"{head} SELECT {', '.join(columns)} FROM json_populate_recordset(NULL::{name}, ?){tail}", columns  # noqa: S608  names of ours only


@cache
def _translation(sql: str) -> Statement:
    return translated(sql, schema.tables())


def words(error: psycopg.Error) -> str:
    """The first line of what PostgreSQL says; no address with a password is ever in it."""
    return str(error).strip().partition("\n")[0] or type(error).__name__


# ── rows ──


class PostgresRow(tuple[Any, ...]):
    """A row, read by name or position as SQLite's are."""

    __slots__ = ()
    places: Mapping[str, int] = {}

    def __getitem__(self, column: Any) -> Any:
        """The value of a column."""
        if type(column) is str:
            column = self.places[column]
        return tuple.__getitem__(self, column)


@cache
def _row_class(names: tuple[str, ...]) -> type[PostgresRow]:
    places = {name: place for place, name in reversed(list(enumerate(names)))}
    return type("Row", (PostgresRow,), {"__slots__": (), "places": places})


def _row_factory(cursor: Any) -> Callable[[Sequence[Any]], PostgresRow]:
    described = cursor.description
    return _row_class(tuple(column.name for column in described)) if described else PostgresRow

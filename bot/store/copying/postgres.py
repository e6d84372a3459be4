"""A database on PostgreSQL as one side of a copy: read in one snapshot, written in one transaction."""

import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from itertools import islice
from typing import TYPE_CHECKING, Any

import psycopg

from bot.core.errors import Refusal
from bot.core.text.message import verbatim
from bot.store.copying.sides import AT_ONCE, Batch, Part, cannot, no_database, not_empty, opening, quoted, refused, same
from bot.store.postgres import schema
from bot.store.postgres.database import connect, words

if TYPE_CHECKING:
    from bot.store.store import ServerAddress

NUL = "\ufffd"
_LOCK_TIMEOUT = 5.0  # seconds
_PATIENT = "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0"
_ASIDE = secrets.randbits(62)  # of advisory locks: who holds it is the source of this very copy

_TABLES = """
SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace
AND relkind IN ('r', 'v', 'm', 'p', 'f', 'S')
"""
_ALIVE = "SELECT name FROM replicas WHERE renewed_at > now_ms() - 10000 ORDER BY name"
_COUNTING = """
SELECT relname, attname, pg_get_serial_sequence(quote_ident(relname), attname)
FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND attidentity <> ''
"""


class PostgresSide:
    """A connection in a transaction."""

    def __init__(self, connection: "psycopg.Connection[Any]", name: str, *, was_older: bool = False) -> None:
        self._connection, self._name, self.was_older = connection, name, was_older

    def has_rowid(self, table: str) -> bool:
        """Whether its rows are numbered as they arrive, in a column that SQLite's table does not show."""
        return bool(self._all("SELECT 1 FROM pg_attribute WHERE attrelid = %s::regclass AND attname = 'rowid'", table))

    def count(self, table: str) -> int:
        """How many rows a table has."""
        return int(self._all(f"SELECT count(*) FROM {table}")[0][0])  # noqa: S608  names of ours only

    def batches(self, part: Part) -> Iterator[Batch]:
        """The rows of a table in order."""
        with _said("read", self._name):
            types = self._types(part)
            with self._connection.cursor().copy(f"COPY ({part.select}) TO STDOUT (FORMAT BINARY)") as copy:
                copy.set_types(types)
                rows = copy.rows()
                while batch := list(islice(rows, AT_ONCE)):
                    yield batch

    def last_numbers(self) -> Mapping[str, int]:
        """The last numbers that were given."""
        numbers = {}
        for table, _, sequence in self._all(_COUNTING):
            ((last, is_given),) = self._all(f"SELECT last_value, is_called FROM {sequence}")  # noqa: S608  PostgreSQL's own name
            if is_given:
                numbers[table] = last
        return numbers

    def fitting(self, batch: Batch) -> tuple[Batch, int]:
        """The rows with another character in the place of NUL, as flowbot itself writes them (``database.py``)."""
        if not any(type(value) is str and "\0" in value for row in batch for value in row):
            return batch, 0
        fitting = [tuple(value.replace("\0", NUL) if type(value) is str else value for value in row) for row in batch]
        return fitting, sum(old != new for old, new in zip(batch, fitting, strict=True))

    def write(self, part: Part, batches: Iterable[Batch]) -> None:
        """Add rows to a table."""
        with _said("write", self._name):
            types = self._types(part)
            into = f"COPY {part.table} ({quoted(part.columns)}) FROM STDIN (FORMAT BINARY)"
            with self._connection.cursor().copy(into) as copy:
                copy.set_types(types)
                for batch in batches:
                    for row in batch:
                        copy.write_row(row)

    def finish(self, last_numbers: Mapping[str, int]) -> None:
        """Go on counting from there, and let PostgreSQL know what is in the tables."""
        with _said("write", self._name):
            for table, column, sequence in self._all(_COUNTING):
                ((highest,),) = self._all(f"SELECT coalesce(max({column}), 0) FROM {table}")  # noqa: S608  as above
                if (last := max(highest, last_numbers.get(table, 0))) > 0:
                    self._connection.execute("SELECT setval(%s, %s)", [sequence, last])
            self._connection.execute("ANALYZE")

    def _types(self, part: Part) -> list[int]:
        found = self._connection.execute(f"SELECT {quoted(part.columns)} FROM {part.table} LIMIT 0")  # noqa: S608  as above
        return [column.type_code for column in found.description or ()]

    def _all(self, sql: str, *values: str) -> list[Any]:
        with _said("read", self._name):
            return self._connection.execute(sql, values or None).fetchall()


@contextmanager
def source(address: "ServerAddress") -> Iterator[PostgresSide]:
    """Read a database that no flowbot uses, or begins to use until it is copied. Raises ``Refusal``."""
    name = str(address)
    with _connected(address) as connection:
        with _said("read", name), opening(name):
            connection.execute("SELECT pg_advisory_lock(%s), pg_advisory_lock(%s)", [schema.LOCK, _ASIDE])
            if "replication" not in _tables(connection):
                raise no_database(name)
            was_older = schema.migrate(connection) > 0
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            connection.execute("LOCK TABLE replication IN EXCLUSIVE MODE")  # nobody writes until the end
            if replicas := connection.execute(_ALIVE).fetchall():
                names = ", ".join(row[0] for row in replicas)
                raise refused("locked", f"flowbot runs on {name}: {names}.", "Stop it, and try again 10 seconds later.")
        yield PostgresSide(connection, name, was_older=was_older)


@contextmanager
def target(address: "ServerAddress") -> Iterator[PostgresSide]:
    """Make the tables and what they hold in one transaction. Raises ``Refusal``."""
    name = str(address)
    with _connected(address) as connection:
        with _said("write", name), opening(name):
            if connection.execute("SELECT pg_try_advisory_lock(%s)", [_ASIDE]).fetchone() != (True,):
                raise same(name)
            connection.execute("BEGIN")
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [schema.LOCK])  # no flowbot begins there meanwhile
            if _tables(connection):
                raise not_empty(name, "Name an empty database. `createdb` makes one.")
            schema.migrate(connection)
        yield PostgresSide(connection, name)
        try:
            connection.execute("COMMIT")
        except psycopg.Error as error:
            raise Refusal(
                "unclear",
                verbatim(f"The connection to {name} was lost at the very end ({words(error)})."),
                verbatim("Copy again. If it is not empty then, the copy is complete, and there is nothing to do."),
            ) from error
        with suppress(psycopg.Error):  # it would be done some minutes later by itself
            connection.execute("ANALYZE")  # PostgreSQL plans badly for tables that it knows nothing about


@contextmanager
def _connected(address: "ServerAddress") -> Iterator["psycopg.Connection[Any]"]:
    """A connection; to close it undoes what is not committed."""
    name = str(address)
    try:
        with opening(name):
            connection = connect(address.url, lock_timeout=_LOCK_TIMEOUT)
    except psycopg.ProgrammingError:  # it may quote the address with its password
        raise cannot("open", name, "the address is not one of PostgreSQL") from None
    with closing(connection):
        connection.execute(_PATIENT)
        yield connection


def _tables(connection: "psycopg.Connection[Any]") -> set[str]:
    return {row[0] for row in connection.execute(_TABLES)}


@contextmanager
def _said(act: str, name: str) -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise cannot(act, name, words(error)) from error

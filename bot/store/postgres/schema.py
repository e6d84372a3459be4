"""The schema on PostgreSQL: that of a new database is what SQLite's has become; later steps are taken one by one.

Everything is done in one transaction that holds a lock, so that of several replicas that start together one makes or
changes the tables, and the others find them.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from functools import cache
from typing import TYPE_CHECKING

from bot.core.errors import Refusal
from bot.core.text.message import msg
from bot.store.postgres import sql
from bot.store.postgres.sql import Table, Tables
from bot.store.schema import STEPS
from bot.store.sqlite import newer_database, prepare

if TYPE_CHECKING:
    import psycopg

FIRST_VERSION = 28  # the version of the first database on PostgreSQL; older ones exist on SQLite only
LOCK = 0x666C6F77  # of PostgreSQL's advisory locks: who makes or changes the tables

# One row: whom writers wait for, who leads, and how often the rows that are cached were written.
_REPLICATION = """
CREATE TABLE replication (
  single BOOLEAN PRIMARY KEY DEFAULT true CHECK (single),
  version BIGINT NOT NULL,
  term BIGINT NOT NULL DEFAULT 0,
  leader TEXT COLLATE "C" NOT NULL DEFAULT '',
  led_at BIGINT NOT NULL DEFAULT 0,
  incidents BIGINT NOT NULL DEFAULT 0,
  seen BIGINT NOT NULL DEFAULT 0,
  rules BIGINT NOT NULL DEFAULT 0
) WITH (fillfactor = 10);
"""
# The last commit of each opening of the database: what is asked where the answer to ``COMMIT`` was lost.
_COMMITS = """
CREATE TABLE commits (
  writer TEXT COLLATE "C" PRIMARY KEY,
  number BIGINT NOT NULL,
  at BIGINT NOT NULL
) WITH (fillfactor = 50);
"""


def migrate(connection: "psycopg.Connection", steps: Sequence[Sequence[str]] = STEPS) -> int:
    """Make the tables, or bring them to the newest version; return how many steps were taken.

    Raises ``Refusal``: "foreign_database", "newer_database".
    """
    with connection.transaction():
        connection.execute(f"SELECT pg_advisory_xact_lock({LOCK})")
        connection.execute("SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0")  # it may take its time
        version = _version(connection)
        if version is None:
            _create(connection, steps)
            return len(steps)
        if version > len(steps):
            raise newer_database(version, len(steps))
        if version < len(steps):  # who is writing finishes; who writes next finds the new version
            connection.execute("SELECT 1 FROM replication FOR UPDATE")
        for step in steps[version:]:
            for statement in step:
                connection.execute(sql.definition(statement))
        if version < len(steps):
            connection.execute(f"UPDATE replication SET version = {len(steps)}")  # noqa: S608  a number
        return len(steps) - version


def _version(connection: "psycopg.Connection") -> int | None:
    """The version of a database that is ours; None of an empty one."""
    names = {
        row[0]
        for row in connection.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'v')"
        )
    }
    if not names:
        return None
    if not {"replication", "replicas", "incidents"} <= names:
        raise Refusal(
            "foreign_database",
            msg("This database belongs to another program."),
            msg("Set FLOWBOT_DATABASE to a database of its own. flowbot makes its tables there."),
        )
    row = connection.execute("SELECT version FROM replication").fetchone()
    return int(row[0]) if row else 0


def _create(connection: "psycopg.Connection", steps: Sequence[Sequence[str]]) -> None:
    connection.execute(sql.FUNCTIONS)
    for statement in _final(steps):
        connection.execute(sql.definition(statement))
    connection.execute(_REPLICATION)
    connection.execute(_COMMITS)
    connection.execute(f"INSERT INTO replication (version) VALUES ({len(steps)})")  # noqa: S608  a number


def _final(steps: Sequence[Sequence[str]]) -> list[str]:
    """The statements that make SQLite's tables, indexes and triggers as they are after all steps."""
    with closing(_made(steps)) as made:
        rows = made.execute(
            "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT IN ('sqlite_sequence', 'unscrubbed')"
            " ORDER BY CASE type WHEN 'table' THEN 0 WHEN 'index' THEN 1 ELSE 2 END, rowid"
        )
        return [row[0] for row in rows]


@cache
def tables() -> Tables:
    """The columns and the key of each table."""
    with closing(_made(STEPS)) as made:
        names = [row[0] for row in made.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {name: _table(made, name) for name in names}


def _table(made: sqlite3.Connection, name: str) -> Table:
    rows = made.execute("SELECT name, pk FROM pragma_table_info(?)", [name]).fetchall()
    key = sorted((pk, column) for column, pk in rows if pk)
    return Table(tuple(column for column, _ in rows), tuple(column for _, column in key))


def _made(steps: Sequence[Sequence[str]]) -> sqlite3.Connection:
    made = sqlite3.connect(":memory:")
    prepare(made)
    for step in steps:
        for statement in step:
            made.execute(statement)
    return made

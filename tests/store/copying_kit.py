"""What the tests of copies share: databases of both kinds, and one with something in every table."""

import contextlib
import sqlite3

import psycopg

from bot.store.copying.copy import ITS_OWN, copy
from bot.store.postgres import schema
from bot.store.postgres.sql import _NUMBERED

TABLES = [name for name in schema.tables() if name not in ITS_OWN]


class Address:
    """As the settings have it: its text has no password."""

    def __init__(self, url):
        self.url = url

    def __str__(self):
        return "postgresql://…"


def quiet(_table, _done, _of):
    pass


def copied(from_, to, told=quiet):
    return copy(from_, to, told, quiet)


def rows(path):
    """What a file holds: its tables in the order that they are read in, and the last number that each has given."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        held = {
            name: connection.execute(f"SELECT {_columns(connection, name)} FROM {name} ORDER BY 1").fetchall()
            for name in TABLES
        }
        return held, set(connection.execute("SELECT * FROM sqlite_sequence"))


def _columns(connection, table):
    """All columns, and where rows count as they arrived, their number before these."""
    (without,) = connection.execute("SELECT wr FROM pragma_table_list WHERE name = ?", [table]).fetchone()
    return "*" if without or table not in _NUMBERED else "rowid, *"


def shape(path):
    """How a file is made."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        pragmas = [
            connection.execute(f"PRAGMA {name}").fetchone()
            for name in ("user_version", "application_id", "integrity_check")
        ]
        return pragmas, set(connection.execute("SELECT type, name, sql FROM sqlite_schema"))


def ask(address, sql):
    with psycopg.connect(address.url, autocommit=True) as connection:
        return connection.execute(sql).fetchall()


def tables(address):
    return ask(address, "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace")


def left_over(path):
    """What else stands in the folder of a file, but for locks."""
    return {each.name for each in path.parent.iterdir() if each.suffix != ".lock"}

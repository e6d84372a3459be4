"""A new database as flowbot makes it, and ready much sooner: it is migrated once, and then copied, or emptied."""

import tempfile
from functools import cache
from pathlib import Path

import postgres
import psycopg

from bot.store.store import Store

DATABASES = ("sqlite", "postgres")

# All rows go, whatever a trigger says, and numbers start over.
_EMPTY = """
DO $$
DECLARE found record;
BEGIN
  SET LOCAL session_replication_role = replica;
  FOR found IN SELECT oid::regclass AS name FROM pg_class
               WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'replication' LOOP
    EXECUTE 'DELETE FROM ' || found.name;
  END LOOP;
  PERFORM setval(oid, 1, false) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'S';
  UPDATE replication SET term = 0, leader = '', incidents = 0, seen = 0, rules = 0;
END $$
"""


@cache
def _migrated():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "flowbot.db"
        Store.open(path).close()
        return path.read_bytes()


class Server:
    """The address of a database on PostgreSQL."""

    def __init__(self, url):
        self.url = url


@cache
def _server():
    """The one database on PostgreSQL of this process, and a connection to it."""
    address = Server(postgres.new_address())
    Store.open(address).close()
    return address, psycopg.connect(address.url, autocommit=True)


def new_database(path):
    """Write one; return its path."""
    path.write_bytes(_migrated())
    return path


def new_address():
    """Empty the database on PostgreSQL; return its address."""
    address, connection = _server()
    connection.execute(_EMPTY)
    return address


def new_store(address, **options):
    """Open a new database that does not wait for the disk: what dies in tests is a process, not the machine."""
    if not isinstance(address, Path):
        return Store.open(address, **options)
    store = Store.open(new_database(address), **options)
    store._database_thread.submit(lambda: store._db.execute("PRAGMA synchronous = off")).result()
    return store

"""The databases of worlds that die, of either kind: a new one, a copy of one as it is, and its opening by a process."""

import itertools
import os
from functools import cache
from pathlib import Path
from shutil import copyfile

import postgres
import psycopg
from new_database import Server, new_database

from bot.store.store import Store

HISTORIES = int(os.environ.get("FLOWBOT_HISTORIES", "0"))  # set where there is time: for all that could happen
WIDE, WIDER = 3, 16  # how much farther apart deaths are at the gate, on SQLite and on PostgreSQL


class Files:
    """SQLite's, in a folder. ``stride``: how far one death is from the next; all are tried where there is time."""

    is_shared = False

    def __init__(self, folder):
        self._paths = (folder / f"{number}.db" for number in itertools.count())
        self._last = None

    def new(self):
        return new_database(next(self._paths))

    def copy(self, address):
        """A copy; the one before it is gone."""
        if self._last is not None:
            self._last.unlink()
        self._last = Path(copyfile(address, next(self._paths)))
        return self._last

    def stride(self, step):
        return 1 if HISTORIES else step * WIDE

    def deaths(self, first, step, sample):
        """After how many statements a story has a death, from a first one on; ``sample`` where few are tried."""
        return itertools.count(first, step if HISTORIES else step * WIDE)

    def close(self):
        """The folder goes with the test."""


class Servers:
    """PostgreSQL's: one database, whose rows are put back to what they were."""

    is_shared = True
    _kept = None

    def new(self):
        """The database as a new one; what it held is gone."""
        self._kept = None
        return _put_back("fresh")

    def copy(self, address):
        """As it was when it was first copied."""
        if self._kept is None:
            self._kept = address
            _connection().execute(_KEEP.format(schema="kept"))
        return _put_back("kept")

    def stride(self, step):
        return 1 if HISTORIES else step * WIDER

    def deaths(self, first, step, sample):
        return itertools.count(first, step) if HISTORIES else [sample]

    def close(self):
        """The database is used again."""


_TABLES = "SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
_SEQUENCES = "SELECT schemaname, sequencename, last_value FROM pg_sequences WHERE schemaname = 'public'"
_KEEP = f"""
DO $$
DECLARE found record;
BEGIN
  DROP SCHEMA IF EXISTS {{schema}} CASCADE;
  CREATE SCHEMA {{schema}};
  CREATE TABLE {{schema}}.sequences AS {_SEQUENCES};
  FOR found IN {_TABLES} LOOP
    EXECUTE format('CREATE TABLE {{schema}}.of_%s AS TABLE public.%I', found.name, found.name);
  END LOOP;
END $$
"""
# All rows go, whatever a trigger says, and numbers go on from where they were.
_PUT_BACK = f"""
DO $$
DECLARE found record;
BEGIN
  SET LOCAL session_replication_role = replica;
  FOR found IN {_TABLES} LOOP
    EXECUTE format('DELETE FROM public.%I', found.name);
    EXECUTE format('INSERT INTO public.%I SELECT * FROM {{schema}}.of_%s', found.name, found.name);
  END LOOP;
  PERFORM setval(format('public.%I', sequencename)::regclass, coalesce(last_value, 1), last_value IS NOT NULL)
  FROM {{schema}}.sequences;
END $$
"""
_uses = itertools.count(1)


@cache
def _address():
    address = Server(postgres.new_address())
    Store.open(address).close()
    return address


@cache
def _connection():
    connection = psycopg.connect(_address().url, autocommit=True)
    connection.execute(_KEEP.format(schema="fresh"))
    return connection


def _put_back(schema):
    _connection().execute(_PUT_BACK.format(schema=schema))
    if next(_uses) % 100 == 0:
        _connection().execute("VACUUM")
    return _address()


async def opened(address):
    """The database, opened by a process that is alone: on PostgreSQL it leads, and whoever was there before is dead."""
    store = Store.open(address)
    if store._db.is_shared:
        await store.join("a test", "1")
        await leads(store)
    return store


async def leads(store):
    """A replica becomes the leader, and all others are dead."""
    await store.lead()
    await store.forget_dead(-1)


async def follows(address):
    """One more replica, which has looked at everything and does nothing."""
    store = Store.open(address)
    await store.join("another", "1")
    await store.incidents(live=False)
    await store.routing_rules()
    return store

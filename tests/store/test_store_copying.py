"""A copy is the whole database, on the other kind, too; or there is none."""

import contextlib
import os
import sqlite3
import stat
from pathlib import Path

import psycopg
import pytest
from everything import fill
from new_database import new_database, new_store
from postgres import drop, new_address
from store_makers import attempt, incident, message
from test_store_migrations import at_version
from test_store_routing import watch

from bot.core.errors import Refusal
from bot.core.incident.facts import ChangeSet
from bot.store.copying import copy as copying
from bot.store.copying import postgres as postgres_copying
from bot.store.copying.copy import ITS_OWN, copy
from bot.store.lock import take
from bot.store.postgres import schema
from bot.store.postgres.sql import _NUMBERED
from bot.store.schema import STEPS
from bot.store.store import Store

TABLES = [name for name in schema.tables() if name not in ITS_OWN]


class Address:
    """As the settings have it: its text has no password."""

    def __init__(self, url):
        self.url = url

    def __str__(self):
        return "postgresql://…"


@pytest.fixture
def server():
    """A new database on PostgreSQL."""
    address = new_address()
    yield Address(address)
    drop(address)


@pytest.fixture
def other(server):
    address = new_address()
    yield Address(address)
    drop(address)


_full = []


@pytest.fixture
async def full(tmp_path):
    """A file with something in every table; it is filled once."""
    path = tmp_path / "full.db"
    if not _full:
        async with new_store(path) as store:
            await fill(store)
        _full.append(path.read_bytes())
    path.write_bytes(_full[0])
    return path


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


# ── whole ──


async def test_every_table_of_the_schema_is_tried(full):
    held, _ = rows(full)
    assert [name for name, found in held.items() if not found] == []


async def test_there_and_back_again_all_is_as_it_was(full, server, tmp_path):
    before, back = rows(full), tmp_path / "back.db"
    report = copied(full, server)
    assert (report.tables, report.changed, report.was_older) == (len(TABLES), 0, False)
    assert report.rows == sum(len(found) for found in before[0].values())
    assert copied(server, back) == report
    assert rows(back) == before == rows(full)
    assert shape(back) == shape(full)
    assert stat.S_IMODE(back.stat().st_mode) == 0o600


@pytest.mark.parametrize("kind", ["file", "server"])
async def test_to_another_of_the_same_kind(full, server, other, tmp_path, kind):
    back = tmp_path / "back.db"
    if kind == "file":
        copied(full, back)
    else:
        copied(full, server)
        copied(server, other)
        copied(other, back)
    assert rows(back) == rows(full)


async def test_postgresql_knows_how_large_the_copied_tables_are(full, server):
    copied(full, server)
    with psycopg.connect(server.url) as connection:
        (known,) = connection.execute("SELECT reltuples FROM pg_class WHERE oid = 'attempts'::regclass").fetchone()
    assert known > 0  # less than nothing where it was never looked at


async def test_numbers_are_never_given_twice(full, server, tmp_path):
    back = tmp_path / "back.db"
    copied(full, server)
    assert ask(server, "SELECT nextval(pg_get_serial_sequence('watches', 'id'))") == [(4,)]  # 3 is deleted by now
    copied(server, back)
    async with Store.open(back) as store:
        assert (await store.add_watch(watch(channel="C9"), lambda _: []))[0].id == 5


async def test_new_rows_come_after_those_that_were_copied(full, server):
    copied(full, server)
    highest = ask(server, "SELECT max(rowid) FROM incidents")[0][0]
    assert ask(server, "SELECT nextval(pg_get_serial_sequence('incidents', 'rowid'))") == [(highest + 1,)]
    ids = [row[0] for row in ask(server, "SELECT id FROM incidents ORDER BY rowid")]
    assert ids[1:] == ["i3", "i1", "i2"]


async def test_flowbot_goes_on_with_either_copy(full, server, tmp_path):
    back = tmp_path / "back.db"
    copied(full, server)
    copied(server, back)
    for address in (server, back):
        async with Store.open(address) as store:
            assert (await store.post("waits")).state.value == "sending"
            assert await store.mark_interrupted() == 1
            assert {each.id for each in await store.incidents()} >= {"i1", "i2", "i3"}
            await store.observe([], [], lambda _: ChangeSet(incidents=(incident("new", 9),)))
            await store.queue([message("new")])
            assert await store.begin_attempt(attempt("new"))


async def test_the_audit_is_only_added_to_in_the_copy_as_well(full, server):
    copied(full, server)
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="only added to"):
        ask(server, "DELETE FROM attempts")


async def test_the_replicas_of_the_copy_are_its_own(full, server, other):
    copied(full, server)
    ask(server, "UPDATE replication SET term = 9, leader = 'r1' RETURNING 1")
    ask(server, "INSERT INTO replicas VALUES ('r1', 'host-1', '1', 1, 1, 1) RETURNING 1")
    copied(server, other)
    assert ask(other, "SELECT term, leader FROM replication") == [(0, "")]
    assert ask(other, "SELECT count(*) FROM replicas") == [(0,)]


async def test_an_older_database_is_brought_to_the_newest_version_first(server, tmp_path):
    path = tmp_path / "old.db"
    at_version(path, len(STEPS) - 1).close()
    assert copied(path, server).was_older
    assert ask(server, "SELECT name FROM notes") == [("zone",)]


async def test_what_postgresql_cannot_hold_is_left_out_and_counted(server, tmp_path):
    path = new_database(tmp_path / "nul.db")
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executemany("INSERT INTO notes VALUES (?, ?)", [("a", "x\0y\0"), ("b", "fine")])
        connection.commit()
    assert copied(path, server).changed == 1
    assert ask(server, "SELECT * FROM notes ORDER BY name") == [("a", "x\ufffdy\ufffd"), ("b", "fine")]


async def test_progress_is_told(full, server):
    told = []
    copy(full, server, lambda *each: told.append(("copied", *each)), lambda *each: told.append(("compared", *each)))
    assert ("copied", "incidents", 4, 4) in told
    assert ("compared", "incidents", 4, 4) in told


# ── or not at all ──


def refused(reason, from_, to, told=quiet):
    with pytest.raises(Refusal) as found:
        copied(from_, to, told)
    assert found.value.reason == reason
    return str(found.value)


async def test_a_file_in_use_is_not_copied(full, server):
    lock = take(full)
    assert f"in use by process {os.getpid()}" in refused("locked", full, server)
    lock.release()
    assert tables(server) == []


async def test_a_database_on_which_flowbot_runs_is_not_copied(full, server, tmp_path):
    copied(full, server)
    ask(server, "INSERT INTO replicas VALUES ('r1', 'host-1', '1', 1, now_ms(), now_ms()) RETURNING 1")
    assert "host-1" in refused("locked", server, tmp_path / "new.db")
    ask(server, "UPDATE replicas SET renewed_at = now_ms() - 11000 RETURNING 1")
    copied(server, tmp_path / "new.db")


async def test_no_flowbot_begins_or_writes_while_its_database_is_copied(full, server, tmp_path):
    copied(full, server)
    stopped = []

    def try_to_begin(*_):
        for sql in ("SELECT 1 FROM replication FOR UPDATE", f"SELECT pg_advisory_xact_lock({schema.LOCK})"):
            with pytest.raises(psycopg.errors.LockNotAvailable):
                ask(Address(f"{server.url}&options=-clock_timeout%3D10"), sql)
            stopped.append(sql)

    copied(server, tmp_path / "new.db", lambda table, *_: table == "runs" and try_to_begin())
    assert len(stopped) == 2


async def test_what_others_write_meanwhile_is_not_half_copied(full, server, tmp_path):
    copied(full, server)

    def add(table, *_):
        ask(server, f"INSERT INTO notes VALUES ('by {table}', '') RETURNING 1")

    copied(server, tmp_path / "new.db", add)
    assert rows(tmp_path / "new.db") == rows(full)


async def test_nothing_is_overwritten(full, server, other, tmp_path):
    copied(full, server)
    before = rows(full)
    new_database(tmp_path / "there.db")
    assert "is not empty" in refused("not_empty", server, tmp_path / "there.db")
    assert "is not empty" in refused("not_empty", full, server)
    with psycopg.connect(other.url) as connection:
        connection.execute("CREATE TABLE mine (x int)")
    refused("not_empty", full, other)
    assert tables(other) == [("mine",)]
    refused("not_empty", server, tmp_path)
    (tmp_path / "new.db-wal").write_text("of an older one")
    refused("not_empty", server, tmp_path / "new.db")
    refused("not_empty", server, tmp_path / "x.db-journal")
    assert rows(full) == before


async def test_an_empty_file_is_as_good_as_none(full, tmp_path):
    (tmp_path / "new.db").touch(mode=0o644)
    copied(full, tmp_path / "new.db")
    assert rows(tmp_path / "new.db") == rows(full)
    assert stat.S_IMODE((tmp_path / "new.db").stat().st_mode) == 0o600


async def test_a_database_is_not_copied_to_itself(full, server, tmp_path, monkeypatch):
    (tmp_path / "link.db").symlink_to(full)
    monkeypatch.chdir(tmp_path)
    for same in (full, tmp_path / "link.db", Path("full.db")):
        refused("same", full, same)
    copied(full, server)
    refused("same", server, Address(f"{server.url}&application_name=other"))


async def test_where_there_is_no_database_there_is_nothing_to_copy(server, other, tmp_path):
    new = tmp_path / "new.db"
    for missing in (tmp_path / "missing.db", tmp_path / "no" / "missing.db", tmp_path):
        assert "no database of flowbot" in refused("no_database", missing, server)
    (tmp_path / "empty.db").touch()
    refused("no_database", tmp_path / "empty.db", server)
    sqlite3.connect(tmp_path / "bare.db").execute("VACUUM").connection.close()
    refused("no_database", tmp_path / "bare.db", server)
    refused("no_database", other, new)
    assert tables(server) == tables(other) == []
    assert not new.exists()
    assert not (tmp_path / "missing.db").exists()


async def test_what_is_not_flowbots_or_newer_is_not_copied(full, server, tmp_path):
    (tmp_path / "text.db").write_text("no database " * 100)
    refused("not_a_database", tmp_path / "text.db", server)
    with contextlib.closing(sqlite3.connect(tmp_path / "foreign.db")) as connection:
        connection.execute("CREATE TABLE mine (x)")
    refused("foreign_database", tmp_path / "foreign.db", server)
    copied(full, server)
    ask(server, "UPDATE replication SET version = 99 RETURNING 1")
    refused("newer_database", server, tmp_path / "new.db")
    with contextlib.closing(sqlite3.connect(full)) as connection:
        connection.execute("PRAGMA user_version = 99")
    refused("newer_database", full, tmp_path / "new.db")


def cutting(server, of=""):
    """Ends all connections to a database, once there is progress of a table."""
    others = "datname = current_database() AND pid <> pg_backend_pid()"
    end = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"
    return lambda table, *_: table.startswith(of) and ask(server, end)


async def test_a_server_that_is_lost_in_the_middle_is_left_without_a_copy(full, server):
    before = rows(full)
    refused("unavailable", full, server, cutting(server, "runs"))
    assert tables(server) == []
    copied(full, server)
    assert rows(full) == before


async def test_a_server_that_is_lost_at_the_very_end_may_have_the_copy_or_not(full, server):
    target = copying._target

    @contextlib.contextmanager
    def cut_off(*addresses):
        with target(*addresses) as side:
            yield side
            cutting(server)("")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(copying, "_target", cut_off)
        assert "lost at the very end" in refused("unclear", full, server)
    assert tables(server) == []


async def test_a_copy_that_reads_otherwise_is_no_copy(full, server):
    write = postgres_copying.PostgresSide.write

    def less(self, part, batches):
        write(self, part, ([] if part.table == "links" else batch for batch in batches))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(postgres_copying.PostgresSide, "write", less)
        assert "links" in refused("differs", full, server)
    assert tables(server) == []


async def test_a_server_that_is_lost_while_it_is_read_leaves_no_file(full, server, tmp_path):
    copied(full, server)
    new = tmp_path / "there" / "new.db"
    new.parent.mkdir()
    refused("unavailable", server, new, cutting(server))
    assert left_over(new) == set()


async def test_a_full_disk_leaves_no_file(full, tmp_path, monkeypatch):
    open_database = copying.sqlite.open_database

    def small(path):
        database = open_database(path)
        if path.suffix == ".part":
            database.execute(f"PRAGMA max_page_count = {database.execute('PRAGMA page_count').fetchone()[0] // 2}")
        return database

    monkeypatch.setattr(copying.sqlite, "open_database", small)
    new = tmp_path / "there" / "new.db"
    new.parent.mkdir()
    assert "full" in refused("unavailable", full, new)
    assert left_over(new) == set()


async def test_ctrl_c_leaves_nothing(full, server, tmp_path):
    def stop(*_):
        raise KeyboardInterrupt

    new = tmp_path / "there" / "new.db"
    new.parent.mkdir()
    for to in (new, server):
        with pytest.raises(KeyboardInterrupt):
            copied(full, to, stop)
    assert left_over(new) == set()
    assert tables(server) == []


async def test_a_folder_that_is_not_there_or_may_not_be_written_is_named(full, tmp_path):
    assert str(tmp_path / "no") in refused("unwritable", full, tmp_path / "no" / "new.db")
    assert "name too long" in refused("unwritable", full, tmp_path / ("x" * 300))

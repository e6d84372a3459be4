"""There is a whole copy or none, whatever happens."""

import contextlib
import os
import sqlite3
import stat
from pathlib import Path

import psycopg
import pytest
from copying_kit import Address, ask, copied, left_over, quiet, rows, tables
from new_database import new_database

from bot.core.errors import Refusal
from bot.store.copying import copy as copying
from bot.store.copying import postgres as postgres_copying
from bot.store.lock import take
from bot.store.postgres import schema


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

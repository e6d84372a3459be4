"""A copy is the whole database, on the other kind, too."""

import contextlib
import sqlite3
import stat

import psycopg
import pytest
from copying_kit import TABLES, ask, copied, rows, shape
from new_database import new_database
from store_makers import attempt, incident, message
from test_store_migrations import at_version
from test_store_routing import watch

from bot.core.incident.facts import ChangeSet
from bot.store.copying.copy import copy
from bot.store.schema import STEPS
from bot.store.store import Store


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

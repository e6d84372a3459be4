"""Opening a database: made, migrated, locked, or refused in a sentence."""

import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading

import pytest
from sqlite_utils import Database
from store_makers import NOW, message

from bot.core.errors import DatabaseUnavailable, Refusal
from bot.store.lock import Holder, holder, lock_path, take
from bot.store.outbox import _DUE
from bot.store.schema import STEPS
from bot.store.sqlite import journal_mode, migrate, open_database
from bot.store.store import Store

HOLD = """
import sys, pathlib
from bot.store.lock import take
lock = take(pathlib.Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


async def test_a_new_database_is_readable_by_its_owner_alone(path):
    Store.open(path).close()
    assert mode(path) == 0o600
    assert mode(lock_path(path)) == 0o600


async def test_an_existing_database_is_closed_to_others(path):
    Store.open(path).close()
    path.chmod(0o644)
    Store.open(str(path)).close()
    assert mode(path) == 0o600


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ((3, 40, 1), "truncate"),
        ((3, 44, 5), "truncate"),
        ((3, 44, 6), "wal"),
        ((3, 46, 1), "truncate"),
        ((3, 50, 7), "wal"),
        ((3, 51, 2), "truncate"),
        ((3, 51, 3), "wal"),
        ((3, 53, 4), "wal"),
    ],
)
def test_write_ahead_logs_are_used_only_where_sqlite_is_sound(version, expected):
    assert journal_mode(version) == expected


def test_the_connection_is_as_safe_as_it_should_be(path):
    connection = open_database(path, (3, 53, 4)).conn
    values = [
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous", "foreign_keys")
    ]
    assert values == ["wal", 2, 1]
    connection.close()


# ── one at a time ──


async def test_a_second_store_is_refused_naming_the_holder(path):
    with_lock = Store.open(path)
    with pytest.raises(Refusal) as refused:
        Store.open(path)
    assert refused.value.reason == "locked"
    assert f"in use by process {os.getpid()} on host " in str(refused.value)
    assert " since 20" in str(refused.value)
    with_lock.close()
    with_lock.close()  # twice is once
    Store.open(path).close()


def test_the_lock_holds_between_processes_and_ends_with_its_process(path):
    arguments = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        with pytest.raises(Refusal, match=f"process {process.pid} on host"):
            take(path)
        process.send_signal(signal.SIGKILL)
        process.wait()
    lock = take(path)
    lock.release()
    lock.release()  # twice is once
    assert not lock.held


@pytest.mark.parametrize("text", ["", "nonsense", "{}", json.dumps({"pid": "x", "host": "h"}), "[]"])
def test_a_holder_whose_name_cannot_be_read_is_another_process(path, text):
    lock_path(path).write_text(text)
    assert holder(path) == Holder()
    assert str(Holder()) == "another process"
    assert str(Holder(7, "ops-1")) == "process 7 on host ops-1"


async def test_a_refused_opening_gives_the_lock_back(path):
    path.write_text("this is a diary, not a database, and it is long enough to have a header")
    for _ in range(2):
        with pytest.raises(Refusal, match="not a database that flowbot can read"):
            Store.open(path)


# ── what cannot be opened ──


async def test_a_missing_directory_is_refused_by_name(tmp_path):
    with pytest.raises(Refusal, match=r"directory .*nowhere for the database does not exist"):
        Store.open(tmp_path / "nowhere" / "flowbot.db")


async def test_a_path_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "flowbot.db").mkdir()
    with pytest.raises(Refusal, match=r"Can't write the database .*: Is a directory") as refused:
        Store.open(tmp_path / "flowbot.db")
    assert refused.value.reason == "unwritable"


async def test_a_lock_that_cannot_be_made_is_refused(path):
    lock_path(path).mkdir()
    with pytest.raises(Refusal, match="Can't write the database"):
        Store.open(path)


async def test_a_database_of_another_program_is_refused_and_left_alone(path):
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE bookmarks (url)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(Refusal, match="belongs to another program") as refused:
        Store.open(path)
    assert refused.value.reason == "foreign_database"
    assert path.read_bytes() == before


async def test_a_database_of_a_newer_flowbot_is_refused(path):
    Store.open(path).close()
    newer = sqlite3.connect(path)
    newer.execute("PRAGMA user_version = 99")
    newer.close()
    with pytest.raises(Refusal, match=f"version 99, and this flowbot reads versions up to {len(STEPS)}"):
        Store.open(path)


async def test_a_database_that_another_program_holds_is_an_outage_not_a_crash(path):
    Store.open(path).close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(DatabaseUnavailable, match="database is locked"):
        Store.open(path, lock_timeout=0)
    other.execute("ROLLBACK")
    async with Store.open(path, lock_timeout=0) as store:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(
            DatabaseUnavailable, match=r"not available right now .database is locked.. Nothing was changed"
        ):
            await store.queue([message()])
        other.execute("ROLLBACK")
        await store.queue([message()])
        assert len(await store.due(NOW)) == 1
    other.close()


# ── steps ──


@pytest.fixture
def db():
    connection = sqlite3.connect(":memory:", isolation_level=None)
    yield Database(connection, execute_plugins=False)
    connection.close()


def test_a_step_that_dies_half_way_leaves_nothing_and_is_repeated(db):
    good, bad = ("CREATE TABLE one (a)",), ("CREATE TABLE two (a)", "CREATE TABLE two (a)")
    with pytest.raises(sqlite3.OperationalError, match="already exists"):
        migrate(db, (good, bad))
    assert db.table_names() == ["one"]
    assert migrate(db, (good, ("CREATE TABLE two (a)",), ("CREATE TABLE three (a)",))) == 2
    assert db.table_names() == ["one", "two", "three"]
    assert migrate(db, (good, good, good)) == 0


def test_processes_that_migrate_at_once_all_succeed(path):
    path.touch()
    failures = []

    def work():
        try:
            open_database(path).conn.close()
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_every_table_is_strict(path):
    connection = open_database(path).conn
    tables = [row["sql"] for row in connection.execute("SELECT sql FROM sqlite_schema WHERE type = 'table'")]
    ours = [sql for sql in tables if "sqlite_sequence" not in sql]
    assert len(ours) > 20
    assert all("STRICT" in sql for sql in ours)
    connection.close()


HOT = [
    (f"{_DUE}".replace(":now", "1").replace(":width", "8").replace(":limit", "9"), "posts_state (state=? AND due<?)"),
    ("SELECT * FROM seen WHERE instance IN (SELECT value FROM json_each('[]'))", "PRIMARY KEY"),
    ("SELECT instance FROM seen WHERE finished = 0 AND trigger_at < 1", "seen_unfinished"),
    ("SELECT id FROM incidents WHERE flow_id = 1 ORDER BY opened_at DESC, rowid DESC LIMIT 1", "incidents_of_flow"),
    ("SELECT id FROM incidents WHERE phase IN ('open', 'acknowledged') ORDER BY opened_at DESC", "incidents_live"),
    ("SELECT 1 FROM posts e WHERE e.line = 'x' AND e.state IN ('queued', 'sending', 'unclear')", "posts_line"),
    ("SELECT min(max(due, retry_at)) FROM posts WHERE state = 'queued'", "posts_state"),
    ("SELECT id FROM posts WHERE stands_in = 'C' AND ts = '1' AND ts <> ''", "posts_place"),
    ("SELECT id FROM posts WHERE look_again > 0 AND look_again <= 5", "posts_doubtful"),
    ("SELECT * FROM attempts WHERE ended_at IS NULL ORDER BY id", "attempts_unended"),
    ("SELECT * FROM attempts WHERE person = 'x' AND at >= 1 ORDER BY at DESC", "attempts_of_person"),
    ("SELECT * FROM runs WHERE state IN ('asked', 'running') ORDER BY started_at DESC", "runs_live"),
]


@pytest.mark.parametrize(("query", "index"), HOT)
def test_hot_queries_use_their_index(path, query, index):
    connection = open_database(path).conn
    plan = " / ".join(row["detail"] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}"))
    assert index in plan
    connection.close()

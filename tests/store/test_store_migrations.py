"""Steps to a newer database: cut off by a crash after any statement, they are repeated whole at the next start."""

import asyncio
import contextlib
import json
import os
import shutil
import sqlite3
import stat
from datetime import datetime

import pytest
from sqlite_utils import Database
from store_makers import NOW, attempt, later, message
from thorough import spread

from bot.core.errors import Refusal
from bot.core.outbox.notices import Notice
from bot.store.lock import lock_path
from bot.store.schema import STEPS
from bot.store.sqlite import migrate, open_database, scrub
from bot.store.store import Store

AROUND = 9  # more statements than a step has besides its own: its transaction, and what is asked about the version


class Crashing:
    """A connection of which, before each statement, the files are put aside as a crash would leave them."""

    def __init__(self, connection, path, aside):
        self._connection = connection
        self._path = path
        self._aside = aside
        self.crashes = []

    def execute(self, *statement):
        there = self._aside / f"crash-{len(self.crashes)}.db"
        for ending in ("", "-journal", "-wal", "-shm"):
            file = self._path.with_name(self._path.name + ending)
            if file.exists():
                shutil.copy(file, there.with_name(there.name + ending))
        self.crashes.append((there, statement[0]))
        return self._connection.execute(*statement)

    def __getattr__(self, name):
        return getattr(self._connection, name)


def opened(path):
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = truncate")
    connection.execute("PRAGMA synchronous = off")  # the files are put aside by hand: nothing waits for the disk
    return connection


def at_version(path, version):
    """Make a database as an older flowbot left it, with something in it."""
    connection = opened(path)
    connection.execute("PRAGMA cache_size = 1")  # so that what is not committed reaches the file early
    migrate(Database(connection, execute_plugins=False), STEPS[:version])
    if version:
        connection.execute("INSERT INTO notes VALUES ('zone', 'GMT+8')")
        connection.execute("INSERT INTO deliveries (key, at) VALUES ('old', 1)")
    return connection


def schema(path):
    connection = sqlite3.connect(path)
    found = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name").fetchall()
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert connection.execute("PRAGMA user_version").fetchone() == (len(STEPS),)
    connection.close()
    return found


@pytest.mark.parametrize("version", range(len(STEPS)))
async def test_a_crash_after_any_statement_of_a_step_is_made_good(tmp_path, version):
    """At the gate after any of the first step from that version, and after some of the steps behind it."""
    path, aside = tmp_path / "flowbot.db", tmp_path / "aside"
    aside.mkdir()
    connection = at_version(path, version)
    crashing = Crashing(connection, path, aside)
    migrate(Database(crashing, execute_plugins=False))
    connection.close()
    whole = schema(path)
    assert len(crashing.crashes) > sum(len(step) for step in STEPS[version:])
    own = len(STEPS[version]) + AROUND
    for crashed, statement in crashing.crashes[:own] + spread(crashing.crashes[own:], 30, version):
        connection = opened(crashed)
        migrate(Database(connection, execute_plugins=False))
        kept = connection.execute("SELECT value FROM notes UNION ALL SELECT key FROM deliveries").fetchall()
        assert kept == ([("GMT+8",), ("old",)] if version else []), statement
        connection.close()
        assert schema(crashed) == whole, statement
    async with Store.open(crashed) as store:
        assert await store.record_delivery("old", NOW) is (version == 0)


async def test_a_newer_database_is_refused_and_left_as_it_is(tmp_path):
    path = tmp_path / "flowbot.db"
    Store.open(path).close()
    newer = sqlite3.connect(path)
    newer.execute(f"PRAGMA user_version = {len(STEPS) + 1}")
    newer.execute("CREATE TABLE of_the_future (x)")
    newer.close()
    before = path.read_bytes()
    with pytest.raises(Refusal, match="A newer flowbot has written") as refused:
        Store.open(path)
    assert refused.value.reason == "newer_database"
    assert "restore a backup" in str(refused.value)
    assert path.read_bytes() == before


@pytest.mark.parametrize("version", [(3, 40, 1), (3, 53, 4)], ids=["truncate", "wal"])
def test_the_file_and_all_beside_it_are_its_owners_alone(tmp_path, version):
    path = tmp_path / "flowbot.db"
    old = os.umask(0)
    try:
        connection = open_database(path, version).conn
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO notes VALUES ('a', 'b')")
        modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in tmp_path.iterdir()}
        connection.execute("COMMIT")
        connection.close()
    finally:
        os.umask(old)
    beside = {"flowbot.db-wal", "flowbot.db-shm"} if version > (3, 44) else {"flowbot.db-journal"}
    assert modes == dict.fromkeys({"flowbot.db", *beside}, 0o600)


async def test_the_lock_and_a_backup_are_their_owners_alone(tmp_path):
    path, copy = tmp_path / "flowbot.db", tmp_path / "copy.db"
    old = os.umask(0)
    try:
        async with Store.open(path) as store:
            await store.backup(copy)
            modes = {stat.S_IMODE(each.stat().st_mode) for each in (path, copy, lock_path(path))}
    finally:
        os.umask(old)
    assert modes == {0o600}


async def hurry(store):
    """Let nothing wait for the disk: it is the size of the file that counts here."""
    pragma = store._database_thread.submit(lambda: store._db.conn.execute("PRAGMA synchronous = off"))
    await asyncio.wrap_future(pragma)


async def test_the_file_stays_as_large_as_what_is_kept(tmp_path):
    """Years of days, each with its posts, words and answers; pruned as the running bot does."""
    path = tmp_path / "flowbot.db"
    sizes = []
    async with Store.open(path) as store:
        await hurry(store)
        for month in range(24):
            now = later(days=30 * month)
            for number in range(20):
                key = f"{month}-{number}"
                await store.queue([message(key, text="x" * 4000, due=now)])
                await store.start_sending(key, now)
                await store.mark_sent(key, "C1", f"{month}.{number}", now)
                await store.stash(f"{key} {'y' * 2000}", now)
                await store.record_delivery(key, now)
            await store.prune(now)
            sizes.append(path.stat().st_size)
        assert max(sizes[12:]) <= max(sizes[6:12])
        await store.begin_attempt(attempt())
        await store.prune(later(days=10_000))
        assert len(await store.audit_entries(NOW, later(days=1))) == 1, "the audit is kept for ever"


SINCE = "2026-11-21T09:00:00+00:00"
OLD_NOTES = {
    "outage": json.dumps({"since": SINCE, "notice": "p1", "clear": "", "until": "", "failures": 0}),
    "lag": json.dumps({"post": "p2", "since": SINCE}),
    "coverage": json.dumps({"missing": "abc", "telling": "", "post": "", "watching": 1, "total": 2}),
    "bad channel C0GENERAL1": "is_archived",
    "sign of life": "2026-11-21",
}


async def test_notices_of_an_earlier_version_stand_on(tmp_path):
    path = tmp_path / "flowbot.db"
    with contextlib.closing(at_version(path, 6)) as connection:
        connection.executemany("INSERT INTO notes VALUES (?, ?)", OLD_NOTES.items())
    async with Store.open(path) as store:
        notes = await store.notes()
    since = datetime.fromisoformat(SINCE)
    assert Notice.read(notes["outage"]) == Notice("p1", since)
    assert Notice.read(notes["lag"]) == Notice("p2", since)
    assert Notice.read(notes["coverage"]).about == "abc"
    assert Notice.read(notes["bad channel C0GENERAL1"]).about == "is_archived"
    assert notes["sign of life"] == "2026-11-21"


async def test_a_gap_that_was_closed_in_an_earlier_version_is_no_notice(tmp_path):
    path = tmp_path / "flowbot.db"
    closed = json.dumps({"missing": "", "telling": "", "post": "", "watching": 2, "total": 2})
    with contextlib.closing(at_version(path, 6)) as connection:
        connection.execute("INSERT INTO notes VALUES ('coverage', ?)", [closed])
    async with Store.open(path) as store:
        assert "coverage" not in await store.notes()


HIDDEN = "hunter2-S3cret"
IN_CLEAR = next(version for version, step in enumerate(STEPS) if any("unscrubbed" in each for each in step))


def with_secrets(path, version):
    """Make a database in which an older flowbot has kept secrets in clear, some of it in pages that are free now."""
    connection = at_version(path, version)
    connection.execute("PRAGMA secure_delete = off")  # on some systems it is on
    said = json.dumps({"text": f"trigger 1 with my.secret.thing={HIDDEN}", "team": "T1", "user": "U1"})
    put = connection.execute
    put("INSERT INTO deliveries (key, at, said) VALUES ('d', 1, ?)", [said])
    put("INSERT INTO stashes VALUES ('long', ?, 1)", ["trigger 1 with path=" + "x" * 2500])
    put("INSERT INTO stashes VALUES ('s', ?, 1)", [f"trigger 1 with password={HIDDEN} path=/a"])
    parameters = json.dumps([["password", HIDDEN]])
    words = f"trigger 1 with my.secret.thing={HIDDEN}"
    run = "INSERT INTO runs VALUES (?, 1, 'f', 'T1:U1', 'p', 1, 'C1', '', 'trigger', ?, NULL, 0, 1, 0, ?, 'u', ?, '')"
    put(run, ["1-20261121143000", "asked", parameters, words])
    put(run, ["1-20261121143100", "ended", "[]", "trigger 1"])
    attempt = "INSERT INTO attempts (key, person, channel, thread, surface, words, verb, at, ended_at) VALUES"
    put(f"{attempt} ('a', 'T1:U1', 'C1', '', 'command', ?, 'trigger', 1, 2)", [words])
    put(f"{attempt} ('b', 'T1:U1', 'C1', '', 'command', 'status', 'status', 1, 2)")
    put(
        "INSERT INTO incidents (id, flow_id, flow_name, channel, phase, opened_at, post, owners, last_success, note,"
        " instance_group, gathered) VALUES ('i', 1, 'f', 'C1', 'open', 1, 'p', '[]', '', ?, '', 0)",
        [f"my.secret.thing={HIDDEN}"],
    )
    post = (
        "INSERT INTO posts (id, kind, lane, channel, body, due, thread, user, response_url, incident, line, state)"
        " VALUES (?, ?, 'answer', 'C1', ?, 1, '', 'U1', '', '', 'l', ?)"
    )
    put(post, ["f1", "file", json.dumps({"content": HIDDEN}), "sent"])
    put(post, ["w1", "whisper", json.dumps({"text": HIDDEN}), "given up"])
    put(post, ["m1", "message", json.dumps({"text": "stays"}), "queued"])
    put("CREATE TABLE gone (text TEXT)")
    put("INSERT INTO gone VALUES (?)", [HIDDEN * 5000])
    put("DROP TABLE gone")
    connection.close()


def standing_in(folder):
    return [file.name for file in folder.iterdir() if HIDDEN.encode() in file.read_bytes()]


@pytest.mark.parametrize("version", [IN_CLEAR, 4])
async def test_secrets_that_an_older_version_kept_go_even_from_free_pages(tmp_path, version):
    path = tmp_path / "flowbot.db"
    with_secrets(path, version)
    assert standing_in(tmp_path) == ["flowbot.db"]
    async with Store.open(path) as store:
        assert standing_in(tmp_path) == []
        assert (await store.run("1-20261121143000")).parameters == "unknown"
        assert (await store.run("1-20261121143100")).parameters == ""
        assert await store.stashed("s") == "trigger 1 with password=••• path=/a"
        assert (await store.stashed("long")).endswith("x" * 2500)
        assert (await store.post("m1")).new.body == {"text": "stays"}
        assert (await store.incident("i")).note == "my.secret.thing=•••"
        await store.backup(tmp_path / "backup.db")
    connection = sqlite3.connect(path)
    assert "my.secret.thing=•••" in connection.execute("SELECT said FROM deliveries WHERE key = 'd'").fetchone()[0]
    assert connection.execute("SELECT words FROM attempts ORDER BY id").fetchall() == [
        ("trigger 1 with my.secret.thing=•••",),
        ("status",),
    ]
    for change in ("UPDATE attempts SET words = 'x'", "UPDATE attempts SET answer = 'x'", "DELETE FROM attempts"):
        with pytest.raises(sqlite3.IntegrityError, match="only added to"):
            connection.execute(change)
    assert connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'unscrubbed'").fetchone() is None
    connection.close()
    assert standing_in(tmp_path) == []


def test_where_there_is_no_room_to_write_the_file_again_it_is_tried_at_the_next_start(tmp_path, caplog):
    path = tmp_path / "flowbot.db"
    with_secrets(path, IN_CLEAR)
    connection = opened(path)
    migrate(Database(connection, execute_plugins=False), STEPS[: IN_CLEAR + 1])  # later steps use the free pages again
    connection.execute("BEGIN")  # as a full disk would, this keeps VACUUM from its end
    scrub(connection)
    connection.close()
    assert "The next start tries again" in caplog.text
    assert standing_in(tmp_path) == ["flowbot.db"]
    open_database(path).conn.close()
    assert standing_in(tmp_path) == []

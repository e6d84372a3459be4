"""Where a backup may be written, and what happens to what stood there."""

import asyncio
import os
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from store_makers import message

from bot.core.errors import Refusal
from bot.store.store import Store


@pytest.fixture
def store(sqlite_store):
    """Only a file is copied by flowbot itself."""
    return sqlite_store


BESIDE = ("-journal", "-wal", "-shm", ".lock", ".sock")


def linked(path, there):
    there.symlink_to(path)
    return there


def hard(path, there):
    there.hardlink_to(path)
    return there


ITSELF = {
    "by name": lambda path, _there: path,
    "by another way": lambda path, _there: path.parent / ".." / path.parent.name / path.name,
    "by a link": linked,
    "by a hard link": hard,
    "by a link to a link": lambda path, there: linked(linked(path, there.with_name("one")), there),
    "by a folder's link": lambda path, there: linked(path.parent, there) / path.name,
    "its lock by a link": lambda path, there: linked(path.with_name(path.name + ".lock"), there),
    "its lock by a hard link": lambda path, there: hard(path.with_name(path.name + ".lock"), there),
    **{ending: lambda path, _there, ending=ending: path.with_name(path.name + ending) for ending in BESIDE},
    "in capitals": lambda path, _there: path.with_name((path.name + "-wal").upper()),
}


@pytest.mark.parametrize("named", ITSELF.values(), ids=ITSELF)
async def test_the_database_and_what_belongs_to_it_are_no_place_for_a_backup(store, path, tmp_path, named):
    await store.set_note("a", "b")
    there = named(path, tmp_path / "other")
    before = {each.name: each.stat().st_ino for each in tmp_path.iterdir()}
    with pytest.raises(Refusal, match="belongs to the database that flowbot should copy") as refused:
        await store.backup(there)
    assert refused.value.reason == "backup_target"
    assert {each.name: each.stat().st_ino for each in tmp_path.iterdir()} == before
    assert (await store.notes())["a"] == "b"


async def test_a_relative_path_is_no_way_round(store, path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Refusal, match="belongs to the database"):
        await store.backup(Path(path.name))


def diary(there):
    there.write_text("this is a diary " * 20)


def empty(there):
    there.touch()


def other_database(there):
    connection = sqlite3.connect(there)
    connection.execute("CREATE TABLE bookmarks (url)")
    connection.close()


def pipe(there):
    os.mkfifo(there)


def listener(there):
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(there))


def linked_diary(there):
    diary(there.with_name("diary"))
    there.symlink_to(there.with_name("diary"))


@pytest.mark.parametrize("made", [diary, empty, other_database, pipe, listener, linked_diary, Path.mkdir])
async def test_what_is_no_backup_is_never_replaced(store, tmp_path, monkeypatch, made):
    monkeypatch.chdir(tmp_path)  # a socket's path must be short
    there = Path("there")
    made(there)
    before = os.lstat(there)
    with pytest.raises(Refusal, match=r"there is not a file|there exists, and it is not a backup of flowbot"):
        await store.backup(tmp_path / there)
    after = os.lstat(there)
    assert (after.st_ino, after.st_mode, after.st_size) == (before.st_ino, before.st_mode, before.st_size)


async def test_a_device_is_refused(store):
    ours, theirs = os.openpty()  # of all devices the one in whose folder nothing can be replaced, should this fail
    try:
        with pytest.raises(Refusal, match="is not a file"):
            await store.backup(Path(os.ttyname(theirs)))
    finally:
        os.close(ours)
        os.close(theirs)


async def test_another_flowbots_database_is_not_replaced_whether_it_runs_or_not(store, tmp_path):
    other = tmp_path / "other.db"
    async with Store.open(other) as running:
        await running.set_note("mine", "x")
        with pytest.raises(Refusal, match=r"other\.db is in use as a database: other\.db\.lock is next to it"):
            await store.backup(other)
    with pytest.raises(Refusal, match="is in use as a database"):
        await store.backup(other)
    async with Store.open(other) as again:
        assert (await again.notes())["mine"] == "x"


@pytest.mark.parametrize("ending", [*BESIDE, "-WAL", ".Lock"])
async def test_what_would_belong_to_another_database_is_no_name_for_a_backup(store, tmp_path, ending):
    with pytest.raises(Refusal, match=f"ends in {ending.lower()}, like a file that belongs to a database"):
        await store.backup(tmp_path / f"other.db{ending}")
    assert not (tmp_path / f"other.db{ending}").exists()


async def test_a_name_that_no_file_can_have_is_refused_in_words(store, tmp_path):
    with pytest.raises(Refusal, match="embedded null byte"):
        await store.backup(tmp_path / "a\0b")


async def test_a_log_of_another_database_is_not_put_beside_a_copy(store, tmp_path):
    (tmp_path / "copy.db-wal").write_bytes(b"left behind")
    with pytest.raises(Refusal, match=r"copy\.db-wal is next to it"):
        await store.backup(tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()


async def test_an_older_backup_is_replaced_also_through_a_link(store, tmp_path):
    copy, link = tmp_path / "kept" / "copy.db", tmp_path / "link"
    copy.parent.mkdir()
    link.symlink_to(copy)
    for number in range(3):
        await store.set_note("number", str(number))
        await store.backup(link)
        assert link.is_symlink()
        assert note_of(copy) == str(number)
        assert copy.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in copy.parent.iterdir()] == ["copy.db"]


async def test_what_comes_there_while_it_is_copied_is_not_replaced(store, tmp_path):
    there = tmp_path / "copy.db"
    await store.queue([message(f"p{n}", text="x" * 2000) for n in range(400)])
    copying, came = store.backup(there), False
    database_thread = store._database_thread
    turns = database_thread.run_waiting_jobs

    def comes():
        nonlocal came
        came = came or bool(there.write_text("a diary"))
        turns()

    database_thread.run_waiting_jobs = comes
    with pytest.raises(Refusal, match="exists, and it is not a backup"):
        await copying
    assert came
    assert there.read_text() == "a diary"
    assert not list(tmp_path.glob(".*"))


FULL = """
import asyncio, resource, signal, sys
from pathlib import Path
from bot.core.errors import Refusal
from bot.store.store import Store

async def main():
    async with Store.open(Path(sys.argv[1])) as store:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), resource.RLIM_INFINITY))
        try:
            await store.backup(Path(sys.argv[2]))
        except Refusal as refused:
            print(refused)

asyncio.run(main())
"""


async def test_a_disk_without_room_leaves_the_older_backup_whole(path, tmp_path):
    there = tmp_path / "copy.db"
    async with Store.open(path) as store:
        await store.set_note("number", "1")
        await store.backup(there)
        await store.queue([message(f"p{n}", text="x" * 2000) for n in range(400)])
    ran = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", FULL, str(path), str(there), str(100_000)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "Can't write the backup" in ran.stdout
    assert "An older backup there was not changed." in ran.stdout
    assert note_of(there) == "1"
    assert not list(tmp_path.glob(".*"))


def note_of(copy):
    connection = sqlite3.connect(copy)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        return connection.execute("SELECT value FROM notes WHERE name = 'number'").fetchone()[0]
    finally:
        connection.close()

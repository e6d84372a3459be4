"""The lock belongs to the database itself, whatever it is called, and harms nothing that stands in its place."""

import os
import socket
import threading

import pytest

from bot.core.errors import Refusal
from bot.store import lock
from bot.store.lock import Holder, holder, lock_path, take
from bot.store.store import Store


def test_another_name_of_the_database_finds_the_same_lock(path, tmp_path, monkeypatch):
    link, folder, chain = tmp_path / "link.db", tmp_path / "folder", tmp_path / "chain.db"
    link.symlink_to(path)  # before there is a database, too
    folder.symlink_to(tmp_path)
    chain.symlink_to(link)
    monkeypatch.chdir(tmp_path)
    held = Store.open(link)
    for other in (path, link, chain, folder / path.name, folder / ".." / tmp_path.name / path.name, path.name):
        with pytest.raises(Refusal, match=f"in use by process {os.getpid()}"):
            Store.open(other)
    held.close()
    assert [each.name for each in tmp_path.glob("*.lock")] == ["flowbot.db.lock"]


def test_a_hard_link_lets_no_second_bot_in(path, tmp_path):
    held = Store.open(path)
    other = tmp_path / "other.db"
    other.hardlink_to(path)
    with pytest.raises(Refusal, match="has 2 names") as refused:
        Store.open(other)
    assert refused.value.reason == "linked"
    held.close()
    other.unlink()
    Store.open(path).close()


def linked(there, diary):
    there.symlink_to(diary)


def hard(there, diary):
    there.hardlink_to(diary)


def copied(there, diary):
    there.write_text(diary.read_text())


def pipe(there, _diary):
    os.mkfifo(there)


def listener(there, _diary):
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(there))


def dangling(there, _diary):
    there.symlink_to("nowhere")


@pytest.mark.parametrize("made", [linked, hard, copied, pipe, listener, dangling])
def test_what_stands_in_the_locks_place_is_left_as_it_is(path, tmp_path, monkeypatch, made):
    monkeypatch.chdir(tmp_path)
    diary, there = tmp_path / "diary", lock_path(path)
    diary.write_text("dear diary")
    made(there, diary)
    names = sorted(each.name for each in tmp_path.iterdir())
    for _ in range(2):
        with pytest.raises(Refusal, match=r"is not a lock file of flowbot\. Nothing was changed") as refused:
            Store.open(path)
        assert refused.value.reason == "not_a_lock"
        assert holder(path) == Holder()
    assert diary.read_text() == "dear diary"
    assert sorted(each.name for each in tmp_path.iterdir()) == names


def test_who_waits_for_the_lock_does_not_empty_the_name_of_its_holder(path):
    held = take(path)
    named = lock_path(path).read_text()
    with pytest.raises(Refusal, match="in use"):
        take(path)
    assert lock_path(path).read_text() == named
    held.release()


@pytest.mark.parametrize("left", ["", "{", '{"pi', '{"pid": 4711, "ho'])
def test_a_name_that_a_crash_cut_short_is_still_a_lock(path, left):
    lock_path(path).write_text(left)
    take(path).release()


def test_a_lock_that_is_removed_before_it_is_held_is_taken_again(path, monkeypatch):
    real, removed = lock.fcntl.flock, threading.Event()

    def flock(descriptor, how):
        if not removed.is_set():
            removed.set()
            lock_path(path).unlink()  # by somebody who cleans up
        real(descriptor, how)

    monkeypatch.setattr(lock.fcntl, "flock", flock)
    held = take(path)
    assert os.path.samestat(os.fstat(held._descriptor), lock_path(path).stat())
    held.release()

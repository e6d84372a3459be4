"""How the program's other commands reach replicas that share a PostgreSQL database: those on this machine, in turn."""

import contextlib
import os
import socket
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from bot.core.errors import Refusal
from bot.core.postgres_address import PostgresAddress
from bot.ops import control_socket, replica_sockets

ADDRESS = PostgresAddress("postgresql://maya:hunter22@db/flowbot", "flowbot", "maya", (("db", "5432"),))
OTHER = PostgresAddress("postgresql://maya:hunter22@db/other", "other", "maya", (("db", "5432"),))


async def said(what):
    return f"heard {what['text']}\n"


@pytest.fixture(autouse=True)
def folder(monkeypatch):
    with tempfile.TemporaryDirectory(prefix="flowbot-") as made:
        monkeypatch.setattr(tempfile, "tempdir", made)
        yield Path(made)


@pytest.fixture
def another():
    """A process that lives, with an ID below or above this one's."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process.pid
        process.stdin.close()


async def asked(address=ADDRESS):
    who = []
    answer = await control_socket.ask(address, "say", {"text": "x"}, answered=lambda *each: who.append(each))
    return answer, who[0]


async def test_a_replica_answers_and_is_named():
    runner = await control_socket.serve(ADDRESS, {"say": said})
    assert await asked() == ("heard x\n", (os.getpid(), 1))
    same = PostgresAddress("postgresql://jonas@DB/flowbot", "flowbot", "jonas", (("DB", "5432"),))
    assert (await asked(same))[0] == "heard x\n"
    with pytest.raises(Refusal, match="No flowbot on this machine uses the database postgresql://maya@db/other"):
        await asked(OTHER)
    await runner.cleanup()


async def test_the_folder_and_the_socket_are_their_owners_alone_and_their_names_show_no_password(folder):
    runner = await control_socket.serve(ADDRESS, {"say": said})
    (made,) = folder.iterdir()
    (path,) = made.iterdir()
    assert (stat.S_IMODE(made.stat().st_mode), stat.S_IMODE(path.stat().st_mode)) == (0o700, 0o600)
    assert "hunter22" not in str(path)
    assert len(os.fsencode(f"/tmp/{path.relative_to(folder)}")) < 100
    await runner.cleanup()


async def test_of_several_replicas_the_first_that_answers_is_asked(another, capsys):
    runner = await control_socket.serve(ADDRESS, {"say": said})
    with silent(another):
        answer, who = await asked()
        assert (answer, who) == ("heard x\n", (os.getpid(), 2))
    control_socket.say_which(*who)
    assert capsys.readouterr().err == f"Of the 2 replicas on this machine, process {os.getpid()} answered.\n"
    control_socket.say_which(os.getpid(), 1)
    assert capsys.readouterr().err == ""
    await runner.cleanup()


@contextlib.contextmanager
def silent(process):
    """The socket of another replica, which has just stopped listening."""
    path = replica_sockets.own_path(ADDRESS).with_name(f"{process}.sock")
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))
    yield path


async def test_a_new_replica_removes_what_dead_ones_left_and_leaves_the_living_alone(another):
    with silent(another) as living:
        dead = living.with_name("999999999.sock")
        nonsense = living.with_name("x.sock")
        dead.touch()
        nonsense.touch()
        assert replica_sockets.found(ADDRESS) == [living]
        runner = await control_socket.serve(ADDRESS, {"say": said})
        assert (living.exists(), dead.exists(), nonsense.exists()) == (True, False, False)
        await runner.cleanup()


@pytest.mark.parametrize("made", [lambda path: path.mkdir(mode=0o755), lambda path: path.symlink_to("/"), Path.touch])
async def test_a_folder_that_others_can_use_is_not_used(made, caplog):
    folder = replica_sockets.own_path(ADDRESS).parent
    folder.rmdir()
    made(folder)
    folder.joinpath(f"{os.getpid()}.sock").touch() if stat.S_ISDIR(folder.lstat().st_mode) else None
    assert await control_socket.serve(ADDRESS, {"say": said}) is None
    assert "cannot create a socket in the folder for temporary files (its folder can be used by others)" in caplog.text
    with pytest.raises(Refusal, match="No flowbot on this machine"):
        await asked()


async def test_the_bot_runs_though_the_folder_for_temporary_files_has_a_long_name(folder, monkeypatch, caplog):
    long = folder / ("x" * 90)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    assert await control_socket.serve(ADDRESS, {"say": said}) is None
    assert "(the path is too long). Set TMPDIR to a short path" in caplog.text

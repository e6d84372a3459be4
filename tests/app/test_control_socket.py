"""How the program's other commands reach a running bot: a socket next to the database, only for its owner."""

import asyncio
import socket
import stat
from pathlib import Path

import pytest

from bot.core.errors import Refusal
from bot.core.text.message import msg
from bot.ops import control_socket


async def said(what):
    return f"heard {what['text']}\n"


async def refuses(_what):
    raise Refusal("wrong", msg("That is wrong."), msg("Do it right."))


@pytest.fixture
async def database(tmp_path):
    path = tmp_path / "flowbot.db"
    runner = await control_socket.serve(path, {"import": said, "list": refuses})
    yield path
    await runner.cleanup()


async def test_a_running_bot_answers(database):
    assert await control_socket.ask(database, "import", {"text": "Ü <b>"}) == "heard Ü <b>\n"


async def test_its_refusals_come_as_sentences(database):
    with pytest.raises(Refusal, match=r"That is wrong\. Do it right\."):
        await control_socket.ask(database, "list", {})


async def test_a_command_of_another_version_is_refused(database):
    with pytest.raises(Refusal, match="does not have this command"):
        await control_socket.ask(database, "dance", {})


async def test_the_socket_is_its_owners_alone(database):
    path = control_socket.socket_path(database)
    assert path.name == "flowbot.db.sock"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_the_socket_of_a_killed_bot_is_replaced(tmp_path):
    path = tmp_path / "flowbot.db"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(control_socket.socket_path(path)))
    runner = await control_socket.serve(path, {"import": said})
    assert await control_socket.ask(path, "import", {"text": "x"}) == "heard x\n"
    await runner.cleanup()


async def test_the_socket_is_the_databases_whatever_it_is_called(database, tmp_path):
    database.touch()
    link = tmp_path / "elsewhere" / "link.db"
    link.parent.mkdir()
    link.symlink_to(database)
    assert await control_socket.ask(link, "import", {"text": "x"}) == "heard x\n"


def linked(there, diary):
    there.symlink_to(diary)


def copied(there, diary):
    there.write_text(diary.read_text())


@pytest.mark.parametrize("made", [linked, copied, lambda there, _diary: there.mkdir()])
async def test_another_file_in_its_place_is_left_there_and_the_bot_runs(tmp_path, caplog, made):
    path, diary = tmp_path / "flowbot.db", tmp_path / "diary"
    diary.write_text("dear diary")
    made(control_socket.socket_path(path), diary)
    before = control_socket.socket_path(path).lstat()
    assert await control_socket.serve(path, {}) is None
    assert f"cannot create a socket at {path}.sock (another file is there)" in caplog.text
    assert control_socket.socket_path(path).lstat().st_ino == before.st_ino
    assert diary.read_text() == "dear diary"


async def test_the_bot_runs_though_a_path_is_too_long_for_a_socket(tmp_path, caplog):
    assert await control_socket.serve(tmp_path / ("x" * 120) / "flowbot.db", {}) is None
    assert "(the path is too long). Put the database on a disk of this machine" in caplog.text


async def test_no_running_bot_is_reported_with_what_to_do(tmp_path):
    with pytest.raises(Refusal) as refused:
        await control_socket.ask(tmp_path / "flowbot.db", "list", {})
    assert "but it does not answer at" in str(refused.value)
    assert "Stop it and try again, or ask its operator." in str(refused.value)


async def test_of_one_that_hangs_or_talks_nonsense_it_is_not_known_what_it_did(tmp_path):
    path = tmp_path / "flowbot.db"

    async def nonsense(_reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{]")
        await writer.drain()
        writer.close()

    server = await asyncio.start_unix_server(nonsense, str(control_socket.socket_path(path)))
    with pytest.raises(Refusal, match="its answer did not come"):
        await control_socket.ask(path, "list", {})
    server.close()
    await server.wait_closed()


def test_a_relative_database_has_one_socket():
    assert control_socket.socket_path(Path("a.db")) == Path("a.db.sock").absolute()

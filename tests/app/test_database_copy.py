"""``flowbot database copy``: what is said, what is never shown, and the exit codes."""

import contextlib
import sqlite3

import pytest
from click.testing import CliRunner
from new_database import new_database
from postgres import drop, new_address

from bot.cli import main
from bot.ops import database_copy
from bot.settings import database
from bot.store.store import Store


@pytest.fixture
def server():
    address = new_address()
    yield address
    drop(address)


def run(*arguments):
    return CliRunner().invoke(main, ["database", "copy", *map(str, arguments)])


def with_password(address):
    return address.replace("///", "//flowbot:hunter22@/").replace("&user=flowbot", "")


def test_it_says_what_was_copied_and_how_to_go_on(server, tmp_path):
    path, address = new_database(tmp_path / "flowbot.db"), with_password(server)
    done = run(path, address)
    assert (done.exit_code, done.stderr) == (0, "")
    assert f"Copied 0 rows of 35 tables: {path} was not changed.\n" in done.stdout
    assert "start flowbot only with FLOWBOT_DATABASE=postgresql://flowbot@/flowbot_" in done.stdout
    assert "hunter22" not in done.output
    assert run(address, tmp_path / "back.db").exit_code == 0
    Store.open(tmp_path / "back.db").close()


def test_it_says_that_an_older_database_was_changed_and_which_characters_were(server, tmp_path):
    path = new_database(tmp_path / "flowbot.db")
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO notes VALUES ('a', char(65, 0))")
        connection.commit()
    assert "NUL characters: 1 rows" in run(path, server).stdout
    report = database_copy.Report(rows=1234, tables=35, changed=0, was_older=True)
    said = database_copy._said(report, path, path)
    assert "Copied 1,234 rows" in said
    assert "was only brought to this version." in said


def test_a_refusal_says_what_to_do_and_ends_with_1(server, tmp_path):
    done = run(tmp_path / "missing.db", server)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith(f"There is no database of flowbot at {tmp_path / 'missing.db'}. Nothing was copied.")


@pytest.mark.parametrize(
    ("host", "says"),
    [("127.0.0.1:1", "Connection refused"), ("no-such-host.invalid", "resolve host")],
)
def test_a_server_that_cannot_be_reached_is_named_without_its_password(tmp_path, host, says):
    path = new_database(tmp_path / "flowbot.db")
    done = run(path, f"postgresql://maya:hunter22@{host}/flowbot")
    assert done.exit_code == 1
    assert f"Can't open postgresql://maya@{host}/flowbot: " in done.stderr
    assert says in done.stderr
    assert "hunter22" not in done.output


def test_a_database_that_is_not_there_is_named(server, tmp_path):
    done = run(server.replace("/flowbot_", "/x_"), tmp_path / "new.db")
    assert done.exit_code == 1
    assert "does not exist" in done.stderr


def test_both_addresses_are_looked_at_and_what_is_wrong_ends_with_2():
    done = run("postgresql://maya:hunter22@db/", "mysql://maya:hunter22@db/x")
    assert done.exit_code == 2
    assert "  FROM names no database." in done.stderr
    assert "  TO must be a path (SQLite), or begin with postgresql://." in done.stderr
    assert "hunter22" not in done.output


def test_without_the_driver_it_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setattr(database, "find_spec", lambda _: None)
    done = run(tmp_path / "flowbot.db", "postgresql://db/flowbot")
    assert done.exit_code == 2
    assert "pip install 'flowbot[postgres]'" in done.stderr


def test_a_terminal_sees_how_far_it_is(tmp_path, monkeypatch, capsys):
    path = new_database(tmp_path / "flowbot.db")
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executemany("INSERT INTO notes VALUES (?, '')", [(str(n),) for n in range(1200)])
        connection.commit()
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert database_copy.run(str(path), str(tmp_path / "new.db")) == 0
    assert capsys.readouterr().err == "".join(
        f"\r{act} notes: {done} of 1,200" + "\n" * (done == "1,200")
        for act in ("Copying", "Comparing")
        for done in ("500", "1,000", "1,200")
    )

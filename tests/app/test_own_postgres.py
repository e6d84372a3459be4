"""The PostgreSQL of the tests: databases of their own, and nothing left where a test process ends or is killed."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import postgres
import psycopg
import pytest

TESTS = Path(postgres.__file__).parent
BEGIN = "import postgres, sys; folder, server = postgres.begin(); print(folder, server.pid, flush=True)"


def python(code, **changes):
    environ = {name: value for name, value in os.environ.items() if name != postgres.ENVIRONMENT}
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env=environ | {"PYTHONPATH": str(TESTS)} | changes,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_new_database_is_empty_or_a_copy():
    first = postgres.new_address()
    with psycopg.connect(first) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    second = postgres.new_address(template=postgres.name(first))
    third = postgres.new_address()
    with psycopg.connect(second) as connection, psycopg.connect(third) as another:
        assert connection.execute("SELECT number FROM kept").fetchone() == (7,)
        assert another.execute("SELECT to_regclass('kept')").fetchone() == (None,)
        another.rollback()
        postgres.drop(third)  # although somebody is connected
        another.close()
    postgres.drop(second)
    postgres.drop(first)
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(third)


@pytest.mark.parametrize("ends", ["ends", "is killed"])
def test_the_server_ends_with_the_process_that_began_it(ends):
    with python(f"{BEGIN}; sys.stdin.read()") as run:
        folder, pid = run.stdout.readline().split()
        assert (Path(folder) / ".s.PGSQL.5432").is_socket()
        guard = os.pidfd_open(int(pid))
        if ends == "ends":
            run.stdin.close()
        else:
            run.send_signal(signal.SIGKILL)
        run.wait()
    ended, _, _ = select.select([guard], [], [], 30)  # readable as soon as it is gone
    os.close(guard)
    assert ended
    assert not Path(folder).exists()


def test_where_it_is_not_installed_a_test_fails_and_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(postgres, "DEBIAN", str(tmp_path))
    with pytest.raises(postgres.Absent, match="apt-get install postgresql"):
        postgres.begin()


def test_the_newest_server_is_taken_where_none_is_in_the_path(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(postgres, "DEBIAN", str(tmp_path))
    for version in ("9", "15", "17"):
        folder = tmp_path / version / "bin"
        folder.mkdir(parents=True)
        (folder / "initdb").touch(mode=0o755)
    assert postgres.programs() == tmp_path / "17/bin"


def test_a_server_that_is_there_already_is_shared():
    with python("import postgres; print(postgres.address('some'))", FLOWBOT_TEST_POSTGRES="/run/it") as run:
        assert run.stdout.read().strip() == "postgresql:///some?host=%2Frun%2Fit&user=flowbot"

"""Which database: a path or an address, whose password no line shows, and whose driver must be there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from test_app_settings import GOOD, problems

from bot.core.postgres_address import PostgresAddress
from bot.settings.database import read_database
from bot.settings.readers import Problem
from bot.settings.table import load

ROOT = Path(__file__).resolve().parents[2]
URL = "postgresql://flowbot:hunter%2322@db.example.com/flowbot"


@pytest.mark.parametrize("path", ["flowbot.db", "/var/lib/flowbot/flowbot.db", "./a=b.db", "data/postgres.db"])
def test_a_path_is_an_sqlite_file(path):
    assert read_database(path) == Path(path)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        (URL, "postgresql://flowbot@db.example.com/flowbot"),
        (URL.replace("postgresql", "postgres"), "postgresql://flowbot@db.example.com/flowbot"),
        (URL.replace("postgresql", "PostgreSQL"), "postgresql://flowbot@db.example.com/flowbot"),
        (f"{URL}?sslmode=verify-full&sslrootcert=/etc/ca.pem", "postgresql://flowbot@db.example.com/flowbot"),
        ("postgresql://a:b@[2001:db8::1]:6432/c", "postgresql://a@[2001:db8::1]:6432/c"),
        ("postgresql:///c?host=/run/postgresql&user=a", "postgresql://a@/c?host=/run/postgresql"),
        ("postgresql://a@%2Frun%2Fpostgresql/c", "postgresql://a@/c?host=/run/postgresql"),
        ("postgresql://h:1?dbname=c&port=2", "postgresql://h:2/c"),
        ("postgresql://g,h:5433/c?target_session_attrs=read-write", "postgresql://g,h:5433/c"),
        ("postgresql:///c?host=g,h&port=1&target_session_attrs=primary", "postgresql://g:1,h:1/c"),
        ("postgresql:///c", "postgresql:///c"),
    ],
)
def test_an_address_is_a_postgresql_database(typed, shown):
    import psycopg.conninfo

    got = read_database(typed)
    assert isinstance(got, PostgresAddress)
    assert str(got) == shown
    read = psycopg.conninfo.conninfo_to_dict(got.url)
    assert (read["dbname"], read.get("user", "")) == (got.name, got.user)
    assert read.get("host", "").strip("[]") == ",".join(host for host, _ in got.servers)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("mysql://a:hunter22@h/c", "must be a path (SQLite), or begin with postgresql://"),
        ("postgresql+psycopg://a:hunter22@h/c", "must be a path (SQLite), or begin with postgresql://"),
        ("sqlite:///hunter22.db", "must be a path (SQLite)"),
        ("postgresql:/a:hunter22@h/c", "must be a path (SQLite), or begin with postgresql://"),
        ("host=h dbname=c password=hunter22", "must be a path (SQLite), or begin with postgresql://"),
        ("postgresql://a:hunter22@h", "names no database"),
        ("postgresql://a:hunter22@h/", "names no database"),
        ("postgresql://a:hunter22@h/?sslmode=require", "names no database"),
        ("postgresql://a:hunter22@h/c?dbname=", "names no database"),
        ("postgresql://a:hunter22@h:port/c", "a port that is not a number from 1 to 65535"),
        ("postgresql://a:hunter22@h:70000/c", "a port that is not a number"),
        ("postgresql://a:hunter22@h:0/c", "a port that is not a number"),
        ("postgresql://a:hunter22@h/c?port=x", "a port that is not a number"),
        ("postgresql://a:hun/ter22@h/c", "write @ as %40"),
        ("postgresql://a:hun@ter22@h/c", "write @ as %40"),
        ("postgresql://a:hun:ter22@h/c", "can't tell apart"),
        ("postgresql://a:hun?ter22@h/c", "write @ as %40"),
        ("postgresql://a:hunter%22@h/c".replace("%22", "%2"), "a % without two hexadecimal digits"),
        ("postgresql://a:hunter 22@h/c", "contains a space"),
        ("postgresql://a:hunter22@[::1/c", "is not the address of a database"),
        ("postgresql://a:hunter22@h/c/d", "is not the address of a database"),
        ("postgresql://a@h/c?password=hunter22", "has a password after the question mark"),
        ("postgresql://a@h/c?sslpassword=hunter22", "has a password after the question mark"),
        (
            "postgresql://a:hunter22@h/c?sslmod=require",
            "parameter sslmod, which flowbot does not support. Did you mean",
        ),
        ("postgresql://a:hunter22@h/c?service=x", "parameter service, which flowbot does not support."),
        ("postgresql://a:hunter22@h/c?sslmode=yes", "unknown sslmode. It must be one of disable, allow"),
        ("postgresql://a:hunter22@g,h/c", "names several servers. Add target_session_attrs=read-write"),
        ("postgresql://a:hunter22@g/c?port=1,2", "does not have one port for each server"),
    ],
)
def test_a_bad_address_says_what_is_expected_and_shows_nothing_of_it(value, says):
    (line,) = problems(FLOWBOT_DATABASE=value)
    assert line.startswith("FLOWBOT_DATABASE ")
    assert says in line
    assert "ter22" not in line
    with pytest.raises(Problem):
        read_database(value)


def test_its_password_is_among_the_secrets_as_typed_and_as_meant():
    got = load(GOOD | {"FLOWBOT_DATABASE": URL})
    assert {"hunter%2322", "hunter#22"} <= set(got.secrets)
    assert "hunter" not in repr(got)
    assert set(load(GOOD | {"FLOWBOT_DATABASE": "postgresql://a@h/c"}).secrets) == set(load(GOOD).secrets)


def flowbot(code, *arguments, **environ):
    return subprocess.run(
        [sys.executable, "-c", f"import sys; {code}; from bot.__main__ import main; main()", *arguments],
        env=os.environ | GOOD | {"PYTHONPATH": str(ROOT)} | environ,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("command", [["run"], ["doctor"], ["people", "list"], ["drill"]])
def test_without_its_driver_nothing_begins_and_the_line_to_install_it_is_shown(command, tmp_path):
    ran = flowbot("sys.modules['psycopg'] = None", *command, FLOWBOT_DATABASE=URL)
    assert ran.returncode == 2
    assert "FLOWBOT_DATABASE is a PostgreSQL database, but its driver is not installed." in ran.stderr
    assert "Run: pip install 'flowbot[postgres]'" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_with_sqlite_the_driver_is_never_imported(tmp_path):
    """Not by what flowbot assembles, nor by a store that is opened."""
    code = (
        "import bot.app, bot.doctor.program, bot.ops.offline, bot.ops.process, sys; "
        "from bot.settings.database import read_database; from bot.store.store import Store; "
        "Store.open(read_database(sys.argv[1])).close(); "
        "print([name for name in sys.modules if name.startswith(('psycopg', 'bot.store.postgres'))])"
    )
    run = [sys.executable, "-c", code, str(tmp_path / "flowbot.db")]
    ran = subprocess.run(run, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"

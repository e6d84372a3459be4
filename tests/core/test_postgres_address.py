"""The address of a PostgreSQL database shows no password, and says which database it is, whoever uses it."""

import pytest

from bot.core.postgres_address import PostgresAddress

URL = "postgresql://flowbot:hunter22@db.example.com/flowbot"


def address(*servers, user="flowbot", name="flowbot"):
    return PostgresAddress(URL, name, user, servers, ("hunter22",))


@pytest.mark.parametrize(
    ("shown", "known"),
    [
        ("postgresql://flowbot@db.example.com/flowbot", address(("db.example.com", "5432"))),
        ("postgresql://flowbot@db.example.com:6432/flowbot", address(("db.example.com", "6432"))),
        ("postgresql://flowbot@[::1]:6432,b/flowbot", address(("::1", "6432"), ("b", "5432"))),
        ("postgresql://flowbot@/flowbot?host=/run/postgresql", address(("/run/postgresql", "5432"))),
        ("postgresql://a%40b@c/d%20e", address(("c", "5432"), user="a@b", name="d e")),
        ("postgresql:///flowbot", address(("", "5432"), user="")),
    ],
)
def test_it_shows_no_password(shown, known):
    assert str(known) == shown
    assert URL not in f"{known} {known!r}"
    assert "hunter22" not in f"{known} {known!r}"


def test_it_is_one_database_for_all_its_users():
    maya, jonas = address(("c", "5432"), user="maya"), address(("c", "5432"), user="jonas")
    assert maya.place == jonas.place == "c/flowbot"

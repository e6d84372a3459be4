"""What the doctor says of a PostgreSQL and of the replicas that share it."""

import pytest

from bot.core.checks.on_replicas import ServerFacts, checks

TWO = (("a", "1.0"), ("b", "1.0"))


@pytest.mark.parametrize(
    ("server", "name", "state", "says"),
    [
        (ServerFacts("15.8"), "postgresql", "ok", "PostgreSQL 15.8 answers."),
        (ServerFacts("15.8"), "replicas", "ok", "No replica is running."),
        (
            ServerFacts("15.8", replicas=TWO, leader="b"),
            "replicas",
            "ok",
            "2 replicas are running, version 1.0. b leads.",
        ),
        (
            ServerFacts("15.8", replicas=TWO[:1]),
            "replicas",
            "failed",
            "1 replica is running, version 1.0. None of them leads.",
        ),
        (
            ServerFacts("15.8", replicas=(*TWO, ("c", "1.1")), leader="b"),
            "replicas",
            "warning",
            "The replicas run different versions: 1.0 (a), 1.0 (b), 1.1 (c).",
        ),
        (
            ServerFacts("15.8", ahead=-4.9),
            "database clock",
            "ok",
            "The clocks of this machine and of the database agree.",
        ),
        (
            ServerFacts("15.8", ahead=9.6),
            "database clock",
            "warning",
            "The clock of this machine is 10 s behind the database's.",
        ),
        (
            ServerFacts("15.8", ahead=-61),
            "database clock",
            "warning",
            "The clock of this machine is 61 s ahead of the database's.",
        ),
    ],
)
def test_each_is_said(server, name, state, says):
    check = next(each for each in checks(server) if each.name == name)
    assert (check.state.value, check.says) == (state, says)


def test_a_pooler_that_changes_the_session_is_told():
    assert "database pooler" not in {each.name for each in checks(ServerFacts("15.8"))}
    (check,) = (each for each in checks(ServerFacts("15.8", is_pooled=True)) if each.name == "database pooler")
    assert check.state.value == "failed"
    assert "session mode" in check.fix

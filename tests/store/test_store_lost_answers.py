"""A connection to PostgreSQL that is lost at any statement: what was written is told, and nothing is doubled."""

import contextlib
import threading

import psycopg
import pytest
from lost_connections import Line
from new_database import new_address
from store_makers import NOW, in_transaction, message

from bot.core.errors import CommitUnknown, DatabaseUnavailable, Superseded
from bot.store.postgres import database
from bot.store.store import Store


@pytest.fixture
async def both():
    """A store, and another that looks on."""
    address = new_address()
    async with Store.open(address) as one, Store.open(address) as other:
        yield one, other


@pytest.fixture
def line(both):
    line = Line()
    line.watch(both[0])
    return line


async def statements(store, line):
    """How many statements it takes to queue a post."""
    line.is_cut_at(1000)
    await store.queue([message("first")])
    return 1000 - line.left


@pytest.mark.parametrize("answer", [False, True])
async def test_wherever_the_connection_is_lost_what_is_told_is_what_is_there(both, line, answer):
    one, other = both
    whole = await statements(one, line)
    told = []
    for left in range(whole):
        line.is_cut_at(left, answer=answer)
        try:
            await one.queue([message(f"post{left}")])
            told.append(True)
        except DatabaseUnavailable:
            told.append(False)
        assert (await other.post(f"post{left}") is not None) is told[-1], f"cut at statement {left}"
        await one.queue([message(f"next{left}")])
    assert line.cuts == whole
    between = [False] * (whole - 2)
    assert told == [True, *between, answer], "the first starts over, and a commit is asked for"


async def test_a_commit_that_arrives_late_is_waited_for(both):
    one, other = both
    execute, threads = one._db._run, []

    def run(sql, values=None):
        if not sql.endswith("COMMIT") or threads:
            return execute(sql, values)
        old, one._db._connection = one._db._connection, None
        threads.append(threading.Timer(0.3, lambda: (old.execute(sql, prepare=False), old.close())))
        threads[0].start()
        raise DatabaseUnavailable("the network is slow")

    one._db._run = run
    await one.queue([message("late")])
    threads[0].join()
    assert await other.post("late") is not None


async def test_where_the_database_does_not_come_back_in_time_it_is_not_known(both, line, monkeypatch):
    one, other = both
    whole = await statements(one, line)
    connect = database.connect

    def gone(*_, **__):
        raise DatabaseUnavailable("gone")

    monkeypatch.setattr(database, "connect", gone)
    monkeypatch.setattr(database, "_PATIENCE", 0.2)
    heard = []
    one.on_unavailable = heard.append
    line.is_cut_at(whole - 1, answer=True)
    with pytest.raises(CommitUnknown):
        await one.queue([message("who knows")])
    assert isinstance(heard[0], Superseded), "it starts over, and takes up what it had in hand"
    monkeypatch.setattr(database, "connect", connect)
    with pytest.raises(CommitUnknown):
        await one.queue([message("more")])
    assert await one.post("who knows") is not None, "it may be read"
    assert await other.post("more") is None


async def test_what_is_undone_though_the_connection_is_there_is_not_asked_for(both, monkeypatch):
    one, other = both

    def fails(db):
        db.execute("INSERT INTO notes VALUES ('x', 'y')")
        with contextlib.suppress(psycopg.errors.DivisionByZero):  # and goes on, as no method of the store does
            db.execute("SELECT 1 / 0")

    monkeypatch.setattr(one._db, "_was_committed", lambda: pytest.fail("it has answered"))
    with pytest.raises(DatabaseUnavailable):
        await in_transaction(one, fails)
    assert "x" not in await other.notes()


async def test_nothing_is_done_alone_on_a_new_connection_in_the_middle_of_a_transaction(both):
    one, other = both

    def act(db):
        db.execute("INSERT INTO notes VALUES ('x', 'y')")
        db._connection.close()
        db.execute("INSERT INTO notes VALUES ('z', 'y')")

    with pytest.raises(DatabaseUnavailable):
        await in_transaction(one, act)
    assert not {"x", "z"} & set(await other.notes())


async def test_what_was_read_is_told_though_its_end_is_lost(both, line):
    one, _ = both
    await one.set_note("x", "y")
    line.is_cut_at(2)
    assert (await one.notes())["x"] == "y"
    assert line.cuts == 1


async def test_what_only_reads_leaves_no_commit(both):
    one, _ = both
    count = lambda db: db.execute("SELECT count(*) FROM commits").fetchone()[0]  # noqa: E731
    await one.due(NOW)
    assert await in_transaction(one, count) == 0
    for _ in range(3):
        await one.set_note("x", "y")
    assert await in_transaction(one, count) == 1

"""What is PostgreSQL's own: texts that it does not hold, statements in its words, and plans that use the indexes."""

from dataclasses import replace

import pytest
from new_database import Server, new_address
from store_makers import NOW, in_transaction, incident, message, occurrence, seen
from test_store_opening import HOT

from bot.core.incident.facts import ChangeSet
from bot.core.outbox.posts import PostId
from bot.store.postgres.sql import Table, translated
from bot.store.store import Store

TABLES = {"pairs": Table(("one", "two", "three"), ("one", "two")), "names": Table(("name",), ("name",))}


@pytest.fixture
async def server():
    async with Store.open(new_address()) as store:
        yield store


# ── texts and numbers ──


async def test_what_no_text_may_hold_is_shown_as_missing_and_found_again(server):
    """NUL ends a text elsewhere; an error line, or an id, may have any character."""
    bad = replace(occurrence(), error_line="a\x00b", instance="1-\x001")
    row = seen("1-\x001")
    changes = ChangeSet(incidents=(incident("i\x001", occurrences=[bad]),), seen=(row,), posts=(message("p\x001"),))
    found = []
    await server.observe([], [], lambda _: changes)
    await server.observe([row.instance], [], lambda known: found.append(known) or ChangeSet())
    assert [each.instance for each in found[0].seen.values()] == ["1-\ufffd1"]
    async with Store.open(Server(server._db.url)) as again:
        (kept,) = await again.incidents()
        assert (kept.id, kept.occurrences[0].error_line) == ("i\ufffd1", "a\ufffdb")
        assert (await again.due(NOW))[0].new.id == "p\ufffd1"
        assert (await again.post(PostId("p\x001"))).new.body == {"text": "hello"}


async def test_text_that_is_like_a_placeholder_or_a_quote_stays_as_it_is(server):
    text = "50% of 'a' ? :now %s {} \\ \\u0041 -- no\n\"user\""
    await server.queue([message(text=text)])
    assert (await server.post(PostId("p1"))).new.body == {"text": text}


@pytest.mark.parametrize("number", [2**63 - 1, -(2**63), 1, 2**31, 0])
async def test_whole_numbers_are_kept_whatever_their_size(server, number):
    await in_transaction(
        server, lambda db: db.execute("INSERT INTO readings VALUES (?, 0, 0, ?, ?)", [1, number, number])
    )
    found = await in_transaction(
        server, lambda db: db.execute("SELECT min(swept_at, ?) FROM readings", [number]).fetchone()
    )
    assert found[0] == number


# ── statements ──


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("SELECT ? WHERE a LIKE '%?:x' -- why?", "SELECT %s WHERE a LIKE '%%?:x' "),
        ("SELECT a % 2, :now, b::text", "SELECT a %% 2, %(now)s, b::text"),
        ("SELECT user, p.user, user_id FROM posts p", 'SELECT "user", p.user, user_id FROM posts p'),
        ("SELECT group_concat(l.ts) FROM l", "SELECT string_agg(l.ts, ',') FROM l"),
        ("SELECT 1 WHERE +state IN ('a') AND b + c > 1", "SELECT 1 WHERE state IN ('a') AND b + c > 1"),
        (
            "INSERT OR REPLACE INTO pairs VALUES (?, ?, ?)",
            (
                "INSERT INTO pairs (one, two, three)  VALUES (%s, %s, %s)"
                " ON CONFLICT (one, two) DO UPDATE SET three = excluded.three"
            ),
        ),
        (
            "INSERT OR REPLACE INTO pairs (one, two) VALUES (?, ?)",
            "INSERT INTO pairs (one, two)  VALUES (%s, %s) ON CONFLICT (one, two) DO NOTHING",
        ),
        (
            "INSERT OR IGNORE INTO names SELECT value FROM json_each(?)",
            "INSERT INTO names (name)  SELECT value FROM json_each(%s) ON CONFLICT DO NOTHING",
        ),
    ],
)
def test_a_statement_in_the_words_of_postgresql(ours, theirs):
    assert translated(ours, TABLES).text == theirs


@pytest.mark.parametrize(
    ("statement", "writes", "cache"),
    [
        ("SELECT * FROM seen", False, ""),
        ("INSERT OR REPLACE INTO seen VALUES (1)", True, "seen"),
        ("  UPDATE cards SET place = 1", True, "incidents"),
        ("DELETE FROM prefs", True, "rules"),
        ("DELETE FROM notes", True, ""),
    ],
)
def test_what_a_statement_writes(statement, writes, cache):
    found = translated(statement, {**TABLES, "seen": TABLES["names"]})
    assert (found.writes, found.cache) == (writes, cache)


# ── plans ──


@pytest.mark.parametrize(("query", "index"), HOT)
async def test_hot_queries_can_use_their_index(server, query, index):
    """With tables this small it would not: that it can is what counts, and no cast or collation stands in the way."""
    wanted = "_pkey" if index == "PRIMARY KEY" else index.partition(" ")[0]

    def plan(db):
        db.execute("SET LOCAL enable_seqscan = off")
        return " / ".join(row[0] for row in db.execute(f"EXPLAIN {query}"))

    assert wanted in await in_transaction(server, plan)

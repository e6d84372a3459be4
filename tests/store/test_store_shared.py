"""Several openings of one database on PostgreSQL: each notices what the others write; one that is cut off goes on."""

import asyncio
import threading
from dataclasses import replace

import pytest
from new_database import Server, new_address
from store_makers import JONAS, MAYA, NOW, in_transaction, incident, link, message, occurrence, seen

from bot.core.errors import DatabaseUnavailable, NewerDatabase, Refusal, Superseded
from bot.core.flow.model import FlowId, Instance
from bot.core.incident.facts import ChangeSet
from bot.core.people.model import Person
from bot.core.routing.prefs import DEFAULTS
from bot.core.routing.watch import Filters, Watch
from bot.store.postgres.schema import LOCK
from bot.store.schema import STEPS
from bot.store.store import Store
from bot.store.workspace_keys import KeyChange


@pytest.fixture
async def both():
    address = new_address()
    async with Store.open(address) as one, Store.open(address) as other:
        yield one, other


async def write(store, **changes):
    await store.observe([], [], lambda _: ChangeSet(**changes))


async def backend(store):
    return await in_transaction(store, lambda db: db.execute("SELECT pg_backend_pid()").fetchone()[0])


END = "SELECT pg_terminate_backend(CAST(? AS INT))"


async def end(store, pid):
    await in_transaction(store, lambda db: db.execute(END, [pid]))


async def fate(store, sql, values):
    """What becomes of a transaction: committed or aborted."""
    xid = await in_transaction(
        store, lambda db: [db.execute(sql, values), db.execute("SELECT pg_current_xact_id()").fetchone()[0]][1]
    )
    return await in_transaction(store, lambda db: db.execute("SELECT pg_xact_status(?)", [xid]).fetchone()[0])


async def test_a_transaction_that_wrote_nothing_after_all_does_not_wait_for_the_disk(both):
    one, _ = both
    assert await fate(one, "INSERT OR REPLACE INTO notes VALUES (?, ?)", ["a", "1"]) == "committed"
    assert await fate(one, "UPDATE notes SET value = ? WHERE name = ?", ["2", "b"]) == "aborted"
    assert await fate(one, "SELECT value FROM notes WHERE name = ?", ["a"]) == "aborted"
    assert await fate(one, "CREATE TABLE more (id INTEGER)", []) == "committed"
    assert await in_transaction(one, lambda db: db.execute("DROP TABLE more").rowcount) == -1


# ── caches ──


async def test_an_incident_that_another_has_written_is_read_anew(both):
    one, other = both
    first = incident(occurrences=[occurrence(1)])
    await write(one, incidents=(first,))
    assert await other.incident("i1") == await one.incident("i1") == first
    for changed in (replace(first, note="x"), replace(first, occurrences=(occurrence(2),))):
        await write(one, incidents=(changed,))
        assert await other.incident("i1") == changed


async def test_what_one_decides_on_is_what_the_other_has_written(both):
    one, other = both
    await write(one, incidents=(incident(),))
    await other.incident("i1")
    await one.change("i1", lambda old: ChangeSet(incidents=(replace(old, note=f"{old.note}1"),)))
    await other.change("i1", lambda old: ChangeSet(incidents=(replace(old, note=f"{old.note}2"),)))
    assert (await one.incident("i1")).note == (await other.incident("i1")).note == "12"


async def test_what_was_undone_changes_nothing_for_the_others(both):
    one, other = both
    await write(one, incidents=(incident(),))
    before = await other.incident("i1")

    def dies(db):
        db.execute("UPDATE incidents SET note = 'x'")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await in_transaction(one, dies)
    assert await other.incident("i1") is before


async def test_what_one_writes_itself_it_does_not_read_again(both):
    one, _ = both
    await write(one, incidents=(incident(),))
    mine = await one.incident("i1")
    await write(one, incidents=(incident("i2", 2),), seen=(seen(),))
    await one.set_note("zone", "UTC")
    assert await one.incident("i1") is mine
    assert one.are_unchanged([Instance(seen().instance, FlowId(1), "", seen().status, end_time=seen().end_time)])


async def test_instances_that_another_has_seen_are_looked_up_anew(both):
    one, other = both
    row = Instance(seen().instance, FlowId(1), "", seen().status, end_time=seen().end_time)
    await write(one, seen=(seen(),))
    assert one.are_unchanged([row])
    await write(other, seen=(replace(seen(), status=1),))
    await one.notes()  # any transaction tells
    assert not one.are_unchanged([row])


async def test_routing_rules_of_another_hold_at_once(both):
    one, other = both
    assert await one.routing_rules() is await one.routing_rules()
    assert (await one.routing_rules()).watches == ()
    added, _ = await other.add_watch(Watch(0, "C1", Filters(), MAYA, NOW, ""), lambda _: [])
    await other.change_prefs("C1", lambda _: replace(DEFAULTS, mentions=False), lambda _: [])
    rules = await one.routing_rules()
    assert rules.watches == (added,)
    assert rules.prefs_of("C1").mentions is False
    await other.remove_watch(added, [])
    assert (await one.routing_rules()).watches == ()


# ── many rows at once ──

MANY = [link(Person("T1", f"U{n}"), f"u{n}", f"name{n}") for n in range(600)]


async def test_an_import_is_seen_whole_or_not_at_all_whoever_opens_the_database_meanwhile(both, caplog):
    one, other = both
    written, gate = threading.Event(), threading.Event()
    execute = one._db.execute

    def slow(sql, *values):
        if sql == "COMMIT":
            written.set()
            gate.wait(60)
        return execute(sql, *values)

    one._db.execute = slow
    importing = asyncio.create_task(one.put_links(MANY, posts=[message()]))
    await asyncio.to_thread(written.wait, 60)
    async with Store.open(Server(one._db.url)) as third:
        assert await third.links() == await other.links() == ()
        gate.set()
        await importing
        assert set(await third.links()) == set(await other.links()) == set(MANY)
    assert await other.post("p1") is not None
    assert "touched" not in caplog.text


async def test_an_import_that_dies_changes_nothing(both):
    one, other = both
    await one.put_links(MANY)
    swapped = [link(each.person, f"u{599 - n}", f"name{599 - n}") for n, each in enumerate(MANY)]
    bad = message("bad", user=None)  # what no table takes
    with pytest.raises(Exception, match="not-null"):
        await one.put_links(swapped, posts=[bad])
    assert set(await other.links()) == set(await one.links()) == set(MANY)


async def test_people_have_their_new_keys_all_at_once(both):
    one, other = both
    await one.put_links([link(), link(JONAS, "u2", "jonas")])
    change = KeyChange(("T1",), "E1", {}, Person("E1", "UBOT"), "{}", NOW)
    execute, steps = one._db.execute, []

    def watched(sql, *values):
        if sql.startswith("BEGIN"):
            steps.append(sql)
        return execute(sql, *values)

    one._db.execute = watched
    assert await one.change_person_keys(change) == 2
    assert len(steps) == 1
    assert {each.person.team for each in await other.links()} == {"E1"}


# ── who may write ──


async def test_who_was_declared_dead_writes_nothing_more(both):
    one, other = both
    await one.join("one", "1")
    await other.join("other", "1")
    await one.set_note("zone", "UTC")
    assert await other.forget_dead(lease=0) == ("one",)
    with pytest.raises(Superseded):
        await one.set_note("zone", "CET")
    assert await one.notes() == {"zone": "UTC"}


async def test_who_leads_no_longer_writes_nothing_more(both):
    one, other = both
    await one.join("one", "1")
    await other.join("other", "1")
    assert await one.lead() == 1
    await one.set_note("zone", "UTC")
    assert await other.lead() == 2
    with pytest.raises(Superseded):
        await one.set_note("zone", "CET")
    await other.set_note("zone", "JST")
    assert await one.notes() == {"zone": "JST"}


async def test_where_a_newer_flowbot_has_changed_the_tables_nothing_is_read_or_written(both):
    one, other = both
    try:
        await in_transaction(other, lambda db: db.execute("UPDATE replication SET version = version + 1"))
        with pytest.raises(NewerDatabase):
            await one.set_note("zone", "UTC")
        with pytest.raises(NewerDatabase):
            await one.notes()
    finally:
        other._db._run(f"UPDATE replication SET version = {len(STEPS)}")


# ── connections ──


async def test_who_sleeps_in_a_transaction_is_cut_off_and_the_others_go_on(both):
    one, other = both
    shown = "SHOW idle_in_transaction_session_timeout"
    assert await in_transaction(one, lambda db: db.execute(shown).fetchone()[0]) == "5s"
    began, gate = threading.Event(), threading.Event()

    def sleeps(db):
        db.execute("INSERT INTO notes VALUES ('who', 'one')")
        db.execute("SET idle_in_transaction_session_timeout = 1")
        began.set()
        gate.wait(60)
        db.execute("INSERT INTO notes VALUES ('what', 'one')")

    sleeping = asyncio.create_task(in_transaction(one, sleeps))
    await asyncio.to_thread(began.wait, 60)
    await other.set_note("who", "other")
    gate.set()
    with pytest.raises(DatabaseUnavailable):
        await sleeping
    assert await one.notes() == {"who": "other"}


async def test_a_connection_that_was_lost_between_two_transactions_is_replaced_without_a_word(both):
    one, other = both
    unavailable = []
    one.on_unavailable = unavailable.append
    await write(one, incidents=(incident(),))
    cached = await one.incident("i1")
    lost = await backend(one)
    await end(other, lost)
    await one.set_note("zone", "CET")
    assert unavailable == []
    assert await backend(one) != lost
    assert await other.notes() == {"zone": "CET"}
    assert await one.incident("i1") == cached
    assert await one.incident("i1") is not cached  # it may be another server by now


async def test_a_connection_that_is_lost_within_a_transaction_undoes_it(both):
    one, other = both

    def act(db):
        db.execute("INSERT INTO notes VALUES ('a', 'x')")
        mine = db.execute("SELECT pg_backend_pid()").fetchone()[0]
        other._database_thread.submit(lambda: other._db.execute(END, [mine])).result()
        db.execute("INSERT INTO notes VALUES ('b', 'x')")

    with pytest.raises(DatabaseUnavailable):
        await in_transaction(one, act)
    assert await one.notes() == await other.notes() == {}


async def test_a_server_that_is_not_there_is_asked_once_a_second(both, monkeypatch):
    one, _ = both
    lost = await backend(one)
    asked, now = [], [1000.0]
    monkeypatch.setattr("bot.store.postgres.database.time.monotonic", lambda: now[0])
    working, one._db.url = one._db.url, "postgresql:///nothing?host=/nowhere"
    await end(both[1], lost)
    for _ in range(3):
        with pytest.raises(DatabaseUnavailable) as raised:
            await one.notes()
        asked.append("moment ago" in str(raised.value))
    assert asked == [False, True, True]  # one that was tried instead of the lost one; none
    one._db.url = working
    now[0] += 1.1
    assert await one.notes() == {}


async def test_a_database_that_another_holds_is_an_outage_not_a_crash(both):
    one, _ = both
    address = Server(one._db.url)
    held, gate = threading.Event(), threading.Event()

    def holds(db):
        held.set()
        gate.wait(60)

    async with Store.open(address, lock_timeout=0.001) as third:
        holding = asyncio.create_task(in_transaction(one, holds))
        await asyncio.to_thread(held.wait, 60)
        with pytest.raises(DatabaseUnavailable, match="lock timeout"):
            await third.probe()
        assert await third.notes() == {}  # who reads does not wait
        gate.set()
        await holding
        await third.probe()
        assert await third.notes() == {"probe": ""}


async def test_where_another_changes_the_tables_for_long_it_is_an_outage(both):
    one, _ = both
    address = Server(one._db.url)
    await one._run(lambda: one._db.execute("SELECT pg_advisory_lock(CAST(? AS INT))", [LOCK]))
    with pytest.raises(DatabaseUnavailable, match="lock timeout"):
        Store.open(address, lock_timeout=0.001)


async def test_many_rows_at_once_fail_as_one_does(both):
    one, other = both
    await one.put_links(MANY)
    lost = await backend(one)

    def act(db):
        other._database_thread.submit(lambda: other._db.execute(END, [lost])).result()
        db.executemany("DELETE FROM links WHERE person = ?", [[str(each.person)] for each in MANY])

    with pytest.raises(DatabaseUnavailable):
        await in_transaction(one, act)
    assert len(await one.links()) == len(MANY)


async def test_it_is_no_file_that_could_be_copied(both, tmp_path):
    with pytest.raises(Refusal, match="pg_dump") as refused:
        await both[0].backup(tmp_path / "copy.db")
    assert refused.value.reason == "backup"

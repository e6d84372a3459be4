"""One thread, whole units, backups and forgetting."""

import asyncio
import sqlite3
import subprocess
import sys
import threading
from dataclasses import fields

import psycopg
import pytest
from store_makers import MAYA, NOW, attempt, edit, in_transaction, incident, later, link, message, occurrence, run, seen

from bot.core.errors import Refusal
from bot.core.flow.run import RunState
from bot.core.incident.facts import ChangeSet, ReadState
from bot.core.incident.model import Phase
from bot.core.people.model import DONE, AttemptResult
from bot.store.retention import RetentionPeriods
from bot.store.store import Store
from bot.store.transactions import DatabaseThread


async def size(store, table):
    return await in_transaction(store, lambda db: db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


async def test_many_units_at_once_leave_exactly_those_that_succeeded(store):
    def unit(number):
        def write(db):
            db.execute("INSERT INTO notes VALUES (?, 'x')", [str(number)])
            if number % 3 == 0:
                raise ZeroDivisionError

        return in_transaction(store, write)

    done = await asyncio.gather(*map(unit, range(60)), return_exceptions=True)
    assert sum(isinstance(result, ZeroDivisionError) for result in done) == 20
    assert await size(store, "notes") == 40


@pytest.mark.parametrize("value", ["half a pair: \ud83d", 2**63], ids=["no text", "too large"])
async def test_what_no_database_can_hold_undoes_its_unit_alone(store, value):
    def write(db):
        db.execute("INSERT INTO notes VALUES ('before', 'x')")
        db.execute("INSERT INTO notes VALUES ('it', ?)", [value])

    with pytest.raises((UnicodeEncodeError, OverflowError, psycopg.DataError)):
        await in_transaction(store, write)
    assert await store.notes() == {}
    await store.set_note("after", "x")


async def test_a_unit_whose_caller_stops_waiting_is_done_whole_and_wakes_the_delivery(store):
    woken, gate = asyncio.Event(), threading.Event()
    store.on_queued = woken.set
    blocker = asyncio.create_task(in_transaction(store, lambda _: gate.wait(60)))
    task = asyncio.create_task(store.queue([message()]))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    gate.set()
    await asyncio.wait_for(woken.wait(), 60)
    await blocker
    assert [post.new.id for post in await store.due(NOW)] == ["p1"]
    assert store.on_queued == woken.set


async def test_only_what_queues_posts_wakes_the_delivery(store):
    woken = []
    store.on_queued = lambda: woken.append(1)
    await store.observe([], [], lambda _: ChangeSet(seen=(seen(),), incidents=(incident(),)))
    await store.change("i1", lambda _: ChangeSet())
    await store.put_run(run())
    with pytest.raises(ZeroDivisionError):
        await store.observe([], [], lambda _: 1 / 0)
    await asyncio.sleep(0)
    assert woken == []
    await store.observe([], [], lambda _: ChangeSet(posts=(message("p1"),)))
    await store.change("i1", lambda _: ChangeSet(posts=(message("p2"),)))
    await store.put_run(run(), posts=[message("p3")])
    await store.put_links([link()], posts=[message("p4")])
    await store.remove_link(MAYA, posts=[message("p5")])
    await store.queue([message("p6")])
    await asyncio.sleep(0)
    assert len(woken) == 6


async def test_a_closed_store_says_so(address):
    store = Store.open(address)
    task = asyncio.create_task(store.queue([message()]))
    await asyncio.sleep(0)
    store.close()
    await task  # what was handed in is finished
    with pytest.raises(RuntimeError, match="closed"):
        await store.notes()


async def test_the_loop_never_waits_for_the_database(store):
    gate = threading.Event()
    slow = asyncio.create_task(in_transaction(store, lambda _: gate.wait(60)))
    await asyncio.sleep(0)
    gate.set()  # reached at once, though the thread is busy
    assert await slow is True


async def test_a_backup_is_whole_private_and_of_its_last_moment(sqlite_store, tmp_path):
    store = sqlite_store
    await store.queue([message(f"p{n}", text="x" * 2000) for n in range(400)])
    between = []

    async def meanwhile():
        for n in range(5):
            await store.set_note(f"during {n}", "x")
            between.append(n)

    backup = tmp_path / "backup.db"
    gate = threading.Event()
    blocker = asyncio.create_task(in_transaction(store, lambda _: gate.wait(60)))
    copying = asyncio.create_task(store.backup(backup))
    await asyncio.sleep(0)
    writing = asyncio.create_task(meanwhile())
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(blocker, copying, writing)
    assert backup.stat().st_mode & 0o777 == 0o600
    assert not list(tmp_path.glob("*.part"))
    copy = sqlite3.connect(backup)
    assert copy.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    assert copy.execute("SELECT count(*) FROM posts").fetchone()[0] == 400
    assert copy.execute("SELECT count(*) FROM notes WHERE name = 'during 0'").fetchone()[0] == 1
    copy.close()
    async with Store.open(backup) as restored:
        assert await restored.due(NOW) == ()  # what waits may have been said since: it is looked up
        assert len((await restored.to_look_up(NOW))[0]) == 400


async def test_a_backup_that_cannot_be_written_is_refused_and_leaves_nothing(sqlite_store, tmp_path):
    store = sqlite_store
    with pytest.raises(Refusal, match="Can't write the backup") as refused:
        await store.backup(tmp_path / "nowhere" / "backup.db")
    assert refused.value.reason == "backup"
    (tmp_path / "taken").mkdir()
    with pytest.raises(Refusal):
        await store.backup(tmp_path / "taken")
    assert not list(tmp_path.rglob("*.part"))


def test_a_long_unit_that_is_told_to_stop_ends_first():
    database_thread = DatabaseThread("test")
    started, gate = threading.Event(), threading.Event()
    order = []

    def long():
        started.set()
        gate.wait(60)
        database_thread.run_waiting_jobs()
        database_thread.run_waiting_jobs()
        order.append("long")

    database_thread.submit(long)
    started.wait(60)
    database_thread.submit(lambda: order.append("short"))
    threading.Timer(0.01, gate.set).start()
    database_thread.stop()
    database_thread.stop()
    assert order == ["short", "long"]


# ── forgetting ──


LONG_AGO = later(days=-500)


async def test_what_is_old_and_needed_by_nobody_is_forgotten(store):
    ended = incident(
        "i-old",
        1,
        opened_at=LONG_AGO,
        phase=Phase.RECOVERED,
        ended_at=LONG_AGO,
        occurrences=[occurrence(n) for n in range(700)],
    )
    live = incident("i-live", 2, opened_at=LONG_AGO, post="m-live")
    await store.observe(
        [],
        [],
        lambda _: ChangeSet(
            seen=(
                seen("1-1", 1, at=LONG_AGO, trigger_at=LONG_AGO),
                seen("1-2", 2, at=LONG_AGO, trigger_at=LONG_AGO),  # unfinished
                seen("1-3", 1, at=NOW, trigger_at=LONG_AGO),  # changed lately
                seen("1-4", 1, at=LONG_AGO, trigger_at=None),
            ),
            incidents=(ended, live),
            posts=(
                message("m-old", due=LONG_AGO),
                message("m-live", "C2", due=LONG_AGO),
                message("e-live", "C3", due=LONG_AGO, incident="i-live"),
                message("root", "C4", due=LONG_AGO),
                message("m-new", "C5"),
            ),
        ),
    )
    for id_, when in [
        ("m-old", LONG_AGO),
        ("m-live", LONG_AGO),
        ("e-live", LONG_AGO),
        ("root", LONG_AGO),
        ("m-new", NOW),
    ]:
        await store.start_sending(id_, when)
        await store.mark_sent(id_, "C", f"{id_}.0", when)
    await store.queue([message("reply", thread_of="root", due=later(days=1)), edit("edit", "m-new", due=later(days=1))])
    for name, when in [("old", LONG_AGO), ("new", NOW)]:
        await store.put_run(run(f"1-{name}", started_at=when, state=RunState.ENDED))
        await store.put_run(run(f"2-{name}", started_at=when))
        await store.stash(name, when)
        await store.record_delivery(name, when)
        await store.queue(
            [], attempt_result=AttemptResult(await store.begin_attempt(attempt(name, at=when)), DONE, when)
        )
    assert await store.prune(NOW) > 700
    assert await store.prune(NOW) == 0
    kept = await in_transaction(store, lambda db: [row[0] for row in db.execute("SELECT id FROM posts ORDER BY seq")])
    assert kept == ["m-live", "e-live", "root", "m-new", "reply", "edit"]
    assert await in_transaction(store, lambda db: [row[0] for row in db.execute("SELECT instance FROM seen")]) == [
        "1-2",
        "1-3",
    ]
    assert await store.incidents(live=False) == (live,)
    assert await size(store, "occurrences") == 0
    assert {each.instance for each in await store.runs(live=False)} == {"1-new", "2-new", "2-old"}
    assert not await store.record_delivery("new", NOW)
    assert await store.record_delivery("old", NOW)
    assert len(await store.audit_entries(later(days=-900), later(days=1))) == 2


async def test_what_a_settled_post_said_is_forgotten_sooner_than_that_it_was_said(store):
    await store.queue([message()])
    await store.start_sending("p1", NOW)
    await store.mark_sent("p1", "C1", "1.0", NOW)
    assert await store.prune(later(days=1)) == 0
    assert await store.prune(later(days=3)) == 1
    assert (await store.post("p1")).new.body == {}


async def test_after_a_long_stop_the_instances_of_the_last_sweep_are_still_known(store):
    old = seen("1-1", 1, at=later(days=-30), trigger_at=later(days=-30))
    await store.observe([], [], lambda _: ChangeSet(seen=(old,)))
    await store.set_reading(ReadState(1, swept_at=later(days=-29)))
    assert await store.prune(NOW) == 0
    await store.set_reading(ReadState(1, swept_at=NOW))
    assert await store.prune(NOW) == 1


async def test_forgetting_takes_500_rows_at_a_time(store, caplog):
    for start in range(0, 1200, 400):
        rows = tuple(seen(f"1-{n}", 1, at=LONG_AGO, trigger_at=LONG_AGO) for n in range(start, start + 400))
        await store.observe([], [], lambda _, rows=rows: ChangeSet(seen=rows))
    assert await store.prune(NOW) == 1200
    assert "touched" not in caplog.text


async def test_how_long_is_kept_can_be_chosen(store):
    await store.record_delivery("k", NOW)
    zero = RetentionPeriods(**{field.name: later() - NOW for field in fields(RetentionPeriods)})
    assert await store.prune(later(seconds=1), zero) == 1


async def test_links_survive(store):
    await store.put_links([link()])
    await store.prune(later(days=5000))
    assert await store.link(MAYA) == link()


WRITES = """
import asyncio, sys
from datetime import UTC, datetime
from bot.store.store import Store

async def main():
    store = Store.open(sys.argv[1])
    for number in range(100000):
        await store.record_delivery(str(number), datetime(2026, 11, 21, tzinfo=UTC))
        print(number, flush=True)

asyncio.run(main())
"""


async def test_what_was_written_outlives_a_kill(path):
    last = killed_while_writing(path)
    async with Store.open(path) as store:
        assert await in_transaction(store, lambda db: db.execute("PRAGMA integrity_check").fetchone()[0]) == "ok"
        assert last < await size(store, "deliveries") <= last + 2


def killed_while_writing(path) -> int:
    """Return the last number whose writing was told before the kill."""
    with subprocess.Popen([sys.executable, "-c", WRITES, str(path)], stdout=subprocess.PIPE, text=True) as process:
        for _ in range(50):
            last = int(process.stdout.readline())
        process.kill()
        return max([last, *(int(line) for line in process.stdout if line.endswith("\n"))])

"""What the watcher knows and what is told of it, written together or not at all."""

from dataclasses import replace

import pytest
from store_makers import (
    INTEGRITY_ERRORS,
    JONAS,
    MAYA,
    NOW,
    attempt,
    in_transaction,
    incident,
    later,
    message,
    occurrence,
    seen,
)

from bot.core.errors import Refusal
from bot.core.incident.facts import ChangeSet, ReadState, StoredState
from bot.core.incident.model import Incident, Phase
from bot.core.people.model import DONE, AttemptResult
from bot.core.text.message import msg
from bot.store.incident_cache import IncidentCache
from bot.store.store import Store


def telling(**changes):
    return lambda _known: ChangeSet(**changes)


async def known(store, instances=(), flows=()) -> StoredState:
    answer = []

    def decide(known):
        answer.append(known)
        return ChangeSet()

    await store.observe(instances, flows, decide)
    return answer[0]


async def count(store, sql):
    return await in_transaction(store, lambda db: db.execute(sql).fetchone()[0])


async def test_what_was_seen_is_known_at_the_next_page(store):
    row = seen()
    await store.observe([row.instance], [], telling(seen=(row,)))
    assert (await known(store, [row.instance, "2-0"])).seen == {row.instance: row}


async def test_a_row_seen_again_unchanged_is_not_written_again(store):
    await store.observe([], [], telling(seen=(seen(),)))
    before = await in_transaction(store, lambda db: db.conn.total_changes)
    await store.observe([seen().instance], [], telling(seen=(seen(at=later(minutes=1)),)))
    assert await in_transaction(store, lambda db: db.conn.total_changes) == before
    changed = seen(end_time="2026-11-21 15:00:00", at=later(minutes=2))
    await store.observe([seen().instance], [], telling(seen=(changed,)))
    assert (await known(store, [seen().instance])).seen[seen().instance] == changed


async def test_forgotten_instances_are_unknown(store):
    await store.observe([], [], telling(seen=(seen(),)))
    await store.observe([], [], telling(forget=(seen().instance,)))
    assert (await known(store, [seen().instance])).seen == {}


async def test_unfinished_instances_are_listed_beyond_the_window(store):
    rows = (
        seen("1-1", 2, trigger_at=later(days=-5)),
        seen("1-2", 2, trigger_at=later(days=-4)),
        seen("1-3", 2, trigger_at=NOW),
        seen("1-4", 1, trigger_at=later(days=-5)),
        seen("1-5", 42, trigger_at=None, at=later(days=-6)),
        seen("1-6", 2, trigger_at=None, at=NOW),
    )
    await store.observe([], [], telling(seen=rows))
    assert await store.unfinished(later(days=-3)) == ("1-2", "1-1", "1-5")
    assert await store.unfinished(later(days=-3), 1) == ("1-2",)


async def test_the_newest_incident_of_each_flow_is_known_ended_ones_included(store):
    old = incident("i1", 1, opened_at=later(days=-1), phase=Phase.RECOVERED, ended_at=later(hours=-20))
    new = incident("i2", 1, phase=Phase.CLOSED, ended_at=NOW)
    other, unasked = incident("i3", 2), incident("i4", 3)
    alone, elsewhere = incident("i5", 1, group="1-5", opened_at=later(days=1)), incident("i6", 1, group="1-6")
    await store.observe([], [], telling(incidents=(old, new, other, unasked, alone, elsewhere)))
    found = (await known(store, ["1-5"], [1, 2, 9])).incidents
    assert {each.id for each in found} == {"i2", "i3", "i5"}


FULL = incident(
    phase=Phase.ACKNOWLEDGED,
    owners=("maya.chen", "jonas.weber"),
    last_success="1-20261120000000",
    acked_by=MAYA,
    acked_at=NOW,
    ack_until=later(hours=4),
    note="looking",
    ended_at=later(hours=5),
    ended_by=JONAS,
    recovered_by="1-20261122000000",
    group="1-1",
    grouped=True,
    occurrences=(
        occurrence(1, failed_tasks=(3, 4), failed_task_name="extract", error_line="no space", backfilled=True),
    ),
)


@pytest.mark.parametrize("first", [FULL, incident()])
async def test_an_incident_comes_back_as_it_was_after_a_restart(address, first):
    async with Store.open(address) as store:
        await store.observe([], [], telling(incidents=(first,)))
        assert await store.incident(first.id) == first
    async with Store.open(address) as store:
        assert await store.incident(first.id) == first
        assert await store.incident("nobody") is None


async def test_a_changed_incident_is_replaced_whole_and_only_its_changed_rows_are_written(address):
    first = incident(occurrences=[occurrence(n) for n in range(400)])
    last = occurrence(399, error_line="now known")
    changed = replace(first, flow_name="renamed", occurrences=(*first.occurrences[:-1], last, occurrence(400)))
    async with Store.open(address) as store:
        await store.observe([], [], telling(incidents=(first,)))
        before = await in_transaction(store, lambda db: db.conn.total_changes)
        await store.observe([], [], telling(incidents=(first,)))
        assert await in_transaction(store, lambda db: db.conn.total_changes) == before
        await store.observe([], [], telling(incidents=(changed,)))
        assert await in_transaction(store, lambda db: db.conn.total_changes) - before == 3
    async with Store.open(address) as store:
        assert await store.incident("i1") == changed
        shorter = replace(changed, occurrences=changed.occurrences[:2])
        await store.observe([], [], telling(incidents=(shorter,)))
    async with Store.open(address) as store:
        assert await store.incident("i1") == shorter


async def test_incidents_are_listed_newest_first(store):
    one = incident("i1", 1, opened_at=later(hours=-3), phase=Phase.RECOVERED, ended_at=later(hours=-2))
    two = incident("i2", 2, opened_at=later(hours=-2), phase=Phase.ACKNOWLEDGED)
    three = incident("i3", 1, opened_at=later(hours=-1))
    await store.observe([], [], telling(incidents=(two, one, three)))
    assert await store.incidents() == (three, two)
    assert await store.incidents(live=False) == (three, two, one)
    assert await store.incidents(live=False, limit=1) == (three,)
    assert await store.incidents(live=False, flow=1) == (three, one)
    assert await store.incidents(live=False, since=later(hours=-1)) == (three, two)
    assert await store.incidents(live=False, since=later(hours=-2)) == (three, two, one)


async def test_facts_and_posts_are_written_together_or_not_at_all(store):
    bad = seen("1-9")
    object.__setattr__(bad, "end_time", None)  # what no table takes
    changes = telling(seen=(seen(), bad), incidents=(incident(),), posts=(message(),))
    with pytest.raises(INTEGRITY_ERRORS, match=r"(?i)not.null"):
        await store.observe([], [], changes)
    assert await known(store, [seen().instance], [1]) == StoredState({}, ())
    assert await store.due(NOW) == ()


async def test_a_decision_that_refuses_undoes_nothing_and_writes_nothing(store):
    await store.observe([], [], telling(incidents=(incident(),)))
    attempted = await store.begin_attempt(attempt())

    def refuse(_: Incident) -> ChangeSet:
        raise Refusal("not_owner", msg("No."))

    with pytest.raises(Refusal, match="No"):
        await store.change("i1", refuse, attempt_result=AttemptResult(attempted, DONE, NOW))
    assert await store.incident("i1") == incident()
    assert len(await store.unfinished_attempts()) == 1


async def test_a_change_writes_its_facts_and_ends_its_attempt(store):
    await store.observe([], [], telling(incidents=(incident(),)))
    attempted = await store.begin_attempt(attempt())

    def ack(found: Incident) -> ChangeSet:
        changed = replace(found, phase=Phase.ACKNOWLEDGED, acked_by=MAYA)
        return ChangeSet(incidents=(changed,), posts=(message(),), seen=(seen(),))

    changes = await store.change("i1", ack, attempt_result=AttemptResult(attempted, DONE, NOW))
    assert await store.incident("i1") == changes.incidents[0]
    assert [post.new.id for post in await store.due(NOW)] == ["p1"]
    assert await store.unfinished_attempts() == ()


async def test_a_change_of_an_unknown_incident_is_refused(store):
    with pytest.raises(Refusal, match="too long ago") as refused:
        await store.change("nobody", lambda _: ChangeSet())
    assert refused.value.reason == "unknown_incident"


async def test_readings_and_notes_are_kept(store):
    assert await store.is_new()
    await store.set_reading(ReadState(0, clean=True))
    assert await store.is_new()
    await store.set_reading(ReadState(1, clean=True, early_stop=False, swept_at=NOW, read_at=later(minutes=1)))
    await store.set_reading(ReadState(0, read_at=NOW))
    assert not await store.is_new()
    assert await store.readings() == {
        0: ReadState(0, read_at=NOW),
        1: ReadState(1, clean=True, early_stop=False, swept_at=NOW, read_at=later(minutes=1)),
    }
    await store.set_note("page_base", "0")
    await store.set_note("page_base", "1")
    await store.set_note("zone", "GMT+8")
    await store.set_note("zone", "")
    assert await store.notes() == {"page_base": "1"}


def test_the_incident_cache_makes_room_and_always_holds_the_last():
    incident_cache = IncidentCache(capacity=4)
    one, two = incident("i1", occurrences=[occurrence()]), incident("i2", occurrences=[occurrence()])
    incident_cache.put(one, (0,))
    incident_cache.put(two, (0,))
    assert incident_cache.get("i1") == (one, (0,))  # asked for: now two is the oldest
    big = incident("i3", occurrences=[occurrence(n) for n in range(9)]), tuple(range(9))
    incident_cache.put(*big)
    assert (incident_cache.get("i1"), incident_cache.get("i2"), incident_cache.get("i3")) == (None, None, big)
    incident_cache.drop("i3")
    incident_cache.drop("i3")
    incident_cache.put(one, (0,))
    incident_cache.put(two, (0,))
    assert incident_cache.get("i1") == (one, (0,))


async def test_more_than_500_rows_in_one_page_are_written_whole_and_reported(store, caplog):
    many = tuple(seen(f"1-{n}") for n in range(501))
    await store.observe([], [], telling(seen=many))
    assert await count(store, "SELECT count(*) FROM seen") == 501
    assert "touched 501 rows" in caplog.text

"""Snoozes in the database: what ended stays as it ended, incidents remember theirs, and old ones are deleted."""

import contextlib
from dataclasses import replace

import pytest
from store_makers import JONAS, MAYA, NOW, in_transaction, incident, later
from test_store_migrations import at_version

from bot.core.errors import Refusal
from bot.core.flow.model import FlowId
from bot.core.incident.facts import ChangeSet
from bot.core.incident.model import Phase, Snooze, SnoozeEnd, SnoozeId
from bot.core.incident.snoozes import ended
from bot.core.people.model import DONE, AttemptResult, Link
from bot.store.schema import STEPS
from bot.store.store import Store
from bot.store.workspace_keys import KeyChange

OWN = Snooze(SnoozeId("s1"), FlowId(1), "report", MAYA, NOW, later(hours=2), "known")
ALL = replace(OWN, id=SnoozeId("s2"), flow_id=None, flow_name="", by=JONAS, at=later(minutes=1))
BEFORE = next(version for version, step in enumerate(STEPS) if any("TABLE snoozes" in each for each in step))


async def put(store, *snoozes, incidents=()):
    await store.change_snoozes(lambda _active, _live: ChangeSet(snoozes=snoozes, incidents=tuple(incidents)))


async def test_those_that_have_not_ended_are_read_oldest_first(store):
    await put(store, ALL, OWN)
    assert await store.snoozes() == (OWN, ALL)
    await put(store, ended(OWN, SnoozeEnd.TIME, NOW))
    assert await store.snoozes() == (ALL,)


async def test_what_has_ended_stays_as_it_ended(store):
    await put(store, ended(OWN, SnoozeEnd.TIME, NOW))
    await put(store, ended(OWN, SnoozeEnd.SUCCESS, later(hours=1)))
    await put(store, OWN)
    assert await store.snoozes() == ()
    row = await in_transaction(store, lambda db: db.execute("SELECT ended FROM snoozes").fetchone()["ended"])
    assert row == SnoozeEnd.TIME.value


async def test_who_decides_sees_what_is_snoozed_and_the_live_incidents_of_the_flow(store):
    live, over = incident("i1"), incident("i2", phase=Phase.CLOSED, ended_at=NOW)
    await put(store, OWN, incidents=[replace(live, snooze=OWN), over])
    seen = []

    def decide(active, found):
        seen.append((active, [each.id for each in found]))
        return ChangeSet()

    await store.change_snoozes(decide, flow=live.flow_id)
    await store.change_snoozes(decide, incident=over.id)
    await store.change_snoozes(decide)
    assert seen == [((OWN,), ["i1"]), ((OWN,), ["i2"]), ((OWN,), [])]


async def test_a_page_is_decided_with_the_snoozes_that_have_not_ended(store):
    await put(store, OWN, ended(ALL, SnoozeEnd.PERSON, NOW))
    seen = []

    def decide(known):
        seen.append(known.snoozes)
        return ChangeSet()

    await store.observe([], [], decide)
    assert seen == [(OWN,)]


async def test_an_incident_remembers_its_snooze_after_a_restart(address):
    held = replace(incident("i1"), snooze=OWN)
    async with Store.open(address) as store:
        await put(store, OWN, incidents=[held])
    async with Store.open(address) as store:
        assert (await store.incident(held.id)).snooze == OWN


async def test_it_is_not_written_where_the_link_has_changed(store):
    linked = AttemptResult(1, DONE, NOW, linked=Link(MAYA, "u1", "maya.chen"))
    with pytest.raises(Refusal) as refused:
        await store.change_snoozes(lambda _active, _live: ChangeSet(snoozes=(OWN,)), attempt_result=linked)
    assert refused.value.reason == "link_changed"
    assert await store.snoozes() == ()


async def test_ended_ones_are_deleted_after_ninety_days_but_not_one_that_an_incident_shows(store):
    shown = replace(ended(ALL, SnoozeEnd.TIME, NOW), id=SnoozeId("s3"))
    await put(store, ended(OWN, SnoozeEnd.TIME, NOW), shown, ALL, incidents=[replace(incident("i1"), snooze=shown)])

    async def left():
        return await in_transaction(store, lambda db: [row["id"] for row in db.execute("SELECT id FROM snoozes")])

    await store.prune(later(days=89))
    assert len(await left()) == 3
    await store.prune(later(days=91))
    assert sorted(await left()) == ["s2", "s3"]


async def test_people_keep_their_snoozes_when_their_workspace_moves(store):
    await put(store, OWN)
    await store.change_person_keys(KeyChange(("T1",), "E1", {}, JONAS, "home", NOW))
    (found,) = await store.snoozes()
    assert found.by == replace(MAYA, team="E1")


async def test_incidents_of_an_earlier_version_are_not_snoozed(tmp_path):
    path = tmp_path / "flowbot.db"
    with contextlib.closing(at_version(path, BEFORE)) as connection:
        connection.execute(
            "INSERT INTO incidents (id, flow_id, flow_name, phase, opened_at, owners, last_success, note,"
            " instance_group) VALUES ('i', 1, 'report', 'open', 1, '[]', '', '', '')"
        )
    async with Store.open(path) as store:
        (found,) = await store.incidents()
        assert found.snooze is None
        assert await store.snoozes() == ()

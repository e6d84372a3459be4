"""Gatherings: messages under which many incidents stand, written with the incidents and forgotten after a week."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlite_utils import Database
from store_makers import NOW, incident, later

from bot.core.incident.facts import ChangeSet
from bot.core.incident.groups import IncidentGroup, Occasion
from bot.store.schema import STEPS
from bot.store.sqlite import migrate, open_database
from bot.store.store import Store

STORM = IncidentGroup("g1", "C1", Occasion.STORM, NOW, later(minutes=3), later(minutes=13), ("maya.chen",), "digest", 7)


@pytest.fixture
async def store(address):
    async with Store.open(address) as opened:
        yield opened


async def write(store, *incidents, incident_groups=()):
    await store.observe([], [], lambda _: ChangeSet(incidents=incidents, incident_groups=tuple(incident_groups)))


async def known(store, since=None):
    found = []

    def look(what):
        found.append(what)
        return ChangeSet()

    await store.observe([], [], look, since=since)
    return found[0]


async def test_an_incident_group_is_read_as_it_was_written(address):
    async with Store.open(address) as store:
        await write(store, incident_groups=[replace(STORM, shown="older"), STORM])
    async with Store.open(address) as store:
        assert (await known(store)).incident_groups == (STORM,)


async def test_its_incidents_are_listed_newest_first(store):
    ours = [incident(f"i{n}", n, listed_in="g1", opened_at=later(seconds=n)) for n in range(3)]
    await write(store, *ours, incident("other", 9, listed_in="g2"), incident("none", 10))
    assert [each.id for each in await store.grouped("g1")] == ["i2", "i1", "i0"]


async def test_recent_are_those_told_since_outside_of_what_goes_on(store):
    await write(
        store,
        incident("old", 1, told_at=NOW),
        incident("new", 2, told_at=later(seconds=1)),
        incident("over", 3, told_at=later(seconds=2), listed_in="g1"),
        incident("storm", 4, told_at=later(seconds=2), listed_in="g2"),
        incident("first start", 5),
        incident_groups=[STORM, replace(STORM, post="g2", ended_at=None)],
    )
    assert [each.id for each in (await known(store, NOW)).recent] == ["over", "new"]
    assert (await known(store)).recent == ()


async def test_an_incident_group_is_forgotten_a_week_after_its_end(store):
    await write(store, incident_groups=[STORM, replace(STORM, post="g2", ended_at=None)])
    await store.prune(STORM.ended_at + timedelta(days=7))
    assert [each.post for each in (await known(store)).incident_groups] == ["g1", "g2"]
    await store.prune(STORM.ended_at + timedelta(days=7, seconds=1))
    assert [each.post for each in (await known(store)).incident_groups] == ["g2"]


@pytest.mark.parametrize(("note", "ended"), [("announcing", None), ("announcement", NOW)])
async def test_the_first_start_of_an_older_database_goes_on(path, note, ended):
    Store.open(path).close()
    path.unlink()
    db = Database(path, strict=True, execute_plugins=False)
    migrate(db, STEPS[:1])
    value = f'{{"post": "p7", "at": "{NOW.isoformat()}", "shown": ""}}'
    db.execute("INSERT INTO notes VALUES (?, ?)", [note, value])
    columns = "id, flow_id, flow_name, channel, phase, opened_at, post, owners, last_success, note"
    for name, post, grouped in (("i1", "p7", 1), ("i2", "p8", 0)):
        db.execute(
            f"INSERT INTO incidents ({columns}, instance_group, gathered)"
            " VALUES (?, 1, 'flow', 'C1', 'open', 1000, ?, '[]', '', '', '', ?)",
            [name, post, grouped],
        )
    db.conn.commit()
    db.conn.close()
    open_database(path).conn.close()
    async with Store.open(path) as store:
        (group,) = (await known(store)).incident_groups
        assert group == IncidentGroup("p7", "C1", Occasion.FIRST_START, NOW, NOW, ended)
        assert [each.id for each in await store.grouped("p7")] == ["i1"]
        assert (await store.incident("i2")).home.told_at is not None
        assert await store.notes() == {}

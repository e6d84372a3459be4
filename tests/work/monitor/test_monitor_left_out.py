"""One run that cannot be read or stored is left out and said once; the failures of the others are told."""

import logging

import pytest
from memory_enos import MemoryEnos
from monitor_world import World
from new_database import new_store
from thorough import spread
from watched_store import WatchedStore

from bot.core.errors import TemporaryFailure
from bot.core.flow.model import LeftOut, Page
from bot.work.delivery.alarms import LEFT_OUT, Alarms
from bot.work.monitor.left_out import LeftOutNotice

SAID = "I can't read 1 run that EnOS lists"


class Picky(WatchedStore):
    """Cannot write the rows of some runs, as a database whose columns do not hold them; or nothing at all."""

    def __init__(self):
        super().__init__()
        self.refuses = set()
        self.refuses_all = False
        self.tried = 0

    async def observe(self, instances, flows, decide, *, since=None):
        def picky(known):
            changes = decide(known)
            self.tried += bool(changes.seen)
            if changes.seen and (self.refuses_all or any(seen.instance in self.refuses for seen in changes.seen)):
                raise OverflowError("Python int too large to convert to SQLite INTEGER")
            return changes

        return await super().observe(instances, flows, picky, since=since)


class Strange(MemoryEnos):
    """Lists rows that cannot be read beside the others."""

    def __init__(self, *left_out):
        super().__init__()
        self.left_out = left_out

    async def search(self, terms, *, newest="update_time", as_user=None):
        async for page in super().search(terms, newest=newest, as_user=as_user):
            yield Page(page.rows, page.last, page.sorted_by, self.left_out if terms.kind == 1 else ())


def ends(world):
    return {kind: reading.read_at for kind, reading in world.store.read.items()}


def notices(world):
    return [line for line in world.lines() if line.startswith("I can't read")]


def failures(world):
    return sorted(line for line in world.lines() if line.startswith("FAIL"))


@pytest.fixture
async def world():
    return await World(store=Picky()).begin()


@pytest.mark.parametrize("bad", spread(range(0, 60, 7), 4))
async def test_a_run_that_cannot_be_stored_costs_no_other_its_telling(world, bad, caplog):
    runs = [f"{3000 + number}-2026112108" for number in range(60)]
    for run in runs:
        world.enos.put(run)
    world.store.refuses = {runs[bad]}
    await world.poll()
    assert [instance for instance, _ in world.told()] == [run for run in runs if run != runs[bad]]
    assert notices(world) == [SAID]
    assert ends(world)[1] == world.now  # the reading has ended: the polls to come are not blind
    for _ in range(3):
        world.store.tried = 0
        await world.poll()
        assert world.store.tried <= 1  # alone, and the others are not touched
    assert notices(world) == [SAID]
    assert caplog.text.count("cannot be stored, reference") == 1
    world.enos.put("9999-2026112108")
    await world.poll()
    assert "9999-2026112108" in [instance for instance, _ in world.told()]
    world.store.refuses = set()
    await world.poll(after=600)  # the next sweep at the latest
    assert runs[bad] in [instance for instance, _ in world.told()]


async def test_one_that_fails_alone_is_said_when_it_lasts(world):
    world.enos.put("3377-2026112108")
    world.store.refuses = {"3377-2026112108"}
    await world.poll()
    assert (notices(world), ends(world)[1]) == ([], world.now)
    await world.poll()
    await world.poll()
    assert notices(world) == [SAID]
    assert "reference" in str(world.store.cards()[-1])


async def test_where_nothing_can_be_stored_no_run_is_to_blame(world, caplog):
    for number in range(150):
        world.enos.put(f"{3000 + number}-2026112108")
    world.store.refuses_all = True
    await world.poll()
    assert notices(world) == []
    assert "Reading type 1 hit a bug" in caplog.text
    world.store.refuses_all = False
    await world.poll()
    assert len(world.told()) == 150


async def test_trouble_with_the_database_blames_no_run(world):
    class Full(TemporaryFailure):
        """The disk is full."""

    async def full(*_args, **_more):
        raise Full

    world.enos.put("3377-2026112108")
    world.store.observe = full
    with pytest.raises(Full):
        await world.monitor.poll(world.now)
    del world.store.observe
    await world.poll()
    assert (failures(world), notices(world)) == (["FAILED · flow-3377 · task transform"], [])


async def test_rows_that_cannot_be_read_are_said_once_even_after_a_restart():
    rows = [LeftOut(f"key-{number}", f"{number}-x", "its flow ID is out of range") for number in range(12)]
    world = World(enos=Strange(*rows))
    world.enos.put("3377-2026112108")
    await world.poll()
    assert notices(world) == ["I can't read 12 runs that EnOS lists"]
    shown = str(world.store.cards())
    assert "`0-x`: its flow ID is out of range" in shown
    assert "and 2 more" in shown
    await world.poll()
    world.start()
    await world.poll()
    assert len(notices(world)) == 1
    world.enos.left_out = (*rows, LeftOut("new", "7-x <!channel>", "its status is out of range"))
    await world.poll()
    assert notices(world)[1:] == [SAID]
    assert "<!channel>" not in str(world.store.cards())


async def test_it_is_an_alarm_until_none_is_listed_for_long():
    heard, world = [], World()
    quiet = 2 * world.settings.sweep_every
    alarms = Alarms(heard.append)
    rows = LeftOutNotice(world.store, alarms, world.new_id, lambda: world.now, channel="C1", quiet=quiet)
    row = LeftOut("key", "9-x", "its flow ID is out of range")
    for _ in range(3):
        await rows.report([row], world.now)
        world.now += world.settings.sweep_every
    assert [(alarm.name, alarm.over) for alarm in heard] == [(LEFT_OUT, False)]
    for _ in range(3):
        await rows.report([], world.now)
        world.now += world.settings.sweep_every
    assert [alarm.over for alarm in heard] == [False, True]


async def test_a_real_database_that_refuses_a_number_loses_no_other_row(tmp_path):
    async with new_store(tmp_path / "flowbot.db") as store:
        world = World(store=store)
        await world.monitor.poll(world.now)
        for flow in (3377, 2**63, 3378):
            world.enos.put(f"{flow}-2026112108")
        await world.monitor.poll(world.now)
        await world.monitor.wait_until_idle()
        assert sorted(each.flow_id for each in await store.incidents()) == [3377, 3378]
        assert (await store.readings())[1].read_at == world.now
        assert "left_out" in await store.notes()
        await world.monitor.stop()


async def test_following_continues_with_the_others_where_one_meets_a_bug(world, caplog):
    for run in ("3377-2026112108", "3378-2026112108"):
        world.enos.put(run)
    await world.poll()
    broken = next(each for each in world.store.kept.values() if each.flow_id == 3377)
    change = world.store.change

    async def picky(id_, decide, *, attempt_result=None):
        if id_ == broken.id:
            raise OverflowError
        return await change(id_, decide, attempt_result=attempt_result)

    world.store.change = picky
    for run in ("3377-2026112109", "3378-2026112109"):
        world.enos.put(run, status=1, end="2026-11-21 10:00:00")
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            await world.follow(after=120)
    phases = {each.flow_id: each.phase.value for each in world.store.kept.values()}
    assert phases == {3377: "open", 3378: "recovered"}
    assert caplog.text.count("Following an incident hit a bug") == 1

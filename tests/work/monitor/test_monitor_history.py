"""History: what changes is read at each tick, the past where nothing else goes on, and nothing of it twice."""

import pytest
from history_world import DAY, HOUR, MINUTE, START, World
from watched_store import Killed

from bot.core.flow.status import Status
from bot.core.history.progress import KEPT


@pytest.fixture
def world():
    return World()


async def test_an_idle_tick_takes_three_requests_and_looking_at_the_past_none(world):
    for n in range(300):
        world.ran(START - n * HOUR)
    await world.settle()
    for _ in range(5):
        assert await world.tick() == 3
        assert await world.past(100) == 0


async def test_an_idle_tick_writes_nothing_for_an_hour(world):
    world.ran(START - HOUR)
    await world.settle()
    world.store.die_after = 0
    for _ in range(10):
        await world.tick()
    with pytest.raises(Killed):
        await world.tick(after=HOUR)


async def test_what_runs_is_kept_as_it_changes(world):
    await world.settle()
    id_ = world.ran(START, status=Status.RUNNING)
    await world.tick()
    assert (await world.runs())[id_].status == Status.RUNNING
    assert [run.instance for run in await world.store.running()] == [id_]
    world.ran(START)
    await world.tick()
    run = (await world.runs())[id_]
    assert (run.status, run.started_at, run.ended_at) == (Status.SUCCESS, START, START + MINUTE)
    assert run.freq == "0 0 * * * ?"
    assert await world.store.running() == ()


async def test_each_type_is_read(world):
    await world.settle()
    for kind in (0, 1, 2):
        world.ran(START - kind * HOUR, kind=kind)
    await world.tick()
    assert {run.kind for run in (await world.runs()).values()} == {0, 1, 2}


async def test_many_changes_take_many_pages(world):
    old = world.ran(START - DAY)
    await world.settle()
    ids = {world.ran(START - n * MINUTE) for n in range(319)} | {world.ran(START - DAY)}  # it was touched, no more
    assert old in ids
    assert await world.tick() == 2 + 7
    assert set(await world.runs()) == ids
    assert await world.tick() == 3


async def test_the_past_is_read_for_ninety_days_newest_first(world):
    inside = [world.ran(START - n * DAY) for n in range(90)]
    world.ran(START - 91 * DAY)
    await world.tick()
    await world.past(6)
    back = world.reader.back_to(world.now)
    assert START - DAY < back < START
    assert set(await world.runs()) < set(inside)
    await world.past()
    assert set(await world.runs()) == set(inside)
    assert world.reader.back_to(world.now) == world.now - KEPT


async def test_one_page_a_second(world):
    for n in range(400):
        world.ran(START - n * MINUTE)
    await world.tick()
    for _ in range(20):
        assert await world.past(1) <= 1


async def test_a_restart_goes_on_where_it_was(world):
    for n in range(90):
        world.ran(START - n * DAY)
    await world.tick()
    await world.past(60)  # twenty days, three types each
    world.start()
    await world.tick()
    assert await world.past() < 3 * (90 - 20 + 5)
    assert len(await world.runs()) == 90


async def test_after_a_restart_the_last_day_is_read_again_and_what_was_running(world):
    await world.settle()
    long_ago = world.ran(START - 3 * DAY, status=Status.RUNNING)
    await world.tick()
    world.ran(START - 3 * DAY)
    missed = world.ran(START - 2 * HOUR, quiet=True)
    world.start()
    await world.tick()
    assert await world.past() == 3 * 5
    runs = await world.runs()
    assert (runs[long_ago].status, runs[missed].status) == (Status.SUCCESS, Status.SUCCESS)


async def test_a_run_that_never_ends_does_not_make_all_be_read_again(world):
    world.ran(START - 60 * DAY, status=Status.RUNNING)
    await world.settle()
    world.start()
    await world.tick()
    assert await world.past() <= 3 * 3


async def test_two_years_without_flowbot(world):
    world.ran(START)
    await world.settle()
    world.pass_time(730 * DAY)
    world.start()
    for n in range(90):
        world.ran(world.now - n * DAY, flow=2)
    await world.tick()
    await world.past()
    assert len(await world.runs(2)) == 90


async def test_until_when_all_changes_are_known(world):
    read_since = world.reader.read_since
    assert read_since(world.now) is None
    await world.tick()
    first = world.now
    assert read_since(world.now) is None  # the last days are not known yet
    await world.past(8)
    assert read_since(world.now) is None
    await world.past(1)
    assert read_since(world.now) == first
    await world.tick()
    assert read_since(world.now) == world.now
    assert read_since(world.now - HOUR) is None  # the clock was put back
    world.start()
    assert world.reader.read_since(world.now) is None
    assert world.reader.back_to(world.now) is None

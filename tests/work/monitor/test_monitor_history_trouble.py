"""Reading history while something goes wrong: outages, endless lists, clocks, bugs, crashes."""

import pytest
from history_world import DAY, HOUR, MINUTE, START, World
from memory_enos import Down
from watched_store import Killed

from bot.core.flow.model import FlowId
from bot.core.flow.status import Status
from bot.core.history.background import FlowRef
from bot.work.monitor import history


@pytest.fixture
def world():
    return World()


async def test_an_interrupted_read_of_changes_is_not_complete(world):
    await world.settle()
    known = world.reader.read_since(world.now)
    ids = {world.ran(START - n * MINUTE) for n in range(120)}
    world.enos.fail["search"] = [None, None, Down()]
    await world.tick()
    assert world.reader.read_since(world.now) == known
    assert len(await world.runs()) == 50
    await world.tick(after=HOUR)
    assert set(await world.runs()) == ids
    assert world.reader.read_since(world.now) == world.now


async def test_an_outage_stops_it_quietly_longer_each_time(world):
    await world.settle()
    world.enos.fail["search"] = [Down()] * 50
    requests = [await world.tick() for _ in range(30)]
    assert sum(requests) <= 6
    assert await world.past(100) == 0
    world.enos.fail.clear()
    await world.tick(after=HOUR)
    assert world.reader.read_since(world.now) == world.now


async def test_an_outage_in_the_past_begins_the_window_again(world):
    for n in range(300):
        world.ran(START - n * MINUTE)
    await world.tick()
    world.enos.fail["search"] = [None] * 3 + [Down()]
    await world.past(20)
    world.pass_time(HOUR)
    await world.past()
    assert len(await world.runs()) == 300


async def test_while_enos_is_not_reachable_it_is_not_asked(world):
    world.reachable = False
    assert await world.tick() == 0
    assert await world.past(10) == 0


async def test_the_past_waits_while_something_else_needs_enos(world):
    await world.tick()
    world.busy = True
    assert await world.past(50) == 0
    world.busy = False
    assert await world.past(5) == 5


async def test_changes_wait_a_little_for_what_else_needs_enos(world):
    await world.settle()
    world.busy = True
    assert await world.tick() == 3
    assert world.pauses >= 3


async def test_rows_that_cannot_be_read_are_skipped(world):
    await world.settle()
    world.enos.put("1-20261121", Status.SUCCESS)
    for id_, status in (("1-99999999", Status.SUCCESS), ("1-2026112107", 42), ("1-2026112106", Status.SUCCESS)):
        world.enos.put(id_, status)
    world.enos.rows["1-99999999"].kind = 0
    await world.tick()
    assert set(await world.runs()) == {"1-20261121", "1-2026112106"}
    assert await world.tick() == 3


async def test_an_enos_without_good_runs(world):
    world.ran(START - DAY, status=Status.FAIL)
    await world.settle()
    assert {run.status for run in (await world.runs()).values()} == {Status.FAIL}
    assert world.reader.read_since(world.now) is not None


async def test_an_enos_that_does_not_sort_is_read_by_windows(world):
    world.enos.sorted_by = ""
    for n in range(200):
        world.ran(START - n * HOUR)
    await world.tick()
    assert world.reader.read_since(world.now) is None
    began = world.now
    await world.past()
    assert world.reader.read_since(world.now) == began
    late = world.ran(START - HOUR - MINUTE, flow=2, quiet=True)
    assert await world.tick() == 3
    world.pass_time(HOUR)
    await world.tick()
    began = world.now
    await world.past(60)
    assert late in await world.runs(2)
    assert world.reader.read_since(world.now) == began


async def test_the_last_days_are_read_again_once_a_day(world):
    for n in range(60):
        world.ran(START - n * HOUR, flow=2)
    await world.settle()
    hidden = world.ran(START - 2 * HOUR, quiet=True)  # it stands on the second page
    await world.tick()
    assert hidden not in await world.runs()
    assert await world.past(50) == 0
    world.pass_time(DAY)
    await world.tick()
    assert world.reader.read_since(world.now) == world.now
    await world.past(50)
    assert hidden in await world.runs()


async def test_more_changes_than_are_read_at_once_are_left_to_the_past(world, monkeypatch):
    monkeypatch.setattr(history, "_MOST_CHANGES", 2)
    await world.settle()
    ids = {world.ran(START - n * MINUTE) for n in range(400)}
    assert await world.tick() == 2 + 2
    assert world.reader.read_since(world.now) is None
    await world.past(50)
    assert set(await world.runs()) == ids
    assert world.reader.read_since(world.now) is not None


async def test_a_window_with_too_many_pages_is_read_in_narrower_ones(world, monkeypatch):
    monkeypatch.setattr(history, "_MOST_PAGES", 5)
    ids = {world.ran(START - n * 3 * MINUTE) for n in range(400)}
    await world.tick()
    await world.past(1200)
    assert set(await world.runs()) == ids


async def test_a_planned_run_that_enos_does_not_have_any_more_is_forgotten_the_next_day(world):
    planned = [world.ran(START + n * HOUR, status=Status.INIT) for n in (1, 2)]
    running = world.ran(START - HOUR, status=Status.RUNNING)
    await world.settle()
    del world.enos.rows[planned[0]]
    await world.tick()
    assert {run.instance for run in await world.store.running()} == {*planned, running}
    world.pass_time(DAY)
    await world.tick()
    await world.past(50)
    assert {run.instance for run in await world.store.running()} == {planned[1], running}


async def test_a_window_that_takes_too_long_is_begun_again_before_its_list_counts_as_endless(world):
    ids = {world.ran(START - n * MINUTE) for n in range(300)}
    await world.tick()
    await world.past(4)
    world.busy = True
    await world.past(1900)
    world.busy = False
    before = len(world.enos.calls)
    await world.past(1)
    assert before == 0
    (call,) = world.enos.calls
    assert call[1].kind == 0
    await world.past()
    assert set(await world.runs()) == ids


async def test_an_enos_that_takes_long_for_a_page_is_read_in_narrower_windows(world, monkeypatch):
    monkeypatch.setattr(history, "_MANY_PAGES", 4)
    ids = {world.ran(START - n * 3 * MINUTE) for n in range(400)}
    world.enos.on_page = lambda _page: world.pass_time(5 * MINUTE)
    await world.tick()
    await world.past(60)
    assert set(await world.runs()) == ids


async def test_a_clock_that_was_put_back(world):
    for n in range(60):
        world.ran(START - n * HOUR, flow=2)
    await world.settle()
    world.now -= 3 * HOUR
    assert world.reader.read_since(world.now) is None
    missed = world.ran(START - HOUR, quiet=True)  # it stands on the second page
    await world.tick()
    await world.past(50)
    assert missed in await world.runs()
    assert START - 3 * HOUR < world.reader.read_since(world.now) <= world.now


async def test_what_flows_wait_for(world):
    world.ran(START - 40 * DAY, flow=1, waits_for=(7,))
    world.ran(START - DAY, flow=1, waits_for=(8, 9))
    world.ran(START - DAY, flow=2)
    await world.settle()
    upstream = (FlowRef(FlowId(8), "flow-8"), FlowRef(FlowId(9), "flow-9"))
    assert await world.store.dependencies([FlowId(1), FlowId(2)]) == {1: upstream, 2: ()}
    world.start()
    await world.settle()
    assert (await world.store.dependencies([FlowId(1)]))[FlowId(1)] == upstream
    world.ran(START, flow=1, waits_for=(7,))
    await world.tick()
    assert (await world.store.dependencies([FlowId(1)]))[FlowId(1)] == (FlowRef(FlowId(7), "flow-7"),)
    assert await world.store.downstream(FlowId(8)) == ()


async def test_a_bug_is_raised_and_waits_too(world):
    await world.settle()
    world.enos.fail["search"] = [ValueError("a bug")]
    with pytest.raises(ValueError, match="a bug"):
        await world.tick()
    assert await world.past(50) == 0


async def test_a_stop_gives_up_the_window(world):
    for n in range(300):
        world.ran(START - n * MINUTE)
    await world.tick()
    await world.past(2)
    await world.reader.stop()
    await world.reader.stop()
    await world.past()
    assert len(await world.runs()) == 300


async def test_no_transaction_is_large(world):
    for n in range(1000):
        world.ran(START - n * HOUR, flow=n % 50 + 1, waits_for=range(100, 120))
    await world.settle()
    assert world.store.biggest <= 500


@pytest.mark.parametrize("after", range(0, 45, 5))
async def test_killed_anywhere_it_reads_all_the_same_and_nothing_twice(after):
    world = World()
    ids = {world.ran(START - n * 5 * HOUR, waits_for=(7,)) for n in range(150)}
    world.store.die_after = after
    with pytest.raises(Killed):
        await world.settle()
    world.store.die_after = None
    world.start()
    await world.settle()
    assert set(await world.runs()) == ids
    assert world.reader.read_since(world.now) == world.now

"""What cannot be seen is said."""

import itertools
from dataclasses import replace

import pytest
from memory_enos import Down
from monitor_world import World
from watched_store import Killed

from bot.work.monitor.coverage import FlowCoverage


async def platform(seen=None):
    world = World()
    for number in range(240):
        world.enos.flows[number] = type("", (), {"id": number, "name": f"flow {number}"})
    world.enos.seen_by_watcher = seen
    return await world.begin()


async def test_a_gap_is_an_alarm_that_names_the_flows_and_the_fix():
    world = await platform(seen=set(range(212)))
    await world.follow()
    (line,) = world.lines()
    assert line == "Watching 212 of 240 flows"
    card = str(world.store.cards())
    assert "flow 212" in card
    assert "ENOS_USER_ID" in card
    assert world.monitor.health(world.now).watched == FlowCoverage(212, 240)


async def test_all_seen_says_nothing():
    world = await platform()
    await world.follow()
    assert world.lines() == []
    assert world.monitor.health(world.now).watched == FlowCoverage(240, 240)


async def test_it_is_compared_daily_and_told_once():
    world = await platform(seen=set(range(212)))
    await world.follow()
    world.enos.calls.clear()
    await world.follow(after=3600)
    assert world.enos.calls == []
    await world.follow(after=86400)
    assert [name for name, _ in world.enos.calls] == ["all_flows", "my_flows"]
    world.start()
    await world.follow()
    assert len(world.lines()) == 1


async def test_a_gap_that_closes_is_told():
    world = await platform(seen=set(range(212)))
    await world.follow()
    world.enos.seen_by_watcher = None
    await world.follow(after=86400)
    assert world.lines()[1:] == ["Watching all 240 flows"]


async def test_an_outage_is_tried_again_in_ten_minutes():
    world = await platform(seen=set(range(212)))
    world.enos.fail["all_flows"] = [Down()]
    await world.follow()
    assert world.lines() == []
    await world.follow(after=601)
    assert len(world.lines()) == 1


SOME, FEWER = set(range(212)), set(range(200))
WATCHED = {
    None: "Watching all 240 flows",
    212: "Watching 212 of 240 flows",
    200: "Watching 200 of 240 flows",
}


async def looked(world, seen):
    """A start a minute later, at which the watcher's user sees these flows."""
    world.enos.seen_by_watcher = seen
    world.start()
    await world.follow(after=60)


async def test_a_gap_that_closes_and_opens_within_the_hour_is_told_each_time():
    world = await platform(seen=SOME)
    for seen in (SOME, None, SOME, SOME, None, None, FEWER, SOME):
        await looked(world, seen)
    assert world.lines() == [WATCHED[each] for each in (212, None, 212, None, 200, 212)]


SETS = (None, SOME, FEWER)


@pytest.mark.parametrize("dies_after", range(6))
@pytest.mark.parametrize(("before", "at_death", "after"), list(itertools.product(SETS, repeat=3)))
@pytest.mark.many
async def test_whatever_dies_the_last_word_is_true_and_nothing_is_told_twice(before, at_death, after, dies_after):
    world = await platform(seen=before)
    await looked(world, before)
    world.enos.seen_by_watcher = at_death
    world.start()
    world.store.die_after = dies_after
    try:
        await world.follow(after=60)
    except Killed:
        world.store.deliver(world.now)
    world.store.die_after = None
    await looked(world, after)
    await looked(world, after)
    lines = world.lines()
    assert (lines or [WATCHED[None]])[-1] == WATCHED[len(after) if after else None]
    assert all(one != other for one, other in itertools.pairwise(lines))
    assert len(lines) <= 3


async def test_what_searches_bring_is_watched_whatever_the_list_of_the_users_flows_says():
    world = World()
    world.enos.seen_by_watcher = set()
    for number in range(3301, 3308):
        world.enos.put(f"{number}-2026112100", name=f"flow {number}")
    await world.poll()
    world.store.forget("posts", "notes")
    await world.follow()
    assert world.lines() == []
    assert world.monitor.health(world.now).watched == FlowCoverage(7, 7)


async def test_a_flow_of_which_nothing_was_brought_for_long_is_not_watched_by_that():
    world = World()
    world.enos.seen_by_watcher = set()
    world.enos.put("3301-2026112100", name="flow 3301")
    await world.poll()
    world.store.forget("posts", "notes")
    await world.follow(after=8 * 86400)
    assert world.monitor.health(world.now).watched == FlowCoverage(0, 1)


async def test_what_a_former_user_was_shown_is_not_watched_by_that():
    world = World()
    world.enos.seen_by_watcher = set()
    world.enos.put("3301-2026112100", name="flow 3301")
    await world.poll()
    await world.follow()
    assert world.monitor.health(world.now).watched == FlowCoverage(1, 1)
    world.settings = replace(world.settings, user="u15432100000000002")
    world.start()
    await world.follow(after=60)
    assert world.monitor.health(world.now).watched == FlowCoverage(0, 1)
